//! Event density over time, estimated from the index.

use crate::recording::{IndexEntry, Span};

/// Returns the estimated number of events in each of `parts` equal parts of the span. The
/// events of a block are assumed to be spread evenly over the span of the block.
pub fn density(entries: &[IndexEntry], span: Option<Span>, parts: usize) -> Vec<u64> {
    let mut counts = vec![0.0; parts];
    let Some(Span { earliest, latest }) = span.filter(|_| parts > 0) else {
        return vec![0; parts];
    };
    let width = ((latest - earliest) as f64 / parts as f64).max(1.0);
    for entry in entries {
        let from = (entry.span.earliest - earliest) as f64 / width;
        let until = ((entry.span.latest - earliest) as f64 / width).max(from + 1e-9);
        let last = parts - 1;
        let (first_part, last_part) = ((from as usize).min(last), (until as usize).min(last));
        for (part, count) in counts
            .iter_mut()
            .enumerate()
            .take(last_part + 1)
            .skip(first_part)
        {
            let begin = if part == first_part {
                from
            } else {
                part as f64
            };
            let end = if part == last_part {
                until
            } else {
                part as f64 + 1.0
            };
            *count += f64::from(entry.events) * (end - begin) / (until - from);
        }
    }
    counts
        .into_iter()
        .map(|count| count.round() as u64)
        .collect()
}
