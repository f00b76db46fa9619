//! A cut subtree keeps every fact about its processes and no name of any other.
//!
//! The full sweep runs on recordings made for real: `cargo xtask sweep trees`.

#![allow(
    clippy::unwrap_used,
    reason = "a panic is how a test fails, and it says where"
)]

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    fs,
    io::Read as _,
    path::Path,
};

use serde_json::Value;
use tracer::{
    event::{Event, Name, Named, ProcessId, What, Who, arguments},
    export::process_json,
    model::{Model, Retention},
    recording::{Reader, Writer},
    session::{Family, Subtree},
};

#[path = "support/commands.rs"]
mod commands;
#[path = "support/families.rs"]
mod families;
#[path = "support/storm.rs"]
mod storm;

/// The first bytes of a zstd frame.
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Shorter words are not searched for in bytes: texts adjoin there, and the end of one and the
/// beginning of the next may look like such a word. The decoded names are compared whole.
const SHORT: usize = 6;

fn read(path: &Path) -> Vec<Event> {
    let reader = Reader::new(fs::File::open(path).unwrap()).unwrap();
    reader.map(Result::unwrap).collect()
}

/// Returns a subtree of these events, as the bytes of a recording.
fn cut(events: &[Event], root: u32) -> Vec<u8> {
    let mut family = Family::new(root);
    events.iter().for_each(|event| family.take(event));
    let mut subtree = Subtree::new(family.members());
    let mut writer = Writer::new(Vec::new()).unwrap();
    for event in events {
        let mut take = |event: Event| Ok(writer.write(&event)?);
        subtree.filter(event.clone(), &mut take).unwrap();
    }
    subtree
        .finish(&mut |event| Ok(writer.write(&event)?))
        .unwrap();
    writer.finish().unwrap().1
}

fn model(events: &[Event]) -> Model {
    let mut model = Model::new(Retention::ALL);
    events.iter().for_each(|event| model.apply(event));
    model
}

/// A recording, and what is known of its processes.
struct Whole {
    events: Vec<Event>,
    facts: BTreeMap<ProcessId, Value>,
    /// Children in the fork tree, and those that a process created for its parent.
    children: BTreeMap<ProcessId, Vec<ProcessId>>,
}

impl Whole {
    fn new(events: Vec<Event>) -> Whole {
        let model = model(&events);
        let mut children = BTreeMap::<_, Vec<_>>::new();
        for (key, process) in model.processes() {
            let parent = model
                .tree_parent(key)
                .map(|parent| model.process(parent).id);
            let caller = process.forked_by.map(|by| by.process);
            for above in parent.into_iter().chain(caller) {
                children.entry(above).or_default().push(process.id);
            }
        }
        Whole {
            facts: facts(&model),
            events,
            children,
        }
    }

    /// Returns the processes with a PID, and all that they created.
    fn tree(&self, root: u32) -> BTreeSet<ProcessId> {
        let mut next: Vec<_> = self.facts.keys().copied().collect();
        next.retain(|id| id.tgid == root);
        let mut all = BTreeSet::new();
        while let Some(id) = next.pop() {
            if all.insert(id) {
                next.extend(self.children.get(&id).into_iter().flatten());
            }
        }
        all
    }
}

/// Returns each process as its line in the export.
fn facts(model: &Model) -> BTreeMap<ProcessId, Value> {
    let processes = model.processes().map(|(key, process)| {
        let facts = serde_json::from_str(&process_json(model, key)).unwrap();
        (process.id, facts)
    });
    processes.collect()
}

/// Returns the words of a name: paths and their components, and all arguments.
fn words(name: Name<'_>) -> Vec<Vec<u8>> {
    let words: Vec<Vec<u8>> = match name {
        Name::Comm(comm) => vec![comm.as_bytes().to_vec()],
        Name::Path(path) => {
            let path = path.clone().unwrap_or_default();
            let parts = path.as_bytes().split(|&byte| byte == b'/');
            let whole = [path.as_bytes().to_vec()];
            parts.map(<[u8]>::to_vec).chain(whole).collect()
        }
        Name::Arguments(argv) => {
            let argv = argv.clone().unwrap_or_default();
            arguments(argv.as_bytes()).map(<[u8]>::to_vec).collect()
        }
        Name::Host(name) => vec![name.raw().as_bytes().to_vec()],
    };
    words.into_iter().filter(|word| !word.is_empty()).collect()
}

/// Returns the processes that executed a program, once for each time.
fn executions(events: &[Event]) -> impl Iterator<Item = ProcessId> {
    let executions = events.iter().filter(|it| matches!(it.what, What::Exec(_)));
    executions.map(|event| event.who.process)
}

/// Returns the words of a tree's processes, and those of all others.
fn own_and_foreign_words(
    events: &[Event],
    tree: &BTreeSet<ProcessId>,
) -> (HashSet<Vec<u8>>, HashSet<Vec<u8>>) {
    let executed: HashSet<_> = executions(events).collect();
    let of_tree = events.iter().filter(|it| tree.contains(&it.who.process));
    let cgroups: HashSet<_> = of_tree
        .filter_map(|event| match &event.what {
            What::Snapshot(found) => found.cgroup,
            What::Fork(fork) => fork.cgroup,
            What::Moved(moved) => Some(moved.cgroup),
            _ => None,
        })
        .collect();
    let (mut own, mut foreign) = (HashSet::new(), HashSet::new());
    let mut pids: BTreeMap<u32, ProcessId> = BTreeMap::new();
    for event in events {
        let subject = event.who.process;
        pids.insert(subject.tgid, subject);
        if let What::Session(session) = &event.what {
            let hooks = session.hooks.iter().map(|hook| format!("{hook:?}"));
            own.extend(hooks.map(String::into_bytes));
        }
        // A process that executes a program replaces the names that it has inherited.
        let inherited = matches!(event.what, What::Fork(_)) && executed.contains(&subject);
        event.clone().each_name(&mut |named, name| {
            let owner = match named {
                Named::Subject if inherited => return,
                Named::Subject => Some(subject),
                Named::Task(who) => Some(who.process),
                Named::Pid(pid) => pids.get(&pid).copied(),
                Named::Cgroup(_) | Named::Host => None,
            };
            let is_own = match named {
                Named::Host => true,
                Named::Cgroup(id) => cgroups.contains(&id),
                // The idle task.
                _ if owner == Some(Who::HOST.process) => true,
                _ => owner.is_some_and(|owner| tree.contains(&owner)),
            };
            let words = words(name);
            match is_own {
                true => own.extend(words),
                false => foreign.extend(words),
            }
        });
    }
    (own, foreign)
}

/// Returns the bytes of a recording, with its blocks decompressed.
fn decompressed(recording: &[u8]) -> Vec<u8> {
    let mut all = recording.to_vec();
    let frames = recording.windows(4).enumerate();
    for (place, _) in frames.filter(|(_, start)| *start == ZSTD_MAGIC) {
        let decoder = zstd::stream::read::Decoder::new(&recording[place..]).unwrap();
        let mut payload = Vec::new();
        // What follows the frame is not one.
        let _ = decoder.single_frame().read_to_end(&mut payload);
        all.extend(payload);
    }
    all
}

/// Returns the place of a word.
fn place(bytes: &[u8], word: &[u8]) -> Option<usize> {
    bytes.windows(word.len()).position(|part| part == word)
}

/// Replaces the fields that name other processes, which a cut leaves out.
fn without_foreign_names(mut facts: Value, tree: &BTreeSet<ProcessId>, events: &[Event]) -> Value {
    let killer = facts["killed_by"]["pid"].as_u64();
    let ids = events.iter().filter_map(|event| match &event.what {
        What::Signal(signal) if Some(u64::from(signal.by.process.tgid)) == killer => {
            Some(signal.by.process)
        }
        _ => None,
    });
    if killer.is_some() && ids.into_iter().all(|id| !tree.contains(&id)) {
        facts["killed_by"]["comm"] = Value::Null;
    }
    for owner in facts["zombie_owners"].as_array_mut().into_iter().flatten() {
        let number = |field: &str| owner["process"][field].as_u64().unwrap_or_default();
        let id = ProcessId {
            tgid: number("pid") as u32,
            start: number("start_ns"),
        };
        if !tree.contains(&id) {
            owner["comm"] = Value::Null;
        }
    }
    facts
}

/// Asserts that a cut of this tree loses no fact and holds no foreign name. Returns the
/// number of processes and of foreign words.
#[track_caller]
fn assert_cut(whole: &Whole, root: u32) -> (usize, usize) {
    let events = &whole.events[..];
    let tree = whole.tree(root);
    let bytes = cut(events, root);
    let cut: Vec<_> = Reader::new(&bytes[..])
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let part = model(&cut);
    let after = facts(&part);
    for id in &tree {
        let before = without_foreign_names(whole.facts[id].clone(), &tree, events);
        let Some(after) = after.get(id) else {
            // Others mention the process, and no event is about it.
            assert_eq!(before["created_by"], Value::Null, "{id:?} is missing");
            continue;
        };
        let after = without_foreign_names(after.clone(), &tree, events);
        for (field, value) in before.as_object().unwrap() {
            assert_eq!(
                &after[field], value,
                "{field} of {id:?} in the tree of {root}"
            );
        }
    }

    let (mut own, mut foreign) = own_and_foreign_words(events, &tree);
    // A process that executes nothing has its parent's arguments as its own.
    let executed: HashSet<_> = executions(events).collect();
    for event in cut.iter().filter(|it| !executed.contains(&it.who.process)) {
        if let What::Implied(fact) = &event.what {
            own.extend(words(Name::Arguments(&mut fact.argv.clone())));
        }
    }
    foreign.retain(|word| !own.contains(word));
    let decoded: HashSet<_> = cut
        .iter()
        .flat_map(|event| {
            let mut all = Vec::new();
            event
                .clone()
                .each_name(&mut |_, name| all.extend(words(name)));
            all
        })
        .collect();
    let leaked: Vec<_> = decoded
        .difference(&own)
        .filter(|it| foreign.contains(*it))
        .collect();
    assert!(
        leaked.is_empty(),
        "tree of {root}: {leaked:?} of other processes"
    );
    let all = decompressed(&bytes);
    let text: Vec<_> = own.iter().map(|word| &word[..]).collect();
    let long = foreign.iter().filter(|word| {
        // A name may be a part of an own one.
        word.len() >= SHORT && !text.iter().any(|own| place(own, word).is_some())
    });
    for word in long {
        if let Some(place) = place(&all, word) {
            let around = &all[place.saturating_sub(40)..all.len().min(place + 60)];
            let (word, around) = (word.escape_ascii(), around.escape_ascii());
            panic!("tree of {root}: {word} is in the bytes: {around}");
        }
    }
    (tree.len(), foreign.len())
}

/// Returns PIDs of processes, spread over the recording.
fn roots(events: &[Event], count: usize) -> Vec<u32> {
    let mut pids: Vec<u32> = Vec::new();
    for event in events {
        let is_birth = matches!(event.what, What::Fork(_) | What::Snapshot(_));
        if is_birth && event.who.is_leader() && !pids.contains(&event.who.process.tgid) {
            pids.push(event.who.process.tgid);
        }
    }
    let step = pids.len().div_ceil(count).max(1);
    pids.into_iter().skip(step / 2).step_by(step).collect()
}

#[test]
fn tree_of_random_families_keeps_all_facts_and_no_foreign_name() {
    let (mut processes, mut foreign) = (0, 0);
    for seed in 0..24 {
        let story = Whole::new(families::Families::story(seed, 250, seed % 3 == 2));
        for root in roots(&story.events, 3) {
            let (tree, names) = assert_cut(&story, root);
            processes += tree;
            foreign += names;
        }
    }
    assert!(processes > 200 && foreign > 2_000, "{processes} {foreign}");
}

#[test]
fn tree_of_a_storm_keeps_all_facts() {
    let storm = Whole::new(storm::Storm::default().take(8_000).collect());
    for root in roots(&storm.events, 4) {
        assert_cut(&storm, root);
    }
}

/// Cuts a hundred trees of every recording.
#[test]
#[ignore = "a sweep: cargo xtask sweep trees"]
fn trees_of_real_recordings_keep_all_facts_and_no_foreign_name() {
    for path in commands::recordings() {
        let whole = Whole::new(read(&path));
        let roots = roots(&whole.events, 100);
        let (mut processes, mut foreign) = (0, 0);
        for &root in &roots {
            let (tree, names) = assert_cut(&whole, root);
            processes += tree;
            foreign += names;
        }
        let trees = roots.len();
        println!(
            "{}: {} events, {trees} trees of {processes} processes, {foreign} foreign words",
            path.display(),
            whole.events.len()
        );
    }
}
