//! What a host offers, as text: written by `tracer doctor --facts` on a kernel,
//! read by tests of the plan that need no kernel.
//!
//! A line per fact: `tracepoint NAME ARGUMENT…`, `function NAME ARGUMENT…`,
//! `symbol NAME SYMBOL`, each `none` where the kernel has none. Only what some
//! rung of the ladder asks for is in it.

use std::{collections::BTreeMap, fmt};

use super::plan::{Argument, LADDER, Method, Offers};

type Answers<T> = BTreeMap<String, Option<T>>;

#[derive(Debug, Default, PartialEq)]
pub struct Recorded {
    kernel: String,
    own_btf: bool,
    kprobes: bool,
    tracefs: bool,
    tracepoints: Answers<Vec<Argument>>,
    functions: Answers<Vec<Argument>>,
    symbols: Answers<String>,
}

impl Recorded {
    /// Asks a host everything that the ladder would.
    pub fn of(host: &impl Offers, kernel: String) -> Recorded {
        let mut recorded = Recorded {
            kernel,
            own_btf: host.own_btf(),
            kprobes: host.kprobes(),
            tracefs: host.tracefs(),
            ..Recorded::default()
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

impl fmt::Display for Recorded {
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
    use crate::source::live::{plan::Rung, procfs::View};

    impl Recorded {
        /// Panics at a line that is none of ours.
        pub fn read(text: &str) -> Recorded {
            let mut recorded = Recorded::default();
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

        /// Whether everything that a rung asks was asked when this was written.
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

    impl Offers for Recorded {
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

        /// Not the kernel's, but where tracer was started: the host itself.
        fn proc(&self) -> View {
            View {
                nested: false,
                initial: true,
                above: Some(0),
                own: 1,
            }
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let text = "kernel 6.1\nown_btf yes\nkprobes no\ntracefs yes\n\
                    tracepoint none_such none\ntracepoint sched_switch value pointer\n\
                    function do_exit value\nsymbol do_exit do_exit\n\
                    symbol finish_task_switch finish_task_switch.isra.0\nsymbol gone none\n";
        assert_eq!(Recorded::read(text).to_string(), text);
        // A host that was recorded gives the same answers again.
        let recorded = Recorded::read(text);
        let again = Recorded::of(&recorded, "6.1".to_owned());
        assert_eq!(
            again.symbol("finish_task_switch"),
            recorded.symbol("finish_task_switch")
        );
        assert_eq!(again.symbol("release_task"), None);
    }
}
