//! Tables of the subjects and texts that the events of a block refer to by number. Each block has
//! its own tables. They are separate columns, so that a reader can skip an event without losing the
//! entries that later events refer to.

use std::{collections::HashMap, hash::BuildHasher as _};

use foldhash::fast::RandomState;

use super::{
    columns::{Column, Columns, ColumnsBuilder, Cursor},
    limits::MAX_TEXT,
    malformed::Malformed,
    varint,
};
use crate::event::{Comm, FaultPlaces, Faults, ProcessId, TaskId, Text, Usage, Who};

/// Distance from a subject back to its process in the table.
pub(super) const BACK: Column = Column::new(0, 1, 0);
/// PID of a subject.
pub(super) const PID: Column = Column::new(0, 2, 0);
/// Start time of a subject.
pub(super) const START: Column = Column::new(0, 3, 0);
/// Length of a text.
pub(super) const LENGTH: Column = Column::new(0, 4, 0);
/// Bytes of a text.
pub(super) const BYTES: Column = Column::new(0, 5, 0);

/// The subjects of a block being written. Number 0 is [`Who::HOST`].
#[derive(Default)]
pub(super) struct Subjects {
    numbers: HashMap<Who, u32, RandomState>,
    last: TaskId,
}

impl Subjects {
    pub fn number(&mut self, who: Who, to: &mut ColumnsBuilder) -> u32 {
        if who == Who::HOST {
            return 0;
        }
        if let Some(&number) = self.numbers.get(&who) {
            return number;
        }
        // A thread stores the distance back to its process; a leader stores 0.
        let leader = who.process.leader();
        let leader = (leader != who).then(|| self.number(leader, to));
        let number = self.count() + 1;
        to.number(BACK, leader.map_or(0, |leader| u64::from(number - leader)));
        // PIDs and start times of neighbours are close, so differences are short.
        let (pid, last) = (u64::from(who.task.pid), u64::from(self.last.pid));
        to.number(PID, varint::difference(pid, last));
        let start = varint::difference(who.task.start, self.last.start);
        to.number(START, start);
        self.last = who.task;
        self.numbers.insert(who, number);
        number
    }

    pub fn count(&self) -> u32 {
        self.numbers.len() as u32
    }

    pub fn clear(&mut self) {
        self.numbers.clear();
        self.last = TaskId::default();
    }
}

/// The texts of a block being written. Number 0 is the empty text.
#[derive(Default)]
pub(super) struct Texts {
    hasher: RandomState,
    /// Number and range of bytes of each text, by hash. Of two texts with the same hash only the
    /// first is found again; the other is written once more.
    numbers: HashMap<u64, (u32, std::ops::Range<usize>), RandomState>,
    count: u32,
}

impl Texts {
    pub fn number(&mut self, text: &[u8], to: &mut ColumnsBuilder) -> u32 {
        if text.is_empty() {
            return 0;
        }
        let text = &text[..text.len().min(MAX_TEXT)];
        let bytes = to.slice(BYTES);
        let hash = self.hasher.hash_one(text);
        if let Some((number, place)) = self.numbers.get(&hash)
            && bytes[place.clone()] == *text
        {
            return *number;
        }
        self.count += 1;
        let place = bytes.len()..bytes.len() + text.len();
        self.numbers.insert(hash, (self.count, place));
        to.number(LENGTH, text.len() as u64);
        to.bytes(BYTES, text);
        self.count
    }

    pub fn count(&self) -> u32 {
        self.count
    }

    pub fn clear(&mut self) {
        self.numbers.clear();
        self.count = 0;
    }
}

/// The tables of a block being read.
#[derive(Default)]
pub(super) struct Tables {
    subjects: Vec<Who>,
    /// Ranges of the texts in the payload. Texts are created on first use, because a damaged table
    /// must not use more memory than it has bytes.
    spans: Vec<Cursor>,
    texts: Vec<Option<Text>>,
}

impl Tables {
    /// Builds the tables from their columns. Every entry has a byte in each column, which bounds
    /// the sizes of the tables.
    pub fn load(
        &mut self,
        payload: &[u8],
        columns: &mut Columns,
        subjects: u64,
        texts: u64,
    ) -> Result<(), Malformed> {
        let mut column = |column: Column| {
            let columns = columns.of_kind(0);
            columns.get(column.place()).copied().unwrap_or_default()
        };
        let (back, pid, start) = (column(BACK), column(PID), column(START));
        self.load_subjects(payload, subjects, back, pid, start)?;
        self.load_texts(payload, texts, column(LENGTH), column(BYTES))
    }

    fn load_subjects(
        &mut self,
        payload: &[u8],
        count: u64,
        mut backs: Cursor,
        mut pids: Cursor,
        mut starts: Cursor,
    ) -> Result<(), Malformed> {
        if count > backs.rest(payload).len() as u64 {
            return Err(Malformed);
        }
        self.subjects.clear();
        self.subjects.push(Who::HOST);
        let mut last = TaskId::default();
        for _ in 0..count {
            let pid = varint::from_difference(pids.number(payload)?, u64::from(last.pid));
            let pid = u32::try_from(pid).map_err(|_| Malformed)?;
            let start = varint::from_difference(starts.number(payload)?, last.start);
            last = TaskId { pid, start };
            let back = backs.number(payload)?;
            let process = if back == 0 {
                ProcessId { tgid: pid, start }
            } else {
                let number = (self.subjects.len() as u64).checked_sub(back);
                self.subject(number.ok_or(Malformed)?)?.process
            };
            self.subjects.push(Who {
                task: last,
                process,
            });
        }
        Ok(())
    }

    fn load_texts(
        &mut self,
        payload: &[u8],
        count: u64,
        mut lengths: Cursor,
        mut bytes: Cursor,
    ) -> Result<(), Malformed> {
        if count > lengths.rest(payload).len() as u64 {
            return Err(Malformed);
        }
        self.spans.clear();
        self.spans.push(Cursor::default());
        self.texts.clear();
        for _ in 0..count {
            let length = lengths.number(payload)?;
            self.spans.push(bytes.take(length)?);
        }
        Ok(())
    }

    pub fn subject(&self, number: u64) -> Result<Who, Malformed> {
        let subject = usize::try_from(number)
            .ok()
            .and_then(|number| self.subjects.get(number));
        subject.copied().ok_or(Malformed)
    }

    pub fn bytes<'a>(&self, payload: &'a [u8], number: u64) -> Result<&'a [u8], Malformed> {
        let span = usize::try_from(number)
            .ok()
            .and_then(|number| self.spans.get(number));
        Ok(span.ok_or(Malformed)?.rest(payload))
    }

    pub fn text(&mut self, payload: &[u8], number: u64) -> Result<Text, Malformed> {
        let bytes = self.bytes(payload, number)?;
        let number = number as usize;
        if self.texts.len() <= number {
            self.texts.resize(self.spans.len(), None);
        }
        let text = &mut self.texts[number];
        Ok(text.get_or_insert_with(|| Text::new(bytes)).clone())
    }

    pub fn comm(&self, payload: &[u8], number: u64) -> Result<Comm, Malformed> {
        Ok(Comm::new(self.bytes(payload, number)?))
    }
}

/// The values of each subject's counters that the block stored last. Counters grow, so the
/// difference is shorter than the value.
#[derive(Default)]
pub(super) struct CounterBases(Vec<(Usage, Faults, FaultPlaces)>);

impl CounterBases {
    pub fn of(&mut self, subject: u32) -> &mut (Usage, Faults, FaultPlaces) {
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
