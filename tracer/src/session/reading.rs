//! Reading a recording from one end to the other, with a bar if it takes long,
//! and a word about what was wrong with it.

use std::path::Path;

use anyhow::{Context as _, Result};

use super::{progress::Progress, story::Story, window::Window};
use crate::{
    event::Event,
    recording::{Ending, PartReport},
};

/// Reads a recording to its end and says what is wrong with it, if anything
/// is: that is no reason not to take the rest. Gives whether that was all that
/// was written.
pub fn read(path: &Path, take: impl FnMut(Event) -> Result<()>) -> Result<bool> {
    read_story(&Story::find(path, &Window::default())?, take)
}

/// The same of what was found already.
pub fn read_story(story: &Story, mut take: impl FnMut(Event) -> Result<()>) -> Result<bool> {
    let cannot = || format!("{} cannot be replayed", story.path.display());
    let (mut chain, length) = story.chain()?;
    let mut progress = Progress::new("reading", &story.path, length);
    let (mut part, mut before) = (0, 0);
    while let Some(event) = chain.next_event().with_context(cannot)? {
        take(event)?;
        let (now, offset) = chain.place();
        if now != part {
            before += story.length_of(part);
            part = now;
        }
        progress.step(before + offset);
    }
    drop(progress);
    let mut complete = true;
    for (part, account) in chain.part_reports() {
        say_what_is_wrong(story.path_of(part), &account);
        complete &= account.is_complete();
    }
    Ok(complete)
}

fn say_what_is_wrong(path: &Path, account: &PartReport) {
    let path = path.display();
    if let Some(why) = &account.refused {
        eprintln!("tracer: {path}: {why}");
    }
    for damage in &account.damage {
        eprintln!("tracer: {path}: {damage}");
    }
    let unknown = account.unknown;
    if unknown.events + unknown.blocks > 0 {
        eprintln!(
            "tracer: {path}: {} events and {} blocks are of a kind that this version does not know",
            unknown.events, unknown.blocks
        );
    }
    if let Some(Ending::Torn { offset, bytes }) = account.ending {
        eprintln!(
            "tracer: {path}: ends without its end mark at offset {offset}: the recorder was \
             killed, is still at work, or the file was cut ({bytes} bytes at the end are \
             unreadable)"
        );
    }
}
