//! The import rules of tracer as tables: the picture in docs/architecture.md, in a
//! form that a program checks.

/// A top-level module of `tracer/src` and the modules it may import.
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

/// Every import goes to a lower rank. Tests may import anything lower.
#[rustfmt::skip]
pub const MODULES: &[Module] = &[
    //     rank  name         may import
    module(1,    "event",     &[]),
    module(2,    "confinement", &["event"]),
    module(2,    "model",     &["event"]),
    module(2,    "records",   &["event"]),
    module(3,    "recording", &["event", "records"]),
    module(4,    "source",    &["confinement", "event", "recording", "records"]),
    module(4,    "playback",  &["event", "model", "recording"]),
    module(3,    "filter",    &["event", "model"]),
    module(5,    "report",    &["event", "model", "filter"]),
    module(5,    "tui",       &["event", "model", "filter"]),
    module(6,    "export",    &["event", "model", "recording", "filter", "report"]),
    module(7,    "session",   &["confinement", "event", "model", "records", "recording", "playback", "source", "filter", "report", "export", "tui"]),
    module(8,    "cli",       &["session"]),
    module(9,    ROOT,        &["cli", "session"]),
];

/// The crate root's row in [`MODULES`].
pub const ROOT: &str = "main";

/// The files that are the crate root.
pub const ROOT_FILES: [&str; 2] = ["main", "lib"];

/// Name of the crate that the rules are for, by which `main.rs` imports `lib.rs`.
pub const CRATE: &str = "tracer";

/// A module whose submodules, called rooms, have an order of their own. The file of
/// the module itself stands above them: it may use every room, and no room uses it.
pub struct House {
    pub module: &'static str,
    /// The lowest first.
    pub rooms: &'static [Room],
}

/// A room and the rooms it may import.
pub struct Room {
    pub name: &'static str,
    pub may_import: &'static [&'static str],
}

const fn room(name: &'static str, may_import: &'static [&'static str]) -> Room {
    Room { name, may_import }
}

/// Every room imports only rooms above its row. Tests are exempt.
#[rustfmt::skip]
pub const HOUSES: &[House] = &[
    House {
        module: "session",
        rooms: &[
            room("console",  &[]),
            room("files",    &["console"]),
            room("input",    &["console", "files"]),
            room("recorder", &["console", "files", "input"]),
            room("display",  &["console", "files", "input", "recorder"]),
            room("trace",    &["console", "files", "recorder", "display"]),
            room("command",  &["console", "files", "input", "recorder", "display", "trace"]),
        ],
    },
    House {
        module: "tui",
        rooms: &[
            room("style",  &[]),
            room("input",  &["style"]),
            room("state",  &["style", "input"]),
            room("text",   &["style", "state"]),
            room("widget", &["style", "text", "input", "state"]),
            room("view",   &["style", "text", "input", "state", "widget"]),
            room("chrome", &["style", "text", "input", "state", "widget", "view"]),
            room("app",    &["style", "text", "input", "state", "widget", "view", "chrome"]),
            room("screen", &["input", "app"]),
        ],
    },
];

/// Outside crates and the only modules that may name them.
pub struct Fence {
    pub crates: &'static [&'static str],
    pub only_in: &'static [&'static str],
    pub because: &'static str,
}

/// One row for every dependency of tracer.
pub const FENCES: &[Fence] = &[
    Fence {
        crates: &["aya", "aya_log", "aya_obj"],
        only_in: &["source"],
        because: "the kernel ends where records begin",
    },
    Fence {
        crates: &["caps"],
        only_in: &["confinement", "source"],
        because: "one takes capabilities away, the other checks those that tracing needs",
    },
    Fence {
        crates: &["landlock", "seccompiler"],
        only_in: &["confinement"],
        because: "one module limits what tracer may do",
    },
    Fence {
        crates: &["tracer_common", "zerocopy"],
        only_in: &["source", "records"],
        because: "records end where events begin",
    },
    Fence {
        crates: &["libc", "log"],
        only_in: &["confinement", "source", "session"],
        because: "only they act on this machine: confinement on tracer itself, source on its \
                  kernel, session on the user's command and terminal",
    },
    Fence {
        crates: &["rustix"],
        only_in: &["recording", "session"],
        because: "only they open files",
    },
    Fence {
        crates: &["nix"],
        only_in: &["session"],
        because: "it alone knows the users of this machine",
    },
    Fence {
        crates: &["zstd", "crc32c"],
        only_in: &["recording", "playback"],
        because: "only they write recordings and the saved states beside them",
    },
    Fence {
        crates: &["smallvec"],
        only_in: &["model"],
        because: "it holds a hundred thousand lists, most of them with one entry",
    },
    Fence {
        crates: &["foldhash"],
        only_in: &["model", "playback", "recording", "session"],
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
        crates: &["regex_syntax"],
        only_in: &["event"],
        because: "it alone knows which characters can be shown",
    },
    Fence {
        crates: &["regex", "strsim", "annotate_snippets"],
        only_in: &["filter"],
        because: "there is one filter language",
    },
    Fence {
        crates: &["indicatif", "jiff", "tempfile"],
        only_in: &["session"],
        because: "it alone uses the user's terminal, notation of time and folders",
    },
    Fence {
        crates: &["serde"],
        only_in: &["event", "model", "export"],
        because: "the model can be saved with the events it holds; nothing else is serialized",
    },
    Fence {
        crates: &["postcard"],
        only_in: &["model"],
        because: "it alone writes the bytes of a saved model",
    },
    Fence {
        crates: &["serde_json"],
        only_in: &["export"],
        because: "a serializer must not shape the model",
    },
    Fence {
        crates: &["tokio", "signal_hook_registry"],
        only_in: &["session"],
        because: "one module waits; everything else is called",
    },
    Fence {
        crates: &["clap", "clap_complete", "clap_mangen"],
        only_in: &["cli", ROOT],
        because: "the command line is one user of the library among others",
    },
    Fence {
        crates: &["anyhow"],
        only_in: &["session", "cli", ROOT],
        because: "a library's errors are types; the commands only show them",
    },
];

/// Modules that only compute: the same input gives the same output on any machine,
/// at any time. Their tests are exempt.
pub const PURE: &[&str] = &[
    "event",
    "model",
    "records",
    "filter",
    "report",
    "export",
    "source::live::plan",
];

/// Paths that a pure module may not mention: files, the network, other processes,
/// the environment, the clock, the kernel.
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

    #[test]
    fn every_room_imports_rooms_above_its_row() {
        for house in HOUSES {
            for (place, room) in house.rooms.iter().enumerate() {
                for import in room.may_import {
                    let lower = &house.rooms[..place];
                    assert!(
                        lower.iter().any(|room| room.name == *import),
                        "{}: {} -> {import}",
                        house.module,
                        room.name
                    );
                }
            }
        }
    }
}
