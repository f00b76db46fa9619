//! Charges pages copied on write to the fork that caused them, for the parent and the
//! child.
//!
//! A page is copied only while another process maps it too. Pages that a parent
//! copies after a fork and before its next one therefore belong to that fork,
//! however late the parent's counter is read. If the parent has several children
//! that still share its memory, or is such a child itself, another of these forks
//! may have shared the page: the cost is then marked as ambiguous.

use std::collections::HashSet;

use super::{ForkCost, Key, Model, Process, SharingEnd, fork_cost::Forks};
use crate::event::{AddressSpace, Faults, Fork, ForkCopies, OpenForks, ProcessId, Who};

impl Process {
    /// Returns true if the process still uses the memory it was forked with.
    fn shares_parent_memory(&self) -> bool {
        let cost = self.fork_cost.as_ref();
        cost.is_some_and(|cost| cost.ended.is_none())
    }
}

impl Model {
    /// Charges the parent's copies so far to its earlier fork, then starts a cost
    /// record for the child and makes it the fork that later copies are charged to.
    pub(super) fn on_copied(&mut self, at: u64, child: Key, fork: &Fork, space: AddressSpace) {
        let parent = self.of(fork.by);
        if let Some(copies) = fork.by_copies {
            self.advance_copies(at, fork.by, copies);
        }
        self.change_unindexed(child, |process| {
            // An exec may have been reported already.
            let ended = process
                .executions
                .first()
                .map(|exec| SharingEnd::Exec(exec.at));
            process.fork_cost = Some(Box::new(ForkCost {
                took: fork.requested_at.map(|asked| at.saturating_sub(asked)),
                space,
                ended,
                ..ForkCost::default()
            }));
        });
        let newest = self.processes[child].id;
        self.change_unindexed(parent, |process| {
            let open = process.forks.map_or(0, |forks| forks.open);
            process.forks = Some(Forks {
                newest: Some(newest),
                open: open.saturating_add(1),
                ambiguous: open > 0 || process.shares_parent_memory(),
            });
        });
    }

    /// Updates a task's copy count from an event between two readings of its
    /// counters.
    pub(super) fn advance_copies(&mut self, at: u64, who: Who, copies: u64) {
        let key = self.of(who);
        let new = self.change_unindexed(key, |process| {
            let faults = &mut process.thread_mut(who.task)?.faults;
            let counted = faults.as_ref().map_or(0, |tally| tally.classes.cow_copy);
            let new = copies.checked_sub(counted).filter(|&new| new > 0)?;
            faults.get_or_insert_default().classes.cow_copy = copies;
            Some(new)
        });
        if let Some(new) = new {
            let classes = Faults {
                cow_copy: new,
                ..Faults::default()
            };
            self.charge(at, key, classes.into());
        }
    }

    /// Charges copied pages to the fork that caused them.
    pub(super) fn charge_copies(&mut self, at: u64, key: Key, copies: u64) {
        if let Some(forks) = self.processes[key].forks {
            let newest = forks.newest.and_then(|newest| self.processes.find(newest));
            let Some(newest) = newest else {
                return;
            };
            self.change_unindexed(newest, |child| {
                if let Some(cost) = &mut child.fork_cost {
                    cost.charge_parent(at, copies);
                    cost.ambiguous |= forks.ambiguous;
                }
            });
        } else if self.processes[key].shares_parent_memory() {
            self.change_unindexed(key, |process| {
                if let Some(cost) = &mut process.fork_cost {
                    cost.charge_child(at, copies);
                }
            });
        }
    }

    /// Ends the charging of copies to a process's forks, because an exec gave it other memory.
    /// Without the copies up to the exec, later ones may be from before: they are still charged,
    /// but marked as ambiguous.
    pub(super) fn leaves_forked_memory(&mut self, key: Key, copies_known: bool) {
        self.change_unindexed(key, |process| match &mut process.forks {
            Some(forks) if !copies_known => forks.ambiguous = true,
            forks => *forks = None,
        });
    }

    /// Ends the sharing of memory between a process and its parent. Pages the
    /// parent copies later were shared before, or by another fork.
    pub(super) fn stops_sharing(&mut self, key: Key, ended: SharingEnd) {
        let parent = self.change_unindexed(key, |process| {
            let cost = process.fork_cost.as_mut()?;
            if cost.ended.is_some() {
                return None;
            }
            cost.ended = Some(ended);
            process.original_parent
        });
        if let Some(parent) = parent {
            self.change_unindexed(parent, |process| {
                if let Some(forks) = &mut process.forks {
                    forks.open = forks.open.saturating_sub(1);
                }
            });
        }
    }

    /// Returns the pages copied because of each fork. Takes time linear in the retained
    /// processes.
    pub(super) fn fork_copies(&self) -> Vec<ForkCopies> {
        let copies = self.processes.since(0).filter_map(|(_, process)| {
            let cost = process.fork_cost.as_ref()?;
            Some(ForkCopies {
                child: process.id,
                by_parent: cost.parent,
                by_child: cost.child,
                by_both: cost.both,
                ambiguous: cost.ambiguous,
            })
        });
        copies.collect()
    }

    /// Returns the forks that later copies are charged to. Takes time linear in the retained
    /// processes.
    pub(super) fn open_forks(&self) -> Vec<OpenForks> {
        let open = self.processes.since(0).filter_map(|(_, process)| {
            let forks = process.forks?;
            Some(OpenForks {
                parent: process.id,
                newest: forks.newest,
                open: forks.open,
                ambiguous: forks.ambiguous,
            })
        });
        open.collect()
    }

    /// Sets the copies at a checkpoint, which lacks the forks of children that were gone.
    pub(super) fn set_fork_copies(&mut self, all: &[ForkCopies]) {
        for copies in all {
            let Some(child) = self.processes.find(copies.child) else {
                continue;
            };
            self.change_unindexed(child, |process| {
                if let Some(cost) = &mut process.fork_cost {
                    cost.parent = copies.by_parent;
                    cost.child = copies.by_child;
                    cost.both = copies.by_both;
                    cost.ambiguous = copies.ambiguous;
                }
            });
        }
    }

    /// Sets the forks that later copies are charged to, at a checkpoint. A process that is not
    /// listed has executed another program since its forks.
    pub(super) fn set_open_forks(&mut self, all: &[OpenForks]) {
        let listed: HashSet<ProcessId> = all.iter().map(|forks| forks.parent).collect();
        self.processes.each(|process| {
            process.forks = process.forks.filter(|_| listed.contains(&process.id));
        });
        for forks in all {
            let Some(parent) = self.processes.find(forks.parent) else {
                continue;
            };
            self.change_unindexed(parent, |process| {
                process.forks = Some(Forks {
                    newest: forks.newest,
                    open: forks.open,
                    ambiguous: forks.ambiguous,
                });
            });
        }
    }
}
