//! The fields of each kind of event and their numbers in the file, one row per struct. Numbers are
//! assigned by hand and never reused; a new field takes the next one. docs/recording-format.md
//! lists the same fields, and a test compares the two.

use super::{
    codec::{Field, FieldDecoder, FieldEncoder},
    varint,
};
use crate::event::{
    AddressSpace, Cgroup, ChildUsage, CopyCount, DatedPolicy, Exec, Exit, Fault, FaultPlaces,
    FaultTally, Faults, FirstRun, Fork, ForkCopies, ForkFailed, Gap, Hook, Implied, Kind,
    LastSwitch, Lost, Moved, Notify, OomCause, OpenForks, Reap, Reaper, Relations, SecondCounts,
    Segment, Session, SigchldPolicy, Signal, Snapshot, StateTimes, States, Summary, Usage, User,
    Wait, Waits, Wakeups, What,
};

/// Lists the kinds of events, with `(body)` for those that have a body.
macro_rules! event_bodies {
    ($($kind:ident $(($body:ident))?;)*) => {
        pub(super) fn put(what: &What, to: &mut FieldEncoder) {
            match what {
                $(What::$kind $(($body))? => { $($body.put(to);)? })*
            }
        }

        pub(super) fn get(kind: Kind, from: &mut FieldDecoder) -> What {
            match kind {
                $(Kind::$kind => {
                    $(let $body = Field::get(from);)?
                    What::$kind $(($body))?
                })*
            }
        }
    };
}

event_bodies! {
    Session(body);
    Snapshot(body);
    SnapshotEnd(body);
    Fork(body);
    WakeupNew;
    FirstRun(body);
    Exec(body);
    Comm(body);
    Signal(body);
    OomVictim(body);
    Exit(body);
    Notify(body);
    LastSwitch(body);
    Wait(body);
    Free(body);
    Faults(body);
    Gap(body);
    End;
    ExitStart;
    Reap(body);
    Summary(body);
    Fault(body);
    Waits(body);
    ForkFailed(body);
    Cgroup(body);
    Moved(body);
    Implied(body);
    States(body);
    State(body);
    PartEnd;
}

/// Implements [`Field`] for the bodies of events, with each field in its own column. `field: how`
/// selects a [`FieldCoding`].
macro_rules! event_fields {
    ($($name:ident { $($number:literal $field:ident $(: $how:ident)?),* $(,)? })*) => {$(
        impl Field for $name {
            fn put(&self, to: &mut FieldEncoder) {
                let $name { $($field),* } = self;
                $(
                    to.column = to.column.field($number);
                    <coding!($($how)?)>::put($field, to);
                )*
            }

            fn get(from: &mut FieldDecoder) -> Self {
                $(
                    from.column = from.column.field($number);
                    let $field = <coding!($($how)?)>::get(from);
                )*
                $name { $($field),* }
            }
        }
    )*

        #[cfg(test)]
        pub(super) const EVENT_FIELDS: &[Row] =
            &[$((stringify!($name), &[$(($number, stringify!($field))),*])),*];
    };
}

/// Implements [`Field`] for entries of lists, with the fields one after the other. Append new
/// fields at the end.
macro_rules! list_entries {
    ($($name:ident { $($field:ident),* $(,)? })*) => {$(
        impl Field for $name {
            fn put(&self, to: &mut FieldEncoder) {
                let $name { $($field),* } = self;
                $($field.put(to);)*
            }

            fn get(from: &mut FieldDecoder) -> Self {
                $(let $field = Field::get(from);)*
                $name { $($field),* }
            }
        }
    )*

        #[cfg(test)]
        pub(super) const LIST_ENTRIES: &[(&str, &[&str])] =
            &[$((stringify!($name), &[$(stringify!($field)),*])),*];
    };
}

/// The policy's fields one after the other, as in an entry of a list.
impl Field for DatedPolicy {
    fn put(&self, to: &mut FieldEncoder) {
        let SigchldPolicy {
            sigchld,
            nocldwait,
            blocked,
            stopped,
            from_proc,
        } = self.policy;
        self.at.put(to);
        sigchld.put(to);
        for flag in [nocldwait, blocked, stopped, from_proc] {
            flag.put(to);
        }
    }

    fn get(from: &mut FieldDecoder) -> Self {
        DatedPolicy {
            at: Field::get(from),
            policy: SigchldPolicy {
                sigchld: Field::get(from),
                nocldwait: Field::get(from),
                blocked: Field::get(from),
                stopped: Field::get(from),
                from_proc: Field::get(from),
            },
        }
    }
}

/// The name of a struct, and the numbers and names of its fields.
#[cfg(test)]
pub(super) type Row = (&'static str, &'static [(u8, &'static str)]);

macro_rules! coding {
    () => {
        Plain
    };
    ($how:ident) => {
        $how
    };
}

event_fields! {
    Session {
        3 tracer_version, 4 kernel_release, 5 hostname, 6 boot_id, 7 realtime_offset,
        8 page_size, 9 ticks, 10 cpus, 11 task_struct_size, 12 kernel_stack_size, 13 command,
        14 tracer_pid, 15 hooks, 16 segment, 17 users,
    }
    Snapshot {
        3 parent, 4 kthread, 5 zombie, 6 exit_signal, 7 ns_pid: PidNearSubject, 8 ns_level, 9 comm,
        10 argv, 11 relations, 12 sigchld_policy, 13 cgroup, 14 exiting,
    }
    Fork {
        3 by, 4 parent, 5 clone_flags, 6 kthread, 7 exit_signal, 8 ns_pid: PidNearSubject,
        9 ns_level, 10 comm, 11 requested_at: TimeBefore, 12 copied, 13 by_copies, 14 relations, 15 cgroup,
    }
    FirstRun { 3 runnable: TimeBefore }
    Exec {
        3 old_pid: PidNearSubject, 4 comm, 5 filename, 6 filename_cut, 7 argv, 8 argv_total,
        9 copies, 10 relations,
    }
    Signal { 3 sig, 4 code, 5 by, 6 by_comm, 7 group }
    Exit {
        3 code, 4 group_code, 5 group_dead, 6 exit_signal, 7 parent, 8 sigchld, 9 reaper,
        10 usage, 11 faults, 12 comm, 13 relations, 14 sigchld_policy, 15 children,
    }
    Notify { 3 owner, 4 seen_pid: PidNearSubject, 5 exited, 6 autoreap, 7 sigchld_policy, 8 heir }
    LastSwitch { 3 next_pid, 4 next_tgid, 5 next_comm }
    Wait { 3 child: PidNearPrevious }
    Gap { 3 since, 4 lost, 5 cause }
    Reap { 3 by }
    Summary {
        3 began, 4 events, 5 forks, 6 threads, 7 execs, 8 exits, 9 lost, 10 faults, 11 second,
        12 seconds, 13 failed_forks, 14 reapers,
        15 copies, 16 open_forks,
    }
    Fault { 3 address, 4 class, 5 region, 6 in_kernel, 7 file }
    Waits { 3 count, 4 last }
    ForkFailed { 3 errno, 4 comm, 5 processes, 6 max_processes, 7 pids, 8 max_pids }
    Cgroup { 3 id, 4 path }
    Moved { 3 cgroup }
    Implied { 3 by, 4 parent, 5 copies, 6 ambiguous, 7 argv, 8 argv_cut, 9 released,
        10 caller_ended }
    States { 3 state, 4 since, 5 began, 6 times, 7 wakeups, 8 missed }
}

list_entries! {
    Hook { purpose, hook, loses }
    Lost { kind, count }
    Reaper { process, reaped, last, policy, heir }
    ForkCopies { child, by_parent, by_child, by_both, ambiguous }
    CopyCount { count, peak, first, last, latest }
    OpenForks { parent, newest, open, ambiguous }
    SecondCounts { forks, execs, exits, faults, copies, lost }
    AddressSpace { pages, page_tables }
    User { uid, name }
}

/// Implements [`Field`] for structs inside events, with each of their fields in its own part. If
/// the struct is optional, part 0 is its presence flag.
macro_rules! struct_parts {
    ($($name:ident { $($part:literal $field:ident),* $(,)? })*) => {$(
        impl Field for $name {
            fn put(&self, to: &mut FieldEncoder) {
                let $name { $($field),* } = self;
                $(
                    to.column = to.column.part($part);
                    $field.put(to);
                )*
            }

            fn get(from: &mut FieldDecoder) -> Self {
                $(
                    from.column = from.column.part($part);
                    let $field = Field::get(from);
                )*
                $name { $($field),* }
            }
        }
    )*

        #[cfg(test)]
        pub(super) const STRUCT_PARTS: &[Row] =
            &[$((stringify!($name), &[$(($part, stringify!($field))),*])),*];
    };
}

struct_parts! {
    Relations { 1 pgid, 2 sid, 3 tracer, 4 uid, 5 euid }
    StateTimes {
        1 running, 2 runnable, 3 interruptible, 4 uninterruptible, 5 stopped, 6 traced, 7 idle,
    }
    Wakeups { 1 count, 2 latency, 3 latency_max }
    OomCause { 1 constraint, 2 oom_memcg, 3 task_memcg }
    SigchldPolicy { 1 sigchld, 2 nocldwait, 3 blocked, 4 stopped, 5 from_proc }
    Segment { 1 number, 2 began, 3 events_before, 4 keep }
    ChildUsage { 1 utime, 2 stime, 3 nvcsw, 4 nivcsw, 5 min_flt, 6 maj_flt, 7 maxrss }
}

/// A way to encode a field.
trait FieldCoding<T> {
    fn put(value: &T, to: &mut FieldEncoder);
    fn get(from: &mut FieldDecoder) -> T;
}

/// The encoding of the type.
struct Plain;

impl<T: Field> FieldCoding<T> for Plain {
    fn put(value: &T, to: &mut FieldEncoder) {
        value.put(to);
    }

    fn get(from: &mut FieldDecoder) -> T {
        T::get(from)
    }
}

/// An optional time at or before the time of the event, as the difference to it.
struct TimeBefore;

impl FieldCoding<Option<u64>> for TimeBefore {
    fn put(value: &Option<u64>, to: &mut FieldEncoder) {
        let before = value.map(|value| to.head.at.saturating_sub(value));
        to.number(before.map_or(0, |before| before.saturating_add(1)));
    }

    fn get(from: &mut FieldDecoder) -> Option<u64> {
        let before = from.number().checked_sub(1);
        before.map(|before| from.head.at.saturating_sub(before))
    }
}

/// A PID that mostly equals that of the subject, as the difference to it.
struct PidNearSubject;

impl FieldCoding<u32> for PidNearSubject {
    fn put(value: &u32, to: &mut FieldEncoder) {
        put_pid(*value, to.head.who.task.pid, to);
    }

    fn get(from: &mut FieldDecoder) -> u32 {
        get_pid(from.head.who.task.pid, from)
    }
}

/// A PID that mostly equals that of the previous event's subject, as the difference to it.
struct PidNearPrevious;

impl FieldCoding<u32> for PidNearPrevious {
    fn put(value: &u32, to: &mut FieldEncoder) {
        put_pid(*value, to.head.previous_pid, to);
    }

    fn get(from: &mut FieldDecoder) -> u32 {
        get_pid(from.head.previous_pid, from)
    }
}

fn put_pid(pid: u32, near: u32, to: &mut FieldEncoder) {
    to.number(varint::difference(u64::from(pid), u64::from(near)));
}

fn get_pid(near: u32, from: &mut FieldDecoder) -> u32 {
    let pid = varint::from_difference(from.number(), u64::from(near));
    u32::try_from(pid).unwrap_or_else(|_| from.malformed(0))
}

/// Implements [`Field`] for counters of the subject, each in its own part, as the difference to
/// the value that this block last stored for the subject.
///
/// Only kinds of version 1 (exit, free and faults) may use it: a reader that skips an unknown kind
/// would continue from the wrong base.
macro_rules! counter_parts {
    ($($name:ident in $base:tt { $($part:literal $field:ident),* $(,)? })*) => {$(
        impl Field for $name {
            fn put(&self, to: &mut FieldEncoder) {
                let base = std::mem::replace(&mut to.bases.of(to.head.subject).$base, *self);
                let $name { $($field),* } = self;
                $(
                    to.column = to.column.part($part);
                    $field.put_since(&base.$field, to);
                )*
            }

            fn get(from: &mut FieldDecoder) -> Self {
                let base = from.bases.of(from.head.subject).$base;
                $(
                    from.column = from.column.part($part);
                    let $field = Counter::get_since(&base.$field, from);
                )*
                let value = $name { $($field),* };
                from.bases.of(from.head.subject).$base = value;
                value
            }
        }
    )*

        #[cfg(test)]
        pub(super) const COUNTER_PARTS: &[Row] =
            &[$((stringify!($name), &[$(($part, stringify!($field))),*])),*];
    };
}

// If the counters are optional, part 0 is their presence flag.
counter_parts! {
    Usage in 0 {
        1 utime, 2 stime, 3 runtime, 4 nvcsw, 5 nivcsw, 6 min_flt, 7 maj_flt, 8 maxrss,
    }
    Faults in 1 {
        1 read, 2 write, 3 write_protect, 4 instruction, 5 protection, 6 zero_page, 7 zero_fill,
        8 zero_write, 9 cow_copy, 10 cow_reuse, 11 file, 12 file_copy, 13 shared_write, 14 huge,
        15 major,
    }
    FaultPlaces in 2 {
        1 kernel, 2 heap, 3 stack, 4 file, 5 anonymous, 6 shared, 7 heap_copies, 8 stack_copies,
        9 file_copies, 10 anonymous_copies,
    }
}

/// Field number of the fault places in every kind of event that counts faults.
const PLACES: u8 = 30;

impl Field for FaultTally {
    fn put(&self, to: &mut FieldEncoder) {
        self.classes.put(to);
        to.column = to.column.field(PLACES);
        self.places.put(to);
    }

    fn get(from: &mut FieldDecoder) -> Self {
        let classes = Field::get(from);
        from.column = from.column.field(PLACES);
        let places = Field::get(from);
        FaultTally { classes, places }
    }
}

/// A counter stored as the difference to a base.
trait Counter: Sized {
    fn put_since(&self, base: &Self, to: &mut FieldEncoder);
    fn get_since(base: &Self, from: &mut FieldDecoder) -> Self;
}

impl Counter for u64 {
    fn put_since(&self, base: &Self, to: &mut FieldEncoder) {
        to.number(varint::difference(*self, *base));
    }

    fn get_since(base: &Self, from: &mut FieldDecoder) -> Self {
        varint::from_difference(from.number(), *base)
    }
}

impl Counter for Option<u64> {
    fn put_since(&self, base: &Self, to: &mut FieldEncoder) {
        self.is_some().put(to);
        if let Some(value) = self {
            value.put_since(&base.unwrap_or(0), to);
        }
    }

    fn get_since(base: &Self, from: &mut FieldDecoder) -> Self {
        let base = base.unwrap_or(0);
        bool::get(from).then(|| u64::get_since(&base, from))
    }
}
