//! Reading a recording from one end to the other, with a bar if it takes long,
//! and a word about what was wrong with it.

use std::path::Path;

use anyhow::Result;

use super::progress::Progress;
use crate::{event::Event, recording::Ending, source::replay::Replay};

/// Reads a recording to its end and says what is wrong with it, if anything
/// is: that is no reason not to take the rest.
pub fn read(path: &Path, mut take: impl FnMut(Event) -> Result<()>) -> Result<()> {
    let mut source = Replay::open(path)?;
    let mut progress = Progress::new("reading", path, source.length());
    while let Some(event) = source.next_event()? {
        take(event)?;
        progress.step(source.reader().offset());
    }
    drop(progress);
    say_what_is_wrong(path, &source);
    Ok(())
}

fn say_what_is_wrong(path: &Path, source: &Replay) {
    let path = path.display();
    let reader = source.reader();
    for damage in reader.damage() {
        eprintln!("tracer: {path}: {damage}");
    }
    let unknown = reader.unknown();
    if unknown.events + unknown.blocks > 0 {
        eprintln!(
            "tracer: {path}: {} events and {} blocks are of a kind that this version does not know",
            unknown.events, unknown.blocks
        );
    }
    if let Some(Ending::Torn { offset, bytes }) = reader.ending() {
        eprintln!(
            "tracer: {path}: ends without its end mark at offset {offset}: the recorder was \
             killed, is still at work, or the file was cut ({bytes} bytes at the end are \
             unreadable)"
        );
    }
}
