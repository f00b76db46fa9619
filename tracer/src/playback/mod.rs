//! Navigation in recordings: [`Playback`] seeks to times and events, searches for events and
//! plays a recording at some speed. It sends events to a [`Stage`] and keeps nothing of them.
//!
//! A seek starts from a [saved state](States) of the model some way before the target, so that
//! the stage also sees the recent past. Its cost does not depend on the length of the
//! recording. An [`IndexPass`] makes the states; without them a seek plays from the beginning.
//!
//! This module reads through `recording` and saves models of `model`. It must not know what a
//! stage does with the events, nor where files are.

mod chain_index;
mod density;
mod event_selection;
mod index_pass;
mod playhead;
mod search;
mod search_target;
mod seek;
mod side_file;
mod speed;
mod stage;
mod states;
mod timeline_marks;

pub use event_selection::EventSelection;
pub use index_pass::{IndexPass, StateSpacing};
pub use playhead::Playback;
pub use search::{Direction, Search, SearchStep};
pub use search_target::SearchTarget;
pub use seek::LOOK_BACK;
pub use side_file::{Fingerprint, SideFile};
pub use speed::PlaybackSpeed;
pub use stage::{Place, Stage};
pub use states::{BUDGET, SavedState, StatePlace, States};
pub use timeline_marks::TimelineMark;
