//! The running kernel as a source: first learn what this host offers
//! ([`facts`]), choose a hook for each purpose ([`plan`]), attach ([`load`], [`climb`]),
//! then hand out what the kernel says ([`ring_buffer`]) together with
//! what existed before ([`snapshot`]) and what was lost ([`loss`]).

mod btf;
mod cgroups;
mod climb;
mod clock;
mod completion;
mod doctor;
mod facts;
mod fault_counts;
mod fields;
mod kernel_log;
mod load;
mod loss;
mod mappings;
mod plan;
mod privilege;
mod procfs;
mod recorded;
mod ring_buffer;
mod session;
mod skipped;
mod snapshot;
mod starts;
mod state_counts;
mod symbols;
mod wait_counts;

use std::{os::fd::AsFd, path::PathBuf};

use anyhow::{Context as _, Result};
use aya::Ebpf;
use aya_log::EbpfLogger;

pub use clock::{now, realtime_offset};
use completion::Completion;
pub use doctor::{examine, facts_as_text};
use mappings::Mappings;
pub use plan::{FaultMode, StateMode, Without};
pub use privilege::drop_all_but_files;
use procfs::View;
pub use session::boot_id;
use snapshot::Teller;

use crate::{
    event::{Event, Gap, Session, What, Who},
    records::{FaultClassifier, RecordDecoder, Sink},
};

/// What the user decides.
#[derive(Clone, Debug)]
pub struct Options {
    /// Size of the ring buffer, bytes: a power of two, at least a page.
    pub buffer: u32,
    /// The kernel's types in a file, for a kernel that does not offer its own.
    pub btf: Option<PathBuf>,
    /// Hooks that must not be used.
    pub without: Without,
    pub faults: FaultMode,
    pub states: StateMode,
    /// The kernel side's own diagnostics, to the `log` facade.
    pub verbose: bool,
}

/// How full the ring buffer may get before the kernel wakes the reader.
const WAKE_FRACTION: u64 = 16;

/// A running trace.
pub struct Live {
    /// Holds the programs and their links: dropping it detaches them all.
    ebpf: Option<Ebpf>,
    ring: ring_buffer::RingBuffer,
    loss: loss::Losses,
    skipped: skipped::Skipped,
    /// None: faults are not traced.
    faults: Option<fault_counts::FaultCounts>,
    waits: wait_counts::WaitCounts,
    /// None: states are not traced.
    states: Option<state_counts::StateCounts>,
    cgroups: cgroups::Cgroups,
    completion: Completion,
    view: View,
    logger: Option<EbpfLogger<&'static dyn log::Log>>,
    session: Session,
    began: u64,
    /// The latest gap has not been healed by a snapshot yet.
    unhealed: bool,
    /// The programs were asked to wake us by the next record.
    asked: bool,
    fill: f64,
}

impl Live {
    /// Attaches to the kernel. Events are collected from here on; [`Self::begin`]
    /// says what went before.
    pub fn start(options: &Options) -> Result<Live> {
        privilege::check()?;
        let facts = || facts::Facts::of_this_host(options.btf.as_deref());
        let (facts, loader) = load::beside(facts);
        let facts = facts?;
        let settings = load::Settings {
            buffer: options.buffer,
            wake_at: u64::from(options.buffer) / WAKE_FRACTION,
            stream_faults: options.faults.one_in(),
            states: options.states.clone(),
            verbose: options.verbose,
        };
        let mut loaded = load::Loaded::new(loader, &facts, &settings)?;
        let mut hooks = loaded.attach(&facts, &options.without, options.faults, &options.states)?;
        let view = facts.proc;
        let teller = snapshot::teller(&mut hooks, view, facts.cgroups.clone());
        // Hooks are not attached at one moment; what the first saw alone is half
        // a story. The trace begins here, and the snapshot tells what was.
        let began = now();
        let mut ebpf = loaded.into_ebpf();
        let own = match (view.nested, &teller) {
            (false, _) => Some(std::process::id()),
            (true, _) if view.initial => Some(view.own),
            (true, Some(Teller::Iterator { .. })) => snapshot::own_pid(&mut ebpf, view)?,
            (true, _) => None,
        };
        if let StateMode::Stream { of } = &options.states {
            state_counts::choose(&mut ebpf, own, of)?;
        }
        let log = kernel_log::open(&mut hooks);
        let session = session::describe(&facts, own, hooks);
        let cgroups = facts.cgroups.clone();
        // The kernel's types have served, and are many.
        drop(facts);
        give_back();
        let logger = if options.verbose {
            Some(EbpfLogger::init(&mut ebpf).context("reading the kernel side's log")?)
        } else {
            None
        };
        let faults = FaultClassifier::for_hooks(&session.hooks);
        Ok(Live {
            ring: ring_buffer::RingBuffer::new(&mut ebpf, options.buffer, began)?,
            loss: loss::Losses::new(&mut ebpf)?,
            skipped: skipped::Skipped::new(&ebpf),
            faults: faults
                .map(|conclude| fault_counts::FaultCounts::new(&mut ebpf, conclude))
                .transpose()?,
            waits: wait_counts::WaitCounts::new(&mut ebpf)?,
            states: (options.states != StateMode::Off)
                .then(|| state_counts::StateCounts::new(&mut ebpf))
                .transpose()?,
            cgroups,
            completion: Completion {
                decoder: RecordDecoder { faults },
                teller,
                mappings: (options.faults.one_in() > 0).then(Mappings::default),
                log,
                group: Vec::new(),
            },
            view,
            logger,
            session,
            began,
            ebpf: Some(ebpf),
            unhealed: false,
            asked: false,
            fill: 0.0,
        })
    }

    /// Hands out the beginning of the stream: the session, and what runs already.
    pub fn begin(&mut self, sink: &mut dyn Sink) -> Result<()> {
        let session = What::Session(Box::new(self.session.clone()));
        told(host(self.began, session), sink);
        for cgroup in self.cgroups.existing() {
            told(host(now(), What::Cgroup(Box::new(cgroup))), sink);
        }
        self.tell_what_runs(sink)
    }

    /// Every task that exists, then what the kernel said meanwhile: a task
    /// that died under the iterator's eyes has told its end by then.
    fn tell_what_runs(&mut self, sink: &mut dyn Sink) -> Result<()> {
        let began = now();
        let Some(all) = self.each_that_runs(&mut |event| told(event, sink))? else {
            return Ok(());
        };
        self.drain(sink);
        if all {
            told(host(now(), What::SnapshotEnd(began)), sink);
        }
        Ok(())
    }

    /// Hands out every task that exists; whether that is everybody. None where
    /// nothing can tell.
    fn each_that_runs(&mut self, take: &mut dyn FnMut(Event)) -> Result<Option<bool>> {
        let (Some(ebpf), Some(teller)) = (&mut self.ebpf, &mut self.completion.teller) else {
            return Ok(None);
        };
        teller.tell(ebpf, self.view, take).map(Some)
    }

    /// A recording's checkpoint: what there is now, for a reader that comes in
    /// here. The session, cgroups and tasks, then a [`What::SnapshotEnd`] which is
    /// true as soon as all records up to its time have been read. Where not
    /// everybody could be told, it says so of nobody: its own time is 0.
    pub fn checkpoint(&mut self) -> Result<Vec<Event>> {
        let began = now();
        let mut session = self.session.clone();
        // The clock may have been set since the trace began.
        session.realtime_offset = realtime_offset();
        let mut events = vec![host(began, What::Session(Box::new(session)))];
        for cgroup in self.cgroups.existing() {
            events.push(host(began, What::Cgroup(Box::new(cgroup))));
        }
        let all = self.each_that_runs(&mut |event| events.push(event))?;
        let since = if all == Some(true) { began } else { 0 };
        events.push(host(now(), What::SnapshotEnd(since)));
        Ok(events)
    }

    fn drain(&mut self, sink: &mut dyn Sink) -> bool {
        let no_counts = Vec::new().into_iter().peekable();
        self.ring.drain(&mut self.completion, no_counts, sink)
    }

    /// Gives up every capability that the rest of the trace does not need.
    pub fn drop_privileges(&self) {
        privilege::drop_the_rest(self.completion.reads_proc());
    }

    /// Hands out what has come in since the last call, and says what was lost.
    /// Gives whether there may soon be more.
    pub fn poll(&mut self, sink: &mut dyn Sink) -> Result<bool> {
        if let Some(logger) = &mut self.logger {
            logger.flush();
        }
        let came = self.drain(sink);
        self.asked &= !came;
        self.fill = self.ring.fill();
        match self.loss.read()? {
            Some(gap) => {
                self.unhealed |= heals(&gap);
                told(host(now(), What::Gap(Box::new(gap))), sink);
            }
            // Heal once the storm is over: a snapshot amid it would be stale.
            None if self.unhealed => {
                self.unhealed = false;
                self.tell_what_runs(sink)?;
            }
            None => return Ok(came),
        }
        Ok(true)
    }

    /// As [`Self::poll`], where nothing came of late: unless there is more now,
    /// the next record makes [`Self::wakeup`] readable. A program may ask before
    /// this whether anybody sleeps and submit its record after it: so there may
    /// be more once, and it is looked again before nobody looks any more.
    pub fn sleep(&mut self, sink: &mut dyn Sink) -> Result<bool> {
        let asked = std::mem::replace(&mut self.asked, true);
        if !asked {
            self.ring.wake_by_next()?;
        }
        Ok(self.poll(sink)? || !asked)
    }

    /// The counts that have grown since the last call, of faults, of waits and
    /// of states. Linear in the tasks that ever did either and live: for about
    /// once a second.
    pub fn sweep(&mut self, sink: &mut dyn Sink) -> Result<()> {
        if let Some(gap) = self.skipped.read() {
            self.unhealed |= heals(&gap);
            told(host(now(), What::Gap(Box::new(gap))), sink);
        }
        let mut counts = Vec::new();
        let mut count = |event| counts.push(event);
        self.waits.read(&mut count)?;
        if let Some(states) = &mut self.states {
            states.read(&mut count)?;
        }
        if let Some(faults) = &mut self.faults {
            faults.read(&mut count)?;
        }
        // What was counted is told behind what waits in the buffer and came before it.
        let counts = counts.into_iter().peekable();
        self.ring.drain(&mut self.completion, counts, sink);
        Ok(())
    }

    /// Detaches, hands out what is left and ends the stream.
    pub fn stop(&mut self, sink: &mut dyn Sink) -> Result<()> {
        self.poll(sink)?;
        self.sweep(sink)?;
        // They are detached one by one too, which takes a while.
        let end = now();
        self.ring.ends(end);
        if let Some(ebpf) = self.ebpf.take() {
            load::detach(ebpf);
        }
        self.poll(sink)?;
        told(host(end, What::End), sink);
        Ok(())
    }

    /// How full the ring buffer was at the last poll, 1.0 being full; at least.
    pub fn fill(&self) -> f64 {
        self.fill
    }

    /// Becomes readable when the ring buffer fills faster than it is polled, and
    /// by the first record after [`Self::sleep`].
    pub fn wakeup(&self) -> &(impl AsFd + std::os::fd::AsRawFd + use<>) {
        self.ring.wakeup()
    }
}

/// Gives memory that nobody uses back to the kernel, of which reading its types
/// has left much: each thread had some of its own.
fn give_back() {
    #[cfg(target_env = "gnu")]
    // SAFETY: it has no preconditions.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Whether a snapshot makes good what is missing: a count it does not make whole.
fn heals(gap: &Gap) -> bool {
    !gap.lost.iter().all(|lost| lost.kind.is_count())
}

/// Hands on an event as a group of its own.
fn told(event: Event, sink: &mut dyn Sink) {
    sink.event(event);
    sink.end_group();
}

/// An event that no task is the subject of.
fn host(at: u64, what: What) -> Event {
    Event {
        at,
        cpu: 0,
        who: Who::HOST,
        what,
    }
}
