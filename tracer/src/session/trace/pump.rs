//! The pump: moves records from the kernel to the frontend and the recorder.

use std::{
    ffi::OsString,
    os::fd::{AsFd as _, OwnedFd},
    path::Path,
    time::Duration,
};

use anyhow::Result;
use tokio::{
    io::{Interest, unix::AsyncFd},
    time::{Interval, MissedTickBehavior, interval, sleep},
};

use super::{
    account::Account,
    child::Child,
    drain::Drain,
    meter::Meter,
    stop_condition::{StopCondition, StopEvent},
};
use crate::{
    confinement::{self, Capability, Rights, Writes},
    event::Event,
    records::{Assembler, Sink},
    session::{
        console::{
            exit::{Exit, OK, RECORDING_INCOMPLETE},
            notice::notify,
            stop_signals::{StopSignals, end_at_next_signal},
        },
        display::{
            event_loop::{self, Feed},
            frontend::Frontend,
            history::History,
        },
        files::rights::dashboard_writes,
        recorder::{Finished, Recorder, target::Target},
    },
    source::live::{Live, Options},
    tui::Flow,
};

/// Interval between two reads of the ring buffer while a command's last records
/// are awaited.
const DRAIN_INTERVAL: Duration = Duration::from_millis(20);

/// Interval between two reads of the counters of running tasks.
const SWEEP_INTERVAL: Duration = Duration::from_secs(1);

/// Time that the destination has for the last data after the second request to stop.
const PATIENCE: Duration = Duration::from_secs(1);

/// Interval between two looks at the end of a recording.
const ENDING_INTERVAL: Duration = Duration::from_millis(2);

/// Maximum number of segments that begin while the ring buffer is read once.
const TURNS: usize = 16;

const LEFT_BEHIND: &str = "the command continues without tracer";

/// Parameters of a trace.
pub struct Plan {
    /// Options of the kernel source.
    pub kernel: Options,
    /// Destination of the recording, if one is written.
    pub save: Option<Target>,
    /// Maximum duration of the trace.
    pub limit: Option<Duration>,
    /// True to keep the past for a frontend that can go back to it.
    pub history: bool,
    /// Command to run. The trace ends with it and takes its exit code.
    pub command: Option<Vec<OsString>>,
    /// User that the command runs as, if not tracer's own.
    pub account: Option<Account>,
}

/// Consumers of the records besides the frontend.
struct Outputs {
    /// Makes events of records, if the frontend needs events.
    assembler: Option<Assembler>,
    recorder: Option<Recorder>,
    /// Past that the frontend can go back to.
    history: Option<History>,
    /// Tracks the exited processes of a command.
    drain: Option<Drain>,
}

/// Sink that passes each record to the frontend and to the other outputs.
struct Tee<'a> {
    frontend: &'a mut Frontend,
    outputs: &'a mut Outputs,
}

impl Sink for Tee<'_> {
    fn event(&mut self, event: Event) {
        let outputs = &mut *self.outputs;
        if let Some(drain) = &mut outputs.drain {
            drain.event(&event);
        }
        match &mut outputs.assembler {
            Some(assembler) => assembler.event(event.clone()),
            None => self.frontend.take(&event),
        }
        if let Some(history) = &mut outputs.history {
            history.event(event.clone());
        }
        if let Some(recorder) = &mut outputs.recorder {
            recorder.event(event);
        }
    }

    fn record(&mut self, record: &[u8]) {
        let outputs = &mut *self.outputs;
        if let Some(drain) = &mut outputs.drain {
            drain.record(record);
        }
        match &mut outputs.assembler {
            Some(assembler) => {
                if let Err(error) = assembler.record(record) {
                    // Both sides come from one build, so this is a bug.
                    log::error!("{error}");
                }
            }
            None => self.frontend.count_record(),
        }
        if let Some(history) = &mut outputs.history {
            history.record(record);
        }
        if let Some(recorder) = &mut outputs.recorder {
            recorder.record(record);
        }
    }

    fn end_group(&mut self) {
        let outputs = &mut *self.outputs;
        if let Some(assembler) = &mut outputs.assembler {
            for event in assembler.end_group() {
                self.frontend.take(&event);
            }
        }
        if let Some(history) = &mut outputs.history {
            history.end_group();
        }
        if let Some(recorder) = &mut outputs.recorder {
            recorder.end_group();
        }
    }

    fn is_full(&self) -> bool {
        let outputs = &*self.outputs;
        outputs.recorder.as_ref().is_some_and(Sink::is_full)
            || outputs.history.as_ref().is_some_and(Sink::is_full)
    }
}

impl Outputs {
    fn recorders(&mut self) -> impl Iterator<Item = &mut Recorder> {
        let history = self.history.as_mut().and_then(History::recorder);
        self.recorder.iter_mut().chain(history)
    }

    /// Returns true if the recorders can take more records.
    fn have_room(&mut self) -> bool {
        self.recorders().all(|recorder| recorder.has_room())
    }
}

/// Runs a trace to its end and returns its exit code.
///
/// It uses one thread, and another one where a recording is written. The kernel
/// buffers records meanwhile.
pub fn trace(plan: Plan, frontend: Frontend) -> Result<Exit> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(run(plan, frontend))
}

async fn run(plan: Plan, mut frontend: Frontend) -> Result<Exit> {
    // Check the destination before attaching anything. Create the file only once
    // the trace can begin.
    plan.save.as_ref().map(Recorder::may_start).transpose()?;
    if let Some(code) = plan.command.as_deref().and_then(Child::obstacle) {
        return Ok(code);
    }
    let mut source = Live::start(&plan.kernel)?;
    // From here on there is a file that a request to stop must not leave without its end.
    let signals = StopSignals::new()?;
    let recorder = plan.save.as_ref().map(Recorder::start).transpose()?;
    let saved = plan.save.as_ref().map(Target::path);
    let history = (plan.history && frontend.shows_history())
        .then(|| History::begin(saved, frontend.retention()));
    let history = history.transpose().unwrap_or_else(|error| {
        log::info!("the dashboard cannot go back: {error:#}");
        None
    });
    let mut outputs = Outputs {
        assembler: frontend.needs_events().then(Assembler::default),
        recorder,
        history,
        drain: plan.command.as_ref().map(|_| Drain::default()),
    };
    let mut pumped = pump(&plan, signals, &mut source, &mut outputs, &mut frontend).await;
    // Even after an error, the records that have arrived are saved.
    let stopped = source.stop(&mut Tee {
        frontend: &mut frontend,
        outputs: &mut outputs,
    });
    frontend.close();
    let saved = match outputs.recorder {
        Some(recorder) => Some(finish(recorder, pumped.as_mut().ok()).await),
        None => None,
    };
    // A reader of the report may stall.
    end_at_next_signal();
    let complete = saved.as_ref().is_none_or(Result::is_ok);
    frontend.finish(saved)?;
    let stop = pumped?;
    stopped?;
    let code = match complete {
        true => stop.code(),
        // The trace has ended, but the command may still run.
        false => outlast(stop).await?,
    };
    Ok(match code {
        Some(code) if code != OK || complete => code,
        _ if complete => OK,
        _ => RECORDING_INCOMPLETE,
    })
}

/// Ends the recording. Gives it up if tracer has been asked twice to stop and the
/// destination takes no data meanwhile.
async fn finish(recorder: Recorder, stop: Option<&mut StopCondition>) -> Result<Finished> {
    let ending = recorder.end();
    let patience = async {
        match stop {
            Some(stop) => stop.asked_twice().await,
            // Nothing listens for signals.
            None => std::future::pending().await,
        }
        sleep(PATIENCE).await;
    };
    let over = async {
        while !ending.is_over() {
            sleep(ENDING_INTERVAL).await;
        }
    };
    tokio::select! {
        biased;
        () = over => ending.join(),
        () = patience => Err(ending.give_up()),
    }
}

/// Waits for the command, which runs on untraced. Returns its exit code.
async fn outlast(mut stop: StopCondition) -> Result<Option<Exit>> {
    while stop.command_runs() {
        if let StopEvent::Stop = stop.next().await? {
            notify(LEFT_BEHIND);
            break;
        }
    }
    Ok(stop.code())
}

/// Returns the rights that the main thread needs while it traces.
fn rights(
    plan: &Plan,
    source: &Live,
    outputs: &Outputs,
    frontend: &Frontend,
    stop: &StopCondition,
) -> Rights {
    let past = outputs.history.as_ref().and_then(History::own_folder);
    let mut needed = source.rights();
    if plan.account.is_some() {
        // To end a command of another user.
        needed.capabilities.push(Capability::CAP_KILL);
    }
    Rights {
        signals: stop.command(),
        writes: match frontend {
            Frontend::Dashboard(_) => dashboard_writes(past.map(Path::to_owned)),
            Frontend::Report { .. } | Frontend::Status(_) => Writes::None,
        },
        removes_folders_in: past.and_then(Path::parent).map(Path::to_owned),
        ..needed
    }
}

/// Moves records until the trace stops.
async fn pump(
    plan: &Plan,
    signals: StopSignals,
    source: &mut Live,
    outputs: &mut Outputs,
    frontend: &mut Frontend,
) -> Result<StopCondition> {
    source.begin(&mut Tee { frontend, outputs })?;
    let wakeup = source.wakeup().as_fd().try_clone_to_owned()?;
    // SAFETY: an OwnedFd refers to one open file for its whole life.
    let wakeup = unsafe { AsyncFd::register_with_interest(wakeup, Interest::READABLE)? };
    let account = plan.account.as_ref();
    let stop = StopCondition::begin(signals, plan.command.as_deref(), account, plan.limit)?;
    // The command has the rights that tracer was started with. The threads that read the
    // terminal and save states are created later, with the rights that are left.
    let rights = rights(plan, source, outputs, frontend, &stop);
    frontend.set_confinement(confinement::keep(&rights));
    frontend.open()?;
    let mut feed = LiveFeed {
        source,
        outputs,
        wakeup,
        stop,
        poll: every(frontend.poll_interval()),
        sweep: every(SWEEP_INTERVAL),
        busy: true,
        meter: Meter::new(),
        recording_failed: false,
    };
    event_loop::run(&mut feed, frontend).await?;
    // What is left for `Live::stop` is written without a new segment.
    feed.poll(frontend)?;
    if !feed.recording_failed && feed.stop.command_runs() {
        notify(LEFT_BEHIND);
    }
    Ok(feed.stop)
}

/// Feeds the event loop with the records of a live trace.
struct LiveFeed<'a> {
    source: &'a mut Live,
    outputs: &'a mut Outputs,
    /// Readable when the kernel wakes the reader of the ring buffer.
    wakeup: AsyncFd<OwnedFd>,
    stop: StopCondition,
    /// Timer for reads of the ring buffer while records arrive.
    poll: Interval,
    sweep: Interval,
    /// True if records arrived recently.
    busy: bool,
    meter: Meter,
    /// True if the recording has failed and was the purpose of the trace.
    recording_failed: bool,
}

/// Work of a live trace.
enum Ready {
    /// Read the ring buffer.
    Poll,
    /// Read the counters of running tasks.
    Sweep,
    /// React to the end of the command or a request to stop.
    Stop(StopEvent),
}

impl Feed for LiveFeed<'_> {
    type Ready = Ready;

    async fn ready(&mut self) -> Result<Ready> {
        loop {
            tokio::select! {
                ready = self.wakeup.readable() => {
                    ready?.clear_ready();
                    if self.busy {
                        return Ok(Ready::Poll);
                    }
                    // Usually more records follow, so wait for the timer.
                    self.busy = true;
                    self.poll.reset();
                }
                _ = self.poll.tick(), if self.busy => return Ok(Ready::Poll),
                _ = self.sweep.tick() => return Ok(Ready::Sweep),
                event = self.stop.next() => return Ok(Ready::Stop(event?)),
            }
        }
    }

    fn advance(&mut self, ready: Option<Ready>, frontend: &mut Frontend) -> Result<Flow> {
        let mut over = self.outputs.drain.as_ref().is_some_and(Drain::is_over);
        match ready {
            Some(Ready::Poll) | None => {}
            Some(Ready::Sweep) => {
                self.poll(frontend)?;
                if self.outputs.have_room() {
                    self.source.poll_counters(&mut Tee {
                        frontend,
                        outputs: self.outputs,
                    })?;
                }
                frontend.set_own_cost(self.meter.share(), self.source.fill());
            }
            Some(Ready::Stop(StopEvent::Stop)) => over = true,
            Some(Ready::Stop(StopEvent::CommandEnded)) => {
                // The records that have arrived show which processes exited before.
                self.source.poll(&mut Tee {
                    frontend,
                    outputs: self.outputs,
                })?;
                if let Some(drain) = &mut self.outputs.drain {
                    drain.begin();
                }
                self.poll = every(DRAIN_INTERVAL);
            }
        }
        self.busy = self.poll(frontend)?;
        frontend.offer_history(self.outputs.history.as_mut());
        if let Some(why) = self
            .outputs
            .history
            .as_mut()
            .and_then(History::take_failure)
        {
            frontend.history_ended(&why);
        }
        if let Some(recorder) = &self.outputs.recorder {
            frontend.show_recorder(recorder);
            if let Some(why) = recorder.failure()
                && !frontend.saving_ended(&why)
            {
                self.recording_failed = true;
                over = true;
            }
        }
        Ok(if over { Flow::Quit } else { Flow::Continue })
    }
}

impl LiveFeed<'_> {
    /// Reads the ring buffer if the recorders can keep up. Otherwise the records
    /// stay in the kernel, which counts those that it loses.
    ///
    /// Returns true if more may come soon. Otherwise the kernel wakes the reader.
    fn poll(&mut self, frontend: &mut Frontend) -> Result<bool> {
        let mut busy = self.poll_once(frontend)?;
        for _ in 0..TURNS {
            if !self.make_checkpoints()? {
                break;
            }
            busy = self.poll_once(frontend)?;
        }
        Ok(busy || self.outputs.drain.as_ref().is_some_and(Drain::has_begun))
    }

    fn poll_once(&mut self, frontend: &mut Frontend) -> Result<bool> {
        let outputs = &mut *self.outputs;
        let mut busy = true;
        if outputs.have_room() {
            let mut tee = Tee {
                frontend,
                outputs: &mut *outputs,
            };
            busy = self.source.poll(&mut tee)? || self.source.arm_wakeup(&mut tee)?;
        }
        outputs.recorders().for_each(Recorder::flush_if_due);
        Ok(busy)
    }

    /// Writes the checkpoints that are due. Returns true if one began a segment: then
    /// records may be left that the one before had no room for.
    fn make_checkpoints(&mut self) -> Result<bool> {
        let mut turned = false;
        for recorder in self.outputs.recorders() {
            if recorder.wants_checkpoint() {
                turned |= recorder.checkpoint(self.source.checkpoint()?);
            }
        }
        Ok(turned)
    }
}

fn every(period: Duration) -> Interval {
    let mut every = interval(period);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    every
}
