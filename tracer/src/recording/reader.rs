//! Events out of a recording, one after another, from a file or a pipe.
//!
//! Damage never stops the reader: it goes on with the next good block, says
//! what is missing by a [`What::Gap`] where it is missing, and keeps account
//! of it in [`Reader::damage`].

use std::io::Read;

use super::{
    Error,
    block::{CHECKPOINT, END, EVENTS, INDEX},
    blocks::{Blocks, Found},
    damage::{Damage, Ending, Unknown},
    events::Separator,
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
    /// Blocks and events up to and with that block, read or not.
    expected: (u32, u64),
    /// The latest time given out.
    latest: u64,
    damage: Vec<Damage>,
    unknown: Unknown,
    ending: Option<Ending>,
    version: Option<u16>,
    tally: Tally,
}

#[derive(Default)]
struct Block {
    offset: u64,
    length: u64,
    latest: u64,
}

impl<R: Read> Reader<R> {
    pub fn new(from: R) -> Result<Self, Error> {
        let (input, version) = version::header(Input::new(from))?;
        Ok(Reader {
            blocks: Blocks::new(input),
            opener: Opener::new()?,
            raw: Vec::new(),
            separator: Separator::default(),
            block: Block::default(),
            expected: (0, 0),
            latest: 0,
            damage: Vec::new(),
            unknown: Unknown::default(),
            ending: None,
            version,
            tally: Tally::default(),
        })
    }

    /// The next event; none at the end, of which [`ending`](Self::ending)
    /// tells more. A recording that is still being written can be asked again.
    pub fn next_event(&mut self) -> Result<Option<Event>, Error> {
        loop {
            let event = self.separator.next(&self.raw);
            self.unknown.events += std::mem::take(&mut self.separator.unknown);
            match event {
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
        let (blocks, events) = self.expected;
        let damage = Damage {
            offset: offset - skipped,
            bytes: *skipped,
            blocks: header.blocks_before.checked_sub(blocks),
            events: header.events_before.checked_sub(events),
        };
        self.expected = (
            header.blocks_before.saturating_add(1),
            header
                .events_before
                .saturating_add(u64::from(header.events)),
        );
        self.ending = (header.kind == END).then_some(Ending::Clean);
        self.unknown.blocks += u64::from(!matches!(header.kind, EVENTS | INDEX | END | CHECKPOINT));
        self.tally.add(header);
        self.raw.clear();
        let mut opened = Ok(());
        if header.kind == EVENTS {
            let payload = self.blocks.payload();
            opened = self.opener.open(header, payload, &mut self.raw);
        }
        self.separator.begin(opened, &self.raw, header.events);
        if header.kind == EVENTS {
            self.tally.add_columns(self.separator.sizes());
        }
        self.block = Block {
            offset: *offset,
            length: header.block_length() as u64,
            latest: header.span.latest,
        };
        // What is missing ended before the events of this block began.
        let until = match header.kind {
            EVENTS => header.span.earliest,
            _ => header.span.latest,
        };
        let nothing = damage.bytes == 0 && damage.blocks == Some(0) && damage.events == Some(0);
        (!nothing).then(|| self.note(damage, until)).flatten()
    }

    /// Gives up a block whose checksums are right and whose events are not:
    /// its writer was not this program.
    fn give_up_block(&mut self) -> Option<Event> {
        let damage = Damage {
            offset: self.block.offset,
            bytes: self.block.length,
            blocks: Some(1),
            events: Some(u64::from(self.separator.missing())),
        };
        self.raw.clear();
        self.separator.begin(Ok(()), &self.raw, 0);
        self.note(damage, self.block.latest)
    }

    /// Keeps account of damage; gives the gap that it makes in the stream.
    fn note(&mut self, damage: Damage, until: u64) -> Option<Event> {
        self.damage.push(damage);
        if damage.events == Some(0) {
            return None;
        }
        let since = self.latest;
        self.latest = until.max(since);
        Some(Event {
            at: self.latest,
            cpu: 0,
            who: Who::HOST,
            what: What::Gap(Box::new(Gap {
                since,
                lost: Vec::new(),
                cause: GapCause::Unreadable {
                    events: damage.events,
                },
            })),
        })
    }
}

impl<R: Read> Iterator for Reader<R> {
    type Item = Result<Event, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_event().transpose()
    }
}
