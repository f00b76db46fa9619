//! Page faults by process: how many, and of which class.

use crate::{
    event::units,
    model::{Key, Process, State},
    tui::{
        input::action::Action,
        state::{column_cache::ColumnCache, data::Data, ranking::Ranking},
        style::phrase::{Phrase, Tone},
        text::words,
        view::{
            empty::Empty,
            process_table::{Change, Rows},
        },
        widget::{
            columns::{Column, figure, rest, word},
            sort_order::SortOrder,
        },
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

/// Processes with page faults, sorted by a count.
#[derive(Default)]
pub struct Faults {
    hide_exited: bool,
    figures: ColumnCache<Figure>,
    ranking: Ranking,
    /// The column that the ranks come from.
    ranked_by: Option<usize>,
}

/// The values that decide if and where a process is listed.
struct Figure {
    /// PIDs ascend, counts descend; unknown values come last.
    rank: Option<u64>,
    faulted: bool,
    exited: bool,
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
            exited: process.state().is_gone(),
        }
    }
}

/// Returns the count in a column, if it is known. The kernel's own counts arrive when a process
/// exits.
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

impl Rows for Faults {
    type Row = Key;

    const COLUMNS: &'static [Column] = &COLUMNS;
    const SORTS: &'static [usize] = &[2, 3, 4, 5, 6, 7, 8, 9, 0];

    fn collect(&mut self, data: &Data<'_>, order: SortOrder) -> bool {
        let column = order.column();
        if self.ranked_by != column {
            self.ranked_by = column;
            self.figures = ColumnCache::default();
        }
        let column = column.unwrap_or_default();
        self.figures
            .update(data, |_, process| Figure::of(process, column))
    }

    fn rows(&mut self, data: &Data<'_>, _: SortOrder) -> Vec<Key> {
        let figures = self.figures.iter();
        let ranks = figures.map(|(_, figure)| figure.rank.map_or(0, |rank| u128::from(rank) + 1));
        self.ranking.update(ranks.collect());
        let in_order = self.ranking.order().iter();
        let listed = in_order.filter_map(|&index| {
            let (key, figure) = self.figures.at(index as usize)?;
            let hidden = self.hide_exited && figure.exited;
            (figure.faulted && !hidden && data.filter.shows(*key)).then_some(*key)
        });
        listed.collect()
    }

    fn process(row: Key) -> Option<Key> {
        Some(row)
    }

    fn id(key: Key) -> Key {
        key
    }

    fn handle(&mut self, action: Action, _: &Data<'_>, _: Option<Key>) -> Option<Change<Self>> {
        (action == Action::Exited).then(|| {
            self.hide_exited ^= true;
            Change::Rows
        })
    }

    fn status(&self, data: &Data<'_>, order: SortOrder, position: &str) -> String {
        match words::faults_missing(data.model) {
            Some(reason) if reason.is_empty() => "faults are not traced".to_owned(),
            Some(reason) => format!("faults are not traced: {reason}"),
            None => {
                let exited = match self.hide_exited {
                    true => "exited hidden · ",
                    false => "",
                };
                format!("{exited}by {} · {position}", order.title())
            }
        }
    }

    fn reset(&mut self) {
        *self = Faults {
            hide_exited: self.hide_exited,
            ..Faults::default()
        };
    }

    fn empty(&self, data: &Data<'_>) -> Empty {
        let faulted = || self.figures.iter().filter(|(_, figure)| figure.faulted);
        let is_hidden = |figure: &Figure| self.hide_exited && figure.exited;
        let hides = faulted().any(|(key, figure)| is_hidden(figure) && data.filter.shows(key));
        let listed = faulted().filter(|(_, figure)| !is_hidden(figure));
        let nouns = ("process with page faults", "processes with page faults");
        Empty::of(
            data,
            "No process has faulted",
            nouns,
            listed.map(|(key, _)| key),
        )
        .yet(data)
        .of_the_past(data)
        .untraced("page faults", words::faults_missing(data.model))
        .hint(hides, "Exited processes are hidden: d shows them.")
    }

    fn cell(&self, data: &Data<'_>, key: Key, column: usize, _: usize) -> Phrase {
        let process = data.model.process(key);
        let state = process.state();
        let phrase = match column {
            0 => Phrase::plain(process.id.tgid.to_string()),
            1 => {
                let arguments = words::arguments_beyond_name(&process);
                return Phrase::of(words::state_tone(state), data.glyphs.state(state))
                    .and(name_tone(state), format!(" {}", words::name(&process)))
                    .and(Tone::Dim, format!(" {}", arguments.unwrap_or_default()));
            }
            10 => match &process.recent_faults {
                Some(recent) => words::faults(data.model, recent.rate(data.now)),
                None => Phrase::new(),
            },
            11 => return sparkline(&process, data),
            8 => words::account(&process, |usage| Some(units::count(usage.min_flt))),
            9 => words::account(&process, |usage| Some(units::count(usage.maj_flt))),
            3 => words::copies(data.model, &process.faults),
            _ => words::faults(data.model, figure_of(&process, column).unwrap_or_default()),
        };
        match state.is_gone() {
            true => phrase.all(Tone::Dim),
            false => phrase,
        }
    }
}

/// Draws faults per second over the last seconds, relative to the highest.
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
