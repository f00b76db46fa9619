//! Blocks read ahead: while the events of one are given out, those of the next
//! are decoded in a thread of its own.

use std::{
    collections::VecDeque,
    io::{self, Read},
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
};

use super::{
    block::{Header, LAYOUT, RECORDS},
    blocks::{Blocks, Found},
    body::{Body, Decoded},
    codec::Malformed,
    layouts::Layouts,
    payload::Opener,
};

/// So many blocks are read ahead, each of some ten thousand events.
const BLOCKS: usize = 3;

/// A block, and what its payload is.
pub(super) struct Block {
    pub found: Found,
    pub payload: Payload,
}

pub(super) enum Payload {
    /// As it is in the file.
    Stored(Vec<u8>),
    /// The other thread has made events of it.
    Decoded(Decoded),
}

pub(super) struct Ahead {
    /// Blocks that were read; of those that are being decoded no payload is here.
    queue: VecDeque<(Found, Option<Vec<u8>>)>,
    jobs: SyncSender<Job>,
    results: Receiver<Decoded>,
    /// Reading has failed behind the blocks of the queue.
    failed: Option<io::Error>,
}

struct Job {
    header: Header,
    payload: Vec<u8>,
}

impl Ahead {
    pub fn begin() -> io::Result<Ahead> {
        let (jobs, received) = sync_channel(BLOCKS);
        let (tell, results) = sync_channel(BLOCKS);
        let mut opener = Opener::new()?;
        thread::Builder::new()
            .name("tracer-decode".to_owned())
            .spawn(move || decode_all(&received, &tell, &mut opener))?;
        Ok(Ahead {
            queue: VecDeque::new(),
            jobs,
            results,
            failed: None,
        })
    }

    /// The next block; none where the input ends, which may grow.
    pub fn next<R: Read>(&mut self, blocks: &mut Blocks<R>) -> io::Result<Option<Block>> {
        while self.queue.len() < BLOCKS && self.failed.is_none() {
            match blocks.next() {
                Ok(Some(found)) => self.take(found, blocks.payload().to_vec()),
                Ok(None) => break,
                Err(error) => self.failed = Some(error),
            }
        }
        let Some((found, payload)) = self.queue.pop_front() else {
            return self.failed.take().map_or(Ok(None), Err);
        };
        let payload = match payload {
            Some(payload) => Payload::Stored(payload),
            None => Payload::Decoded(self.results.recv().map_err(|_| crashed())?),
        };
        Ok(Some(Block { found, payload }))
    }

    /// Reads no further from where it was.
    pub fn forget(&mut self) {
        for (_, payload) in self.queue.drain(..) {
            if payload.is_none() {
                // Nobody wants it any more.
                let _ = self.results.recv();
            }
        }
        self.failed = None;
    }

    /// The decoder must know this layout too.
    pub fn learn(&mut self, header: Header, payload: Vec<u8>) {
        // A thread that has crashed is noticed by its next result.
        let _ = self.jobs.send(Job { header, payload });
    }

    fn take(&mut self, found: Found, payload: Vec<u8>) {
        let header = found.header;
        match header.kind() {
            RECORDS => {
                self.learn(header, payload);
                self.queue.push_back((found, None));
            }
            LAYOUT => {
                self.learn(header, payload.clone());
                self.queue.push_back((found, Some(payload)));
            }
            _ => self.queue.push_back((found, Some(payload))),
        }
    }
}

fn crashed() -> io::Error {
    io::Error::other("the decoder has crashed")
}

fn decode_all(jobs: &Receiver<Job>, tell: &SyncSender<Decoded>, opener: &mut Opener) {
    let mut layouts = Layouts::default();
    let mut raw = Vec::new();
    let mut body = Body::default();
    while let Ok(Job { header, payload }) = jobs.recv() {
        let opened = opener.open(&header, &payload, &mut raw);
        if header.kind() == LAYOUT {
            if let Ok(()) = opened {
                layouts.learn(&raw);
            }
            continue;
        }
        body.begin_records(opened, &raw, header.events, &layouts);
        if tell.send(decode(&mut body)).is_err() {
            return;
        }
    }
}

fn decode(body: &mut Body) -> Decoded {
    let sizes = body.sizes();
    let mut events = Vec::with_capacity(body.missing() as usize);
    let ending = loop {
        match body.next() {
            Ok(Some(event)) => events.push(event),
            Ok(None) => break Ok(()),
            Err(Malformed) => break Err(Malformed),
        }
    };
    Decoded {
        events,
        unknown: body.take_unknown(),
        sizes,
        ending,
    }
}
