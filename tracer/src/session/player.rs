//! Joins a recording that one can move about in to the dashboard.

use std::{
    fs::File,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, anyhow};

use super::{
    growth::{Growth, More},
    indexing::Indexing,
    past::Past,
    side,
    story::{self, Story},
    when::When,
    window::Window,
};
use crate::{
    event::{Event, Session},
    model::{Model, Retention},
    playback::{
        Direction, LOOK_BACK, Place, Playback, PlaybackSpeed, Search, SearchStep, SearchTarget,
        Stage,
    },
    tui::{App, Control, LOG_CAPACITY, Mark, Phrase, Playhead, Tone},
};

/// A jump goes so many times into a recording.
const PARTS: u64 = 20;

/// So many events are looked through between two pictures: some ten milliseconds.
const AT_ONCE: usize = 20_000;

pub struct Player {
    playback: Playback<File>,
    pace: PlaybackSpeed,
    /// Where the picture would be if events came at every ns.
    now: u64,
    /// Where it is on its way to.
    goal: Option<Place>,
    /// What makes states to land on and finds what happened when, until it is done.
    indexing: Option<Indexing>,
    /// Events that have been indexed.
    indexed: u64,
    /// It has states already, and wants the marks alone.
    is_indexed: bool,
    /// What is looked for, until it is found or one goes elsewhere.
    quest: Option<Quest>,
    session: Option<Box<Session>>,
    /// When it was last said that time passes.
    last: Instant,
    /// More is being written, and when that was asked last.
    growth: Option<(Growth, Instant)>,
}

/// Something that is looked for.
struct Quest {
    what: String,
    is: Box<dyn Fn(&Event) -> bool>,
    search: Search,
}

/// So long, about, it is looked for between two pictures: whoever traces
/// meanwhile has to look after the kernel too.
const SLICE: Duration = Duration::from_millis(30);

/// How often to ask whether more has been written.
const ASK: Duration = Duration::from_millis(200);

/// The dashboard as the stage of a playback.
struct Shown<'a>(&'a mut App);

impl Stage for Shown<'_> {
    fn clear(&mut self) {
        self.0.begin_again();
    }

    fn restore(&mut self, model: Model) {
        self.0.begin_with(model);
    }

    fn take(&mut self, event: &Event) {
        self.0.show(event);
    }
}

// A landing begins early enough to fill the log.
const _: () = assert!(LOOK_BACK >= LOG_CAPACITY as u64);

impl Player {
    /// Opens a recording; none where one cannot move about in it, as in a pipe.
    /// One that is followed grows, and plays at its end.
    pub fn open(story: &Story, follow: bool, retention: Retention) -> Result<Option<Player>> {
        if !story.path.is_file() && !story.has_parts() {
            return Ok(None);
        }
        let mut player = Player::begin(story, follow)?;
        let events = player.playback.events();
        let known = side::read(story).filter(|known| known.states.retention == retention);
        player.indexing = match known {
            Some(known) if known.events >= events => {
                player.playback.set_states(known.states.clone());
                Some(Indexing::done(known))
            }
            _ => player.index(story, retention, !follow),
        };
        Ok(Some(player))
    }

    fn index(&self, story: &Story, retention: Retention, keep: bool) -> Option<Indexing> {
        let span = self.playback.span()?;
        Some(Indexing::begin(story.clone(), span, retention, keep))
    }

    fn begin(story: &Story, follow: bool) -> Result<Player> {
        let playback = story.playback(follow)?;
        let mut pace = PlaybackSpeed::default();
        pace.playing = follow;
        Ok(Player {
            now: playback.now(),
            playback,
            pace,
            goal: None,
            indexing: None,
            indexed: 0,
            is_indexed: false,
            quest: None,
            session: story.session()?,
            last: Instant::now(),
            growth: follow.then(|| (Growth::of(story), Instant::now())),
        })
    }

    /// Opens what a living trace has kept, at its end.
    pub fn of_the_past(past: &Past, app: &mut App) -> Result<Player> {
        let story = Story::find(past.path(), &Window::default())?;
        let mut player = Player::begin(&story, false)?;
        let states = past.states(player.playback.events());
        player.playback.set_states(states);
        player.is_indexed = true;
        player.indexing = player.index(&story, app.model().retention(), false);
        // What all of it comes to is known.
        player.playback.assume_at_end();
        app.hold();
        player.arrive(app);
        Ok(player)
    }

    /// Time passes; and a part of the recording is looked through.
    pub fn tick(&mut self, app: &mut App) -> Result<()> {
        let elapsed = std::mem::replace(&mut self.last, Instant::now()).elapsed();
        self.take_over(app)?;
        self.seek_on(app)?;
        if self.goal.is_some() {
            return self.travel(app);
        }
        if self.is_moving() {
            self.pass(elapsed, app)?;
        }
        Ok(())
    }

    /// Does nothing more until it is told to.
    pub fn rest(&mut self) {
        self.pace.playing = false;
        (self.indexing, self.quest, self.growth) = (None, None, None);
        self.goal = None;
        self.playback.stop_growing();
    }

    /// Whether there is anything to do when no key is pressed.
    pub fn is_busy(&self) -> bool {
        self.is_moving() || self.indexing.is_some() || self.is_hurried()
    }

    /// Whether it has work to do now, not only in a while.
    pub fn is_hurried(&self) -> bool {
        self.quest.is_some() || self.goal.is_some()
    }

    /// Takes over what has been indexed since.
    fn take_over(&mut self, app: &mut App) -> Result<()> {
        let Some(progress) = self.indexing.as_ref().and_then(Indexing::news) else {
            return Ok(());
        };
        let marks = progress.parts.iter().map(|part| Mark {
            events: part.events > 0,
            killed: part.killed > 0,
            zombie: part.zombies > 0,
            gap: part.gap,
        });
        app.set_marks(marks.collect());
        self.indexed = progress.events;
        if progress.done {
            self.indexing = None;
        }
        if let Some(states) = progress.states.filter(|_| !self.is_indexed) {
            self.playback.set_states(states);
            // One may be nearer to where it goes than it is itself.
            if let Some(goal) = self.goal {
                self.playback.begin_seek(goal, &mut Shown(app))?;
            }
        }
        self.tell_place(app);
        Ok(())
    }

    /// Goes to a time as people say it.
    pub fn go_to_time(&mut self, text: &str, app: &mut App) -> Result<()> {
        let when: When = text.parse().map_err(|why| anyhow!("{text:?}: {why}"))?;
        let span = self.playback.span().context("there are no events")?;
        let at = when.within(span, self.session.as_deref());
        self.pace.playing = false;
        self.quest = None;
        self.go_to(Place::Time(at.clamp(span.earliest, span.latest)), app)
    }

    /// Time passes: it plays, or may grow.
    pub fn is_moving(&self) -> bool {
        self.pace.playing || self.growth.is_some()
    }

    /// Takes in what has been written since.
    fn grow(&mut self, app: &mut App) -> Result<()> {
        let Some((growth, asked)) = &mut self.growth else {
            return Ok(());
        };
        if asked.elapsed() < ASK {
            return Ok(());
        }
        *asked = Instant::now();
        self.playback.grow()?;
        match growth.more(self.playback.has_ended()) {
            More::Wait => {}
            More::Part(front) => self.playback.push(front.part(story::open))?,
            More::Over { killed } => {
                self.growth = None;
                self.playback.stop_growing();
                app.notify(match killed {
                    true => Phrase::of(Tone::Bad, "the recorder was killed: nothing more comes"),
                    false => Phrase::of(Tone::Good, "the recording has ended"),
                });
            }
        }
        Ok(())
    }

    /// Shows the recording at a place: at once if that is near, else as soon as
    /// it has been come to, by and by.
    pub fn go_to(&mut self, place: Place, app: &mut App) -> Result<()> {
        self.playback.begin_seek(place, &mut Shown(app))?;
        self.goal = Some(place);
        self.travel(app)
    }

    /// Goes on to where it is on its way to, for a slice of time.
    fn travel(&mut self, app: &mut App) -> Result<()> {
        let began = Instant::now();
        while let Some(place) = self.goal
            && began.elapsed() < SLICE
        {
            let arrived = self
                .playback
                .continue_seek(place, &mut Shown(app), AT_ONCE as u64)?;
            self.goal = (!arrived).then_some(place);
        }
        self.arrive(app);
        Ok(())
    }

    /// That much time has passed for the reader.
    pub fn pass(&mut self, elapsed: Duration, app: &mut App) -> Result<()> {
        // Whoever has seen all sees what is new at once.
        let keeps_up = self.pace.playing && self.playback.is_at_end();
        self.grow(app)?;
        let mut now = self.now.saturating_add(self.pace.passes(elapsed));
        if keeps_up {
            self.go_to(Place::End, app)?;
            now = self.playback.now();
        } else if self.pace.playing {
            self.go_to(Place::Time(now), app)?;
        }
        if self.goal.is_some() {
            // It plays faster than can be read.
            return Ok(());
        }
        self.pace.playing &= !self.playback.is_at_end() || self.growth.is_some();
        self.arrive(app);
        // Between two events the picture's time goes on all the same.
        self.now = now.max(self.playback.now());
        Ok(())
    }

    pub fn control(&mut self, control: Control, app: &mut App) -> Result<()> {
        (self.quest, self.goal) = (None, None);
        let stage = &mut Shown(app);
        match control {
            Control::PlayOrPause if self.playback.is_at_end() && self.growth.is_none() => {
                self.pace.playing = true;
                return self.go_to(Place::Beginning, app);
            }
            Control::PlayOrPause => self.pace.playing ^= true,
            Control::Faster => self.pace.change(2.0),
            Control::Slower => self.pace.change(0.5),
            // Who is still there behind a gap is told at once.
            Control::StepForward => {
                while self.playback.step(stage)? && self.playback.is_outside_stream() {}
            }
            Control::StepBack => {
                let place = self.playback.before()?;
                return self.go_to(place, app);
            }
            Control::Forward => return self.leap(u64::saturating_add, app),
            Control::Backward => return self.leap(u64::saturating_sub, app),
            Control::NextExit => return self.seek(SearchTarget::Exit, Direction::Forward, app),
            Control::PreviousExit => return self.seek(SearchTarget::Exit, Direction::Back, app),
            Control::NextZombie => return self.seek(SearchTarget::Zombie, Direction::Forward, app),
            Control::PreviousZombie => {
                return self.seek(SearchTarget::Zombie, Direction::Back, app);
            }
            Control::At(at) => return self.go_to(Place::Time(at), app),
            Control::NextHit => return self.seek_hit(Direction::Forward, app),
            Control::PreviousHit => return self.seek_hit(Direction::Back, app),
            Control::NextGap => return self.seek(SearchTarget::Gap, Direction::Forward, app),
            Control::PreviousGap => return self.seek(SearchTarget::Gap, Direction::Back, app),
        }
        self.arrive(app);
        Ok(())
    }

    fn leap(&mut self, towards: fn(u64, u64) -> u64, app: &mut App) -> Result<()> {
        let span = self.playback.span();
        let part = span.map_or(0, |span| (span.latest - span.earliest) / PARTS);
        let at = towards(self.playback.now(), part.max(1));
        self.go_to(Place::Time(at), app)
    }

    fn seek(&mut self, landmark: SearchTarget, way: Direction, app: &mut App) -> Result<()> {
        let is = move |event: &Event| landmark.matches(event);
        self.seek_where(landmark.name(), Box::new(is), way, app)
    }

    fn seek_hit(&mut self, way: Direction, app: &mut App) -> Result<()> {
        let Some(hit) = app.hit() else {
            app.notify(Phrase::of(Tone::Warn, "search for something first: /"));
            return Ok(());
        };
        self.seek_where("event of it", Box::new(hit), way, app)
    }

    fn seek_where(
        &mut self,
        what: &str,
        is: Box<dyn Fn(&Event) -> bool>,
        way: Direction,
        app: &mut App,
    ) -> Result<()> {
        self.pace.playing = false;
        self.quest = Some(Quest {
            what: what.to_owned(),
            is,
            search: self.playback.search(way)?,
        });
        self.seek_on(app)
    }

    /// Looks on for what is looked for, for a slice of time.
    fn seek_on(&mut self, app: &mut App) -> Result<()> {
        let Some(mut quest) = self.quest.take() else {
            return Ok(());
        };
        let began = Instant::now();
        let mut found = SearchStep::Pending;
        while found == SearchStep::Pending && began.elapsed() < SLICE {
            let events = AT_ONCE as u64;
            let is = &mut |event: &Event| (quest.is)(event);
            found = self
                .playback
                .continue_search(&mut quest.search, is, events)?;
        }
        let (what, share) = (&quest.what, quest.search.share());
        let way = match quest.search.direction() {
            Direction::Forward => "after",
            Direction::Back => "before",
        };
        match found {
            SearchStep::Found(place) => {
                app.clear_notice();
                return self.go_to(Place::Event(place), app);
            }
            SearchStep::Exhausted => {
                app.notify(Phrase::of(Tone::Warn, format!("no {what} {way} this")));
            }
            SearchStep::Pending => {
                let says = format!("looking for {what} {way} this: {:.0}%", share * 100.0);
                app.notify(Phrase::plain(says));
                self.quest = Some(quest);
            }
        }
        self.arrive(app);
        Ok(())
    }

    /// Tells the dashboard where it is.
    fn arrive(&mut self, app: &mut App) {
        self.now = self.playback.now();
        self.tell_place(app);
    }

    fn tell_place(&self, app: &mut App) {
        let span = self.playback.span();
        let events = self.playback.events();
        let percent = || (self.indexed.min(events) * 100).checked_div(events);
        app.set_playhead(Playhead {
            playing: self.pace.playing,
            seeking: self.goal.is_some(),
            indexed: self.indexing.as_ref().and_then(|_| percent()),
            growing: self.growth.is_some(),
            speed: self.pace.speed(),
            now: self.now,
            began: span.map_or(0, |span| span.earliest),
            ended: span.map_or(0, |span| span.latest),
            position: self.playback.position(),
            events,
        });
    }
}
