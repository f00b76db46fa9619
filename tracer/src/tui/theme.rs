//! The one place that knows colours and glyphs.
//!
//! State is never said by colour alone: each has its glyph, and everything is
//! legible in monochrome and in plain ASCII. Colours are chosen from the middle
//! of the 256-colour cube, where they stand out from black and from white; the
//! default foreground and background stay the terminal's own.

use ratatui::style::{Color, Modifier, Style};

use super::phrase::Tone;
use crate::model::State;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Palette {
    Colour,
    /// Bold, dim, underlined and reversed only.
    Monochrome,
}

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
    },
    frame: ["+", "+", "+", "+", "-", "|"],
    ascii: true,
};

/// How everything looks.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    pub palette: Palette,
    pub glyphs: &'static Glyphs,
}

impl Default for Look {
    fn default() -> Self {
        Look {
            palette: Palette::Colour,
            glyphs: &UNICODE,
        }
    }
}

const GREEN: Color = Color::Indexed(71);
const YELLOW: Color = Color::Indexed(172);
const RED: Color = Color::Indexed(167);
const BLUE: Color = Color::Indexed(68);
const CYAN: Color = Color::Indexed(37);
const GREY: Color = Color::Indexed(245);
const FAINT: Color = Color::Indexed(242);
const WHITE: Color = Color::Indexed(231);
const BLACK: Color = Color::Indexed(16);
const ALERT: Color = Color::Indexed(160);
const SELECTION: Color = Color::Indexed(24);

impl Look {
    /// What the environment asks for: <https://no-color.org>, a dumb terminal,
    /// and the locale's character set in the order of setlocale(3).
    pub fn from_env(variable: impl Fn(&str) -> Option<String>) -> Look {
        let set = |name| variable(name).filter(|value| !value.is_empty());
        let dumb = set("TERM").is_some_and(|term| term == "dumb" || term.starts_with("vt"));
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
        let utf8 = locale.is_some_and(|locale| {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        });
        Look {
            palette: if set("NO_COLOR").is_some() || dumb {
                Palette::Monochrome
            } else {
                Palette::Colour
            },
            glyphs: if utf8 { &UNICODE } else { &ASCII },
        }
    }

    pub fn style(&self, tone: Tone) -> Style {
        match self.palette {
            Palette::Colour => colour(tone),
            Palette::Monochrome => monochrome(tone),
        }
    }

    /// The line that the cursor is on. It covers the colours of the text, of
    /// which not all would be legible on it.
    pub fn selection(&self) -> Style {
        match self.palette {
            Palette::Colour => Style::new().fg(WHITE).bg(SELECTION),
            Palette::Monochrome => Style::new()
                .add_modifier(Modifier::REVERSED)
                .remove_modifier(Modifier::DIM),
        }
    }

    /// What a search has found.
    pub fn found(&self) -> Style {
        match self.palette {
            Palette::Colour => Style::new().fg(BLACK).bg(YELLOW),
            Palette::Monochrome => Style::new().add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
        }
    }
}

fn colour(tone: Tone) -> Style {
    let style = Style::new();
    let badge = |background| style.fg(BLACK).bg(background).add_modifier(Modifier::BOLD);
    match tone {
        Tone::Plain => style,
        Tone::Strong => style.add_modifier(Modifier::BOLD),
        Tone::Dim => style.fg(GREY),
        Tone::Faint => style.fg(FAINT),
        Tone::Good => style.fg(GREEN),
        Tone::Warn => style.fg(YELLOW),
        Tone::Bad => style.fg(RED).add_modifier(Modifier::BOLD),
        Tone::Alert => style.fg(WHITE).bg(ALERT).add_modifier(Modifier::BOLD),
        Tone::Accent => style.fg(CYAN),
        Tone::Title => style.fg(BLUE).add_modifier(Modifier::BOLD),
        Tone::Sorted => style.fg(CYAN).add_modifier(Modifier::BOLD),
        Tone::Key => style.fg(CYAN).add_modifier(Modifier::BOLD),
        Tone::Tab => style.fg(GREY),
        Tone::ActiveTab => style.fg(WHITE).bg(SELECTION).add_modifier(Modifier::BOLD),
        Tone::Live => badge(GREEN),
        Tone::Replay => badge(BLUE),
        Tone::Paused => badge(YELLOW),
    }
}

fn monochrome(tone: Tone) -> Style {
    let style = Style::new();
    match tone {
        Tone::Plain | Tone::Good | Tone::Accent | Tone::Tab => style,
        Tone::Dim | Tone::Faint => style.add_modifier(Modifier::DIM),
        Tone::Strong | Tone::Warn | Tone::Title | Tone::Key => style.add_modifier(Modifier::BOLD),
        Tone::Bad | Tone::Sorted => style.add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
        Tone::Alert | Tone::ActiveTab | Tone::Live | Tone::Replay | Tone::Paused => {
            style.add_modifier(Modifier::BOLD | Modifier::REVERSED)
        }
    }
}
