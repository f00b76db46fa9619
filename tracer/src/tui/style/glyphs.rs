//! The glyphs that text is mixed with, in Unicode and in plain ASCII. Every state has its own
//! glyph, so that colour is never needed to recognise it.

use crate::{event::TaskState, model::State};

/// The glyphs that text is mixed with.
#[derive(Debug, PartialEq, Eq)]
pub struct Glyphs {
    /// A process that is alive.
    pub alive: &'static str,
    /// A process that is exiting and not a zombie yet.
    pub exiting: &'static str,
    /// A zombie.
    pub zombie: &'static str,
    /// A reaped process.
    pub reaped: &'static str,
    /// A process that disappeared without a record of its exit.
    pub vanished: &'static str,
    /// A thread.
    pub thread: &'static str,
    /// An unknown value.
    pub unknown: &'static str,
    /// Before a child's own level: an ancestor has more siblings. Each tree glyph takes two
    /// columns.
    pub tree_pass: &'static str,
    /// A child that has more siblings.
    pub tree_fork: &'static str,
    /// The last child.
    pub tree_last: &'static str,
    /// Levels that are left out.
    pub tree_cut: &'static str,
    /// A folded branch or group.
    pub folded: &'static str,
    /// Before the parent of a reparented process.
    pub adopted_by: &'static str,
    /// A column sorted with the largest first.
    pub descending: &'static str,
    /// A column sorted with the smallest first.
    pub ascending: &'static str,
    /// One cell of a bar.
    pub bar: &'static str,
    /// Text that was cut off.
    pub more: &'static str,
    /// The thumb of a scroll bar.
    pub thumb: &'static str,
    /// The track of a scroll bar.
    pub track: &'static str,
    /// The text cursor.
    pub cursor: &'static str,
    /// Points down at an error.
    pub mark: &'static str,
    /// Eight heights, the lowest first.
    pub spark: [&'static str; 8],
    /// Before a number of equal things.
    pub times: &'static str,
    /// The glyphs of the timeline.
    pub lane: Lane,
    /// Corners from the upper left clockwise, then horizontal and vertical.
    pub frame: [&'static str; 6],
    /// True if all other text must be ASCII too.
    pub ascii: bool,
}

/// The glyphs of the timeline.
#[derive(Debug, PartialEq, Eq)]
pub struct Lane {
    /// The process is alive.
    pub alive: &'static str,
    /// The process is a zombie.
    pub zombie: &'static str,
    /// Birth.
    pub born: &'static str,
    /// An exec.
    pub exec: &'static str,
    /// The exit, or the reap of a zombie.
    pub ended: &'static str,
    /// Death by a signal.
    pub killed: &'static str,
    /// A parent that forks.
    pub forks: &'static str,
    /// The line from a parent down to its child.
    pub joined: &'static str,
    /// Lost records.
    pub lost: &'static str,
    /// The task runs.
    pub running: &'static str,
    /// The task waits for a CPU.
    pub runnable: &'static str,
    /// The task sleeps.
    pub asleep: &'static str,
}

impl Lane {
    /// Returns the glyph of a task state. Rare states are shown as their letter.
    pub fn task_state(&self, state: TaskState) -> &'static str {
        match state {
            TaskState::Running => self.running,
            TaskState::Runnable => self.runnable,
            TaskState::Interruptible => self.asleep,
            TaskState::Uninterruptible
            | TaskState::Stopped
            | TaskState::Traced
            | TaskState::Idle
            | TaskState::Dead => state.letter(),
        }
    }
}

impl Glyphs {
    /// Returns the glyph of a process's state.
    pub fn state(&self, state: State) -> &'static str {
        match state {
            State::Alive => self.alive,
            State::Exiting => self.exiting,
            State::Zombie => self.zombie,
            State::Reaped => self.reaped,
            State::Vanished => self.vanished,
        }
    }
}

/// Glyphs for terminals that show Unicode.
pub static UNICODE: Glyphs = Glyphs {
    alive: "●",
    exiting: "◐",
    zombie: "Z",
    reaped: "○",
    vanished: "◌",
    thread: "∙",
    unknown: "?",
    tree_pass: "│ ",
    tree_fork: "├─",
    tree_last: "└─",
    tree_cut: "… ",
    folded: "▸",
    adopted_by: "↪",
    descending: "▼",
    ascending: "▲",
    bar: "━",
    more: "…",
    thumb: "┃",
    track: "│",
    cursor: "▏",
    mark: "▾",
    spark: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
    times: "×",
    lane: Lane {
        alive: "━",
        zombie: "▒",
        born: "┗",
        exec: "◆",
        ended: "┫",
        killed: "✖",
        forks: "┳",
        joined: "│",
        lost: "░",
        running: "█",
        runnable: "▄",
        asleep: "─",
    },
    frame: ["╭", "╮", "╯", "╰", "─", "│"],
    ascii: false,
};

/// Glyphs for terminals that show ASCII only.
pub static ASCII: Glyphs = Glyphs {
    alive: "*",
    exiting: "~",
    zombie: "Z",
    reaped: "o",
    vanished: "x",
    thread: ".",
    unknown: "?",
    tree_pass: "| ",
    tree_fork: "|-",
    tree_last: "`-",
    tree_cut: "< ",
    folded: ">",
    adopted_by: "->",
    descending: "v",
    ascending: "^",
    bar: "=",
    more: "~",
    thumb: "#",
    track: "|",
    cursor: "_",
    mark: "v",
    spark: ["_", ".", ":", "-", "=", "+", "*", "#"],
    times: "x",
    lane: Lane {
        alive: "=",
        zombie: "z",
        born: "`",
        exec: "e",
        ended: "]",
        killed: "X",
        forks: "+",
        joined: "|",
        lost: ":",
        running: "#",
        runnable: "r",
        asleep: "-",
    },
    frame: ["+", "+", "+", "+", "-", "|"],
    ascii: true,
};
