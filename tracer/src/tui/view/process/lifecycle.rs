//! The lifecycle of one process: each moment with the kernel's name for it, its time, and the time
//! since the last known moment.

use crate::{
    event::units,
    model::{Key, Known, Moment},
    tui::{
        state::data::Data,
        style::phrase::{Phrase, Tone},
        text::words,
        widget::page::Sheet,
    },
};

/// From this width on, each moment also has a name of its own.
const NAMES: usize = 70;
/// From this width on, each moment has a remark.
const REMARKS: usize = 96;
/// Below this width there is no room for the clock.
const CLOCK: usize = 54;

/// Returns the section with all moments.
pub fn section(data: &Data<'_>, key: Key, width: usize) -> Sheet {
    let mut sheet = Sheet::new(width);
    sheet.section("LIFE");
    let mut before: Option<u64> = None;
    for moment in Moment::ALL {
        let known = data.model.moment(key, moment);
        let (tone, glyph) = sign(data, known);
        let mut line = Phrase::of(tone, glyph).and(Tone::Plain, " ");
        if width >= NAMES {
            line.push(Tone::Dim, format!("{:<12}", name(moment)));
        }
        line.push(Tone::Plain, format!("{:<25}", moment.kernel_name()));
        sheet.line(match (known, before) {
            (Known::At(at) | Known::By(at), before_this) => {
                let by = if matches!(known, Known::By(_)) {
                    "by "
                } else {
                    ""
                };
                before = Some(at);
                let clock = Phrase::of(Tone::Dim, by).and(Tone::Plain, words::clock(data, at));
                match before_this {
                    Some(_) if width < CLOCK => line.joined(step(data, at, before_this, false)),
                    _ => {
                        let clock = clock.padded(19);
                        let step = step(data, at, before_this, width >= NAMES).padded(19);
                        let line = line.joined(clock).joined(step);
                        if width < REMARKS {
                            line
                        } else {
                            line.joined(remark(data, key, moment))
                        }
                    }
                }
            }
            (Known::NotYet, _) => line.and(Tone::Dim, "not yet"),
            (Known::Never, _) => line.and(Tone::Dim, "never"),
            (Known::Unknown(why), _) => {
                line.and(Tone::Warn, words::unknown_reason(data.model, why))
            }
        });
    }
    if let Some(lost) = lost(data, key) {
        sheet.text(Phrase::of(Tone::Warn, lost));
    }
    sheet
}

/// Returns a warning if records were lost during the process's lifetime.
fn lost(data: &Data<'_>, key: Key) -> Option<String> {
    let process = data.model.process(key);
    let end = process.freed_at.or(process.reaped_at).unwrap_or(u64::MAX);
    let within = data.model.gaps().iter();
    let within = within.filter(|gap| gap.until >= process.id.start && gap.since <= end);
    let (gaps, count) = within.fold((0, 0), |(gaps, count), gap| (gaps + 1, count + gap.total()));
    // The number of events in an unreadable part of a recording may be unknown.
    let lost = match count {
        0 => "some records were".to_owned(),
        1 => "1 record was".to_owned(),
        count => format!("{} records were", units::count(count)),
    };
    (gaps > 0).then(|| format!("{lost} lost during its lifetime: moments may be missing"))
}

fn sign(data: &Data<'_>, known: Known) -> (Tone, &'static str) {
    match known {
        Known::At(_) => (Tone::Good, data.glyphs.alive),
        Known::By(_) => (Tone::Good, data.glyphs.exiting),
        Known::NotYet => (Tone::Faint, data.glyphs.reaped),
        Known::Never => (Tone::Faint, "-"),
        Known::Unknown(_) => (Tone::Warn, data.glyphs.unknown),
    }
}

fn name(moment: Moment) -> &'static str {
    match moment {
        Moment::Forked => "forked",
        Moment::Runnable => "runnable",
        Moment::FirstRan => "first ran",
        Moment::Execed => "last exec",
        Moment::Exited => "exited",
        Moment::Zombie => "zombie",
        Moment::LastSwitch => "last switch",
        Moment::Reaped => "reaped",
        Moment::Freed => "freed",
    }
}

/// Returns the time since the moment before. Moments are recorded on several CPUs and may overtake
/// one another, so a step can be negative.
fn step(data: &Data<'_>, at: u64, before: Option<u64>, bar: bool) -> Phrase {
    let Some(before) = before else {
        return Phrase::new();
    };
    let (sign, time) = if at >= before {
        ('+', at - before)
    } else {
        ('-', before - at)
    };
    let duration = format!("{:>9}", format!("{sign}{}", units::duration(time)));
    let step = Phrase::of(Tone::Accent, duration);
    if !bar {
        return step;
    }
    // One cell for each power of ten from a microsecond on.
    let cells = (time / 1_000)
        .checked_ilog10()
        .map_or(0, |power| power as usize + 1);
    step.and(Tone::Faint, format!(" {}", data.glyphs.bar.repeat(cells)))
}

/// Returns the process or file that had a part in a moment.
fn remark(data: &Data<'_>, key: Key, moment: Moment) -> Phrase {
    let (model, process) = (data.model, data.model.process(key));
    let text = match moment {
        Moment::Forked => process
            .forked_by
            .map(|by| format!("by {}", words::subject(model, by))),
        Moment::Execed => process
            .executions
            .last()
            .map(|execution| execution.exec.filename.to_string()),
        Moment::Exited => {
            return process
                .status
                .map_or(Phrase::new(), |_| words::ending(&process, usize::MAX));
        }
        Moment::Zombie => {
            let first = process.tenures(data.now).next();
            let owner = first.map_or(process.parent, |tenure| tenure.owner);
            owner.map(|owner| format!("owner {}", words::label(model, owner)))
        }
        Moment::LastSwitch => process
            .last_switch
            .as_ref()
            .map(|(_, switch)| format!("then ran {} {}", switch.next_pid, switch.next_comm)),
        Moment::Reaped => process
            .reaped_by
            .map(|by| format!("by {}", words::subject(model, by)))
            .or_else(|| {
                Some(format!(
                    "by the exit of {}",
                    words::releaser(model, &process)?
                ))
            }),
        Moment::Runnable | Moment::FirstRan | Moment::Freed => None,
    };
    Phrase::of(Tone::Dim, text.unwrap_or_default())
}
