//! The lifecycle strip of one process: each moment with the kernel's own name
//! for it, when it was, and how long after the last one that is known.

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

/// From this width on moments have a name of ours beside the kernel's.
const NAMES: usize = 70;
/// From this width on whoever had a part in it is named.
const REMARKS: usize = 96;
/// Below this there is no room for the clock.
const CLOCK: usize = 54;

pub fn strip(data: &Data<'_>, key: Key, width: usize) -> Sheet {
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
                let clock =
                    Phrase::of(Tone::Dim, by).and(Tone::Plain, words::clock(data.model, at));
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
            (Known::Unknown(why), _) => line.and(Tone::Warn, words::why(data.model, why)),
        });
    }
    if let Some(lost) = lost(data, key) {
        sheet.text(Phrase::of(Tone::Warn, lost));
    }
    sheet
}

/// What of its story may be missing.
fn lost(data: &Data<'_>, key: Key) -> Option<String> {
    let process = data.model.process(key);
    let end = process.freed_at.or(process.reaped_at).unwrap_or(u64::MAX);
    let within = data.model.gaps().iter();
    let within = within.filter(|gap| gap.until >= process.id.start && gap.since <= end);
    let (gaps, count) = within.fold((0, 0), |(gaps, count), gap| (gaps + 1, count + gap.total()));
    // How many an unreadable stretch of a recording held may be unknown.
    let many = if count > 0 {
        units::count(count)
    } else {
        "some".to_owned()
    };
    (gaps > 0).then(|| format!("{many} records were lost in its time: moments may be missing"))
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
        Moment::Forked => "made",
        Moment::Runnable => "runnable",
        Moment::FirstRan => "first ran",
        Moment::Execed => "last exec",
        Moment::Exited => "exits",
        Moment::Zombie => "zombie",
        Moment::LastSwitch => "last switch",
        Moment::Reaped => "reaped",
        Moment::Freed => "freed",
    }
}

/// The way from the moment before. Moments come from several CPUs, and some of
/// them overtake others: a step may lead back in time, and is shown so.
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

/// Who had a part in it.
fn remark(data: &Data<'_>, key: Key, moment: Moment) -> Phrase {
    let (model, process) = (data.model, data.model.process(key));
    let text = match moment {
        Moment::Forked => process
            .forked_by
            .map(|by| format!("by {}", words::whose(model, by))),
        Moment::Execed => process
            .executions
            .last()
            .map(|execution| execution.exec.filename.to_string()),
        Moment::Exited => {
            return process
                .status
                .map_or(Phrase::new(), |_| words::ending(process, usize::MAX));
        }
        Moment::Zombie => process
            .parent
            .map(|owner| format!("owner {}", words::label(model, owner))),
        Moment::LastSwitch => process
            .last_switch
            .as_ref()
            .map(|(_, switch)| format!("then ran {} {}", switch.next_pid, switch.next_comm)),
        Moment::Reaped => process
            .reaped_by
            .map(|by| format!("by {}", words::whose(model, by))),
        Moment::Runnable | Moment::FirstRan | Moment::Freed => None,
    };
    Phrase::of(Tone::Dim, text.unwrap_or_default())
}
