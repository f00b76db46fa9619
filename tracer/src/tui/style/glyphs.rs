//! The signs that text is mixed with, in Unicode and in plain ASCII. Each state
//! has one, so that colour is never needed to tell it.

use crate::{event::TaskState, model::State};

/// The signs that text is mixed with.
#[derive(Debug, PartialEq, Eq)]
pub struct Glyphs {
    pub alive: &'static str,
    pub exiting: &'static str,
    pub zombie: &'static str,
    pub reaped: &'static str,
    pub vanished: &'static str,
    pub thread: &'static str,
    pub unknown: &'static str,
    /// Two columns per level of the tree.
    pub tree_pass: &'static str,
    pub tree_fork: &'static str,
    pub tree_last: &'static str,
    pub tree_cut: &'static str,
    pub folded: &'static str,
    pub adopted_by: &'static str,
    pub descending: &'static str,
    pub ascending: &'static str,
    pub bar: &'static str,
    pub more: &'static str,
    pub thumb: &'static str,
    pub track: &'static str,
    pub cursor: &'static str,
    /// Points down at what is wrong.
    pub mark: &'static str,
    /// Eight heights, the lowest first.
    pub spark: [&'static str; 8],
    pub times: &'static str,
    pub lane: Lane,
    /// Corners from the upper left clockwise, then horizontal and vertical.
    pub frame: [&'static str; 6],
    /// Everything else must be made of ASCII too.
    pub ascii: bool,
}

/// The signs of the timeline.
#[derive(Debug, PartialEq, Eq)]
pub struct Lane {
    pub alive: &'static str,
    pub zombie: &'static str,
    pub born: &'static str,
    pub exec: &'static str,
    pub ended: &'static str,
    pub killed: &'static str,
    /// Where a parent has made a child, and the way down to it.
    pub forks: &'static str,
    pub joined: &'static str,
    /// Records were lost.
    pub lost: &'static str,
    pub running: &'static str,
    pub runnable: &'static str,
    pub asleep: &'static str,
}

impl Lane {
    /// What a task does; what is out of the ordinary has its letter.
    pub fn doing(&self, state: TaskState) -> &'static str {
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
