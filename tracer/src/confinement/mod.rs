//! Takes rights away from threads of tracer itself: capabilities (`capabilities.rs`), system
//! calls (`system_calls.rs`, seccomp) and places in the file system (`places.rs`, Landlock).
//!
//! Each measure concerns the calling thread and the threads that it creates later. None can
//! be undone, and a program that such a thread executed would inherit them: a command is
//! started before. A measure that the kernel does not offer is left out and reported.
//!
//! Must not know what the threads do: their creator lists the rights that they need.

mod capabilities;
mod places;
mod rights;
mod system_calls;

use std::sync::OnceLock;

pub use caps::Capability;
pub use rights::{Rights, Writes};

use crate::event::DoctorCheck;

/// Measures that [`keep`] takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measures {
    /// Capabilities and no_new_privs only.
    Capabilities,
    /// All that the kernel offers.
    All,
}

/// Measures of this process. None unless it is a program that has asked for them: a user of
/// the library would not expect to lose rights.
static MEASURES: OnceLock<Measures> = OnceLock::new();

/// Lets [`keep`] take these measures from now on. Only the first call has an effect.
pub fn enable(measures: Measures) {
    // Fails only on a second call, which is documented to do nothing.
    let _ = MEASURES.set(measures);
}

/// Takes all other rights from the calling thread. Returns what is in force, and what is not
/// and why. Does nothing before [`enable`].
pub fn keep(rights: &Rights) -> Vec<DoctorCheck> {
    let measures = MEASURES.get();
    measures.map_or_else(Vec::new, |&measures| take(rights, measures))
}

fn take(rights: &Rights, measures: Measures) -> Vec<DoctorCheck> {
    let off = measures == Measures::Capabilities;
    let off = || off.then(|| "not limited, because of --unconfined".to_owned());
    // The filter of system calls would forbid the others, so it comes last.
    let capabilities = capabilities::keep(&rights.capabilities);
    let places = off().map_or_else(|| places::keep(rights), Err);
    let calls = off().map_or_else(|| system_calls::keep(rights), Err);
    let places = match (&rights.writes, &calls) {
        // Without a call that opens files for writing, Landlock only repeats that.
        (Writes::None, Ok(_)) => Ok("opens no file for writing (seccomp)".to_owned()),
        _ => places,
    };
    let checks = vec![
        check("rights", capabilities),
        check("syscalls", calls),
        check("writes", places),
    ];
    log::debug!("confined to {rights:?}: {checks:?}");
    checks
}

fn check(what: &'static str, done: Result<String, String>) -> DoctorCheck {
    DoctorCheck {
        what,
        good: Some(done.is_ok()),
        says: done.unwrap_or_else(|why| why),
        advice: None,
    }
}

#[cfg(test)]
mod tests;
