//! `tracer live`: the kernel's events in the dashboard, or a report at the end if
//! that is asked for or standard output is not a terminal.

use std::{io::IsTerminal as _, time::Duration};

use anyhow::{Result, ensure};

use crate::{
    filter::Filter,
    model::Retention,
    session::{
        console::{exit::Exit, report::Report},
        display::{appearance::Appearance, frontend::Frontend},
        recorder::target::{Save, Target},
        trace::pump::{Plan, trace},
    },
    source::live::Options,
};

const NO_COMMAND: &str = "command() in the filter stands for the command of `tracer record FILE -- CMD`, \
     and `tracer live` runs none: name its processes, for example tree(make)";

/// Options of `tracer live`.
pub struct Live {
    /// Options of the kernel source.
    pub kernel: Options,
    /// File to record to.
    pub save: Option<Save>,
    /// Maximum duration of the trace.
    pub limit: Option<Duration>,
    /// Report to print at the end instead of the dashboard.
    pub report: Option<Report>,
    /// Number of exited processes to retain.
    pub retention: Retention,
    /// True to keep the past, so that the dashboard can go back to it.
    pub past: bool,
    /// Filter for the processes shown.
    pub filter: Option<Filter>,
    /// Appearance of the dashboard.
    pub appearance: Appearance,
}

/// Traces until the user quits, a signal arrives, or the limit has passed.
pub fn live(live: Live) -> Result<Exit> {
    if let Some(filter) = &live.filter {
        ensure!(!filter.needs_command(), NO_COMMAND);
    }
    let frontend = match live.report {
        Some(report) => Frontend::report(live.retention, report, live.filter),
        None if !std::io::stdout().is_terminal() => {
            Frontend::report(live.retention, Report::default(), live.filter)
        }
        None => Frontend::live_dashboard(live.retention, live.filter, &live.appearance),
    };
    let plan = Plan {
        kernel: live.kernel,
        save: live.save.map(Target::File),
        limit: live.limit,
        history: live.past,
        command: None,
        account: None,
    };
    trace(plan, frontend)
}
