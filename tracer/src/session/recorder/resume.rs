//! Going on with a trace that another tracer began: its last part is read, from
//! its last checkpoint on, so that what comes now is the same story.

use std::fs::File;

use super::{super::story::Front, Keeper, part::Part, ring::Segments};
use crate::{
    playback::{Place, Playback},
    source::live,
};

/// What an earlier tracer has left.
pub struct Resumed {
    pub keeper: Keeper,
    pub part: Part,
}

/// What the latest tracer in a directory has left; none if it was not of this
/// boot, or cannot be read: a new trace begins then.
pub fn resume(segments: &Segments) -> Option<Resumed> {
    // One that was killed at once leaves a file without a beginning.
    let mut fronts = segments.earlier().map(|path| Front::read(path.to_owned()));
    let front = fronts.find_map(|front| front)?;
    if front.session().boot_id != live::boot_id() {
        return None;
    }
    let part = front.segment()?;
    // The counts of a checkpoint are of the whole trace, and stay so.
    let mut playback = Playback::open(File::open(&front.path).ok()?).ok()?;
    let mut before = Keeper::default();
    playback.go_to(Place::End, &mut before).ok()?;
    // The session that a part begins with is an event of the first only.
    let told = playback.events() - u64::from(part.number > 0).min(playback.events());
    Some(Resumed {
        keeper: before,
        part: Part::after(part, part.events_before + told),
    })
}
