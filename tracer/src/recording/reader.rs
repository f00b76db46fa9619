//! Events out of a recording, one after another, from a file or a pipe.
//!
//! Damage never stops the reader: it goes on with the next good block, says
//! what is missing by a [`What::Gap`] where it is missing, and keeps account
//! of it in [`Reader::damage`].

mod standing;

use std::io::{Read, Seek};

pub(super) use standing::Standing;

use super::{
    Error,
    block::{CHECKPOINT, END, EVENTS, INDEX, LAYOUT, RECORDS},
    blocks::{Blocks, Found},
    body::Body,
    checkpoint,
    damage::{Damage, Ending, Unknown},
    healing::{Healing, RollCall},
    input::Input,
    layouts::Layouts,
    payload::Opener,
    tally::Tally,
    version,
};
use crate::event::{Event, Gap, GapCause, What, Who};

/// The layout of records stands ahead of them, and no further behind the front.
const FRONT: u64 = 64 << 20;

pub struct Reader<R> {
    blocks: Blocks<R>,
    opener: Opener,
    /// The payload that was opened last.
    raw: Vec<u8>,
    layouts: Layouts,
    body: Body,
    /// The block that is read.
    block: Block,
    /// Blocks and events up to and with that block, read or not; unknown after
    /// a jump.
    expected: Option<(u32, u64)>,
    /// Nothing but the session has been read since the beginning, or nothing
    /// since a jump: a checkpoint says what else there is.
    begins: bool,
    /// The first event of the recording is one that was told before.
    repeats: bool,
    /// The event last given is one of a checkpoint.
    recalls: bool,
    healing: Healing,
    /// Says that a snapshot is complete, as soon as all that happened while it
    /// was taken has been given out.
    completion: Option<Event>,
    /// An event that comes behind that.
    held: Option<Event>,
    /// The latest time given out.
    latest: u64,
    damage: Vec<Damage>,
    unknown: Unknown,
    ending: Option<Ending>,
    version: Option<u16>,
    /// Where the blocks begin.
    front: u64,
    tally: Tally,
}

#[derive(Default)]
struct Block {
    offset: u64,
    length: u64,
    latest: u64,
    /// It is a checkpoint's.
    recalls: bool,
    version: u16,
}

impl<R: Read> Reader<R> {
    pub fn new(from: R) -> Result<Self, Error> {
        let (input, version) = version::header(Input::new(from))?;
        Ok(Reader {
            front: input.offset(),
            blocks: Blocks::new(input),
            opener: Opener::new()?,
            raw: Vec::new(),
            layouts: Layouts::default(),
            body: Body::default(),
            block: Block::default(),
            expected: Some((0, 0)),
            begins: true,
            repeats: false,
            recalls: false,
            healing: Healing::default(),
            completion: None,
            held: None,
            latest: 0,
            damage: Vec::new(),
            unknown: Unknown::default(),
            ending: None,
            version,
            tally: Tally::default(),
        })
    }

    /// Behind what cannot be read the next checkpoint is made use of: who is
    /// there is told then, as a snapshot would.
    pub fn healed_by(mut self, roll_call: RollCall) -> Self {
        self.healing = Healing::by(roll_call);
        self
    }

    /// The next event; none at the end, of which [`ending`](Self::ending)
    /// tells more. A recording that is still being written can be asked again.
    pub fn next_event(&mut self) -> Result<Option<Event>, Error> {
        loop {
            if let Some(event) = self.healing.next() {
                return Ok(Some(event));
            }
            let event = match self.held.take() {
                Some(held) => Ok(Some(held)),
                None => self.body.next(),
            };
            self.recalls = self.block.recalls;
            self.unknown.events += self.body.take_unknown();
            match event {
                Ok(Some(event)) if self.recalls && !self.begins => {
                    self.completion = self.healing.gather(event).or(self.completion.take());
                }
                // Since version 2 this is a checkpoint's last.
                Ok(Some(event)) if self.recalls && self.is_completion(&event) => {
                    self.completion = Some(event);
                }
                Ok(Some(event)) if self.completes(event.at) => {
                    self.held = Some(event);
                    return Ok(self.complete());
                }
                Ok(Some(event)) => {
                    self.latest = self.latest.max(event.at);
                    return Ok(Some(event));
                }
                Ok(None) if self.ending == Some(Ending::Clean) => return Ok(self.complete()),
                Ok(None) => {
                    let Some(found) = self.blocks.next()? else {
                        let (offset, bytes) = self.blocks.rest();
                        self.ending = Some(Ending::Torn { offset, bytes });
                        return Ok(None);
                    };
                    version::check(found.header.version)?;
                    if let Some(gap) = self.enter(&found) {
                        return Ok(Some(gap));
                    }
                }
                Err(_) => {
                    if let Some(gap) = self.give_up_block() {
                        return Ok(Some(gap));
                    }
                }
            }
        }
    }

    fn is_completion(&self, event: &Event) -> bool {
        self.block.version >= 2 && matches!(event.what, What::SnapshotEnd(_))
    }

    /// Whether a snapshot is complete before that time.
    fn completes(&self, at: u64) -> bool {
        let completion = self.completion.as_ref();
        !self.recalls && completion.is_some_and(|completion| completion.at < at)
    }

    /// The event that completes a snapshot, which is not of the stream.
    fn complete(&mut self) -> Option<Event> {
        let completion = self.completion.take()?;
        self.recalls = true;
        Some(completion)
    }

    /// What this recording begins with was told: it goes on with what another
    /// ended with, at that time; `lacks`: something is missing between them.
    pub(super) fn follow_on(&mut self, latest: u64, lacks: bool) {
        (self.begins, self.repeats) = (false, true);
        self.latest = latest;
        if lacks {
            self.healing.lack();
        }
    }

    /// Something is missing, and it has not been told who is there since.
    pub(super) fn is_to_be_healed(&self) -> bool {
        self.healing.is_due()
    }

    /// What could not be read so far.
    pub fn damage(&self) -> &[Damage] {
        &self.damage
    }

    /// What was skipped so far because this version does not know it.
    pub fn unknown(&self) -> Unknown {
        self.unknown
    }

    /// How the recording ends; none before the end is reached.
    pub fn ending(&self) -> Option<Ending> {
        self.ending
    }

    /// Of the format, as the front of the recording says; none where that is
    /// damaged.
    pub fn version(&self) -> Option<u16> {
        self.version
    }

    /// How far in the recording the block lies that is being read, in bytes.
    pub fn offset(&self) -> u64 {
        self.block.offset
    }

    /// How many events of the recording lie before the next one. Those of a
    /// checkpoint and gaps for what is unreadable are not of them.
    pub fn number(&self) -> u64 {
        match self.block.recalls {
            true => self.expected.map_or(0, |(_, events)| events),
            false => {
                let (_, events) = self.expected.unwrap_or_default();
                let ahead = u64::from(self.body.missing()) + u64::from(self.held.is_some());
                events.saturating_sub(ahead)
            }
        }
    }

    /// The event last given is one of a checkpoint, or made of one: it is not
    /// of the stream.
    pub fn is_recalling(&self) -> bool {
        self.recalls
    }

    /// What has been read so far.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Takes in a block. Gives the gap between it and what came before.
    fn enter(&mut self, found: &Found) -> Option<Event> {
        let Found {
            header,
            offset,
            skipped,
        } = found;
        let here = (header.blocks_before, header.events_before);
        let (blocks, events) = self.expected.unwrap_or(here);
        let damage = Damage {
            offset: offset - skipped,
            bytes: *skipped,
            blocks: header.blocks_before.checked_sub(blocks),
            events: header.events_before.checked_sub(events),
        };
        self.expected = Some((
            header.blocks_before.saturating_add(1),
            header
                .events_before
                .saturating_add(u64::from(header.events)),
        ));
        self.ending = (header.kind == END).then_some(Ending::Clean);
        let is_known = matches!(
            header.kind(),
            EVENTS | INDEX | END | CHECKPOINT | RECORDS | LAYOUT
        );
        self.unknown.blocks += u64::from(!is_known);
        self.tally.add(header);
        self.raw.clear();
        let mut opened = Ok(());
        let mut events = header.events;
        let nothing = damage.bytes == 0 && damage.blocks == Some(0) && damage.events == Some(0);
        if !nothing {
            self.healing.interrupt();
        } else if header.kind == CHECKPOINT && !self.block.recalls {
            self.healing.begin(header.version);
        }
        let is_asked = self.begins || self.healing.is_due();
        let is_told = header.is_of_the_stream() || (header.kind == CHECKPOINT && is_asked);
        if is_told || header.kind() == LAYOUT {
            let payload = self.blocks.payload();
            opened = self.opener.open(header, payload, &mut self.raw);
        }
        if is_told && header.kind == CHECKPOINT {
            events = opened
                .and_then(|()| checkpoint::take_count(&mut self.raw))
                .inspect_err(|&error| opened = Err(error))
                .unwrap_or(1);
        }
        self.begins &= !header.is_of_the_stream() || header.events_before == 0;
        match header.kind() {
            RECORDS => self
                .body
                .begin_records(opened, &self.raw, events, &self.layouts),
            LAYOUT => {
                self.layouts.learn(&self.raw);
                self.body.clear();
            }
            _ => self.body.begin_events(opened, &self.raw, events),
        }
        if header.is_of_the_stream() {
            self.tally.add_columns(self.body.sizes());
        }
        self.block = Block {
            offset: *offset,
            length: header.block_length() as u64,
            latest: header.span.latest,
            recalls: header.kind == CHECKPOINT,
            version: header.version,
        };
        // What is missing ended before the events of this block began.
        let until = match header.kind() {
            EVENTS | RECORDS => header.span.earliest,
            _ => header.span.latest,
        };
        let gap = (!nothing).then(|| self.note(damage, until)).flatten();
        self.repeats &= !header.is_of_the_stream();
        gap
    }

    /// Gives up a block whose checksums are right and whose events are not:
    /// its writer was not this program.
    fn give_up_block(&mut self) -> Option<Event> {
        self.healing.interrupt();
        // Those of a checkpoint that is passed over are not of the stream.
        let missing = match self.block.recalls && !self.begins {
            true => 0,
            false => u64::from(self.body.missing()),
        };
        let damage = Damage {
            offset: self.block.offset,
            bytes: self.block.length,
            blocks: Some(1),
            events: Some(missing),
        };
        self.body.clear();
        self.note(damage, self.block.latest)
    }

    /// Keeps account of damage; gives the gap that it makes in the stream.
    fn note(&mut self, damage: Damage, until: u64) -> Option<Event> {
        self.damage.push(damage);
        let was_told = u64::from(self.repeats);
        let events = damage.events.map(|events| events.saturating_sub(was_told));
        if events == Some(0) {
            return None;
        }
        self.recalls = false;
        self.healing.lack();
        let since = self.latest;
        self.latest = until.max(since);
        Some(Event {
            at: self.latest,
            cpu: 0,
            who: Who::HOST,
            what: What::Gap(Box::new(Gap {
                since,
                lost: Vec::new(),
                cause: GapCause::Unreadable { events },
            })),
        })
    }
}

impl<R: Read + Seek> Reader<R> {
    /// Goes on at a block, best at that of a [`Checkpoint`](super::Checkpoint):
    /// its events come first and tell what is there at that moment, the last of
    /// them being a [`What::Summary`]; then comes what happened from there on.
    /// What was damaged elsewhere is forgotten.
    pub fn resume_at(&mut self, offset: u64) -> Result<(), Error> {
        self.learn_layout()?;
        self.blocks.seek(offset)?;
        self.forget();
        Ok(())
    }

    /// Reads the layout of records, which is at the front.
    fn learn_layout(&mut self) -> Result<(), Error> {
        if self.layouts.are_told() {
            return Ok(());
        }
        self.blocks.seek(self.front)?;
        while let Some(found) = self.blocks.next()?
            && found.header.kind() != RECORDS
            && found.header.version >= 2
            && found.offset < FRONT
        {
            let payload = self.blocks.payload();
            if found.header.kind() == LAYOUT
                && self
                    .opener
                    .open(&found.header, payload, &mut self.raw)
                    .is_ok()
            {
                self.layouts.learn(&self.raw);
                break;
            }
        }
        self.layouts.have_been_told();
        Ok(())
    }

    /// Begins anew at the front.
    pub fn rewind(&mut self) -> Result<(), Error> {
        self.blocks.seek(self.front)?;
        self.forget();
        self.expected = Some((0, 0));
        Ok(())
    }

    fn forget(&mut self) {
        self.body.clear();
        (self.completion, self.held) = (None, None);
        self.block = Block::default();
        self.expected = None;
        (self.begins, self.repeats, self.recalls) = (true, false, false);
        self.healing.forget();
        self.latest = 0;
        self.damage.clear();
        self.ending = None;
    }
}

impl<R: Read> Iterator for Reader<R> {
    type Item = Result<Event, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_event().transpose()
    }
}
