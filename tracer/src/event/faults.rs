//! Page faults: what they came to, and where.

use serde::{Deserialize, Serialize};

use super::Text;

/// Declares the classes: the counters, their names and what they mean, so that
/// reports, JSON and the dashboard have one source.
macro_rules! classes {
    ($($(#[doc = $doc:literal])+ $field:ident $class:ident = $title:literal;)*) => {
        /// Page faults by class, counted since tracing began. A fault is in one
        /// class only: the most exact one that the hooks in use can tell.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        pub struct Faults { $($(#[doc = $doc])+ pub $field: u64,)* }

        /// A class of fault. Its place is in recordings: new ones go to the end.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum FaultClass { $($(#[doc = $doc])+ $class,)* }

        impl FaultClass {
            pub const ALL: &[FaultClass] = &[$(FaultClass::$class,)*];

            pub fn from_number(number: u8) -> Option<FaultClass> {
                Self::ALL.get(usize::from(number)).copied()
            }

            /// The name in JSON and filters.
            pub fn name(self) -> &'static str {
                match self { $(FaultClass::$class => stringify!($field),)* }
            }

            /// A few words for people.
            pub fn title(self) -> &'static str {
                match self { $(FaultClass::$class => $title,)* }
            }
        }

        impl Faults {
            pub fn of(&self, class: FaultClass) -> u64 {
                match class { $(FaultClass::$class => self.$field,)* }
            }

            pub fn by_class(of: impl Fn(FaultClass) -> u64) -> Faults {
                Faults { $($field: of(FaultClass::$class),)* }
            }

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
    /// Read of a page that is not present; it is not known of what.
    read Read = "read, not present";
    /// Write to a page that is not present; it is not known of what.
    write Write = "write, not present";
    /// Write to a present, write-protected page; it is not known what came of
    /// it: a COW candidate.
    write_protect WriteProtect = "write, protected";
    /// Instruction fetch.
    instruction Instruction = "instruction fetch";
    /// A read that the protection forbids.
    protection Protection = "read, protected";
    /// Read of anonymous memory never written: the zero page is mapped.
    zero_page ZeroPage = "zero page read";
    /// Write to anonymous memory that had no page: a cleared one is mapped.
    zero_fill ZeroFill = "zero fill";
    /// Write where the zero page was mapped: a cleared page replaces it.
    zero_write ZeroWrite = "write after zero page";
    /// A shared anonymous page was copied: the price of a fork.
    cow_copy CowCopy = "COW copy";
    /// Nobody else had the page any more: it was taken over without a copy.
    cow_reuse CowReuse = "COW reuse";
    /// A page of a file or of shared memory was mapped.
    file File = "file";
    /// A page of a file was copied for a private mapping.
    file_copy FileCopy = "private copy of file";
    /// First write to a clean page of a shared mapping: the kernel takes note.
    shared_write SharedWrite = "write to shared mapping";
    /// A huge page was mapped.
    huge Huge = "huge page";
    /// The page had to be read from disk: `maj_flt`.
    major Major = "major, from disk";
}

/// A recording can hold any number.
fn sum<const N: usize>(counts: [u64; N]) -> u64 {
    counts.into_iter().fold(0, u64::saturating_add)
}

impl Faults {
    /// Writes to protected pages, whatever came of them.
    pub fn protected_writes(&self) -> u64 {
        sum([
            self.write_protect,
            self.zero_write,
            self.cow_copy,
            self.cow_reuse,
            self.shared_write,
        ])
    }

    /// Pages copied on write because a fork had shared them. Where the hooks in
    /// use cannot tell, all writes to protected pages: see
    /// [`crate::event::Purpose::Cow`].
    pub fn copies(&self) -> u64 {
        sum([self.cow_copy, self.write_protect])
    }

    /// Anonymous memory that had no page of its own.
    pub fn zeros(&self) -> u64 {
        sum([self.zero_page, self.zero_fill, self.zero_write])
    }

    /// Pages of files and of shared memory.
    pub fn files(&self) -> u64 {
        sum([self.file, self.file_copy, self.shared_write])
    }

    /// Those of no class that [`Self::copies`], [`Self::zeros`],
    /// [`Self::files`] and the reuses are counted by.
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

    pub fn plus(self, other: Faults) -> Faults {
        self.zip(other, u64::saturating_add)
    }

    /// What was added since `earlier`.
    pub fn since(self, earlier: Faults) -> Faults {
        self.zip(earlier, u64::saturating_sub)
    }
}

/// The same faults divided otherwise: by the region they fell on. What is in
/// none of the regions fell on a mapping that the hooks in use cannot tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultPlaces {
    /// In kernel mode, on user memory.
    pub kernel: u64,
    /// `brk` memory.
    pub heap: u64,
    /// The main stack; near the stack pointer where the mapping is not seen.
    pub stack: u64,
    /// Private mappings of files.
    pub file: u64,
    /// Other private memory, the stacks of threads among it.
    pub anonymous: u64,
    /// Shared mappings.
    pub shared: u64,
    /// Of the COW copies, those in each region.
    pub heap_copies: u64,
    pub stack_copies: u64,
    pub file_copies: u64,
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

/// All that is counted of a task's faults.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultTally {
    pub classes: Faults,
    pub places: FaultPlaces,
}

impl From<Faults> for FaultTally {
    /// It is not known where they fell.
    fn from(classes: Faults) -> FaultTally {
        FaultTally {
            classes,
            places: FaultPlaces::default(),
        }
    }
}

/// What fell on a region; none: unknown.
pub struct RegionFaults {
    pub region: Region,
    pub faults: Option<u64>,
    /// COW copies among them.
    pub copies: Option<u64>,
}

impl FaultTally {
    /// Faults by region, and how many fell elsewhere. As long as some did, one
    /// cannot know that a region had none.
    pub fn regions(&self) -> ([RegionFaults; 5], u64) {
        let places = &self.places;
        let regions = [
            (Region::Heap, places.heap, places.heap_copies),
            (Region::Stack, places.stack, places.stack_copies),
            (Region::File, places.file, places.file_copies),
            (Region::Anonymous, places.anonymous, places.anonymous_copies),
            // What is shared is not copied.
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

    pub fn plus(self, other: FaultTally) -> FaultTally {
        FaultTally {
            classes: self.classes.plus(other.classes),
            places: self.places.zip(other.places, u64::saturating_add),
        }
    }

    /// What was added since `earlier`.
    pub fn since(self, earlier: FaultTally) -> FaultTally {
        FaultTally {
            classes: self.classes.since(earlier.classes),
            places: self.places.zip(earlier.places, u64::saturating_sub),
        }
    }
}

/// Where a fault fell. Numbered by hand: the number is in recordings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Region {
    Heap = 1,
    Stack = 2,
    File = 3,
    Anonymous = 4,
    Shared = 5,
}

impl Region {
    pub const ALL: [Region; 5] = [
        Region::Heap,
        Region::Stack,
        Region::File,
        Region::Anonymous,
        Region::Shared,
    ];

    pub fn from_number(number: u8) -> Option<Region> {
        Self::ALL.into_iter().find(|&region| region as u8 == number)
    }

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

/// A single fault, where every one, or one of so many, is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    pub address: u64,
    pub class: FaultClass,
    pub region: Option<Region>,
    /// In kernel mode, on user memory.
    pub in_kernel: bool,
    /// The file mapped there, if it could be looked up in time.
    pub file: Option<Text>,
}
