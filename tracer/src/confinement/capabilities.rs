//! Capabilities of a thread (capabilities(7)), and the right to gain some by executing a
//! program.

use std::io;

use caps::{CapSet, Capability, CapsHashSet};

/// Keeps only these capabilities, as far as the thread has them, and empties its bounding,
/// ambient and inheritable sets. Returns what the thread has left, or what could not be done.
pub fn keep(wanted: &[Capability]) -> Result<String, String> {
    let failed =
        |what: &'static str| move |error: &dyn std::fmt::Display| format!("{what}: {error}");
    let bounding = empty_bounding_set();
    let kept = set(wanted).map_err(|error| failed("capabilities cannot be dropped")(&error))?;
    forbid_new_privileges().map_err(|error| failed("no_new_privs cannot be set")(&error))?;
    let kept = match kept.is_empty() {
        true => "no capability".to_owned(),
        false => kept.join(", "),
    };
    let bounding = match bounding {
        Ok(()) => "an empty bounding set",
        // Only root has CAP_SETPCAP. With no_new_privs, the set has no effect.
        Err(_) => "the bounding set of the caller",
    };
    Ok(format!("{kept}; {bounding}; no_new_privs"))
}

/// Returns the names of those that the thread has left.
fn set(wanted: &[Capability]) -> Result<Vec<String>, caps::errors::CapsError> {
    let wanted: CapsHashSet = wanted.iter().copied().collect();
    let held = caps::read(None, CapSet::Permitted)?;
    let keep: CapsHashSet = held.intersection(&wanted).copied().collect();
    caps::clear(None, CapSet::Ambient)?;
    caps::set(None, CapSet::Effective, &keep)?;
    caps::set(None, CapSet::Permitted, &keep)?;
    caps::clear(None, CapSet::Inheritable)?;
    let mut names: Vec<_> = keep.iter().map(ToString::to_string).collect();
    names.sort();
    Ok(names)
}

/// Empties the set that limits what executing a program can add, with the capabilities that
/// only later kernels have.
fn empty_bounding_set() -> io::Result<()> {
    for number in 0.. {
        // SAFETY: both calls take numbers.
        unsafe {
            match libc::prctl(libc::PR_CAPBSET_READ, number, 0, 0, 0) {
                0 => {}
                1 if libc::prctl(libc::PR_CAPBSET_DROP, number, 0, 0, 0) != 0 => {
                    return Err(io::Error::last_os_error());
                }
                1 => {}
                // There are no more.
                _ => break,
            }
        }
    }
    Ok(())
}

/// Sets no_new_privs: a program that the thread executed would gain no privilege by a
/// set-user-ID bit or file capabilities.
fn forbid_new_privileges() -> io::Result<()> {
    // SAFETY: the call takes numbers.
    match unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
