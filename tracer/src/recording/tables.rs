//! What the events of a block refer to by number instead of spelling it out:
//! their subjects and their texts. Each block has its own tables, ahead of its
//! events, so that an event that a reader skips takes nothing from those after
//! it.

use std::{collections::HashMap, hash::BuildHasher as _};

use foldhash::fast::RandomState;

use super::{MAX_TEXT, codec::Failure, varint};
use crate::event::{Comm, Faults, TaskId, Text, Usage, Who};

/// The subjects of a block being written. Number 0 is [`Who::HOST`].
#[derive(Default)]
pub(super) struct Subjects {
    numbers: HashMap<Who, u32, RandomState>,
    last: TaskId,
    bytes: Vec<u8>,
}

impl Subjects {
    pub fn number(&mut self, who: Who) -> u32 {
        if who == Who::HOST {
            return 0;
        }
        if let Some(&number) = self.numbers.get(&who) {
            return number;
        }
        // A thread is told by how far back its process is; a leader is its own.
        let leader = who.process.leader();
        let leader_number = (leader != who).then(|| self.number(leader));
        let number = self.numbers.len() as u32 + 1;
        let back = leader_number.map_or(0, |leader| number - leader);
        varint::put(&mut self.bytes, u64::from(back));
        // PIDs and start times of neighbours are close to each other.
        let (pid, start) = (u64::from(who.task.pid), who.task.start);
        let pid = varint::difference(pid, u64::from(self.last.pid));
        varint::put(&mut self.bytes, pid);
        let start = varint::difference(start, self.last.start);
        varint::put(&mut self.bytes, start);
        self.last = who.task;
        self.numbers.insert(who, number);
        number
    }

    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    pub fn append_to(&self, payload: &mut Vec<u8>) {
        varint::put(payload, self.numbers.len() as u64);
        payload.extend_from_slice(&self.bytes);
    }

    pub fn clear(&mut self) {
        self.numbers.clear();
        self.last = TaskId::default();
        self.bytes.clear();
    }
}

/// The texts of a block being written. Number 0 is the empty text.
#[derive(Default)]
pub(super) struct Strings {
    hasher: RandomState,
    /// By hash; of two texts with one hash only the first is found again, the
    /// other is merely written more than once.
    numbers: HashMap<u64, (u32, usize, usize), RandomState>,
    count: u32,
    bytes: Vec<u8>,
}

impl Strings {
    pub fn number(&mut self, text: &[u8]) -> u32 {
        if text.is_empty() {
            return 0;
        }
        let text = &text[..text.len().min(MAX_TEXT)];
        let hash = self.hasher.hash_one(text);
        if let Some(&(number, start, end)) = self.numbers.get(&hash)
            && self.bytes[start..end] == *text
        {
            return number;
        }
        varint::put(&mut self.bytes, text.len() as u64);
        let start = self.bytes.len();
        self.bytes.extend_from_slice(text);
        self.count += 1;
        self.numbers
            .insert(hash, (self.count, start, self.bytes.len()));
        self.count
    }

    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    pub fn append_to(&self, payload: &mut Vec<u8>) {
        varint::put(payload, u64::from(self.count));
        payload.extend_from_slice(&self.bytes);
    }

    pub fn clear(&mut self) {
        self.numbers.clear();
        self.count = 0;
        self.bytes.clear();
    }
}

/// The tables of a block being read.
#[derive(Default)]
pub(super) struct Tables {
    subjects: Vec<Who>,
    /// Where the texts lie in the payload. They are made when they are first
    /// asked for: a damaged table must not cost more memory than it has bytes.
    spans: Vec<(u32, u32)>,
    texts: Vec<Option<Text>>,
}

impl Tables {
    /// Reads the tables at the front of a payload; the events follow them.
    pub fn load<'a>(&mut self, payload: &'a [u8]) -> Result<&'a [u8], Failure> {
        let mut rest = payload;
        self.load_subjects(&mut rest)?;
        self.load_strings(payload, &mut rest)?;
        Ok(rest)
    }

    fn load_subjects(&mut self, rest: &mut &[u8]) -> Result<(), Failure> {
        self.subjects.clear();
        self.subjects.push(Who::HOST);
        let mut last = TaskId::default();
        for _ in 0..count(rest, 3)? {
            let back = varint::get(rest)?;
            let pid = varint::from_difference(varint::get(rest)?, u64::from(last.pid));
            let pid = u32::try_from(pid).map_err(|_| Failure::Malformed)?;
            let start = varint::from_difference(varint::get(rest)?, last.start);
            last = TaskId { pid, start };
            let process = if back == 0 {
                crate::event::ProcessId { tgid: pid, start }
            } else {
                let number = (self.subjects.len() as u64).checked_sub(back);
                self.subject(number.ok_or(Failure::Malformed)?)?.process
            };
            self.subjects.push(Who {
                task: last,
                process,
            });
        }
        Ok(())
    }

    fn load_strings(&mut self, payload: &[u8], rest: &mut &[u8]) -> Result<(), Failure> {
        self.spans.clear();
        self.spans.push((0, 0));
        self.texts.clear();
        for _ in 0..count(rest, 1)? {
            let text = varint::get_slice(rest)?;
            let end = (payload.len() - rest.len()) as u32;
            self.spans.push((end - text.len() as u32, end));
        }
        Ok(())
    }

    pub fn subject(&self, number: u64) -> Result<Who, Failure> {
        let subject = usize::try_from(number)
            .ok()
            .and_then(|number| self.subjects.get(number));
        subject.copied().ok_or(Failure::Malformed)
    }

    pub fn bytes<'a>(&self, payload: &'a [u8], number: u64) -> Result<&'a [u8], Failure> {
        let span = usize::try_from(number)
            .ok()
            .and_then(|number| self.spans.get(number));
        let &(start, end) = span.ok_or(Failure::Malformed)?;
        payload
            .get(start as usize..end as usize)
            .ok_or(Failure::Malformed)
    }

    pub fn text(&mut self, payload: &[u8], number: u64) -> Result<Text, Failure> {
        let bytes = self.bytes(payload, number)?;
        let number = number as usize;
        if self.texts.len() <= number {
            self.texts.resize(self.spans.len(), None);
        }
        let text = &mut self.texts[number];
        Ok(text.get_or_insert_with(|| Text::new(bytes)).clone())
    }

    pub fn comm(&self, payload: &[u8], number: u64) -> Result<Comm, Failure> {
        Ok(Comm::new(self.bytes(payload, number)?))
    }
}

/// How many entries follow; no more than there are bytes for.
fn count(rest: &mut &[u8], least: usize) -> Result<u64, Failure> {
    let count = varint::get(rest)?;
    if count > (rest.len() / least) as u64 {
        return Err(Failure::Malformed);
    }
    Ok(count)
}

/// What each subject's counters were when the block last told them: counters
/// grow, so the difference is shorter than the number.
#[derive(Default)]
pub(super) struct Bases(Vec<(Usage, Faults)>);

impl Bases {
    pub fn of(&mut self, subject: u32) -> &mut (Usage, Faults) {
        let subject = subject as usize;
        if self.0.len() <= subject {
            self.0.resize(subject + 1, Default::default());
        }
        &mut self.0[subject]
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }
}
