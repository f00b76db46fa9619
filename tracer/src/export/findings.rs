//! The format `findings`: one object per finding of the report, with its kind, the
//! process, a count, the sentence, and the time it began and was last seen.

use std::io::{self, Write};

use super::{
    exporter::{Exporter, ProcessFilter},
    json::{self, WallTime, comm},
    value::{self, ProcessId, object},
};
use crate::{event::Event, model::Model};

/// The exporter of `findings`.
pub struct Findings;

object! {
    /// A condition that a user should know without asking.
    pub struct FindingObject {
        /// Name of the table: `findings`.
        table: &'static str,
        /// Kind: `unreaped`, `left_zombies`, `exiting`, `fork_failed`, `out_of_memory`,
        /// `crashing` or `lost`.
        kind: &'static str,
        /// Process that it is about; null if there are several or none is known.
        process: Option<ProcessId>,
        /// Command name of that process.
        comm: Option<String>,
        /// Number of zombies, failures, deaths, records or times.
        count: u64,
        /// Time it began, ns since boot.
        since_ns: Option<u64>,
        /// Time it began on the wall clock.
        since_time: Option<WallTime>,
        /// Time it was last seen, ns since boot.
        until_ns: Option<u64>,
        /// Time it was last seen on the wall clock.
        until_time: Option<WallTime>,
        /// The finding as a sentence, with names as they are shown on a terminal.
        says: String,
    }
}

impl Exporter for Findings {
    fn event(&mut self, _: &Event, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn end(
        &mut self,
        model: &Model,
        kept: ProcessFilter<'_>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let session = model.session();
        let wall = |at: Option<u64>| at.and_then(|at| WallTime::of(session, at));
        for finding in model.findings(model.now()) {
            if finding.process.is_some_and(|process| !kept(process)) {
                continue;
            }
            let about = finding.process.map(|process| model.process(process));
            let object = FindingObject {
                table: "findings",
                kind: finding.kind.name(),
                process: about
                    .as_ref()
                    .and_then(|process| value::process(process.id)),
                comm: about.and_then(|process| process.known_comm()).map(comm),
                count: finding.count,
                since_ns: finding.since,
                since_time: wall(finding.since),
                until_ns: finding.until,
                until_time: wall(finding.until),
                says: finding.says,
            };
            json::line(&object, out)?;
        }
        Ok(())
    }
}
