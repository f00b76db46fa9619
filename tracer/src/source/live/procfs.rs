//! What `/proc` shows of tasks (Documentation/filesystems/proc.rst). Numbers
//! are those of the pid namespace that it was mounted for; whose that is, is
//! [`View`]'s to say.

use std::{fs, io::Read as _, path::Path};

use tracer_common::wire;

use crate::event::{Comm, Text};

/// As much of a command line as an exec record holds.
const ARGV_MAX: u64 = wire::ARGV_MAX as u64;
/// PF_WQ_WORKER (include/linux/sched.h).
const PF_WQ_WORKER: u32 = 0x20;
/// The initial pid namespace has a number of its own
/// (PROC_PID_INIT_INO, include/linux/proc_ns.h).
const INITIAL: &str = "pid:[4026531836]";

/// How far the numbers in `/proc` are from our own and from the kernel's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// This process lives in a pid namespace other than the initial one.
    pub nested: bool,
    /// The numbers are those of the initial pid namespace.
    pub initial: bool,
    /// How many levels above our own pid namespace the one shown is; unknown
    /// where it is none of our ancestors.
    pub above: Option<u32>,
    /// Our own number there.
    pub own: u32,
}

impl View {
    pub fn of_this_process() -> View {
        let namespace = fs::read_link("/proc/self/ns/pid");
        let nested = namespace.is_ok_and(|namespace| namespace != Path::new(INITIAL));
        let numbers = numbers("self").unwrap_or_default();
        View {
            nested,
            initial: match nested {
                // Kernel threads live nowhere else, kthreadd as the second.
                true => Stat::read("/proc/2").is_some_and(|second| second.is_kthread()),
                false => numbers.len() == 1,
            },
            above: (numbers.len() as u32).checked_sub(1),
            own: numbers.first().copied().unwrap_or(0),
        }
    }
}

/// A line of `/proc/PID/stat`.
#[derive(Clone, Debug, PartialEq)]
pub struct Stat {
    pub comm: Comm,
    pub state: char,
    /// The parent's number; 0: none, or one that is not shown.
    pub parent: u32,
    /// PF_*.
    pub flags: u32,
    /// Since boot, in whole ticks.
    pub start: u64,
    pub exit_signal: i32,
    /// In wait status form; 0 for those who may not know.
    pub exit_code: i32,
}

impl Stat {
    pub fn is_kthread(&self) -> bool {
        self.flags & wire::PF_KTHREAD != 0
    }

    /// `directory` is a task's.
    pub fn read(directory: &str) -> Option<Stat> {
        Stat::parse(&fs::read(format!("{directory}/stat")).ok()?)
    }

    /// pid (comm) state ppid …; a comm may hold parentheses and spaces.
    fn parse(stat: &[u8]) -> Option<Stat> {
        let open = stat.iter().position(|&byte| byte == b'(')?;
        let close = stat.iter().rposition(|&byte| byte == b')')?;
        let rest = std::str::from_utf8(stat.get(close + 2..)?).ok()?;
        let fields: Vec<_> = rest.split_ascii_whitespace().collect();
        // The first is the third of the line, by proc_pid_stat(5)'s count.
        let field = |number: usize| fields.get(number - 3);
        let flags = field(9)?.parse().ok()?;
        Some(Stat {
            comm: comm(stat.get(open + 1..close)?, flags),
            state: field(3)?.chars().next()?,
            parent: field(4)?.parse().ok()?,
            flags,
            start: field(22)?.parse().ok()?,
            exit_signal: field(38)?.parse().ok()?,
            exit_code: field(52)?.parse().ok()?,
        })
    }
}

/// A worker's name has what it works on behind it, `kworker/0:1-events`
/// (`wq_worker_comm`, kernel/workqueue.c). A rescuer's own name may hold a dash:
/// `kworker/R-md`, on older kernels that of its queue alone, `nvme-wq`.
fn comm(shown: &[u8], flags: u32) -> Comm {
    let numbered = shown.starts_with(b"kworker/") && !shown.starts_with(b"kworker/R");
    if flags & PF_WQ_WORKER == 0 || !numbered {
        return Comm::new(shown);
    }
    let own = shown.split(|byte| b"-+".contains(byte)).next();
    Comm::new(own.unwrap_or(shown))
}

/// A task's numbers, from the pid namespace shown down to its own.
pub fn numbers(pid: &str) -> Option<Vec<u32>> {
    let status = fs::read(format!("/proc/{pid}/status")).ok()?;
    // A name may be no text; the line asked for is.
    let status = String::from_utf8_lossy(&status);
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("NSpid:"))?;
    line.split_ascii_whitespace()
        .map(|number| number.parse().ok())
        .collect()
}

/// A process's arguments; unknown of one that has no memory, or a zombie.
pub fn command_line(pid: u32) -> Option<Text> {
    let file = fs::File::open(format!("/proc/{pid}/cmdline")).ok()?;
    let mut argv = Vec::new();
    file.take(ARGV_MAX).read_to_end(&mut argv).ok()?;
    (!argv.is_empty()).then(|| Text::new(&argv))
}

/// The exit code in `/proc/PID/stat` is for those who may trace the process
/// (fs/proc/array.c), as its namespaces are.
pub fn may_know_exit_code(pid: u32) -> bool {
    fs::read_link(format!("/proc/{pid}/ns/pid")).is_ok()
}

/// The numbers among the names in a directory of `/proc`.
pub fn listed(directory: &str) -> Vec<u32> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_look_like_the_rest_of_the_line() {
        let rest: Vec<_> = (3..=52)
            .map(|field| match field {
                3 => "Z".to_owned(),
                _ => (field * 10).to_string(),
            })
            .collect();
        let line = format!("12 (a) R 1 (b) {}", rest.join(" "));
        let stat = Stat::parse(line.as_bytes()).unwrap();
        assert_eq!(stat.comm, Comm::new(b"a) R 1 (b"));
        assert_eq!((stat.state, stat.parent, stat.flags), ('Z', 40, 90));
        assert_eq!(
            (stat.start, stat.exit_signal, stat.exit_code),
            (220, 380, 520)
        );
        assert_eq!(Stat::parse(b"12 (a) R 1"), None);
        assert_eq!(Stat::parse(b"12 a"), None);
        assert_eq!(Stat::parse(b""), None);
    }

    #[test]
    fn a_workers_name_is_its_own() {
        assert_eq!(
            comm(b"kworker/0:1H-kblockd", PF_WQ_WORKER),
            Comm::new(b"kworker/0:1H")
        );
        assert_eq!(
            comm(b"kworker/R-rcu_gp", PF_WQ_WORKER),
            Comm::new(b"kworker/R-rcu_gp")
        );
        assert_eq!(comm(b"kworker/0-x", 0), Comm::new(b"kworker/0-x"));
    }

    #[test]
    fn this_test_finds_itself() {
        let view = View::of_this_process();
        let stat = Stat::read("/proc/self").unwrap();
        assert_eq!(numbers(&view.own.to_string()), numbers("self"));
        assert!(listed("/proc").contains(&view.own));
        assert!(command_line(view.own).is_some());
        assert!(stat.start > 0 && !stat.is_kthread());
    }
}
