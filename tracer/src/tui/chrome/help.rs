//! The help overlay, made from the tables of keys and views and from the glyphs, so that it is
//! never outdated.

use crate::{
    model::State,
    tui::{
        input::action::{Action, BINDINGS, Binding},
        style::{
            glyphs::Glyphs,
            phrase::{Phrase, Tone},
        },
        text::words,
        view::registry::VIEWS,
        widget::{canvas::Canvas, cursor::Cursor},
    },
};

/// Columns for the frame.
const FRAME: u16 = 6;
/// Columns between the keys and the signs.
const GAP: u16 = 2;

/// Columns of the right half that may be cut off.
const CUT: u16 = 50;

/// The open help overlay.
#[derive(Default)]
pub struct Help {
    lines: Vec<Phrase>,
    cursor: Cursor,
    width: u16,
    height: u16,
}

impl Help {
    /// Lays out the text for a screen of this size.
    pub fn fit(
        &mut self,
        (width, height): (u16, u16),
        own: &[Action],
        can: impl Fn(Action) -> bool,
        glyphs: &'static Glyphs,
    ) {
        let (keys, signs) = (keys(own, can), signs(glyphs));
        let [left, right] = [&keys, &signs].map(|lines| widest(lines));
        let both = left + GAP + right + FRAME;
        (self.lines, self.width) = if width + CUT >= both {
            (beside(keys, left + GAP, signs), both.min(width))
        } else {
            let lines = [keys, signs].concat();
            (lines, (left.max(right) + FRAME).min(width))
        };
        let frame = 2;
        self.height = (self.lines.len() as u16 + frame).min(height);
        let room = usize::from(self.height.saturating_sub(frame));
        self.cursor.fit_page(self.lines.len(), room);
    }

    /// Scrolls the text. Returns false if the action does not scroll.
    pub fn handle(&mut self, action: Action) -> bool {
        self.cursor.scroll(action)
    }

    /// Draws the overlay.
    pub fn draw(&self, canvas: &mut Canvas<'_>) {
        let left = canvas.width().saturating_sub(self.width) / 2;
        let top = (canvas.height().saturating_sub(self.height)) / 2;
        let mut overlay = canvas.part(left, top, self.width, self.height);
        let mut inside = overlay.framed("Help: arrows scroll, any other key closes");
        inside.page(&self.lines, &self.cursor);
    }
}

/// Columns for the subject of a line.
const SUBJECT: usize = 11;

fn row(subject: Phrase, text: &str) -> Phrase {
    subject.padded(SUBJECT).and(Tone::Plain, text)
}

fn title(text: &str) -> Phrase {
    Phrase::of(Tone::Title, text)
}

fn keys(own: &[Action], can: impl Fn(Action) -> bool) -> Vec<Phrase> {
    let rows = |everywhere: bool| {
        let listed = move |binding: &&Binding| {
            binding.everywhere == everywhere && (everywhere || own.contains(&binding.action))
        };
        let row = |binding: &Binding| row(Phrase::of(Tone::Key, binding.shown), binding.help);
        let can = |binding: &&Binding| can(binding.action);
        BINDINGS.iter().filter(can).filter(listed).map(row)
    };
    let mut lines = Vec::new();
    if !own.is_empty() {
        lines.push(title("IN THIS VIEW"));
        lines.extend(rows(false));
        lines.push(Phrase::new());
    }
    lines.push(title("EVERYWHERE"));
    lines.extend(rows(true));
    lines.push(Phrase::new());
    lines
}

fn signs(glyphs: &'static Glyphs) -> Vec<Phrase> {
    let mut lines = vec![title("VIEWS")];
    for (number, entry) in VIEWS.iter().enumerate() {
        let name = Phrase::of(Tone::Key, format!("{} {}", number + 1, entry.name));
        lines.push(row(name, entry.about));
    }
    lines.push(Phrase::new());
    lines.push(title("SIGNS"));
    for (state, meaning) in STATES {
        let glyph = Phrase::of(words::state_tone(state), glyphs.state(state));
        lines.push(row(glyph, meaning));
    }
    let others = [
        (
            glyphs.adopted_by,
            "reparented, followed by the current parent",
        ),
        (glyphs.folded, "number of processes folded away"),
        ("COW?", "writes to write-protected pages: COW candidates"),
        ("?", "unknown; never shown as zero"),
    ];
    lines.extend(others.map(|(sign, meaning)| row(Phrase::of(Tone::Accent, sign), meaning)));
    lines
}

fn widest(lines: &[Phrase]) -> u16 {
    let widths = lines.iter().map(Phrase::width);
    widths.max().map_or(0, |width| width as u16)
}

fn beside(left: Vec<Phrase>, width: u16, right: Vec<Phrase>) -> Vec<Phrase> {
    let length = left.len().max(right.len());
    let (mut left, mut right) = (left.into_iter(), right.into_iter());
    let next = |_| {
        let left = left.next().unwrap_or_default().padded(usize::from(width));
        left.joined(right.next().unwrap_or_default())
    };
    (0..length).map(next).collect()
}

const STATES: [(State, &str); 5] = [
    (State::Alive, "alive"),
    (
        State::Exiting,
        "exiting: its threads have ended, and it is not a zombie yet",
    ),
    (
        State::Zombie,
        "zombie: exited, and its owner has not waited for it",
    ),
    (State::Reaped, "exited and reaped"),
    (
        State::Vanished,
        "no longer present; the record of its exit was lost",
    ),
];
