//! The import rules, as tables. They are docs/architecture.md's picture in a
//! form that a machine can keep.

/// A top-level module of `tracer/src` and what it may know.
pub struct Module {
    pub rank: u32,
    pub name: &'static str,
    pub may_import: &'static [&'static str],
}

const fn module(rank: u32, name: &'static str, may_import: &'static [&'static str]) -> Module {
    Module {
        rank,
        name,
        may_import,
    }
}

/// One way: every import goes to a lower rank. Tests may import anything lower.
#[rustfmt::skip]
pub const MODULES: &[Module] = &[
    //     rank  name         may import
    module(1,    "event",     &[]),
    module(2,    "model",     &["event"]),
    module(2,    "records",   &["event"]),
    module(3,    "recording", &["event", "records"]),
    module(4,    "source",    &["event", "recording", "records"]),
    module(4,    "playback",  &["event", "model", "recording"]),
    module(3,    "filter",    &["event", "model"]),
    module(5,    "report",    &["event", "model", "filter"]),
    module(5,    "export",    &["event", "model", "recording", "filter"]),
    module(5,    "tui",       &["event", "model", "filter"]),
    module(6,    "session",   &["event", "model", "records", "recording", "playback", "source", "filter", "report", "export", "tui"]),
    module(7,    "cli",       &["session"]),
    module(8,    ROOT,        &["cli", "session"]),
];

/// The crate root's row in [`MODULES`].
pub const ROOT: &str = "main";

/// The files that are the crate root.
pub const ROOT_FILES: [&str; 2] = ["main", "lib"];

/// The name by which `main.rs` knows `lib.rs`.
pub const CRATE: &str = "tracer";

/// Outside crates, and the only modules that may name them.
pub struct Fence {
    pub crates: &'static [&'static str],
    pub only_in: &'static [&'static str],
    pub because: &'static str,
}

/// Every dependency of tracer has its row here.
pub const FENCES: &[Fence] = &[
    Fence {
        crates: &["aya", "aya_log", "aya_obj", "caps"],
        only_in: &["source"],
        because: "the kernel ends where records begin",
    },
    Fence {
        crates: &["tracer_common", "zerocopy"],
        only_in: &["source", "records"],
        because: "records end where events begin",
    },
    Fence {
        crates: &["libc", "log"],
        only_in: &["source", "session"],
        because: "only they act on this machine: the one on its kernel, the other on the user's \
                  command and terminal",
    },
    Fence {
        crates: &["zstd", "crc32c"],
        only_in: &["recording", "playback"],
        because: "how a recording and the states beside it are written is nobody else's business",
    },
    Fence {
        crates: &["smallvec"],
        only_in: &["model"],
        because: "it keeps a hundred thousand lists that mostly have one entry",
    },
    Fence {
        crates: &["foldhash"],
        only_in: &["model", "recording", "session"],
        because: "they hold the tables that are large enough for a hash to matter",
    },
    Fence {
        crates: &[
            "ratatui",
            "crossterm",
            "futures_util",
            "unicode_width",
            "tui_input",
            "xterm_color",
        ],
        only_in: &["tui"],
        because: "the terminal is one view among others",
    },
    Fence {
        crates: &["regex", "strsim", "annotate_snippets"],
        only_in: &["filter"],
        because: "there is one language in which processes are asked for",
    },
    Fence {
        crates: &["indicatif", "jiff", "tempfile"],
        only_in: &["session"],
        because: "the user's terminal, the user's way to say a time and the user's folders are \
                  met there",
    },
    Fence {
        crates: &["serde"],
        only_in: &["event", "model", "export"],
        because: "the model can be saved, with what it holds of events; nothing else has a shape \
                  that a serializer may see",
    },
    Fence {
        crates: &["postcard"],
        only_in: &["model"],
        because: "the bytes of a saved model are one file's business",
    },
    Fence {
        crates: &["serde_json"],
        only_in: &["export"],
        because: "a serializer must not shape the model",
    },
    Fence {
        crates: &["tokio"],
        only_in: &["session"],
        because: "one place waits; everything else is called",
    },
    Fence {
        crates: &["clap", "clap_complete", "clap_mangen"],
        only_in: &["cli", ROOT],
        because: "a command line is one way to ask",
    },
    Fence {
        crates: &["anyhow"],
        only_in: &["session", "cli", ROOT],
        because: "a library's errors are types; the commands only show them",
    },
];

/// Modules that compute and nothing else: the same input gives the same
/// output, on any machine, at any time. Their tests may do as they like.
pub const PURE: &[&str] = &[
    "event",
    "model",
    "records",
    "filter",
    "report",
    "export",
    "source::live::plan",
];

/// What a pure module may not touch: files, the network, other processes, the
/// environment, the clock, the kernel.
pub const IMPURE: &[&str] = &[
    "std::fs",
    "std::net",
    "std::process",
    "std::env",
    "std::time::SystemTime",
    "std::time::Instant",
    "aya",
    "aya_log",
    "aya_obj",
    "libc",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_import_goes_to_a_lower_rank() {
        let rank = |name: &str| {
            let row = MODULES.iter().find(|module| module.name == name);
            row.expect("may_import names a row").rank
        };
        for module in MODULES {
            for import in module.may_import {
                assert!(rank(import) < module.rank, "{} -> {import}", module.name);
            }
        }
    }
}
