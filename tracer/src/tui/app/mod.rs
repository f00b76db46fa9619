//! The dashboard's state, and its interface to the session. Input is handled in `keys` and `mouse`,
//! drawing in `frame`, settings in `theme` and `saved_state`: each adds methods to [`App`], and
//! this file calls none of them.

mod frame;
mod keys;
mod mouse;
mod saved_state;
mod theme;

use crate::{
    event::{DoctorCheck, Event, ProcessId, Zone},
    filter::{Filter, SavedFilters},
    model::{Archive, Key, Model, Retention, TracedCommand},
    tui::{
        chrome::{column_chooser::ColumnChooser, help::Help, layout::Heights},
        input::{background::Listener, prompt::Prompt},
        state::{
            active_filter::ActiveFilter,
            data::{Data, Mode, OwnCost},
            effect::Effect,
            messages::Messages,
            playhead::{Mark, Playhead},
            search::SearchQuery,
            stream::Stream,
        },
        style::{look::Look, phrase::Phrase},
        view::{interface::View, registry::VIEWS},
    },
};

/// Processes that the filter evaluates per frame while more frames follow: about ten
/// milliseconds.
const EVALUATED_PER_FRAME: usize = 20_000;

/// The dashboard's reaction to an input: continue or quit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// The dashboard continues.
    Continue,
    /// The reader quits.
    Quit,
}

/// The state of the dashboard.
pub struct App {
    stream: Stream,
    pub(super) look: Look,
    /// The theme that the reader chose.
    chosen_theme: Option<&'static str>,
    /// Recognises the terminal's answer about its background.
    listener: Listener,
    views: Vec<Box<dyn View>>,
    active: usize,
    /// The view that Details was opened from.
    came_from: usize,
    /// True until the command that tracer ran has been selected, or the reader has done
    /// something.
    opens_at_command: bool,
    /// The process selected in each view before the model was replaced.
    remembered: Vec<Option<ProcessId>>,
    search: SearchQuery,
    filter: ActiveFilter,
    /// The filters that `@name` stands for.
    saved_filters: SavedFilters,
    prompt: Option<Prompt>,
    messages: Messages,
    effects: Vec<Effect>,
    /// The heights of the parts of the screen in the last frame, and its width.
    drawn: (Heights, u16),
    help: Option<Help>,
    chooser: Option<ColumnChooser>,
    dirty: bool,
}

impl App {
    /// Returns a dashboard that has seen no events.
    pub fn new(mode: Mode, look: Look) -> App {
        App {
            opens_at_command: matches!(mode, Mode::Replay { .. }),
            stream: Stream::new(mode),
            look,
            chosen_theme: None,
            listener: Listener::default(),
            views: VIEWS.iter().map(|entry| (entry.open)()).collect(),
            active: 0,
            came_from: 0,
            remembered: Vec::new(),
            search: SearchQuery::default(),
            filter: ActiveFilter::default(),
            saved_filters: SavedFilters::new(),
            prompt: None,
            messages: Messages::default(),
            effects: Vec::new(),
            drawn: Default::default(),
            help: None,
            chooser: None,
            dirty: true,
        }
    }

    /// Sets how many exited processes are retained. Call it before the first event.
    pub fn with_retention(mut self, retention: Retention) -> App {
        self.stream.set_retention(retention);
        self
    }

    /// Sets the time zone of all times of day. Without it they are in UTC.
    pub fn with_zone(mut self, zone: Zone) -> App {
        self.stream.set_zone(zone);
        self
    }

    /// Sets the archive of the recording's evicted processes, which are listed from now on.
    pub fn set_archive(&mut self, archive: Archive) {
        self.stream.set_archive(archive);
        self.dirty = true;
    }

    /// Discards the model that is shown; playback starts again at another place. Selections are
    /// restored by the next [`App::set_playhead`].
    pub fn clear_model(&mut self) {
        self.replace_model(self.stream.empty_model());
    }

    /// Replaces the model that is shown with the one at the landing of a seek.
    pub fn replace_model(&mut self, model: Model) {
        self.remember_selections();
        self.stream.replace_model(model);
        self.reset_views();
    }

    /// Remembers each view's selection by an identity that outlives the model.
    fn remember_selections(&mut self) {
        let data = self.data();
        if data.model.totals().events == 0 {
            return;
        }
        let known = |key: &Key| data.model.contains(*key);
        let selections = self.views.iter().map(|view| {
            let key = view.selected(&data).filter(known)?;
            Some(data.model.process(key).id)
        });
        self.remembered = selections.collect();
    }

    fn reset_views(&mut self) {
        for view in &mut self.views {
            view.reset();
        }
        self.filter.reset();
        self.dirty = true;
    }

    fn restore_selections(&mut self) {
        let remembered = std::mem::take(&mut self.remembered);
        let mut views = std::mem::take(&mut self.views);
        for (view, id) in views.iter_mut().zip(remembered) {
            let data = self.data();
            if let Some(key) = id.and_then(|id| data.model.find(id)) {
                view.show(&data, key);
            }
        }
        self.views = views;
        self.open_at_command();
    }

    /// Selects the command that tracer ran, once, when a recording is opened.
    fn open_at_command(&mut self) {
        let TracedCommand::Process(command) = self.data().model.traced_command() else {
            return;
        };
        if std::mem::take(&mut self.opens_at_command) {
            let mut views = std::mem::take(&mut self.views);
            views
                .iter_mut()
                .for_each(|view| view.show(&self.data(), command));
            self.views = views;
        }
    }

    /// Applies an event of playback to the model that is shown.
    pub fn apply_playback(&mut self, event: &Event) {
        self.stream.apply_to_shown(event);
        self.dirty = true;
    }

    /// Sets the place of playback and restores the views' selections.
    pub fn set_playhead(&mut self, playhead: Playhead) {
        self.dirty |= self.stream.set_playhead(playhead);
        self.restore_selections();
    }

    /// Sets what happened along the recording, in equal parts of its time.
    pub fn set_marks(&mut self, marks: Vec<Mark>) {
        self.dirty |= self.stream.set_marks(marks);
    }

    /// Sets whether the past of a live trace is recorded, so that one can seek in it.
    pub fn set_can_go_back(&mut self, can: bool) {
        self.stream.set_can_go_back(can);
    }

    /// Returns true if the past of a live trace is shown.
    pub fn is_in_the_past(&self) -> bool {
        self.stream.is_in_the_past()
    }

    /// Returns true if the reader asked to seek in the past of a live trace.
    pub fn wants_the_past(&self) -> bool {
        let plays = |effect: &Effect| matches!(effect, Effect::Play(_) | Effect::GoTo(_));
        self.stream.is_live() && self.effects.iter().any(plays)
    }

    /// Applies an event of the stream.
    pub fn apply(&mut self, event: &Event) {
        self.stream.apply(event);
        self.dirty = true;
    }

    /// Sets the clock, ns since boot, so that ages grow without events.
    pub fn set_now(&mut self, at: u64) {
        self.dirty |= self.stream.set_now(at);
    }

    /// Sets the cost of tracer itself.
    pub fn set_own_cost(&mut self, own: OwnCost) {
        self.dirty |= self.stream.set_own(own);
    }

    /// Sets what limits tracer itself, for the Health view.
    pub fn set_confinement(&mut self, checks: Vec<DoctorCheck>) {
        self.stream.set_confinement(checks);
        self.dirty = true;
    }

    /// Shows only the processes that match; all of them without a filter.
    pub fn set_filter(&mut self, filter: Option<Filter>) {
        let preference = filter.as_ref().map(Filter::preference);
        self.stream.prefer(preference.unwrap_or_default());
        self.filter.set(filter);
        self.dirty = true;
    }

    /// Sets the filters that `@name` stands for.
    pub fn set_saved_filters(&mut self, saved: SavedFilters) {
        self.saved_filters = saved;
    }

    /// Returns the model that is shown, and a test for the processes that the filter shows.
    pub fn shown(&self) -> (&Model, impl Fn(Key) -> bool) {
        let data = self.data();
        (data.model, |key| data.filter.shows(key))
    }

    /// Takes the effects requested since the last call.
    pub fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// Shows a message until the next key.
    pub fn notify(&mut self, notice: Phrase) {
        self.messages.notice = Some(notice);
        self.dirty = true;
    }

    /// Removes the message.
    pub fn clear_notice(&mut self) {
        self.dirty |= self.messages.notice.take().is_some();
    }

    /// Shows a message that must not be missed. It stays in the bottom line.
    pub fn set_alarm(&mut self, alarm: &str) {
        self.dirty |= self.messages.alarm.as_deref() != Some(alarm);
        self.messages.alarm = Some(alarm.to_owned());
    }

    /// Freezes a live trace at this moment and shows it as the end of the past.
    pub fn enter_past(&mut self) {
        self.remember_selections();
        self.stream.thaw();
        self.freeze();
        self.reset_views();
    }

    /// Returns the model of the stream, which advances while the picture is frozen.
    pub fn model(&self) -> &Model {
        self.stream.latest_model()
    }

    /// Returns true if a new frame would differ from the last.
    pub fn dirty(&self) -> bool {
        self.dirty
    }

    /// Shows the present again.
    pub fn resume(&mut self) {
        if self.is_in_the_past() {
            self.remember_selections();
            self.stream.leave_past();
            self.reset_views();
            self.restore_selections();
        }
        self.stream.thaw();
        self.filter.reset();
        self.dirty = true;
    }

    fn freeze(&mut self) {
        if self.stream.freeze() {
            self.filter.reset();
        }
    }

    /// Returns the active view, to be changed, and what it reads.
    fn active_view(&mut self) -> (&mut dyn View, Data<'_>) {
        let data = self.stream.data(&self.filter, self.look.glyphs);
        let (version, now) = (data.slow_version(), data.now);
        let most = if data.redraws {
            EVALUATED_PER_FRAME
        } else {
            usize::MAX
        };
        self.filter.update(self.stream.model(), now, version, most);
        let data = self.stream.data(&self.filter, self.look.glyphs);
        (self.views[self.active].as_mut(), data)
    }

    fn data(&self) -> Data<'_> {
        self.stream.data(&self.filter, self.look.glyphs)
    }

    fn view(&self) -> &dyn View {
        self.views[self.active].as_ref()
    }
}
