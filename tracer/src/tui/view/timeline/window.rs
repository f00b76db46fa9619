//! The time window of the timeline: zooming, moving, following. Numbers only.

use std::ops::Range;

/// The shortest window, ns: no process is shorter.
const SHORTEST: u64 = 1_000;

/// The initial window of a live stream, ns.
const RECENT: u64 = 60_000_000_000;

/// The visible time range, ns since boot.
#[derive(Clone, Debug, Default)]
pub struct Window {
    since: u64,
    length: u64,
    /// True until the reader moves the window: it shows everything, or the latest part.
    untouched: bool,
    /// True if the end of the window follows the present.
    follows: bool,
}

impl Window {
    /// Returns a window over everything, or over the last minute of a live stream.
    pub fn new(all: &Range<u64>, live: bool) -> Window {
        let mut window = Window {
            untouched: true,
            follows: live,
            ..Window::default()
        };
        window.update(all, live);
        window
    }

    /// Adapts the window to the elapsed time.
    pub fn update(&mut self, all: &Range<u64>, live: bool) {
        let length = (all.end - all.start).max(SHORTEST);
        if self.untouched {
            self.length = if live { length.min(RECENT) } else { length };
        }
        if self.untouched || self.follows {
            self.since = all.end.saturating_sub(self.length);
        }
    }

    /// Returns the range, ns since boot.
    pub fn range(&self) -> Range<u64> {
        self.since..self.since.saturating_add(self.length)
    }

    /// Returns true if the window follows the present.
    pub fn follows(&self) -> bool {
        self.follows
    }

    /// Sets whether the window follows the present.
    pub fn follow(&mut self, follows: bool) {
        self.follows = follows;
        self.untouched = false;
    }

    /// Halves or doubles the window; `at` keeps its place.
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

    /// Shows everything.
    pub fn whole(&mut self, all: &Range<u64>) {
        *self = Window {
            since: all.start,
            length: (all.end - all.start).max(SHORTEST),
            untouched: false,
            follows: false,
        };
    }

    /// Moves the window so that `at` is visible.
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

/// A time range divided into cells of equal length.
#[derive(Clone, Debug)]
pub struct Scale {
    /// The range, ns since boot.
    pub range: Range<u64>,
    /// The number of cells.
    pub cells: usize,
}

impl Scale {
    /// Returns the cell of a time; `None` outside of the range.
    pub fn cell(&self, at: u64) -> Option<usize> {
        let within = self.range.contains(&at) || at == self.range.end;
        (within && self.cells > 0).then(|| self.nearest(at))
    }

    /// Returns the start of a cell; after the last cell, the end of the range.
    pub fn begins(&self, cell: usize) -> u64 {
        let length = self.range.end.saturating_sub(self.range.start);
        let before = u128::from(length) * cell as u128 / self.cells.max(1) as u128;
        self.range.start.saturating_add(before as u64)
    }

    /// Returns the cell of a time, or the nearest one.
    pub fn nearest(&self, at: u64) -> usize {
        let length = (self.range.end - self.range.start).max(1);
        let at = at.clamp(self.range.start, self.range.end) - self.range.start;
        // Exact to the cell, and fast: there may be a hundred thousand times to place.
        let cell = at as f64 / length as f64 * self.cells as f64;
        (cell as usize).min(self.cells.saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn zooming_keeps_the_place_and_stops_at_everything() {
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
    fn live_stream_is_followed_until_the_reader_moves_back() {
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
