//! Writes a recording as `tracer record` does, plays it to a model, and reads the CPU
//! clock.

use std::{io::Write, time::Duration};

use tracer::{
    event::Event,
    model::{Model, Retention},
    playback::Stage,
    recording::{Effort, RecordBlock, Writer, Written},
    records::Sink as _,
};

use crate::records::Item;

/// Records per group, about as many as one read of the ring buffer returns in a storm.
const GROUP: usize = 1000;

/// Writes blocks of records, as the recorder does.
pub struct Recorded<W: Write> {
    writer: Writer<W>,
    block: RecordBlock,
    group: usize,
}

impl<W: Write> Recorded<W> {
    pub fn to(out: W) -> std::io::Result<Recorded<W>> {
        Ok(Recorded {
            writer: Writer::new(out)?,
            block: RecordBlock::default(),
            group: 0,
        })
    }

    pub fn write(&mut self, item: Item) -> std::io::Result<()> {
        // An event of user space is a group of its own.
        let alone = matches!(item, Item::Event(_));
        if alone {
            self.block.end_group();
        }
        item.put(&mut self.block);
        self.group += 1;
        if alone || self.group >= GROUP {
            self.block.end_group();
            self.group = 0;
        }
        if self.group == 0 && self.block.is_full() {
            self.writer.write_block(&self.block, Effort::Low)?;
            self.block.clear();
        }
        Ok(())
    }

    pub fn finish(mut self) -> std::io::Result<Written> {
        self.block.end_group();
        self.writer.write_block(&self.block, Effort::Normal)?;
        Ok(self.writer.finish()?.0)
    }
}

/// A model that a recording is played to.
pub struct Play {
    model: Model,
    retention: Retention,
}

impl Play {
    pub fn to(retention: Retention) -> Play {
        Play {
            model: Model::new(retention),
            retention,
        }
    }
}

impl Stage for Play {
    fn clear(&mut self) {
        self.model = Model::new(self.retention);
    }

    fn restore(&mut self, model: Model) {
        self.model = model;
    }

    fn take(&mut self, event: &Event) {
        self.model.apply(event);
    }
}

/// Returns the CPU time of the process or of this thread.
pub fn cpu_time(clock: libc::clockid_t) -> Duration {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the pointer is to a timespec of this function.
    unsafe { libc::clock_gettime(clock, &raw mut time) };
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}
