//! The struct of each kind of record, and through it the layout.

use super::{
    Cgroup, CommChange, Described as _, Exec, Exit, ExitCounted, ExitStart, Fault, FirstRun, Fork,
    ForkFailed, Free, Kind, LastSwitch, Moved, Notify, OomVictim, Reap, Record, Shape, Signal,
    StateChange, States, Struct, Task, Wait, WakeupNew,
};

macro_rules! records {
    ($($kind:ident: $record:ident;)*) => {
        impl Kind {
            /// Returns the layout of the record's fixed part.
            pub fn layout(self) -> &'static Struct {
                match self {
                    $(Kind::$kind => match const { &$record::SHAPE } {
                        Shape::Struct(layout) => layout,
                        _ => unreachable!(),
                    },)*
                }
            }
        }

        // The struct names the same kind.
        $(const _: () = assert!(<$record as Record>::KIND as u32 == Kind::$kind as u32);)*
    };
}

records! {
    Fork: Fork;
    WakeupNew: WakeupNew;
    FirstRun: FirstRun;
    Exec: Exec;
    Comm: CommChange;
    Signal: Signal;
    OomVictim: OomVictim;
    Exit: Exit;
    Notify: Notify;
    LastSwitch: LastSwitch;
    Wait: Wait;
    Free: Free;
    Task: Task;
    ExitStart: ExitStart;
    Reap: Reap;
    Fault: Fault;
    ForkFailed: ForkFailed;
    Cgroup: Cgroup;
    Moved: Moved;
    States: States;
    StateChange: StateChange;
    ExitCounted: ExitCounted;
}
