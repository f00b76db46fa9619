//! The pump: from the kernel to the view and the recorder, until something
//! says stop.

use std::{ffi::OsString, os::fd::AsFd as _, time::Duration};

use anyhow::Result;
use tokio::{
    io::{Interest, unix::AsyncFd},
    time::{Interval, MissedTickBehavior, interval},
};

use super::{
    Exit, KernelOptions, OK, RECORDING_INCOMPLETE, Target,
    errand::{Errand, Happening},
    meter::Meter,
    past::Past,
    recorder::Recorder,
    settle::Settle,
    view::{Flow, View},
};
use crate::{
    event::Event,
    records::{Assembler, Sink},
    source::live::Live,
};

/// How often the ring buffer is read while a command's last records are awaited.
const SETTLE: Duration = Duration::from_millis(20);
/// How often the living's fault counters are read.
const SWEEP: Duration = Duration::from_secs(1);

pub struct Plan {
    pub kernel: KernelOptions,
    pub save: Option<Target>,
    pub limit: Option<Duration>,
    /// Keep what has been, for a view that can go back to it.
    pub past: bool,
    /// Trace while this command runs, and exit as it does.
    pub command: Option<Vec<OsString>>,
}

/// Everything behind the source.
struct Sinks {
    view: View,
    /// Where the view looks at events: what makes them.
    assembler: Option<Assembler>,
    recorder: Option<Recorder>,
    /// What the view can go back to.
    past: Option<Past>,
    /// Only a command's end is waited for to settle.
    settle: Option<Settle>,
}

impl Sink for Sinks {
    fn event(&mut self, event: Event) {
        if let Some(settle) = &mut self.settle {
            settle.event(&event);
        }
        match &mut self.assembler {
            Some(assembler) => assembler.event(event.clone()),
            None => self.view.take(&event),
        }
        if let Some(past) = &mut self.past {
            past.event(event.clone());
        }
        if let Some(recorder) = &mut self.recorder {
            recorder.event(event);
        }
    }

    fn record(&mut self, record: &[u8]) {
        if let Some(settle) = &mut self.settle {
            settle.record(record);
        }
        match &mut self.assembler {
            Some(assembler) => {
                if let Err(error) = assembler.record(record) {
                    // Both sides come from one build: this is a bug, not input.
                    log::error!("{error}");
                }
            }
            None => self.view.record(),
        }
        if let Some(past) = &mut self.past {
            past.record(record);
        }
        if let Some(recorder) = &mut self.recorder {
            recorder.record(record);
        }
    }

    fn end_group(&mut self) {
        if let Some(assembler) = &mut self.assembler {
            for event in assembler.end_group() {
                self.view.take(&event);
            }
        }
        if let Some(past) = &mut self.past {
            past.end_group();
        }
        if let Some(recorder) = &mut self.recorder {
            recorder.end_group();
        }
    }
}

impl Sinks {
    fn recorders(&mut self) -> impl Iterator<Item = &mut Recorder> {
        let past = self.past.as_mut().and_then(Past::recorder);
        self.recorder.iter_mut().chain(past)
    }

    /// Takes what has come, if the recorder can keep up; else it waits where
    /// its loss is counted, in the kernel. Returns whether to look again soon:
    /// otherwise the kernel wakes us.
    fn poll(&mut self, source: &mut Live) -> Result<bool> {
        let mut busy = true;
        if self.recorders().all(|recorder| recorder.has_room()) {
            busy = source.poll(self)? || source.sleep(self)?;
        }
        for recorder in self.recorders() {
            if recorder.wants_checkpoint() {
                recorder.checkpoint(source.checkpoint()?);
            }
            recorder.hand_over();
        }
        Ok(busy || self.settle.as_ref().is_some_and(Settle::has_begun))
    }
}

/// Runs a trace to its end. One thread, and another where a recording is
/// written: the kernel buffers while we work.
pub fn trace(plan: Plan, view: View) -> Result<Exit> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(run(plan, view))
}

async fn run(plan: Plan, view: View) -> Result<Exit> {
    // Nothing is attached for a file that may not be written, and no file is
    // made, or emptied, for a trace that cannot begin.
    plan.save.as_ref().map(Target::may_create).transpose()?;
    let mut source = Live::start(&plan.kernel)?;
    let recorder = plan.save.as_ref().map(Recorder::keep).transpose()?;
    let saved = plan.save.as_ref().map(Target::path);
    let past = (plan.past && view.goes_back()).then(|| Past::begin(saved, view.retention()));
    let past = past.transpose().unwrap_or_else(|error| {
        log::info!("the dashboard cannot go back: {error:#}");
        None
    });
    let assembler = view.looks().then(Assembler::default);
    let mut sinks = Sinks {
        view,
        assembler,
        recorder,
        past,
        settle: plan.command.as_ref().map(|_| Settle::default()),
    };
    let pumped = pump(&plan, &mut source, &mut sinks).await;
    // Whatever went wrong: what was taken in is kept.
    let stopped = source.stop(&mut sinks);
    sinks.view.close();
    let kept = sinks.recorder.map(Recorder::finish);
    let complete = kept.as_ref().is_none_or(Result::is_ok);
    sinks.view.finish(kept)?;
    let errand = pumped?;
    stopped?;
    let ended = match complete {
        true => errand.code(),
        // The trace is over, the command need not be.
        false => outlast(errand).await?,
    };
    Ok(match ended {
        Some(code) if code != OK || complete => code,
        _ if complete => OK,
        _ => RECORDING_INCOMPLETE,
    })
}

/// Waits for the command, which goes on untraced; gives its exit code.
async fn outlast(mut errand: Errand) -> Result<Option<Exit>> {
    while errand.goes_on() {
        if let Happening::Over = errand.next().await? {
            eprintln!("{LEFT_BEHIND}");
            break;
        }
    }
    Ok(errand.code())
}

const LEFT_BEHIND: &str = "tracer: the command goes on without tracer";

/// Until something says stop.
async fn pump(plan: &Plan, source: &mut Live, sinks: &mut Sinks) -> Result<Errand> {
    source.begin(sinks)?;
    sinks.view.open()?;
    let wakeup = source.wakeup().as_fd().try_clone_to_owned()?;
    // SAFETY: an OwnedFd names one open file for as long as it lives.
    let wakeup = unsafe { AsyncFd::register_with_interest(wakeup, Interest::READABLE)? };
    let mut errand = Errand::begin(plan.command.as_deref(), plan.limit)?;
    source.drop_privileges();
    let mut poll = every(sinks.view.poll());
    let mut sweep = every(SWEEP);
    let mut beat = sinks.view.beat().map(every);
    // Something came of late.
    let mut busy = true;

    let mut meter = Meter::new();
    loop {
        let mut over = sinks.settle.as_ref().is_some_and(Settle::is_over);
        tokio::select! {
            ready = wakeup.readable() => {
                ready?.clear_ready();
                if !busy {
                    // It is the first of many, mostly.
                    busy = true;
                    poll.reset();
                    continue;
                }
            }
            _ = poll.tick(), if busy => {}
            () = next(&mut beat) => {}
            _ = sweep.tick() => {
                sinks.poll(source)?;
                source.sweep(sinks)?;
                sinks.view.measure(&mut meter, source.fill());
            }
            flow = sinks.view.input() => over = flow? == Flow::Quit,
            happening = errand.next() => match happening? {
                Happening::Over => over = true,
                Happening::Ended => {
                    // What has come in meanwhile tells who died before.
                    source.poll(sinks)?;
                    if let Some(settle) = &mut sinks.settle {
                        settle.begin();
                    }
                    poll = every(SETTLE);
                }
            }
        }
        busy = sinks.poll(source)?;
        sinks.view.perform(sinks.past.as_mut());
        if let Some(why) = sinks.past.as_mut().and_then(Past::has_failed) {
            sinks.view.keeps_no_past(&why);
        }
        if let Some(why) = sinks.recorder.as_ref().and_then(Recorder::failure)
            && !sinks.view.goes_on_without(&why)
        {
            return Ok(errand);
        }
        if over {
            break;
        }
        sinks.view.show(sinks.recorder.as_ref())?;
    }
    if errand.goes_on() {
        eprintln!("{LEFT_BEHIND}");
    }
    Ok(errand)
}

fn every(period: Duration) -> Interval {
    let mut every = interval(period);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    every
}

/// The next beat; never, where there is none.
async fn next(beat: &mut Option<Interval>) {
    match beat {
        Some(beat) => {
            beat.tick().await;
        }
        None => std::future::pending().await,
    }
}
