//! Facts about a host as text. `tracer doctor --facts` writes them on a kernel; tests of
//! the plan read them without one.
//!
//! One line per fact:
//!
//! - `kernel RELEASE`
//! - `own_btf`, `kprobes` and `tracefs`, each with `yes` or `no`
//! - `tracepoint NAME ARGUMENT…` and `function NAME ARGUMENT…`; an argument is `pointer`
//!   or `value`
//! - `symbol NAME SYMBOL`
//!
//! `none` in place of the arguments or the symbol means that the kernel has none. Only
//! tracepoints, functions and symbols that some rung of the ladder depends on are
//! included.

use std::{collections::BTreeMap, fmt};

use super::plan::{Argument, HostFeatures, LADDER, Method};

type Answers<T> = BTreeMap<String, Option<T>>;

/// Answers of a host to all questions of the ladder.
#[derive(Debug, Default, PartialEq)]
pub struct RecordedFacts {
    kernel: String,
    own_btf: bool,
    kprobes: bool,
    tracefs: bool,
    tracepoints: Answers<Vec<Argument>>,
    functions: Answers<Vec<Argument>>,
    symbols: Answers<String>,
}

impl RecordedFacts {
    /// Collects all facts of a host that the ladder depends on.
    pub fn of(host: &impl HostFeatures, kernel: String) -> RecordedFacts {
        let mut recorded = RecordedFacts {
            kernel,
            own_btf: host.own_btf(),
            kprobes: host.kprobes(),
            tracefs: host.tracefs(),
            ..RecordedFacts::default()
        };
        for rung in LADDER {
            for at in rung.programs.iter().map(|program| program.at) {
                let name = at.to_owned();
                match rung.method {
                    Method::TpBtf | Method::RawTp => {
                        recorded.tracepoints.insert(name, host.tracepoint(at));
                    }
                    Method::Fentry => {
                        recorded.functions.insert(name, host.function(at));
                    }
                    Method::Kprobe => {
                        recorded.symbols.insert(name, host.symbol(at));
                    }
                    Method::Syscall | Method::Iterator | Method::Proc => {}
                }
            }
        }
        recorded
    }
}

const NONE: &str = "none";

fn argument(argument: &Argument) -> &'static str {
    match argument {
        Argument::Pointer => "pointer",
        Argument::Value => "value",
    }
}

fn yes(fact: bool) -> &'static str {
    if fact { "yes" } else { "no" }
}

impl fmt::Display for RecordedFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "kernel {}", self.kernel)?;
        writeln!(f, "own_btf {}", yes(self.own_btf))?;
        writeln!(f, "kprobes {}", yes(self.kprobes))?;
        writeln!(f, "tracefs {}", yes(self.tracefs))?;
        for (what, answers) in [
            ("tracepoint", &self.tracepoints),
            ("function", &self.functions),
        ] {
            for (name, arguments) in answers {
                let arguments = match arguments {
                    None => NONE.to_owned(),
                    Some(arguments) => {
                        let words: Vec<_> = arguments.iter().map(argument).collect();
                        words.join(" ")
                    }
                };
                writeln!(f, "{what} {name} {arguments}")?;
            }
        }
        for (name, symbol) in &self.symbols {
            writeln!(f, "symbol {name} {}", symbol.as_deref().unwrap_or(NONE))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod reading {
    use super::*;
    use crate::source::live::{plan::Rung, procfs::ProcView};

    impl RecordedFacts {
        /// Parses the text. Panics at an unknown kind of line or argument.
        pub fn read(text: &str) -> RecordedFacts {
            let mut recorded = RecordedFacts::default();
            for line in text.lines() {
                let (what, rest) = line.split_once(' ').unwrap_or((line, ""));
                let (name, answer) = rest.split_once(' ').unwrap_or((rest, ""));
                let answer = Some(answer).filter(|&answer| answer != NONE);
                let arguments =
                    || answer.map(|words| words.split(' ').map(read_argument).collect());
                match what {
                    "kernel" => recorded.kernel = rest.to_owned(),
                    "own_btf" => recorded.own_btf = rest == "yes",
                    "kprobes" => recorded.kprobes = rest == "yes",
                    "tracefs" => recorded.tracefs = rest == "yes",
                    "tracepoint" => {
                        recorded.tracepoints.insert(name.to_owned(), arguments());
                    }
                    "function" => {
                        recorded.functions.insert(name.to_owned(), arguments());
                    }
                    "symbol" => {
                        let symbol = answer.map(str::to_owned);
                        recorded.symbols.insert(name.to_owned(), symbol);
                    }
                    _ => panic!("no fact: {line:?}"),
                }
            }
            recorded
        }

        pub fn kernel(&self) -> &str {
            &self.kernel
        }

        /// Returns true if the facts that a rung depends on were collected.
        pub fn knows(&self, rung: &Rung) -> bool {
            rung.programs.iter().all(|program| match rung.method {
                Method::TpBtf | Method::RawTp => self.tracepoints.contains_key(program.at),
                Method::Fentry => self.functions.contains_key(program.at),
                Method::Kprobe => self.symbols.contains_key(program.at),
                Method::Syscall | Method::Iterator | Method::Proc => true,
            })
        }
    }

    fn read_argument(word: &str) -> Argument {
        match word {
            "pointer" => Argument::Pointer,
            "value" => Argument::Value,
            _ => panic!("no argument: {word:?}"),
        }
    }

    impl HostFeatures for RecordedFacts {
        fn own_btf(&self) -> bool {
            self.own_btf
        }

        fn tracepoint(&self, name: &str) -> Option<Vec<Argument>> {
            self.tracepoints.get(name)?.clone()
        }

        fn function(&self, name: &str) -> Option<Vec<Argument>> {
            self.functions.get(name)?.clone()
        }

        fn symbol(&self, name: &str) -> Option<String> {
            self.symbols.get(name)?.clone()
        }

        fn kprobes(&self) -> bool {
            self.kprobes
        }

        fn tracefs(&self) -> bool {
            self.tracefs
        }

        /// Recorded facts stand for tracer in the host's pid namespace.
        fn proc(&self) -> ProcView {
            ProcView {
                nested: false,
                initial: true,
                above: Some(0),
                own: 1,
            }
        }
    }

    #[test]
    fn facts_survive_writing_and_reading() {
        let text = "kernel 6.1\nown_btf yes\nkprobes no\ntracefs yes\n\
                    tracepoint none_such none\ntracepoint sched_switch value pointer\n\
                    function do_exit value\nsymbol do_exit do_exit\n\
                    symbol finish_task_switch finish_task_switch.isra.0\nsymbol gone none\n";
        assert_eq!(RecordedFacts::read(text).to_string(), text);
        // Facts can be collected from recorded facts.
        let recorded = RecordedFacts::read(text);
        let again = RecordedFacts::of(&recorded, "6.1".to_owned());
        assert_eq!(
            again.symbol("finish_task_switch"),
            recorded.symbol("finish_task_switch")
        );
        assert_eq!(again.symbol("release_task"), None);
    }
}
