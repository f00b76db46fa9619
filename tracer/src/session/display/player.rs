//! The player: moves the dashboard through a recording, or through the past of a
//! live trace.

mod active_search;
mod shown;
#[cfg(test)]
mod tests;

use std::{
    collections::VecDeque,
    fs::File,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, anyhow};

use self::{
    active_search::{ActiveSearch, BATCH},
    shown::Shown,
};
use super::{
    history::History,
    indexing::{Indexing, Plan},
};
use crate::{
    event::{Event, Session},
    model::{Archive, Retention},
    playback::{Direction, Place, Playback, PlaybackSpeed, SearchStep, SearchTarget},
    session::{
        console::time_zone,
        input::{
            growth::{Growing, Growth},
            recording::Input,
            segment, side_file,
            when::{Edge, WallSpan, When, boot_time},
            window::Window,
        },
    },
    tui::{App, Control, Mark, Phrase, Playhead, Tone},
};

/// Number of jumps forward that cover a recording.
const JUMPS: u64 = 20;

/// Plays a recording into the dashboard.
pub struct Player {
    playback: Playback<File>,
    speed: PlaybackSpeed,
    /// Time shown, ns since boot. It also advances between two events.
    now: u64,
    /// Place that it is seeking to.
    goal: Option<Place>,
    /// Controls that are relative to that place.
    queued: VecDeque<Control>,
    /// Pass that makes saved states and marks, until it has ended.
    indexing: Option<Indexing>,
    /// Number of events indexed.
    indexed: u64,
    /// True if it has saved states already, so that it needs only the marks.
    has_states: bool,
    /// Search in progress.
    search: Option<ActiveSearch>,
    session: Option<Box<Session>>,
    /// Time at which playback pauses, ns since boot.
    until: Option<u64>,
    /// Time of the last tick.
    last_tick: Instant,
    /// Growth of a recording that is still written, and the time of the last look.
    growth: Option<(Growth, Instant)>,
}

/// Time spent searching or seeking per frame. Short, so that a live trace still
/// drains the ring buffer.
const SEARCH_BUDGET: Duration = Duration::from_millis(30);

/// Maximum number of controls that wait for the end of a seek, as when a key is held.
const QUEUED: usize = 32;

/// Interval between two looks for more of a growing recording.
const GROWTH_INTERVAL: Duration = Duration::from_millis(200);

impl Player {
    /// Opens a recording. Returns `None` if it cannot be seeked in, like a pipe.
    ///
    /// With `follow`, the recording may grow, and it plays.
    ///
    /// Evicted processes go to `archive`, which is empty. They are shown once the whole
    /// recording has been read.
    pub fn open(
        input: &Input,
        follow: bool,
        retention: Retention,
        archive: Archive,
    ) -> Result<Option<Player>> {
        if !input.path.is_file() && !input.has_segments() {
            return Ok(None);
        }
        let mut player = Player::begin(input, follow)?;
        let events = player.playback.events();
        let stored = side_file::read(input).filter(|it| it.states.retention == retention);
        let stored = stored.filter(|stored| stored.events >= events);
        if let Some(stored) = &stored {
            player.playback.set_states(stored.states.clone());
            player.has_states = true;
        }
        let save = !follow && stored.is_none();
        player.indexing = player.index(
            input,
            Plan {
                retention,
                archive,
                stored,
                save,
            },
        );
        Ok(Some(player))
    }

    /// Sets the time at which playback pauses, ns since boot.
    pub fn pause_at(&mut self, until: Option<u64>) {
        self.until = until;
    }

    fn index(&self, input: &Input, plan: Plan) -> Option<Indexing> {
        let span = self.playback.span()?;
        Some(Indexing::begin(input.clone(), span, plan))
    }

    fn begin(input: &Input, follow: bool) -> Result<Player> {
        let playback = input.playback(follow)?;
        let mut speed = PlaybackSpeed::default();
        speed.playing = follow;
        Ok(Player {
            now: playback.now(),
            playback,
            speed,
            goal: None,
            queued: VecDeque::new(),
            indexing: None,
            indexed: 0,
            has_states: false,
            search: None,
            session: input.session()?,
            until: None,
            last_tick: Instant::now(),
            growth: follow.then(|| (Growth::of(input), Instant::now())),
        })
    }

    /// Opens the past of a live trace at its end, which is the state of the
    /// dashboard.
    pub fn of_history(history: &History, app: &mut App) -> Result<Player> {
        let input = Input::find(history.path(), &Window::default())?;
        let mut player = Player::begin(&input, false)?;
        let states = history.states(player.playback.events());
        player.playback.set_states(states);
        player.has_states = true;
        player.indexing = player.index(
            &input,
            Plan {
                retention: app.model().retention(),
                archive: Archive::default(),
                stored: None,
                save: false,
            },
        );
        // The live model is the state at the end.
        player.playback.assume_at_end();
        app.enter_past();
        player.update_position(app);
        Ok(player)
    }

    /// Plays the time since the last tick, and continues a search or a seek.
    pub fn tick(&mut self, app: &mut App) -> Result<()> {
        let elapsed = std::mem::replace(&mut self.last_tick, Instant::now()).elapsed();
        self.take_index(app)?;
        self.continue_search(app)?;
        if self.goal.is_some() {
            self.continue_seek(app)?;
        }
        while self.goal.is_none()
            && self.search.is_none()
            && let Some(control) = self.queued.pop_front()
        {
            self.perform(control, app)?;
        }
        if self.goal.is_none() && self.is_moving() {
            self.play_for(elapsed, app)?;
        }
        Ok(())
    }

    /// Stops playing, searching, indexing and following.
    pub fn stop(&mut self) {
        self.speed.playing = false;
        (self.indexing, self.search, self.growth) = (None, None, None);
        self.goal = None;
        self.queued.clear();
        self.playback.stop_growing();
    }

    /// Returns true if it has work to do without input.
    pub fn is_busy(&self) -> bool {
        self.is_moving() || self.indexing.is_some() || self.is_urgent()
    }

    /// Returns true if the user waits for a search or a seek.
    pub fn is_urgent(&self) -> bool {
        self.search.is_some() || self.goal.is_some() || !self.queued.is_empty()
    }

    /// Takes over what the pass has found since the last tick.
    fn take_index(&mut self, app: &mut App) -> Result<()> {
        let Some(progress) = self.indexing.as_ref().and_then(Indexing::take_update) else {
            return Ok(());
        };
        if let Some(parts) = progress.parts {
            let marks = parts.iter().map(|part| Mark {
                events: part.events > 0,
                killed: part.killed > 0,
                zombie: part.zombies > 0,
                gap: part.gap,
            });
            app.set_marks(marks.collect());
        }
        self.indexed = progress.events;
        if progress.done {
            self.indexing = None;
        }
        if let Some(archive) = progress.archive {
            app.set_archive(archive);
        }
        if let Some(states) = progress.states.filter(|_| !self.has_states) {
            self.playback.set_states(states);
            // A new state may be nearer to the goal than the current position.
            if let Some(goal) = self.goal {
                self.playback.begin_seek(goal, &mut Shown(app))?;
            }
        }
        self.update_playhead(app);
        Ok(())
    }

    /// Seeks to a moment such as `03:10` or `-10m`.
    pub fn go_to_time(&mut self, text: &str, app: &mut App) -> Result<()> {
        let (at, outside) = self.moment(text)?;
        if let Some(outside) = outside {
            app.notify(Phrase::of(Tone::Warn, outside));
        }
        self.speed.playing = false;
        self.search = None;
        self.queued.clear();
        self.go_to(Place::Time(at), app)
    }

    /// Returns the time in the recording that is nearest to a moment, ns since boot, and
    /// a message if the moment is outside.
    fn moment(&self, text: &str) -> Result<(u64, Option<String>)> {
        let when: When = text.parse().map_err(|why| anyhow!("{text:?}: {why}"))?;
        let span = self.playback.span().context("there are no events")?;
        let session = self.session.as_deref();
        let covered = WallSpan::new(span, session);
        let (began, ended) = (covered.earliest, covered.ended);
        let asked = when.wall_time(Edge::Since, covered, time_zone::time_zone());
        let at = boot_time(asked, session).clamp(span.earliest, span.latest);
        let outside = !(began..=ended).contains(&asked);
        let message = outside.then(|| {
            let zone = time_zone::zone();
            let (asked, covers) = (
                zone.within(asked, (began, ended), 0),
                zone.span(began, ended, 0),
            );
            format!("nothing at {asked}: the recording covers {covers}")
        });
        Ok((at, message))
    }

    /// Returns true if it plays or the recording may grow.
    pub fn is_moving(&self) -> bool {
        self.speed.playing || self.growth.is_some()
    }

    /// Takes in what was written to a growing recording.
    fn grow(&mut self, app: &mut App) -> Result<()> {
        let Some((growth, asked)) = &mut self.growth else {
            return Ok(());
        };
        if asked.elapsed() < GROWTH_INTERVAL {
            return Ok(());
        }
        *asked = Instant::now();
        self.playback.grow()?;
        match growth.poll(self.playback.has_ended()) {
            Growing::Nothing => {}
            Growing::Segment(head) => self.playback.push(head.part(segment::open))?,
            Growing::Ended { killed } => {
                self.growth = None;
                self.playback.stop_growing();
                app.notify(match killed {
                    true => Phrase::of(
                        Tone::Bad,
                        "the recorder was killed: the recording ends here",
                    ),
                    false => Phrase::of(Tone::Good, "the recording has ended"),
                });
            }
        }
        Ok(())
    }

    /// Seeks to a place. If it is far away, later ticks continue the seek.
    pub fn go_to(&mut self, place: Place, app: &mut App) -> Result<()> {
        self.playback.begin_seek(place, &mut Shown(app))?;
        self.goal = Some(place);
        self.continue_seek(app)
    }

    /// Continues the seek within the time budget.
    fn continue_seek(&mut self, app: &mut App) -> Result<()> {
        let began = Instant::now();
        while let Some(place) = self.goal
            && began.elapsed() < SEARCH_BUDGET
        {
            let arrived = self
                .playback
                .continue_seek(place, &mut Shown(app), BATCH as u64)?;
            self.goal = (!arrived).then_some(place);
        }
        self.update_position(app);
        Ok(())
    }

    /// Plays for that long in real time.
    pub fn play_for(&mut self, elapsed: Duration, app: &mut App) -> Result<()> {
        // At the end of a growing recording, new events are shown at once.
        let keeps_up = self.speed.playing && self.playback.is_at_end();
        self.grow(app)?;
        let mut now = self.now.saturating_add(self.speed.passes(elapsed));
        let passed = self
            .until
            .filter(|until| (self.now + 1..=now).contains(until));
        now = passed.unwrap_or(now);
        if keeps_up {
            self.go_to(Place::End, app)?;
            now = self.playback.now();
        } else if self.speed.playing {
            self.go_to(Place::Time(now), app)?;
        }
        self.speed.playing &= passed.is_none();
        if self.goal.is_some() {
            // The recording is played faster than it can be read.
            return Ok(());
        }
        self.speed.playing &= !self.playback.is_at_end() || self.growth.is_some();
        self.update_position(app);
        // The time shown also advances between two events.
        self.now = now.max(self.playback.now());
        Ok(())
    }

    /// Performs a playback control.
    pub fn control(&mut self, control: Control, app: &mut App) -> Result<()> {
        if self.must_wait(control) {
            if self.queued.len() < QUEUED {
                self.queued.push_back(control);
            }
            return Ok(());
        }
        self.perform(control, app)
    }

    fn perform(&mut self, control: Control, app: &mut App) -> Result<()> {
        let goal = self.goal.take();
        self.search = None;
        if matches!(control, Control::PlayOrPause | Control::At(_)) {
            self.queued.clear();
        }
        if !self.is_busy() {
            // There are no ticks while it is paused: that time does not count as played.
            self.last_tick = Instant::now();
        }
        let stage = &mut Shown(app);
        match control {
            Control::PlayOrPause if self.playback.is_at_end() && self.growth.is_none() => {
                self.speed.playing = true;
                return self.go_to(Place::Beginning, app);
            }
            Control::PlayOrPause => self.speed.playing ^= true,
            // The snapshot behind a gap is one step.
            Control::StepForward => {
                while self.playback.step(stage)? && self.playback.is_outside_stream() {}
            }
            Control::StepBack => {
                let place = self.playback.before()?;
                return self.go_to(place, app);
            }
            Control::NextExit => {
                return self.search_target(SearchTarget::Exit, Direction::Forward, app);
            }
            Control::PreviousExit => {
                return self.search_target(SearchTarget::Exit, Direction::Back, app);
            }
            Control::NextZombie => {
                return self.search_target(SearchTarget::Zombie, Direction::Forward, app);
            }
            Control::PreviousZombie => {
                return self.search_target(SearchTarget::Zombie, Direction::Back, app);
            }
            Control::At(at) => return self.go_to(Place::Time(at), app),
            Control::NextHit => return self.search_hit(Direction::Forward, app),
            Control::PreviousHit => return self.search_hit(Direction::Back, app),
            Control::NextGap => {
                return self.search_target(SearchTarget::Gap, Direction::Forward, app);
            }
            Control::PreviousGap => {
                return self.search_target(SearchTarget::Gap, Direction::Back, app);
            }
            Control::Forward => return self.jump(goal, u64::saturating_add, app),
            Control::Backward => return self.jump(goal, u64::saturating_sub, app),
            Control::Faster | Control::Slower => {
                let factor = if control == Control::Faster { 2.0 } else { 0.5 };
                self.speed.change(factor);
                self.goal = goal;
            }
        }
        self.update_position(app);
        Ok(())
    }

    /// Returns true if a control refers to the place that is being sought, so that it
    /// has to wait until the seek has ended.
    fn must_wait(&self, control: Control) -> bool {
        let is_relative = match control {
            Control::PlayOrPause | Control::At(_) | Control::Faster | Control::Slower => false,
            // A jump starts from the goal if its time is known.
            Control::Forward | Control::Backward => {
                !matches!(self.goal, Some(Place::Time(_))) || !self.queued.is_empty()
            }
            _ => true,
        };
        is_relative && (self.goal.is_some() || !self.queued.is_empty()) && !self.speed.playing
    }

    /// Jumps by a fixed share of the recording, from `goal` if it was seeking to one.
    fn jump(
        &mut self,
        goal: Option<Place>,
        towards: fn(u64, u64) -> u64,
        app: &mut App,
    ) -> Result<()> {
        let Some(span) = self.playback.span() else {
            return Ok(());
        };
        let distance = (span.latest - span.earliest) / JUMPS;
        let from = match goal {
            Some(Place::Time(at)) => at.clamp(span.earliest, span.latest),
            _ => self.playback.now(),
        };
        self.go_to(Place::Time(towards(from, distance.max(1))), app)
    }

    /// Searches for the next event of a kind.
    fn search_target(
        &mut self,
        target: SearchTarget,
        direction: Direction,
        app: &mut App,
    ) -> Result<()> {
        let matches = move |event: &Event| target.matches(event);
        self.start_search(target.name(), Box::new(matches), direction, app)
    }

    /// Searches for the next event of a process that the user has searched for.
    fn search_hit(&mut self, direction: Direction, app: &mut App) -> Result<()> {
        let Some(hit) = app.search_matcher() else {
            app.notify(Phrase::of(Tone::Warn, "search for something first: /"));
            return Ok(());
        };
        self.start_search("event of it", Box::new(hit), direction, app)
    }

    /// Starts a search for an event. `target` names it for the user.
    fn start_search(
        &mut self,
        target: &str,
        matches: Box<dyn Fn(&Event) -> bool>,
        direction: Direction,
        app: &mut App,
    ) -> Result<()> {
        self.speed.playing = false;
        let search = self.playback.search(direction)?;
        self.search = Some(ActiveSearch::new(target, matches, search));
        self.continue_search(app)
    }

    /// Continues the search within the time budget.
    fn continue_search(&mut self, app: &mut App) -> Result<()> {
        let Some(mut active) = self.search.take() else {
            return Ok(());
        };
        match active.advance(&mut self.playback, SEARCH_BUDGET)? {
            SearchStep::Found(place) => {
                app.clear_notice();
                return self.go_to(Place::Event(place), app);
            }
            SearchStep::Exhausted => app.notify(active.exhausted()),
            SearchStep::Pending => {
                app.notify(active.progress());
                self.search = Some(active);
            }
        }
        self.update_position(app);
        Ok(())
    }

    /// Shows the playback's position in the dashboard.
    fn update_position(&mut self, app: &mut App) {
        self.now = self.playback.now();
        self.update_playhead(app);
    }

    fn update_playhead(&self, app: &mut App) {
        let span = self.playback.span();
        let events = self.playback.events();
        let percent = || (self.indexed.min(events) * 100).checked_div(events);
        app.set_playhead(Playhead {
            playing: self.speed.playing,
            seeking: self.goal.is_some(),
            indexed: self.indexing.as_ref().and_then(|_| percent()),
            growing: self.growth.is_some(),
            speed: self.speed.speed(),
            now: self.now,
            began: span.map_or(0, |span| span.earliest),
            ended: span.map_or(0, |span| span.latest),
            position: self.playback.position(),
            events,
        });
    }
}
