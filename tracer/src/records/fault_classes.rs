//! Classifies page faults from the kernel side's counters. Pure.
//!
//! Each hook counts what it sees: the processor's error code, the mapping, the outcome of a
//! write to a protected page, the page that was allocated. Several hooks see the same fault;
//! this file assigns it to the most specific class.

use tracer_common::{maps::*, wire};

use crate::event::{
    Fault, FaultClass, FaultPlaces, FaultTally, Faults, Hook, Label, Purpose, Region,
};

/// The way to classify faults, which depends on the hooks in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultClassifier {
    /// No hook distinguishes copies from other writes to protected pages.
    Candidates,
    /// A write to a protected page is a copy if a page was allocated for it.
    FromAllocations,
    /// The page table shows the outcome of the write.
    FromPageTable,
}

impl FaultClassifier {
    /// Returns the classifier for a session's hooks, or none if faults are not traced.
    pub fn for_hooks(hooks: &[Hook]) -> Option<FaultClassifier> {
        let serving = |purpose| {
            let hook = hooks.iter().find(|hook| hook.purpose == purpose)?;
            hook.hook.as_ref().map(Label::raw)
        };
        serving(Purpose::Faults)?;
        Some(match serving(Purpose::Cow) {
            None => FaultClassifier::Candidates,
            Some(hook) if hook.ends_with("mm_page_alloc") => FaultClassifier::FromAllocations,
            Some(_) => FaultClassifier::FromPageTable,
        })
    }

    /// Returns true if copies on write are counted as such.
    pub fn counts_copies(self) -> bool {
        match self {
            FaultClassifier::Candidates => false,
            FaultClassifier::FromAllocations | FaultClassifier::FromPageTable => true,
        }
    }

    /// Returns the faults of a task from its counters. While a fault is in progress, or when a
    /// context switch separated two hooks that saw it, a class can be one too low until the
    /// next reading.
    pub fn tally(self, counts: &FaultCounts) -> FaultTally {
        FaultTally {
            classes: self.classes(counts),
            places: places(counts),
        }
    }

    fn classes(self, counts: &FaultCounts) -> Faults {
        let seen = Faults {
            read: counts[FAULT_READ],
            protection: counts[FAULT_PROTECTION],
            instruction: sum(&counts[FAULT_INSTRUCTION..FAULT_CLASSES])
                .saturating_add(counts[VMA_INSTRUCTION]),
            zero_page: counts[VMA_ZERO_PAGE],
            file: counts[VMA_FILE],
            major: counts[VMA_MAJOR],
            huge: sum(&[counts[VMA_HUGE], counts[ALLOC_HUGE]]),
            zero_write: sum(&[counts[WP_ZERO], counts[ALLOC_ZERO_WRITE]]),
            cow_copy: sum(&[counts[WP_COPY], counts[ALLOC_COPY]]),
            cow_reuse: counts[WP_REUSE],
            shared_write: counts[WP_SHARED],
            ..Faults::default()
        };
        let allocated = sum(&[counts[ALLOC_HUGE], counts[ALLOC_ZERO_FILL]]);
        let mut faults = Faults {
            write: counts[FAULT_WRITE].saturating_sub(allocated),
            zero_fill: sum(&[counts[VMA_ZERO_FILL], counts[ALLOC_ZERO_FILL]]),
            file_copy: counts[VMA_FILE_COPY],
            ..seen
        };
        let by_mapping = counts[FAULT_CLASSES..FAULT_BASES]
            .iter()
            .any(|&count| count > 0);
        if by_mapping {
            // The mapping counters include these writes as first writes.
            let in_file = counts[WP_IN_FILE];
            let anonymous = sum(&[seen.zero_write, seen.cow_copy, seen.cow_reuse]);
            let anonymous = anonymous.saturating_sub(in_file);
            faults.zero_fill = faults.zero_fill.saturating_sub(anonymous);
            faults.file_copy = faults.file_copy.saturating_sub(in_file);
            faults.file = faults.file.saturating_sub(seen.shared_write);
            return faults;
        }
        let classified = sum(&[seen.protected_writes(), counts[WP_FILE_COPY]]);
        let unclassified = counts[FAULT_WRITE_PROTECT].saturating_sub(classified);
        faults.file_copy = counts[WP_FILE_COPY];
        match self {
            FaultClassifier::Candidates | FaultClassifier::FromPageTable => {
                faults.write_protect = unclassified
            }
            FaultClassifier::FromAllocations => faults.cow_reuse = unclassified,
        }
        faults
    }
}

fn sum(counts: &[u64]) -> u64 {
    counts
        .iter()
        .fold(0, |sum, &count| sum.saturating_add(count))
}

fn places(counts: &FaultCounts) -> FaultPlaces {
    FaultPlaces {
        kernel: counts[IN_KERNEL],
        heap: counts[IN_HEAP],
        stack: counts[IN_STACK],
        file: counts[IN_FILE],
        anonymous: counts[IN_ANONYMOUS],
        shared: counts[IN_SHARED],
        heap_copies: counts[COPIES_IN_HEAP],
        stack_copies: counts[COPIES_IN_STACK],
        file_copies: counts[COPIES_IN_FILE],
        anonymous_copies: counts[COPIES_IN_ANONYMOUS],
    }
}

/// Returns the event of a single fault, or none if the record has invalid values.
pub fn fault(fault: wire::Fault) -> Option<Fault> {
    let class = match fault.class as usize {
        FAULT_READ => FaultClass::Read,
        FAULT_PROTECTION => FaultClass::Protection,
        FAULT_WRITE => FaultClass::Write,
        FAULT_WRITE_PROTECT => FaultClass::WriteProtect,
        FAULT_INSTRUCTION..FAULT_CLASSES | VMA_INSTRUCTION => FaultClass::Instruction,
        VMA_ZERO_PAGE => FaultClass::ZeroPage,
        VMA_ZERO_FILL => FaultClass::ZeroFill,
        VMA_FILE => FaultClass::File,
        VMA_FILE_COPY => FaultClass::FileCopy,
        VMA_HUGE => FaultClass::Huge,
        VMA_MAJOR => FaultClass::Major,
        _ => return None,
    };
    let region = match fault.region as usize {
        0 => None,
        IN_HEAP => Some(Region::Heap),
        IN_STACK => Some(Region::Stack),
        IN_FILE => Some(Region::File),
        IN_ANONYMOUS => Some(Region::Anonymous),
        IN_SHARED => Some(Region::Shared),
        _ => return None,
    };
    Some(Fault {
        address: fault.address,
        class,
        region,
        in_kernel: fault.in_kernel != 0,
        file: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(set: &[(usize, u64)]) -> FaultCounts {
        let mut counts = [0; FAULT_COUNTERS];
        for &(counter, count) in set {
            counts[counter] = count;
        }
        counts
    }

    #[test]
    fn every_fault_has_one_class_with_any_hooks() {
        // 10 zero fills; 4 zero pages, 3 of them written later; 5 COW copies, one of them of a
        // private file page written before; 2 reuses; 6 file pages; 1 private copy.
        let copies = |rest: &[(usize, u64)]| {
            [
                &[(WP_ZERO, 3), (WP_COPY, 5), (WP_REUSE, 2), (WP_IN_FILE, 1)],
                rest,
            ]
            .concat()
        };
        let by_mapping = counts(&copies(&[
            (VMA_ZERO_PAGE, 4),
            (VMA_ZERO_FILL, 10 + 3 + 4 + 2),
            (VMA_FILE_COPY, 1 + 1),
            (VMA_FILE, 6),
        ]));
        let exact = FaultClassifier::FromPageTable.tally(&by_mapping).classes;
        assert_eq!(
            exact,
            Faults {
                zero_page: 4,
                zero_fill: 10,
                zero_write: 3,
                cow_copy: 5,
                cow_reuse: 2,
                file: 6,
                file_copy: 1,
                ..Faults::default()
            }
        );
        assert_eq!(exact.total(), 4 + 19 + 2 + 6);

        let by_code = counts(&copies(&[
            (FAULT_READ, 10),
            (FAULT_WRITE, 11),
            (FAULT_WRITE_PROTECT, 10),
        ]));
        let tally = FaultClassifier::FromPageTable.tally(&by_code).classes;
        assert_eq!((tally.read, tally.write, tally.write_protect), (10, 11, 0));
        assert_eq!(tally.total(), 31);

        let by_allocation = counts(&[
            (FAULT_READ, 10),
            (FAULT_WRITE, 11),
            (FAULT_WRITE_PROTECT, 10),
            (ALLOC_ZERO_FILL, 10),
            (ALLOC_ZERO_WRITE, 3),
            (ALLOC_COPY, 5),
        ]);
        let tally = FaultClassifier::FromAllocations
            .tally(&by_allocation)
            .classes;
        assert_eq!((tally.write, tally.zero_fill), (1, 10));
        assert_eq!(
            (tally.cow_copy, tally.cow_reuse, tally.zero_write),
            (5, 2, 3)
        );
        assert_eq!(tally.total(), 31);

        let candidates = FaultClassifier::Candidates.tally(&counts(&[(FAULT_WRITE_PROTECT, 10)]));
        assert_eq!(candidates.classes.write_protect, 10);
    }
}
