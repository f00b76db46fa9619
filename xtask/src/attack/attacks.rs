//! The table of attacks by load.

use std::path::PathBuf;

/// Programs of an attack.
pub struct Attacked {
    pub tracer: PathBuf,
    pub workload: PathBuf,
}

/// An attack by load.
pub struct Attack {
    pub name: &'static str,
    /// Options of `tracer record`; `--ring` makes it record to a directory.
    pub options: &'static [&'static str],
    /// Loads, all at the same time.
    pub loads: &'static [Load],
}

/// A scenario of the workload and its number of repetitions.
pub struct Load(pub &'static str, pub u32);

/// Size limit of a recording without one.
pub const UNLIMITED: u64 = u64::MAX;

#[rustfmt::skip]
pub const ATTACKS: &[Attack] = &[
    Attack {
        name: "renames",
        options: &[],
        loads: &[Load("renames", 1_000_000), Load("renames", 1_000_000), Load("storm", 20_000)],
    },
    Attack {
        name: "signals",
        options: &[],
        loads: &[Load("blocked_signals", 600_000), Load("storm", 20_000)],
    },
    Attack {
        name: "refused forks",
        options: &[],
        loads: &[Load("refused_forks", 600_000), Load("storm", 20_000)],
    },
    Attack {
        name: "arguments, 16 MiB",
        options: &["--ring", "--max-size", "16M"],
        loads: &[Load("exec_loop", 40_000)],
    },
    Attack {
        name: "arguments, 1 MiB",
        options: &["--ring", "--max-size", "1M", "--segment", "1s"],
        loads: &[Load("exec_loop", 20_000)],
    },
    Attack {
        name: "crowd, 16 MiB",
        options: &["--ring", "--max-size", "16M", "--segment", "1s"],
        loads: &[Load("crowd", 3000), Load("storm", 50_000)],
    },
    Attack {
        name: "storm, 16 MiB",
        options: &["--ring", "--max-size", "16M"],
        loads: &[Load("storm", 200_000), Load("storm", 200_000)],
    },
];

impl Attack {
    /// Returns the size limit of the directory, bytes; unlimited for a file.
    pub fn limit(&self) -> u64 {
        let size = self.options.iter().skip_while(|it| **it != "--max-size");
        let mebibytes = size
            .skip(1)
            .find_map(|size| size.strip_suffix('M')?.parse().ok());
        mebibytes.map_or(UNLIMITED, |size: u64| size << 20)
    }
}
