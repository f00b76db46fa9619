//! The stream as the dashboard shows it: the model and the log of what has arrived, a frozen copy
//! of both while the picture is paused, and the place of playback. Knows nothing of views.

use crate::{
    event::{DoctorCheck, Event, Zone},
    model::{Archive, Model, Preference, Retention, StreamEnd},
    tui::{
        input::action::Action,
        state::{
            active_filter::ActiveFilter,
            data::{Data, Mode, OwnCost},
            log::Log,
            playhead::{Mark, Playhead},
        },
        style::glyphs::Glyphs,
    },
};

/// Model, log and clock at one moment.
#[derive(Default)]
struct Moment {
    model: Model,
    log: Log,
    /// ns since boot.
    now: u64,
    own: Option<OwnCost>,
}

/// The stream of events and the part of it that is shown.
pub struct Stream {
    mode: Mode,
    /// Follows the stream.
    latest: Moment,
    /// The picture at the time of the pause, while it is paused.
    frozen: Option<Box<Moment>>,
    playhead: Option<Playhead>,
    marks: Vec<Mark>,
    can_go_back: bool,
    retention: Retention,
    zone: Zone,
    confinement: Vec<DoctorCheck>,
    archive: Archive,
    preference: Preference,
}

impl Stream {
    /// Returns a stream without events.
    pub fn new(mode: Mode) -> Stream {
        Stream {
            mode,
            latest: Moment::default(),
            frozen: None,
            playhead: None,
            marks: Vec::new(),
            can_go_back: false,
            retention: Retention::default(),
            zone: Zone::default(),
            confinement: Vec::new(),
            archive: Archive::default(),
            preference: Preference::default(),
        }
    }

    /// Sets how many exited processes the model retains. Discards the model.
    pub fn set_retention(&mut self, retention: Retention) {
        self.retention = retention;
        self.latest.model = self.empty_model();
        self.latest.model.prefer(self.preference.clone());
    }

    /// Sets which exited processes of a live trace are retained before others. A recording is
    /// played as if nobody had watched it: its archive has the preference.
    pub fn prefer(&mut self, preference: Preference) {
        if self.is_live() {
            self.shown_mut().model.prefer(preference.clone());
            self.latest.model.prefer(preference.clone());
            self.preference = preference;
        }
    }

    /// Sets the time zone of all times of day.
    pub fn set_zone(&mut self, zone: Zone) {
        self.zone = zone;
    }

    /// Sets the archive of the recording's evicted processes.
    pub fn set_archive(&mut self, archive: Archive) {
        self.shown_mut().model.set_archive(archive.clone());
        self.archive = archive;
    }

    /// Returns a model without events, with the same retention.
    pub fn empty_model(&self) -> Model {
        Model::new(self.retention)
    }

    /// Returns where the events come from.
    pub fn mode(&self) -> &Mode {
        &self.mode
    }

    /// Returns true if the events come from the running kernel.
    pub fn is_live(&self) -> bool {
        self.mode == Mode::Live
    }

    /// Returns the place of playback; `None` where nothing can be played.
    pub fn playhead(&self) -> Option<Playhead> {
        self.playhead
    }

    /// Returns what happened along the recording, in equal parts of its time.
    pub fn marks(&self) -> &[Mark] {
        &self.marks
    }

    /// Returns the model that follows the stream, also while the picture is frozen.
    pub fn latest_model(&self) -> &Model {
        &self.latest.model
    }

    fn shown(&self) -> &Moment {
        self.frozen.as_deref().unwrap_or(&self.latest)
    }

    fn shown_mut(&mut self) -> &mut Moment {
        self.frozen.as_deref_mut().unwrap_or(&mut self.latest)
    }

    /// Returns the model that is shown.
    pub fn model(&self) -> &Model {
        &self.shown().model
    }

    /// Returns the time of the picture, ns since boot. Never before the latest event.
    pub fn now(&self) -> u64 {
        let shown = self.shown();
        shown.now.max(shown.model.now())
    }

    /// Returns what is shown, through `filter`.
    pub fn data<'a>(&'a self, filter: &'a ActiveFilter, glyphs: &'static Glyphs) -> Data<'a> {
        let shown = self.shown();
        Data {
            model: &shown.model,
            log: &shown.log,
            filter,
            now: self.now(),
            own: shown.own,
            confinement: &self.confinement,
            live: self.is_live(),
            over: self.is_over(),
            zone: &self.zone,
            redraws: self.is_live() && self.frozen.is_none(),
            glyphs,
        }
    }

    /// Returns true at the end of a recording that does not grow.
    fn is_over(&self) -> bool {
        let at_end = |playhead: Playhead| playhead.is_at_end() && !playhead.growing;
        match self.playhead {
            Some(playhead) => !self.is_live() && at_end(playhead),
            None => !self.is_live() && self.model().end() != StreamEnd::None,
        }
    }

    /// Applies an event of the stream.
    pub fn apply(&mut self, event: &Event) {
        self.latest.model.apply(event);
        self.latest.log.push(event);
    }

    /// Applies an event to the model that is shown.
    pub fn apply_to_shown(&mut self, event: &Event) {
        let shown = self.shown_mut();
        shown.model.apply(event);
        shown.log.push(event);
    }

    /// Replaces the model that is shown, with an empty log.
    pub fn replace_model(&mut self, mut model: Model) {
        model.set_archive(self.archive.clone());
        model.prefer(self.preference.clone());
        let shown = self.shown_mut();
        (shown.model, shown.log, shown.now) = (model, Log::default(), 0);
    }

    /// Sets the place of playback. Returns true if it changed.
    pub fn set_playhead(&mut self, playhead: Playhead) -> bool {
        let changed = self.playhead != Some(playhead);
        self.playhead = Some(playhead);
        self.shown_mut().now = playhead.now;
        changed
    }

    /// Sets the marks along the recording. Returns true if they changed.
    pub fn set_marks(&mut self, marks: Vec<Mark>) -> bool {
        let changed = self.marks != marks;
        self.marks = marks;
        changed
    }

    /// Sets whether the past of a live trace is recorded.
    pub fn set_can_go_back(&mut self, can: bool) {
        self.can_go_back = can;
    }

    /// Sets the clock, ns since boot. Returns true if the picture may have changed.
    pub fn set_now(&mut self, at: u64) -> bool {
        // Steps finer than a tenth of a second are not visible.
        let tenth = |time| time / 100_000_000;
        let changed = self.frozen.is_none() && tenth(self.latest.now) != tenth(at);
        self.latest.now = at;
        changed
    }

    /// Sets the cost of tracer itself. Returns true if it changed.
    pub fn set_own(&mut self, own: OwnCost) -> bool {
        let changed = self.latest.own != Some(own);
        self.latest.own = Some(own);
        changed
    }

    /// Sets what limits tracer itself.
    pub fn set_confinement(&mut self, checks: Vec<DoctorCheck>) {
        self.confinement = checks;
    }

    /// Returns true if there is a recording, or a recorded past, to play.
    pub fn can_play(&self) -> bool {
        self.playhead.is_some() || self.can_go_back
    }

    /// Returns true if the past of a live trace is shown.
    pub fn is_in_the_past(&self) -> bool {
        self.is_live() && self.playhead.is_some()
    }

    /// Returns true if an action has an effect on this stream.
    pub fn allows(&self, action: Action) -> bool {
        match action {
            Action::Play(_) | Action::GoTo => self.can_play(),
            Action::Pause => self.is_live() || self.playhead.is_some(),
            _ => true,
        }
    }

    /// Returns true if the picture is frozen.
    pub fn is_frozen(&self) -> bool {
        self.frozen.is_some()
    }

    /// Freezes the picture. Returns false if it was frozen already.
    pub fn freeze(&mut self) -> bool {
        if self.frozen.is_some() {
            return false;
        }
        self.frozen = Some(Box::new(Moment {
            model: self.latest.model.share(),
            log: self.latest.log.clone(),
            now: self.latest.now,
            own: self.latest.own,
        }));
        true
    }

    /// Discards the frozen picture.
    pub fn thaw(&mut self) {
        self.frozen = None;
    }

    /// Discards the frozen picture and the place in the past.
    pub fn leave_past(&mut self) {
        (self.frozen, self.playhead) = (None, None);
        self.marks.clear();
    }

    /// Returns how many events have arrived since the picture was frozen.
    pub fn behind(&self) -> Option<u64> {
        let frozen = self.frozen.as_ref()?;
        let seen = frozen.model.totals().events;
        // Events of the past may be applied twice, so this saturates.
        let latest = self.latest.model.totals().events;
        Some(latest.saturating_sub(seen))
    }
}
