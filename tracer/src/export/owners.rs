//! The format `owners`: one object per process that owns or owned zombies, with
//! the number of unreaped zombies, the age of the oldest, and the reap latencies of
//! the others. Latencies are available until the owner is evicted.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{
    exporter::{Exporter, ProcessFilter},
    processes_json::reaping_json,
    value,
};
use crate::{
    event::Event,
    model::{Latencies, Model},
};

/// The exporter of `owners`.
pub struct Owners;

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
        for (owner, owned) in model.owners(&model.tally(), model.now()) {
            if owner.is_some_and(|owner| !kept(owner)) {
                continue;
            }
            let process = owner.map(|owner| model.process(owner));
            let object = json!({
                "process": process.map(|process| value::process(process.id)),
                "comm": process.and_then(|process| process.known_comm()).map(value::comm),
                "unreaped": owned.unreaped,
                "oldest_ns": owned.oldest.map(|oldest| oldest.ns),
                "oldest_at_least": owned.oldest.map(|oldest| oldest.at_least),
                "reap_latency": latencies(&owned.reaped),
                "owner": process.map_or(Value::Null, reaping_json),
            });
            value::line(object, out)?;
        }
        Ok(())
    }
}

/// Returns latencies to three significant figures; the maximum is exact.
fn latencies(reaped: &Latencies) -> Value {
    json!({
        "count": reaped.count,
        "p50_ns": reaped.percentile(50),
        "p99_ns": reaped.percentile(99),
        "max_ns": reaped.percentile(100),
    })
}
