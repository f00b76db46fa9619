//! What `/proc` shows of tasks (Documentation/filesystems/proc.rst). Numbers
//! are those of the pid namespace that it was mounted for; whose that is, is
//! [`View`]'s to say.

use std::{fs, io::Read as _, path::Path};

use tracer_common::wire;

use crate::event::{Comm, Disposition, SigchldPolicy, Text};

/// As much of a command line as an exec record holds.
const ARGV_MAX: u64 = wire::ARGV_MAX as u64;
/// PF_EXITING (include/linux/sched.h).
const PF_EXITING: u32 = 0x4;
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
    /// Process group and session; 0: none, or one that is not shown.
    pub pgid: u32,
    pub sid: u32,
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

    pub fn is_dying(&self) -> bool {
        self.flags & PF_EXITING != 0
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
            pgid: field(5)?.parse().unwrap_or(0),
            sid: field(6)?.parse().unwrap_or(0),
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

/// `/proc/PID/status`.
pub struct Status(String);

impl Status {
    pub fn read(pid: &str) -> Option<Status> {
        let status = fs::read(format!("/proc/{pid}/status")).ok()?;
        // A name may be no text; the lines asked for are.
        Some(Status(String::from_utf8_lossy(&status).into_owned()))
    }

    fn line(&self, name: &str) -> Option<&str> {
        let mut lines = self.0.lines();
        let line = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        Some(line.trim())
    }

    /// The task's numbers, from the pid namespace shown down to its own.
    pub fn numbers(&self) -> Option<Vec<u32>> {
        let numbers = self.line("NSpid")?.split_ascii_whitespace();
        numbers.map(|number| number.parse().ok()).collect()
    }

    /// The number of its process.
    pub fn tgid(&self) -> Option<u32> {
        self.line("Tgid")?.parse().ok()
    }

    /// Which task traces it; 0: none.
    pub fn tracer(&self) -> Option<u32> {
        self.line("TracerPid")?.parse().ok()
    }

    /// Of a process's main thread: how the process treats its children's deaths.
    pub fn sigchld_policy(&self) -> Option<SigchldPolicy> {
        let has = |mask| {
            let mask = u64::from_str_radix(self.line(mask)?, 16).ok()?;
            Some(mask & 1 << (libc::SIGCHLD - 1) != 0)
        };
        Some(SigchldPolicy {
            sigchld: match (has("SigIgn")?, has("SigCgt")?) {
                (true, _) => Disposition::Ignored,
                (false, true) => Disposition::Caught,
                (false, false) => Disposition::Default,
            },
            nocldwait: false,
            blocked: has("SigBlk")?,
            stopped: self.line("State")?.starts_with('T'),
            from_proc: true,
        })
    }
}

/// A task's numbers, from the pid namespace shown down to its own.
pub fn numbers(pid: &str) -> Option<Vec<u32>> {
    Status::read(pid)?.numbers()
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
        assert_eq!((stat.pgid, stat.sid), (50, 60));
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
        // SAFETY: no preconditions.
        assert_eq!(stat.sid, unsafe { libc::getsid(0) } as u32);
        assert_eq!(Status::read("self").unwrap().tgid(), Some(view.own));
    }

    #[test]
    fn signal_masks_say_how_children_are_treated() {
        let sigchld_policy = |state: &str, masks: [u64; 3]| {
            let [blocked, ignored, caught] = masks;
            let status = format!(
                "Name:\ta\nState:\t{state}\nSigBlk:\t{blocked:016x}\nSigIgn:\t{ignored:016x}\n\
                 SigCgt:\t{caught:016x}\n"
            );
            Status(status).sigchld_policy().unwrap()
        };
        const CHLD: u64 = 0x10000;
        let told = sigchld_policy("S (sleeping)", [0, !CHLD, CHLD]);
        assert_eq!((told.sigchld, told.blocked), (Disposition::Caught, false));
        let told = sigchld_policy("T (stopped)", [CHLD, CHLD, 0]);
        assert_eq!((told.sigchld, told.blocked), (Disposition::Ignored, true));
        assert!(told.stopped && told.known_nocldwait().is_none());
        assert_eq!(
            sigchld_policy("S", [0, 0, !CHLD]).sigchld,
            Disposition::Default
        );
        assert!(Status("Name:\ta\n".to_owned()).sigchld_policy().is_none());
    }
}
