//! The running kernel as a source of events.
//!
//! [`Live::start`] gathers facts about the host (`facts.rs`), plans a hook for each
//! purpose (`plan.rs`), loads the eBPF object (`load.rs`) and attaches its programs
//! (`attach.rs`). [`Live`] then drains the ring buffer (`ring_buffer.rs`) and adds a
//! snapshot of the existing tasks (`snapshot.rs`), counters that the kernel side keeps
//! (`fault_counts.rs`, `wait_counts.rs`, `state_counts.rs`) and gaps (`loss.rs`,
//! `skipped.rs`). [`examine`] reports what tracing on this host would offer.
//!
//! It must not know what becomes of the events: it emits them to a [`Sink`].

mod argument_budget;
mod attach;
mod btf;
mod cgroups;
mod clock;
mod doctor;
mod enrich;
mod error;
mod facts;
mod fault_counts;
mod fields;
mod kernel_log;
mod load;
mod loss;
mod mappings;
mod maps;
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
mod users;
mod wait_counts;

use std::{os::fd::AsFd, path::PathBuf};

use aya::Ebpf;
use aya_log::EbpfLogger;
use tracer_common::maps::WAKE_FRACTION;

pub use argument_budget::ArgumentBudget;
pub use btf::Malformed;
pub use clock::{now, realtime_offset};
pub use doctor::{examine, facts_as_text};
use enrich::Enricher;
use error::Result;
pub use error::{BtfError, Cause, Error};
use mappings::Mappings;
pub use plan::{DeniedHooks, FaultMode, StateMode, UnknownHook};
use procfs::ProcView;
use ring_buffer::Extent;
pub use session::boot_id;
use snapshot::SnapshotSource;

use crate::{
    confinement::Rights,
    event::{Event, Gap, Session, What, Who},
    records::{FaultClassifier, RecordDecoder, Sink},
};

/// Options of a live trace.
#[derive(Clone, Debug)]
pub struct Options {
    /// Size of the ring buffer in bytes: a power of two, at least one page.
    pub buffer: u32,
    /// File with the kernel's types (BTF), for a kernel that does not offer its own.
    pub btf: Option<PathBuf>,
    /// Kinds of hooks that must not be used.
    pub without: DeniedHooks,
    /// Tracing of page faults.
    pub faults: FaultMode,
    /// Tracing of task states.
    pub states: StateMode,
    /// Budget of each user for arguments.
    pub arguments: ArgumentBudget,
    /// Sends the kernel side's diagnostics to the `log` facade.
    pub verbose: bool,
}

/// A running trace of the kernel. Dropping it detaches all programs.
pub struct Live {
    /// Programs and their links; None once stopped.
    ebpf: Option<Ebpf>,
    ring: ring_buffer::RingBuffer,
    loss: loss::Losses,
    over_budget: loss::Losses,
    /// True if the last read found records beyond the budgets of users.
    was_over_budget: bool,
    skipped: skipped::Skipped,
    /// None if faults are not traced.
    faults: Option<fault_counts::FaultCounts>,
    waits: wait_counts::WaitCounts,
    /// None if states are not traced.
    states: Option<state_counts::StateCounts>,
    cgroups: cgroups::Cgroups,
    enricher: Enricher,
    view: ProcView,
    logger: Option<EbpfLogger<&'static dyn log::Log>>,
    session: Session,
    began: u64,
    /// True if a gap has not been followed by a snapshot yet.
    needs_snapshot: bool,
    /// True if the programs were asked to wake the reader by the next record.
    wakeup_armed: bool,
    fill: f64,
}

impl Live {
    /// Attaches to the kernel and starts to collect events. [`Self::begin`] emits
    /// the state that existed before.
    pub fn start(options: &Options) -> Result<Live> {
        privilege::check()?;
        if clock::offset().is_none() {
            return Err(Error::TimeNamespace);
        }
        let facts = || facts::Facts::of_this_host(options.btf.as_deref());
        let (facts, loader) = load::with_loader(facts);
        let facts = facts?;
        let settings = load::Settings {
            buffer: options.buffer,
            wake_at: u64::from(options.buffer) / WAKE_FRACTION,
            arguments: options.arguments,
            stream_faults: options.faults.one_in(),
            states: options.states.clone(),
            verbose: options.verbose,
        };
        let mut loaded = load::Loaded::new(loader, &facts, &settings)?;
        let mut hooks = loaded.attach(&facts, &options.without, options.faults, &options.states)?;
        let view = facts.proc;
        let snapshot = snapshot::source(&mut hooks, view, facts.cgroups.clone());
        // Hooks are attached one after another, and events that only some of them
        // saw would be incomplete. The trace begins here; the snapshot covers the
        // time before.
        let began = now();
        let mut ebpf = loaded.into_ebpf();
        let own = match (view.nested, &snapshot) {
            (false, _) => Some(std::process::id()),
            (true, _) if view.initial => Some(view.own),
            (true, Some(SnapshotSource::Iterator { .. })) => snapshot::own_pid(&mut ebpf, view)?,
            (true, _) => None,
        };
        if let StateMode::Stream { of } = &options.states {
            state_counts::select_streamed(&mut ebpf, own, of)?;
        }
        let log = kernel_log::open(&mut hooks);
        let session = session::describe(&facts, view, own, hooks);
        let cgroups = facts.cgroups.clone();
        // The kernel's types are large and no longer needed.
        drop(facts);
        settle_heap();
        let logger = if options.verbose {
            let logger = EbpfLogger::init(&mut ebpf);
            Some(logger.map_err(Error::step("reading the kernel side's log"))?)
        } else {
            None
        };
        let faults = FaultClassifier::for_hooks(&session.hooks);
        Ok(Live {
            ring: ring_buffer::RingBuffer::new(&mut ebpf, options.buffer, began)?,
            loss: loss::Losses::no_room(&mut ebpf)?,
            over_budget: loss::Losses::over_budget(&mut ebpf)?,
            was_over_budget: false,
            skipped: skipped::Skipped::new(&ebpf),
            faults: faults
                .map(|classifier| fault_counts::FaultCounts::new(&mut ebpf, classifier))
                .transpose()?,
            waits: wait_counts::WaitCounts::new(&mut ebpf)?,
            states: (options.states != StateMode::Off)
                .then(|| state_counts::StateCounts::new(&mut ebpf))
                .transpose()?,
            cgroups,
            enricher: Enricher {
                decoder: RecordDecoder { faults },
                snapshot,
                mappings: (options.faults.one_in() > 0).then(Mappings::default),
                log,
                group: Vec::new(),
            },
            view,
            logger,
            session,
            began,
            ebpf: Some(ebpf),
            needs_snapshot: false,
            wakeup_armed: false,
            fill: 0.0,
        })
    }

    /// Emits the beginning of the stream: the session, all cgroups and a snapshot of
    /// the existing tasks.
    pub fn begin(&mut self, sink: &mut dyn Sink) -> Result<()> {
        let session = What::Session(Box::new(self.session.clone()));
        emit(host(self.began, session), sink);
        for cgroup in self.cgroups.existing() {
            emit(host(now(), What::Cgroup(Box::new(cgroup))), sink);
        }
        self.emit_snapshot(sink)
    }

    /// Emits every existing task, then the records that arrived meanwhile: they
    /// include the exits of tasks that died while the iterator ran.
    fn emit_snapshot(&mut self, sink: &mut dyn Sink) -> Result<()> {
        let began = now();
        let Some(all) = self.for_each_task(&mut |event| emit(event, sink))? else {
            return Ok(());
        };
        self.drain(Extent::All, sink);
        if all {
            emit(host(now(), What::SnapshotEnd(began)), sink);
        }
        Ok(())
    }

    /// Passes every existing task to `take`. Returns true if no task was left out,
    /// and None if nothing on this host can list tasks.
    fn for_each_task(&mut self, take: &mut dyn FnMut(Event)) -> Result<Option<bool>> {
        let (Some(ebpf), Some(snapshot)) = (&mut self.ebpf, &mut self.enricher.snapshot) else {
            return Ok(None);
        };
        snapshot.emit_tasks(ebpf, self.view, take).map(Some)
    }

    /// Returns a checkpoint for a recording: the session, all cgroups and tasks, then
    /// a [`What::SnapshotEnd`], so that a reader can start here.
    ///
    /// The checkpoint is complete once all records up to the time of its end have been
    /// read. If some tasks could not be listed, the time in `SnapshotEnd` is 0: then no
    /// absent task may be marked as exited.
    pub fn checkpoint(&mut self) -> Result<Vec<Event>> {
        let began = now();
        let mut session = self.session.clone();
        // The clock may have been set since the trace began.
        session.realtime_offset = realtime_offset();
        let mut events = vec![host(began, What::Session(Box::new(session)))];
        for cgroup in self.cgroups.existing() {
            events.push(host(began, What::Cgroup(Box::new(cgroup))));
        }
        let all = self.for_each_task(&mut |event| events.push(event))?;
        let since = if all == Some(true) { began } else { 0 };
        events.push(host(now(), What::SnapshotEnd(since)));
        Ok(events)
    }

    fn drain(&mut self, extent: Extent, sink: &mut dyn Sink) -> bool {
        let no_counts = Vec::new().into_iter().peekable();
        self.ring.drain(extent, &mut self.enricher, no_counts, sink)
    }

    /// Returns the rights that the rest of the trace needs, without those to write files.
    pub fn rights(&self) -> Rights {
        privilege::needed(self.enricher.reads_proc())
    }

    /// Emits the records that arrived since the last call, and gaps for those that were
    /// lost. Returns true if more may follow soon. If the sink is full, records are left
    /// for the next call.
    pub fn poll(&mut self, sink: &mut dyn Sink) -> Result<bool> {
        if let Some(logger) = &mut self.logger {
            logger.flush();
        }
        let came = self.drain(Extent::WithinRoom, sink);
        self.wakeup_armed &= !came;
        self.fill = self.ring.fill();
        // A gap and a snapshot follow the records before them.
        Ok(sink.is_full() || self.emit_losses(sink)? || came)
    }

    /// Emits a gap if records were lost since the last call, or else the snapshot that
    /// is due after earlier gaps. Returns true if there was one.
    fn emit_losses(&mut self, sink: &mut dyn Sink) -> Result<bool> {
        match self.loss.read()? {
            Some(gap) => {
                self.needs_snapshot |= snapshot_heals(&gap);
                emit(host(now(), What::Gap(Box::new(gap))), sink);
            }
            // Wait until the storm is over: a snapshot in its middle would be stale.
            None if self.needs_snapshot => {
                self.needs_snapshot = false;
                self.emit_snapshot(sink)?;
            }
            None => return Ok(false),
        }
        Ok(true)
    }

    /// Asks the kernel side to make [`Self::wakeup`] readable by the next record, then
    /// polls. Returns true if the caller must poll again before it blocks.
    ///
    /// A probe may read the sleep flag before it is set and submit afterwards, so the
    /// first call returns true.
    pub fn arm_wakeup(&mut self, sink: &mut dyn Sink) -> Result<bool> {
        let was_armed = std::mem::replace(&mut self.wakeup_armed, true);
        if !was_armed {
            self.ring.wake_by_next()?;
        }
        Ok(self.poll(sink)? || !was_armed)
    }

    /// Emits the counters that have changed since the last call: faults, calls of
    /// wait, states, skipped programs and records beyond the budgets of users.
    ///
    /// Linear in the running tasks with a counter, so call it about once a second.
    pub fn poll_counters(&mut self, sink: &mut dyn Sink) -> Result<()> {
        if let Some(gap) = self.skipped.read() {
            self.needs_snapshot |= snapshot_heals(&gap);
            emit(host(now(), What::Gap(Box::new(gap))), sink);
        }
        match self.over_budget.read()? {
            Some(gap) => {
                self.was_over_budget = true;
                emit(host(now(), What::Gap(Box::new(gap))), sink);
            }
            // Names and cgroups may have changed unseen.
            None => self.needs_snapshot |= std::mem::take(&mut self.was_over_budget),
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
        // Counts are emitted after the waiting records that are older.
        let counts = counts.into_iter().peekable();
        self.ring
            .drain(Extent::All, &mut self.enricher, counts, sink);
        Ok(())
    }

    /// Detaches all programs, emits the remaining records and ends the stream.
    pub fn stop(&mut self, sink: &mut dyn Sink) -> Result<()> {
        self.poll(sink)?;
        self.poll_counters(sink)?;
        // Detaching takes a while. Events after this time are incomplete.
        let end = now();
        self.ring.end_at(end);
        if let Some(ebpf) = self.ebpf.take() {
            load::detach(ebpf);
        }
        self.drain(Extent::All, sink);
        self.emit_losses(sink)?;
        emit(host(end, What::End), sink);
        Ok(())
    }

    /// Returns a lower bound of how full the ring buffer was at the last poll, 1.0
    /// being full.
    pub fn fill(&self) -> f64 {
        self.fill
    }

    /// Returns a descriptor that becomes readable when the ring buffer fills faster
    /// than it is polled, and by the first record after [`Self::arm_wakeup`].
    pub fn wakeup(&self) -> &(impl AsFd + std::os::fd::AsRawFd + use<>) {
        self.ring.wakeup()
    }
}

/// Size from which a buffer is returned to the kernel when it is freed, bytes.
#[cfg(target_env = "gnu")]
const LARGE_BUFFER: libc::c_int = 256 << 10;

/// Returns free heap memory to the kernel. Parsing BTF leaves much of it, in an
/// arena of each thread. Large buffers, such as those of a snapshot, lie outside of the heap
/// from now on; glibc would place them in it after the first of their size was freed.
fn settle_heap() {
    #[cfg(target_env = "gnu")]
    // SAFETY: they have no preconditions.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE_BUFFER);
        libc::malloc_trim(0);
    }
}

/// Returns true if a snapshot can repair a gap. It cannot repair lost counts.
fn snapshot_heals(gap: &Gap) -> bool {
    !gap.lost.iter().all(|lost| lost.kind.is_count())
}

/// Emits an event as a group of its own.
fn emit(event: Event, sink: &mut dyn Sink) {
    sink.event(event);
    sink.end_group();
}

/// Returns an event that concerns the host and no task.
fn host(at: u64, what: What) -> Event {
    Event {
        at,
        cpu: 0,
        who: Who::HOST,
        what,
    }
}
