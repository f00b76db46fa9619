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
    block::{CHECKPOINT, END, EVENTS, INDEX},
    blocks::{Blocks, Found},
    checkpoint,
    damage::{Damage, Ending, Unknown},
    events::Separator,
    healing::{Healing, RollCall},
    input::Input,
    payload::Opener,
    tally::Tally,
    version,
};
use crate::event::{Event, Gap, GapCause, What, Who};

pub struct Reader<R> {
    blocks: Blocks<R>,
    opener: Opener,
    /// The payload being read.
    raw: Vec<u8>,
    separator: Separator,
    /// The block that the payload is of.
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
}

impl<R: Read> Reader<R> {
    pub fn new(from: R) -> Result<Self, Error> {
        let (input, version) = version::header(Input::new(from))?;
        Ok(Reader {
            front: input.offset(),
            blocks: Blocks::new(input),
            opener: Opener::new()?,
            raw: Vec::new(),
            separator: Separator::default(),
            block: Block::default(),
            expected: Some((0, 0)),
            begins: true,
            repeats: false,
            recalls: false,
            healing: Healing::default(),
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
            let event = self.separator.next(&self.raw);
            self.recalls = self.block.recalls;
            self.unknown.events += std::mem::take(&mut self.separator.unknown);
            match event {
                Ok(Some(event)) if self.recalls && !self.begins => self.healing.gather(event),
                Ok(Some(event)) => {
                    self.latest = self.latest.max(event.at);
                    return Ok(Some(event));
                }
                Ok(None) if self.ending == Some(Ending::Clean) => return Ok(None),
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
                events - u64::from(self.separator.missing()).min(events)
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
        self.unknown.blocks += u64::from(!matches!(header.kind, EVENTS | INDEX | END | CHECKPOINT));
        self.tally.add(header);
        self.raw.clear();
        let mut opened = Ok(());
        let mut events = header.events;
        let nothing = damage.bytes == 0 && damage.blocks == Some(0) && damage.events == Some(0);
        if !nothing {
            self.healing.interrupt();
        } else if header.kind == CHECKPOINT && !self.block.recalls {
            self.healing.begin();
        }
        let is_asked = self.begins || self.healing.is_due();
        let is_told = header.kind == EVENTS || (header.kind == CHECKPOINT && is_asked);
        if is_told {
            let payload = self.blocks.payload();
            opened = self.opener.open(header, payload, &mut self.raw);
        }
        if is_told && header.kind == CHECKPOINT {
            events = opened
                .and_then(|()| checkpoint::take_count(&mut self.raw))
                .inspect_err(|&error| opened = Err(error))
                .unwrap_or(1);
        }
        self.begins &= header.kind != EVENTS || header.events_before == 0;
        self.separator.begin(opened, &self.raw, events);
        if header.kind == EVENTS {
            self.tally.add_columns(self.separator.sizes());
        }
        self.block = Block {
            offset: *offset,
            length: header.block_length() as u64,
            latest: header.span.latest,
            recalls: header.kind == CHECKPOINT,
        };
        // What is missing ended before the events of this block began.
        let until = match header.kind {
            EVENTS => header.span.earliest,
            _ => header.span.latest,
        };
        let gap = (!nothing).then(|| self.note(damage, until)).flatten();
        self.repeats &= header.kind != EVENTS;
        gap
    }

    /// Gives up a block whose checksums are right and whose events are not:
    /// its writer was not this program.
    fn give_up_block(&mut self) -> Option<Event> {
        self.healing.interrupt();
        // Those of a checkpoint that is passed over are not of the stream.
        let missing = match self.block.recalls && !self.begins {
            true => 0,
            false => u64::from(self.separator.missing()),
        };
        let damage = Damage {
            offset: self.block.offset,
            bytes: self.block.length,
            blocks: Some(1),
            events: Some(missing),
        };
        self.raw.clear();
        self.separator.begin(Ok(()), &self.raw, 0);
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
        self.blocks.seek(offset)?;
        self.forget();
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
        self.raw.clear();
        self.separator.begin(Ok(()), &self.raw, 0);
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
