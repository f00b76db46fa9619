//! Accessors for kernel tasks. Only this file knows which kernel struct holds which
//! fact.

use aya_ebpf::{
    bindings::task_struct,
    helpers::{bpf_get_current_task, bpf_get_current_task_btf},
};
use tracer_common::wire::{
    CARE_BLOCKED, CARE_CAUGHT, CARE_IGNORED, CARE_NOCLDWAIT, CARE_STOPPED, ChildUsage, Comm, Group,
    PAGES_UNKNOWN, Ties, Usage, Who,
};

use crate::{
    fields::{self, ABSENT, get, mask, offset},
    kernel::{Access, Probed, Struct, Trusted},
};

/// A `task_struct`.
pub type Task<A> = Struct<A>;

/// Returns the running task.
#[inline(always)]
pub fn current() -> Task<Probed> {
    // SAFETY: the helper has no preconditions and returns a kernel address, which
    // `Probed` reads safely.
    unsafe { Struct::new((bpf_get_current_task() as *const task_struct).cast()) }
}

/// Returns the running task for direct loads, or `None` if the kernel lacks the
/// helper.
#[inline(always)]
pub fn current_trusted() -> Option<Task<Trusted>> {
    if get(&fields::HAVE_TASK_BTF) == 0 {
        return None;
    }
    // SAFETY: a helper without preconditions, whose pointer is BTF-typed.
    Some(unsafe { Struct::new(bpf_get_current_task_btf().cast()) })
}

/// Returns the identity of the running task, by direct loads if possible.
#[inline(always)]
pub fn current_who() -> Who {
    match current_trusted() {
        Some(task) => task.who(),
        None => current().who(),
    }
}

const SIGCHLD: usize = 17;
const SIG_DFL: u64 = 0;
const SIG_IGN: u64 = 1;
const SA_NOCLDWAIT: u64 = 2;
/// SIGNAL_STOP_STOPPED (include/linux/sched/signal.h).
const SIGNAL_STOP_STOPPED: u32 = 1;
/// `enum pid_type` (include/linux/pid_types.h), since 4.19.
const PIDTYPE_PGID: usize = 2;
const PIDTYPE_SID: usize = 3;

/// Maximum number of ancestors that are searched for a subreaper.
const MAX_ANCESTORS: usize = 32;

impl<A: Access> Task<A> {
    #[inline(always)]
    pub fn pid(self) -> u32 {
        self.read(&fields::TASK_PID)
    }

    #[inline(always)]
    pub fn tgid(self) -> u32 {
        self.read(&fields::TASK_TGID)
    }

    #[inline(always)]
    pub fn leader(self) -> Self {
        self.follow(&fields::TASK_GROUP_LEADER)
    }

    #[inline(always)]
    pub fn real_parent(self) -> Self {
        self.follow(&fields::TASK_REAL_PARENT)
    }

    /// Returns the parent that is notified of its exit: the tracer, if it is traced.
    #[inline(always)]
    pub fn parent(self) -> Self {
        self.follow(&fields::TASK_PARENT)
    }

    /// Returns true if every thread of its process has entered `do_exit`, which counts
    /// down `signal->live` before it notifies the parent.
    #[inline(always)]
    pub fn group_is_dead(self) -> bool {
        self.signal().read::<u32>(&fields::SIGNAL_LIVE) == 0
    }

    #[inline(always)]
    pub fn is_traced(self) -> bool {
        self.read::<u32>(&fields::TASK_PTRACE) != 0
    }

    #[inline(always)]
    pub fn signal(self) -> Struct<A> {
        self.follow(&fields::TASK_SIGNAL)
    }

    #[inline(always)]
    pub fn who(self) -> Who {
        Who {
            pid: self.pid(),
            tgid: self.tgid(),
            start: self.read(&fields::TASK_START),
            leader_start: self.leader().read(&fields::TASK_START),
        }
    }

    #[inline(always)]
    pub fn group(self) -> Group {
        Group {
            tgid: self.tgid(),
            zero: 0,
            start: self.leader().read(&fields::TASK_START),
        }
    }

    #[inline(always)]
    pub fn flags(self) -> u32 {
        self.read(&fields::TASK_FLAGS)
    }

    /// Returns `__state`, or the low half of the long `state` on older kernels.
    #[inline(always)]
    pub fn state(self) -> u32 {
        self.read(&fields::TASK_STATE)
    }

    /// Returns true if it runs on a CPU. `on_cpu` is an `int` of 0 or 1, and one byte
    /// in 7.3.
    #[inline(always)]
    pub fn is_on_cpu(self) -> bool {
        self.read::<u8>(&fields::TASK_ON_CPU) != 0
    }

    /// Returns true if a bit field is set, or the `bool` that replaced it
    /// (`is_child_subreaper` in 7.x).
    #[inline(always)]
    fn flag(structure: Struct<A>, field: &'static u64) -> bool {
        get(field) != ABSENT && structure.read::<u8>(field) & mask(get(field)) != 0
    }

    /// Returns true inside exec, past the point of no return.
    #[inline(always)]
    pub fn in_execve(self) -> bool {
        Self::flag(self, &fields::TASK_IN_EXECVE)
    }

    /// Returns true if it has never been switched out. `__schedule` counts before it
    /// switches (kernel/sched/core.c).
    #[inline(always)]
    pub fn never_ran(self) -> bool {
        let voluntary: u64 = self.read(&fields::TASK_NVCSW);
        voluntary == 0 && self.read::<u64>(&fields::TASK_NIVCSW) == 0
    }

    /// Returns the number of switches from the task, including one in progress.
    #[inline(always)]
    pub fn switches(self) -> u64 {
        let voluntary: u64 = self.read(&fields::TASK_NVCSW);
        voluntary.wrapping_add(self.read(&fields::TASK_NIVCSW))
    }

    #[inline(always)]
    pub fn comm(self) -> Comm {
        // SAFETY: a field of this struct.
        unsafe { A::read_name(self.at(&fields::TASK_COMM)) }
    }

    /// Returns the task's own accounting, and the highest resident set of its group.
    #[inline(always)]
    pub fn usage(self) -> Usage {
        Usage {
            utime: self.read(&fields::TASK_UTIME),
            stime: self.read(&fields::TASK_STIME),
            runtime: self.read(&fields::TASK_RUNTIME),
            nvcsw: self.read(&fields::TASK_NVCSW),
            nivcsw: self.read(&fields::TASK_NIVCSW),
            min_flt: self.read(&fields::TASK_MIN_FLT),
            maj_flt: self.read(&fields::TASK_MAJ_FLT),
            maxrss: self.signal().read(&fields::SIGNAL_MAXRSS),
        }
    }

    /// Returns the accounting of the whole group. `__exit_signal` adds each thread's
    /// share when the thread is released, the leader's last (kernel/exit.c), so it is
    /// complete once the leader is freed.
    #[inline(always)]
    pub fn group_usage(self) -> Usage {
        let signal = self.signal();
        Usage {
            utime: signal.read(&fields::SIGNAL_UTIME),
            stime: signal.read(&fields::SIGNAL_STIME),
            runtime: signal.read(&fields::SIGNAL_RUNTIME),
            nvcsw: signal.read(&fields::SIGNAL_NVCSW),
            nivcsw: signal.read(&fields::SIGNAL_NIVCSW),
            min_flt: signal.read(&fields::SIGNAL_MIN_FLT),
            maj_flt: signal.read(&fields::SIGNAL_MAJ_FLT),
            maxrss: signal.read(&fields::SIGNAL_MAXRSS),
        }
    }

    /// Returns the number of pages that its address space maps, without swap
    /// (`get_mm_rss`, include/linux/mm.h). On kernels that count per CPU, a few dozen
    /// pages that are not summed yet are missing.
    #[inline(always)]
    pub fn pages(self) -> u64 {
        if get(&fields::MM_RSS_STAT) == ABSENT {
            return PAGES_UNKNOWN;
        }
        let mm = self.follow(&fields::TASK_MM);
        if get(&fields::RSS_STAT_SIZE) != ABSENT {
            // Older verifiers do not allow loads from the type of its counters.
            return mm.probed().pages_of(size_of::<u64>(), 0);
        }
        mm.pages_of(
            offset(get(&fields::RSS_COUNTER_SIZE)),
            offset(get(&fields::RSS_COUNTER_COUNT)),
        )
    }

    /// Returns the number of pages of an `mm_struct` whose counters are `size` bytes
    /// apart and lie `count` bytes into their struct.
    #[inline(always)]
    fn pages_of(self, size: usize, count: usize) -> u64 {
        let stat = self.at(&fields::MM_RSS_STAT);
        // SAFETY: inside the struct, at a place that the verifier knows.
        let of =
            |kind: usize| unsafe { A::read::<u64>(stat.wrapping_add(kind * size + count).cast()) };
        // MM_FILEPAGES, MM_ANONPAGES, MM_SHMEMPAGES (include/linux/mm_types_task.h).
        of(0).wrapping_add(of(1)).wrapping_add(of(3))
    }

    /// Returns the size of its page tables in bytes; 0 for a kernel thread.
    #[inline(always)]
    pub fn page_tables(self) -> u64 {
        self.follow(&fields::TASK_MM)
            .read(&fields::MM_PGTABLES_BYTES)
    }

    /// Returns its `cgroup_subsys_state` of the controller with that index.
    #[inline(always)]
    pub fn controller(self, subsys: u64) -> Struct<A> {
        let states = self.follow(&fields::TASK_CGROUPS).at(&fields::CSSET_SUBSYS);
        // SAFETY: inside the struct, at a place that the verifier knows.
        unsafe {
            let state = states.cast::<*const u8>().wrapping_add(subsys as usize);
            Struct::new(A::read(state))
        }
    }

    /// Returns the ID of its cgroup in the traced hierarchy.
    #[inline(always)]
    pub fn cgroup(self) -> u64 {
        let subsys = get(&fields::CGROUP_SUBSYS);
        let cgroup = if subsys == ABSENT {
            self.follow(&fields::TASK_CGROUPS)
                .follow(&fields::CSSET_DFL)
        } else {
            self.controller(subsys).follow(&fields::CSS_CGROUP)
        };
        cgroup.follow(&fields::CGROUP_KN).read(&fields::KN_ID)
    }

    /// Returns the usage of the children that its process has waited for.
    #[inline(always)]
    pub fn child_usage(self) -> ChildUsage {
        let signal = self.signal();
        ChildUsage {
            utime: signal.read(&fields::SIGNAL_CUTIME),
            stime: signal.read(&fields::SIGNAL_CSTIME),
            nvcsw: signal.read(&fields::SIGNAL_CNVCSW),
            nivcsw: signal.read(&fields::SIGNAL_CNIVCSW),
            min_flt: signal.read(&fields::SIGNAL_CMIN_FLT),
            maj_flt: signal.read(&fields::SIGNAL_CMAJ_FLT),
            maxrss: signal.read(&fields::SIGNAL_CMAXRSS),
        }
    }

    /// Returns its PID in its own pid namespace, and the depth of that namespace.
    #[inline(always)]
    pub fn ns_pid(self) -> (u32, u32) {
        let level = self.ns_level();
        (self.pid_at(level), level)
    }

    #[inline(always)]
    fn thread_pid(self) -> Struct<A> {
        self.follow(&fields::TASK_THREAD_PID)
    }

    #[inline(always)]
    pub fn ns_level(self) -> u32 {
        self.thread_pid().read(&fields::PID_LEVEL)
    }

    /// Returns the `upid` of that level. Read by the helper, because the verifier
    /// allows a computed index only on a plain number.
    #[inline(always)]
    fn upid(self, level: u32) -> Struct<Probed> {
        let size = offset(get(&fields::UPID_SIZE));
        let numbers = self.probed().thread_pid().at(&fields::PID_NUMBERS);
        // SAFETY: `Probed` reads any address safely.
        unsafe { Struct::new(numbers.wrapping_add(level as usize * size)) }
    }

    /// Returns the task's PID as seen from its pid namespace of that level.
    #[inline(always)]
    pub fn pid_at(self, level: u32) -> u32 {
        // Level 0 is the initial namespace, whose PID is in the task itself.
        if level == 0 {
            return self.pid();
        }
        let nr = self.upid(level).address() as *const u32;
        // SAFETY: `Probed` reads any address safely.
        unsafe { Probed::read(nr) }
    }

    /// Returns the `sigaction` of its process for a signal. `signal` must be a constant
    /// unless `A` is [`Probed`].
    #[inline(always)]
    fn action(self, signal: usize) -> Struct<A> {
        let size = offset(get(&fields::K_SIGACTION_SIZE));
        let actions = self
            .follow(&fields::TASK_SIGHAND)
            .at(&fields::SIGHAND_ACTION);
        // SAFETY: inside the struct, at a place that the verifier knows.
        unsafe { Struct::new(actions.wrapping_add((signal - 1) * size)) }
    }

    /// Returns how its process treats the deaths of its children, as a set of the
    /// `CARE_*` bits.
    #[inline(always)]
    pub fn care(self) -> u32 {
        let action = self.action(SIGCHLD);
        let mut care = match action.read::<u64>(&fields::SIGACTION_HANDLER) {
            SIG_DFL => 0,
            SIG_IGN => CARE_IGNORED,
            _ => CARE_CAUGHT,
        };
        if action.read::<u64>(&fields::SIGACTION_FLAGS) & SA_NOCLDWAIT != 0 {
            care |= CARE_NOCLDWAIT;
        }
        let leader = self.leader();
        if leader.read::<u64>(&fields::TASK_BLOCKED) >> (SIGCHLD - 1) & 1 != 0 {
            care |= CARE_BLOCKED;
        }
        if self.signal().read::<u32>(&fields::SIGNAL_FLAGS) & SIGNAL_STOP_STOPPED != 0 {
            care |= CARE_STOPPED;
        }
        care
    }

    /// Returns its real and effective user IDs in the initial user namespace, each plus
    /// 1; 0 if the kernel's fields are not found. They are those of `real_cred`, which
    /// `/proc/PID/status` shows: a kernel function may replace `cred` for a while
    /// (`override_creds`, kernel/cred.c).
    #[inline(always)]
    fn user_ids(self) -> (u32, u32) {
        if get(&fields::CRED_UID) == ABSENT || get(&fields::CRED_EUID) == ABSENT {
            return (0, 0);
        }
        let cred = self.follow(&fields::TASK_REAL_CRED);
        let uid: u32 = cred.read(&fields::CRED_UID);
        let euid: u32 = cred.read(&fields::CRED_EUID);
        (uid.wrapping_add(1), euid.wrapping_add(1))
    }

    /// Returns the real user ID plus 1, whose budget its records are charged to.
    #[inline(always)]
    pub fn user(self) -> u32 {
        self.user_ids().0
    }

    /// Returns true if the task blocks the signal, or will again when a call that waits
    /// for it returns (`sigtimedwait`, kernel/signal.c).
    #[inline(always)]
    pub fn blocks(self, signal: u32) -> bool {
        let blocked: u64 = self.read(&fields::TASK_BLOCKED);
        let real: u64 = self.read(&fields::TASK_REAL_BLOCKED);
        (blocked | real) >> ((signal - 1) & 63) & 1 != 0
    }

    /// Returns the process group, session, tracer and user of its process.
    #[inline(always)]
    pub fn ties(self) -> Ties {
        let pids = self.signal().at(&fields::SIGNAL_PIDS);
        // The PID of the process group or session leader in the initial pid namespace.
        let number = |kind: usize| {
            // SAFETY: inside the structs, at places that the verifier knows.
            unsafe {
                let pid: *const u8 = A::read(pids.cast::<*const u8>().wrapping_add(kind));
                A::read(Struct::<A>::new(pid).at(&fields::PID_NUMBERS).cast())
            }
        };
        let (pgid, sid) = (number(PIDTYPE_PGID), number(PIDTYPE_SID));
        let tracer = match self.is_traced() {
            true => self.parent().group(),
            false => Group {
                tgid: 0,
                zero: 0,
                start: 0,
            },
        };
        let (uid_plus_1, euid_plus_1) = self.user_ids();
        Ties {
            pgid,
            sid,
            tracer,
            uid_plus_1,
            euid_plus_1,
        }
    }

    /// Returns true if the signal, which need not be a constant, has its default
    /// action.
    #[inline(always)]
    pub fn has_default_action(self, signal: usize) -> bool {
        self.probed()
            .action(signal)
            .read::<u64>(&fields::SIGACTION_HANDLER)
            == SIG_DFL
    }

    /// Returns true if it has children that are reparented when it exits.
    #[inline(always)]
    pub fn has_children(self) -> bool {
        self.read::<u64>(&fields::TASK_CHILDREN) != self.at(&fields::TASK_CHILDREN) as u64
    }

    /// Returns the process that inherits the children when the last thread of a group
    /// exits: the nearest running subreaper in the same pid namespace, otherwise the
    /// namespace's init (`find_new_reaper`, kernel/exit.c). `None` if there are too
    /// many ancestors to search.
    #[inline(always)]
    pub fn reaper(self) -> Option<Group> {
        let level = self.ns_level();
        if !Self::flag(self.signal(), &fields::SIGNAL_HAS_SUBREAPER) {
            return Some(self.child_reaper(level));
        }
        // Read by the helper: at each trusted pointer the verifier searches all kernel
        // types by name (`btf_nested_type_is_trusted`, kernel/bpf/verifier.c), and it
        // follows every ancestor. That took half a second.
        let task = self.probed();
        let mut ancestor = task;
        for _ in 0..MAX_ANCESTORS {
            ancestor = ancestor.real_parent();
            if ancestor.pid() == 0 || ancestor.ns_level() != level {
                return Some(task.child_reaper(level));
            }
            let signal = ancestor.signal();
            if Task::<Probed>::flag(signal, &fields::SIGNAL_IS_SUBREAPER)
                && signal.read::<u32>(&fields::SIGNAL_LIVE) != 0
            {
                return Some(ancestor.group());
            }
        }
        None
    }

    /// Returns the init of its pid namespace.
    #[inline(always)]
    fn child_reaper(self, level: u32) -> Group {
        if level == 0 {
            // SAFETY: the first `upid`, inside the struct.
            let first = unsafe { Struct::<A>::new(self.thread_pid().at(&fields::PID_NUMBERS)) };
            let namespace = first.follow(&fields::UPID_NS);
            return namespace.follow(&fields::PIDNS_CHILD_REAPER).group();
        }
        let namespace = self.upid(level).follow(&fields::UPID_NS);
        namespace.follow(&fields::PIDNS_CHILD_REAPER).group()
    }
}
