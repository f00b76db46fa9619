//! Exited processes: the cause, the sender of the signal, the time to the reap. They are grouped by
//! cause, killed ones first, or listed one by one, the latest first.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use crate::{
    event::{Comm, units},
    model::{Key, Model, Outcome, Process, Sender, State},
    tui::{
        input::action::Action,
        state::{column_cache::ColumnCache, data::Data, search::SearchQuery},
        style::{
            glyphs::Glyphs,
            phrase::{Phrase, Tone},
        },
        text::words,
        view::{
            empty::Empty,
            process_table::{Change, Rows},
        },
        widget::{
            columns::{Column, figure, rest, word},
            list::Identity,
            sort_order::SortOrder,
        },
    },
};

const COLUMNS: [Column; 9] = [
    figure("PID", 7, 0),
    rest("CAUSE / PROCESS", 24),
    figure("COUNT", 6, 1),
    figure("EXIT", 12, 2),
    word("KILLED BY", 20, 3),
    figure("LIVED", 8, 4),
    word("EXITED", 15, 5),
    figure("REAPED IN", 9, 6),
    word("PARENT", 20, 7),
];

/// The cause that exited processes are grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cause {
    outcome: Outcome,
    oom: bool,
    /// The name of the process that sent the signal. `None` if the kernel or the process itself
    /// sent it, or if the sender was not seen.
    sender: Option<Comm>,
}

/// Time and cause of an exit, ns since boot; `None` for a process that has not exited.
type Death = Option<(u64, Cause)>;

/// A line of the table.
#[derive(Clone, Copy)]
pub enum Row {
    /// A group and the number of its processes.
    Cause(Cause, u32),
    /// A process; true if it is the last of its group.
    Process(Key, bool),
}

impl Identity for Row {
    type Id = (Option<Key>, Option<Cause>);

    fn id(&self) -> Self::Id {
        match *self {
            Row::Cause(cause, _) => (None, Some(cause)),
            Row::Process(key, _) => (Some(key), None),
        }
    }
}

/// Exited processes, grouped by cause or one by one.
#[derive(Default)]
pub struct Deaths {
    deaths: ColumnCache<Death>,
    /// The groups that are not in their default state: ordinary ones unfolded, others folded.
    toggled: BTreeSet<Cause>,
    one_by_one: bool,
    causes: usize,
}

impl Deaths {
    fn grouped(&self, causes: BTreeMap<Cause, Vec<Key>>) -> Vec<Row> {
        let mut causes: Vec<_> = causes.into_iter().collect();
        causes.sort_by_key(|(cause, keys)| (gravity(cause.outcome), Reverse(keys.len()), *cause));
        let mut rows = Vec::new();
        for (cause, keys) in causes {
            rows.push(Row::Cause(cause, keys.len() as u32));
            if self.is_open(cause) {
                let last = keys.len() - 1;
                let members = keys.into_iter().enumerate();
                rows.extend(members.map(|(place, key)| Row::Process(key, place == last)));
            }
        }
        rows
    }

    /// Returns true if the group is unfolded. Successful exits are folded by default: there are
    /// many, and they are rarely of interest.
    fn is_open(&self, cause: Cause) -> bool {
        (cause.outcome != Outcome::Ok) != self.toggled.contains(&cause)
    }

    /// Folds or unfolds the group of the selected row.
    fn fold(&mut self, data: &Data<'_>, selected: Option<Row>, open: bool) -> Change<Self> {
        let cause = match selected {
            Some(Row::Cause(cause, _)) => cause,
            Some(Row::Process(key, _)) if !self.one_by_one => {
                match death(&data.model.process(key)) {
                    Some((_, cause)) => cause,
                    None => return Change::None,
                }
            }
            Some(Row::Process(..)) | None => return Change::None,
        };
        if self.is_open(cause) == open {
            return Change::None;
        }
        if !self.toggled.remove(&cause) {
            self.toggled.insert(cause);
        }
        Change::Select((None, Some(cause)))
    }
}

fn death(process: &Process) -> Death {
    let outcome = process.outcome();
    if outcome == Outcome::Unseen && process.state() == State::Exiting {
        // Its last thread is still to come.
        return None;
    }
    let at = process.end_seen_at()?;
    let sender = match (outcome, process.fatal_signal()) {
        (Outcome::Killed(_), Some((_, signal)))
            if !signal.from_kernel() && signal.by.process != process.id =>
        {
            Some(signal.by_comm)
        }
        _ => None,
    };
    let oom = process.oom().is_some();
    (outcome != Outcome::Alive).then_some((
        at,
        Cause {
            outcome,
            oom,
            sender,
        },
    ))
}

/// Returns the rank of a group, the most serious first.
fn gravity(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Killed(_) => 0,
        Outcome::Unseen => 1,
        Outcome::Code(_) => 2,
        Outcome::Ok | Outcome::Alive => 3,
    }
}

impl Rows for Deaths {
    type Row = Row;

    const COLUMNS: &'static [Column] = &COLUMNS;

    fn collect(&mut self, data: &Data<'_>, _: SortOrder) -> bool {
        self.deaths.update(data, |_, process| death(process))
    }

    fn rows(&mut self, data: &Data<'_>, _: SortOrder) -> Vec<Row> {
        let died = self.deaths.iter().filter_map(|(key, death)| {
            let (at, cause) = (*death)?;
            data.filter.shows(key).then_some((at, key, cause))
        });
        let mut died: Vec<_> = died.collect();
        died.sort_unstable_by_key(|&(at, key, _)| Reverse((at, key)));
        let mut causes: BTreeMap<Cause, Vec<Key>> = BTreeMap::new();
        for &(_, key, cause) in &died {
            causes.entry(cause).or_default().push(key);
        }
        self.causes = causes.len();
        match self.one_by_one {
            true => died
                .iter()
                .map(|&(_, key, _)| Row::Process(key, true))
                .collect(),
            false => self.grouped(causes),
        }
    }

    fn process(row: Row) -> Option<Key> {
        match row {
            Row::Cause(..) => None,
            Row::Process(key, _) => Some(key),
        }
    }

    fn id(key: Key) -> <Row as Identity>::Id {
        (Some(key), None)
    }

    fn handle(
        &mut self,
        action: Action,
        data: &Data<'_>,
        selected: Option<Row>,
    ) -> Option<Change<Self>> {
        match action {
            Action::Details => {
                let open = match selected {
                    Some(Row::Cause(cause, _)) => self.is_open(cause),
                    Some(Row::Process(..)) | None => true,
                };
                Some(self.fold(data, selected, !open))
            }
            Action::Left => Some(self.fold(data, selected, false)),
            Action::Right => Some(self.fold(data, selected, true)),
            Action::Sort => {
                self.one_by_one ^= true;
                Some(match selected.and_then(Deaths::process) {
                    Some(key) => Change::Select((Some(key), None)),
                    None => Change::Rows,
                })
            }
            _ => None,
        }
    }

    fn matches_group(row: Row, query: &SearchQuery) -> bool {
        match row {
            Row::Cause(cause, _) => query.is_in(&cause_text(cause).text()),
            Row::Process(..) => false,
        }
    }

    fn status(&self, _: &Data<'_>, _: SortOrder, position: &str) -> String {
        let order = match (self.one_by_one, self.causes) {
            (true, _) => "latest first".to_owned(),
            (false, 1) => "1 cause".to_owned(),
            (false, causes) => format!("{causes} causes"),
        };
        format!("{order} · {position}")
    }

    fn reset(&mut self) {
        *self = Deaths {
            one_by_one: self.one_by_one,
            toggled: std::mem::take(&mut self.toggled),
            ..Deaths::default()
        };
    }

    fn empty(&self, data: &Data<'_>) -> Empty {
        let died = self.deaths.iter().filter(|(_, death)| death.is_some());
        let died = died.map(|(key, _)| key);
        Empty::of(data, "No process has exited", ("death", "deaths"), died)
            .good()
            .yet(data)
            .of_the_past(data)
    }

    fn cell(&self, data: &Data<'_>, row: Row, column: usize, width: usize) -> Phrase {
        match row {
            Row::Cause(cause, count) => self.cause_cell(cause, count, column, data.glyphs),
            Row::Process(key, last) => self.process_cell(data, (key, last), (column, width)),
        }
    }
}

impl Deaths {
    fn cause_cell(&self, cause: Cause, count: u32, column: usize, glyphs: &Glyphs) -> Phrase {
        match column {
            1 if self.is_open(cause) => cause_text(cause),
            1 => cause_text(cause).and(Tone::Accent, format!(" {}", glyphs.folded)),
            2 => Phrase::of(Tone::Strong, units::count(u64::from(count))),
            _ => Phrase::new(),
        }
    }

    fn process_cell(
        &self,
        data: &Data<'_>,
        (key, last): (Key, bool),
        (column, width): (usize, usize),
    ) -> Phrase {
        let (model, process, glyphs) = (data.model, data.model.process(key), data.glyphs);
        match column {
            0 => Phrase::plain(process.id.tgid.to_string()),
            1 => {
                let rail = match (self.one_by_one, last) {
                    (true, _) => "",
                    (false, true) => glyphs.tree_last,
                    (false, false) => glyphs.tree_fork,
                };
                let arguments = words::arguments_beyond_name(&process).unwrap_or_default();
                let state = process.state();
                Phrase::of(Tone::Faint, rail)
                    .and(words::state_tone(state), glyphs.state(state))
                    .and(Tone::Plain, format!(" {}", words::name(&process)))
                    .and(Tone::Dim, format!(" {arguments}"))
            }
            3 => words::ending(&process, width),
            4 => killer(model, &process),
            5 => Phrase::plain(words::age_at_exit(&process)),
            6 => words::exit_time(data, &process),
            7 => reaped_in(&process, data.now),
            8 => match process.parent {
                Some(parent) => Phrase::of(Tone::Dim, words::label(model, parent)),
                None => Phrase::of(Tone::Dim, "?"),
            },
            _ => Phrase::new(),
        }
    }
}

fn cause_text(cause: Cause) -> Phrase {
    let by = match cause.sender {
        Some(comm) => format!(" from {comm}"),
        None => String::new(),
    };
    let (tone, text) = match cause.outcome {
        Outcome::Killed(_) if cause.oom => (Tone::Bad, "out of memory".to_owned()),
        Outcome::Killed(signal) => (Tone::Bad, format!("{}{by}", words::signal(signal))),
        Outcome::Unseen => (Tone::Warn, "exit not seen".to_owned()),
        Outcome::Code(code) => (Tone::Warn, format!("exit code {code}")),
        Outcome::Ok | Outcome::Alive => (Tone::Good, "exit code 0".to_owned()),
    };
    Phrase::of(tone, text)
}

/// Returns the sender of the fatal signal, with the name it had at that time.
fn killer(model: &Model, process: &Process) -> Phrase {
    if !matches!(process.outcome(), Outcome::Killed(_)) {
        return Phrase::new();
    }
    match Sender::of(process) {
        Sender::OomKiller => Phrase::of(Tone::Bad, "OOM killer"),
        Sender::Kernel => Phrase::plain("the kernel"),
        Sender::Itself => Phrase::plain("itself"),
        Sender::Process(comm, pid) => Phrase::plain(format!("{pid} {comm}")),
        Sender::Unknown => match model.gaps().is_empty() {
            true => Phrase::of(Tone::Warn, "not witnessed"),
            false => Phrase::of(Tone::Warn, "? records lost"),
        },
    }
}

fn reaped_in(process: &Process, now: u64) -> Phrase {
    match (process.state(), process.zombie_time(now)) {
        (State::Zombie, _) => Phrase::of(Tone::Bad, "not yet"),
        (State::Exiting, None) => Phrase::of(Tone::Warn, "exiting"),
        (_, Some(_)) if process.autoreaped == Some(true) => Phrase::of(Tone::Dim, "at once"),
        (_, Some(time)) => Phrase::plain(time.compact()),
        (_, None) => Phrase::of(Tone::Dim, "?"),
    }
}
