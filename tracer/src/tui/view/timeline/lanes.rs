//! The lanes of the timeline: processes in the order of the fork tree. Siblings of the same name
//! without children share a lane.

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
            forest::{Forest, Row, TreeFilter},
            list::Identity,
        },
    },
};

/// The number of siblings from which on they share a lane.
const GROUP_FROM: usize = 4;

/// The moments of a life that are drawn, ns since boot.
#[derive(Clone, Copy, Debug)]
pub struct Life {
    /// The command name.
    pub comm: Comm,
    /// The start: `start_boottime`.
    pub since: u64,
    /// The exit; for a vanished process, the latest time it can have been. `None` while it is
    /// alive.
    pub until: Option<u64>,
    /// The time it became a zombie.
    pub zombie: Option<u64>,
    /// The reap, or the time it left the process table.
    pub removed: Option<u64>,
    /// The last exec.
    pub last_exec: Option<u64>,
    /// True if a signal killed it.
    pub killed: bool,
    /// True if its exit was not seen.
    pub vanished: bool,
}

impl Life {
    /// Returns the moments of a process.
    pub fn of(process: &Process) -> Life {
        let removed = process
            .reaped_at
            .or(process.freed_at)
            .or(process.vanished_at);
        let zombie = process
            .zombie_at
            .filter(|_| process.autoreaped != Some(true));
        let ended = [process.exited_at, zombie, removed]
            .into_iter()
            .flatten()
            .min();
        Life {
            comm: process.comm,
            since: process.id.start,
            until: ended,
            zombie: match process.found_exited_at().is_some() && process.exited_at.is_none() {
                true => Some(process.id.start),
                false => zombie,
            },
            removed,
            last_exec: process.executions.last().map(|execution| execution.at),
            killed: process.status.and_then(|status| status.signal()).is_some(),
            vanished: process.vanished_at.is_some(),
        }
    }

    /// Returns the end of the drawn life.
    pub fn end(&self, now: u64) -> u64 {
        self.removed
            .or(self.until.filter(|_| self.zombie.is_none()))
            .unwrap_or(now)
    }

    /// Returns true if the process was present in a window.
    pub fn is_in(&self, window: &Range<u64>, now: u64) -> bool {
        self.since <= window.end && self.end(now) >= window.start
    }

    /// Returns true if something happens to the process in a window.
    pub fn is_busy_in(&self, window: &Range<u64>) -> bool {
        let moments = [
            Some(self.since),
            self.until,
            self.zombie,
            self.removed,
            self.last_exec,
        ];
        moments.into_iter().flatten().any(|at| window.contains(&at)) || self.zombie.is_some()
    }
}

/// One line of the timeline.
pub struct Lane {
    /// The row of the process, or of the first one of a group.
    pub row: Row,
    /// The processes that share the lane; empty for a single process.
    pub group: Vec<Key>,
}

impl Identity for Lane {
    type Id = Key;

    fn id(&self) -> Key {
        self.row.key
    }
}

/// The reader's choice of lanes.
#[derive(Clone, Debug, Default)]
pub struct LaneChoice {
    /// True if lanes without events in the window are shown.
    pub idle: bool,
    /// Siblings with a lane each, by parent and name.
    pub apart: HashSet<(Option<Key>, Comm)>,
}

/// A filter that passes all processes, without their threads.
pub static EVERYTHING: LazyLock<TreeFilter> = LazyLock::new(TreeFilter::default);

/// Returns the lanes of a window, in time linear in the number of processes in the model.
pub fn lanes(
    data: &Data<'_>,
    forest: &Forest,
    lives: &ColumnCache<Life>,
    window: &Range<u64>,
    choice: &LaneChoice,
) -> Vec<Lane> {
    let shown = |place: usize| {
        let life = lives.at(place).map(|(_, life)| life);
        life.is_some_and(|life| {
            life.is_in(window, data.now) && (choice.idle || life.is_busy_in(window))
        })
    };
    let rows = forest.rows_of(data, &EVERYTHING, Some(&shown));
    let groups = groups(lives, &rows, choice);
    // The new index of each row; members of a group have the index of the group.
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
    let mut last_children: HashMap<u32, usize> = HashMap::new();
    for (index, lane) in lanes.iter().enumerate() {
        lane.row
            .parent()
            .map(|parent| last_children.insert(parent, index));
    }
    for index in last_children.into_values() {
        lanes[index].row.set_last();
    }
    lanes
}

/// Returns, for each row in a group, the group's first row and size.
fn groups(
    lives: &ColumnCache<Life>,
    rows: &[Row],
    choice: &LaneChoice,
) -> HashMap<u32, (u32, u32)> {
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
    siblings.retain(|_, members| members.len() >= GROUP_FROM);
    let of = |members: Vec<u32>| {
        let (first, size) = (members[0], members.len() as u32);
        members
            .into_iter()
            .map(move |member| (member, (first, size)))
    };
    siblings.into_values().flat_map(of).collect()
}
