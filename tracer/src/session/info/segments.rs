//! `tracer info DIR`: which segments a flight recorder has left, of which traces,
//! and whether all of them can be read.

use anyhow::{Result, ensure};

use super::{
    super::{Exit, OK, RECORDING_INCOMPLETE, output, progress::Progress, story, story::Holdings},
    Info,
};
use crate::{
    event::{Segment, Utc, escaped, units},
    export,
    recording::{Survey, is_being_written, segments},
    source::replay::Replay,
};

pub fn info(info: &Info) -> Result<Exit> {
    let dir = &info.path;
    let Holdings {
        stories,
        unreadable,
    } = story::holdings(dir)?;
    ensure!(
        !stories.is_empty() || !unreadable.is_empty(),
        "{} is a directory without segments: `tracer record --ring` makes those",
        dir.display()
    );
    let (mut all_whole, mut bytes, mut lines, mut objects) = (true, 0, String::new(), Vec::new());
    for (number, trace) in stories.iter().enumerate() {
        let mut before = None;
        for front in trace {
            let here = front.segment();
            if let Some(segments) = missing(before, here) {
                all_whole = false;
                if info.json {
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
            let mut source = Replay::open(&front.path)?;
            let mut progress = Progress::new("checking", &front.path, source.length());
            let survey = source.survey(|position| progress.step(position))?;
            drop(progress);
            before = here;
            let written = is_being_written(&front.path) == Some(true);
            all_whole &= survey.is_whole() || (written && survey.damage.is_empty());
            let size = survey.tally.all().stored;
            bytes += size;
            if info.json {
                objects.push(export::survey_json(&front.path.to_string_lossy(), &survey));
                continue;
            }
            let name = front.path.file_name().unwrap_or_default();
            let name = escaped(name.to_string_lossy().as_bytes());
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
        if info.json {
            objects.push(export::unreadable_json(&path.to_string_lossy(), size, why));
            continue;
        }
        let name = path.file_name().unwrap_or_default();
        let name = escaped(name.to_string_lossy().as_bytes());
        let size = units::bytes(size);
        lines.push_str(&format!("    ?  {name:<30}  {size:>40}  {why}\n"));
    }
    if info.json {
        let objects = objects.iter().map(|object| object.trim_end());
        let all = objects.collect::<Vec<_>>().join(",\n");
        output::print(&format!("[{all}]\n"))?;
    } else {
        let segments = unreadable.len() + stories.iter().map(Vec::len).sum::<usize>();
        let latest = stories.last().and_then(|trace| {
            let (first, last) = (trace.first()?, trace.last()?);
            let began = Utc(last.session().realtime(first.at()));
            Some(format!(", the latest trace from {began} on"))
        });
        let latest = latest.unwrap_or_default();
        let work = match segments::is_locked(dir) {
            Some(true) => "a recorder is at work",
            Some(false) => "no recorder is at work",
            None => "it is not known whether a recorder is at work",
        };
        output::print(&format!(
            "{}: {segments} segments of {} traces, {}{latest}; {work}\n\n\
             trace  segment\n{lines}",
            escaped(dir.to_string_lossy().as_bytes()),
            stories.len(),
            units::bytes(bytes),
        ))?;
    }
    Ok(if all_whole { OK } else { RECORDING_INCOMPLETE })
}

/// How many segments are missing between two, read or not.
fn missing(before: Option<Segment>, segment: Option<Segment>) -> Option<u64> {
    let (before, segment) = before.zip(segment)?;
    let between = segment.number.checked_sub(before.number + 1)?;
    (between > 0).then_some(between)
}

fn length(survey: &Survey) -> String {
    let span = survey.span.map(|span| span.latest - span.earliest);
    span.map_or_else(|| "empty".to_owned(), units::duration)
}

fn state(survey: &Survey, written: bool) -> &'static str {
    match (survey.damage.is_empty(), survey.is_whole(), written) {
        (false, ..) => "damaged",
        (true, true, _) => "good",
        (true, false, true) => "is being written",
        (true, false, false) => "good, its recorder was killed",
    }
}
