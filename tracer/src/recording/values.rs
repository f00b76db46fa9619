//! Values that are one of a few, as numbers. The numbers are never used again
//! for anything else; one without a name here is a later version's.

use super::codec::{Decoder, Encoder, Field};
use crate::event::{
    Constraint, Dead, FaultClass, GapCause, Handler, Kind, OomCause, OomVictim, Purpose, Region,
    Sigchld, TaskState,
};

/// Values that know their number; in place of one without a name stands another.
macro_rules! numbered {
    ($($name:ident or $any:ident;)*) => {$(
        impl Field for $name {
            fn put(&self, to: &mut Encoder) {
                to.number(*self as u64);
            }

            fn get(from: &mut Decoder) -> Self {
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
    fn put(&self, to: &mut Encoder) {
        to.number(match self {
            Sigchld::Zombie => 0,
            Sigchld::Ignored => 1,
            Sigchld::NoCldWait => 2,
        });
    }

    fn get(from: &mut Decoder) -> Self {
        match from.number() {
            0 => Sigchld::Zombie,
            1 => Sigchld::Ignored,
            2 => Sigchld::NoCldWait,
            _ => from.unknown(Sigchld::Zombie),
        }
    }
}

impl Field for Handler {
    fn put(&self, to: &mut Encoder) {
        to.number(match self {
            Handler::Default => 0,
            Handler::Ignored => 1,
            Handler::Caught => 2,
        });
    }

    fn get(from: &mut Decoder) -> Self {
        match from.number() {
            0 => Handler::Default,
            1 => Handler::Ignored,
            2 => Handler::Caught,
            _ => from.unknown(Handler::Default),
        }
    }
}

// What a variant holds is in a part of its own, so that a reader that does not
// know the variant does not trip over it.
impl Field for Dead {
    fn put(&self, to: &mut Encoder) {
        match self {
            Dead::Subject => to.number(0),
            Dead::ChildPid(pid) => {
                to.number(1);
                to.column = to.column.part(1);
                pid.put(to);
            }
            Dead::Child => to.number(2),
        }
    }

    fn get(from: &mut Decoder) -> Self {
        match from.number() {
            0 => Dead::Subject,
            1 => {
                from.column = from.column.part(1);
                Dead::ChildPid(u32::get(from))
            }
            2 => Dead::Child,
            _ => from.unknown(Dead::Child),
        }
    }
}

impl Field for OomVictim {
    fn put(&self, to: &mut Encoder) {
        match self {
            OomVictim::Untold => to.number(0),
            OomVictim::NoLog => to.number(1),
            OomVictim::NotLogged => to.number(2),
            OomVictim::Logged(cause) => {
                to.number(3);
                cause.put(to);
            }
        }
    }

    fn get(from: &mut Decoder) -> Self {
        match from.number() {
            0 => OomVictim::Untold,
            1 => OomVictim::NoLog,
            2 => OomVictim::NotLogged,
            3 => OomVictim::Logged(OomCause::get(from)),
            _ => from.unknown(OomVictim::Untold),
        }
    }
}

impl Field for GapCause {
    fn put(&self, to: &mut Encoder) {
        match self {
            GapCause::NoRoom => to.number(0),
            GapCause::Unreadable { events } => {
                to.number(1);
                to.column = to.column.part(1);
                events.put(to);
            }
            GapCause::Untraced => to.number(2),
            GapCause::Skipped => to.number(3),
        }
    }

    fn get(from: &mut Decoder) -> Self {
        match from.number() {
            0 => GapCause::NoRoom,
            1 => {
                from.column = from.column.part(1);
                let events = Field::get(from);
                GapCause::Unreadable { events }
            }
            2 => GapCause::Untraced,
            3 => GapCause::Skipped,
            _ => from.unknown(GapCause::NoRoom),
        }
    }
}
