//! The user that started tracer through sudo, pkexec or doas.
//!
//! Its variables are believed only if the real user is root: they are then set by one of these
//! programs, or by root.

use std::{
    env,
    ffi::OsString,
    fmt,
    fs::{File, Permissions},
    io,
    os::{fd::AsFd, unix::fs::PermissionsExt as _},
    sync::OnceLock,
};

use nix::unistd::{User, setfsgid, setfsuid};
use rustix::{
    fs::fchown,
    process::{Gid, Uid, geteuid, getuid},
};

/// User that started tracer through another program, which made it root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invoker {
    /// User ID, never 0.
    pub uid: u32,
    /// ID of its primary group.
    pub gid: u32,
    /// Name of the program: `sudo`, `pkexec` or `doas`.
    pub by: &'static str,
}

impl fmt::Display for Invoker {
    /// Writes the name, or the number without an entry in the user database.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match User::from_uid(self.uid.into()) {
            Ok(Some(user)) => write!(f, "{} (uid {})", user.name, self.uid),
            _ => write!(f, "uid {}", self.uid),
        }
    }
}

/// Returns the user that started tracer through sudo, pkexec or doas, if this process is root.
pub fn invoker() -> Option<&'static Invoker> {
    static INVOKER: OnceLock<Option<Invoker>> = OnceLock::new();
    let find = || {
        // A set-user-ID root program has another real user, which chose the environment.
        let is_root = getuid().is_root() && geteuid().is_root();
        is_root.then(|| of(|name| env::var_os(name))).flatten()
    };
    INVOKER.get_or_init(find).as_ref()
}

/// Returns the user that the variables of sudo, pkexec or doas name.
fn of(variable: impl Fn(&str) -> Option<OsString>) -> Option<Invoker> {
    let text = |name| variable(name)?.into_string().ok();
    // -1 means "no user" to the kernel.
    let id = |name| text(name)?.parse().ok().filter(|&id: &u32| id != u32::MAX);
    let group = |uid: u32| Some(User::from_uid(uid.into()).ok()??.gid.as_raw());
    let sudo = || {
        let uid = id("SUDO_UID")?;
        let gid = id("SUDO_GID").or_else(|| group(uid))?;
        Some((uid, gid, "sudo"))
    };
    let pkexec = || {
        let uid = id("PKEXEC_UID")?;
        Some((uid, group(uid)?, "pkexec"))
    };
    let doas = || {
        let user = User::from_name(&text("DOAS_USER")?).ok()??;
        Some((user.uid.as_raw(), user.gid.as_raw(), "doas"))
    };
    let (uid, gid, by) = sudo().or_else(pkexec).or_else(doas)?;
    (uid != 0).then_some(Invoker { uid, gid, by })
}

/// Gives an open file to the user that started tracer, if that is not root.
pub fn give(file: impl AsFd) -> io::Result<()> {
    if let Some(to) = invoker() {
        fchown(
            file,
            Some(Uid::from_raw(to.uid)),
            Some(Gid::from_raw(to.gid)),
        )?;
    }
    Ok(())
}

/// Lets root read a file that was given to another user, without the capability to read any
/// file: by its group.
pub fn share_with_root(file: &File) -> io::Result<()> {
    if invoker().is_some() {
        fchown(file, None, Some(Gid::ROOT))?;
        file.set_permissions(Permissions::from_mode(0o640))?;
    }
    Ok(())
}

/// Lets files that the calling thread creates from now on belong to the user that started
/// tracer, for which [`give`] needs no capability. The thread must be root.
pub fn create_files_as_invoker() {
    if let Some(to) = invoker() {
        setfsgid(to.gid.into());
        setfsuid(to.uid.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_name_the_user_that_is_not_root() {
        let of = |set: &[(&str, &str)]| {
            let found = |name: &str| set.iter().find(|(it, _)| *it == name);
            super::of(|name| found(name).map(|(_, value)| value.into()))
        };
        let invoker = |uid, gid, by| Some(Invoker { uid, gid, by });
        let sudo = [("SUDO_UID", "1234567"), ("SUDO_GID", "7654321")];
        assert_eq!(of(&sudo), invoker(1_234_567, 7_654_321, "sudo"));
        assert_eq!(of(&[("SUDO_UID", "0"), ("SUDO_GID", "0")]), None);
        assert_eq!(of(&[("SUDO_UID", "4294967295"), ("SUDO_GID", "1")]), None);
        assert_eq!(of(&[("SUDO_UID", "root"), ("SUDO_GID", "1")]), None);
        // Without an entry in the user database the group is unknown.
        assert_eq!(of(&[("PKEXEC_UID", "1234567")]), None);
        assert_eq!(of(&[("DOAS_USER", "root")]), None);
        assert_eq!(of(&[("DOAS_USER", "no such user")]), None);
        assert_eq!(of(&[]), None);
    }
}
