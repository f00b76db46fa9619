//! Event streams for tests, written as the kernel would emit them: `Script::new()
//! .session().fork(1, 10).exec(10, "sh", &["sh", "-c", "x"]).exit(10, 3)`.
//!
//! The script tracks which tasks exist, so tests refer to tasks by number alone. A
//! number that was neither forked nor found belongs to a process that started long
//! ago. Each event comes one microsecond after the one before, unless
//! [`Script::at`] sets the time. This module lies below the model because tests of
//! every layer use it.

use std::collections::HashMap;

use super::{
    Comm, Constraint, Event, Exec, Exit, ExitedProcess, Faults, FirstRun, Fork, Gap, GapCause,
    Hook, Kind, LastSwitch, Lost, Notify, OomCause, OomVictim, ProcessId, Purpose, Reap, Session,
    Sigchld, Signal, Snapshot, StateTimes, States, TaskId, TaskState, Text, Usage, Wait, Wakeups,
    What, Who,
};

/// One microsecond in ns.
pub const US: u64 = 1_000;
/// One millisecond in ns.
pub const MS: u64 = 1_000 * US;
/// One second in ns.
pub const SEC: u64 = 1_000 * MS;

/// Time at which scripts begin, ns since boot.
pub const START: u64 = 1_000 * SEC;

const SIGCHLD: i32 = 17;
/// Clone flags of a new thread.
pub const CLONE_THREAD: u64 = 0x3d0f00;
/// Clone flags of vfork.
pub const CLONE_VFORK: u64 = 0x4100;

/// An OOM victim of a cgroup limit, in a cgroup below the limited one.
pub fn memcg_victim() -> OomVictim {
    OomVictim::Logged(OomCause {
        constraint: Constraint::Memcg,
        oom_memcg: Some(Text::new(b"/jobs")),
        task_memcg: Some(Text::new(b"/jobs/hog")),
    })
}

#[derive(Clone)]
struct Task {
    who: Who,
    parent: u32,
    comm: Comm,
    exited: bool,
}

/// A stream of events under construction.
#[derive(Clone)]
pub struct Script {
    /// Events so far.
    pub events: Vec<Event>,
    at: u64,
    tasks: HashMap<u32, Task>,
    group_dead_known: bool,
}

impl Default for Script {
    fn default() -> Self {
        Script {
            events: Vec::new(),
            at: START,
            tasks: HashMap::new(),
            group_dead_known: true,
        }
    }
}

impl Script {
    /// Returns an empty script.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the time of the next event, ns after [`START`].
    pub fn at(mut self, after: u64) -> Self {
        self.at = START + after;
        self
    }

    /// Emulates a kernel before 6.18, which does not report the last thread of a
    /// group.
    pub fn without_group_dead(mut self) -> Self {
        self.group_dead_known = false;
        self
    }

    /// Returns the current identity of a task.
    pub fn who(&mut self, tid: u32) -> Who {
        self.task(tid).who
    }

    /// Returns the current identity of a process.
    pub fn process(&mut self, pid: u32) -> ProcessId {
        self.who(pid).process
    }

    fn task(&mut self, tid: u32) -> &mut Task {
        self.tasks.entry(tid).or_insert_with(|| Task {
            who: ProcessId {
                tgid: tid,
                start: u64::from(tid),
            }
            .leader(),
            parent: u32::from(tid > 1),
            comm: Comm::new(b"old"),
            exited: false,
        })
    }

    /// Adds any event of a task.
    pub fn event(mut self, tid: u32, what: What) -> Self {
        let who = if tid == 0 { Who::HOST } else { self.who(tid) };
        self.push(who, what)
    }

    /// Adds any event with an explicit subject.
    pub fn push(mut self, who: Who, what: What) -> Self {
        self.events.push(Event {
            at: self.at,
            cpu: 0,
            who,
            what,
        });
        self.at += US;
        self
    }

    /// Adds a session that serves every purpose.
    pub fn session(self) -> Self {
        self.session_with(|_| ())
    }

    /// Adds a session changed by `change`.
    pub fn session_with(self, change: impl FnOnce(&mut Session)) -> Self {
        let hook = |purpose| Hook {
            purpose,
            hook: Some("script".into()),
            loses: "".into(),
        };
        let mut session = Session {
            tracer_version: "0.1.0".into(),
            kernel_release: "6.18.0".into(),
            hostname: "host".into(),
            realtime_offset: 1_785_400_000_000_000_000,
            page_size: 4096,
            cpus: 2,
            task_struct_size: Some(9792),
            hooks: Purpose::ALL.map(hook).into(),
            ..Session::default()
        };
        change(&mut session);
        self.event(0, What::Session(Box::new(session)))
    }

    /// Adds a snapshot of a process that existed before the script began.
    pub fn found(self, pid: u32, parent: u32, comm: &str) -> Self {
        self.found_with(pid, parent, comm, |_| ())
    }

    /// Adds a snapshot changed by `change`.
    pub fn found_with(
        mut self,
        pid: u32,
        parent: u32,
        comm: &str,
        change: impl FnOnce(&mut Snapshot),
    ) -> Self {
        let owner = if parent == 0 {
            ProcessId::default()
        } else {
            self.process(parent)
        };
        let task = self.task(pid);
        (task.parent, task.comm) = (parent, Comm::new(comm.as_bytes()));
        let mut snapshot = Snapshot {
            parent: owner,
            kthread: false,
            zombie: None,
            exiting: false,
            exit_signal: SIGCHLD,
            ns_pid: pid,
            ns_level: 0,
            comm: task.comm,
            argv: Some(Text::new(comm.as_bytes())),
            relations: None,
            sigchld_policy: None,
            cgroup: None,
        };
        change(&mut snapshot);
        self.event(pid, What::Snapshot(Box::new(snapshot)))
    }

    /// Adds a snapshot of another thread of such a process.
    pub fn found_thread(mut self, of: u32, tid: u32) -> Self {
        let process = self.process(of);
        let task = self.task(tid);
        task.who.process = process;
        let (who, comm) = (task.who, task.comm);
        let snapshot = Snapshot {
            parent: ProcessId::default(),
            kthread: false,
            zombie: None,
            exiting: false,
            exit_signal: -1,
            ns_pid: tid,
            ns_level: 0,
            comm,
            argv: None,
            relations: None,
            sigchld_policy: None,
            cgroup: None,
        };
        self.push(who, What::Snapshot(Box::new(snapshot)))
    }

    /// Ends a snapshot that began now.
    pub fn found_all(self) -> Self {
        let began = self.at;
        self.event(0, What::SnapshotEnd(began))
    }

    /// Forks a process.
    pub fn fork(self, parent: u32, child: u32) -> Self {
        self.fork_with(parent, child, |_| ())
    }

    /// Forks a process by vfork.
    pub fn vfork(self, parent: u32, child: u32) -> Self {
        self.fork_with(parent, child, |fork| fork.clone_flags = Some(CLONE_VFORK))
    }

    /// Creates another thread in the process of `of`.
    pub fn thread(self, of: u32, tid: u32) -> Self {
        self.fork_with(of, tid, |fork| {
            fork.clone_flags = Some(CLONE_THREAD);
            fork.exit_signal = -1;
        })
    }

    /// Adds a fork changed by `change`.
    pub fn fork_with(mut self, by: u32, child: u32, change: impl FnOnce(&mut Fork)) -> Self {
        let Task {
            who: caller,
            parent: grandparent,
            comm,
            ..
        } = self.task(by).clone();
        let mut fork = Fork {
            by: caller,
            parent: caller.process,
            clone_flags: Some(0),
            kthread: false,
            exit_signal: SIGCHLD,
            ns_pid: child,
            ns_level: 0,
            comm,
            requested_at: None,
            copied: None,
            by_copies: None,
            relations: None,
            cgroup: None,
        };
        change(&mut fork);
        let task = TaskId {
            pid: child,
            start: self.at,
        };
        let is_thread = fork.clone_flags.is_some_and(|flags| flags & 0x10000 != 0);
        let (process, parent) = match is_thread {
            true => (caller.process, grandparent),
            false => (
                ProcessId {
                    tgid: child,
                    start: self.at,
                },
                fork.parent.tgid,
            ),
        };
        if is_thread {
            fork.parent = self.process(grandparent);
        }
        let who = Who { task, process };
        self.tasks.insert(
            child,
            Task {
                who,
                parent,
                comm,
                exited: false,
            },
        );
        self.push(who, What::Fork(Box::new(fork)))
    }

    /// Executes a program in the leader.
    pub fn exec(self, pid: u32, comm: &str, argv: &[&str]) -> Self {
        self.exec_by(pid, comm, argv)
    }

    /// Executes a program in any thread: the others exit, and it takes the leader's
    /// place.
    pub fn exec_by(mut self, tid: u32, comm: &str, argv: &[&str]) -> Self {
        let process = self.process(tid);
        let argv: Vec<u8> = argv.iter().flat_map(|arg| arg.bytes().chain([0])).collect();
        let exec = Exec {
            old_pid: tid,
            comm: Comm::new(comm.as_bytes()),
            filename: Text::new(format!("/bin/{comm}").as_bytes()),
            filename_cut: false,
            argv_total: argv.len() as u32,
            argv: Some(Text::new(&argv)),
            copies: None,
            relations: None,
        };
        let parent = self.task(process.tgid).parent;
        self.tasks.retain(|_, task| task.who.process != process);
        let who = process.leader();
        self.tasks.insert(
            process.tgid,
            Task {
                who,
                parent,
                comm: exec.comm,
                exited: false,
            },
        );
        self.event(process.tgid, What::Exec(Box::new(exec)))
    }

    /// Makes a task runnable.
    pub fn wakeup(self, tid: u32) -> Self {
        self.event(tid, What::WakeupNew)
    }

    /// Runs a task for the first time.
    pub fn first_run(self, tid: u32) -> Self {
        self.event(tid, What::FirstRun(FirstRun::default()))
    }

    /// Runs a task for the first time. The event reports that it was made runnable
    /// `latency` ns before, which no event of its own reported.
    pub fn first_run_after(self, tid: u32, latency: u64) -> Self {
        let runnable = Some(self.at - latency);
        self.event(tid, What::FirstRun(FirstRun { runnable }))
    }

    /// Sends a signal by kill(2).
    pub fn kill(self, by: u32, target: u32, sig: i32) -> Self {
        self.signal(by, target, sig, 0)
    }

    /// Sends a signal to a process, with its `si_code`.
    pub fn signal(mut self, by: u32, target: u32, sig: i32, code: i32) -> Self {
        let Task {
            who: by,
            comm: by_comm,
            ..
        } = self.task(by).clone();
        self.event(
            target,
            What::Signal(Box::new(Signal {
                sig,
                code,
                by,
                by_comm,
                group: true,
            })),
        )
    }

    /// Exits a task by exit(2) with this code.
    pub fn exit(self, tid: u32, code: i32) -> Self {
        self.exit_with(tid, |exit| exit.code = code << 8)
    }

    /// Ends the whole process by a signal; the status may have the core flag.
    pub fn killed(self, tid: u32, status: i32) -> Self {
        self.exit_with(tid, |exit| {
            exit.code = status;
            exit.group_code = Some(status);
        })
    }

    /// Adds an exit changed by `change`.
    pub fn exit_with(mut self, tid: u32, change: impl FnOnce(&mut Exit)) -> Self {
        let Task { who, comm, .. } = self.task(tid).clone();
        self.task(tid).exited = true;
        let others = self
            .tasks
            .values()
            .filter(|task| task.who.process == who.process && !task.exited);
        let last = others.count() == 0;
        let parent = self.task(who.process.tgid).parent;
        let mut exit = Exit {
            code: 0,
            group_code: None,
            group_dead: self.group_dead_known.then_some(last),
            exit_signal: SIGCHLD,
            parent: self.process(parent),
            sigchld: Sigchld::Zombie,
            reaper: None,
            usage: Usage {
                utime: MS,
                runtime: MS,
                min_flt: 10,
                ..Usage::default()
            },
            faults: Some(
                Faults {
                    read: 3,
                    write_protect: 2,
                    ..Faults::default()
                }
                .into(),
            ),
            comm,
            relations: None,
            sigchld_policy: None,
            children: None,
        };
        change(&mut exit);
        self.push(who, What::Exit(Box::new(exit)))
    }

    /// Notifies the parent of the exit: the process becomes a zombie.
    pub fn notify(self, pid: u32) -> Self {
        self.notify_with(pid, |_| ())
    }

    /// Adds a notification changed by `change`.
    pub fn notify_with(mut self, pid: u32, change: impl FnOnce(&mut Notify)) -> Self {
        let who = self.who(pid);
        let parent = self.task(who.process.tgid).parent;
        let owner = self.process(parent);
        let mut notify = Notify {
            owner,
            seen_pid: who.process.tgid,
            exited: ExitedProcess::Subject,
            autoreap: false,
            sigchld_policy: None,
            heir: None,
        };
        change(&mut notify);
        self.push(who, What::Notify(notify))
    }

    /// Passes a zombie from an exiting parent to a new owner.
    pub fn reparent_zombie(mut self, from: u32, zombie: u32, to: u32) -> Self {
        let owner = self.process(to);
        self.task(zombie).parent = to;
        let exited = ExitedProcess::ChildPid(zombie);
        self.event(
            from,
            What::Notify(Notify {
                owner,
                seen_pid: zombie,
                exited,
                autoreap: false,
                sigchld_policy: None,
                heir: None,
            }),
        )
    }

    /// Switches an exited task out for the last time.
    pub fn last_switch(self, tid: u32) -> Self {
        let next = LastSwitch {
            next_pid: 0,
            next_tgid: 0,
            next_comm: Comm::new(b"swapper/0"),
        };
        self.event(tid, What::LastSwitch(next))
    }

    /// Reports the state of a task, entered `open` ns ago, and its times until
    /// then.
    pub fn states(self, tid: u32, state: TaskState, open: u64, times: StateTimes) -> Self {
        let since = self.at - open;
        let states = States {
            state,
            since,
            began: since - times.total(),
            times,
            wakeups: Wakeups::default(),
            missed: 0,
        };
        self.event(tid, What::States(Box::new(states)))
    }

    /// Returns a child from a wait call.
    pub fn wait(self, by: u32, child: u32) -> Self {
        self.event(by, What::Wait(Wait { child }))
    }

    /// Enters `do_exit`.
    pub fn exit_start(self, tid: u32) -> Self {
        self.event(tid, What::ExitStart)
    }

    /// Calls `release_task` for `exited` in the task `by`.
    pub fn release(mut self, by: u32, exited: u32) -> Self {
        let by = self.who(by);
        self.event(exited, What::Reap(Reap { by }))
    }

    /// Frees a task.
    pub fn free(mut self, tid: u32) -> Self {
        let leader = self.who(tid).is_leader();
        let usage = Usage {
            utime: 2 * MS,
            runtime: 3 * MS,
            min_flt: 30,
            ..Usage::default()
        };
        self.event(tid, What::Free(leader.then(|| Box::new(usage))))
    }

    /// Ends a single-threaded process, up to its last switch.
    pub fn die(self, pid: u32, code: i32) -> Self {
        self.exit(pid, code).notify(pid).last_switch(pid)
    }

    /// Lets the parent wait for the process and frees it.
    pub fn reap(mut self, pid: u32) -> Self {
        let parent = self.task(pid).parent;
        self.wait(parent, pid).free(pid)
    }

    /// Reports records of a kind as lost since the previous event.
    pub fn lose(self, kind: Kind, count: u64) -> Self {
        let since = self.events.last().map_or(START, |event| event.at);
        self.event(
            0,
            What::Gap(Box::new(Gap {
                since,
                lost: vec![Lost { kind, count }],
                cause: GapCause::NoRoom,
            })),
        )
    }

    /// Ends the stream.
    pub fn end(self) -> Self {
        self.event(0, What::End)
    }
}
