//! The stretch of time that a timeline shows: zoomed, moved, followed. Numbers
//! only.

use std::ops::Range;

/// The shortest stretch that is shown, ns: nobody lives for less than this.
const SHORTEST: u64 = 1_000;

/// How much of the past a living stream begins with, ns.
const RECENT: u64 = 60_000_000_000;

#[derive(Clone, Debug, Default)]
pub struct Window {
    since: u64,
    length: u64,
    /// The reader has not moved it: it shows all, or what is new.
    untouched: bool,
    /// Its end stays with the present.
    follows: bool,
}

impl Window {
    /// All that there is, or of a living stream the last minute.
    pub fn new(all: &Range<u64>, live: bool) -> Window {
        let mut window = Window {
            untouched: true,
            follows: live,
            ..Window::default()
        };
        window.update(all, live);
        window
    }

    /// Time has gone on.
    pub fn update(&mut self, all: &Range<u64>, live: bool) {
        let length = (all.end - all.start).max(SHORTEST);
        if self.untouched {
            self.length = if live { length.min(RECENT) } else { length };
        }
        if self.untouched || self.follows {
            self.since = all.end.saturating_sub(self.length);
        }
    }

    pub fn range(&self) -> Range<u64> {
        self.since..self.since.saturating_add(self.length)
    }

    pub fn follows(&self) -> bool {
        self.follows
    }

    pub fn follow(&mut self, follows: bool) {
        self.follows = follows;
        self.untouched = false;
    }

    /// Half or twice as much time in sight; `at` keeps its place.
    pub fn zoom(&mut self, at: u64, closer: bool, all: &Range<u64>) {
        let whole = (all.end - all.start).max(SHORTEST);
        let length = match closer {
            true => (self.length / 2).max(SHORTEST),
            false => self.length.saturating_mul(2).min(whole),
        };
        let before = at.saturating_sub(self.since).min(self.length);
        let before =
            (u128::from(before) * u128::from(length) / u128::from(self.length.max(1))) as u64;
        self.length = length;
        self.untouched = false;
        self.go_to(at.saturating_sub(before), all);
    }

    /// All of it.
    pub fn whole(&mut self, all: &Range<u64>) {
        *self = Window {
            since: all.start,
            length: (all.end - all.start).max(SHORTEST),
            untouched: false,
            follows: false,
        };
    }

    /// Moves so that `at` is in sight.
    pub fn reveal(&mut self, at: u64, all: &Range<u64>) {
        let range = self.range();
        if at < range.start {
            self.follows = false;
            self.go_to(at, all);
        } else if at > range.end {
            self.go_to(at.saturating_sub(self.length), all);
        }
    }

    fn go_to(&mut self, since: u64, all: &Range<u64>) {
        self.untouched = false;
        let latest = all.end.saturating_sub(self.length).max(all.start);
        self.since = since.clamp(all.start, latest);
    }
}

/// Cells side by side, each as long as the others.
#[derive(Clone, Debug)]
pub struct Scale {
    pub range: Range<u64>,
    pub cells: usize,
}

impl Scale {
    /// The cell that a time lies in; none outside.
    pub fn cell(&self, at: u64) -> Option<usize> {
        let within = self.range.contains(&at) || at == self.range.end;
        (within && self.cells > 0).then(|| self.nearest(at))
    }

    /// When a cell begins; after the last one, the end.
    pub fn begins(&self, cell: usize) -> u64 {
        let length = self.range.end.saturating_sub(self.range.start);
        let before = u128::from(length) * cell as u128 / self.cells.max(1) as u128;
        self.range.start.saturating_add(before as u64)
    }

    /// The cell that a time lies in, or the one nearest to it.
    pub fn nearest(&self, at: u64) -> usize {
        let length = (self.range.end - self.range.start).max(1);
        let at = at.clamp(self.range.start, self.range.end) - self.range.start;
        // Exact to the cell, and fast: there may be a hundred thousand to place.
        let cell = at as f64 / length as f64 * self.cells as f64;
        (cell as usize).min(self.cells.saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn zooming_keeps_the_place_and_ends_at_all() {
        let all = 0..100 * SECOND;
        let mut window = Window::new(&all, false);
        assert_eq!(window.range(), all);
        window.zoom(25 * SECOND, true, &all);
        assert_eq!(window.range(), 25 * SECOND / 2..125 * SECOND / 2);
        window.zoom(25 * SECOND, false, &all);
        window.zoom(25 * SECOND, false, &all);
        assert_eq!(window.range(), all);
        for _ in 0..100 {
            window.zoom(25 * SECOND, true, &all);
        }
        assert!(window.range().contains(&(25 * SECOND)));
    }

    #[test]
    fn a_living_stream_is_followed_until_the_reader_goes_back() {
        let mut window = Window::new(&(0..100 * SECOND), true);
        assert_eq!(window.range(), 40 * SECOND..100 * SECOND);
        window.update(&(0..101 * SECOND), true);
        assert_eq!(window.range(), 41 * SECOND..101 * SECOND);
        window.reveal(5 * SECOND, &(0..101 * SECOND));
        window.update(&(0..102 * SECOND), true);
        assert_eq!(window.range(), 5 * SECOND..65 * SECOND);
    }

    #[test]
    fn every_time_has_a_cell() {
        let scale = Scale {
            range: 10..20,
            cells: 5,
        };
        assert_eq!(
            (scale.cell(9), scale.cell(10), scale.cell(20)),
            (None, Some(0), Some(4))
        );
        assert_eq!((scale.nearest(0), scale.nearest(99)), (0, 4));
        assert_eq!(
            (scale.begins(0), scale.begins(3), scale.begins(5)),
            (10, 16, 20)
        );
        let empty = Scale {
            range: 10..10,
            cells: 0,
        };
        assert_eq!((empty.cell(10), empty.nearest(10)), (None, 0));
    }
}
