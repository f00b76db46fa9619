//! What a live dashboard can go back to: the file that the trace is saved in,
//! or else a flight recorder of its own in a folder of temporary files, which
//! goes with the dashboard. One that was killed leaves it behind; the next
//! clears it away.

use std::{
    env,
    fs::{self, DirBuilder},
    io,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _},
    path::{Path, PathBuf},
    thread::{self, JoinHandle},
    time::Duration,
};

use anyhow::Result;

use super::recorder::{Recorder, Ring, Target};
use crate::{
    event::Event,
    model::{Model, Retention},
    playback::{SavedState, StatePlace, StateSpacing, States},
    recording::segments,
    records::Sink,
};

/// So much is kept, bytes: some five million events.
const SIZE: u64 = 128 << 20;

/// Longer than anybody goes back.
const KEEP: Duration = Duration::from_secs(7 * 24 * 3600);

const SEGMENT: Duration = Duration::from_secs(600);

/// So many bytes an event takes there at least: what states may take goes with it.
const BYTES_PER_EVENT: u64 = 3;

const NAME: &str = "tracer-past-";

pub struct Past {
    /// A recording, or a directory of segments.
    path: PathBuf,
    /// Of one that is kept for this alone.
    recorder: Option<Recorder>,
    /// It was said that nothing more is kept.
    told: bool,
    /// How many events it has taken, and what they came to now and then.
    events: u64,
    states: States,
    spacing: StateSpacing,
    /// A state in the making.
    saving: Option<JoinHandle<io::Result<SavedState>>>,
}

impl Past {
    /// What is saved in that file, or what is kept from now on.
    pub fn begin(saved: Option<&Path>, retention: Retention) -> Result<Past> {
        let past = |path: &Path, recorder| Past {
            path: path.to_owned(),
            recorder,
            told: false,
            events: 0,
            states: States::new(retention),
            spacing: StateSpacing::default(),
            saving: None,
        };
        if let Some(file) = saved.filter(|file| file.is_file()) {
            return Ok(past(file, None));
        }
        let folder = env::temp_dir();
        clear_away(&folder);
        let path = folder.join(format!("{NAME}{}", std::process::id()));
        DirBuilder::new().mode(0o700).create(&path)?;
        let ring = Ring {
            dir: path.clone(),
            keep: KEEP,
            max_size: SIZE,
            segment: SEGMENT,
        };
        let recorder = Recorder::keep(&Target::Ring(ring)).inspect_err(|_| remove(&path))?;
        Ok(past(&path, Some(recorder)))
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What is kept for this alone.
    pub fn recorder(&mut self) -> Option<&mut Recorder> {
        self.recorder.as_mut()
    }

    /// Keeps what all events so far come to, if that is due: a jump back begins
    /// there. `share` gives the model; another thread makes a state of it.
    pub fn keep_state(&mut self, share: impl FnOnce() -> Model) {
        if self.saving.as_ref().is_some_and(JoinHandle::is_finished) {
            self.take_state();
        }
        let (events, bytes) = (self.events, self.events * BYTES_PER_EVENT);
        let spread = self.states.spread();
        if self.saving.is_some() || !self.spacing.is_due(events, bytes, spread) {
            return;
        }
        let model = share();
        self.saving = Some(thread::spawn(move || {
            let latest = model.now();
            SavedState::of(&model, StatePlace::Live { events, latest })
        }));
    }

    /// Takes over the state that was in the making.
    fn take_state(&mut self) {
        let Some(Ok(made)) = self.saving.take().map(JoinHandle::join) else {
            return;
        };
        match made {
            Ok(state) => {
                let events = state.place.events();
                self.spacing
                    .made(events, events * BYTES_PER_EVENT, state.size());
                self.states.push(state);
            }
            Err(error) => log::info!("a jump back takes longer: {error}"),
        }
    }

    /// The states for a reader of what is left of it, by whose count there are so
    /// many events.
    pub fn states(&self, left: u64) -> States {
        let gone = self.events.saturating_sub(left);
        let mut counted = States::new(self.states.retention);
        for state in self.states.iter() {
            let mut state = state.clone();
            if let StatePlace::Live { events, .. } = &mut state.place
                && let Some(behind) = events.checked_sub(gone)
            {
                *events = behind;
                counted.push(state);
            }
        }
        counted
    }

    /// All that was taken can be gone back to.
    pub fn settle(&mut self) {
        if let Some(recorder) = &mut self.recorder {
            recorder.settle();
        }
    }

    /// Why nothing more is kept, once: what was kept before can be gone back to.
    pub fn has_failed(&mut self) -> Option<String> {
        let why = self.recorder.as_ref().filter(|_| !self.told)?.failure()?;
        self.told = true;
        Some(why)
    }
}

impl Sink for Past {
    fn event(&mut self, event: Event) {
        self.events += 1;
        if let Some(recorder) = &mut self.recorder {
            recorder.event(event);
        }
    }

    fn record(&mut self, record: &[u8]) {
        self.events += 1;
        if let Some(recorder) = &mut self.recorder {
            recorder.record(record);
        }
    }

    fn end_group(&mut self) {
        if let Some(recorder) = &mut self.recorder {
            recorder.end_group();
        }
    }
}

impl Drop for Past {
    fn drop(&mut self) {
        if let Some(recorder) = self.recorder.take() {
            // Nobody will read it.
            let _ = recorder.finish();
            remove(&self.path);
        }
    }
}

/// What others of this user have left behind, who were killed.
fn clear_away(folder: &Path) {
    // SAFETY: geteuid has no arguments and cannot fail.
    let own = unsafe { libc::geteuid() };
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_past = entry.file_name().to_string_lossy().starts_with(NAME);
        let is_own = || {
            entry
                .metadata()
                .is_ok_and(|it| it.is_dir() && it.uid() == own)
        };
        if is_past && is_own() && segments::is_locked(&entry.path()) == Some(false) {
            remove(&entry.path());
        }
    }
}

fn remove(folder: &Path) {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            log::info!("{} stays behind: {error}", folder.display());
        }
        Err(_) | Ok(()) => {}
    }
}

#[cfg(test)]
mod tests {
    use std::{thread, time::Instant};

    use super::{
        super::{story::Story, window::Window},
        *,
    };
    use crate::{
        event::{Waits, What, script::Script},
        playback::{Place, Stage},
        recording::{self, Writer},
    };

    /// A jump into the living trace's own past lands on what its model was then.
    #[test]
    fn a_state_of_the_living_model_is_landed_on() {
        struct Play(Model, usize);
        impl Stage for Play {
            fn clear(&mut self) {
                self.0 = Model::default();
            }
            fn restore(&mut self, model: Model) {
                (self.0, self.1) = (model, self.1 + 1);
            }
            fn take(&mut self, event: &Event) {
                self.0.apply(event);
            }
        }
        let name = format!("tracer-past-state-{}", std::process::id());
        let file = env::temp_dir().join(name);
        let mut writer = Writer::new(recording::create(&file, true).unwrap()).unwrap();
        let mut past = Past::begin(Some(&file), Retention::default()).unwrap();
        let mut live = Model::default();
        let script = Script::new().session().found(1, 0, "init").found_all();
        let script = script.fork(1, 10).exec(10, "sleep", &["sleep"]);
        let mut events = script.events;
        let last = events.last().unwrap().clone();
        let wait = |number: u64| Event {
            at: last.at + number,
            what: What::Waits(Waits {
                count: number,
                last: last.at,
            }),
            ..last.clone()
        };
        events.extend((0..130_000).map(wait));
        let mut then = Model::default();
        for (number, event) in events.iter().enumerate() {
            live.apply(event);
            past.event(event.clone());
            past.end_group();
            writer.write(event).unwrap();
            past.keep_state(|| live.share());
            if number + 1 == 125_000 {
                then = live.clone();
            }
        }
        while past.saving.is_some() {
            past.keep_state(|| live.share());
            thread::yield_now();
        }
        writer.finish().unwrap();
        let story = Story::find(past.path(), &Window::default()).unwrap();
        let mut playback = story.playback(false).unwrap();
        assert_eq!(playback.events(), past.events);
        playback.set_states(past.states(playback.events()));
        let mut stage = Play(Model::default(), 0);
        playback.assume_at_end();
        playback.seek(Place::Event(125_000), &mut stage).unwrap();
        assert!(stage.0 == then);
        assert_eq!(stage.1, 1, "it was played from the beginning");
        playback.seek(Place::End, &mut stage).unwrap();
        assert!(stage.0 == live);
        fs::remove_file(file).unwrap();
    }

    #[test]
    fn a_past_that_is_kept_no_more_says_so_once() {
        let mut past = Past::begin(None, Retention::default()).unwrap();
        let events = Script::new().session().found(1, 0, "init").events;
        for event in events {
            past.event(event);
            past.end_group();
        }
        past.settle();
        assert_eq!(past.has_failed(), None);
        fs::remove_dir_all(past.path()).unwrap();
        past.settle();
        let until = Instant::now() + Duration::from_secs(10);
        let why = loop {
            assert!(Instant::now() < until, "nobody has noticed");
            if let Some(why) = past.has_failed() {
                break why;
            }
            thread::yield_now();
        };
        assert!(why.contains("removed"), "{why}");
        assert_eq!(past.has_failed(), None);
    }
}
