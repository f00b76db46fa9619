//! Zombies, under whoever should reap them: how many, since when, at what
//! cost, and whether the owner waits for its children at all.

use std::collections::HashMap;

use super::{Data, Room, View};
use crate::{
    event::{ProcessId, humane},
    model::{Key, Model, Process, State},
    tui::{
        action::Action,
        canvas::Canvas,
        columns::{Column, figure, rest, word},
        list::{Identity, List},
        needle::{Needle, Whence, seek},
        phrase::{Phrase, Tone},
        theme::Glyphs,
        words,
    },
};

const COLUMNS: [Column; 9] = [
    figure("PID", 7, 0),
    rest("OWNER / ZOMBIE", 20),
    figure("COUNT", 5, 3),
    figure("AGE", 8, 0),
    figure("EXIT", 12, 1),
    figure("MEMORY", 8, 4),
    figure("LAST WAIT", 10, 2),
    word("SINCE", 16, 5),
    word("OWNER", 20, 6),
];

#[derive(Clone, Copy)]
struct Row {
    /// None: the kernel's idle task, or unknown.
    owner: Option<Key>,
    /// None: the line of the owner itself.
    zombie: Option<Key>,
    last: bool,
}

impl Identity for Row {
    type Id = (Option<Key>, Option<Key>);

    fn id(&self) -> Self::Id {
        (self.owner, self.zombie)
    }
}

#[derive(Default)]
pub struct Zombies {
    list: List<Row>,
    groups: HashMap<Option<Key>, Group>,
    made_from: Option<u64>,
}

/// All zombies of one owner.
#[derive(Default)]
struct Group {
    zombies: Vec<Key>,
    /// When its last wait was that gave it a dead child.
    last_wait: Option<u64>,
}

impl Zombies {
    fn update(&mut self, data: &Data<'_>) {
        if self.made_from == Some(data.version()) {
            return;
        }
        self.made_from = Some(data.version());
        self.groups = groups(data.model);
        let mut owners: Vec<_> = self.groups.iter().collect();
        owners.sort_by_key(|(owner, group)| (std::cmp::Reverse(group.zombies.len()), **owner));
        let mut rows = Vec::new();
        for (&owner, group) in owners {
            rows.push(Row {
                owner,
                zombie: None,
                last: false,
            });
            let last = group.zombies.last();
            rows.extend(group.zombies.iter().map(|zombie| Row {
                owner,
                zombie: Some(*zombie),
                last: Some(zombie) == last,
            }));
        }
        self.list.replace(rows);
    }
}

fn groups(model: &Model) -> HashMap<Option<Key>, Group> {
    let mut groups: HashMap<Option<Key>, Group> = HashMap::new();
    for key in model.zombies() {
        groups
            .entry(model.process(key).parent)
            .or_default()
            .zombies
            .push(key);
    }
    for group in groups.values_mut() {
        // Those that were found as zombies are older than all others.
        group
            .zombies
            .sort_by_key(|&key| (model.process(key).zombie_at, key));
    }
    if !groups.is_empty() {
        let waits = last_waits(model);
        for (owner, group) in &mut groups {
            let id = owner.map(|owner| model.process(owner).id);
            group.last_wait = id.and_then(|id| waits.get(&id).copied());
        }
    }
    groups
}

fn last_waits(model: &Model) -> HashMap<ProcessId, u64> {
    let mut waits = HashMap::new();
    for (_, process) in model.processes() {
        if let (Some(by), Some(at)) = (process.reaped_by, process.reaped_at) {
            let last = waits.entry(by.process).or_insert(at);
            *last = at.max(*last);
        }
    }
    waits
}

/// How long it has been one; at least the length of the trace for one that
/// was a zombie when tracing began.
fn age(data: &Data<'_>, zombie: &Process) -> String {
    match zombie.zombie_time(data.now) {
        Some(age) => humane::duration(age),
        None if zombie.zombie_when_found => {
            format!(
                ">{}",
                humane::duration(data.now.saturating_sub(data.model.began()))
            )
        }
        None => "?".to_owned(),
    }
}

fn bytes(memory: Option<u64>) -> Phrase {
    match memory {
        Some(memory) => Phrase::plain(humane::bytes(memory)),
        None => Phrase::of(Tone::Dim, "?"),
    }
}

impl View for Zombies {
    fn refresh(&mut self, data: &Data<'_>, room: Room) {
        self.update(data);
        self.list.fit(room.height.saturating_sub(1));
    }

    fn on(&mut self, action: Action, _: &Data<'_>) {
        self.list.on(action);
    }

    fn find(&mut self, data: &Data<'_>, needle: &Needle, whence: Whence) -> bool {
        self.update(data);
        let rows = self.list.rows();
        let found = seek(rows.len(), self.list.cursor().selected(), whence, |index| {
            let subject = rows[index].zombie.or(rows[index].owner);
            subject.is_some_and(|key| needle.matches(data.model.process(key)))
        });
        if let Some(found) = found {
            self.list.select_index(found);
        }
        found.is_some()
    }

    fn selected(&self, _: &Data<'_>) -> Option<Key> {
        let row = self.list.selected()?;
        row.zombie.or(row.owner)
    }

    fn show(&mut self, data: &Data<'_>, key: Key) {
        self.list
            .select((data.model.process(key).parent, Some(key)));
    }

    fn status(&self, _: &Data<'_>) -> String {
        let owners = self.groups.len();
        let s = if owners == 1 { "" } else { "s" };
        format!("{owners} owner{s} · {}", self.list.position())
    }

    fn draw(&self, data: &Data<'_>, canvas: &mut Canvas<'_>) {
        if self.list.rows().is_empty() {
            return canvas.note(&nothing(data));
        }
        let glyphs = canvas.glyphs();
        canvas.table(
            &COLUMNS,
            None,
            self.list.cursor(),
            |index, column, width| {
                let row = &self.list.rows()[index];
                match row.zombie {
                    Some(zombie) => zombie_cell(data, row, zombie, (column, width), glyphs),
                    None => match self.groups.get(&row.owner) {
                        Some(group) => owner_cell(data, row.owner, group, column, glyphs),
                        None => Phrase::new(),
                    },
                }
            },
        );
    }
}

fn owner_cell(
    data: &Data<'_>,
    owner: Option<Key>,
    group: &Group,
    column: usize,
    glyphs: &Glyphs,
) -> Phrase {
    let process = owner.map(|owner| data.model.process(owner));
    let zombies = || {
        group
            .zombies
            .iter()
            .map(|&zombie| data.model.process(zombie))
    };
    match column {
        0 => Phrase::plain(process.map_or("?".to_owned(), |owner| owner.id.tgid.to_string())),
        1 => match process {
            Some(owner) => {
                let state = owner.state();
                Phrase::of(words::state_tone(state), glyphs.state(state))
                    .and(Tone::Strong, format!(" {}", words::name(owner)))
                    .and(
                        Tone::Dim,
                        words::arguments_beyond_name(owner)
                            .map_or(String::new(), |arguments| format!(" {arguments}")),
                    )
            }
            None => Phrase::of(Tone::Dim, "owner unknown"),
        },
        2 => Phrase::of(Tone::Strong, humane::count(group.zombies.len() as u64)),
        3 => match zombies().next() {
            Some(oldest) => Phrase::of(Tone::Strong, age(data, oldest)),
            None => Phrase::new(),
        },
        6 => last_wait(data, group),
        5 => bytes(
            zombies()
                .map(|zombie| words::zombie_memory(data.model, zombie))
                .sum(),
        ),
        _ => Phrase::new(),
    }
}

/// Whether the owner waits for its children at all.
fn last_wait(data: &Data<'_>, group: &Group) -> Phrase {
    match group.last_wait {
        Some(at) => Phrase::plain(humane::duration(data.now.saturating_sub(at))),
        None => Phrase::of(Tone::Warn, "none seen"),
    }
}

fn zombie_cell(
    data: &Data<'_>,
    row: &Row,
    zombie: Key,
    (column, width): (usize, usize),
    glyphs: &Glyphs,
) -> Phrase {
    let zombie = data.model.process(zombie);
    match column {
        0 => Phrase::plain(zombie.id.tgid.to_string()),
        1 => {
            let rail = if row.last {
                glyphs.tree_last
            } else {
                glyphs.tree_fork
            };
            Phrase::of(Tone::Faint, rail)
                .and(
                    words::state_tone(State::Zombie),
                    glyphs.state(State::Zombie),
                )
                .and(Tone::Plain, format!(" {}", words::name(zombie)))
        }
        3 => Phrase::plain(age(data, zombie)),
        4 => words::ending(zombie, width),
        5 => bytes(words::zombie_memory(data.model, zombie)),
        7 => match zombie.zombie_at {
            Some(at) => Phrase::of(Tone::Dim, words::clock(data.model, at)),
            None => Phrase::of(Tone::Dim, "before the trace"),
        },
        8 => match row.owner {
            Some(owner) => Phrase::of(Tone::Dim, words::label(data.model, owner)),
            None => Phrase::of(Tone::Dim, "?"),
        },
        _ => Phrase::new(),
    }
}

/// No zombies is good news, but says how it was.
fn nothing(data: &Data<'_>) -> Vec<Phrase> {
    let model = data.model;
    let waited = model.processes().filter_map(|(key, process)| {
        let time = process.zombie_time(data.now).filter(|&time| time > 0)?;
        Some((time, key))
    });
    let mut lines = vec![Phrase::of(Tone::Good, "No zombies now.")];
    if let Some((time, key)) = waited.max() {
        let longest = format!(
            "The longest so far was {} for {}.",
            words::label(model, key),
            humane::duration(time)
        );
        lines.push(Phrase::of(Tone::Dim, longest));
    }
    lines
}
