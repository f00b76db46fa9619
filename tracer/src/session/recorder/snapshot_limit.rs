//! Reduces a snapshot to a maximum size, so that no user can fill a flight recorder
//! with the snapshots of many or large processes.
//!
//! Arguments are left out first: those of the users with the most, and of these the
//! longest. Then tasks are left out, and the snapshot is incomplete. What is left out
//! is unknown to a reader.

use std::collections::HashMap;

use crate::event::{Event, Snapshot, Text, Uid, What};

/// Upper bound of the size of an event without arguments and paths, bytes.
const EVENT: u64 = 128;

/// Reduces the events of a snapshot to about `limit` bytes before compression. Returns
/// false if tasks were left out: then no absent task may be marked as exited.
pub fn apply(events: &mut Vec<Event>, limit: u64) -> bool {
    let size: u64 = events.iter().map(size).sum();
    if size <= limit {
        return true;
    }
    let arguments: u64 = events.iter().map(argument_size).sum();
    leave_out_arguments(events, limit.saturating_sub(size - arguments));
    leave_out_tasks(events, limit)
}

/// Marks the end of a snapshot from which tasks were left out.
pub fn mark_incomplete(end: &mut Event) {
    if let What::SnapshotEnd(since) = &mut end.what {
        *since = 0;
    }
}

fn size(event: &Event) -> u64 {
    let variable = match &event.what {
        What::Session(session) => {
            let users = session
                .users
                .iter()
                .map(|user| EVENT + user.name.raw().len() as u64);
            users.sum::<u64>() + session.command.as_bytes().len() as u64
        }
        What::Cgroup(cgroup) => cgroup.path.as_bytes().len() as u64,
        _ => argument_size(event),
    };
    EVENT + variable
}

fn argument_size(event: &Event) -> u64 {
    let text = arguments(event).map(|(_, text)| text.as_bytes().len() as u64);
    text.unwrap_or(0)
}

/// Returns the arguments of a task and its user, if the event holds any.
fn arguments(event: &Event) -> Option<(Option<Uid>, &Text)> {
    let What::Snapshot(task) = &event.what else {
        return None;
    };
    let user = task.relations.and_then(|relations| relations.uid);
    Some((user, task.argv.as_ref()?))
}

/// Leaves out arguments until they have at most `limit` bytes.
fn leave_out_arguments(events: &mut [Event], limit: u64) {
    let mut by_user: HashMap<Option<Uid>, Vec<u64>> = HashMap::new();
    for (user, text) in events.iter().filter_map(arguments) {
        by_user
            .entry(user)
            .or_default()
            .push(text.as_bytes().len() as u64);
    }
    let users = by_user.values().map(|sizes| sizes.iter().sum()).collect();
    let per_user = fair_share(users, limit);
    let mut left: HashMap<_, _> = by_user.keys().map(|&user| (user, per_user)).collect();
    let mut shortest: Vec<&mut Snapshot> = Vec::new();
    for event in events {
        if let What::Snapshot(task) = &mut event.what
            && task.argv.is_some()
        {
            shortest.push(task);
        }
    }
    let length = |task: &Snapshot| {
        task.argv
            .as_ref()
            .map_or(0, |it| it.as_bytes().len() as u64)
    };
    shortest.sort_by_key(|task| length(task));
    for task in shortest {
        let user = task.relations.and_then(|relations| relations.uid);
        let left = left.get_mut(&user);
        let rest = left
            .as_ref()
            .and_then(|left| left.checked_sub(length(task)));
        match (left, rest) {
            (Some(left), Some(rest)) => *left = rest,
            _ => task.argv = None,
        }
    }
}

/// Returns the share at which all `wanted` together get at most `limit`, if each gets
/// what it wants or else the share.
fn fair_share(mut wanted: Vec<u64>, limit: u64) -> u64 {
    wanted.sort_unstable();
    let mut left = limit;
    for (position, &want) in wanted.iter().enumerate() {
        let share = left / (wanted.len() - position) as u64;
        if want > share {
            return share;
        }
        left -= want;
    }
    u64::MAX
}

/// Leaves out the last tasks if the events have more than `limit` bytes. Returns true
/// if none was left out.
fn leave_out_tasks(events: &mut Vec<Event>, limit: u64) -> bool {
    let (mut left, before) = (limit, events.len());
    events.retain(|event| {
        let is_task = matches!(event.what, What::Snapshot(_));
        let rest = left.checked_sub(size(event));
        left = rest.unwrap_or(left);
        !is_task || rest.is_some()
    });
    events.len() == before
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Relations, script::Script};

    /// Returns a snapshot of processes with a user and a length of arguments.
    fn snapshot(of: &[(u32, usize)]) -> Vec<Event> {
        let mut script = Script::new();
        for pid in 1..=of.len() as u32 {
            script = script.found(pid, 0, "some");
        }
        let mut events = script.found_all().events;
        let tasks = events.iter_mut().filter_map(|event| match &mut event.what {
            What::Snapshot(task) => Some(task),
            _ => None,
        });
        for (task, &(uid, length)) in tasks.zip(of) {
            task.argv = Some(Text::new(&vec![b'a'; length]));
            task.relations = Some(Relations {
                uid: Uid::from_plus_1(uid + 1),
                ..Relations::default()
            });
        }
        events
    }

    fn lengths(events: &[Event]) -> Vec<Option<usize>> {
        let tasks = events.iter().filter_map(|event| match &event.what {
            What::Snapshot(task) => Some(task),
            _ => None,
        });
        let lengths = tasks.map(|task| task.argv.as_ref().map(|it| it.as_bytes().len()));
        lengths.collect()
    }

    #[test]
    fn a_snapshot_within_the_limit_is_unchanged() {
        let whole = snapshot(&[(0, 10), (1, 4000)]);
        let mut events = whole.clone();
        assert!(apply(&mut events, 1 << 20));
        assert_eq!(events, whole);
    }

    #[test]
    fn the_longest_arguments_of_the_greediest_user_are_left_out_first() {
        let mut of = vec![(0, 500), (1, 100)];
        of.extend([(1000, 4000); 100]);
        of.push((1000, 300));
        let mut events = snapshot(&of);
        assert!(apply(&mut events, (EVENT * (of.len() as u64 + 4)) + 6000));
        let left = lengths(&events);
        assert_eq!(left[..2], [Some(500), Some(100)]);
        assert_eq!(left[102], Some(300));
        assert_eq!(left[2..102].iter().flatten().count(), 1);
    }

    #[test]
    fn tasks_are_left_out_of_a_snapshot_that_is_too_large_without_arguments() {
        let mut events = snapshot(&[(0, 10); 1000]);
        let limit = 100 * EVENT;
        assert!(!apply(&mut events, limit));
        assert!(events.iter().map(size).sum::<u64>() <= limit + 2 * EVENT);
        assert!(lengths(&events).len() > 50);
        assert!(matches!(events.last().unwrap().what, What::SnapshotEnd(_)));
    }
}
