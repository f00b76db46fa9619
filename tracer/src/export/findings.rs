//! The format `findings`: one object per finding of the report, with its kind, the
//! process (null if there are several or none is known), a count and the sentence.

use std::io::{self, Write};

use serde_json::json;

use super::{
    exporter::{Exporter, ProcessFilter},
    value,
};
use crate::{event::Event, model::Model};

/// The exporter of `findings`.
pub struct Findings;

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
        for finding in model.findings(model.now()) {
            if finding.process.is_some_and(|process| !kept(process)) {
                continue;
            }
            let about = finding.process.map(|process| model.process(process).id);
            let object = json!({
                "kind": finding.kind.name(),
                "process": about.map(value::process),
                "count": finding.count,
                "says": finding.says,
            });
            value::line(object, out)?;
        }
        Ok(())
    }
}
