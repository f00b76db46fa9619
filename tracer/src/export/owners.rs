//! The format `owners`: one object per process that owns or owned zombies, with
//! the number of unreaped zombies, the age of the oldest, and the reap latencies of
//! the others. Latencies are available until the owner is evicted.

use std::io::{self, Write};

use super::{
    exporter::{Exporter, ProcessFilter},
    json::{self, comm},
    process_object::Owner,
    processes_json::owner,
    value::{self, ProcessId, object},
};
use crate::{
    event::Event,
    model::{Latencies, Model},
};

/// The exporter of `owners`.
pub struct Owners;

object! {
    /// A process that owns or owned zombies.
    pub struct OwnerObject {
        /// Name of the table: `owners`.
        table: &'static str,
        /// The process; null if it is unknown.
        process: Option<ProcessId>,
        /// Its command name.
        comm: Option<String>,
        /// Number of its children that are zombies now.
        unreaped: u64,
        /// Age of the oldest of them, ns.
        oldest_ns: Option<u64>,
        /// True if that age is a lower bound: it was a zombie already when it was found.
        oldest_at_least: Option<bool>,
        /// Time that the reaped ones had been zombies.
        reap_latency: Latency,
        /// How it handles the exits of its children.
        owner: Option<Owner>,
    }

    /// A distribution of times, to three significant figures; the maximum is exact.
    pub struct Latency {
        /// Number of times.
        count: u64,
        /// Median, ns.
        p50_ns: Option<u64>,
        /// 99th percentile, ns.
        p99_ns: Option<u64>,
        /// Maximum, ns.
        max_ns: Option<u64>,
    }
}

impl Exporter for Owners {
    fn event(&mut self, _: &Event, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn end(
        &mut self,
        model: &Model,
        kept: ProcessFilter<'_>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        for (key, owned) in model.owners(&model.tally(), model.now()) {
            if key.is_some_and(|key| !kept(key)) {
                continue;
            }
            let process = key.map(|key| model.process(key));
            let object = OwnerObject {
                table: "owners",
                process: process.and_then(|process| value::process(process.id)),
                comm: process.and_then(|process| process.known_comm()).map(comm),
                unreaped: owned.unreaped,
                oldest_ns: owned.oldest.map(|oldest| oldest.ns),
                oldest_at_least: owned.oldest.map(|oldest| oldest.at_least),
                reap_latency: latencies(&owned.reaped),
                owner: process.and_then(owner),
            };
            json::line(&object, out)?;
        }
        Ok(())
    }
}

fn latencies(reaped: &Latencies) -> Latency {
    Latency {
        count: reaped.count,
        p50_ns: reaped.percentile(50),
        p99_ns: reaped.percentile(99),
        max_ns: reaped.percentile(100),
    }
}
