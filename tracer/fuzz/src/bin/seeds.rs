//! Writes the seeds of the fuzz targets: the recordings of every version, their blocks, a
//! storm with checkpoints and records, and a record of each kind.
//!
//! Usage: seeds DIRECTORY

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
};

use tracer::{
    model::Model,
    playback::EventSelection,
    recording::{Effort, Reader, RecordBlock, Writer},
    records::Sink as _,
};
use tracer_common::wire::Kind;
use tracer_fuzz::{CLAIM, OLD};

#[path = "../../../tests/support/storm.rs"]
mod storm;

/// Kind of the blocks of a checkpoint (docs/recording-format.md).
const CHECKPOINT: u8 = 4;

/// Size of a seed record, bytes: more than any record of the ring buffer without texts.
const RECORD: usize = 1024;

fn main() -> Result<(), Box<dyn Error>> {
    let to = PathBuf::from(std::env::args_os().nth(1).ok_or("which directory?")?);
    let goldens = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/recordings");
    let mut recordings = vec![("storm".into(), storm()?)];
    for file in fs::read_dir(goldens)? {
        let path = file?.path();
        if path.extension().is_some_and(|it| it == "tracer") {
            let name = path.file_stem().unwrap_or_default().to_os_string();
            recordings.push((name, fs::read(path)?));
        }
    }
    for (name, recording) in &recordings {
        put(&to, "recording", name.as_ref(), recording)?;
        let claims = tracer_fuzz::claims(recording);
        put(&to, "blocks", name.as_ref(), &claims)?;
        put(&to, "story", name.as_ref(), &claims)?;
        put(&to, "state", name.as_ref(), &state(recording, &claims))?;
        put(&to, "folder", name.as_ref(), &folder(&claims))?;
        put(&to, "checkpoint", name.as_ref(), &around_a_gap(&claims))?;
    }
    for kind in Kind::ALL {
        let mut record = vec![3, *kind as u8];
        record.resize(RECORD, 0);
        put(&to, "ring", format!("{kind:?}").as_ref(), &record)?;
    }
    Ok(())
}

/// Returns the saved model after a recording, followed by the recording.
fn state(recording: &[u8], claims: &[u8]) -> Vec<u8> {
    let mut model = Model::default();
    if let Ok(reader) = Reader::new(recording) {
        // A state must be short enough for a seed.
        let some = reader.map_while(Result::ok).take(200);
        some.for_each(|event| model.apply(&event));
    }
    let state = model.save();
    let length = u16::try_from(state.len()).unwrap_or(u16::MAX);
    [&length.to_le_bytes()[..], &state, claims].concat()
}

/// Returns a directory of two segments, a side file, a link and a lock.
fn folder(claims: &[u8]) -> Vec<u8> {
    let length = claims.len().min(usize::from(u16::MAX));
    let mut input = Vec::new();
    for (kind, name, bytes) in [
        (0, 1, &claims[..length]),
        (0, 2, &claims[..length]),
        (3, 21 << 3 | 1, &b"\x89trcidx\n"[..]),
        (5, 3, &[]),
        (3, 29 << 3, &[]),
    ] {
        input.extend([kind, name]);
        input.extend((bytes.len() as u16).to_le_bytes());
        input.extend(bytes);
    }
    input
}

/// Returns the first block of a recording, its checkpoints and its other blocks.
fn around_a_gap(claims: &[u8]) -> Vec<u8> {
    let (mut first, mut checkpoints, mut others) = (Vec::new(), Vec::new(), Vec::new());
    let mut rest = claims;
    while let Some((&[kind, _, low, high], payload)) = rest.split_first_chunk::<CLAIM>() {
        let end = CLAIM + usize::from(u16::from_le_bytes([low, high])).min(payload.len());
        let to = match kind & !OLD {
            _ if first.is_empty() => &mut first,
            CHECKPOINT => &mut checkpoints,
            _ => &mut others,
        };
        to.extend(&rest[..end]);
        rest = &rest[end..];
    }
    [first, checkpoints, others].concat()
}

fn put(to: &Path, target: &str, name: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let directory = to.join(target);
    fs::create_dir_all(&directory)?;
    fs::write(directory.join(name), bytes)
}

/// Returns a small recording of some processes, in blocks that fit a seed.
fn storm() -> std::io::Result<Vec<u8>> {
    let mut writer = Writer::new(Vec::new())?;
    let mut selection = EventSelection::default();
    for (number, event) in storm::Storm::default().take(400).enumerate() {
        writer.write(&event)?;
        selection.take(event);
        match number {
            199 => writer.checkpoint(&selection.checkpoint())?,
            number if number % 100 == 0 => writer.flush()?,
            _ => {}
        }
    }
    let mut block = RecordBlock::default();
    for at in 0..3_u64 {
        for kind in Kind::ALL {
            let mut record = vec![0; kind.layout().size];
            record[0] = *kind as u8;
            record[8..16].copy_from_slice(&(1_000_000 * at).to_le_bytes());
            block.record(&record);
        }
        block.end_group();
    }
    writer.write_block(&block, Effort::Normal)?;
    Ok(writer.finish()?.1)
}
