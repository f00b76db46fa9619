//! Who died, of what, and by whom: grouped by cause, the violent ones first,
//! or one by one, the latest first.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use super::{Data, Room, View};
use crate::{
    event::{Comm, units},
    model::{Key, Model, Outcome, Process, Sender, State},
    tui::{
        action::Action,
        canvas::Canvas,
        columns::{Column, figure, rest, word},
        gathered::{Gathered, Source, can_wait},
        glyphs::Glyphs,
        list::{Identity, List},
        needle::{Needle, Whence},
        phrase::{Phrase, Tone},
        words,
    },
};

const COLUMNS: [Column; 9] = [
    figure("PID", 7, 0),
    rest("CAUSE / PROCESS", 24),
    figure("COUNT", 6, 1),
    figure("EXIT", 12, 2),
    word("KILLED BY", 20, 3),
    figure("LIVED", 8, 4),
    word("DIED (UTC)", 15, 5),
    figure("REAPED IN", 9, 6),
    word("PARENT", 20, 7),
];

/// Why processes died: what their parent is told, and who sent the signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Cause {
    outcome: Outcome,
    oom: bool,
    /// The sender's name; none of the kernel, of itself and of one unseen.
    sender: Option<Comm>,
}

/// When, and of what; nobody who lives has died.
type Death = Option<(u64, Cause)>;

#[derive(Clone, Copy)]
enum Row {
    Cause(Cause, u32),
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

#[derive(Default)]
pub struct Deaths {
    list: List<Row>,
    deaths: Gathered<Death>,
    /// Whose members are not listed, or are in spite of its being ordinary.
    turned: BTreeSet<Cause>,
    one_by_one: bool,
    made_from: Option<Source<u64>>,
    causes: usize,
}

impl Deaths {
    fn update(&mut self, data: &Data<'_>) {
        let source = (data.slow_version(), data.sieve.generation());
        if self.made_from == Some(source) {
            return;
        }
        let all = self.deaths.update(data, |_, process| death(process));
        if !all && can_wait(&self.made_from, &source) {
            return;
        }
        self.made_from = all.then_some(source);
        let died = self.deaths.iter().filter_map(|(key, death)| {
            let (at, cause) = (*death)?;
            data.sieve.shows(key).then_some((at, key, cause))
        });
        let mut died: Vec<_> = died.collect();
        died.sort_unstable_by_key(|&(at, key, _)| Reverse((at, key)));
        let mut causes: BTreeMap<Cause, Vec<Key>> = BTreeMap::new();
        for &(_, key, cause) in &died {
            causes.entry(cause).or_default().push(key);
        }
        self.causes = causes.len();
        self.list.replace(match self.one_by_one {
            true => died
                .iter()
                .map(|&(_, key, _)| Row::Process(key, true))
                .collect(),
            false => self.grouped(causes),
        });
    }

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

    /// Those who ended well are many, and seldom what one came for.
    fn is_open(&self, cause: Cause) -> bool {
        (cause.outcome != Outcome::Ok) != self.turned.contains(&cause)
    }

    fn turn(&mut self, data: &Data<'_>, open: bool) {
        let cause = match self.list.selected() {
            Some(Row::Cause(cause, _)) => *cause,
            Some(Row::Process(key, _)) if !self.one_by_one => {
                match death(data.model.process(*key)) {
                    Some((_, cause)) => cause,
                    None => return,
                }
            }
            Some(Row::Process(..)) | None => return,
        };
        if self.is_open(cause) != open {
            if !self.turned.remove(&cause) {
                self.turned.insert(cause);
            }
            self.changed(data);
            self.list.select((None, Some(cause)));
        }
    }

    fn changed(&mut self, data: &Data<'_>) {
        self.made_from = None;
        self.update(data);
        self.list.fit(self.list.cursor().height());
    }
}

fn death(process: &Process) -> Death {
    let outcome = process.outcome();
    let ended = [
        process.exited_at,
        process.zombie_at,
        process.freed_at,
        process.vanished_at,
    ];
    let at = ended.into_iter().flatten().min()?;
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

/// What a reader looks for first.
fn gravity(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Killed(_) => 0,
        Outcome::Unseen => 1,
        Outcome::Code(_) => 2,
        Outcome::Ok | Outcome::Alive => 3,
    }
}

impl View for Deaths {
    fn refresh(&mut self, data: &Data<'_>, room: Room) {
        self.update(data);
        self.list.fit(room.height.saturating_sub(1));
    }

    fn on(&mut self, action: Action, data: &Data<'_>) {
        match action {
            Action::Details => {
                let open = match self.list.selected() {
                    Some(Row::Cause(cause, _)) => self.is_open(*cause),
                    Some(Row::Process(..)) | None => true,
                };
                self.turn(data, !open);
            }
            Action::Left => self.turn(data, false),
            Action::Right => self.turn(data, true),
            Action::Sort => {
                let key = self.selected(data);
                self.one_by_one ^= true;
                self.changed(data);
                if let Some(key) = key {
                    self.list.select((Some(key), None));
                }
            }
            movement => {
                self.list.on(movement);
            }
        }
    }

    fn find(&mut self, data: &Data<'_>, needle: &Needle, whence: Whence) -> bool {
        self.update(data);
        self.list.find(whence, |row| match *row {
            Row::Cause(cause, _) => needle.is_in(&said(cause).text()),
            Row::Process(key, _) => needle.matches(data.model.process(key)),
        })
    }

    fn click(&mut self, line: usize) -> bool {
        self.list.click(line)
    }

    fn selected(&self, _: &Data<'_>) -> Option<Key> {
        match self.list.selected()? {
            Row::Cause(..) => None,
            Row::Process(key, _) => Some(*key),
        }
    }

    fn show(&mut self, data: &Data<'_>, key: Key) {
        self.update(data);
        self.list.select((Some(key), None));
    }

    fn status(&self, _: &Data<'_>) -> String {
        let order = match (self.one_by_one, self.causes) {
            (true, _) => "the latest first".to_owned(),
            (false, 1) => "1 cause".to_owned(),
            (false, causes) => format!("{causes} causes"),
        };
        format!("{order} · {}", self.list.position())
    }

    fn begin_again(&mut self) {
        *self = Deaths {
            one_by_one: self.one_by_one,
            turned: std::mem::take(&mut self.turned),
            ..Deaths::default()
        };
    }

    fn draw(&self, data: &Data<'_>, canvas: &mut Canvas<'_>) {
        if self.list.rows().is_empty() {
            return canvas.note(&[Phrase::of(Tone::Good, "Nobody has died yet.")]);
        }
        let glyphs = canvas.glyphs();
        canvas.table(
            &COLUMNS,
            None,
            self.list.cursor(),
            |index, column, width| match self.list.rows()[index] {
                Row::Cause(cause, count) => self.cause_cell(cause, count, column, glyphs),
                Row::Process(key, last) => {
                    self.process_cell(data, (key, last), (column, width), glyphs)
                }
            },
        );
    }
}

impl Deaths {
    fn cause_cell(&self, cause: Cause, count: u32, column: usize, glyphs: &Glyphs) -> Phrase {
        match column {
            1 if self.is_open(cause) => said(cause),
            1 => said(cause).and(Tone::Accent, format!(" {}", glyphs.folded)),
            2 => Phrase::of(Tone::Strong, units::count(u64::from(count))),
            _ => Phrase::new(),
        }
    }

    fn process_cell(
        &self,
        data: &Data<'_>,
        (key, last): (Key, bool),
        (column, width): (usize, usize),
        glyphs: &Glyphs,
    ) -> Phrase {
        let (model, process) = (data.model, data.model.process(key));
        match column {
            0 => Phrase::plain(process.id.tgid.to_string()),
            1 => {
                let rail = match (self.one_by_one, last) {
                    (true, _) => "",
                    (false, true) => glyphs.tree_last,
                    (false, false) => glyphs.tree_fork,
                };
                let arguments = words::arguments_beyond_name(process).unwrap_or_default();
                let state = process.state();
                Phrase::of(Tone::Faint, rail)
                    .and(words::state_tone(state), glyphs.state(state))
                    .and(Tone::Plain, format!(" {}", words::name(process)))
                    .and(Tone::Dim, format!(" {arguments}"))
            }
            3 => words::ending(process, width),
            4 => killer(model, process),
            5 => Phrase::plain(words::age_at_death(process)),
            6 => match process.exited_at {
                Some(at) => Phrase::of(Tone::Dim, words::clock(model, at)),
                None => Phrase::of(Tone::Dim, "?"),
            },
            7 => reaped_in(process, data.now),
            8 => match process.parent {
                Some(parent) => Phrase::of(Tone::Dim, words::label(model, parent)),
                None => Phrase::of(Tone::Dim, "?"),
            },
            _ => Phrase::new(),
        }
    }
}

fn said(cause: Cause) -> Phrase {
    let by = match cause.sender {
        Some(comm) => format!(" from {comm}"),
        None => String::new(),
    };
    let (tone, text) = match cause.outcome {
        Outcome::Killed(_) if cause.oom => (Tone::Bad, "out of memory".to_owned()),
        Outcome::Killed(signal) => (Tone::Bad, format!("{}{by}", words::signal(signal))),
        Outcome::Unseen => (Tone::Warn, "end not seen".to_owned()),
        Outcome::Code(code) => (Tone::Warn, format!("exit code {code}")),
        Outcome::Ok | Outcome::Alive => (Tone::Good, "exit code 0".to_owned()),
    };
    Phrase::of(tone, text)
}

/// Whoever sent the signal that killed it, by its name then and its number.
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
        (_, Some(0)) if process.autoreaped == Some(true) => Phrase::of(Tone::Dim, "at once"),
        (_, Some(time)) => Phrase::plain(units::duration(time)),
        (_, None) => Phrase::of(Tone::Dim, "?"),
    }
}
