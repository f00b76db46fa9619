//! Enumerations as numbers. Numbers are never reused; a number without a name here was written by a
//! later version.

use super::codec::{Field, FieldDecoder, FieldEncoder};
use crate::event::{
    Constraint, Disposition, ExitedProcess, FaultClass, GapCause, Kind, OomCause, OomVictim,
    Purpose, Region, Sigchld, TaskState,
};

/// Implements [`Field`] for enumerations that define their own numbers, with a placeholder for
/// unknown numbers.
macro_rules! numbered {
    ($($name:ident or $any:ident;)*) => {$(
        impl Field for $name {
            fn put(&self, to: &mut FieldEncoder) {
                to.number(*self as u64);
            }

            fn get(from: &mut FieldDecoder) -> Self {
                let number = u8::try_from(from.number()).ok();
                let value = number.and_then($name::from_number);
                value.unwrap_or_else(|| from.unknown($name::$any))
            }
        }
    )*};
}

numbered! {
    Kind or End;
    Purpose or Snapshot;
    FaultClass or Read;
    Region or Heap;
    TaskState or Dead;
    Constraint or None;
}

impl Field for Sigchld {
    fn put(&self, to: &mut FieldEncoder) {
        to.number(match self {
            Sigchld::Zombie => 0,
            Sigchld::Ignored => 1,
            Sigchld::NoCldWait => 2,
        });
    }

    fn get(from: &mut FieldDecoder) -> Self {
        match from.number() {
            0 => Sigchld::Zombie,
            1 => Sigchld::Ignored,
            2 => Sigchld::NoCldWait,
            _ => from.unknown(Sigchld::Zombie),
        }
    }
}

impl Field for Disposition {
    fn put(&self, to: &mut FieldEncoder) {
        to.number(match self {
            Disposition::Default => 0,
            Disposition::Ignored => 1,
            Disposition::Caught => 2,
        });
    }

    fn get(from: &mut FieldDecoder) -> Self {
        match from.number() {
            0 => Disposition::Default,
            1 => Disposition::Ignored,
            2 => Disposition::Caught,
            _ => from.unknown(Disposition::Default),
        }
    }
}

// The value of a variant is in its own part, so that a reader that does not know the variant stays in
// step.
impl Field for ExitedProcess {
    fn put(&self, to: &mut FieldEncoder) {
        match self {
            ExitedProcess::Subject => to.number(0),
            ExitedProcess::ChildPid(pid) => {
                to.number(1);
                to.column = to.column.part(1);
                pid.put(to);
            }
            ExitedProcess::Child => to.number(2),
        }
    }

    fn get(from: &mut FieldDecoder) -> Self {
        match from.number() {
            0 => ExitedProcess::Subject,
            1 => {
                from.column = from.column.part(1);
                ExitedProcess::ChildPid(u32::get(from))
            }
            2 => ExitedProcess::Child,
            _ => from.unknown(ExitedProcess::Child),
        }
    }
}

impl Field for OomVictim {
    fn put(&self, to: &mut FieldEncoder) {
        match self {
            OomVictim::NotChecked => to.number(0),
            OomVictim::NoLog => to.number(1),
            OomVictim::NotLogged => to.number(2),
            OomVictim::Logged(cause) => {
                to.number(3);
                cause.put(to);
            }
        }
    }

    fn get(from: &mut FieldDecoder) -> Self {
        match from.number() {
            0 => OomVictim::NotChecked,
            1 => OomVictim::NoLog,
            2 => OomVictim::NotLogged,
            3 => OomVictim::Logged(OomCause::get(from)),
            _ => from.unknown(OomVictim::NotChecked),
        }
    }
}

impl Field for GapCause {
    fn put(&self, to: &mut FieldEncoder) {
        match self {
            GapCause::NoRoom => to.number(0),
            GapCause::Unreadable { events } => {
                to.number(1);
                to.column = to.column.part(1);
                events.put(to);
            }
            GapCause::Untraced => to.number(2),
            GapCause::Skipped => to.number(3),
            GapCause::OverBudget => to.number(4),
        }
    }

    fn get(from: &mut FieldDecoder) -> Self {
        match from.number() {
            0 => GapCause::NoRoom,
            1 => {
                from.column = from.column.part(1);
                let events = Field::get(from);
                GapCause::Unreadable { events }
            }
            2 => GapCause::Untraced,
            3 => GapCause::Skipped,
            4 => GapCause::OverBudget,
            _ => from.unknown(GapCause::NoRoom),
        }
    }
}
