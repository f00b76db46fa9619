//! The state of the dashboard: what has been seen and what is looked at. What
//! keys do to it is in [`super::keys`], how it is drawn in [`super::layout`].

use super::{
    background::Listener,
    chooser::Chooser,
    effect::Effect,
    help,
    layout::Heights,
    log::Log,
    needle::Needle,
    phrase::Phrase,
    playing::{Mark, Playhead},
    prompt::Prompt,
    sieve::Sieve,
    theme::Look,
    view::{Data, VIEWS, View},
};
use crate::{
    event::{Event, ProcessId},
    filter::{Filter, SavedFilters},
    model::{Key, Model, Retention},
};

/// So many processes are judged by a filter for one picture, where another
/// follows soon: about ten milliseconds.
const AT_ONCE: usize = 20_000;

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
    /// The theme that the reader has asked for.
    pub(super) chosen_theme: Option<&'static str>,
    /// For what the terminal says of its background.
    pub(super) listener: Listener,
    model: Model,
    log: Log,
    /// The picture at the time of the pause, while it is paused.
    frozen: Option<Box<Frozen>>,
    now: u64,
    own: Option<OwnCost>,
    /// Where in a recording this is; none where one cannot move about.
    pub(super) playhead: Option<Playhead>,
    /// What happened along all of it, as far as it is known.
    pub(super) marks: Vec<Mark>,
    /// Live: the past is kept, and can be gone back to.
    can_go_back: bool,
    retention: Retention,
    /// What each view looked at before the stream began anew.
    looked_at: Vec<Option<ProcessId>>,
    /// What the user must be told, whatever is looked at.
    pub(super) alarm: Option<String>,
    views: Vec<Box<dyn View>>,
    pub(super) active: usize,
    /// The view from which details were asked for.
    pub(super) came_from: usize,
    pub(super) needle: Needle,
    pub(super) sieve: Sieve,
    /// The filters that `@name` stands for.
    pub(super) saved: SavedFilters,
    pub(super) prompt: Option<Prompt>,
    /// Said once, until the next key.
    pub(super) notice: Option<Phrase>,
    pub(super) effects: Vec<Effect>,
    /// Where the parts of the screen were when it was last drawn, and its
    /// width.
    pub(super) drawn: (Heights, u16),
    /// The last search found nothing.
    pub(super) not_found: bool,
    pub(super) help: Option<help::Help>,
    /// While columns are chosen.
    pub(super) chooser: Option<Chooser>,
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
            chosen_theme: None,
            listener: Listener::default(),
            model: Model::default(),
            log: Log::default(),
            frozen: None,
            now: 0,
            own: None,
            playhead: None,
            marks: Vec::new(),
            can_go_back: false,
            retention: Retention::default(),
            looked_at: Vec::new(),
            alarm: None,
            views: VIEWS.iter().map(|entry| (entry.open)()).collect(),
            active: 0,
            came_from: 0,
            needle: Needle::default(),
            sieve: Sieve::default(),
            saved: SavedFilters::new(),
            prompt: None,
            notice: None,
            effects: Vec::new(),
            drawn: Default::default(),
            not_found: false,
            help: None,
            chooser: None,
            dirty: true,
        }
    }

    /// Keeps so much of the past. To be said before the first event.
    pub fn keep(mut self, retention: Retention) -> App {
        self.model = Model::new(retention);
        self.retention = retention;
        self
    }

    /// Forgets what is moved about in, which begins anew at another place. What
    /// the views look at they look at again, if it is there.
    pub fn begin_again(&mut self) {
        self.begin_with(Model::new(self.retention));
    }

    /// The same, and this is the model of what lies before that place.
    pub fn begin_with(&mut self, model: Model) {
        self.remember();
        match &mut self.frozen {
            Some(frozen) => (frozen.model, frozen.log, frozen.now) = (model, Log::default(), 0),
            None => (self.model, self.log, self.now) = (model, Log::default(), 0),
        }
        self.renew();
    }

    /// Notes what each view looks at, by what outlasts the model.
    fn remember(&mut self) {
        let data = self.data();
        if data.model.totals().events == 0 {
            return;
        }
        let known = |key: &Key| data.model.contains(*key);
        let looked_at = self.views.iter().map(|view| {
            let key = view.selected(&data).filter(known)?;
            Some(data.model.process(key).id)
        });
        self.looked_at = looked_at.collect();
    }

    /// The model is another one.
    fn renew(&mut self) {
        for view in &mut self.views {
            view.begin_again();
        }
        self.sieve.renew();
        self.dirty = true;
    }

    /// Looks at what was looked at before the model was another one.
    fn recall(&mut self) {
        let looked_at = std::mem::take(&mut self.looked_at);
        let mut views = std::mem::take(&mut self.views);
        for (view, id) in views.iter_mut().zip(looked_at) {
            let data = self.data();
            if let Some(key) = id.and_then(|id| data.model.find(id)) {
                view.show(&data, key);
            }
        }
        self.views = views;
    }

    /// Shows an event of what is moved about in.
    pub fn show(&mut self, event: &Event) {
        let (model, log) = match &mut self.frozen {
            Some(frozen) => (&mut frozen.model, &mut frozen.log),
            None => (&mut self.model, &mut self.log),
        };
        model.apply(event);
        log.push(event);
        self.dirty = true;
    }

    /// The picture is at this place of what is moved about in now.
    pub fn set_playhead(&mut self, playhead: Playhead) {
        self.dirty |= self.playhead != Some(playhead);
        self.playhead = Some(playhead);
        match &mut self.frozen {
            Some(frozen) => frozen.now = playhead.now,
            None => self.now = playhead.now,
        }
        self.recall();
    }

    /// What happened along all of it, in equal parts of its time.
    pub fn set_marks(&mut self, marks: Vec<Mark>) {
        self.dirty |= self.marks != marks;
        self.marks = marks;
    }

    /// Live: whether the past is kept.
    pub fn set_can_go_back(&mut self, can: bool) {
        self.can_go_back = can;
    }

    /// Whether something of a recording or of the past can be played here.
    pub(super) fn can_play(&self) -> bool {
        self.playhead.is_some() || self.can_go_back
    }

    /// Live: what is shown has been, and is moved about in.
    pub fn is_in_the_past(&self) -> bool {
        self.mode == Mode::Live && self.playhead.is_some()
    }

    /// It has been asked to go somewhere.
    pub fn wants_the_past(&self) -> bool {
        let plays = |effect: &Effect| matches!(effect, Effect::Play(_) | Effect::GoTo(_));
        self.mode == Mode::Live && self.effects.iter().any(plays)
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

    /// Shows only the processes that it keeps; all, if there is none.
    pub fn set_filter(&mut self, filter: Option<Filter>) {
        self.sieve.set(filter);
        self.dirty = true;
    }

    /// Makes filters known that `@name` stands for.
    pub fn set_saved(&mut self, saved: SavedFilters) {
        self.saved = saved;
    }

    /// The model that is looked at, and which of its processes are.
    pub fn shown(&self) -> (&Model, impl Fn(Key) -> bool) {
        let data = self.data();
        (data.model, |key| data.sieve.shows(key))
    }

    /// What is to be done since this was last asked.
    pub fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// Says something to the reader, until the next key.
    pub fn notify(&mut self, notice: Phrase) {
        self.notice = Some(notice);
        self.dirty = true;
    }

    /// What was said is of no use any more.
    pub fn clear_notice(&mut self) {
        self.dirty |= self.notice.take().is_some();
    }

    /// Something that must not be missed; it stays in the bottom line.
    pub fn set_alarm(&mut self, alarm: &str) {
        self.dirty |= self.alarm.as_deref() != Some(alarm);
        self.alarm = Some(alarm.to_owned());
    }

    /// A copy of that model: the two share what neither changes.
    pub fn share_model(&mut self) -> Model {
        self.model.share()
    }

    /// Live: what is shown from here on is the past, which begins with this very
    /// moment.
    pub fn hold(&mut self) {
        self.remember();
        self.frozen = None;
        self.freeze();
        self.renew();
    }

    /// The model of the stream, which goes on while the picture is frozen.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Whether a drawing would show something new.
    pub fn dirty(&self) -> bool {
        self.dirty
    }

    /// The active view and what it looks at.
    pub(super) fn looking(&mut self) -> (&mut dyn View, Data<'_>) {
        let seen = Seen::of(
            self.frozen.as_deref(),
            &self.model,
            &self.log,
            self.now,
            self.own,
        );
        let data = seen.data(&self.mode, self.look, &self.sieve);
        let version = data.slow_version();
        let most = if data.moves { AT_ONCE } else { usize::MAX };
        self.sieve.update(seen.model, seen.now, version, most);
        let data = seen.data(&self.mode, self.look, &self.sieve);
        (self.views[self.active].as_mut(), data)
    }

    pub(super) fn data(&self) -> Data<'_> {
        let seen = Seen::of(
            self.frozen.as_deref(),
            &self.model,
            &self.log,
            self.now,
            self.own,
        );
        seen.data(&self.mode, self.look, &self.sieve)
    }

    /// Freezes the picture, or lets it go on.
    pub(super) fn pause(&mut self) {
        match (&self.mode, &self.frozen) {
            (Mode::Live, None) => self.freeze(),
            (Mode::Live, Some(_)) => self.resume(),
            (Mode::Replay { .. }, _) => {}
        }
    }

    pub(super) fn freeze(&mut self) {
        if self.frozen.is_none() {
            self.frozen = Some(Box::new(Frozen {
                model: self.model.share(),
                log: self.log.clone(),
                now: self.now,
                own: self.own,
            }));
            self.sieve.renew();
        }
    }

    /// Shows the present again.
    pub fn resume(&mut self) {
        if self.is_in_the_past() {
            self.remember();
            (self.frozen, self.playhead) = (None, None);
            self.marks.clear();
            self.renew();
            self.recall();
        }
        self.frozen = None;
        self.sieve.renew();
        self.dirty = true;
    }

    /// How many events have come since the picture was frozen.
    pub(super) fn behind(&self) -> Option<u64> {
        let frozen = self.frozen.as_ref()?;
        let seen = frozen.model.totals().events;
        // What is kept of the past may be told twice.
        Some(self.model.totals().events.saturating_sub(seen))
    }

    pub(super) fn views(&self) -> impl Iterator<Item = &dyn View> {
        self.views.iter().map(|view| view.as_ref())
    }

    pub(super) fn view_numbered(&mut self, number: usize) -> &mut dyn View {
        self.views[number].as_mut()
    }

    pub(super) fn view(&self) -> &dyn View {
        self.views[self.active].as_ref()
    }
}

/// What is looked at: the living stream, or the frozen picture.
struct Seen<'a> {
    model: &'a Model,
    log: &'a Log,
    now: u64,
    own: Option<OwnCost>,
    frozen: bool,
}

impl<'a> Seen<'a> {
    fn of(
        frozen: Option<&'a Frozen>,
        model: &'a Model,
        log: &'a Log,
        now: u64,
        own: Option<OwnCost>,
    ) -> Seen<'a> {
        let is_frozen = frozen.is_some();
        let (model, log, now, own) = match frozen {
            Some(frozen) => (&frozen.model, &frozen.log, frozen.now, frozen.own),
            None => (model, log, now, own),
        };
        let now = now.max(model.now());
        Seen {
            model,
            log,
            now,
            own,
            frozen: is_frozen,
        }
    }

    fn data(&self, mode: &Mode, look: Look, sieve: &'a Sieve) -> Data<'a> {
        Data {
            model: self.model,
            log: self.log,
            sieve,
            now: self.now,
            own: self.own,
            live: *mode == Mode::Live,
            moves: *mode == Mode::Live && !self.frozen,
            glyphs: look.glyphs,
        }
    }
}
