//! `tracer merge`: recordings of one boot as one recording, in the order of
//! time.
//!
//! Each process is told by one recording at a time: by the first that names it,
//! until that ends. So nothing is told twice where two overlap, and what only
//! one of them has is there: another tree, a time before or after, and the end
//! of somebody that the other has lost. Between recordings that do not touch
//! lies a gap.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail, ensure};

use super::{
    Exit, OK, Save, anonymize::Mask, progress::Progress, reading, recorder::Recorder, story::Story,
    window::Window,
};
use crate::{
    event::{Event, Gap, GapCause, Kind, ProcessId, Session, Snapshot, TaskId, What, Who},
    model::{Key, Model, State},
    recording::Chain,
    source::replay::From,
};

pub struct Merge {
    pub from: Vec<PathBuf>,
    pub to: Save,
    /// Replace all names.
    pub anonymize: bool,
}

pub fn merge(merge: &Merge) -> Result<Exit> {
    for from in &merge.from {
        ensure!(
            !merge.to.replaces(from),
            "{} would be merged into itself: give another name for the merged recording",
            from.display()
        );
    }
    Recorder::may_create(&merge.to)?;
    let mut inputs = Vec::new();
    for path in &merge.from {
        inputs.push(Input::open(path)?);
    }
    same_boot(&inputs)?;
    // The first to begin comes first, also where two say a thing at one time.
    inputs.sort_by_key(|input| input.began);
    let mut recorder = Recorder::create(&merge.to)?;
    let mask = merge.anonymize.then(Mask::default);
    let mut merged = Merged::new(inputs, |mut event| {
        if let Some(mask) = &mask {
            mask.cover(&mut event);
        }
        recorder.take(event);
    });
    merged.run()?;
    eprintln!("tracer: {}", recorder.finish()?);
    Ok(OK)
}

/// Times and numbers of another boot have nothing to do with these.
fn same_boot(inputs: &[Input]) -> Result<()> {
    let mut inputs = inputs.iter();
    let Some(first) = inputs.next() else {
        return Ok(());
    };
    for other in inputs {
        let (one, two) = (&first.session, &other.session);
        if one.boot_id != two.boot_id || one.boot_id.is_empty() {
            bail!(
                "{} is of boot {:?} of host {:?} and {} of boot {:?} of host {:?}: only \
                 recordings of one boot can be merged, since the times and process numbers of \
                 another have nothing to do with its own (those that were anonymized apart say \
                 different boots too: merge first)",
                first.path.display(),
                one.boot_id,
                one.hostname,
                other.path.display(),
                two.boot_id,
                two.hostname,
            );
        }
    }
    Ok(())
}

/// A recording that is to be merged.
struct Input {
    path: PathBuf,
    story: Story,
    chain: Chain<From>,
    session: Box<Session>,
    /// The next event that is not the session.
    head: Option<Event>,
    /// When it begins to tell what happens, ns since boot. What is before that
    /// in the file of a part tells who was there.
    began: u64,
    /// So many events of those are still to come.
    front: usize,
    /// It has said who was there when it began.
    was_complete: bool,
    state: Phase,
}

#[derive(Clone, Copy, PartialEq)]
enum Phase {
    Waits,
    Tells,
    /// Its last event was at that time.
    Ended(u64),
}

impl Input {
    /// Reads a recording once, to know where its beginning ends.
    fn open(path: &Path) -> Result<Input> {
        let cannot = || format!("{} cannot be merged", path.display());
        ensure!(
            path.as_os_str() != "-",
            "standard input cannot be merged: a recording is read twice for that"
        );
        let story = Story::find(path, &Window::default())?;
        let (mut number, mut front, mut began) = (0, 0, None);
        let mut session = None;
        reading::read_story(&story, |event| {
            began.get_or_insert(event.at);
            number += 1;
            match event.what {
                What::Session(told) => session = session.take().or(Some(told)),
                What::Summary(summary) if front == 0 => {
                    began = Some(summary.began);
                    front = number;
                }
                _ => {}
            }
            Ok(())
        })?;
        let session = session.with_context(|| {
            let path = path.display();
            format!("{path} cannot be merged: it does not say of which boot it is")
        })?;
        let mut input = Input {
            path: path.to_owned(),
            chain: story.chain()?.0,
            story,
            session,
            head: None,
            began: began.unwrap_or(0),
            front,
            was_complete: false,
            state: Phase::Waits,
        };
        input.next().with_context(cannot)?;
        Ok(input)
    }

    /// Takes the head and puts the next event in its place.
    fn next(&mut self) -> Result<Option<Event>> {
        let next = self.chain.next_event()?;
        let taken = std::mem::replace(&mut self.head, next);
        Ok(taken)
    }

    /// When the head is to be told.
    fn time(&self) -> Option<u64> {
        let at = self.head.as_ref()?.at;
        Some(if self.front > 0 {
            self.began
        } else {
            at.max(self.began)
        })
    }
}

/// What two recordings say of one moment lies no further apart, ns: each reads
/// the clock for itself.
const APART: u64 = 50_000_000;

/// So many processes are remembered before those long gone are forgotten,
const FEW: usize = 4096;
/// which have been told nothing of for so long, ns.
const LONG: u64 = 60_000_000_000;

/// That something came to an end, which is told once.
type End = (TaskId, Kind);

/// Who tells of a process, and when somebody last did.
struct Telling {
    teller: usize,
    last: u64,
}

/// The stream that is made of them.
struct Merged<T> {
    inputs: Vec<Input>,
    tellers: HashMap<ProcessId, Telling, foldhash::fast::RandomState>,
    /// How many there were when those long gone were last forgotten.
    swept: usize,
    /// Ends that were told of late, and when each was.
    ends: HashMap<End, u64, foldhash::fast::RandomState>,
    ended: VecDeque<(End, u64)>,
    /// Those that another than the teller has told: whether they are new shows
    /// when the teller has had its say.
    held: VecDeque<Event>,
    cgroups: HashSet<u64>,
    /// Who is there, and what all adds up to.
    model: Model,
    take: T,
}

impl<T: FnMut(Event)> Merged<T> {
    fn new(inputs: Vec<Input>, take: T) -> Self {
        Merged {
            inputs,
            tellers: HashMap::default(),
            swept: 0,
            ends: HashMap::default(),
            ended: VecDeque::new(),
            held: VecDeque::new(),
            cgroups: HashSet::new(),
            model: Model::present_only(),
            take,
        }
    }

    fn run(&mut self) -> Result<()> {
        let lengths = self.inputs.iter().map(|input| input.story.length());
        let length = Some(lengths.sum());
        let mut progress = Progress::new("merging", Path::new("recordings"), length);
        let mut end = None;
        loop {
            let heads = self.inputs.iter().enumerate();
            let heads = heads.filter_map(|(number, input)| Some((input.time()?, number)));
            let Some((_, number)) = heads.min() else {
                break;
            };
            self.begin(number);
            if self.inputs[number].front > 0 {
                self.tell_front(number)?;
            } else if let Some(event) = self.inputs[number].next()? {
                match event.what {
                    What::End => end = Some(event),
                    _ => self.tell(number, event),
                }
            }
            let input = &mut self.inputs[number];
            if input.head.is_none() {
                input.state = Phase::Ended(self.model.now());
            }
            let read = self.inputs.iter().map(|input| input.chain.place().1);
            progress.step(read.sum());
        }
        self.settle(u64::MAX);
        // It ended in good order if the last of them did.
        if let Some(end) = end.filter(|end: &Event| end.at >= self.model.now()) {
            self.put(end);
        }
        Ok(())
    }

    fn put(&mut self, event: Event) {
        self.model.apply(&event);
        (self.take)(event);
    }

    /// Another than that one is telling.
    fn is_accompanied(&self, number: usize) -> bool {
        let mut others = self.inputs.iter().enumerate();
        others.any(|(other, input)| other != number && input.state == Phase::Tells)
    }

    /// A recording begins: the first with the session, a later one with what
    /// nobody has told between it and those before.
    fn begin(&mut self, number: usize) {
        if self.inputs[number].state != Phase::Waits {
            return;
        }
        self.inputs[number].state = Phase::Tells;
        let at = self.inputs[number].began;
        let (since, is_first) = (self.model.now(), self.model.session().is_none());
        if is_first {
            let mut session = self.inputs[number].session.clone();
            session.segment = None;
            self.put(host(at, What::Session(session)));
        } else if !self.is_accompanied(number) && since < at {
            let gap = Gap {
                since,
                lost: Vec::new(),
                cause: GapCause::Untraced,
            };
            self.put(host(at, What::Gap(Box::new(gap))));
        }
    }

    fn tell(&mut self, number: usize, event: Event) {
        self.settle(event.at.saturating_sub(APART));
        let is_new = match &event.what {
            What::Session(_) | What::Summary(_) | What::End => false,
            What::SnapshotEnd(_) => self.is_complete(number, event.at),
            What::Cgroup(cgroup) => self.cgroups.insert(cgroup.id),
            _ if event.who == Who::HOST => true,
            _ => self.is_tellers(number, event.who.process, event.at),
        };
        let is_end = is_end(event.what.kind());
        // Who ended before a part began was told when it happened.
        let happens = self.inputs[number].front == 0;
        match is_new {
            true if is_end && happens => self.put_end(event),
            true => self.put(event),
            false if is_end && happens => self.held.push_back(event),
            false => {}
        }
    }

    fn put_end(&mut self, event: Event) {
        let end = (event.who.task, event.what.kind());
        self.ends.insert(end, event.at);
        self.ended.push_back((end, event.at));
        self.put(event);
    }

    /// Ends up to that time that the teller has not told are told by whoever
    /// has: the teller has lost them.
    fn settle(&mut self, until: u64) {
        while let Some(event) = self.held.pop_front_if(|event| event.at <= until) {
            let told = self.ends.get(&(event.who.task, event.what.kind()));
            if told.is_none_or(|told| told.abs_diff(event.at) > APART) {
                self.put_end(event);
            }
        }
        let old = until.saturating_sub(APART);
        while let Some((end, at)) = self.ended.pop_front_if(|&mut (_, at)| at < old) {
            if self.ends.get(&end) == Some(&at) {
                self.ends.remove(&end);
            }
        }
    }

    /// Whether who is not named by a recording's snapshot has gone: who is
    /// another's to tell is named first, where the recording has begun before.
    fn is_complete(&mut self, number: usize, at: u64) -> bool {
        let is_first = !std::mem::replace(&mut self.inputs[number].was_complete, true);
        if !self.is_accompanied(number) {
            return true;
        }
        if is_first {
            return false;
        }
        for snapshot in snapshots(&self.model, at) {
            let told = self.tellers.get(&snapshot.who.process);
            if told.is_some_and(|told| told.teller != number) {
                self.put(snapshot);
            }
        }
        true
    }

    /// Whether what a recording says of a process is not told by another.
    fn is_tellers(&mut self, number: usize, process: ProcessId, at: u64) -> bool {
        self.forget();
        let new = Telling {
            teller: number,
            last: at,
        };
        let told = self.tellers.entry(process).or_insert(new);
        told.last = told.last.max(at);
        if told.teller == number {
            return true;
        }
        match self.inputs[told.teller].state {
            Phase::Waits | Phase::Tells => false,
            Phase::Ended(last) if at <= last => false,
            Phase::Ended(_) => {
                told.teller = number;
                true
            }
        }
    }

    /// Forgets who told of those who are long gone.
    fn forget(&mut self) {
        if self.tellers.len() >= FEW.max(2 * self.swept) {
            let (model, now) = (&self.model, self.model.now());
            self.tellers.retain(|&process, told| {
                now.saturating_sub(told.last) < LONG || model.find(process).is_some()
            });
            self.swept = self.tellers.len();
        }
    }

    /// What a part tells of those who were there when it began. That was
    /// counted when it happened, or is not to be counted.
    fn tell_front(&mut self, number: usize) -> Result<()> {
        let began = self.inputs[number].began;
        let is_first = self.tellers.is_empty();
        let mut counted = self.model.summary();
        let mut there = Model::present_only();
        while self.inputs[number].front > 0 {
            self.inputs[number].front -= 1;
            let Some(event) = self.inputs[number].next()? else {
                break;
            };
            there.apply(&event);
            match event.what {
                What::Summary(summary) if is_first => counted = *summary,
                What::SnapshotEnd(_) if !is_first => {}
                _ => self.tell(number, event),
            }
        }
        if !is_first && !self.is_accompanied(number) {
            // Those who are not among them have ended since.
            for snapshot in snapshots(&there, began) {
                let told = Telling {
                    teller: number,
                    last: began,
                };
                self.tellers.insert(snapshot.who.process, told);
                self.put(snapshot);
            }
            self.put(host(began, What::SnapshotEnd(began)));
        }
        self.inputs[number].was_complete = true;
        self.put(host(began, What::Summary(Box::new(counted))));
        Ok(())
    }
}

/// What is told once of a task that ends.
fn is_end(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::ExitStart | Kind::Exit | Kind::Notify | Kind::LastSwitch | Kind::Reap | Kind::Free
    )
}

fn host(at: u64, what: What) -> Event {
    Event {
        at,
        cpu: 0,
        who: Who::HOST,
        what,
    }
}

/// Everyone who is there, as a snapshot would tell it.
fn snapshots(model: &Model, at: u64) -> Vec<Event> {
    let mut events = Vec::new();
    for (key, process) in model.processes() {
        let zombie = match process.state() {
            State::Alive | State::Exiting => None,
            State::Zombie => Some(process.status.map_or(0, |status| status.0)),
            State::Reaped | State::Vanished => continue,
        };
        let leader = process.id.leader();
        let threads = process
            .threads
            .iter()
            .map(|thread| (thread.id, thread.comm));
        let is_led = process
            .threads
            .iter()
            .any(|thread| thread.id == leader.task);
        let lead = (!is_led).then_some((leader.task, process.comm));
        for (task, comm) in lead.into_iter().chain(threads) {
            let mut found = found(model, key);
            found.comm = comm;
            found.zombie = zombie.filter(|_| task == leader.task);
            let who = Who {
                task,
                process: process.id,
            };
            events.push(snapshot(at, who, found));
        }
    }
    events
}

fn snapshot(at: u64, who: Who, found: Snapshot) -> Event {
    Event {
        at,
        cpu: 0,
        who,
        what: What::Snapshot(Box::new(found)),
    }
}

fn found(model: &Model, key: Key) -> Snapshot {
    let process = model.process(key);
    let parent = process.parent.map(|parent| model.process(parent).id);
    let TaskId { pid, .. } = process.id.leader().task;
    let (ns_pid, ns_level) = process.ns.unwrap_or((pid, 0));
    Snapshot {
        parent: parent.unwrap_or_default(),
        kthread: process.kthread,
        zombie: None,
        exit_signal: process.exit_signal.unwrap_or(0),
        ns_pid,
        ns_level,
        comm: process.comm,
        argv: process.argv().map(crate::event::Text::new),
        relations: process.relations,
        sigchld_policy: process
            .reaping
            .as_ref()
            .and_then(|reaping| Some(reaping.sigchld_policy?.1)),
        cgroup: process.cgroup,
    }
}

#[cfg(test)]
mod tests;
