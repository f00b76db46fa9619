//! What the timeline has a line for: processes in the order of the fork tree,
//! and siblings of one name that had no children, together.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
    sync::LazyLock,
};

use crate::{
    event::Comm,
    model::{Key, Process},
    tui::{
        state::{column_cache::ColumnCache, data::Data},
        widget::{
            forest::{Filter, Forest, Row},
            list::Identity,
        },
    },
};

/// So many siblings of one name are shown together, unless they are asked for.
const MANY: usize = 4;

/// The moments of a life that are drawn. ns since boot.
#[derive(Clone, Copy, Debug)]
pub struct Life {
    pub comm: Comm,
    /// `start_boottime`; of one that was first seen later, that.
    pub since: u64,
    /// Its end was not seen at all: it may have been any time before this.
    pub until: Option<u64>,
    pub zombie: Option<u64>,
    /// When it was reaped, or gone.
    pub gone: Option<u64>,
    pub last_exec: Option<u64>,
    pub killed: bool,
    pub vanished: bool,
}

impl Life {
    pub fn of(process: &Process) -> Life {
        let gone = process
            .reaped_at
            .or(process.freed_at)
            .or(process.vanished_at);
        let zombie = process
            .zombie_at
            .filter(|_| process.autoreaped != Some(true));
        let ended = [process.exited_at, zombie, gone]
            .into_iter()
            .flatten()
            .min();
        Life {
            comm: process.comm,
            since: process.id.start,
            until: ended,
            zombie: match process.zombie_when_found && process.exited_at.is_none() {
                true => Some(process.id.start),
                false => zombie,
            },
            gone,
            last_exec: process.executions.last().map(|execution| execution.at),
            killed: process.status.and_then(|status| status.signal()).is_some(),
            vanished: process.vanished_at.is_some(),
        }
    }

    /// The last moment that there is something to draw of.
    pub fn end(&self, now: u64) -> u64 {
        self.gone
            .or(self.until.filter(|_| self.zombie.is_none()))
            .unwrap_or(now)
    }

    fn is_in(&self, window: &Range<u64>, now: u64) -> bool {
        self.since <= window.end && self.end(now) >= window.start
    }

    /// Something happens to it in that time.
    fn is_busy_in(&self, window: &Range<u64>) -> bool {
        let moments = [
            Some(self.since),
            self.until,
            self.zombie,
            self.gone,
            self.last_exec,
        ];
        moments.into_iter().flatten().any(|at| window.contains(&at)) || self.zombie.is_some()
    }
}

pub struct Lane {
    pub row: Row,
    /// Who shares it; empty for a lane of one.
    pub group: Vec<Key>,
}

impl Identity for Lane {
    type Id = Key;

    fn id(&self) -> Key {
        self.row.key
    }
}

/// Which lanes there are.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// Also those to whom nothing happens in the time that is shown.
    pub quiet: bool,
    /// Whose children have a lane each, by parent and name.
    pub apart: HashSet<(Option<Key>, Comm)>,
}

/// Processes, living and dead, without their threads.
pub static EVERYONE: LazyLock<Filter> = LazyLock::new(Filter::default);

/// The lanes of a window, in time linear in the processes that are kept.
pub fn lanes(
    data: &Data<'_>,
    forest: &Forest,
    lives: &ColumnCache<Life>,
    window: &Range<u64>,
    choice: &Choice,
) -> Vec<Lane> {
    let wanted = |place: usize| {
        let life = lives.at(place).map(|(_, life)| life);
        life.is_some_and(|life| {
            life.is_in(window, data.now) && (choice.quiet || life.is_busy_in(window))
        })
    };
    let rows = forest.rows_of(data, &EVERYONE, Some(&wanted));
    let groups = groups(lives, &rows, choice);
    // The new place of each row; members of a group have that of the group.
    let mut places = vec![0u32; rows.len()];
    let mut lanes: Vec<Lane> = Vec::with_capacity(rows.len());
    for (index, row) in rows.iter().enumerate() {
        let group = groups.get(&(index as u32));
        if let Some(&(first, _)) = group
            && first != index as u32
        {
            let place = places[first as usize];
            places[index] = place;
            lanes[place as usize].group.push(row.key);
            continue;
        }
        places[index] = lanes.len() as u32;
        lanes.push(Lane {
            row: row.below(row.parent().map(|parent| places[parent as usize])),
            group: group.map_or(Vec::new(), |_| vec![row.key]),
        });
    }
    let mut youngest: HashMap<u32, usize> = HashMap::new();
    for (index, lane) in lanes.iter().enumerate() {
        lane.row
            .parent()
            .map(|parent| youngest.insert(parent, index));
    }
    for index in youngest.into_values() {
        lanes[index].row.set_last();
    }
    lanes
}

/// For each row in a group: the group's first row, and its size.
fn groups(lives: &ColumnCache<Life>, rows: &[Row], choice: &Choice) -> HashMap<u32, (u32, u32)> {
    let mut siblings: HashMap<(u32, Comm), Vec<u32>> = HashMap::new();
    for (index, row) in rows.iter().enumerate() {
        let leaf = rows.get(index + 1).and_then(Row::parent) != Some(index as u32);
        if let Some(parent) = row.parent().filter(|_| leaf) {
            let comm = lives.get(row.key).map_or(Comm::default(), |life| life.comm);
            let of = rows[parent as usize].key;
            if !choice.apart.contains(&(Some(of), comm)) {
                siblings
                    .entry((parent, comm))
                    .or_default()
                    .push(index as u32);
            }
        }
    }
    siblings.retain(|_, members| members.len() >= MANY);
    let of = |members: Vec<u32>| {
        let (first, size) = (members[0], members.len() as u32);
        members
            .into_iter()
            .map(move |member| (member, (first, size)))
    };
    siblings.into_values().flat_map(of).collect()
}
