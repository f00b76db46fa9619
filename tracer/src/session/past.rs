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
    time::Duration,
};

use anyhow::Result;

use super::recorder::{Recorder, Ring, Target};
use crate::recording::ring;

/// So much is kept, bytes: some five million events.
const SIZE: u64 = 128 << 20;

/// Longer than anybody goes back.
const KEEP: Duration = Duration::from_secs(7 * 24 * 3600);

const SEGMENT: Duration = Duration::from_secs(600);

const NAME: &str = "tracer-past-";

pub struct Past {
    /// A recording, or a directory of segments.
    path: PathBuf,
    /// Of one that is kept for this alone.
    recorder: Option<Recorder>,
    /// It was said that nothing more is kept.
    told: bool,
}

impl Past {
    /// What is saved in that file, or what is kept from now on.
    pub fn begin(saved: Option<&Path>) -> Result<Past> {
        if let Some(file) = saved.filter(|file| file.is_file()) {
            return Ok(Past {
                path: file.to_owned(),
                recorder: None,
                told: false,
            });
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
        Ok(Past {
            path,
            recorder: Some(recorder),
            told: false,
        })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What is kept for this alone.
    pub fn recorder(&mut self) -> Option<&mut Recorder> {
        self.recorder.as_mut()
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
        if is_past && is_own() && ring::is_taken(&entry.path()) == Some(false) {
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

    use super::*;
    use crate::{event::script::Script, records::Sink as _};

    #[test]
    fn a_past_that_is_kept_no_more_says_so_once() {
        let mut past = Past::begin(None).unwrap();
        let events = Script::new().session().found(1, 0, "init").events;
        for event in events {
            let recorder = past.recorder().unwrap();
            recorder.event(event);
            recorder.end_group();
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
