//! The top of the screen: what is being looked at, whether it can be trusted,
//! what is going on, and the tabs.

use super::{
    app::{App, Mode},
    canvas::Canvas,
    phrase::{Phrase, Tone},
    theme::Glyphs,
    view::{Data, VIEWS},
    words,
};
use crate::{
    event::{Purpose, escaped, humane},
    model::Second,
};

/// From this width on nothing is abbreviated.
const ROOMY: u16 = 110;

/// How many lines each part of the screen has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heights {
    pub header: u16,
    pub tabs: u16,
    pub body: u16,
    pub footer: u16,
}

impl Heights {
    /// The body comes first where there is little.
    pub fn of(width: u16, height: u16) -> Heights {
        let header = match (width, height) {
            (_, 0..=5) => 0,
            (60.., 16..) => 3,
            _ => 1,
        };
        let tabs = u16::from(height > 3);
        let footer = u16::from(height > 4);
        let body = height.saturating_sub(header + tabs + footer);
        Heights {
            header,
            tabs,
            body,
            footer,
        }
    }
}

pub fn draw(app: &App, data: &Data<'_>, canvas: &mut Canvas<'_>) {
    let width = canvas.width();
    if canvas.height() < 3 {
        let badge = badge(app, data).and(Tone::Plain, " ");
        let room = usize::from(width).saturating_sub(badge.width() + 10);
        let line = badge.joined(population(data, room)).and(Tone::Plain, " ");
        canvas.put(0, 0, width, &line.joined(lost(data)));
        return;
    }
    let roomy = width >= ROOMY;
    let trust = trust(data, roomy).and(Tone::Plain, " ");
    let room = width.saturating_sub(trust.width() as u16 + 2);
    canvas.put(
        0,
        0,
        room,
        &badge(app, data).joined(scene(app, data, roomy)),
    );
    canvas.put_right(0, 0, width, &trust);

    let third = width / 3;
    let gauges = [
        Gauge {
            name: "forks",
            purpose: Purpose::Fork,
            tone: Tone::Good,
            of: |second| second.forks,
        },
        Gauge {
            name: "execs",
            purpose: Purpose::Exec,
            tone: Tone::Accent,
            of: |second| second.execs,
        },
        Gauge {
            name: "exits",
            purpose: Purpose::Exit,
            tone: Tone::Warn,
            of: |second| second.exits,
        },
        Gauge {
            name: "faults",
            purpose: Purpose::Faults,
            tone: Tone::Accent,
            of: |second| second.faults,
        },
        Gauge {
            name: "COW",
            purpose: Purpose::Faults,
            tone: Tone::Accent,
            of: |second| second.write_protect,
        },
    ];
    for (place, gauge) in (0..).zip(&gauges) {
        let mut cell = canvas.part(place % 3 * third, 1 + place / 3, third, 1);
        gauge.draw(data, &mut cell);
    }
    let room = width - 2 * third;
    let population = population(data, usize::from(room) - 1);
    canvas
        .part(2 * third, 2, room, 1)
        .put(1, 0, room, &population);
}

fn badge(app: &App, data: &Data<'_>) -> Phrase {
    let mode = match &app.mode {
        Mode::Live => Phrase::of(Tone::Live, " LIVE "),
        Mode::Replay { .. } => Phrase::of(Tone::Replay, " REPLAY "),
    };
    let cut_short = !data.live && !data.model.ended();
    let mode = if cut_short {
        mode.and(Tone::Warn, " cut short")
    } else {
        mode
    };
    match app.behind() {
        Some(0) => Phrase::of(Tone::Paused, " PAUSED "),
        Some(events) => Phrase::of(Tone::Paused, format!(" PAUSED +{} ", humane::count(events))),
        None => mode,
    }
}

/// Which file, which machine, since when.
fn scene(app: &App, data: &Data<'_>, roomy: bool) -> Phrase {
    let mut phrase = Phrase::plain(" ");
    if let Mode::Replay { file } = &app.mode {
        phrase.push(Tone::Strong, format!(" {}", escaped(file.as_bytes())));
    }
    if let Some(session) = data.model.session() {
        phrase.push(
            Tone::Strong,
            format!(" {}", escaped(session.hostname.as_bytes())),
        );
    }
    let began = data.model.began();
    let span = humane::duration(data.now.saturating_sub(began));
    if data.model.totals().events == 0 {
        return phrase.and(Tone::Dim, "  waiting for the first event");
    }
    let phrase = phrase.and(Tone::Plain, format!("  {span}"));
    if !roomy {
        return phrase;
    }
    let clock = words::clock(data.model, began);
    let clock = clock.split('.').next().unwrap_or_default();
    let date = match words::date(data.model, began) {
        Some(date) if !data.live => format!("{date} "),
        _ => String::new(),
    };
    let release = match data.model.session() {
        Some(session) => format!("  Linux {}", escaped(session.kernel_release.as_bytes())),
        None => String::new(),
    };
    phrase.and(Tone::Dim, format!(" since {date}{clock}{release}"))
}

fn lost(data: &Data<'_>) -> Phrase {
    // What lay in a part of a recording that cannot be read, nobody knows.
    let unknown = data.model.gaps().iter().any(|gap| gap.total() == 0);
    match (data.model.totals().lost, unknown) {
        (0, false) => Phrase::of(Tone::Good, "lost 0"),
        (0, true) => Phrase::of(Tone::Alert, " lost ? "),
        (lost, false) => Phrase::of(Tone::Alert, format!(" lost {} ", humane::count(lost))),
        (lost, true) => Phrase::of(Tone::Alert, format!(" lost {}+? ", humane::count(lost))),
    }
}

/// Can I trust this?
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
        // Half full is where a burst may soon overrun it.
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

/// Who is there now, as many words as fit.
fn population(data: &Data<'_>, width: usize) -> Phrase {
    let model = data.model;
    let zombies = model.zombies().len();
    let alive = Phrase::of(Tone::Good, format!("{} ", data.glyphs.alive))
        .and(Tone::Strong, humane::count(model.alive() as u64));
    let dead = |word: &str| {
        let text = format!(
            " {} {}{word} ",
            data.glyphs.zombie,
            humane::count(zombies as u64)
        );
        Phrase::of(if zombies > 0 { Tone::Alert } else { Tone::Dim }, text)
    };
    let word = if zombies == 1 { " zombie" } else { " zombies" };
    let ended = format!(
        " {} {} ended",
        data.glyphs.reaped,
        humane::count(model.totals().exits)
    );
    let long = alive.clone().and(Tone::Dim, " alive  ").joined(dead(word));
    let longest = long.clone().and(Tone::Dim, ended);
    let short = alive.and(Tone::Plain, " ").joined(dead(""));
    [longest, long]
        .into_iter()
        .find(|phrase| phrase.width() <= width)
        .unwrap_or(short)
}

/// A rate and how it was.
struct Gauge {
    name: &'static str,
    /// Whose hook tells; without it the rate is unknown.
    purpose: Purpose,
    tone: Tone,
    of: fn(&Second) -> u64,
}

impl Gauge {
    fn draw(&self, data: &Data<'_>, canvas: &mut Canvas<'_>) {
        let label = format!(" {:<6}", self.name);
        let session = data.model.session();
        if session.is_some_and(|session| session.missing(self.purpose).is_some()) {
            let phrase = Phrase::of(Tone::Dim, label).and(Tone::Warn, "    ? no hook");
            canvas.put(0, 0, canvas.width(), &phrase);
            return;
        }
        let bars = usize::from(canvas.width()).saturating_sub(label.len() + 9);
        // The last second is not over: its count is not yet a rate.
        let seconds = data.model.history().last(bars + 1, data.now);
        let over = &seconds[..seconds.len().saturating_sub(1)];
        let rate = over.last().map_or(0, self.of);
        let tone = if rate > 0 { Tone::Strong } else { Tone::Dim };
        let phrase = Phrase::of(Tone::Dim, label)
            .and(tone, format!("{:>5}", humane::count(rate)))
            .and(Tone::Dim, "/s ");
        let indent = canvas.put(0, 0, canvas.width(), &phrase);
        let spark = self.sparkline(over, canvas.glyphs());
        canvas.put(indent, 0, canvas.width(), &spark);
    }

    /// Heights relative to the highest. What is not nothing is never shown as
    /// nothing, and a second of which records were lost is marked.
    fn sparkline(&self, seconds: &[Second], glyphs: &Glyphs) -> Phrase {
        let highest = seconds.iter().map(self.of).max().unwrap_or(0).max(1);
        seconds.iter().fold(Phrase::new(), |phrase, second| {
            let count = (self.of)(second);
            let height = (u128::from(count) * 7).div_ceil(u128::from(highest)) as usize;
            let tone = match (second.lost, count) {
                (1.., _) => Tone::Bad,
                (0, 0) => Tone::Faint,
                (0, _) => self.tone,
            };
            phrase.and(tone, glyphs.spark[height.min(7)])
        })
    }
}

/// The views by number; only the active one by name where room is short.
pub fn tabs(app: &App, data: &Data<'_>, canvas: &mut Canvas<'_>) {
    let zombies = data.model.zombies().len();
    let status = Phrase::of(Tone::Dim, app.view().status(data));
    let names = |all: bool| {
        let mut phrase = Phrase::new();
        for (number, entry) in VIEWS.iter().enumerate() {
            let count = match (entry.name, zombies) {
                ("Zombies", 1..) if all => format!(" {}", humane::count(zombies as u64)),
                _ => String::new(),
            };
            if number == app.active {
                let text = format!(" {} {}{count} ", number + 1, entry.name);
                phrase.push(Tone::ActiveTab, text);
            } else {
                phrase.push(Tone::Key, format!(" {}", number + 1));
                let name = if all {
                    format!(" {}{count}", entry.name)
                } else {
                    String::new()
                };
                // The tab that follows brings a space of its own.
                phrase.push(Tone::Tab, name);
                if app.active != number + 1 {
                    phrase.push(Tone::Tab, " ");
                }
            }
        }
        phrase
    };
    let width = canvas.width();
    let wanted = names(true).width() + status.width() + 2;
    let tabs = names(wanted <= usize::from(width));
    let used = canvas.put(0, 0, width, &tabs);
    canvas.put_right(used + 1, 0, width.saturating_sub(used + 1), &status);
}
