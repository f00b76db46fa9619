//! The pump: from the kernel to the view and the recorder, until something
//! says stop.

use std::{ffi::OsString, os::fd::AsFd as _, time::Duration};

use anyhow::Result;
use tokio::{
    io::{Interest, unix::AsyncFd},
    time::{MissedTickBehavior, interval},
};

use super::{
    Exit, KernelOptions, OK, RECORDING_INCOMPLETE, Save,
    child::Child,
    meter::Meter,
    recorder::Recorder,
    settle::Settle,
    stop::{Asked, Stop},
    view::{Flow, View},
};
use crate::{event::Event, source::live::Live};

/// How often the ring buffer is read; sooner when it fills.
const POLL: Duration = Duration::from_millis(50);
/// How often the living's fault counters are read and the recording is
/// flushed: what a crash may cost.
const FLUSH: Duration = Duration::from_secs(1);

pub struct Plan {
    pub kernel: KernelOptions,
    pub save: Option<Save>,
    pub limit: Option<Duration>,
    /// Trace while this command runs, and exit as it does.
    pub command: Option<Vec<OsString>>,
}

/// Everything behind the source.
struct Sinks {
    view: View,
    recorder: Option<Recorder>,
    /// Only a command's end is waited for to settle.
    settle: Option<Settle>,
}

impl Sinks {
    fn take(&mut self, event: Event) {
        if let Some(settle) = &mut self.settle {
            settle.take(&event);
        }
        if let Some(recorder) = &mut self.recorder {
            recorder.take(&event);
        }
        self.view.take(&event);
    }
}

/// Runs a trace to its end. One thread: the kernel buffers while we work.
pub fn trace(plan: Plan, view: View) -> Result<Exit> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(run(plan, view))
}

async fn run(plan: Plan, view: View) -> Result<Exit> {
    // Nothing is attached for a file that may not be written, and no file is
    // made, or emptied, for a trace that cannot begin.
    plan.save.as_ref().map(Recorder::may_create).transpose()?;
    let mut source = Live::start(&plan.kernel)?;
    let recorder = plan.save.as_ref().map(Recorder::create).transpose()?;
    let mut sinks = Sinks {
        view,
        recorder,
        settle: plan.command.as_ref().map(|_| Settle::default()),
    };
    let pumped = pump(&plan, &mut source, &mut sinks).await;
    // Whatever went wrong: what was taken in is kept.
    let stopped = source.stop(&mut |event| sinks.take(event));
    sinks.view.close();
    let kept = sinks.recorder.map(Recorder::finish);
    let complete = kept.as_ref().is_none_or(Result::is_ok);
    sinks.view.finish(kept)?;
    let ended = pumped?;
    stopped?;
    Ok(match ended {
        Some(code) if code != OK || complete => code,
        _ if complete => OK,
        _ => RECORDING_INCOMPLETE,
    })
}

/// Until something says stop; gives the command's exit code, if it ended.
async fn pump(plan: &Plan, source: &mut Live, sinks: &mut Sinks) -> Result<Option<Exit>> {
    source.begin(&mut |event| sinks.take(event))?;
    sinks.view.open()?;
    let wakeup = source.wakeup().as_fd().try_clone_to_owned()?;
    // SAFETY: an OwnedFd names one open file for as long as it lives.
    let wakeup = unsafe { AsyncFd::register_with_interest(wakeup, Interest::READABLE)? };
    let mut stop = Stop::new(plan.limit)?;
    let mut child = plan.command.as_deref().map(Child::spawn).transpose()?;
    source.drop_privileges();
    let mut poll = interval(POLL);
    poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut flush = interval(FLUSH);
    flush.set_missed_tick_behavior(MissedTickBehavior::Delay);

    let mut meter = Meter::new();
    // How the command ended.
    let mut ended: Option<Exit> = None;
    // It was asked to end.
    let mut told = false;
    loop {
        let mut over = sinks.settle.as_ref().is_some_and(Settle::is_over);
        tokio::select! {
            ready = wakeup.readable() => ready?.clear_ready(),
            _ = poll.tick() => {}
            _ = flush.tick() => {
                source.poll(&mut |event| sinks.take(event))?;
                source.sweep(&mut |event| sinks.take(event))?;
                if let Some(recorder) = &mut sinks.recorder {
                    recorder.flush();
                }
                sinks.view.measure(&mut meter, source.fill());
            }
            flow = sinks.view.input() => over = flow? == Flow::Quit,
            // The command gets the terminal's Ctrl-C too, and it decides.
            asked = stop.asked() => match &mut child {
                // Who does not heed the first request is left behind.
                Some(_) if told && asked != Asked::Interrupt => over = true,
                Some(child) => {
                    told |= asked != Asked::Interrupt;
                    child.pass_on(asked);
                }
                None => over = true,
            },
            code = Child::ended(&mut child), if ended.is_none() => {
                ended = Some(code?);
                // What has come in meanwhile tells who died before.
                source.poll(&mut |event| sinks.take(event))?;
                if let Some(settle) = &mut sinks.settle {
                    settle.begin();
                }
            }
        }
        source.poll(&mut |event| sinks.take(event))?;
        let failed = sinks.recorder.as_ref().is_some_and(Recorder::has_failed);
        if over || (failed && child.is_none()) {
            break;
        }
        sinks.view.show(sinks.recorder.as_ref())?;
    }
    if ended.is_none() && child.is_some() {
        eprintln!("tracer: the command goes on without tracer");
    }
    Ok(ended)
}
