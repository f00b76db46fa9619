//! The merged stream: the events of all inputs in order of time, each once.

use std::{collections::HashSet, path::Path};

use anyhow::Result;

use super::{
    endings::{Endings, TOLERANCE, is_ending},
    input::{MergeInput, Phase},
    reporters::Reporters,
    snapshot::snapshots,
};
use crate::{
    event::{Event, Gap, GapCause, ProcessId, What, Who},
    model::Model,
    session::console::progress::Progress,
};

/// Merges inputs into one stream of events.
pub struct MergedStream<T> {
    inputs: Vec<MergeInput>,
    reporters: Reporters,
    endings: Endings,
    /// Cgroups whose path has been emitted.
    cgroups: HashSet<u64>,
    /// Present processes and totals of the merged stream.
    model: Model,
    take: T,
}

impl<T: FnMut(Event)> MergedStream<T> {
    /// Creates the stream. `take` receives its events.
    pub fn new(inputs: Vec<MergeInput>, take: T) -> Self {
        MergedStream {
            inputs,
            reporters: Reporters::default(),
            endings: Endings::default(),
            cgroups: HashSet::new(),
            model: Model::present_only(),
            take,
        }
    }

    /// Merges the inputs to their end.
    pub fn run(&mut self) -> Result<()> {
        let lengths = self.inputs.iter().map(|input| input.input.length());
        let length = Some(lengths.sum());
        let mut progress = Progress::new("merging", Path::new("recordings"), length);
        let mut end = None;
        loop {
            let heads = self.inputs.iter().enumerate();
            let heads = heads.filter_map(|(number, input)| Some((input.time()?, number)));
            let Some((_, number)) = heads.min() else {
                break;
            };
            self.begin(number);
            if self.inputs[number].description > 0 {
                self.merge_description(number)?;
            } else if let Some(event) = self.inputs[number].next()? {
                match event.what {
                    What::End | What::PartEnd => end = Some(event),
                    _ => self.merge(number, event),
                }
            }
            let input = &mut self.inputs[number];
            if input.is_empty() {
                input.phase = Phase::Ended(self.model.now());
            }
            progress.step(self.inputs.iter().map(MergeInput::position).sum());
        }
        self.emit_lost_endings(u64::MAX);
        // The merged recording has an end mark if its last input has one.
        if let Some(end) = end.filter(|end: &Event| end.at >= self.model.now()) {
            self.emit(end);
        }
        Ok(())
    }

    fn emit(&mut self, event: Event) {
        self.model.apply(&event);
        (self.take)(event);
    }

    fn emit_ending(&mut self, event: Event) {
        self.endings.emitted(&event);
        self.emit(event);
    }

    /// Emits endings up to that time that only inputs other than the reporter have.
    fn emit_lost_endings(&mut self, until: u64) {
        while let Some(event) = self.endings.next_lost(until) {
            self.emit_ending(event);
        }
        self.endings.forget(until.saturating_sub(TOLERANCE));
    }

    /// Returns true if another input is active.
    fn overlaps_another(&self, number: usize) -> bool {
        let mut others = self.inputs.iter().enumerate();
        others.any(|(other, input)| other != number && input.phase == Phase::Active)
    }

    /// Begins an input: the first with its session, a later one with a gap if no
    /// other input overlaps it.
    fn begin(&mut self, number: usize) {
        if self.inputs[number].phase != Phase::Waiting {
            return;
        }
        self.inputs[number].phase = Phase::Active;
        let at = self.inputs[number].began;
        let (since, is_first) = (self.model.now(), self.model.session().is_none());
        if is_first {
            let mut session = self.inputs[number].session.clone();
            session.segment = None;
            self.emit(host_event(at, What::Session(session)));
        } else if !self.overlaps_another(number) && since < at {
            let gap = Gap {
                since,
                lost: Vec::new(),
                cause: GapCause::Untraced,
            };
            self.emit(host_event(at, What::Gap(Box::new(gap))));
        }
    }

    /// Emits an event unless another input reports the process.
    fn merge(&mut self, number: usize, event: Event) {
        self.emit_lost_endings(event.at.saturating_sub(TOLERANCE));
        let is_new = match &event.what {
            What::Session(_) | What::Summary(_) | What::End | What::PartEnd => false,
            What::SnapshotEnd(_) => self.completes_snapshot(number, event.at),
            What::Cgroup(cgroup) => self.cgroups.insert(cgroup.id),
            _ if event.who == Who::HOST => true,
            // A process tree's recording mentions others. It does not report them.
            What::Snapshot(found) if found.is_anonymous() => {
                self.reporters.of(event.who.process).is_none()
            }
            What::Implied(fact) if self.is_reported_by_another(number, fact.by) => false,
            _ => self.claim(number, event.who.process, event.at),
        };
        // Endings in a description were emitted when they happened.
        let is_ending = is_ending(event.what.kind()) && self.inputs[number].description == 0;
        match is_new {
            true if is_ending => self.emit_ending(event),
            true => self.emit(event),
            false if is_ending => self.endings.hold(event),
            false => {}
        }
    }

    /// Returns true if processes absent from this snapshot can be marked gone. Emits
    /// processes reported by other inputs first.
    ///
    /// The first snapshot of an input that overlaps another one does not cover what
    /// happened before that input began.
    fn completes_snapshot(&mut self, number: usize, at: u64) -> bool {
        let is_first = !std::mem::replace(&mut self.inputs[number].is_described, true);
        if !self.overlaps_another(number) {
            return true;
        }
        if is_first {
            return false;
        }
        for snapshot in snapshots(&self.model, at) {
            if self.is_reported_by_another(number, snapshot.who.process) {
                self.emit(snapshot);
            }
        }
        true
    }

    /// Returns true if an input other than this one reports the process.
    fn is_reported_by_another(&self, number: usize, process: ProcessId) -> bool {
        let reporter = self.reporters.of(process);
        reporter.is_some_and(|reporter| reporter != number)
    }

    /// Returns true if this input reports the process.
    fn claim(&mut self, number: usize, process: ProcessId, at: u64) -> bool {
        self.reporters.evict_stale(&self.model);
        let phase = |number: usize| self.inputs[number].phase;
        self.reporters.claim(number, process, at, phase)
    }

    /// Merges the description of the processes that existed when an input began.
    ///
    /// Its events do not change the totals: they were counted when they happened, or
    /// lie before the recording.
    fn merge_description(&mut self, number: usize) -> Result<()> {
        let began = self.inputs[number].began;
        let is_first = self.reporters.is_empty();
        let mut totals = self.model.summary();
        let mut present = Model::present_only();
        while self.inputs[number].description > 0 {
            self.inputs[number].description -= 1;
            let Some(event) = self.inputs[number].next()? else {
                break;
            };
            present.apply(&event);
            match event.what {
                What::Summary(summary) if is_first => totals = *summary,
                What::SnapshotEnd(_) if !is_first => {}
                _ => self.merge(number, event),
            }
        }
        if !is_first && !self.overlaps_another(number) {
            // Processes that are not present here have ended since.
            for snapshot in snapshots(&present, began) {
                self.reporters.set(snapshot.who.process, number, began);
                self.emit(snapshot);
            }
            self.emit(host_event(began, What::SnapshotEnd(began)));
        }
        self.inputs[number].is_described = true;
        self.emit(host_event(began, What::Summary(Box::new(totals))));
        Ok(())
    }
}

fn host_event(at: u64, what: What) -> Event {
    Event {
        at,
        cpu: 0,
        who: Who::HOST,
        what,
    }
}
