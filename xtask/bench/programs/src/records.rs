//! Converts made-up events to records as the kernel side writes them: in the layout of
//! this build, value by value by the layout's names.

use tracer::{
    event::{Event, Exec, Exit, Fork, LastSwitch, Notify, ProcessId, Usage, What, Who},
    records::{Layout, RecordLayout, Sink},
};

/// Numbers of the kinds of records (`tracer-common/src/wire`).
const FORK: u8 = 1;
const WAKEUP_NEW: u8 = 2;
const FIRST_RUN: u8 = 3;
const EXEC: u8 = 4;
const NOTIFY: u8 = 9;
const LAST_SWITCH: u8 = 10;
const WAIT: u8 = 11;
const FREE: u8 = 12;
const EXIT_COUNTED: u8 = 25;

/// Flags of an exit (`EXIT_GROUP_DEAD`) and of a notification (`NOTIFY_SELF`).
const GROUP_DEAD: u64 = 1;
const NOTIFY_SELF: u64 = 1;

/// Input of a recorder: a record, or an event of user space.
pub enum Item {
    Record(Vec<u8>),
    Event(Event),
}

impl Item {
    pub fn put(self, sink: &mut impl Sink) {
        match self {
            Item::Record(record) => sink.record(&record),
            Item::Event(event) => sink.event(event),
        }
    }
}

pub fn item(event: Event) -> Item {
    match record(&event) {
        Some(record) => Item::Record(record),
        None => Item::Event(event),
    }
}

fn record(event: &Event) -> Option<Vec<u8>> {
    let mut record = Record::new(kind(&event.what)?, event)?;
    match &event.what {
        What::Fork(fork) => record.fork(fork),
        What::Exec(exec) => record.exec(exec),
        What::Exit(exit) => record.exit(exit),
        What::Notify(notify) => record.notify(notify),
        What::LastSwitch(switch) => record.last_switch(switch),
        What::Wait(wait) => record.set("child", u64::from(wait.child)),
        What::Free(Some(usage)) => record.usage("group", usage),
        _ => {}
    }
    Some(record.bytes)
}

fn kind(what: &What) -> Option<u8> {
    Some(match what {
        What::Fork(_) => FORK,
        What::WakeupNew => WAKEUP_NEW,
        What::FirstRun(_) => FIRST_RUN,
        What::Exec(_) => EXEC,
        What::Exit(_) => EXIT_COUNTED,
        What::Notify(_) => NOTIFY,
        What::LastSwitch(_) => LAST_SWITCH,
        What::Wait(_) => WAIT,
        What::Free(_) => FREE,
        _ => return None,
    })
}

struct Record {
    layout: &'static RecordLayout,
    bytes: Vec<u8>,
}

impl Record {
    fn new(kind: u8, event: &Event) -> Option<Record> {
        let layout = Layout::own().of(kind)?;
        let bytes = vec![0; layout.size];
        let mut record = Record { layout, bytes };
        let head = match kind {
            EXIT_COUNTED => "exit.head",
            _ => "head",
        };
        record.set(&format!("{head}.kind"), u64::from(kind));
        record.set(&format!("{head}.cpu"), u64::from(event.cpu));
        record.set(&format!("{head}.at"), event.at);
        record.who(&format!("{head}.who"), event.who);
        Some(record)
    }

    /// Returns the bytes of a value. Panics if the layout has no such name.
    fn place(&mut self, path: &str) -> &mut [u8] {
        let field = self.layout.fields.iter().find(|field| field.path == path);
        let field = field.unwrap_or_else(|| panic!("no {path} in the layout"));
        &mut self.bytes[field.offset..field.offset + field.width * field.count]
    }

    fn set(&mut self, path: &str, value: u64) {
        let place = self.place(path);
        let width = place.len();
        place.copy_from_slice(&value.to_le_bytes()[..width]);
    }

    fn text(&mut self, path: &str, text: &[u8]) {
        self.place(path)[..text.len()].copy_from_slice(text);
    }

    fn who(&mut self, path: &str, who: Who) {
        self.set(&format!("{path}.pid"), u64::from(who.task.pid));
        self.set(&format!("{path}.start"), who.task.start);
        self.set(&format!("{path}.tgid"), u64::from(who.process.tgid));
        self.set(&format!("{path}.leader_start"), who.process.start);
    }

    fn group(&mut self, path: &str, of: ProcessId) {
        self.set(&format!("{path}.tgid"), u64::from(of.tgid));
        self.set(&format!("{path}.start"), of.start);
    }

    fn usage(&mut self, path: &str, usage: &Usage) {
        for (name, value) in [
            ("utime", usage.utime),
            ("stime", usage.stime),
            ("runtime", usage.runtime),
            ("nvcsw", usage.nvcsw),
            ("nivcsw", usage.nivcsw),
            ("min_flt", usage.min_flt),
            ("maj_flt", usage.maj_flt),
            ("maxrss", usage.maxrss.unwrap_or(0)),
        ] {
            self.set(&format!("{path}.{name}"), value);
        }
    }

    fn fork(&mut self, fork: &Fork) {
        self.who("by", fork.by);
        self.group("parent", fork.parent);
        self.set("clone_flags", fork.clone_flags.unwrap_or(0));
        self.set("exit_signal", fork.exit_signal as u32 as u64);
        self.set("ns_pid", u64::from(fork.ns_pid));
        self.text("comm", fork.comm.as_bytes());
    }

    fn exec(&mut self, exec: &Exec) {
        let argv = exec.argv.as_ref().map_or(&[][..], |argv| argv.as_bytes());
        let filename = exec.filename.as_bytes();
        self.set("old_pid", u64::from(exec.old_pid));
        self.set("filename_len", filename.len() as u64);
        self.set("argv_len", argv.len() as u64);
        self.set("argv_total", u64::from(exec.argv_total));
        self.text("comm", exec.comm.as_bytes());
        self.bytes.extend_from_slice(filename);
        self.bytes.extend_from_slice(argv);
    }

    fn exit(&mut self, exit: &Exit) {
        self.set("exit.code", exit.code as u32 as u64);
        self.set("exit.exit_signal", exit.exit_signal as u32 as u64);
        if exit.group_dead == Some(true) {
            self.set("exit.flags", GROUP_DEAD);
        }
        self.group("exit.parent", exit.parent);
        self.usage("exit.usage", &exit.usage);
        self.text("exit.comm", exit.comm.as_bytes());
        let classes = exit.faults.unwrap_or_default().classes;
        // Counters by error code (`tracer-common/src/maps.rs`): reads, writes.
        let counters = self.place("faults");
        counters[..8].copy_from_slice(&classes.read.to_le_bytes());
        counters[16..24].copy_from_slice(&classes.write.to_le_bytes());
    }

    fn notify(&mut self, notify: &Notify) {
        self.group("owner", notify.owner);
        self.set("seen_pid", u64::from(notify.seen_pid));
        self.set("flags", NOTIFY_SELF);
    }

    fn last_switch(&mut self, switch: &LastSwitch) {
        self.set("next_pid", u64::from(switch.next_pid));
        self.text("next_comm", switch.next_comm.as_bytes());
    }
}
