//! Side files: where they lie beside recordings, and who may read them. A reader
//! does without one that is missing, damaged or of something else.

use std::{
    fs::File,
    io::{self, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::Path,
};

use anyhow::{Context as _, Result};

use super::story::Story;
use crate::{
    model::Retention,
    playback::{Fingerprint, IndexPass, SideFile, StatePlace, States, TimelineMark},
    recording::{Index, segments},
    source::replay,
};

/// What is known beside a recording.
pub struct Known {
    pub states: States,
    pub marks: Vec<TimelineMark>,
    /// How many events were read for it: a recording that has grown has more.
    pub events: u64,
}

/// Reads what lies beside the parts of a story.
pub fn read(story: &Story) -> Option<Known> {
    let parts = 0..story.fronts.len().max(1);
    let sides: Vec<SideFile> = parts.map_while(|part| read_part(story, part)).collect();
    let is_of_this = sides.first()?.first == first(story);
    let (marks, events) = sides.last().map(|last| (last.marks.clone(), last.events))?;
    let states = States::from_side_files(sides).filter(|_| is_of_this)?;
    Some(Known {
        states,
        marks,
        events,
    })
}

fn read_part(story: &Story, part: usize) -> Option<SideFile> {
    let recording = story.path_of(part);
    let path = segments::side_file_path(recording);
    let read = || -> io::Result<Option<SideFile>> {
        let recording = File::open(recording)?;
        match open(&path, &recording)? {
            Some(side) => SideFile::read(side, recording, part),
            None => Ok(None),
        }
    };
    match read() {
        Ok(side) => side,
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => {
            log::info!("{} is not used: {error}", path.display());
            None
        }
    }
}

/// Opens a side file; none if it is no file, or of a user who could not have
/// written the recording: it could say anything.
fn open(path: &Path, recording: &File) -> io::Result<Option<File>> {
    // A pipe in its place must not hold up the reader.
    let mut options = File::options();
    options.read(true).custom_flags(libc::O_NONBLOCK);
    let side = options.open(path)?;
    let of = side.metadata()?;
    // SAFETY: geteuid has no arguments and cannot fail.
    let own = unsafe { libc::geteuid() };
    let trusted = [0, own, recording.metadata()?.uid()];
    let good = of.is_file() && trusted.contains(&of.uid());
    Ok(good.then_some(side))
}

/// Which segment the stream begins with.
fn first(story: &Story) -> u64 {
    let first = story.fronts.first().and_then(|front| front.segment());
    first.map_or(0, |segment| segment.number)
}

/// Puts what a pass has found beside the parts of a story.
pub fn write(story: &Story, pass: &IndexPass<replay::From>, retention: Retention) -> Result<()> {
    let last = story.fronts.len().saturating_sub(1);
    for part in 0..=last {
        let is_here = |place: &StatePlace| match place {
            StatePlace::Chain(position) => position.part() == part,
            StatePlace::Live { .. } => false,
        };
        let states = pass.states().iter().filter(|state| is_here(&state.place));
        let side = SideFile {
            states: states.cloned().collect(),
            retention,
            first: first(story),
            events: pass.events(),
            marks: match part == last {
                true => pass.marks().to_vec(),
                false => Vec::new(),
            },
        };
        write_part(story.path_of(part), &side)?;
    }
    Ok(())
}

fn write_part(recording: &Path, side: &SideFile) -> Result<()> {
    let index = Index::load(File::open(recording)?)?;
    let Some(of) = Fingerprint::of(File::open(recording)?, &index.entries)? else {
        return Ok(());
    };
    let path = segments::side_file_path(recording);
    let put = || -> io::Result<()> {
        let mut prefix = path.file_name().unwrap_or_default().to_owned();
        prefix.push(".");
        let folder = path.parent().filter(|folder| *folder != Path::new(""));
        // A new file of an unforeseeable name, for its owner alone: in a folder
        // that others may write to, nothing of theirs is followed or replaced.
        let mut file = tempfile::Builder::new()
            .prefix(&prefix)
            .tempfile_in(folder.unwrap_or(Path::new(".")))?;
        file.write_all(&side.to_bytes(&of))?;
        file.persist(&path)?;
        Ok(())
    };
    put().with_context(|| format!("{} cannot be written", path.display()))
}
