//! What happens when a command runs: a source is joined to a model and to
//! whatever shows or keeps it. `live`, `record` and `replay` are three rows of
//! one table:
//!
//! | command | source | tee | shown as |
//! |---|---|---|---|
//! | `live` | the kernel | `--save FILE` | dashboard or report |
//! | `record` | the kernel | the file | status line |
//! | `replay` | a file | | dashboard, report or an exporter |
//! | `info` | a file | | what is in it, and whether it is whole |
//! | `index` | a file | the side file beside it | |
//! | `repair`, `cut`, `merge` | a file, or several | another file | |
//!
//! This is the one place that waits: everything it calls returns at once.

mod anonymize;
mod child;
mod chosen;
mod cut;
mod diagnostics;
mod doctor;
mod effects;
mod errand;
mod filters;
mod growth;
mod home;
mod hooks;
mod index;
mod indexing;
mod info;
mod keeper;
mod keepsake;
mod live;
mod looks;
mod merge;
mod meter;
mod output;
mod past;
mod patience;
mod player;
mod progress;
mod reading;
mod record;
mod recorder;
mod remake;
mod repair;
mod replay;
mod settle;
mod side;
mod spool;
mod status;
mod stop;
mod story;
mod trace;
mod tree;
mod view;
mod when;
mod window;

pub use crate::event::units::{parse_bytes as bytes, parse_duration as duration};
pub use crate::{
    filter::Filter,
    model::Retention,
    report::ReportSection,
    source::live::{FaultMode, Options as KernelOptions, StateMode, Without},
};
pub use cut::{Cut, cut};
pub use diagnostics::init as init_diagnostics;
pub use doctor::{Answer, doctor};
pub use filters::{filter, guide as filters};
pub use index::{Index, index};
pub use info::{Info, info};
pub use keeper::Keeper;
pub use live::{Live, live};
pub use looks::{Colours, Looks, themes};
pub use merge::{Merge, merge};
pub use output::{SUMMARY, objects, parts, print, report_part};
pub use record::{Record, default_file, record};
pub use recorder::{Ring, Save, Target};
pub use repair::{Repair, repair};
pub use replay::{Replay, Shown, replay};
pub use when::When;
pub use window::Window;

/// How a command ended, as an exit code.
pub type Exit = u8;

/// All went well.
pub const OK: Exit = 0;
/// The recording ends before the trace did; what was written can be read.
pub const RECORDING_INCOMPLETE: Exit = 3;
