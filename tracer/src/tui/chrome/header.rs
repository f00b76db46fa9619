//! The header: what is shown, whether it is complete, and current rates.

use crate::{
    event::{escaped, units},
    model::{GapSpan, StreamEnd},
    tui::{
        state::data::{Data, Mode},
        state::stream::Stream,
        style::phrase::{Phrase, Tone},
        text::words,
        widget::{canvas::Canvas, gauge::GAUGES},
    },
};

/// From this width on, nothing is abbreviated.
const ROOMY: u16 = 110;

/// Draws the header; on a small screen only badge, population, losses and the clock.
pub fn draw(stream: &Stream, data: &Data<'_>, canvas: &mut Canvas<'_>) {
    let width = canvas.width();
    if canvas.height() < 3 {
        let badge = badge(stream, data).and(Tone::Plain, " ");
        let room = usize::from(width).saturating_sub(badge.width() + 10);
        let line = badge.joined(population(data, room)).and(Tone::Plain, " ");
        let line = line.joined(lost(data)).and(Tone::Plain, " ");
        canvas.put(0, 0, width, &line);
        let room = usize::from(width).saturating_sub(line.width());
        canvas.put_right(0, 0, width, &times(data, room, false));
        return;
    }
    let roomy = width >= ROOMY;
    let trust = trust(data, roomy).and(Tone::Plain, " ");
    let room = width.saturating_sub(trust.width() as u16 + 2);
    let badge = badge(stream, data);
    let left = usize::from(room).saturating_sub(badge.width());
    let scene = scene(stream, data, left, roomy);
    canvas.put(0, 0, room, &badge.joined(scene));
    canvas.put_right(0, 0, width, &trust);

    let third = width / 3;
    for (place, gauge) in (0..).zip(&GAUGES) {
        let mut cell = canvas.part(place % 3 * third, 1 + place / 3, third, 1);
        gauge.draw(data, &mut cell);
    }
    let room = width - 2 * third;
    let population = population(data, usize::from(room) - 1);
    canvas
        .part(2 * third, 2, room, 1)
        .put(1, 0, room, &population);
}

fn badge(stream: &Stream, data: &Data<'_>) -> Phrase {
    let mode = match stream.mode() {
        Mode::Live => Phrase::of(Tone::Live, " LIVE "),
        Mode::Replay { .. } => Phrase::of(Tone::Replay, " REPLAY "),
    };
    let at_end = stream
        .playhead()
        .is_none_or(|playhead| playhead.is_at_end() && !playhead.growing);
    let cut_short = !data.live && at_end && data.model.end() == StreamEnd::None;
    let mode = if cut_short {
        mode.and(Tone::Warn, " cut short")
    } else {
        mode
    };
    if stream
        .playhead()
        .is_some_and(|playhead| playhead.seeking && !playhead.playing)
    {
        // What is shown is on the way to the place that was asked for.
        return Phrase::of(Tone::Paused, " SEEKING ");
    }
    if stream.is_in_the_past() {
        return Phrase::of(Tone::Replay, " PAST ");
    }
    match stream.behind() {
        Some(0) => Phrase::of(Tone::Paused, " PAUSED "),
        Some(events) => Phrase::of(Tone::Paused, format!(" PAUSED +{} ", units::count(events))),
        None => mode,
    }
}

/// Returns file, host, time span and kernel, as far as they fit.
fn scene(stream: &Stream, data: &Data<'_>, room: usize, roomy: bool) -> Phrase {
    let mut phrase = Phrase::plain(" ");
    if let Mode::Replay { file } = stream.mode() {
        phrase.push(Tone::Strong, format!(" {}", escaped(file.as_bytes())));
    }
    if let Some(session) = data.model.session() {
        phrase.push(Tone::Strong, format!(" {}", session.hostname));
    }
    let began = data.model.began();
    let span = units::duration(data.now.saturating_sub(began));
    if data.model.totals().events == 0 {
        return phrase.and(Tone::Dim, "  waiting for the first event");
    }
    let phrase = phrase.and(Tone::Plain, format!("  {span}"));
    let room = room.saturating_sub(phrase.width());
    phrase.joined(times(data, room, roomy))
}

/// Returns the time span with the zone of all times, and the kernel, as far as they fit.
fn times(data: &Data<'_>, room: usize, roomy: bool) -> Phrase {
    let Some(session) = data.model.session() else {
        return Phrase::new();
    };
    let [began, now] = [data.model.began(), data.now].map(|at| session.realtime(at));
    let here = data.zone.at(now);
    let (clock, offset) = (here.clock(0), here.offset());
    let span = data.zone.span(began, now, 0);
    let release = session.kernel_release.to_string();
    let texts = [
        roomy.then(|| format!("{span}  Linux {release}")),
        roomy.then(|| span.clone()),
        (!data.live).then(|| format!("{} {clock} {offset}", here.date())),
        Some(format!("{clock} {offset}")),
        Some(offset.to_string()),
    ];
    let texts = texts.into_iter().flatten();
    let mut texts = texts.map(|text| Phrase::of(Tone::Dim, format!("  {text}")));
    let fits = |text: &Phrase| text.width() <= room;
    texts.find(fits).unwrap_or_default()
}

fn lost(data: &Data<'_>) -> Phrase {
    // The number of events in an unreadable part of a recording may be unknown.
    let unknown = data.model.gaps().iter().any(GapSpan::has_unknown_size);
    match (data.model.totals().lost, unknown) {
        (0, false) => Phrase::of(Tone::Good, "lost 0"),
        (0, true) => Phrase::of(Tone::Alert, " lost ? "),
        (lost, false) => Phrase::of(Tone::Alert, format!(" lost {} ", units::count(lost))),
        (lost, true) => Phrase::of(Tone::Alert, format!(" lost {}+? ", units::count(lost))),
    }
}

/// Returns lost records, hooks, and the cost of tracer itself.
fn trust(data: &Data<'_>, roomy: bool) -> Phrase {
    let mut phrase = lost(data);
    if let Some(session) = data.model.session() {
        let hooks = &session.hooks;
        let served = hooks.iter().filter(|hook| hook.hook.is_some()).count();
        let reduced = hooks
            .iter()
            .filter(|hook| hook.hook.is_some() && !hook.loses.is_empty());
        let tone = if served < hooks.len() {
            Tone::Warn
        } else {
            Tone::Good
        };
        phrase.push(tone, format!("  hooks {served}/{}", hooks.len()));
        match reduced.count() {
            0 => {}
            reduced if roomy => phrase.push(Tone::Warn, format!(", {reduced} reduced")),
            reduced => phrase.push(Tone::Warn, format!(" {}{reduced}", data.glyphs.exiting)),
        }
    }
    if let Some(own) = data.own {
        // At half full, a burst may soon overrun the buffer.
        let tone = |share: f64| if share > 0.5 { Tone::Bad } else { Tone::Dim };
        if let Some(cpu) = own.cpu {
            phrase.push(tone(cpu), format!("  cpu {}", words::percent(cpu)));
        }
        if let Some(fill) = own.ring_fill {
            phrase.push(tone(fill), format!("  ring {}", words::percent(fill)));
        }
    }
    phrase
}

/// Returns the numbers of processes, in as many words as fit.
fn population(data: &Data<'_>, width: usize) -> Phrase {
    let model = data.model;
    let zombies = model.zombies().len();
    let alive = Phrase::of(Tone::Good, format!("{} ", data.glyphs.alive))
        .and(Tone::Strong, units::count(model.alive() as u64));
    let waiting = |word: &str| {
        let text = format!(
            " {} {}{word} ",
            data.glyphs.zombie,
            units::count(zombies as u64)
        );
        Phrase::of(if zombies > 0 { Tone::Alert } else { Tone::Dim }, text)
    };
    let word = if zombies == 1 { " zombie" } else { " zombies" };
    let exited = format!(
        " {} {} exited",
        data.glyphs.reaped,
        units::count(model.totals().exits)
    );
    let long = alive
        .clone()
        .and(Tone::Dim, " alive  ")
        .joined(waiting(word));
    let longest = long.clone().and(Tone::Dim, exited);
    let short = alive.and(Tone::Plain, " ").joined(waiting(""));
    [longest, long]
        .into_iter()
        .find(|phrase| phrase.width() <= width)
        .unwrap_or(short)
}
