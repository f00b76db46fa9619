//! Page faults by process: how many, of which kind, who leads.

use super::{Data, Room, View};
use crate::{
    event::units,
    model::{Key, Process, State},
    tui::{
        action::Action,
        canvas::Canvas,
        columns::{Column, figure, rest, word},
        gathered::{Gathered, Source, can_wait},
        list::{Identity, List},
        needle::{Needle, Whence},
        order::Order,
        phrase::{Phrase, Tone},
        ranking::Ranking,
        words,
    },
};

const COLUMNS: [Column; 12] = [
    figure("PID", 7, 0),
    rest("PROCESS", 22),
    figure("TOTAL", 7, 0),
    figure("COW", 7, 0),
    figure("REUSE", 6, 3),
    figure("ZERO", 6, 3),
    figure("FILE", 6, 4),
    figure("OTHER", 6, 5),
    figure("MINOR", 6, 1),
    figure("MAJOR", 6, 2),
    figure("/S", 6, 2),
    word("15 SECONDS", 15, 6),
];

/// The columns that the list can be sorted by, in the order of the key.
const SORTS: [usize; 9] = [2, 3, 4, 5, 6, 7, 8, 9, 0];

impl Identity for Key {
    type Id = Key;

    fn id(&self) -> Key {
        *self
    }
}

pub struct Faults {
    list: List<Key>,
    order: Order,
    without_dead: bool,
    figures: Gathered<Figure>,
    ranking: Ranking,
    /// Which column they are from.
    sorted_by: usize,
    made_from: Option<Source<u64>>,
}

impl Default for Faults {
    fn default() -> Faults {
        Faults {
            list: List::default(),
            order: Order::of(&COLUMNS, &SORTS),
            without_dead: false,
            figures: Gathered::default(),
            ranking: Ranking::default(),
            sorted_by: 0,
            made_from: None,
        }
    }
}

impl Faults {
    fn update(&mut self, data: &Data<'_>) {
        let source = (data.slow_version(), data.sieve.generation());
        if self.made_from == Some(source) {
            return;
        }
        let column = self.order.column();
        if self.sorted_by != column {
            self.sorted_by = column;
            self.figures = Gathered::default();
        }
        let all = self
            .figures
            .update(data, |_, process| Figure::of(process, column));
        if !all && can_wait(&self.made_from, &source) {
            return;
        }
        self.made_from = all.then_some(source);
        let figures = self.figures.iter();
        let ranks = figures.map(|(_, figure)| figure.rank.map_or(0, |rank| u128::from(rank) + 1));
        self.ranking.update(ranks.collect());
        let in_order = self.ranking.order().iter();
        let listed = in_order.filter_map(|&place| {
            let (key, figure) = self.figures.at(place as usize)?;
            let left_out = self.without_dead && figure.gone;
            (figure.faulted && !left_out && data.sieve.shows(*key)).then_some(*key)
        });
        self.list.replace(listed.collect());
    }

    fn changed(&mut self, data: &Data<'_>) {
        self.made_from = None;
        self.update(data);
        self.list.fit(self.list.cursor().height());
    }
}

/// What decides whether and where a process is listed.
struct Figure {
    /// PIDs ascend, figures descend; what is unknown comes last.
    rank: Option<u64>,
    faulted: bool,
    gone: bool,
}

impl Figure {
    fn of(process: &Process, column: usize) -> Figure {
        let rank = match column {
            0 => Some(u64::from(u32::MAX - process.id.tgid)),
            _ => figure_of(process, column),
        };
        Figure {
            rank,
            faulted: process.faults.total() > 0 || process.usage.min_flt > 0,
            gone: process.state().is_gone(),
        }
    }
}

/// The figure in a column, where it is known. The kernel's own accounts come
/// with the end of a process.
fn figure_of(process: &Process, column: usize) -> Option<u64> {
    let usage = words::final_usage(process);
    match column {
        2 => Some(process.faults.total()),
        3 => Some(process.faults.copies()),
        4 => Some(process.faults.cow_reuse),
        5 => Some(process.faults.zeros()),
        6 => Some(process.faults.files()),
        7 => Some(process.faults.others()),
        8 => usage.map(|usage| usage.min_flt),
        9 => usage.map(|usage| usage.maj_flt),
        _ => None,
    }
}

impl View for Faults {
    fn refresh(&mut self, data: &Data<'_>, room: Room) {
        self.update(data);
        self.list.fit(room.height.saturating_sub(1));
    }

    fn on(&mut self, action: Action, data: &Data<'_>) {
        match action {
            Action::Sort => {
                self.order.go_on();
                self.changed(data);
            }
            Action::Dead => {
                self.without_dead ^= true;
                self.changed(data);
            }
            movement => {
                self.list.on(movement);
            }
        }
    }

    fn find(&mut self, data: &Data<'_>, needle: &Needle, whence: Whence) -> bool {
        self.update(data);
        self.list
            .find(whence, |&key| needle.matches(data.model.process(key)))
    }

    fn click_title(&mut self, x: u16, width: u16, data: &Data<'_>) {
        if self.order.click(x, width) {
            self.changed(data);
        }
    }

    fn click(&mut self, line: usize) -> bool {
        self.list.click(line)
    }

    fn selected(&self, _: &Data<'_>) -> Option<Key> {
        self.list.selected().copied()
    }

    fn show(&mut self, data: &Data<'_>, key: Key) {
        self.update(data);
        self.list.select(key);
    }

    fn status(&self, data: &Data<'_>) -> String {
        match words::faults_missing(data.model) {
            Some("") => "faults are not traced".to_owned(),
            Some(reason) => format!("faults are not traced: {reason}"),
            None => {
                let dead = if self.without_dead {
                    "dead hidden · "
                } else {
                    ""
                };
                let sorted = self.order.title();
                format!("{dead}by {sorted} · {}", self.list.position())
            }
        }
    }

    fn begin_again(&mut self) {
        *self = Faults {
            order: self.order,
            without_dead: self.without_dead,
            ..Faults::default()
        };
    }

    fn kept(&self) -> Vec<(&'static str, String)> {
        self.order.kept()
    }

    fn restore(&mut self, name: &str, value: &str) -> Result<(), String> {
        self.order.restore(name, value)
    }

    fn draw(&self, data: &Data<'_>, canvas: &mut Canvas<'_>) {
        if self.list.rows().is_empty() {
            return canvas.note(&[Phrase::of(Tone::Dim, "No process has faulted yet.")]);
        }
        let glyphs = canvas.glyphs();
        canvas.table(
            &COLUMNS,
            self.order.sorted(),
            self.list.cursor(),
            |index, column, _| {
                let process = data.model.process(self.list.rows()[index]);
                let state = process.state();
                let phrase = match column {
                    0 => Phrase::plain(process.id.tgid.to_string()),
                    1 => {
                        let arguments = words::arguments_beyond_name(process);
                        return Phrase::of(words::state_tone(state), glyphs.state(state))
                            .and(name_tone(state), format!(" {}", words::name(process)))
                            .and(Tone::Dim, format!(" {}", arguments.unwrap_or_default()));
                    }
                    10 => match &process.recent_faults {
                        Some(recent) => words::faults(data.model, recent.rate(data.now)),
                        None => Phrase::new(),
                    },
                    11 => return sparkline(process, data),
                    8 | 9 => match figure_of(process, column) {
                        Some(figure) => Phrase::plain(units::count(figure)),
                        None => Phrase::of(Tone::Faint, "?"),
                    },
                    3 => words::copies(data.model, &process.faults),
                    _ => words::faults(data.model, figure_of(process, column).unwrap_or_default()),
                };
                if state.is_gone() {
                    phrase.all(Tone::Dim)
                } else {
                    phrase
                }
            },
        );
    }
}

/// The last seconds, each as high as it is beside the highest.
fn sparkline(process: &Process, data: &Data<'_>) -> Phrase {
    let Some(recent) = &process.recent_faults else {
        return Phrase::new();
    };
    let highest = recent.last(data.now).max().unwrap_or(0).max(1);
    recent.last(data.now).fold(Phrase::new(), |phrase, count| {
        let height = (u128::from(count) * 7).div_ceil(u128::from(highest)) as usize;
        let tone = if count == 0 {
            Tone::Faint
        } else {
            Tone::Accent
        };
        phrase.and(tone, data.glyphs.spark[height.min(7)])
    })
}

fn name_tone(state: State) -> Tone {
    if state.is_gone() {
        Tone::Dim
    } else {
        Tone::Strong
    }
}
