//! The user that the command of a trace runs as. Only the child process changes its user;
//! tracer itself stays root.

use std::{ffi::CString, fmt, io, path::PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use nix::unistd::{Gid, Uid, User, geteuid, getgrouplist, setgid, setgroups, setuid};
use tokio::process::Command;

use crate::session::files::invoker::invoker;

/// Variables by which sudo, pkexec and doas describe their user, and root's mailbox.
const REMOVED: [&str; 9] = [
    "SUDO_COMMAND",
    "SUDO_GID",
    "SUDO_HOME",
    "SUDO_TTY",
    "SUDO_UID",
    "SUDO_USER",
    "PKEXEC_UID",
    "DOAS_USER",
    "MAIL",
];

/// Choice of the user that a command runs as.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RunAs {
    /// The user that started tracer, also if sudo, pkexec or doas made it root.
    #[default]
    Invoker,
    /// The user with this name or number.
    User(String),
    /// The user of tracer itself, with its environment.
    Own,
}

/// Entry of the user database, with the groups of the user.
#[derive(Clone, Debug)]
pub struct Account {
    name: String,
    uid: Uid,
    gid: Gid,
    groups: Vec<Gid>,
    home: PathBuf,
    shell: PathBuf,
    /// Program through which this user started tracer; none if it was asked for by name.
    by: Option<&'static str>,
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (uid {})", self.name, self.uid)?;
        match self.by {
            Some(by) => write!(f, ", the user of {by}; --as-root runs it as root"),
            None => Ok(()),
        }
    }
}

impl Account {
    /// Returns the user that a command runs as. Returns `None` if that is tracer's own, whose
    /// environment it keeps.
    ///
    /// # Errors
    ///
    /// Fails if there is no such user, or if tracer is not root and another user is asked for.
    pub fn find(run_as: &RunAs) -> Result<Option<Account>> {
        match run_as {
            RunAs::Own => Ok(None),
            RunAs::User(name) => {
                let user = by_name(name)?;
                let user = user.with_context(|| format!("there is no user {name:?}"))?;
                match geteuid() {
                    own if own.is_root() => Account::of(user, None).map(Some),
                    own if own == user.uid => Ok(None),
                    _ => bail!(
                        "only root can run a command as another user: start tracer as root, \
                         for example with sudo"
                    ),
                }
            }
            RunAs::Invoker => {
                let Some(invoker) = invoker() else {
                    return Ok(None);
                };
                let user = User::from_uid(invoker.uid.into())?.ok_or_else(|| {
                    anyhow!(
                        "the user of {} (uid {}) is not in the user database, so its groups and \
                         home are unknown: choose a user for the command with --user, or run \
                         it as root with --as-root",
                        invoker.by,
                        invoker.uid
                    )
                })?;
                Account::of(user, Some(invoker.by)).map(Some)
            }
        }
    }

    fn of(user: User, by: Option<&'static str>) -> Result<Account> {
        let name = CString::new(user.name.as_bytes())?;
        let groups = getgrouplist(&name, user.gid);
        Ok(Account {
            groups: groups.with_context(|| format!("the groups of {} are unknown", user.name))?,
            name: user.name,
            uid: user.uid,
            gid: user.gid,
            home: user.dir,
            shell: user.shell,
            by,
        })
    }

    /// Lets a command run as this user, with its groups, HOME, USER, LOGNAME and SHELL. PATH,
    /// the umask and all other variables stay.
    pub fn apply(&self, command: &mut Command) {
        for name in REMOVED {
            command.env_remove(name);
        }
        command.env("HOME", &self.home).env("SHELL", &self.shell);
        command.env("USER", &self.name).env("LOGNAME", &self.name);
        let (groups, gid, uid) = (self.groups.clone(), self.gid, self.uid);
        let become_user = move || -> io::Result<()> {
            // The last call takes the right to make the others.
            setgroups(&groups)?;
            setgid(gid)?;
            Ok(setuid(uid)?)
        };
        // SAFETY: between fork and exec it only makes system calls, and allocates nothing.
        unsafe { command.pre_exec(become_user) };
    }
}

/// Returns the user with a name, or else with a number, as chown(1) does.
fn by_name(name: &str) -> Result<Option<User>> {
    let cannot = "the user database cannot be read";
    if let Some(user) = User::from_name(name).context(cannot)? {
        return Ok(Some(user));
    }
    match name.parse::<u32>() {
        Ok(uid) => User::from_uid(uid.into()).context(cannot),
        Err(_) => Ok(None),
    }
}
