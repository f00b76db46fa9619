//! The memory for the programs, arguments and file names of all processes together, so that no
//! user can fill the memory by long arguments. Beyond the budget, the processes that take most
//! lose their earlier programs, and the arguments of their latest one are cut. What is left
//! out or cut is marked.

use std::collections::HashSet;

use super::{Execution, Model, Process, program_budget::ProgramBudget};
use crate::event::Text;

/// Memory of a process for its programs, bytes. The latest is kept whatever its length.
const OWN: usize = 64 << 10;
/// Length of a text below which it is never cut, bytes.
const SHORTEST: usize = 128;

/// Maximum number of programs kept per process. A process that executes itself for
/// ever must not fill the memory.
const PROGRAMS: usize = 64;

impl Model {
    /// Limits the programs of all processes if they take too much memory. Takes time linear in
    /// the retained processes and their texts.
    pub(super) fn limit_programs(&mut self) {
        let budget = self.retained.policy().programs;
        if !self.programs.is_exceeded(budget) {
            return;
        }
        let mut bytes = self.measure_programs();
        let mut least = 0;
        // Equal texts may have been counted twice.
        if bytes > budget / 8 * 7 {
            let own = self.processes.since(0);
            let own: Vec<usize> = own.map(|(_, process)| process.program_bytes()).collect();
            let mut most = OWN;
            let all = |most: usize| own.iter().map(|&own| own.min(most) as u64).sum::<u64>();
            while most > SHORTEST && all(most) > budget / 4 * 3 {
                most /= 2;
            }
            self.processes.each(|process| process.limit_programs(most));
            self.share_texts();
            bytes = self.measure_programs();
            least = bytes;
        }
        self.programs = ProgramBudget { bytes, least };
    }

    /// Returns the memory of all programs and texts, bytes. Equal texts count once.
    fn measure_programs(&self) -> u64 {
        let mut known = HashSet::with_hasher(foldhash::fast::FixedState::default());
        let mut bytes = 0;
        for (_, process) in self.processes.since(0) {
            bytes += size_of_val(&process.executions[..]) as u64;
            for text in process.texts() {
                if known.insert(text) {
                    bytes += text.as_bytes().len() as u64;
                }
            }
        }
        bytes
    }
}

impl Process {
    /// Returns its arguments and file names.
    fn texts(&self) -> impl Iterator<Item = &Text> {
        let programs = self.executions.iter().map(|it| &it.exec);
        let programs = programs.flat_map(|exec| [Some(&exec.filename), exec.argv.as_ref()]);
        programs.flatten().chain(&self.snapshot_argv)
    }

    /// Returns the memory of its programs and texts, bytes.
    fn program_bytes(&self) -> usize {
        let texts = self.texts().map(|text| text.as_bytes().len());
        size_of_val(&self.executions[..]) + texts.sum::<usize>()
    }

    /// Drops the earliest programs beyond the limits of a process.
    pub(super) fn limit_executions(&mut self) {
        self.drop_programs(OWN, 0);
    }

    /// Drops the earliest programs beyond `most` bytes, not counting the latest one. A program
    /// takes `own` bytes beside its texts.
    fn drop_programs(&mut self, most: usize, own: usize) {
        let mut bytes = 0;
        let mut sums = self.executions.iter().rev().map(|execution| {
            let argv = execution.exec.argv.as_ref();
            bytes += own + execution.exec.filename.as_bytes().len();
            bytes += argv.map_or(0, |argv| argv.as_bytes().len());
            bytes
        });
        let kept = sums.by_ref().take(PROGRAMS).take_while(|&sum| sum <= most);
        let dropped = self.executions.len().saturating_sub(kept.count().max(1));
        self.executions.drain(..dropped);
        self.executions_left_out = self.executions_left_out.saturating_add(dropped as u32);
    }

    /// Limits its programs and texts to about `most` bytes.
    fn limit_programs(&mut self, most: usize) {
        if self.program_bytes() <= most {
            return;
        }
        self.drop_programs(most, size_of::<Execution>());
        self.executions.shrink_to_fit();
        let longest = (most / 2).max(SHORTEST);
        for execution in &mut self.executions {
            let exec = &mut execution.exec;
            exec.filename_cut |= cut(&mut exec.filename, longest);
            // The whole length is known.
            exec.argv.as_mut().map(|argv| cut(argv, longest));
        }
        if let Some(argv) = &mut self.snapshot_argv {
            self.snapshot_argv_cut |= cut(argv, longest);
        }
    }
}

/// Cuts a text to a length. Returns true if it was longer.
fn cut(text: &mut Text, length: usize) -> bool {
    let is_long = text.as_bytes().len() > length;
    if is_long {
        *text = Text::new(&text.as_bytes()[..length]);
    }
    is_long
}
