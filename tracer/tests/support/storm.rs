//! Makes up the events of a busy machine: long-running processes, shells with thousands of
//! children, short-lived threads, zombies that are never reaped, an occasional gap. The
//! events are the same in every run; the iterator does not end.

use tracer::event::{
    Comm, Event, Exec, Exit, ExitedProcess, FirstRun, Fork, Gap, GapCause, Hook, Kind, LastSwitch,
    Lost, Notify, ProcessId, Purpose, Session, Sigchld, Snapshot, TaskId, Text, Usage, Wait, What,
    Who,
};

const SIGCHLD: i32 = 17;
/// Number of processes in the snapshot.
const OLD: u32 = 200;
/// Number of children that run at once.
const CHILDREN: usize = 12;
/// One in this many children is never reaped.
const UNREAPED: u64 = 5_000;
/// One in this many children becomes a long-running process.
const STAYING: u64 = 20_000;
/// One in this many children starts a thread.
const THREADED: u64 = 7;
/// Number of events between two gaps.
const GAP: u64 = 250_000;

pub struct Storm {
    random: u64,
    now: u64,
    next_pid: u32,
    /// Processes that never exit.
    old: Vec<Who>,
    children: Vec<Child>,
    ready: std::collections::VecDeque<Event>,
    made: u64,
}

/// A child, its parent, and the events made of it so far.
struct Child {
    who: Who,
    thread: Option<Who>,
    parent: Who,
    step: u32,
    reaped: bool,
    stays: bool,
}

fn process(pid: u32, start: u64) -> Who {
    ProcessId { tgid: pid, start }.leader()
}

impl Default for Storm {
    fn default() -> Storm {
        let mut storm = Storm {
            random: 0x9e37_79b9_7f4a_7c15,
            now: 50_000_000_000,
            next_pid: 1000,
            old: Vec::new(),
            children: Vec::new(),
            ready: std::collections::VecDeque::new(),
            made: 0,
        };
        let session = Session {
            tracer_version: "0.1.0".into(),
            hostname: "storm".into(),
            realtime_offset: 1_700_000_000_000_000_000,
            page_size: 4096,
            ticks: 100,
            cpus: 2,
            hooks: vec![Hook {
                purpose: Purpose::Faults,
                hook: Some("tp_btf:page_fault_user".into()),
                loses: "".into(),
            }],
            ..Session::default()
        };
        storm.emit(Who::HOST, What::Session(Box::new(session)));
        storm.old = (1..=OLD)
            .map(|pid| process(pid, u64::from(pid) * 1_000))
            .collect();
        storm.snapshot();
        storm
    }
}

impl Storm {
    fn random(&mut self, below: u64) -> u64 {
        // Xorshift (Marsaglia, 2003).
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % below
    }

    fn emit(&mut self, who: Who, what: What) {
        self.now += 500 + self.random(20_000);
        let cpu = self.random(2) as u32;
        self.ready.push_back(Event {
            at: self.now,
            cpu,
            who,
            what,
        });
    }

    /// Makes a snapshot of the old processes.
    fn snapshot(&mut self) {
        let began = self.now;
        for who in self.old.clone() {
            let init = self.old[0].process;
            let parent = if who.process == init {
                ProcessId::default()
            } else {
                init
            };
            let snapshot = Snapshot {
                parent,
                sigchld_policy: Default::default(),
                cgroup: Default::default(),
                relations: Default::default(),
                kthread: who.process.tgid.is_multiple_of(3),
                zombie: None,
                exiting: false,
                exit_signal: SIGCHLD,
                ns_pid: who.process.tgid,
                ns_level: 0,
                comm: Comm::new(format!("old/{}", who.process.tgid).as_bytes()),
                argv: Some(Text::new(
                    format!("old\0--id={}\0", who.process.tgid).as_bytes(),
                )),
            };
            self.emit(who, What::Snapshot(Box::new(snapshot)));
        }
        self.emit(Who::HOST, What::SnapshotEnd(began));
    }

    fn start(&mut self) {
        let parent = self.random(self.old.len() as u64) as usize;
        let parent = self.old[parent];
        self.next_pid = 1000 + (self.next_pid - 999) % 30_000;
        let who = process(self.next_pid, self.now);
        let fork = self.fork(parent, parent, 0x0120_0000, &who);
        self.emit(who, fork);
        let staying = self.random(STAYING) == 0;
        let reaped = self.random(UNREAPED) != 0;
        self.children.push(Child {
            who,
            thread: None,
            parent,
            step: 0,
            reaped,
            stays: staying,
        });
    }

    fn fork(&self, by: Who, parent: Who, flags: u64, who: &Who) -> What {
        What::Fork(Box::new(Fork {
            by,
            parent: parent.process,
            clone_flags: Some(flags),
            cgroup: Default::default(),
            relations: Default::default(),
            kthread: false,
            exit_signal: if flags & 0x10000 != 0 { -1 } else { SIGCHLD },
            ns_pid: who.task.pid,
            ns_level: 0,
            comm: Comm::new(b"sh"),
            requested_at: None,
            copied: None,
            by_copies: None,
        }))
    }

    /// Makes the next event of a random child.
    fn step(&mut self) {
        let chosen = self.random(self.children.len() as u64) as usize;
        let mut child = self.children.swap_remove(chosen);
        let (who, parent) = (child.who, child.parent);
        child.step += 1;
        match child.step {
            1 => self.emit(who, What::WakeupNew),
            2 => self.emit(who, What::FirstRun(FirstRun::default())),
            3 => {
                let exec = self.exec(who);
                self.emit(who, exec);
            }
            4 if child.stays => {
                self.old.push(who);
                return;
            }
            4 if self.random(THREADED) == 0 => {
                self.next_pid += 1;
                let task = TaskId {
                    pid: self.next_pid,
                    start: self.now,
                };
                let thread = Who {
                    task,
                    process: who.process,
                };
                let fork = self.fork(who, parent, 0x10000, &thread);
                self.emit(thread, fork);
                let exit = self.exit(parent, Some(false), 3);
                self.emit(thread, exit);
                self.emit(thread, What::Free(None));
                child.thread = Some(thread);
            }
            4 => {}
            5 => {
                let threads = u64::from(child.thread.is_some());
                let exit = self.exit(parent, Some(true), 40 + threads);
                self.emit(who, exit);
            }
            6 => self.emit(
                who,
                What::Notify(Notify {
                    owner: parent.process,
                    seen_pid: who.process.tgid,
                    exited: ExitedProcess::Subject,
                    autoreap: false,
                    sigchld_policy: Default::default(),
                    heir: Default::default(),
                }),
            ),
            7 => {
                self.emit(
                    who,
                    What::LastSwitch(LastSwitch {
                        next_pid: 0,
                        next_tgid: 0,
                        next_comm: Comm::new(b"swapper/0"),
                    }),
                );
                if !child.reaped {
                    return;
                }
            }
            8 => self.emit(
                parent,
                What::Wait(Wait {
                    child: who.process.tgid,
                }),
            ),
            _ => {
                let usage = self.usage(50);
                self.emit(who, What::Free(Some(Box::new(usage))));
                return;
            }
        }
        self.children.push(child);
    }

    fn exec(&mut self, who: Who) -> What {
        let programs = ["cc1", "as", "ld", "sed", "grep", "cat", "rm", "make"];
        let program = programs[self.random(programs.len() as u64) as usize];
        let argv = format!(
            "{program}\0-O2\0-o\0/tmp/build/{}/object.o\0/home/user/src/project/file{}.c\0",
            self.random(64),
            self.random(4000)
        );
        What::Exec(Box::new(Exec {
            old_pid: who.task.pid,
            relations: Default::default(),
            comm: Comm::new(program.as_bytes()),
            filename: Text::new(format!("/usr/bin/{program}").as_bytes()),
            filename_cut: false,
            argv_total: argv.len() as u32,
            argv: Some(Text::new(argv.as_bytes())),
            copies: None,
        }))
    }

    fn usage(&mut self, faults: u64) -> Usage {
        Usage {
            utime: 0,
            stime: 4_000_000 * self.random(2),
            runtime: 400_000 + self.random(900_000),
            nvcsw: 1 + self.random(4),
            nivcsw: self.random(3),
            min_flt: faults + self.random(30),
            maj_flt: 0,
            maxrss: Some(300 + self.random(200)),
        }
    }

    fn exit(&mut self, parent: Who, last: Option<bool>, faults: u64) -> What {
        let code = if self.random(50) == 0 { 256 } else { 0 };
        let usage = self.usage(faults);
        let counted = [faults, self.random(40), self.random(9)];
        What::Exit(Box::new(Exit {
            code,
            group_code: None,
            sigchld_policy: Default::default(),
            children: Default::default(),
            relations: Default::default(),
            group_dead: last,
            exit_signal: SIGCHLD,
            parent: parent.process,
            sigchld: Sigchld::Zombie,
            reaper: None,
            usage,
            faults: Some(tracer::event::FaultTally {
                classes: tracer::event::Faults {
                    read: counted[0],
                    write: counted[1],
                    write_protect: counted[2],
                    ..Default::default()
                },
                ..Default::default()
            }),
            comm: Comm::new(b"sh"),
        }))
    }

    fn gap(&mut self) {
        let gap = Gap {
            since: self.now,
            lost: vec![Lost {
                kind: Kind::Exit,
                count: 3,
            }],
            cause: GapCause::NoRoom,
        };
        // Two exits are lost: of an old process and of a child.
        self.children.pop();
        if self.old.len() > OLD as usize {
            self.old.pop();
        }
        self.emit(Who::HOST, What::Gap(Box::new(gap)));
        let began = self.now;
        self.snapshot();
        // That snapshot lists only the old processes: add the children.
        self.ready
            .retain(|event| !matches!(event.what, What::SnapshotEnd(_)));
        for child in &self.children {
            let snapshot = Snapshot {
                parent: child.parent.process,
                sigchld_policy: Default::default(),
                cgroup: Default::default(),
                relations: Default::default(),
                kthread: false,
                zombie: (child.step >= 5).then_some(0),
                exiting: false,
                exit_signal: SIGCHLD,
                ns_pid: child.who.process.tgid,
                ns_level: 0,
                comm: Comm::new(b"sh"),
                argv: None,
            };
            self.ready.push_back(Event {
                at: self.now,
                cpu: 0,
                who: child.who,
                what: What::Snapshot(Box::new(snapshot)),
            });
        }
        self.emit(Who::HOST, What::SnapshotEnd(began));
    }
}

impl Iterator for Storm {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        while self.ready.is_empty() {
            if self.made > 0 && self.made.is_multiple_of(GAP) {
                self.made += 1;
                self.gap();
            } else if self.children.len() < CHILDREN {
                self.start();
            } else {
                self.step();
            }
        }
        self.made += 1;
        self.ready.pop_front()
    }
}
