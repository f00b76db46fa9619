//! `tracer live`: the kernel in the dashboard; without a terminal, or when
//! asked, a report at the end instead.

use std::{io::IsTerminal as _, time::Duration};

use anyhow::Result;

use super::{
    Exit, KernelOptions, Looks, Retention, Save, Target,
    trace::{Plan, trace},
    view::View,
};
use crate::{filter::Filter, report::ReportSection};

pub struct Live {
    pub kernel: KernelOptions,
    pub save: Option<Save>,
    pub limit: Option<Duration>,
    /// No dashboard: print the report when tracing ends.
    pub report: bool,
    /// A part of it only.
    pub part: Option<&'static ReportSection>,
    /// How much of the past to keep in memory.
    pub retention: Retention,
    /// Keep what the dashboard can go back to.
    pub past: bool,
    /// Which processes are shown; all, if none is given.
    pub filter: Option<Filter>,
    pub looks: Looks,
}

pub fn live(live: Live) -> Result<Exit> {
    let view = if live.report || !std::io::stdout().is_terminal() {
        View::report(live.retention, live.part, live.filter)
    } else {
        View::live_dashboard(live.retention, live.filter, &live.looks)
    };
    let plan = Plan {
        kernel: live.kernel,
        save: live.save.map(Target::File),
        limit: live.limit,
        past: live.past,
        command: None,
    };
    trace(plan, view)
}
