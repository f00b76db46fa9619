//! The state of the dashboard: what has been seen, what is looked at, and what
//! keys do. How it is drawn is not known here: see [`super::layout`].

use super::{
    action::{self, Action},
    help,
    log::Log,
    needle::{Needle, Whence},
    theme::{Glyphs, Look},
    view::{DETAILS, Data, VIEWS, View},
};
use crate::{
    event::Event,
    model::{Model, Retention},
};
use crossterm::event::{Event as Input, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// Where the events come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    Live,
    Replay {
        /// The recording's name, for the header.
        file: String,
    },
}

/// Whether to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    Continue,
    Quit,
}

/// What tracer itself costs, measured live.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct OwnCost {
    /// Share of one CPU; 1.0 is all of it.
    pub cpu: Option<f64>,
    /// How full the ring buffer is; 1.0 loses records.
    pub ring_fill: Option<f64>,
}

pub struct App {
    pub(super) mode: Mode,
    pub(super) look: Look,
    model: Model,
    log: Log,
    /// The picture at the time of the pause, while it is paused.
    frozen: Option<Box<Frozen>>,
    now: u64,
    own: Option<OwnCost>,
    views: Vec<Box<dyn View>>,
    pub(super) active: usize,
    /// The view from which details were asked for.
    came_from: usize,
    pub(super) needle: Needle,
    pub(super) prompt: Option<String>,
    /// The last search found nothing.
    pub(super) not_found: bool,
    pub(super) help: Option<help::Help>,
    pub(super) dirty: bool,
}

struct Frozen {
    model: Model,
    log: Log,
    now: u64,
    own: Option<OwnCost>,
}

impl App {
    pub fn new(mode: Mode, look: Look) -> App {
        App {
            mode,
            look,
            model: Model::default(),
            log: Log::default(),
            frozen: None,
            now: 0,
            own: None,
            views: VIEWS.iter().map(|entry| (entry.open)()).collect(),
            active: 0,
            came_from: 0,
            needle: Needle::default(),
            prompt: None,
            not_found: false,
            help: None,
            dirty: true,
        }
    }

    /// Keeps so much of the past. To be said before the first event.
    pub fn keep(mut self, retention: Retention) -> App {
        self.model = Model::new(retention);
        self
    }

    pub fn apply(&mut self, event: &Event) {
        self.model.apply(event);
        self.log.push(event);
        self.dirty = true;
    }

    /// Tells the time, so that ages grow when nothing happens.
    pub fn set_now(&mut self, at: u64) {
        // Finer steps than a tenth of a second are not seen.
        let tenth = |time| time / 100_000_000;
        self.dirty |= self.frozen.is_none() && tenth(self.now) != tenth(at);
        self.now = at;
    }

    pub fn set_own(&mut self, own: OwnCost) {
        self.dirty |= self.own != Some(own);
        self.own = Some(own);
    }

    /// The model of the stream, which goes on while the picture is frozen.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Whether a drawing would show something new.
    pub fn dirty(&self) -> bool {
        self.dirty
    }

    pub fn on_input(&mut self, input: Input) -> Flow {
        self.dirty = true;
        match input {
            Input::Key(key) if key.kind != KeyEventKind::Release => self.on_key(key),
            Input::Paste(text) => {
                for character in text.chars().filter(|character| !character.is_control()) {
                    self.type_into_prompt(KeyCode::Char(character));
                }
                Flow::Continue
            }
            _ => Flow::Continue,
        }
    }

    fn on_key(&mut self, key: KeyEvent) -> Flow {
        let meant = action::action(key, VIEWS[self.active].actions);
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        if control && meant == Some(Action::Quit) {
            return Flow::Quit;
        }
        if self.prompt.is_some() {
            if !control {
                self.type_into_prompt(key.code);
            }
            return Flow::Continue;
        }
        if let Some(help) = &mut self.help {
            // Whatever does not scroll the help ends it.
            if !meant.is_some_and(|action| help.on(action)) {
                self.help = None;
            }
            return Flow::Continue;
        }
        if key.code == KeyCode::Esc && !self.needle.is_empty() {
            // First what was found is no longer marked, then Esc leads back.
            self.needle = Needle::default();
            self.not_found = false;
            return Flow::Continue;
        }
        match meant {
            Some(Action::Quit) => return Flow::Quit,
            Some(action) => self.act(action),
            None => {}
        }
        Flow::Continue
    }

    fn act(&mut self, action: Action) {
        self.not_found = false;
        match action {
            Action::View(number) if number < VIEWS.len() => self.active = number,
            Action::View(_) | Action::Quit => {}
            Action::NextView => self.active = (self.active + 1) % VIEWS.len(),
            Action::PreviousView => {
                self.active = (self.active + VIEWS.len() - 1) % VIEWS.len();
            }
            Action::Help => self.help = Some(help::Help::default()),
            Action::Pause => self.pause(),
            Action::Details => self.open_details(),
            Action::Back => self.active = self.came_from,
            Action::Search => self.prompt = Some(String::new()),
            Action::NextMatch => self.search(Whence::Next),
            Action::PreviousMatch => self.search(Whence::Previous),
            Action::Up
            | Action::Down
            | Action::PageUp
            | Action::PageDown
            | Action::Home
            | Action::End
            | Action::Left
            | Action::Right
            | Action::UnfoldAll
            | Action::Parent
            | Action::Sort
            | Action::Dead
            | Action::Threads
            | Action::Follow => {
                let (view, data) = self.looking();
                view.on(action, &data);
            }
        }
    }

    /// The active view and what it looks at.
    pub(super) fn looking(&mut self) -> (&mut dyn View, Data<'_>) {
        let data = data(
            &self.model,
            &self.log,
            self.frozen.as_deref(),
            self.now,
            self.own,
            &self.mode,
            self.look.glyphs,
        );
        (self.views[self.active].as_mut(), data)
    }

    pub(super) fn data(&self) -> Data<'_> {
        data(
            &self.model,
            &self.log,
            self.frozen.as_deref(),
            self.now,
            self.own,
            &self.mode,
            self.look.glyphs,
        )
    }

    fn pause(&mut self) {
        if self.mode != Mode::Live {
            return;
        }
        self.frozen = match self.frozen.take() {
            Some(_) => None,
            None => Some(Box::new(Frozen {
                model: self.model.clone(),
                log: self.log.clone(),
                now: self.now,
                own: self.own,
            })),
        };
    }

    /// How many events have come since the picture was frozen.
    pub(super) fn behind(&self) -> Option<u64> {
        let frozen = self.frozen.as_ref()?;
        Some(self.model.totals().events - frozen.model.totals().events)
    }

    fn open_details(&mut self) {
        let (view, data) = self.looking();
        let Some(key) = view.selected(&data) else {
            return;
        };
        self.came_from = self.active;
        self.active = DETAILS;
        let (view, data) = self.looking();
        view.show(&data, key);
    }

    fn type_into_prompt(&mut self, code: KeyCode) {
        let Some(text) = &mut self.prompt else { return };
        match code {
            KeyCode::Char(character) => text.push(character),
            KeyCode::Backspace if text.is_empty() => self.prompt = None,
            KeyCode::Backspace => {
                text.pop();
            }
            KeyCode::Esc => {
                self.prompt = None;
                self.needle = Needle::default();
                self.not_found = false;
                return;
            }
            KeyCode::Enter => {
                self.prompt = None;
                return;
            }
            _ => return,
        }
        self.needle = Needle::new(self.prompt.as_deref().unwrap_or_default());
        self.search(Whence::Here);
    }

    fn search(&mut self, whence: Whence) {
        self.not_found = false;
        if self.needle.is_empty() {
            return;
        }
        let needle = std::mem::take(&mut self.needle);
        let (view, data) = self.looking();
        let found = view.find(&data, &needle, whence);
        self.needle = needle;
        self.not_found = !found;
    }

    pub(super) fn view(&self) -> &dyn View {
        self.views[self.active].as_ref()
    }
}

/// What is looked at: the living stream, or the frozen picture.
fn data<'a>(
    model: &'a Model,
    log: &'a Log,
    frozen: Option<&'a Frozen>,
    now: u64,
    own: Option<OwnCost>,
    mode: &Mode,
    glyphs: &'static Glyphs,
) -> Data<'a> {
    let (model, log, now, own) = match frozen {
        Some(frozen) => (&frozen.model, &frozen.log, frozen.now, frozen.own),
        None => (model, log, now, own),
    };
    Data {
        model,
        log,
        now: now.max(model.now()),
        own,
        live: *mode == Mode::Live,
        glyphs,
    }
}
