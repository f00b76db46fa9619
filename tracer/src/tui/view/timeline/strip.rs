//! Lifetimes as cells side by side: the content of a lane. Must not know colours or the screen.

use std::ops::Range;

use crate::{
    event::TaskState,
    model::GapSpan,
    tui::{
        style::{
            glyphs::Glyphs,
            phrase::{Phrase, Tone},
        },
        text::words,
        view::timeline::{lanes::Life, window::Scale},
    },
};

/// A cell of a strip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The tone.
    pub tone: Tone,
    /// The glyph.
    pub glyph: &'static str,
    /// True if a process is alive or a zombie here.
    pub occupied: bool,
    /// True if a moment of the life is here.
    pub moment: bool,
}

impl Cell {
    const EMPTY: Cell = Cell {
        tone: Tone::Plain,
        glyph: " ",
        occupied: false,
        moment: false,
    };

    /// Returns a cell of a life.
    pub const fn of(tone: Tone, glyph: &'static str) -> Cell {
        Cell {
            tone,
            glyph,
            occupied: true,
            moment: false,
        }
    }
}

/// Returns the life of one process, at least one cell long. Known scheduler states are drawn in it.
pub fn life(
    life: &Life,
    states: &[Option<TaskState>],
    scale: &Scale,
    now: u64,
    glyphs: &Glyphs,
) -> Vec<Cell> {
    let mut cells = vec![Cell::EMPTY; scale.cells];
    let lane = &glyphs.lane;
    if scale.cells == 0 {
        return cells;
    }
    let until = life.until.unwrap_or(now);
    if life.zombie != Some(life.since) {
        let alive = Cell::of(Tone::Good, lane.alive);
        fill(&mut cells, scale, life.since..until, alive);
    }
    for (cell, state) in cells.iter_mut().zip(states) {
        if let Some(state) = state.filter(|_| cell.occupied) {
            *cell = Cell::of(words::task_state_tone(state), lane.task_state(state));
        }
    }
    if let Some(zombie) = life.zombie {
        let removed = life.removed.unwrap_or(now);
        let zombie_cell = Cell::of(Tone::Bad, lane.zombie);
        fill(&mut cells, scale, zombie..removed, zombie_cell);
    }
    let mut mark = |at: Option<u64>, tone, glyph| {
        if let Some(cell) = at.and_then(|at| scale.cell(at)) {
            cells[cell] = Cell {
                moment: true,
                ..Cell::of(tone, glyph)
            };
        }
    };
    mark(Some(life.since), Tone::Good, lane.born);
    mark(life.last_exec, Tone::Accent, lane.exec);
    let reaped = life.removed.filter(|_| life.zombie.is_some());
    mark(reaped, Tone::Dim, lane.ended);
    match (life.killed, life.vanished) {
        (true, _) => mark(life.until, Tone::Bad, lane.killed),
        (false, true) => mark(life.until, Tone::Warn, glyphs.unknown),
        (false, false) if life.zombie.is_none() => mark(life.until, Tone::Dim, lane.ended),
        (false, false) => {}
    }
    cells
}

/// Fills every cell that a time range touches.
fn fill(cells: &mut [Cell], scale: &Scale, time: Range<u64>, with: Cell) {
    if time.start <= scale.range.end && time.end >= scale.range.start {
        let (first, last) = (scale.nearest(time.start), scale.nearest(time.end));
        for cell in cells.iter_mut().take(last + 1).skip(first) {
            *cell = with;
        }
    }
}

/// Returns the number of group members alive in each cell, relative to the highest.
pub fn group<'a>(
    lives: impl Iterator<Item = &'a Life>,
    scale: &Scale,
    now: u64,
    glyphs: &Glyphs,
) -> Vec<Cell> {
    #[derive(Clone, Copy, Default)]
    struct Sum {
        /// The change in the number of processes from here on.
        change: i64,
        zombies: i64,
        killed: bool,
    }
    if scale.cells == 0 {
        return Vec::new();
    }
    let mut sums = vec![Sum::default(); scale.cells + 1];
    for life in lives {
        let end = life.end(now);
        if life.since > scale.range.end || end < scale.range.start {
            continue;
        }
        sums[scale.nearest(life.since)].change += 1;
        sums[scale.nearest(end) + 1].change -= 1;
        // Nearly all processes are zombies for a moment.
        if let Some(zombie) = life.zombie
            && scale.nearest(zombie) < scale.nearest(end)
        {
            sums[scale.nearest(zombie)].zombies += 1;
            sums[scale.nearest(end) + 1].zombies -= 1;
        }
        if let (true, Some(cell)) = (life.killed, life.until.and_then(|at| scale.cell(at))) {
            sums[cell].killed = true;
        }
    }
    let (mut present, mut zombies) = (0, 0);
    for sum in &mut sums {
        present += sum.change;
        zombies += sum.zombies;
        (sum.change, sum.zombies) = (present, zombies);
    }
    let most = sums.iter().map(|sum| sum.change).max().unwrap_or(0).max(1);
    let cell = |sum: &Sum| match (sum.change, sum.zombies) {
        _ if sum.killed => Cell::of(Tone::Bad, glyphs.lane.killed),
        (0, _) => Cell::EMPTY,
        (present, zombies) if zombies * 2 >= present => Cell::of(Tone::Bad, glyphs.lane.zombie),
        (present, zombies) => {
            let tone = if zombies > 0 { Tone::Bad } else { Tone::Good };
            let height = (present * 7).div_euclid(most).clamp(0, 7);
            Cell::of(tone, glyphs.spark[height as usize])
        }
    };
    sums[..scale.cells].iter().map(cell).collect()
}

/// Marks cells where records were lost: an empty one there may be wrong.
pub fn mark_losses(cells: &mut [Cell], gaps: &[GapSpan], scale: &Scale, glyphs: &Glyphs) {
    let within = |gap: &&GapSpan| gap.since <= scale.range.end && gap.until >= scale.range.start;
    for gap in gaps.iter().filter(within) {
        let (first, last) = (scale.nearest(gap.since), scale.nearest(gap.until));
        for cell in cells.iter_mut().take(last + 1).skip(first) {
            cell.tone = Tone::Warn;
            if !cell.occupied {
                cell.glyph = glyphs.lane.lost;
            }
        }
    }
}

/// Returns the cells as text.
pub fn phrase(cells: &[Cell]) -> Phrase {
    let runs = cells.chunk_by(|one, other| one.tone == other.tone);
    runs.fold(Phrase::new(), |phrase, run| {
        let text: String = run.iter().map(|cell| cell.glyph).collect();
        phrase.and(run[0].tone, text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{event::Comm, tui::style::glyphs::ASCII};

    fn text(cells: &[Cell]) -> String {
        phrase(cells).text()
    }

    const SCALE: Scale = Scale {
        range: 0..100,
        cells: 10,
    };
    fn life_to_55() -> Life {
        Life {
            comm: Comm::default(),
            since: 20,
            until: Some(55),
            zombie: None,
            removed: Some(55),
            last_exec: None,
            killed: false,
            vanished: false,
        }
    }

    #[test]
    fn life_is_drawn_with_its_moments() {
        let drawn = |life: &Life| text(&super::life(life, &[], &SCALE, 100, &ASCII));
        assert_eq!(drawn(&life_to_55()), "  `==]    ");
        let zombie = Life {
            zombie: Some(55),
            removed: Some(80),
            last_exec: Some(35),
            ..life_to_55()
        };
        assert_eq!(drawn(&zombie), "  `e=zzz] ");
        assert_eq!(
            drawn(&Life {
                killed: true,
                ..life_to_55()
            }),
            "  `==X    "
        );
        assert_eq!(
            drawn(&Life {
                until: None,
                removed: None,
                ..life_to_55()
            }),
            "  `======="
        );
        assert_eq!(
            drawn(&Life {
                since: 200,
                until: None,
                removed: None,
                ..life_to_55()
            }),
            "          "
        );
        // The shortest life is visible.
        assert_eq!(
            drawn(&Life {
                until: Some(20),
                removed: Some(20),
                ..life_to_55()
            }),
            "  ]       "
        );
    }

    #[test]
    fn group_shows_zombies_unless_they_are_brief() {
        let exits = |zombie, removed| Life {
            until: Some(zombie),
            zombie: Some(zombie),
            removed: Some(removed),
            ..life_to_55()
        };
        let lives = [exits(41, 42), exits(55, 85), exits(55, 65)];
        let drawn = text(&group(lives.iter(), &SCALE, 100, &ASCII));
        assert_eq!(drawn, "  ###zzzz ");
    }

    #[test]
    fn states_are_drawn_during_the_life() {
        use TaskState::{Interruptible, Running, Uninterruptible};
        let mut states = [None; 10];
        states[3..].fill(Some(Interruptible));
        states[3] = Some(Running);
        states[4] = Some(Uninterruptible);
        let life = Life {
            until: Some(75),
            zombie: Some(75),
            removed: None,
            last_exec: Some(65),
            ..life_to_55()
        };
        let drawn = super::life(&life, &states, &SCALE, 100, &ASCII);
        assert_eq!(text(&drawn), "  `#D-ezzz");
    }

    #[test]
    fn group_height_follows_its_size_and_losses_are_marked() {
        let lives = [
            life_to_55(),
            Life {
                since: 40,
                ..life_to_55()
            },
            Life {
                since: 80,
                until: None,
                removed: None,
                ..life_to_55()
            },
        ];
        let mut cells = group(lives.iter(), &SCALE, 100, &ASCII);
        assert_eq!(text(&cells), "  --##  --");
        let gap = GapSpan {
            since: 60,
            until: 85,
            lost: Vec::new(),
            cause: crate::event::GapCause::NoRoom,
            count: 1,
        };
        mark_losses(&mut cells, &[gap], &SCALE, &ASCII);
        assert_eq!(text(&cells), "  --##::--");
    }
}
