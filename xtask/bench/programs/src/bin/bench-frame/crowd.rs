//! Made-up processes by the hundred thousand: builds that start compilers, some of which
//! fail.

use std::sync::Arc;

use tracer::event::{
    Comm, Event, Exec, Exit, Faults, FirstRun, Fork, ProcessId, Reap, Session, Sigchld, Snapshot,
    Text, Usage, What, Who,
};

const INIT: ProcessId = ProcessId { tgid: 1, start: 1 };
const BEGIN: u64 = 1_000_000_000_000;

#[derive(Default)]
pub struct Crowd {
    at: u64,
    pid: u32,
    makes: Vec<ProcessId>,
    alive: std::collections::VecDeque<(ProcessId, ProcessId)>,
    step: u64,
}

impl Crowd {
    pub fn now(&self) -> u64 {
        self.at
    }

    pub fn pass(&mut self, ns: u64) {
        self.at += ns;
    }

    fn event(&mut self, of: ProcessId, what: What) -> Event {
        self.at += 500;
        let (who, at) = (of.leader(), self.at);
        Event {
            at,
            cpu: 0,
            who,
            what,
        }
    }

    /// Makes `processes` processes; the last `alive` of them have not exited.
    pub fn fill(&mut self, processes: u32, alive: u32, take: &mut dyn FnMut(Event)) {
        self.at = BEGIN;
        let session = What::Session(Box::new(Session {
            page_size: 4096,
            ..Session::default()
        }));
        take(Event {
            at: self.at,
            cpu: 0,
            who: Who::HOST,
            what: session,
        });
        let init = Snapshot {
            parent: ProcessId::default(),
            kthread: false,
            zombie: None,
            exiting: false,
            exit_signal: 17,
            ns_pid: 1,
            ns_level: 0,
            comm: Comm::new(b"init"),
            argv: None,
            sigchld_policy: None,
            cgroup: None,
            relations: None,
        };
        take(self.event(INIT, What::Snapshot(Box::new(init))));
        self.pid = 100;
        for number in 0..processes - 1 {
            self.start(take);
            if number > alive {
                self.exit(take);
            }
        }
    }

    /// Makes `events` more events.
    pub fn live(&mut self, events: usize, take: &mut dyn FnMut(Event)) {
        let mut left = events;
        while left > 0 {
            let mut count = |event| {
                left = left.saturating_sub(1);
                take(event);
            };
            self.start(&mut count);
            self.exit(&mut count);
        }
    }

    pub fn batch(&mut self, events: usize) -> Vec<Event> {
        let mut batch = Vec::with_capacity(events + 8);
        while batch.len() < events {
            self.start(&mut |event| batch.push(event));
            self.exit(&mut |event| batch.push(event));
        }
        batch
    }

    /// Starts a process. Every fiftieth is a make, the parent of the next ones.
    fn start(&mut self, take: &mut dyn FnMut(Event)) {
        self.step += 1;
        let is_make = self.step % 50 == 1;
        let parent = match (is_make, self.makes.last()) {
            (false, Some(&make)) => make,
            (true, _) | (_, None) => INIT,
        };
        self.pid = 100 + (self.pid - 99) % 4_000_000;
        let id = ProcessId {
            tgid: self.pid,
            start: self.at,
        };
        let fork = Fork {
            by: parent.leader(),
            parent,
            clone_flags: Some(0),
            kthread: false,
            exit_signal: 17,
            ns_pid: self.pid,
            ns_level: 0,
            comm: Comm::new(b"make"),
            requested_at: None,
            copied: None,
            by_copies: None,
            cgroup: None,
            relations: None,
        };
        take(self.event(id, What::Fork(Box::new(fork))));
        take(self.event(id, What::WakeupNew));
        take(self.event(id, What::FirstRun(FirstRun::default())));
        let name = if is_make { "make" } else { "cc1" };
        let argv = format!("/usr/bin/{name}\0-O2\0-o\0file{}.o\0", self.pid);
        let exec = Exec {
            old_pid: self.pid,
            copies: None,
            relations: None,
            comm: Comm::new(name.as_bytes()),
            filename: Text(Arc::from(format!("/usr/bin/{name}").into_bytes())),
            filename_cut: false,
            argv_total: argv.len() as u32,
            argv: Some(Text(Arc::from(argv.into_bytes()))),
        };
        take(self.event(id, What::Exec(Box::new(exec))));
        match is_make {
            true => self.makes.push(id),
            false => self.alive.push_back((id, parent)),
        }
    }

    /// Ends the oldest compiler. One in ten fails, one in a hundred stays a zombie.
    fn exit(&mut self, take: &mut dyn FnMut(Event)) {
        let Some((id, parent)) = self.alive.pop_front() else {
            return;
        };
        let exit = Exit {
            code: if id.tgid.is_multiple_of(10) {
                1 << 8
            } else {
                0
            },
            group_code: None,
            group_dead: Some(true),
            exit_signal: 17,
            parent,
            sigchld: Sigchld::Zombie,
            reaper: None,
            usage: Usage::default(),
            faults: Some(
                Faults {
                    zero_fill: u64::from(id.tgid % 1_000),
                    ..Faults::default()
                }
                .into(),
            ),
            comm: Comm::new(b"cc1"),
            sigchld_policy: None,
            children: None,
            relations: None,
        };
        take(self.event(id, What::Exit(Box::new(exit))));
        if !id.tgid.is_multiple_of(100) {
            let by = parent.leader();
            take(self.event(id, What::Reap(Reap { by })));
            take(self.event(id, What::Free(None)));
        }
    }
}
