//! Gauges: how often something happened in the last second, and a sparkline of the seconds before
//! it.

use crate::{
    event::{Purpose, units},
    model::Second,
    tui::{
        state::data::Data,
        style::{
            glyphs::Glyphs,
            phrase::{Phrase, Tone},
        },
        widget::canvas::Canvas,
    },
};

/// The gauges in the order of the screen.
pub const GAUGES: [Gauge; 5] = [
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
        of: |second| second.copies,
    },
];

/// A rate and its history.
pub struct Gauge {
    name: &'static str,
    /// The purpose of the hook that counts it. Without the hook the rate is unknown.
    purpose: Purpose,
    tone: Tone,
    of: fn(&Second) -> u64,
}

impl Gauge {
    /// Draws name, rate and history.
    pub fn draw(&self, data: &Data<'_>, canvas: &mut Canvas<'_>) {
        let label = format!(" {:<7}", self.name);
        let session = data.model.session();
        if session.is_some_and(|session| session.missing(self.purpose).is_some()) {
            let phrase = Phrase::of(Tone::Dim, label).and(Tone::Warn, "    ? no hook");
            canvas.put(0, 0, canvas.width(), &phrase);
            return;
        }
        let bars = usize::from(canvas.width()).saturating_sub(label.len() + 9);
        // The current second is not over, so its count is not a rate yet.
        let seconds = data.model.history().last(bars + 1, data.now);
        let over = &seconds[..seconds.len().saturating_sub(1)];
        let rate = over.last().map_or(0, self.of);
        let tone = if rate > 0 { Tone::Strong } else { Tone::Dim };
        let phrase = Phrase::of(Tone::Dim, label)
            .and(tone, format!("{:>5}", units::count(rate)))
            .and(Tone::Dim, "/s ");
        let indent = canvas.put(0, 0, canvas.width(), &phrase);
        let spark = self.sparkline(over, canvas.glyphs());
        canvas.put(indent, 0, canvas.width(), &spark);
    }

    /// Draws heights relative to the highest. A count above zero is never drawn as zero, and a
    /// second with lost records is marked.
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
