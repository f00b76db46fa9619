//! The commands: each joins a source to a model and to what shows or saves it.
//!
//! | command | source | recording | output |
//! |---|---|---|---|
//! | `live` | the kernel | `--save FILE` | dashboard or report |
//! | `record` | the kernel | the file | status line |
//! | `replay` | a recording | | dashboard, report or an exporter |
//! | `info` | a recording | | its contents and whether it is whole |
//! | `index` | a recording | side files beside it | |
//! | `repair`, `cut`, `merge` | one recording or several | another file | |
//!
//! The submodules, each of which imports only those before it:
//! `console`, `files`, `input`, `recorder`, `display`, `trace`, `command`.
//!
//! `session` is the only module that waits and the only one that talks to the
//! user. It never prints by itself: notices go to the handler of [`on_notice`].

mod command;
mod console;
mod display;
mod files;
mod input;
mod recorder;
mod trace;

pub use crate::{
    confinement::{Measures, enable as enable_confinement},
    event::{
        escaped_lines, file_name,
        units::{parse_bytes as bytes, parse_duration as duration},
    },
    filter::Filter,
    model::Retention,
    report::{ReportSection, Rows},
    source::live::{ArgumentBudget, DeniedHooks, FaultMode, Options as KernelOptions, StateMode},
};
pub use command::{
    cut::{Cut, cut},
    doctor::{Answer, doctor},
    filters::{filter, guide as filters},
    index::{Index, index},
    info::{Info, info},
    live::{Live, live},
    merge::{Merge, merge},
    record::{Record, default_file, record},
    repair::{Repair, repair},
    replay::{Replay, Shown, replay},
};
pub use console::{
    diagnostics::init as init_diagnostics,
    exit::{Exit, OK, RECORDING_INCOMPLETE},
    file_size_limit::fail_writes_beyond as fail_writes_beyond_file_size_limit,
    notice::{notify, on_notice},
    output::print,
    report::{Report, SUMMARY, parts, report_sections},
    time_zone::use_local_time,
};
pub use display::appearance::{Appearance, Colours, themes};
pub use input::{
    memory::allow_memory,
    subtree::{Family, Members, Subtree},
    when::When,
    window::Window,
};
pub use recorder::target::{FlightRecorder, Save, Target, Trust};
pub use trace::account::RunAs;
