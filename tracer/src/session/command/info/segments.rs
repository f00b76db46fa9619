//! `tracer info DIR`: the segments of a flight recorder, the traces they belong to,
//! and whether all of them can be read.

use std::{path::Path, time::Duration};

use anyhow::{Result, ensure};

use crate::{
    event::{Segment, file_name, unicode, units},
    export,
    recording::{Survey, is_being_written, segments},
    session::{
        console::{
            exit::{Exit, OK, RECORDING_INCOMPLETE},
            output,
            progress::Progress,
            time_zone::zone,
        },
        input::directory::Directory,
        recorder::ShortenedHistory,
    },
    source::replay::Replay,
};

/// Prints one line or object per segment. The exit code is
/// [`RECORDING_INCOMPLETE`] unless all are whole.
pub fn info(dir: &Path, json: bool) -> Result<Exit> {
    let Directory { traces, unreadable } = Directory::read(dir)?;
    ensure!(
        !traces.is_empty() || !unreadable.is_empty(),
        "{} is a directory without segments, as `tracer record --ring` writes them",
        file_name(dir)
    );
    let (mut all_whole, mut bytes, mut lines, mut objects) = (true, 0, String::new(), Vec::new());
    let mut latest_event = 0;
    for (number, trace) in traces.iter().enumerate() {
        let mut before = None;
        for head in trace {
            let here = head.segment();
            if let Some(segments) = missing_segments(before, here) {
                all_whole = false;
                if json {
                    objects.push(export::missing_json(segments));
                } else {
                    let trace = number + 1;
                    let says = match segments {
                        1 => "a segment is missing here, or cannot be read".to_owned(),
                        _ => format!("{segments} segments are missing here, or cannot be read"),
                    };
                    lines.push_str(&format!("{trace:>5}  {says}\n"));
                }
            }
            let mut source = Replay::open(&head.path)?;
            let mut progress = Progress::new("checking", &head.path, source.length());
            let survey = source.survey(|position| progress.step(position))?;
            drop(progress);
            before = here;
            let written = is_being_written(&head.path) == Some(true);
            all_whole &= survey.is_whole()
                || (written && survey.damage.is_empty() && survey.trailing.is_none());
            let size = survey.tally.all().stored;
            bytes += size;
            latest_event = survey.span.map_or(0, |span| span.latest);
            if json {
                objects.push(export::survey_json(
                    &unicode(head.path.as_os_str().as_encoded_bytes()),
                    &survey,
                ));
                continue;
            }
            let name = head.path.file_name().unwrap_or_default();
            let name = file_name(name);
            let state = state(&survey, written);
            lines.push_str(&format!(
                "{:>5}  {name:<30}  {:>8}  {:>10} events  {:>9}  {state}\n",
                number + 1,
                length(&survey),
                survey.events,
                units::bytes(size),
            ));
        }
    }
    for (path, why) in &unreadable {
        all_whole = false;
        let size = path.metadata().map_or(0, |file| file.len());
        bytes += size;
        if json {
            objects.push(export::unreadable_json(
                &unicode(path.as_os_str().as_encoded_bytes()),
                size,
                why,
            ));
            continue;
        }
        let name = path.file_name().unwrap_or_default();
        let name = file_name(name);
        let size = units::bytes(size);
        lines.push_str(&format!("    ?  {name:<30}  {size:>40}  {why}\n"));
    }
    if json {
        let objects = objects.iter().map(|object| object.trim_end());
        let all = objects.collect::<Vec<_>>().join(",\n");
        output::print(&format!("[{all}]\n"))?;
    } else {
        let segments = unreadable.len() + traces.iter().map(Vec::len).sum::<usize>();
        let latest = traces.last().and_then(|trace| {
            let (first, last) = (trace.first()?, trace.last()?);
            let began = zone().at(last.session().realtime(first.at()));
            let history = shortened(first.segment(), last.segment(), first.at(), latest_event);
            let history = history.map_or_else(String::new, |history| format!(" ({history})"));
            Some(format!(", the latest trace from {began} on{history}"))
        });
        let latest = latest.unwrap_or_default();
        let work = match segments::is_locked(dir) {
            Some(true) => "a recorder is running",
            Some(false) => "no recorder is running",
            None => "it is unknown if a recorder is running",
        };
        output::print(&format!(
            "{}: {segments} segments of {} traces, {}{latest}; {work}\n\n\
             trace  segment\n{lines}",
            file_name(dir),
            traces.len(),
            units::bytes(bytes),
        ))?;
    }
    Ok(if all_whole { OK } else { RECORDING_INCOMPLETE })
}

/// Returns the remark about a trace whose first segments were removed before the age limit,
/// because there was no room for more. The trace holds events from `began` to `latest`.
fn shortened(
    first: Option<Segment>,
    last: Option<Segment>,
    began: u64,
    latest: u64,
) -> Option<ShortenedHistory> {
    let held = Duration::from_nanos(latest.saturating_sub(began));
    let asked = Duration::from_nanos(last?.keep?);
    (first?.number > 0 && held < asked).then_some(ShortenedHistory { held, asked })
}

/// Returns the number of segments missing between two, if any.
fn missing_segments(before: Option<Segment>, segment: Option<Segment>) -> Option<u64> {
    let (before, segment) = before.zip(segment)?;
    let between = segment.number.checked_sub(before.number)?.checked_sub(1)?;
    (between > 0).then_some(between)
}

fn length(survey: &Survey) -> String {
    let span = survey.span.map(|span| span.latest - span.earliest);
    span.map_or_else(|| "empty".to_owned(), units::duration)
}

fn state(survey: &Survey, written: bool) -> &'static str {
    if survey.damage.is_empty() && survey.trailing.is_some() {
        return "bytes that are not read follow its end mark";
    }
    match (survey.damage.is_empty(), survey.is_whole(), written) {
        (false, ..) => "damaged",
        (true, true, _) => "good",
        (true, false, true) => "is being written",
        (true, false, false) => "good, its recorder was killed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_is_shortened_if_its_beginning_was_removed_before_the_age_limit() {
        let segment = |number| {
            Some(Segment {
                number,
                keep: Some(1000),
                ..Segment::default()
            })
        };
        let says = shortened(segment(3), segment(9), 200, 900).map(|it| it.to_string());
        assert_eq!(
            says.unwrap(),
            "keeps 700 ns instead of 1.0 µs: no room for more"
        );
        // Nothing was removed, or it was too old.
        assert_eq!(shortened(segment(0), segment(9), 200, 900), None);
        assert_eq!(shortened(segment(3), segment(9), 200, 1200), None);
        let earlier_version = Some(Segment::default());
        assert_eq!(shortened(segment(3), earlier_version, 200, 900), None);
    }
}
