//! The kinds of records, by number and name.

/// Declares the kinds: the enum, and each kind's number and name.
macro_rules! kinds {
    ($($kind:ident = $number:literal, $name:literal;)*) => {
        /// The kind of a record. Numbers are assigned by hand and never reused:
        /// recordings store them, and they index the loss counters
        /// ([`crate::maps::LostCounts`]). 17 to 19 are not in use.
        #[repr(u32)]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Kind { $($kind = $number,)* }

        impl Kind {
            /// All kinds, in the order of their numbers.
            pub const ALL: &[Kind] = &[$(Kind::$kind,)*];

            /// Returns the kind with that number, if there is one.
            pub fn from_number(number: u32) -> Option<Kind> {
                match number { $($number => Some(Kind::$kind),)* _ => None }
            }

            /// Returns the name that recordings use.
            pub fn name(self) -> &'static str {
                match self { $(Kind::$kind => $name,)* }
            }
        }
    };
}

kinds! {
    Fork = 1, "fork";
    WakeupNew = 2, "wakeup_new";
    FirstRun = 3, "first_run";
    Exec = 4, "exec";
    Comm = 5, "comm";
    Signal = 6, "signal";
    OomVictim = 7, "oom_victim";
    Exit = 8, "exit";
    Notify = 9, "notify";
    LastSwitch = 10, "last_switch";
    Wait = 11, "wait";
    Free = 12, "free";
    Task = 13, "task";
    ExitStart = 14, "exit_start";
    Reap = 15, "reap";
    Fault = 16, "fault";
    ForkFailed = 20, "fork_failed";
    Cgroup = 21, "cgroup";
    Moved = 22, "moved";
    States = 23, "states";
    StateChange = 24, "state_change";
    ExitCounted = 25, "exit_counted";
}

/// A record that the kernel side sends.
pub trait Record: Copy {
    /// Kind of the record.
    const KIND: Kind;
}
