//! The help text, made from the tables of keys and views and from the glyphs,
//! so that it cannot fall behind them.

use super::{
    action::{Action, BINDINGS, Binding},
    canvas::Canvas,
    cursor::Cursor,
    phrase::{Phrase, Tone},
    theme::Glyphs,
    view::VIEWS,
    words,
};
use crate::model::State;

const WIDTH: u16 = 72;

#[derive(Default)]
pub struct Help {
    lines: Vec<Phrase>,
    cursor: Cursor,
    height: u16,
}

impl Help {
    pub fn fit(&mut self, width: u16, height: u16, own: &[Action], glyphs: &'static Glyphs) {
        self.lines = lines(own, glyphs, width < WIDTH);
        let frame = 2;
        self.height = (self.lines.len() as u16 + frame).min(height);
        let room = usize::from(self.height.saturating_sub(frame));
        self.cursor.fit_page(self.lines.len(), room);
    }

    /// Whether the action scrolls the text.
    pub fn on(&mut self, action: Action) -> bool {
        self.cursor.scroll(action)
    }

    pub fn draw(&self, canvas: &mut Canvas<'_>) {
        let width = WIDTH.min(canvas.width());
        let left = (canvas.width() - width) / 2;
        let top = (canvas.height().saturating_sub(self.height)) / 2;
        let mut overlay = canvas.part(left, top, width, self.height);
        let mut inside = overlay.framed("Help: any key closes");
        inside.page(&self.lines, &self.cursor);
    }
}

fn lines(own: &[Action], glyphs: &'static Glyphs, narrow: bool) -> Vec<Phrase> {
    let indent = if narrow { 10 } else { 12 };
    let row = |key: &str, text: &str| {
        Phrase::of(Tone::Key, key)
            .padded(indent)
            .and(Tone::Plain, text)
    };
    let title = |text| Phrase::of(Tone::Title, text);
    let keys = |wanted: &dyn Fn(&Binding) -> bool| -> Vec<Phrase> {
        let wanted = BINDINGS.iter().filter(|binding| wanted(binding));
        wanted
            .map(|binding| row(binding.shown, binding.help))
            .collect()
    };
    let mut lines = Vec::new();
    if !own.is_empty() {
        lines.push(title("IN THIS VIEW"));
        lines.extend(keys(&|binding| {
            !binding.everywhere && own.contains(&binding.action)
        }));
        lines.push(Phrase::new());
    }
    lines.push(title("VIEWS"));
    for (number, entry) in VIEWS.iter().enumerate() {
        lines.push(row(&format!("{} {}", number + 1, entry.name), entry.about));
    }
    lines.push(Phrase::new());
    lines.push(title("EVERYWHERE"));
    lines.extend(keys(&|binding| binding.everywhere));
    lines.push(Phrase::new());
    lines.push(title("SIGNS"));
    for (state, meaning) in STATES {
        let glyph = Phrase::of(words::state_tone(state), glyphs.state(state)).padded(indent);
        lines.push(glyph.and(Tone::Plain, meaning));
    }
    lines.push(row(
        glyphs.adopted_by,
        "another parent than the one it hangs under",
    ));
    lines.push(row(glyphs.folded, "so many processes are folded away"));
    lines.push(row(
        "COW",
        "writes to write-protected pages: copy-on-write candidates",
    ));
    lines.push(row("?", "unknown; never shown as zero"));
    lines
}

const STATES: [(State, &str); 5] = [
    (State::Alive, "alive"),
    (
        State::Exiting,
        "all threads have exited; zombie or reaped, not known yet",
    ),
    (
        State::Zombie,
        "zombie: dead, and its owner has not waited for it",
    ),
    (State::Reaped, "dead and reaped"),
    (
        State::Vanished,
        "gone, but its end was not seen: records were lost",
    ),
];
