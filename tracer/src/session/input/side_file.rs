//! Side files: the index of a recording, stored beside each of its files.
//!
//! A reader ignores a side file that is missing, damaged, or made for another
//! recording.

use std::{
    fs::File,
    io::{self, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::Path,
};

use anyhow::{Context as _, Result};
use rustix::fs::OFlags;

use super::{memory, recording::Input};
use crate::{
    event::file_name,
    model::Retention,
    playback::{Fingerprint, IndexPass, SideFile, StatePlace, States, TimelineMark},
    recording::{Index, segments},
    session::files::folder::{Folder, Trust},
    source::replay,
};

/// Index of a recording, read from its side files.
pub struct StoredIndex {
    /// Saved states of the model, to seek from.
    pub states: States,
    /// Summary of each slice of the recording, for the timeline.
    pub marks: Vec<TimelineMark>,
    /// Number of events that the index covers. A recording that has grown has more.
    pub events: u64,
}

/// Reads the side files of an input.
///
/// Returns `None` unless the first segment has a side file of this recording.
pub fn read(input: &Input) -> Option<StoredIndex> {
    let segments = 0..input.segments.len().max(1);
    let mut room = memory::limit().bytes;
    let sides: Vec<SideFile> = segments
        .map_while(|segment| read_segment(input, segment, &mut room))
        .collect();
    let matches = sides.first()?.first == first_number(input);
    let (marks, events) = sides.last().map(|last| (last.marks.clone(), last.events))?;
    let states = States::from_side_files(sides).filter(|_| matches)?;
    Some(StoredIndex {
        states,
        marks,
        events,
    })
}

/// Reads a side file unless it is larger than `room` bytes, which it reduces.
fn read_segment(input: &Input, segment: usize, room: &mut u64) -> Option<SideFile> {
    let recording = input.path_of(segment);
    let path = segments::side_file_path(recording);
    let mut read = || -> io::Result<Option<SideFile>> {
        let recording = File::open(recording)?;
        match open(&path, &recording)? {
            Some(side) => {
                *room = room
                    .checked_sub(side.metadata()?.len())
                    .ok_or_else(|| io::Error::other("it is larger than --memory"))?;
                SideFile::read(side, recording, segment)
            }
            None => Ok(None),
        }
    };
    match read() {
        Ok(side) => side,
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => {
            log::info!("{} is not used: {error}", file_name(&path));
            None
        }
    }
}

/// Opens a side file. Returns `None` if it is not a regular file, or if its owner
/// could not have written the recording, since it could contain anything.
fn open(path: &Path, recording: &File) -> io::Result<Option<File>> {
    // Opening a pipe in its place must not block.
    let flags = (OFlags::NONBLOCK | OFlags::NOFOLLOW).bits().cast_signed();
    let mut options = File::options();
    options.read(true).custom_flags(flags);
    let side = options.open(path)?;
    let metadata = side.metadata()?;
    // SAFETY: geteuid has no arguments and cannot fail.
    let own = unsafe { libc::geteuid() };
    let trusted = [0, own, recording.metadata()?.uid()];
    let good = metadata.is_file() && trusted.contains(&metadata.uid());
    Ok(good.then_some(side))
}

/// Returns the number of the segment that the input begins with.
fn first_number(input: &Input) -> u64 {
    let first = input.segments.first().and_then(|head| head.segment());
    first.map_or(0, |segment| segment.number)
}

/// Writes the results of a pass to the side files of an input.
pub fn write(input: &Input, pass: &IndexPass<replay::Bytes>, retention: Retention) -> Result<()> {
    let last = input.segments.len().saturating_sub(1);
    for segment in 0..=last {
        let is_here = |place: &StatePlace| match place {
            StatePlace::Chain(position) => position.part() == segment,
            StatePlace::Live { .. } => false,
        };
        let states = pass.states().iter().filter(|state| is_here(&state.place));
        let side = SideFile {
            states: states.cloned().collect(),
            retention,
            first: first_number(input),
            events: pass.events(),
            marks: match segment == last {
                true => pass.marks().to_vec(),
                false => Vec::new(),
            },
        };
        write_segment(input.path_of(segment), &side)?;
    }
    Ok(())
}

fn write_segment(recording: &Path, side: &SideFile) -> Result<()> {
    let index = Index::load(File::open(recording)?)?;
    let Some(of) = Fingerprint::of(File::open(recording)?, &index.entries)? else {
        return Ok(());
    };
    let path = segments::side_file_path(recording);
    let put = || -> io::Result<()> {
        let name = path.file_name().unwrap_or_default();
        let folder = path.parent().unwrap_or(Path::new(""));
        let folder = Folder::open(folder, Trust::Invoker)?;
        if let Ok(old) = folder.entry(name) {
            folder.check_owner(&old)?;
        }
        folder.replace(name, |file| file.write_all(&side.to_bytes(&of)))?;
        Ok(())
    };
    put().with_context(|| format!("{} cannot be written", file_name(&path)))
}
