//! Any files in the directory of a flight recorder: segments, side files, links, pipes,
//! directories, a lock. The input repeats a kind, a name, a length (u16) and as many bytes.

#![no_main]

use std::{
    fs::{self, File},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use libfuzzer_sys::fuzz_target;
use tracer::{
    event::{Event, Segment},
    model::{Model, Retention, presence_snapshot},
    playback::{Fingerprint, IndexPass, Place, Playback, SideFile, StateSpacing, States},
    recording::{Chain, ChainPart, Index, PartSource, Span, open_regular, segments},
};
use tracer_fuzz::NoStage;

/// Most files in a directory.
const FILES: usize = 12;

/// A directory in memory, removed when this is dropped.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fuzz_target!(|input: &[u8]| {
    let dir = Path::new("/dev/shm").join(format!("tracer-fuzz-{}", std::process::id()));
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir(&dir).expect("there is memory");
    let folder = Folder(dir);
    fill(&folder.0, input);
    let listing = segments::list(&folder.0).expect("the directory exists");
    assert!(listing.segments.is_sorted());
    segments::is_locked(&folder.0);
    let paths: Vec<_> = listing.segments.into_iter().map(|it| it.path).collect();
    let events = play(&paths);
    seek(&paths);
    // Beside the directory, nothing was created.
    assert!(!Path::new("/dev/shm/tracer-fuzz-outside").exists());
    tracer_fuzz::assert_comes_back(&events);
});

/// Creates the files of the input.
fn fill(dir: &Path, mut input: &[u8]) {
    for _ in 0..FILES {
        let Some((&[kind, name, low, high], rest)) = input.split_first_chunk() else {
            break;
        };
        let length = usize::from(u16::from_le_bytes([low, high])).min(rest.len());
        let (bytes, rest) = rest.split_at(length);
        input = rest;
        let segment = dir.join(format!("{:06}-20260101T000000Z.trace", name & 7));
        let side = segments::side_file_path(&segment);
        let path = match name >> 3 {
            0..=20 => segment,
            21..=28 => side,
            29 => dir.join(segments::LOCK),
            30 => dir.join(format!("{}-x.trace", u64::MAX)),
            _ => dir.join(String::from_utf8_lossy(bytes).replace(['/', '\0'], "_")),
        };
        // Nothing is written through a link.
        if path.symlink_metadata().is_ok() {
            continue;
        }
        // What cannot be created is not there.
        let _ = match kind % 8 {
            0..=2 => fs::write(path, tracer_fuzz::forge(bytes)),
            3 => fs::write(path, bytes),
            4 => fs::create_dir(path),
            5 => symlink("/dev/shm/tracer-fuzz-outside", path),
            6 => symlink(".", path),
            _ => File::create(path).map(|file| file.set_len(u64::from(name) << 20).unwrap_or(())),
        };
    }
}

fn parts(paths: &[PathBuf]) -> Vec<ChainPart<File>> {
    let parts = paths.iter().enumerate().map(|(number, path)| {
        let path = path.clone();
        ChainPart {
            open: PartSource::Reopen(Box::new(move || open_regular(&path))),
            segment: Some(Segment {
                number: number as u64,
                ..Segment::default()
            }),
            realtime_offset: None,
            at: 0,
        }
    });
    parts.collect()
}

/// Reads the segments as one stream. Returns its events.
fn play(paths: &[PathBuf]) -> Vec<Event> {
    let Ok(chain) = Chain::open(parts(paths)) else {
        return Vec::new();
    };
    let mut chain = chain.with_gap_repair(presence_snapshot);
    let mut model = Model::default();
    let mut events = Vec::new();
    while let Ok(Some(event)) = chain.next_event() {
        model.apply(&event);
        events.push(event);
    }
    events
}

/// Indexes the segments, and seeks with the side files that are there and with new ones.
fn seek(paths: &[PathBuf]) {
    let retention = Retention::default();
    let sides = paths.iter().enumerate().map_while(|(part, path)| {
        let side = open_regular(&segments::side_file_path(path)).ok()?;
        SideFile::read(side, open_regular(path).ok()?, part).ok()?
    });
    let found = States::from_side_files(sides);
    let made = Chain::open(parts(paths)).ok().and_then(|chain| {
        let span = Span {
            earliest: 0,
            latest: 0,
        };
        let pass = IndexPass::new(chain.with_gap_repair(presence_snapshot), span, retention);
        let mut pass = pass.spaced(StateSpacing::new(1, 0));
        while pass.advance(16).ok()? {}
        Some(pass.states().clone())
    });
    for path in paths {
        let index = open_regular(path).map(Index::load);
        if let (Ok(Ok(index)), Ok(file)) = (index, open_regular(path)) {
            let _ = Fingerprint::of(file, &index.entries);
        }
    }
    for states in found.into_iter().chain(made) {
        let Ok(mut playback) = Playback::open_parts(parts(paths), false) else {
            return;
        };
        playback.set_states(states);
        let middle = playback.events() / 2;
        for place in [Place::End, Place::Event(middle), Place::Beginning] {
            let _ = playback.seek(place, &mut NoStage);
        }
    }
}
