//! Processes outside a subtree that its events mention: parents, owners, tracers. A
//! snapshot lists them without names, so that they do not seem to have vanished.

use std::collections::BTreeSet;

use crate::{
    event::{Comm, Event, Snapshot, What},
    model::{Key, Model, Process, State},
};

/// Returns snapshot events for the present processes that the model `part` mentions,
/// and for their parents. `whole` knows them all.
pub fn snapshot(whole: &Model, part: &Model, at: u64) -> Vec<Event> {
    let mentioned = part.processes().filter(|(_, it)| !it.state().is_gone());
    let mentioned = mentioned.filter_map(|(_, process)| whole.find(process.id));
    let mut present = BTreeSet::new();
    for key in mentioned {
        let above = std::iter::successors(Some(key), |&key| whole.process(key).parent);
        let above = above.take_while(|&key| !whole.process(key).state().is_gone());
        for key in above {
            if !present.insert(key) {
                break;
            }
        }
    }
    let events = present.into_iter().map(|key| found(whole, key, at));
    events.collect()
}

fn found(whole: &Model, key: Key, at: u64) -> Event {
    let process: &Process = &whole.process(key);
    let parent = process.parent.map(|parent| whole.process(parent).id);
    let (ns_pid, ns_level) = process.ns.unwrap_or((process.id.tgid, 0));
    let status = process.status.map(|status| status.0);
    let found = Snapshot {
        parent: parent.unwrap_or_default(),
        kthread: process.kthread,
        zombie: status.filter(|_| process.state() == State::Zombie),
        exiting: process.state() == State::Exiting,
        exit_signal: process.exit_signal.unwrap_or_default(),
        ns_pid,
        ns_level,
        comm: Comm::default(),
        argv: None,
        relations: None,
        sigchld_policy: None,
        cgroup: None,
    };
    Event {
        at,
        cpu: 0,
        who: process.id.leader(),
        what: What::Snapshot(Box::new(found)),
    }
}
