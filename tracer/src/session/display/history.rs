//! The past of a live trace, which the dashboard can go back to.
//!
//! It is the file that the trace is saved to, or else a private flight recorder in
//! the folder of temporary files. That one is removed with the dashboard. If the
//! dashboard is killed, the next one removes it.

use std::{
    env,
    fs::{self, Permissions},
    io,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    thread::{self, JoinHandle},
    time::Duration,
};

use anyhow::Result;

use crate::{
    event::{Event, file_name},
    model::{Model, Retention},
    playback::{SavedState, StatePlace, StateSpacing, States},
    recording::{open_regular, segments},
    records::Sink,
    session::{
        files::invoker,
        recorder::{
            Recorder,
            target::{FlightRecorder, Target, Trust},
        },
    },
};

/// Size limit in bytes: about five million events.
const SIZE: u64 = 128 << 20;

/// Age limit. In practice the size limit is reached first.
const KEEP: Duration = Duration::from_secs(7 * 24 * 3600);

/// Duration of a segment.
const SEGMENT: Duration = Duration::from_secs(600);

/// Maximum memory for saved states, bytes. A trace has less room than a reader of its recording.
const STATES: usize = 16 << 20;

/// Minimum size of an event in bytes. The memory for saved states depends on it.
const BYTES_PER_EVENT: u64 = 3;

/// Prefix of the folder's name; a random number follows.
const NAME: &str = "tracer-past-";

/// Past of a live trace.
pub struct History {
    /// Recording, or directory of segments.
    path: PathBuf,
    /// Recorder of the private flight recorder.
    recorder: Option<Recorder>,
    /// True if the failure of the recorder has been reported.
    failure_reported: bool,
    /// Number of events taken.
    events: u64,
    states: States,
    spacing: StateSpacing,
    /// State that another thread is saving.
    saving: Option<JoinHandle<io::Result<SavedState>>>,
}

impl History {
    /// Uses the file that the trace is saved to, or starts a private flight recorder.
    pub fn begin(saved: Option<&Path>, retention: Retention) -> Result<History> {
        let history = |path: &Path, recorder| History {
            path: path.to_owned(),
            recorder,
            failure_reported: false,
            events: 0,
            states: States::new(retention).within(STATES),
            spacing: StateSpacing::default(),
            saving: None,
        };
        if let Some(file) = saved.filter(|file| file.is_file()) {
            // The dashboard reads it without privileges.
            invoker::share_with_root(&open_regular(file)?)?;
            return Ok(history(file, None));
        }
        let folder = env::temp_dir();
        remove_orphans(&folder);
        let path = create_folder(&folder)?;
        let ring = FlightRecorder {
            dir: path.clone(),
            keep: KEEP,
            max_size: SIZE,
            segment: SEGMENT,
            insecure: false,
            // The dashboard reads it without privileges.
            trust: Trust::Own,
        };
        let recorder =
            Recorder::start(&Target::FlightRecorder(ring)).inspect_err(|_| remove(&path))?;
        Ok(history(&path, Some(recorder)))
    }

    /// Returns the recording or the directory of segments.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the directory of the private flight recorder, if there is one.
    pub fn own_folder(&self) -> Option<&Path> {
        self.recorder.as_ref().map(|_| self.path.as_path())
    }

    /// Returns the recorder of the private flight recorder, if there is one.
    pub fn recorder(&mut self) -> Option<&mut Recorder> {
        self.recorder.as_mut()
    }

    /// Saves the state after all events so far, if one is due, for jumps back.
    ///
    /// Another thread compresses it. The model is not shared with that thread: what changes
    /// meanwhile would take its memory twice.
    pub fn save_state_if_due(&mut self, model: &Model) {
        if self.saving.as_ref().is_some_and(JoinHandle::is_finished) {
            self.take_state();
        }
        let (events, bytes) = (self.events, self.events * BYTES_PER_EVENT);
        let spread = self.states.spread();
        if self.saving.is_some() || !self.spacing.is_due(events, bytes, spread) {
            return;
        }
        let (raw, latest) = (model.save(), model.now());
        let place = StatePlace::Live { events, latest };
        self.saving = Some(thread::spawn(move || SavedState::pack(&raw, place)));
    }

    /// Takes over the state that the other thread has saved.
    fn take_state(&mut self) {
        let Some(Ok(saved)) = self.saving.take().map(JoinHandle::join) else {
            return;
        };
        match saved {
            Ok(state) => {
                let events = state.place.events();
                self.spacing
                    .made(events, events * BYTES_PER_EVENT, state.packed_size());
                self.states.push(state);
            }
            Err(error) => log::info!("a jump back takes longer: {error}"),
        }
    }

    /// Returns the saved states for a reader of the `left` latest events. Older
    /// segments have been removed, so that its event numbers are smaller.
    pub fn states(&self, left: u64) -> States {
        let removed = self.events.saturating_sub(left);
        let mut renumbered = States::new(self.states.retention).within(STATES);
        for state in self.states.iter() {
            let mut state = state.clone();
            if let StatePlace::Live { events, .. } = &mut state.place
                && let Some(behind) = events.checked_sub(removed)
            {
                *events = behind;
                renumbered.push(state);
            }
        }
        renumbered
    }

    /// Waits until everything taken so far can be read, for 300 ms at most.
    pub fn settle(&mut self) {
        if let Some(recorder) = &mut self.recorder {
            recorder.settle();
        }
    }

    /// Returns the reason why nothing more is kept, once. What was kept before stays
    /// readable.
    pub fn take_failure(&mut self) -> Option<String> {
        let why = self
            .recorder
            .as_ref()
            .filter(|_| !self.failure_reported)?
            .failure()?;
        self.failure_reported = true;
        Some(why)
    }
}

impl Sink for History {
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

    fn is_full(&self) -> bool {
        self.recorder.as_ref().is_some_and(Sink::is_full)
    }

    fn end_group(&mut self) {
        if let Some(recorder) = &mut self.recorder {
            recorder.end_group();
        }
    }
}

impl Drop for History {
    fn drop(&mut self) {
        if let Some(recorder) = self.recorder.take() {
            // The files are removed next.
            let _ = recorder.finish();
            remove(&self.path);
        }
    }
}

/// Creates the folder for the past, under a name that no other process could have taken.
fn create_folder(parent: &Path) -> io::Result<PathBuf> {
    let mut folder = tempfile::Builder::new();
    let folder = folder
        .permissions(Permissions::from_mode(0o700))
        .prefix(NAME);
    Ok(folder.tempdir_in(parent)?.keep())
}

/// Removes the folders of this user's dashboards that were killed.
fn remove_orphans(folder: &Path) {
    // SAFETY: geteuid has no arguments and cannot fail.
    let own = unsafe { libc::geteuid() };
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let has_name = entry
            .file_name()
            .as_encoded_bytes()
            .starts_with(NAME.as_bytes());
        let is_own = || {
            entry
                .metadata()
                .is_ok_and(|it| it.is_dir() && it.uid() == own)
        };
        if has_name && is_own() && segments::is_locked(&entry.path()) == Some(false) {
            remove(&entry.path());
        }
    }
}

fn remove(folder: &Path) {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            log::info!("{} cannot be removed: {error}", file_name(folder));
        }
        Err(_) | Ok(()) => {}
    }
}

#[cfg(test)]
mod tests {
    use std::{thread, time::Instant};

    use super::*;
    use crate::{
        event::{Waits, What, script::Script},
        playback::{Place, Stage},
        recording::Writer,
        session::input::{recording::Input, window::Window},
    };

    #[test]
    fn jump_back_starts_from_a_state_of_the_live_model() {
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
        let mut writer = Writer::new(fs::File::create(&file).unwrap()).unwrap();
        let mut history = History::begin(Some(&file), Retention::default()).unwrap();
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
            history.event(event.clone());
            history.end_group();
            writer.write(event).unwrap();
            history.save_state_if_due(&live);
            if number + 1 == 125_000 {
                then = live.clone();
            }
        }
        while history.saving.is_some() {
            history.save_state_if_due(&live);
            thread::yield_now();
        }
        writer.finish().unwrap();
        let input = Input::find(history.path(), &Window::default()).unwrap();
        let mut playback = input.playback(false).unwrap();
        assert_eq!(playback.events(), history.events);
        playback.set_states(history.states(playback.events()));
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
    fn failure_is_reported_once() {
        let mut history = History::begin(None, Retention::default()).unwrap();
        let events = Script::new().session().found(1, 0, "init").events;
        for event in events {
            history.event(event);
            history.end_group();
        }
        history.settle();
        assert_eq!(history.take_failure(), None);
        fs::remove_dir_all(history.path()).unwrap();
        history.settle();
        let until = Instant::now() + Duration::from_secs(10);
        let why = loop {
            assert!(Instant::now() < until, "the failure is not noticed");
            if let Some(why) = history.take_failure() {
                break why;
            }
            thread::yield_now();
        };
        assert!(why.contains("removed"), "{why}");
        assert_eq!(history.take_failure(), None);
    }
}
