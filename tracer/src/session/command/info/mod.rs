//! `tracer info`: the contents of a recording, and whether all of it can be read.

mod segments;

use std::{
    fmt::{self, Write as _},
    path::{Path, PathBuf},
};

use anyhow::Result;

use super::hook_table;
use crate::{
    confinement,
    event::{GapCause, Session, command_line, file_name, unicode, units},
    export,
    recording::{Ending, Survey, block_name},
    session::input::memory,
    session::{
        console::{
            exit::{Exit, OK, RECORDING_INCOMPLETE},
            output,
            progress::Progress,
            time_zone::zone,
        },
        files::rights,
    },
    source::replay::Replay,
};

/// Options of `tracer info`.
pub struct Info {
    /// Recording, or directory of segments; `-` is standard input.
    pub path: PathBuf,
    /// True to print JSON.
    pub json: bool,
}

/// Maximum number of gaps and of damaged places in the text.
const LISTED: usize = 20;

/// Prints the contents of a recording. The exit code is
/// [`RECORDING_INCOMPLETE`] unless it is whole.
pub fn info(info: &Info) -> Result<Exit> {
    confinement::keep(&rights::reader([&info.path]));
    if info.path.is_dir() {
        return segments::info(&info.path, info.json);
    }
    let mut source = Replay::open(&info.path)?.with_memory_limit(memory::limit());
    let mut progress = Progress::new("checking", &info.path, source.length());
    let survey = source.survey(|position| progress.step(position))?;
    drop(progress);
    if info.json {
        let name = unicode(info.path.as_os_str().as_encoded_bytes());
        output::print(&export::survey_json(&name, &survey))?;
    } else {
        let mut text = String::new();
        write_text(&mut text, &info.path, &survey)?;
        output::print(&text)?;
    }
    Ok(if survey.is_whole() {
        OK
    } else {
        RECORDING_INCOMPLETE
    })
}

fn write_text(text: &mut String, path: &Path, survey: &Survey) -> fmt::Result {
    let all = survey.tally.all();
    let row = |name: &str, says: &str| format!("{name:<12}{says}\n");
    let version = match survey.version {
        Some(version) => format!("format version {version}"),
        None => "its header is damaged".to_owned(),
    };
    let name = file_name(path);
    let size = units::bytes(all.stored);
    text.push_str(&row("file", &format!("{name}, {size}, {version}")));
    if let Some(session) = &survey.session {
        text.push_str(&row("made by", &origin(session)));
        let command = command_line(session.command.as_bytes());
        text.push_str(&row("command", &command));
    }
    text.push_str(&row("span", &span(survey)));
    let each = all.stored as f64 / survey.events.max(1) as f64;
    let events = format!("{}, {each:.1} bytes each", survey.events);
    text.push_str(&row("events", &events));
    let blocks = survey.tally.blocks.iter().map(|(&kind, volume)| {
        let name = block_name(kind);
        format!("{} {name} ({})", volume.blocks, units::bytes(volume.stored))
    });
    let blocks: Vec<_> = blocks.collect();
    text.push_str(&row("blocks", &blocks.join(", ")));
    text.push_str(&row("integrity", &integrity(survey)));
    for damage in survey.damage.iter().take(LISTED) {
        text.push_str(&row("", &damage.to_string()));
    }
    more(text, survey.damage.len() as u64)?;
    if survey.unknown.events + survey.unknown.blocks > 0 {
        let says = format!(
            "{} events and {} blocks are from a later version of tracer",
            survey.unknown.events, survey.unknown.blocks
        );
        text.push_str(&row("unknown", &says));
    }
    if let Some(session) = &survey.session {
        text.push_str(&hook_table::table(&session.hooks));
    }
    write_kinds(text, survey)?;
    write_gaps(text, survey)
}

fn origin(session: &Session) -> String {
    format!(
        "tracer {} on {}, Linux {}, {} CPUs",
        session.tracer_version, session.hostname, session.kernel_release, session.cpus,
    )
}

fn span(survey: &Survey) -> String {
    let Some(span) = survey.span else {
        return "empty".to_owned();
    };
    let length = units::duration(span.latest - span.earliest);
    match &survey.session {
        Some(session) => {
            let [began, ended] = [span.earliest, span.latest].map(|at| session.realtime(at));
            format!("{}, {length}", zone().span(began, ended, 3))
        }
        None => length,
    }
}

fn integrity(survey: &Survey) -> String {
    let mut says = match survey.damage.len() {
        0 => "every block is good".to_owned(),
        1 => "1 place is damaged".to_owned(),
        places => format!("{places} places are damaged"),
    };
    match survey.ending {
        Some(Ending::Clean) | None => {}
        Some(Ending::Torn { offset, bytes }) => {
            let _ = write!(
                says,
                "; torn at offset {offset}, followed by {bytes} unreadable bytes: the recorder \
                 was killed or is still running"
            );
        }
    }
    if let Some(trailing) = survey.trailing {
        let _ = write!(says, "; {trailing}");
    }
    let is_torn = matches!(survey.ending, Some(Ending::Torn { .. }));
    if is_torn || !survey.damage.is_empty() {
        says.push_str("; `tracer repair` copies what can be read to a new recording");
    }
    says
}

fn write_kinds(text: &mut String, survey: &Survey) -> fmt::Result {
    let all: u64 = survey.tally.columns.values().sum();
    let share = |bytes: u64| 100.0 * bytes as f64 / all.max(1) as f64;
    writeln!(
        text,
        "\n{:<14}{:>12}  {:>12}  {:>6}",
        "kind", "events", "decompressed", "share"
    )?;
    let bytes_of = |kind: u8| survey.tally.columns.get(&kind).copied().unwrap_or(0);
    let mut write = |name: &str, events: &str, bytes: u64| {
        let (size, share) = (units::bytes(bytes), share(bytes));
        writeln!(text, "{name:<14}{events:>12}  {size:>12}  {share:>5.1}%")
    };
    for &(kind, count) in &survey.kinds {
        write(kind.name(), &count.to_string(), bytes_of(kind as u8))?;
    }
    write("pids, names", "", bytes_of(0))
}

fn write_gaps(text: &mut String, survey: &Survey) -> fmt::Result {
    if survey.gap_count == 0 {
        return writeln!(text, "\nno gaps: nothing was lost while recording");
    }
    writeln!(text, "\ngaps")?;
    for (at, gap) in survey.gaps.iter().take(LISTED) {
        let length = units::duration(at.saturating_sub(gap.since));
        let lost: u64 = gap.lost.iter().map(|lost| lost.count).sum();
        let lost = match gap.cause {
            GapCause::NoRoom => units::plural(lost, "record lost", "records lost"),
            GapCause::Skipped => {
                let lost = units::plural(lost, "record", "records");
                format!("{lost} lost at most: programs were skipped")
            }
            GapCause::OverBudget => {
                let records = units::plural(lost, "record", "records");
                format!("{records} beyond a user's budget")
            }
            GapCause::Unreadable {
                events: Some(events),
            } => units::plural(events, "event unreadable", "events unreadable"),
            GapCause::Unreadable { events: None } => {
                "an unknown number of events unreadable".to_owned()
            }
            GapCause::Untraced => "no tracer was running".to_owned(),
        };
        match survey.session.as_ref().zip(survey.span) {
            Some((session, span)) => {
                let wall = |at| session.realtime(at);
                let covered = (wall(span.earliest), wall(span.latest));
                let since = zone().within(wall(gap.since), covered, 3);
                writeln!(text, "  {since}  {length:>8}  {lost}")?;
            }
            None => writeln!(text, "  {length:>8}  {lost}")?,
        }
    }
    more(text, survey.gap_count)
}

fn more(text: &mut String, count: u64) -> fmt::Result {
    match count.checked_sub(LISTED as u64) {
        None | Some(0) => Ok(()),
        Some(more) => writeln!(text, "  and {more} more"),
    }
}
