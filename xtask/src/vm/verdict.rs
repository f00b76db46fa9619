//! Parses what the guest wrote to its second serial port.
//!
//! The port holds the output of the test binaries between the lines of `init.sh`, which
//! start with "tracer-vm:". The output of a guest that crashes ends anywhere, so any
//! part may be missing.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

/// Result of the tests of one boot.
#[derive(Debug, Default, PartialEq)]
pub struct Verdict {
    pub passed: usize,
    pub failed: usize,
    /// Output of the failed tests.
    pub failures: String,
    /// Any other error.
    pub trouble: Option<String>,
    /// Instructions that the verifier processed, per program.
    pub verified: Vec<Verified>,
    /// The hook in use, by purpose.
    pub hooks: Hooks,
    /// Facts about the kernel, if they were requested.
    pub facts: String,
}

/// Hook by purpose, as in docs/kernel-support.md.
pub type Hooks = BTreeMap<String, String>;

#[derive(Debug, PartialEq)]
pub struct Verified {
    pub program: String,
    pub instructions: u64,
}

impl Verdict {
    pub fn is_good(&self) -> bool {
        self.trouble.is_none() && self.failed == 0 && self.passed > 0
    }

    /// Compares the hooks in use with the promised ones.
    pub fn hold_to(&mut self, promise: &Hooks) {
        let none = "none".to_owned();
        let purposes: BTreeSet<_> = promise.keys().chain(self.hooks.keys()).collect();
        let broken: Vec<_> = purposes
            .into_iter()
            .map(|purpose| {
                let hook = |hooks: &Hooks| hooks.get(purpose).unwrap_or(&none).clone();
                (purpose, hook(promise), hook(&self.hooks))
            })
            .filter(|(_, promised, in_use)| promised != in_use)
            .map(|(purpose, promised, in_use)| {
                format!("{purpose} by {in_use} instead of {promised}")
            })
            .collect();
        if !broken.is_empty() {
            let before = self.trouble.take().map(|trouble| trouble + "; ");
            self.trouble = Some(before.unwrap_or_default() + &broken.join("; "));
        }
    }

    /// Returns a line such as `12 passed, 0 failed`, with any other error.
    pub fn line(&self) -> String {
        let mut line = format!("{} passed, {} failed", self.passed, self.failed);
        if let Some(trouble) = &self.trouble {
            let _ = write!(line, ", {trouble}");
        }
        line
    }
}

/// Parses the text of the serial port.
pub fn read(text: &str) -> Verdict {
    let mut verdict = Verdict::default();
    let mut reader = Reader::default();
    for line in text.lines() {
        reader.line(line, &mut verdict);
    }
    if !reader.done {
        verdict.trouble = Some(match reader.running {
            Some(test) => format!("the guest ended while {test} ran"),
            None if text.is_empty() => "init was not reached".to_owned(),
            None => "the guest ended early".to_owned(),
        });
    }
    verdict
}

/// State of the parser.
#[derive(Default)]
struct Reader {
    section: Section,
    running: Option<String>,
    done: bool,
}

#[derive(Default, PartialEq)]
enum Section {
    #[default]
    Tests,
    Failures,
    Programs,
    Facts,
}

impl Reader {
    fn line(&mut self, line: &str, verdict: &mut Verdict) {
        if let Some(mark) = line.strip_prefix("tracer-vm: ") {
            return self.mark(mark, verdict);
        }
        match self.section {
            Section::Programs => {
                verdict.verified.extend(verified(line));
                verdict.hooks.extend(in_use(line));
            }
            Section::Facts => {
                verdict.facts.push_str(line);
                verdict.facts.push('\n');
            }
            Section::Failures if line.starts_with("test result: ") => {
                self.section = Section::Tests;
            }
            Section::Failures => {
                verdict.failures.push_str(line);
                verdict.failures.push('\n');
            }
            Section::Tests if line == "failures:" => self.section = Section::Failures,
            Section::Tests => self.test(line, verdict),
        }
    }

    fn mark(&mut self, mark: &str, verdict: &mut Verdict) {
        let (word, rest) = mark.split_once(' ').unwrap_or((mark, ""));
        match word {
            "test" => self.section = Section::Tests,
            // 101 is libtest's status for failures, which were counted.
            "status" if rest != "0" && rest != "101" => {
                verdict.trouble = Some(format!("the tests ended with status {rest}"));
            }
            "programs" => self.section = Section::Programs,
            "facts" => self.section = Section::Facts,
            "done" => self.done = true,
            _ => {}
        }
    }

    /// Parses `test NAME ... ok`. Other output may come before the outcome.
    fn test(&mut self, line: &str, verdict: &mut Verdict) {
        let begun = line.strip_prefix("test ").and_then(|rest| {
            let (name, outcome) = rest.split_once(" ... ").or_else(|| {
                // The guest crashed here.
                Some((rest.strip_suffix(" ...")?, ""))
            })?;
            Some((name, outcome))
        });
        let outcome = match begun {
            Some((name, outcome)) => {
                self.running = Some(name.to_owned());
                outcome
            }
            None => line,
        };
        if self.running.is_none() {
            return;
        }
        if outcome.ends_with("ok") {
            verdict.passed += 1;
        } else if outcome.ends_with("FAILED") {
            verdict.failed += 1;
        } else if !outcome.starts_with("ignored") {
            return;
        }
        self.running = None;
    }
}

/// Parses `verified NAME INSNS`, anywhere in the line.
fn verified(line: &str) -> Option<Verified> {
    let mut words = line[line.find("verified ")?..].split_whitespace().skip(1);
    Some(Verified {
        program: words.next()?.to_owned(),
        instructions: words.next()?.parse().ok()?,
    })
}

/// Parses `in use for PURPOSE: HOOK`, anywhere in the line.
fn in_use(line: &str) -> Option<(String, String)> {
    let (_, use_of) = line.split_once("in use for ")?;
    let (purpose, hook) = use_of.split_once(": ")?;
    Some((purpose.to_owned(), hook.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "\
tracer-vm: kernel 6.1.0-56-cloud-amd64
tracer-vm: test kernel_workload

running 3 tests
test one ... ok
test two ... something a test wrote
ok
test three ... ignored, for a reason

test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 1.00s

tracer-vm: status 0
tracer-vm: programs
tracer: debug: verified tp_fork 120
tracer: debug: in use for first run, last switch: tp_btf:sched_switch
tracer-vm: done
";

    #[test]
    fn good_run_is_counted() {
        let verdict = read(GOOD);
        assert!(verdict.is_good(), "{verdict:?}");
        assert_eq!(verdict.line(), "2 passed, 0 failed");
        let fork = Verified {
            program: "tp_fork".into(),
            instructions: 120,
        };
        assert_eq!(verdict.verified, [fork]);
    }

    #[test]
    fn hook_other_than_promised_fails() {
        let promise = |hook: &str| Hooks::from([("first run, last switch".into(), hook.into())]);
        let mut verdict = read(GOOD);
        verdict.hold_to(&promise("tp_btf:sched_switch"));
        assert!(verdict.is_good(), "{verdict:?}");
        verdict.hold_to(&promise("fentry:finish_task_switch"));
        assert!(!verdict.is_good());
        let expected =
            "first run, last switch by tp_btf:sched_switch instead of fentry:finish_task_switch";
        assert!(verdict.line().ends_with(expected), "{}", verdict.line());
        // A guest that reports no hooks fails too.
        let mut silent = read(&GOOD.replace("in use for", ""));
        silent.hold_to(&promise("tp_btf:sched_switch"));
        assert!(!silent.is_good());
    }

    #[test]
    fn facts_are_kept_verbatim() {
        let text =
            "tracer-vm: kernel 6.1\ntracer-vm: facts\nkernel 6.1\nkprobes yes\ntracer-vm: done\n";
        assert_eq!(read(text).facts, "kernel 6.1\nkprobes yes\n");
    }

    #[test]
    fn output_of_failed_tests_is_kept() {
        let text = "\
tracer-vm: test kernel_workload
test one ... FAILED
test two ... ok

failures:

---- one stdout ----
thread 'one' panicked

failures:
    one

test result: FAILED. 1 passed; 1 failed; 0 ignored

tracer-vm: status 101
tracer-vm: done
";
        let verdict = read(text);
        assert!(!verdict.is_good());
        assert_eq!(verdict.line(), "1 passed, 1 failed");
        assert!(verdict.failures.contains("thread 'one' panicked"));
    }

    #[test]
    fn crashed_guest_fails() {
        let cut = |at: &str| read(&GOOD[..GOOD.find(at).unwrap()]);
        let during = cut("something");
        assert!(!during.is_good());
        assert_eq!(
            during.line(),
            "1 passed, 0 failed, the guest ended while two ran"
        );
        assert!(!cut("tracer-vm: done").is_good());
        assert!(!read("").is_good());
    }

    #[test]
    fn crashed_tests_fail() {
        let text = GOOD.replace("status 0", "status 139");
        let verdict = read(&text);
        assert!(!verdict.is_good());
        assert!(verdict.line().ends_with("status 139"), "{}", verdict.line());
    }
}
