//! Page faults: their classes, their regions and single faults. The kernel side
//! counts; `records` assigns classes. This module must not know which hooks are in
//! use.

use serde::{Deserialize, Serialize};

use super::Text;

/// Declares the classes: counters, names and titles, as one source for reports,
/// JSON and the dashboard.
macro_rules! classes {
    ($($(#[doc = $doc:literal])+ $field:ident $class:ident = $title:literal;)*) => {
        /// Page faults by class, counted since tracing began. Each fault is in one
        /// class only: the most specific one that the hooks in use can distinguish.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        pub struct Faults { $($(#[doc = $doc])+ pub $field: u64,)* }

        /// A class of page fault. Its position is part of the recording format, so
        /// new classes go at the end.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum FaultClass { $($(#[doc = $doc])+ $class,)* }

        impl FaultClass {
            /// Every class, in the order of its number.
            pub const ALL: &[FaultClass] = &[$(FaultClass::$class,)*];

            /// Returns the class with this number in recordings.
            pub fn from_number(number: u8) -> Option<FaultClass> {
                Self::ALL.get(usize::from(number)).copied()
            }

            /// Returns the name used in JSON and filters.
            pub fn name(self) -> &'static str {
                match self { $(FaultClass::$class => stringify!($field),)* }
            }

            /// Returns a short description for display.
            pub fn title(self) -> &'static str {
                match self { $(FaultClass::$class => $title,)* }
            }
        }

        impl Faults {
            /// Returns the count of one class.
            pub fn of(&self, class: FaultClass) -> u64 {
                match class { $(FaultClass::$class => self.$field,)* }
            }

            /// Builds the counts by calling `of` for each class.
            pub fn by_class(of: impl Fn(FaultClass) -> u64) -> Faults {
                Faults { $($field: of(FaultClass::$class),)* }
            }

            /// Returns the number of faults in all classes.
            pub fn total(&self) -> u64 {
                sum([$(self.$field),*])
            }

            fn zip(self, other: Faults, with: impl Fn(u64, u64) -> u64) -> Faults {
                Faults { $($field: with(self.$field, other.$field),)* }
            }
        }
    };
}

classes! {
    /// Read of a page that was not present, of an unknown kind.
    read Read = "read, not present";
    /// Write to a page that was not present, of an unknown kind.
    write Write = "write, not present";
    /// Write to a present, write-protected page with unknown result: a COW
    /// candidate.
    write_protect WriteProtect = "write, protected";
    /// Instruction fetch.
    instruction Instruction = "instruction fetch";
    /// Read that the page protection forbids.
    protection Protection = "read, protected";
    /// Read of anonymous memory never written: the zero page is mapped.
    zero_page ZeroPage = "zero page read";
    /// Write to anonymous memory that had no page: a cleared page is mapped.
    zero_fill ZeroFill = "zero fill";
    /// Write where the zero page was mapped: a cleared page replaces it.
    zero_write ZeroWrite = "write after zero page";
    /// A shared anonymous page was copied: the cost of a fork.
    cow_copy CowCopy = "COW copy";
    /// No other process mapped the page any more: it was reused without a copy.
    cow_reuse CowReuse = "COW reuse";
    /// A page of a file or of shared memory was mapped.
    file File = "file";
    /// A page of a file was copied for a private mapping.
    file_copy FileCopy = "private copy of file";
    /// First write to a clean page of a shared mapping: the kernel marks the page dirty.
    shared_write SharedWrite = "write to shared mapping";
    /// A huge page was mapped.
    huge Huge = "huge page";
    /// The page had to be read from disk: `maj_flt`.
    major Major = "major, from disk";
}

/// Adds counts without overflow, because a recording can hold any number.
fn sum<const N: usize>(counts: [u64; N]) -> u64 {
    counts.into_iter().fold(0, u64::saturating_add)
}

impl Faults {
    /// Returns the number of writes to protected pages, whatever their result.
    pub fn protected_writes(&self) -> u64 {
        sum([
            self.write_protect,
            self.zero_write,
            self.cow_copy,
            self.cow_reuse,
            self.shared_write,
        ])
    }

    /// Returns the number of pages copied on write because a fork had shared them.
    /// If the hooks in use cannot identify copies, counts all writes to protected
    /// pages: see [`crate::event::Purpose::Cow`].
    pub fn copies(&self) -> u64 {
        sum([self.cow_copy, self.write_protect])
    }

    /// Returns the number of faults on anonymous memory that had no page of its
    /// own.
    pub fn zeros(&self) -> u64 {
        sum([self.zero_page, self.zero_fill, self.zero_write])
    }

    /// Returns the number of faults on pages of files and of shared memory.
    pub fn files(&self) -> u64 {
        sum([self.file, self.file_copy, self.shared_write])
    }

    /// Returns the number of faults counted neither by [`Self::copies`],
    /// [`Self::zeros`] and [`Self::files`] nor as reuses.
    pub fn others(&self) -> u64 {
        sum([
            self.read,
            self.write,
            self.instruction,
            self.protection,
            self.huge,
            self.major,
        ])
    }

    /// Returns the sum of both counts, class by class.
    pub fn plus(self, other: Faults) -> Faults {
        self.zip(other, u64::saturating_add)
    }

    /// Returns the faults added since `earlier`.
    pub fn since(self, earlier: Faults) -> Faults {
        self.zip(earlier, u64::saturating_sub)
    }
}

/// The same faults, counted by the region they fell on. Faults in none of the
/// regions fell on a mapping that the hooks in use cannot identify.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultPlaces {
    /// Faults in kernel mode on user memory.
    pub kernel: u64,
    /// Faults on `brk` memory.
    pub heap: u64,
    /// Faults on the main stack; if the mapping is unknown, near the stack pointer.
    pub stack: u64,
    /// Faults on private mappings of files.
    pub file: u64,
    /// Faults on other private memory, including thread stacks.
    pub anonymous: u64,
    /// Faults on shared mappings.
    pub shared: u64,
    /// COW copies among the faults on the heap.
    pub heap_copies: u64,
    /// COW copies among the faults on the stack.
    pub stack_copies: u64,
    /// COW copies among the faults on private file mappings.
    pub file_copies: u64,
    /// COW copies among the faults on other private memory.
    pub anonymous_copies: u64,
}

impl FaultPlaces {
    fn zip(self, other: FaultPlaces, with: impl Fn(u64, u64) -> u64) -> FaultPlaces {
        FaultPlaces {
            kernel: with(self.kernel, other.kernel),
            heap: with(self.heap, other.heap),
            stack: with(self.stack, other.stack),
            file: with(self.file, other.file),
            anonymous: with(self.anonymous, other.anonymous),
            shared: with(self.shared, other.shared),
            heap_copies: with(self.heap_copies, other.heap_copies),
            stack_copies: with(self.stack_copies, other.stack_copies),
            file_copies: with(self.file_copies, other.file_copies),
            anonymous_copies: with(self.anonymous_copies, other.anonymous_copies),
        }
    }
}

/// All fault counters of a task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultTally {
    /// Counts by class.
    pub classes: Faults,
    /// Counts by region.
    pub places: FaultPlaces,
}

impl From<Faults> for FaultTally {
    /// Returns a tally with unknown regions.
    fn from(classes: Faults) -> FaultTally {
        FaultTally {
            classes,
            places: FaultPlaces::default(),
        }
    }
}

/// Faults on one region.
pub struct RegionFaults {
    /// The region.
    pub region: Region,
    /// Number of faults; none if unknown.
    pub faults: Option<u64>,
    /// COW copies among them; none if unknown.
    pub copies: Option<u64>,
}

impl FaultTally {
    /// Returns the faults by region and the number that fell elsewhere. While any
    /// fell elsewhere, a region with a zero count is unknown rather than zero.
    pub fn regions(&self) -> ([RegionFaults; 5], u64) {
        let places = &self.places;
        let regions = [
            (Region::Heap, places.heap, places.heap_copies),
            (Region::Stack, places.stack, places.stack_copies),
            (Region::File, places.file, places.file_copies),
            (Region::Anonymous, places.anonymous, places.anonymous_copies),
            // Shared memory is not copied on write.
            (Region::Shared, places.shared, 0),
        ];
        let elsewhere = |all: u64, of: fn(&(Region, u64, u64)) -> u64| {
            all.saturating_sub(sum(regions.each_ref().map(of)))
        };
        let faults = elsewhere(self.classes.total(), |region| region.1);
        let copies = elsewhere(self.classes.copies(), |region| region.2);
        let known = |count: u64, elsewhere| (count > 0 || elsewhere == 0).then_some(count);
        let regions = regions.map(|(region, faults_here, copies_here)| RegionFaults {
            region,
            faults: known(faults_here, faults),
            copies: known(copies_here, copies),
        });
        (regions, faults)
    }

    /// Returns the sum of both tallies.
    pub fn plus(self, other: FaultTally) -> FaultTally {
        FaultTally {
            classes: self.classes.plus(other.classes),
            places: self.places.zip(other.places, u64::saturating_add),
        }
    }

    /// Returns the faults added since `earlier`.
    pub fn since(self, earlier: FaultTally) -> FaultTally {
        FaultTally {
            classes: self.classes.since(earlier.classes),
            places: self.places.zip(earlier.places, u64::saturating_sub),
        }
    }
}

/// The region a fault fell on. Numbered by hand, because the number is in
/// recordings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Region {
    /// `brk` memory.
    Heap = 1,
    /// The main stack.
    Stack = 2,
    /// A private mapping of a file.
    File = 3,
    /// Other private memory, including thread stacks.
    Anonymous = 4,
    /// A shared mapping.
    Shared = 5,
}

impl Region {
    /// Every region.
    pub const ALL: [Region; 5] = [
        Region::Heap,
        Region::Stack,
        Region::File,
        Region::Anonymous,
        Region::Shared,
    ];

    /// Returns the region with this number in recordings.
    pub fn from_number(number: u8) -> Option<Region> {
        Self::ALL.into_iter().find(|&region| region as u8 == number)
    }

    /// Returns the name used in JSON and on screen.
    pub fn name(self) -> &'static str {
        match self {
            Region::Heap => "heap",
            Region::Stack => "stack",
            Region::File => "file",
            Region::Anonymous => "anonymous",
            Region::Shared => "shared",
        }
    }
}

/// A single fault, reported if the user asked for every fault or every nth.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// Faulting address.
    pub address: u64,
    /// Class of the fault.
    pub class: FaultClass,
    /// Region of the fault, if known.
    pub region: Option<Region>,
    /// True if the fault occurred in kernel mode on user memory.
    pub in_kernel: bool,
    /// File mapped at the address, if it could be looked up in time.
    pub file: Option<Text>,
}
