//! A part of a recording: from one moment to another, of one tree or of all.
//! What is there at the beginning is told first, so that the part stands alone;
//! no more is read than that takes.

use std::{fs::File, path::Path, time::SystemTime};

use anyhow::{Context as _, Result, ensure};

use super::{
    growth::{Growth, More},
    keeper::Keeper,
    progress::Progress,
    reading, side,
    story::{self, Story},
    tree::Tree,
    when::When,
};
use crate::{
    event::{Event, Summary, What},
    model::{Model, Retention},
    playback::{Place, Playback, Stage},
};

#[derive(Clone, Copy, Debug, Default)]
pub struct Window {
    pub since: Option<When>,
    pub until: Option<When>,
    /// The process with that number and all that came from it.
    pub tree: Option<u32>,
}

/// Keeps the last event, which is the next to be handed on.
#[derive(Default)]
struct Next(Option<Event>);

impl Stage for Next {
    fn clear(&mut self) {}

    fn restore(&mut self, _: Model) {}

    fn take(&mut self, event: &Event) {
        self.0 = Some(event.clone());
    }
}

/// So many events are read between two looks at how long it takes.
const AT_ONCE: u64 = 20_000;

/// The model of what lies before the window.
struct Before(Model);

impl Stage for Before {
    fn clear(&mut self) {
        self.0 = Model::new(self.0.retention());
    }

    fn restore(&mut self, model: Model) {
        self.0 = model;
    }

    fn take(&mut self, event: &Event) {
        self.0.apply(event);
    }
}

impl Window {
    pub fn is_everything(&self) -> bool {
        self.since.is_none() && self.until.is_none() && self.tree.is_none()
    }

    /// No moment is said.
    pub fn is_timeless(&self) -> bool {
        self.since.is_none() && self.until.is_none()
    }

    /// From when to when by the wall clock, of what began and ended then. Of a
    /// time of day the last one is meant, and the end is not before the
    /// beginning.
    pub fn on_the_wall(&self, began: i64, ended: i64) -> (i64, i64) {
        let since = self.since.map(|since| since.last_on_the_wall(began, ended));
        let until = self.until.map(|until| match since {
            Some(since) => until.on_the_wall(since, ended),
            None => until.last_on_the_wall(began, ended),
        });
        (since.unwrap_or(i64::MIN), until.unwrap_or(i64::MAX))
    }

    /// Reads this part of a recording. What is there at its beginning is told
    /// first.
    pub fn read(&self, path: &Path, mut take: impl FnMut(Event) -> Result<()>) -> Result<()> {
        let mut tree = self.tree.map(Tree::new);
        let mut take = |event: Event| match &mut tree {
            Some(tree) => tree.pass(event, &mut take),
            None => take(event),
        };
        let story = Story::find(path, self)?;
        if self.is_timeless() {
            return reading::read_story(&story, take).map(drop);
        }
        let (mut playback, since, until) = self.open(&story, false)?;
        self.tell_before(&mut playback, since, &mut take)?;
        tell_until(&mut playback, until, &mut take)?;
        Ok(())
    }

    /// What this part of a recording comes to.
    pub fn model(&self, path: &Path, retention: Retention) -> Result<Model> {
        let mut model = Model::new(retention);
        if self.is_timeless() || self.tree.is_some() {
            self.read(path, |event| {
                model.apply(&event);
                Ok(())
            })?;
            return Ok(model);
        }
        let story = Story::find(path, self)?;
        let (mut playback, since, until) = self.open(&story, false)?;
        model = self.model_before(&story, &mut playback, since, retention)?;
        tell_until(&mut playback, until, &mut |event| {
            model.apply(&event);
            Ok(())
        })?;
        Ok(model)
    }

    /// Reads a recording on while it is written, until it ends, or is beyond the
    /// window, or `wait` says that it is enough.
    pub fn follow(
        &self,
        path: &Path,
        mut wait: impl FnMut() -> Result<bool>,
        mut take: impl FnMut(Event) -> Result<()>,
    ) -> Result<()> {
        let Some((story, window)) = self.await_story(path, &mut wait)? else {
            return Ok(());
        };
        let (mut playback, since, until) = window.open(&story, true)?;
        self.tell_before(&mut playback, since, &mut take)?;
        tell_as_it_grows(&story, &mut playback, until, &mut wait, &mut take)
    }

    /// What that comes to.
    pub fn follow_model(
        &self,
        path: &Path,
        retention: Retention,
        mut wait: impl FnMut() -> Result<bool>,
    ) -> Result<Model> {
        let mut model = Model::new(retention);
        let Some((story, window)) = self.await_story(path, &mut wait)? else {
            return Ok(model);
        };
        let (mut playback, since, until) = window.open(&story, true)?;
        if self.since.is_some() {
            model = self.model_before(&story, &mut playback, since, retention)?;
        }
        let mut take = |event: Event| {
            model.apply(&event);
            Ok(())
        };
        tell_as_it_grows(&story, &mut playback, until, &mut wait, &mut take)?;
        Ok(model)
    }

    /// Waits until something has been recorded; none if `wait` says that it is
    /// enough.
    fn await_story(
        &self,
        path: &Path,
        wait: &mut impl FnMut() -> Result<bool>,
    ) -> Result<Option<(Story, Window)>> {
        let window = self.to_come();
        while Growth::is_awaited(path) {
            if !wait()? {
                return Ok(None);
            }
        }
        Ok(Some((Story::find(path, &window)?, window)))
    }

    /// Who follows from now on means an end that is still to come.
    fn to_come(self) -> Window {
        let now = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        let now = i64::try_from(now.as_nanos()).unwrap_or(i64::MAX);
        let until = match self.since {
            Some(_) => self.until,
            None => self.until.map(|until| until.to_come(now)),
        };
        Window { until, ..self }
    }

    /// The model of what is there at the beginning, which counts from there on.
    fn model_before(
        &self,
        story: &Story,
        playback: &mut Playback<File>,
        since: u64,
        retention: Retention,
    ) -> Result<Model> {
        if self.since.is_none() {
            return Ok(Model::new(retention));
        }
        if let Some(known) = side::read(story) {
            playback.set_states(known.states);
        }
        let place = Place::Time(since.saturating_sub(1));
        let mut stage = Before(Model::new(Retention::default()));
        let length = story.length();
        let mut progress = Progress::new("reading", &story.path, Some(length));
        playback.begin_seek(place, &mut stage)?;
        while !playback.continue_seek(place, &mut stage, AT_ONCE)? {
            let (here, all) = (playback.position(), playback.events().max(1));
            progress.show((length as f64 * here as f64 / all as f64) as u64);
        }
        let Before(mut model) = stage;
        model.count_from(since, retention);
        Ok(model)
    }

    /// Tells what is there at the beginning.
    fn tell_before(
        &self,
        playback: &mut Playback<File>,
        since: u64,
        take: &mut impl FnMut(Event) -> Result<()>,
    ) -> Result<()> {
        if self.since.is_some() {
            let mut before = Keeper::default();
            playback.seek(Place::Time(since.saturating_sub(1)), &mut before)?;
            for mut event in before.checkpoint() {
                // What happened is counted from here on.
                if let What::Summary(summary) = &mut event.what {
                    **summary = Summary {
                        began: since,
                        ..Summary::default()
                    };
                }
                take(event)?;
            }
        }
        Ok(())
    }

    /// The moment at which it begins; none: where the recording does.
    pub fn beginning(&self, story: &Story) -> Result<Option<u64>> {
        match self.since {
            Some(_) => Ok(Some(self.open(story, false)?.1)),
            None => Ok(None),
        }
    }

    /// Opens a recording; the moments as it counts them.
    fn open(&self, story: &Story, follow: bool) -> Result<(Playback<File>, u64, u64)> {
        let session = story.session()?;
        let playback = story.playback(follow)?;
        let span = playback.span();
        let span = span.with_context(|| format!("{} is empty", story.path.display()))?;
        let moment = |found: Option<u64>, asked: Option<When>| {
            found.or_else(|| asked.map(|when| when.within(span, session.as_deref())))
        };
        let since = moment(story.since, self.since).unwrap_or(0);
        let until = moment(story.until, self.until).unwrap_or(u64::MAX);
        ensure!(since <= until, "--until lies before --since");
        ensure!(since <= span.latest, "the recording ends before --since");
        ensure!(until >= span.earliest, "the recording begins after --until");
        // Nothing is known of what was before.
        Ok((playback, since.max(span.earliest), until))
    }
}

/// Tells what happens up to a moment, also what is only being written.
fn tell_as_it_grows(
    story: &Story,
    playback: &mut Playback<File>,
    until: u64,
    wait: &mut impl FnMut() -> Result<bool>,
    take: &mut impl FnMut(Event) -> Result<()>,
) -> Result<()> {
    let mut growth = Growth::of(story);
    while tell_until(playback, until, take)? {
        playback.grow()?;
        let goes_on = match growth.more(playback.has_ended()) {
            More::Wait => wait()?,
            More::Part(front) => {
                playback.push(front.part(story::open))?;
                true
            }
            More::Over { killed } => {
                if killed {
                    eprintln!(
                        "tracer: {}: the recorder was killed: nothing more comes",
                        story.path.display()
                    );
                }
                false
            }
        };
        if !goes_on {
            break;
        }
    }
    Ok(())
}

/// Tells what has happened up to a moment; false if the recording is already
/// beyond that.
fn tell_until(
    playback: &mut Playback<File>,
    until: u64,
    take: &mut impl FnMut(Event) -> Result<()>,
) -> Result<bool> {
    let mut next = Next::default();
    while playback.step(&mut next)? {
        match next.0.take() {
            Some(event) if event.at > until => return Ok(false),
            Some(event) => take(event)?,
            None => {}
        }
    }
    Ok(true)
}
