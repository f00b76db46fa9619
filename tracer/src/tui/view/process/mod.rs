//! The life of one process: every moment, its exit, family, programs and resources.

mod facts;
mod lifecycle;

use crate::{
    event::{ProcessId, command_line},
    model::{Key, State},
    tui::{
        input::action::Action,
        state::{
            data::Data,
            search::{SearchFrom, SearchQuery},
        },
        style::phrase::{Phrase, Tone},
        text::words,
        view::interface::{View, ViewSize},
        widget::{
            canvas::Canvas,
            page::{Page, Sheet},
        },
    },
};

/// From this width on, the facts are in two columns.
const WIDE: usize = 116;

/// The selected process, as a page.
#[derive(Default)]
pub struct Process {
    key: Option<Key>,
    /// The identity and the label of the process, which outlive the model.
    shown: Option<(ProcessId, String)>,
    page: Page,
}

impl View for Process {
    fn refresh(&mut self, data: &Data<'_>, size: ViewSize) {
        self.key = self.key.filter(|key| data.model.contains(*key));
        if let (None, Some((id, _))) = (self.key, &self.shown) {
            // The playhead may have returned to its lifetime.
            self.key = data.model.find(*id);
        }
        let Some(key) = self.key else { return };
        let width = size.width.saturating_sub(1);
        let top = head(data, key, width).above(lifecycle::section(data, key, width));
        let lines = if width >= WIDE {
            let gap = 3;
            let half = (width - gap) / 2;
            let left = facts::exit(data, key, half).above(facts::family(data, key, half));
            let right = facts::programs(data, key, half).above(facts::resources(data, key, half));
            let mut lines = top.into_lines();
            lines.push(Phrase::new());
            lines.extend(left.beside(right, gap));
            lines
        } else {
            top.above(facts::exit(data, key, width))
                .above(facts::family(data, key, width))
                .above(facts::programs(data, key, width))
                .above(facts::resources(data, key, width))
                .into_lines()
        };
        self.page.fill(lines, size.height);
    }

    fn handle(&mut self, action: Action, data: &Data<'_>) {
        match action {
            Action::Parent => {
                let parent = self.key.and_then(|key| data.model.process(key).parent);
                if let Some(parent) = parent {
                    self.show(data, parent);
                }
            }
            movement => self.page.handle(movement),
        }
    }

    fn find(&mut self, _: &Data<'_>, query: &SearchQuery, from: SearchFrom) -> bool {
        self.page.find(query, from).is_some()
    }

    fn selected(&self, _: &Data<'_>) -> Option<Key> {
        self.key
    }

    fn show(&mut self, data: &Data<'_>, key: Key) {
        let id = data.model.process(key).id;
        if self.shown.as_ref().is_none_or(|(shown, _)| *shown != id) {
            self.page = Page::default();
        }
        self.shown = Some((id, words::label(data.model, key)));
        self.key = Some(key);
    }

    fn status(&self, data: &Data<'_>) -> String {
        let of = self.key.map(|key| words::label(data.model, key));
        format!("{}  {}", of.unwrap_or_default(), self.page.position())
            .trim_end()
            .to_owned()
    }

    fn reset(&mut self) {
        *self = Process {
            shown: self.shown.take(),
            ..Process::default()
        };
    }

    fn draw(&self, data: &Data<'_>, canvas: &mut Canvas<'_>) {
        if self.key.is_none() {
            return canvas.note(&self.absence(data));
        }
        canvas.page(self.page.lines(), self.page.cursor());
    }
}

impl Process {
    /// Returns the message for a page without a process.
    fn absence(&self, data: &Data<'_>) -> [Phrase; 2] {
        let Some((id, label)) = &self.shown else {
            return [
                Phrase::of(Tone::Plain, "No process selected."),
                Phrase::of(Tone::Dim, "Select one in another view and press Enter."),
            ];
        };
        let why = match data.now < id.start {
            true => format!("It starts at {}.", words::clock(data, id.start)),
            false => "It has exited and is no longer listed.".to_owned(),
        };
        let now = words::clock(data, data.now);
        [
            Phrase::of(Tone::Plain, format!("{label} does not exist at {now}.")),
            Phrase::of(Tone::Dim, why),
        ]
    }
}

fn head(data: &Data<'_>, key: Key, width: usize) -> Sheet {
    let process = data.model.process(key);
    let state = process.state();
    let age = words::age(&process, data.now);
    let (tone, age) = match state {
        State::Alive => (Tone::Good, format!(", {age} old")),
        // The state's name is shown in an alerting tone already.
        State::Zombie => (Tone::Bad, format!(" for {age}")),
        State::Exiting => (words::state_tone(state), format!(" for {age}")),
        State::Reaped | State::Vanished => (words::state_tone(state), format!(", lived {age}")),
    };
    let mut sheet = Sheet::new(width);
    let title = Phrase::of(words::state_tone(state), data.glyphs.state(state))
        .and(Tone::Strong, format!(" {}", words::label(data.model, key)))
        .and(tone, format!("  {}", state.name()))
        .and(Tone::Plain, age)
        .and(
            Tone::Dim,
            if process.kthread {
                ", kernel thread"
            } else {
                ""
            },
        );
    sheet.line(title);
    match process.argv() {
        Some(argv) if !argv.is_empty() => {
            let cut = process.argv_cut() == Some(true);
            let more = if cut { " (only the beginning)" } else { "" };
            sheet.text(Phrase::plain(command_line(argv)).and(Tone::Warn, more));
        }
        Some(_) => {}
        None if process.kthread => {}
        None => sheet.line(Phrase::of(Tone::Dim, "command line unknown")),
    }
    sheet
}
