//! The format `owners`: one object per process that owns or owned zombies, with
//! the number of unreaped zombies, the age of the oldest, the reap latencies of
//! the others, and those that it left unreaped for a second or longer. Former zombies
//! are listed until the owner is evicted.

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
    model::{Latencies, LeftZombies, Model, ReapKind, Successor, TenureEnd},
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
        /// True if that age is a lower bound: its start was not seen.
        oldest_at_least: Option<bool>,
        /// Number of them that it inherited as zombies.
        inherited: u64,
        /// Number of them that it holds as their tracer (ptrace).
        traced: u64,
        /// Time that the reaped ones had been zombies of this owner.
        reap_latency: Latency,
        /// Zombies that it left unreaped for a second or longer and no longer owns, by
        /// what happened to them.
        left: Vec<Left>,
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
        /// Number of times that are lower bounds, because a start or a reap was not seen.
        inexact: u64,
        /// Number of times of which not even a lower bound is known; the percentiles leave
        /// them out.
        unknown: u64,
    }

    /// Zombies that an owner left unreaped for a second or longer.
    pub struct Left {
        /// Number of zombies.
        count: u64,
        /// Longest time that one had this owner, ns; a lower bound.
        longest_ns_min: u64,
        /// The same as an upper bound; null if there is none.
        longest_ns_max: Option<u64>,
        /// Time at which the first of them became a zombie of this owner, ns since boot.
        since_ns: Option<u64>,
        /// Time at which the last of them ceased to be, ns since boot.
        until_ns: Option<u64>,
        /// The end of that: `reap`, `owner_exit` (its heir became the owner), or `tracer`
        /// (it traced them, and waited or exited: their parent became the owner).
        ended_by: &'static str,
        /// How they were reaped in the end: `wait`, `owner_exit` (the exit of an owner that
        /// never waited) or `unseen`; null if they are still zombies.
        reaped_how: Option<&'static str>,
        /// The process that reaped them or owns them now; null if there are several or
        /// none is known.
        successor: Option<ProcessId>,
        /// Command name of that process.
        successor_comm: Option<String>,
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
                process: process
                    .as_ref()
                    .and_then(|process| value::process(process.id)),
                comm: process.as_ref().and_then(|it| it.known_comm()).map(comm),
                unreaped: owned.unreaped,
                oldest_ns: owned.oldest.map(|oldest| oldest.min),
                oldest_at_least: owned.oldest.map(|oldest| oldest.exact().is_none()),
                inherited: owned.inherited,
                traced: owned.traced,
                reap_latency: latencies(&owned.former.reaped),
                left: owned.former.left.iter().map(left).collect(),
                owner: process.as_deref().and_then(owner),
            };
            json::line(&object, out)?;
        }
        Ok(())
    }
}

fn left((&end, left): (&TenureEnd, &LeftZombies)) -> Left {
    let successor = match left.successor {
        Successor::One(id, comm) => Some((id, comm)),
        Successor::Several | Successor::Unknown => None,
    };
    Left {
        count: left.times.count,
        longest_ns_min: left.longest.min,
        longest_ns_max: left.longest.max,
        since_ns: left.times.span.map(|(since, _)| since),
        until_ns: left.times.span.map(|(_, until)| until),
        ended_by: end.name(),
        reaped_how: end.reaped().map(ReapKind::name),
        successor: successor.and_then(|(id, _)| value::process(id)),
        successor_comm: successor.and_then(|(_, name)| name).map(comm),
    }
}

fn latencies(reaped: &Latencies) -> Latency {
    Latency {
        count: reaped.count,
        p50_ns: reaped.percentile(50),
        p99_ns: reaped.percentile(99),
        max_ns: reaped.percentile(100),
        inexact: reaped.inexact,
        unknown: reaped.unknown,
    }
}
