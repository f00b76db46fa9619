//! Reads what `/proc` shows about tasks (Documentation/filesystems/proc.rst).
//!
//! PIDs are those of the pid namespace for which `/proc` was mounted. [`ProcView`]
//! relates that namespace to tracer's own and to the initial one.

use std::{fs, io::Read as _, path::Path};

use tracer_common::wire;

use crate::event::{Comm, Disposition, SigchldPolicy, Text};

/// Bytes of a command line that are read: as many as an exec record holds.
const ARGV_MAX: u64 = wire::ARGV_MAX as u64;
/// PF_EXITING (include/linux/sched.h).
const PF_EXITING: u32 = 0x4;
/// PF_WQ_WORKER (include/linux/sched.h).
const PF_WQ_WORKER: u32 = 0x20;
/// Name of the initial pid namespace, whose inode number is fixed
/// (PROC_PID_INIT_INO, include/linux/proc_ns.h).
const INITIAL: &str = "pid:[4026531836]";

/// Relation of the PIDs in `/proc` to tracer's pid namespace and to the initial one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcView {
    /// True if tracer runs in a pid namespace other than the initial one.
    pub nested: bool,
    /// True if `/proc` shows PIDs of the initial pid namespace.
    pub initial: bool,
    /// Number of levels from tracer's pid namespace up to the one shown. None if that is
    /// not an ancestor.
    pub above: Option<u32>,
    /// PID of tracer in the namespace shown.
    pub own: u32,
}

impl ProcView {
    /// Determines the relation for this process.
    pub fn of_this_process() -> ProcView {
        let namespace = fs::read_link("/proc/self/ns/pid");
        let nested = namespace.is_ok_and(|namespace| namespace != Path::new(INITIAL));
        let numbers = numbers("self").unwrap_or_default();
        ProcView {
            nested,
            initial: match nested {
                // Kernel threads exist only there. kthreadd has PID 2.
                true => ProcStat::read("/proc/2").is_some_and(|second| second.is_kthread()),
                false => numbers.len() == 1,
            },
            above: (numbers.len() as u32).checked_sub(1),
            own: numbers.first().copied().unwrap_or(0),
        }
    }
}

/// Fields of `/proc/PID/stat`.
#[derive(Clone, Debug, PartialEq)]
pub struct ProcStat {
    /// Name, without a worker's work item.
    pub comm: Comm,
    /// State letter, such as `Z`.
    pub state: char,
    /// PID of the parent; 0 if there is none or it is not shown.
    pub parent: u32,
    /// Process group; 0 if there is none or it is not shown.
    pub pgid: u32,
    /// Session; 0 if there is none or it is not shown.
    pub sid: u32,
    /// PF_* flags (include/linux/sched.h).
    pub flags: u32,
    /// Start time in ticks of this process's CLOCK_BOOTTIME: see
    /// [`clock::start_of`](super::clock::start_of).
    pub start: u64,
    /// Signal that the parent gets at exit.
    pub exit_signal: i32,
    /// Exit code as a wait status; 0 if tracer may not read it.
    pub exit_code: i32,
}

impl ProcStat {
    /// Returns true for a kernel thread.
    pub fn is_kthread(&self) -> bool {
        self.flags & wire::PF_KTHREAD != 0
    }

    /// Returns true if the task is exiting or has exited.
    pub fn is_dying(&self) -> bool {
        self.flags & PF_EXITING != 0
    }

    /// Reads the file in the directory of a task.
    pub fn read(directory: &str) -> Option<ProcStat> {
        ProcStat::parse(&fs::read(format!("{directory}/stat")).ok()?)
    }

    /// Parses `pid (comm) state ppid …`. A comm may contain parentheses and spaces.
    fn parse(stat: &[u8]) -> Option<ProcStat> {
        let open = stat.iter().position(|&byte| byte == b'(')?;
        let close = stat.iter().rposition(|&byte| byte == b')')?;
        let rest = std::str::from_utf8(stat.get(close + 2..)?).ok()?;
        let fields: Vec<_> = rest.split_ascii_whitespace().collect();
        // The first of these is field 3 in proc_pid_stat(5).
        let field = |number: usize| fields.get(number - 3);
        let flags = field(9)?.parse().ok()?;
        Some(ProcStat {
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

/// Returns the name of a task without the work item that `/proc` appends to a worker's,
/// as in `kworker/0:1-events` (`wq_worker_comm`, kernel/workqueue.c).
///
/// A rescuer's own name may contain a dash: `kworker/R-md`, or on older kernels only
/// its queue's, `nvme-wq`.
fn comm(shown: &[u8], flags: u32) -> Comm {
    let numbered = shown.starts_with(b"kworker/") && !shown.starts_with(b"kworker/R");
    if flags & PF_WQ_WORKER == 0 || !numbered {
        return Comm::new(shown);
    }
    let own = shown.split(|byte| b"-+".contains(byte)).next();
    Comm::new(own.unwrap_or(shown))
}

/// Text of `/proc/PID/status`.
pub struct ProcStatus(String);

impl ProcStatus {
    /// Reads the file of a task, given by PID or as `self`.
    pub fn read(pid: &str) -> Option<ProcStatus> {
        let status = fs::read(format!("/proc/{pid}/status")).ok()?;
        // A name may not be UTF-8; the lines that are read always are.
        Some(ProcStatus(String::from_utf8_lossy(&status).into_owned()))
    }

    fn line(&self, name: &str) -> Option<&str> {
        let mut lines = self.0.lines();
        let line = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        Some(line.trim())
    }

    /// Returns the task's PIDs, from the namespace shown down to its own.
    pub fn numbers(&self) -> Option<Vec<u32>> {
        let numbers = self.line("NSpid")?.split_ascii_whitespace();
        numbers.map(|number| number.parse().ok()).collect()
    }

    /// Returns the PID of the task's process.
    pub fn tgid(&self) -> Option<u32> {
        self.line("Tgid")?.parse().ok()
    }

    /// Returns the PID of the task that traces it (ptrace); 0 if there is none.
    pub fn tracer(&self) -> Option<u32> {
        self.line("TracerPid")?.parse().ok()
    }

    /// Returns the real and the effective user ID, in the user namespace of the reader.
    pub fn uids(&self) -> Option<(u32, u32)> {
        let mut ids = self.line("Uid")?.split_ascii_whitespace();
        Some((ids.next()?.parse().ok()?, ids.next()?.parse().ok()?))
    }

    /// Returns how the process treats SIGCHLD, if this is its main thread.
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

/// Returns a task's PIDs, from the namespace shown down to its own.
pub fn numbers(pid: &str) -> Option<Vec<u32>> {
    ProcStatus::read(pid)?.numbers()
}

/// Returns a process's arguments. None for a kernel thread or a zombie.
pub fn command_line(pid: u32) -> Option<Text> {
    let file = fs::File::open(format!("/proc/{pid}/cmdline")).ok()?;
    let mut argv = Vec::new();
    file.take(ARGV_MAX).read_to_end(&mut argv).ok()?;
    (!argv.is_empty()).then(|| Text::new(&argv))
}

/// Returns true if tracer may read the exit code in `/proc/PID/stat`. It is shown to
/// processes that may trace the task (fs/proc/array.c), and so are its namespaces.
pub fn may_know_exit_code(pid: u32) -> bool {
    fs::read_link(format!("/proc/{pid}/ns/pid")).is_ok()
}

/// Returns the file names in a directory of `/proc` that are numbers.
pub fn listed(directory: &str) -> Vec<u32> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_contain_what_follows_it() {
        let rest: Vec<_> = (3..=52)
            .map(|field| match field {
                3 => "Z".to_owned(),
                _ => (field * 10).to_string(),
            })
            .collect();
        let line = format!("12 (a) R 1 (b) {}", rest.join(" "));
        let stat = ProcStat::parse(line.as_bytes()).unwrap();
        assert_eq!(stat.comm, Comm::new(b"a) R 1 (b"));
        assert_eq!((stat.state, stat.parent, stat.flags), ('Z', 40, 90));
        assert_eq!((stat.pgid, stat.sid), (50, 60));
        assert_eq!(
            (stat.start, stat.exit_signal, stat.exit_code),
            (220, 380, 520)
        );
        assert_eq!(ProcStat::parse(b"12 (a) R 1"), None);
        assert_eq!(ProcStat::parse(b"12 a"), None);
        assert_eq!(ProcStat::parse(b""), None);
    }

    #[test]
    fn work_items_are_removed_from_worker_names() {
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
        let view = ProcView::of_this_process();
        let stat = ProcStat::read("/proc/self").unwrap();
        assert_eq!(numbers(&view.own.to_string()), numbers("self"));
        assert!(listed("/proc").contains(&view.own));
        assert!(command_line(view.own).is_some());
        assert!(stat.start > 0 && !stat.is_kthread());
        // SAFETY: no preconditions.
        assert_eq!(stat.sid, unsafe { libc::getsid(0) } as u32);
        let status = ProcStatus::read("self").unwrap();
        assert_eq!(status.tgid(), Some(view.own));
        // SAFETY: no preconditions.
        let uids = unsafe { (libc::getuid(), libc::geteuid()) };
        assert_eq!(status.uids(), Some(uids));
    }

    #[test]
    fn signal_masks_give_the_sigchld_policy() {
        let sigchld_policy = |state: &str, masks: [u64; 3]| {
            let [blocked, ignored, caught] = masks;
            let status = format!(
                "Name:\ta\nState:\t{state}\nSigBlk:\t{blocked:016x}\nSigIgn:\t{ignored:016x}\n\
                 SigCgt:\t{caught:016x}\n"
            );
            ProcStatus(status).sigchld_policy().unwrap()
        };
        const CHLD: u64 = 0x10000;
        let policy = sigchld_policy("S (sleeping)", [0, !CHLD, CHLD]);
        assert_eq!(
            (policy.sigchld, policy.blocked),
            (Disposition::Caught, false)
        );
        let policy = sigchld_policy("T (stopped)", [CHLD, CHLD, 0]);
        assert_eq!(
            (policy.sigchld, policy.blocked),
            (Disposition::Ignored, true)
        );
        assert!(policy.stopped && policy.known_nocldwait().is_none());
        assert_eq!(
            sigchld_policy("S", [0, 0, !CHLD]).sigchld,
            Disposition::Default
        );
        assert!(
            ProcStatus("Name:\ta\n".to_owned())
                .sigchld_policy()
                .is_none()
        );
    }
}
