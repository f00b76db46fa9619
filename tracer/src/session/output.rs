//! Standard output for reports and exports. A reader that goes away early
//! (`| head`) has had enough: that is no error.

use std::io::{self, BufWriter, Write};

use anyhow::Result;

use super::{Exit, OK};
use crate::{
    filter::Filter,
    model::Model,
    report::{self, ReportSection},
};

/// How wide a report is: the same everywhere, so that it can be compared.
pub const WIDTH: usize = 100;

/// Hands a buffered standard output to `write`.
pub fn to_stdout(write: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let written = write(&mut out).and_then(|()| Ok(out.flush()?));
    // What could not be written must not be tried again on the way out.
    let _ = out.into_parts();
    match written {
        Err(error) if is_broken_pipe(&error) => Ok(()),
        other => other,
    }
}

/// The summary or the part asked for, or the processes that a filter keeps.
pub fn report(model: &Model, part: Option<&ReportSection>, filter: Option<&Filter>) -> String {
    match (part, filter) {
        (_, Some(filter)) => report::filtered(model, filter, WIDTH),
        (None, None) => report::summary(model, WIDTH),
        (Some(part), None) => report::section(model, part, WIDTH),
    }
}

/// What `--report` alone stands for.
pub const SUMMARY: &str = "summary";

/// The part of the report with that name; none: all of the summary.
pub fn report_part(name: &str) -> Result<Option<&'static ReportSection>, String> {
    if name == SUMMARY {
        return Ok(None);
    }
    let part = report::SECTIONS.iter().find(|part| part.name == name);
    part.map(Some).ok_or_else(|| {
        let known: Vec<_> = report::SECTIONS.iter().map(|part| part.name).collect();
        format!(
            "there is no such part of the report (there are: {SUMMARY}, {})",
            known.join(", ")
        )
    })
}

/// The format that says in JSON what a part says: all that is told of processes
/// is in their own objects.
pub fn objects(part: Option<&ReportSection>) -> &'static str {
    match part.map(|part| part.name) {
        Some("findings") => "findings",
        Some("zombies") => "owners",
        _ => "json",
    }
}

/// What the parts are, for help.
pub fn parts() -> String {
    let lines = report::SECTIONS.iter();
    let lines = lines.map(|part| format!("  {:<10} {}\n", part.name, part.help));
    lines.collect()
}

/// Prints text.
pub fn print(text: &str) -> Result<Exit> {
    to_stdout(|out| Ok(out.write_all(text.as_bytes())?))?;
    Ok(OK)
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<io::Error>()
            .is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe)
    })
}
