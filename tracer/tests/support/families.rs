//! Makes up the events of small families of processes, with every way in which one process
//! changes what is known of another: waits, reparenting, zombies that are handed on, signals,
//! pages copied after a fork, inherited names, PIDs that are reused, and losses.

use tracer::event::{
    AddressSpace, Cgroup, Comm, Event, Exec, Exit, ExitedProcess, FaultTally, Faults, Fork, Gap,
    GapCause, Hook, Kind, LastSwitch, Lost, Moved, Notify, ProcessId, Purpose, Reap, Session,
    Sigchld, Signal, Snapshot, TaskId, Text, Usage, Wait, What, Who,
};

const SIGCHLD: i32 = 17;
const CLONE_PARENT: u64 = 0x8000;
const CLONE_THREAD: u64 = 0x10000;
/// PIDs are reused beyond this one.
const MAX_PID: u32 = 90;
const CGROUPS: u64 = 6;
/// Maximum number of processes at once.
const CROWD: usize = 30;

#[derive(Clone)]
struct Process {
    who: Who,
    parent: ProcessId,
    name: String,
    cgroup: u64,
    copies: u64,
    subreaper: bool,
    threads: Vec<Who>,
    zombie: Option<i32>,
}

/// Families of processes that live for a number of steps.
pub struct Families {
    random: u64,
    now: u64,
    pid: u32,
    names: u32,
    /// True if the kernel side reports reaps, not only what wait calls return.
    reports_reaps: bool,
    /// Events that are still to be lost.
    losing: usize,
    processes: Vec<Process>,
    events: Vec<Event>,
}

impl Families {
    /// Returns the events of one story. The same seed gives the same events.
    pub fn story(seed: u64, steps: usize, has_losses: bool) -> Vec<Event> {
        let mut families = Families {
            random: 0x9e37_79b9_7f4a_7c15 ^ seed.wrapping_mul(0x2545_f491_4f6c_dd1d),
            now: 80_000_000_000,
            pid: 1,
            names: 0,
            reports_reaps: seed.is_multiple_of(2),
            losing: 0,
            processes: Vec::new(),
            events: Vec::new(),
        };
        families.begin();
        for _ in 0..steps {
            families.step();
            if has_losses && families.below(90) == 0 {
                families.lose();
            }
        }
        families.events
    }

    fn below(&mut self, end: u64) -> u64 {
        // Xorshift (Marsaglia, 2003).
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % end
    }

    fn emit(&mut self, who: Who, what: What) {
        self.now += 1_000 + self.below(300_000_000);
        if self.losing > 0 && !matches!(what, What::Gap(_)) {
            self.losing -= 1;
            return;
        }
        let (at, cpu) = (self.now, self.below(2) as u32);
        self.events.push(Event { at, cpu, who, what });
    }

    fn begin(&mut self) {
        let hook = |purpose| Hook {
            purpose,
            hook: Some("made up".into()),
            loses: "".into(),
        };
        let session = Session {
            tracer_version: "0.1.0".into(),
            hostname: "families".into(),
            boot_id: "b007".into(),
            realtime_offset: 1_700_000_000_000_000_000,
            page_size: 4096,
            ticks: 100,
            cpus: 2,
            hooks: Purpose::ALL.into_iter().map(hook).collect(),
            ..Session::default()
        };
        self.emit(Who::HOST, What::Session(Box::new(session)));
        for id in 1..=CGROUPS {
            let path = Text::new(format!("/slice-{id:04}").as_bytes());
            self.emit(Who::HOST, What::Cgroup(Box::new(Cgroup { id, path })));
        }
        for place in 0..8 {
            let pid = self.next_pid();
            let start = u64::from(pid) * 1_000;
            let parent = self.processes.get(place / 3).map(|it| it.who.process);
            let process = Process {
                who: ProcessId { tgid: pid, start }.leader(),
                parent: parent.unwrap_or_default(),
                name: self.name("daemon"),
                cgroup: 1 + self.below(CGROUPS),
                copies: 0,
                subreaper: place == 3,
                threads: Vec::new(),
                zombie: None,
            };
            self.processes.push(process);
        }
        self.snapshot();
    }

    fn name(&mut self, of: &str) -> String {
        self.names += 1;
        format!("{of}-{:04}", self.names)
    }

    fn next_pid(&mut self) -> u32 {
        loop {
            let pid = self.pid;
            self.pid = if pid >= MAX_PID { 2 } else { pid + 1 };
            if !self.processes.iter().any(|it| it.who.process.tgid == pid) {
                return pid;
            }
        }
    }

    /// Lists every task. The order of PIDs is not that of births.
    fn snapshot(&mut self) {
        let began = self.now;
        let mut all = self.processes.clone();
        all.sort_by_key(|process| process.who.process.tgid);
        for process in all {
            let argv = format!("{}\0--of-{}\0", process.name, process.name);
            let leader = Snapshot {
                parent: process.parent,
                kthread: false,
                zombie: process.zombie,
                exiting: false,
                exit_signal: SIGCHLD,
                ns_pid: process.who.process.tgid,
                ns_level: 0,
                comm: Comm::new(process.name.as_bytes()),
                argv: Some(Text::new(argv.as_bytes())),
                relations: None,
                sigchld_policy: None,
                cgroup: Some(process.cgroup),
            };
            for thread in process.threads {
                let found = Snapshot {
                    zombie: None,
                    exit_signal: -1,
                    argv: None,
                    ..leader.clone()
                };
                self.emit(thread, What::Snapshot(Box::new(found)));
            }
            self.emit(process.who, What::Snapshot(Box::new(leader)));
        }
        self.emit(Who::HOST, What::SnapshotEnd(began));
    }

    /// Loses some of the next events, and takes a snapshot after them.
    fn lose(&mut self) {
        let since = self.now;
        let count = 1 + self.below(25);
        self.losing = count as usize;
        while self.losing > 0 {
            self.step();
        }
        let kind = Kind::Exit;
        let gap = Gap {
            since,
            lost: vec![Lost { kind, count }],
            cause: GapCause::NoRoom,
        };
        self.emit(Who::HOST, What::Gap(Box::new(gap)));
        self.snapshot();
    }

    fn step(&mut self) {
        let place = self.below(self.processes.len() as u64) as usize;
        let Process { who, zombie, .. } = self.processes[place].clone();
        if zombie.is_some() {
            return self.reap(place);
        }
        match self.below(20) {
            0..=5 if self.processes.len() < CROWD => self.fork(place),
            6..=8 => self.exec(place),
            9 => {
                let name = self.name("renamed");
                self.emit(who, What::Comm(Comm::new(name.as_bytes())));
                self.processes[place].name = name;
            }
            10..=12 => self.copy(place),
            13 => {
                let cgroup = 1 + self.below(CGROUPS);
                self.processes[place].cgroup = cgroup;
                self.emit(who, What::Moved(Moved { cgroup }));
            }
            14 => self.thread(place),
            15 => self.kill(place),
            _ if who.process.tgid != 1 => {
                let code = 256 * self.below(3) as i32;
                self.exit(place, code);
            }
            _ => {}
        }
    }

    fn fork(&mut self, place: usize) {
        let caller = self.processes[place].clone();
        let is_sibling = caller.who.process.tgid != 1 && self.below(8) == 0;
        let parent = if is_sibling {
            caller.parent
        } else {
            caller.who.process
        };
        let pid = self.next_pid();
        let start = self.now + 500;
        let who = ProcessId { tgid: pid, start }.leader();
        let fork = Fork {
            by: caller.who,
            parent,
            clone_flags: Some(if is_sibling { CLONE_PARENT } else { 0 }),
            kthread: false,
            exit_signal: SIGCHLD,
            ns_pid: pid,
            ns_level: 0,
            comm: Comm::new(caller.name.as_bytes()),
            requested_at: Some(self.now),
            copied: Some(AddressSpace {
                pages: Some(40),
                page_tables: 8192,
            }),
            by_copies: Some(caller.copies),
            relations: None,
            cgroup: Some(caller.cgroup),
        };
        self.emit(who, What::Fork(Box::new(fork)));
        let subreaper = self.below(6) == 0;
        self.processes.push(Process {
            who,
            parent,
            copies: 0,
            subreaper,
            threads: Vec::new(),
            ..caller
        });
    }

    fn exec(&mut self, place: usize) {
        let name = self.name("program");
        let argv = format!("{name}\0--secret-{name}\0");
        let who = self.processes[place].who;
        let exec = Exec {
            old_pid: who.task.pid,
            comm: Comm::new(name.as_bytes()),
            filename: Text::new(format!("/opt/{name}/bin").as_bytes()),
            filename_cut: false,
            argv: Some(Text::new(argv.as_bytes())),
            argv_total: argv.len() as u32 + self.below(3) as u32,
            copies: Some(self.processes[place].copies),
            relations: None,
        };
        self.emit(who, What::Exec(Box::new(exec)));
        self.processes[place].name = name;
        self.processes[place].threads.clear();
    }

    fn copy(&mut self, place: usize) {
        let pages = 1 + self.below(9);
        self.processes[place].copies += pages;
        let Process { who, copies, .. } = self.processes[place];
        self.emit(who, What::Faults(Box::new(tally(copies))));
    }

    fn thread(&mut self, place: usize) {
        let caller = self.processes[place].clone();
        let process = caller.who.process;
        let task = TaskId {
            pid: 1_000 + self.names,
            start: self.now + 500,
        };
        self.names += 1;
        let thread = Who { task, process };
        let fork = Fork {
            by: caller.who,
            parent: caller.parent,
            clone_flags: Some(CLONE_THREAD),
            kthread: false,
            exit_signal: -1,
            ns_pid: task.pid,
            ns_level: 0,
            comm: Comm::new(caller.name.as_bytes()),
            requested_at: None,
            copied: None,
            by_copies: None,
            relations: None,
            cgroup: None,
        };
        self.emit(thread, What::Fork(Box::new(fork)));
        self.processes[place].threads.push(thread);
    }

    fn kill(&mut self, place: usize) {
        let by = self.processes[place].clone();
        let victim = self.below(self.processes.len() as u64) as usize;
        let target = self.processes[victim].clone();
        if target.who.process.tgid == 1 || target.zombie.is_some() {
            return;
        }
        let signal = Signal {
            sig: 9,
            code: 0,
            by: by.who,
            by_comm: Comm::new(by.name.as_bytes()),
            group: true,
        };
        self.emit(target.who, What::Signal(Box::new(signal)));
        self.exit(victim, 9);
    }

    /// Returns the process that inherits the children of another.
    fn heir(&self, of: &Process) -> ProcessId {
        let mut above = of.parent;
        while let Some(process) = self.processes.iter().find(|it| it.who.process == above) {
            if process.zombie.is_none() && (process.subreaper || above.tgid == 1) {
                break;
            }
            above = process.parent;
        }
        above
    }

    fn exit(&mut self, place: usize, code: i32) {
        let process = self.processes[place].clone();
        let heir = self.heir(&process);
        let own = |it: &Process| it.parent == process.who.process;
        let has_children = self.processes.iter().any(own);
        self.emit(process.who, What::ExitStart);
        let threads = process.threads.iter().chain([&process.who]);
        for (number, &task) in threads.enumerate() {
            let is_last = number == process.threads.len();
            let exit = Exit {
                code,
                group_code: None,
                group_dead: Some(is_last),
                exit_signal: SIGCHLD,
                parent: process.parent,
                sigchld: Sigchld::Zombie,
                reaper: Some(heir).filter(|_| is_last && has_children),
                usage: Usage::default(),
                faults: is_last.then(|| tally(process.copies)),
                comm: Comm::new(process.name.as_bytes()),
                relations: None,
                sigchld_policy: None,
                children: None,
            };
            self.emit(task, What::Exit(Box::new(exit)));
        }
        for child in 0..self.processes.len() {
            if self.processes[child].parent != process.who.process {
                continue;
            }
            self.processes[child].parent = heir;
            if self.processes[child].zombie.is_some() {
                let pid = self.processes[child].who.process.tgid;
                let exited = match self.below(2) {
                    0 => ExitedProcess::ChildPid(pid),
                    _ => ExitedProcess::Child,
                };
                self.notify(process.who, heir, pid, exited);
            }
        }
        let pid = process.who.process.tgid;
        self.notify(process.who, process.parent, pid, ExitedProcess::Subject);
        let next = self.below(self.processes.len() as u64) as usize;
        let next = &self.processes[next];
        let switch = LastSwitch {
            next_pid: next.who.task.pid,
            next_tgid: next.who.process.tgid,
            next_comm: Comm::new(next.name.as_bytes()),
        };
        self.emit(process.who, What::LastSwitch(switch));
        self.processes[place].zombie = Some(code);
        self.processes[place].threads.clear();
    }

    fn notify(&mut self, by: Who, owner: ProcessId, seen_pid: u32, exited: ExitedProcess) {
        let notify = Notify {
            owner,
            seen_pid,
            exited,
            autoreap: false,
            sigchld_policy: None,
            heir: None,
        };
        self.emit(by, What::Notify(notify));
    }

    fn reap(&mut self, place: usize) {
        let process = self.processes[place].clone();
        let owner = |it: &&Process| it.who.process == process.parent && it.zombie.is_none();
        let Some(owner) = self.processes.iter().find(owner).map(|it| it.who) else {
            return;
        };
        if self.reports_reaps {
            self.emit(process.who, What::Reap(Reap { by: owner }));
        }
        let child = process.who.process.tgid;
        self.emit(owner, What::Wait(Wait { child }));
        self.emit(process.who, What::Free(Some(Box::default())));
        self.processes.swap_remove(place);
    }
}

fn tally(cow_copy: u64) -> FaultTally {
    let faults = Faults {
        cow_copy,
        ..Faults::default()
    };
    faults.into()
}
