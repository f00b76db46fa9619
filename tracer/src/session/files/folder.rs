//! Folders, opened one component of the path at a time, and which users can change what is in
//! them.
//!
//! A path is as safe as its weakest part: a user that can rename a folder or a link on the way can
//! put another one in its place. What is done with the open folder afterwards does not look at
//! the path again.

use std::{
    env,
    ffi::{OsStr, OsString},
    fmt,
    fs::File,
    hash::{BuildHasher as _, RandomState},
    io,
    os::{
        fd::{AsFd as _, OwnedFd},
        unix::ffi::OsStringExt as _,
    },
    path::{Component, Path, PathBuf},
    process,
};

use rustix::{
    fs::{
        AtFlags, CWD, FileType, Mode, OFlags, Stat, fstat, mkdirat, openat, readlinkat, renameat,
        statat, unlinkat,
    },
    io::Errno,
    process::{getegid, geteuid},
};

use super::invoker::{give, invoker};
use crate::event::file_name;

/// Maximum number of links on a path, as in the kernel (MAXSYMLINKS, include/linux/namei.h).
const MAX_LINKS: u32 = 40;

/// Permissions of files. Command lines are private, so only the owner has access.
const FILE: u32 = 0o600;
/// Permissions of folders.
const FOLDER: u32 = 0o700;

/// Users that may own the folders and links of a path, besides root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// The user of this process.
    Own,
    /// That one, and the user that made it root. It also owns what is created.
    Invoker,
}

impl Trust {
    /// Returns true if the user is root or one of these.
    pub fn includes(self, uid: u32) -> bool {
        let invoker = invoker().filter(|_| self == Trust::Invoker);
        let is_invoker = invoker.is_some_and(|invoker| invoker.uid == uid);
        uid == 0 || uid == geteuid().as_raw() || is_invoker
    }

    fn includes_group(self, gid: u32) -> bool {
        let invoker = invoker().filter(|_| self == Trust::Invoker);
        let is_invoker = invoker.is_some_and(|invoker| invoker.gid == gid);
        gid == 0 || gid == getegid().as_raw() || is_invoker
    }

    /// Returns what lets other users replace an entry of a folder that belongs to `entry`, or
    /// any entry without one.
    fn weakness(self, folder: &Stat, path: &Path, entry: Option<u32>) -> Option<Weakness> {
        let why = if !self.includes(folder.st_uid) {
            Why::Owner(folder.st_uid)
        } else {
            let mode = Mode::from_raw_mode(folder.st_mode);
            let group = mode.contains(Mode::WGRP) && !self.includes_group(folder.st_gid);
            // Only its owner can rename or remove an entry of a sticky folder.
            let kept = mode.contains(Mode::SVTX) && entry.is_some_and(|owner| self.includes(owner));
            if !(mode.contains(Mode::WOTH) || group) || kept {
                return None;
            }
            Why::Writable
        };
        let path = path.to_owned();
        Some(Weakness { path, why })
    }
}

/// Reason why other users can change a folder, or lead its path elsewhere.
#[derive(Clone, Debug)]
pub struct Weakness {
    path: PathBuf,
    why: Why,
}

#[derive(Clone, Copy, Debug)]
enum Why {
    Owner(u32),
    Writable,
}

impl fmt::Display for Weakness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = file_name(&self.path);
        match self.why {
            Why::Owner(uid) => write!(f, "{path} belongs to another user (uid {uid})"),
            Why::Writable => write!(f, "other users can write to {path}"),
        }
    }
}

impl std::error::Error for Weakness {}

impl Weakness {
    /// Returns the weakness for which a folder was refused.
    pub fn of(error: &io::Error) -> Option<&Weakness> {
        error.get_ref()?.downcast_ref()
    }
}

/// Open folder.
pub struct Folder {
    /// Refers to the folder, whatever becomes of its path.
    fd: OwnedFd,
    trust: Trust,
    weakness: Option<Weakness>,
}

impl Folder {
    /// Opens a folder.
    pub fn open(path: &Path, trust: Trust) -> io::Result<Folder> {
        Walk::begin(trust)?.to(path, |_| Ok(false))
    }

    /// Opens a folder. Creates it and its parents if they do not exist, accessible to the
    /// owner only.
    ///
    /// # Errors
    ///
    /// Fails if another user can change it or its path, unless `insecure`. Nothing is
    /// created then.
    pub fn create(path: &Path, trust: Trust, insecure: bool) -> io::Result<Folder> {
        let refuse = |weakness: Option<&Weakness>| match weakness {
            Some(why) if !insecure => {
                Err(io::Error::new(io::ErrorKind::PermissionDenied, why.clone()))
            }
            _ => Ok(true),
        };
        let folder = Walk::begin(trust)?.to(path, refuse)?;
        refuse(folder.weakness())?;
        Ok(folder)
    }

    /// Returns what lets other users change the folder or its path, if anything does.
    pub fn weakness(&self) -> Option<&Weakness> {
        self.weakness.as_ref()
    }

    /// Returns the metadata of an entry. Does not follow a link.
    pub fn entry(&self, name: &OsStr) -> io::Result<Stat> {
        Ok(statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW)?)
    }

    /// Returns the metadata of an entry, or of the file that a link leads to.
    pub fn target(&self, name: &OsStr) -> io::Result<Stat> {
        Ok(statat(&self.fd, name, AtFlags::empty())?)
    }

    /// Fails if another user may have put an entry into the folder: it belongs to another
    /// user, who can change the folder.
    pub fn check_owner(&self, entry: &Stat) -> io::Result<()> {
        let uid = entry.st_uid;
        match &self.weakness {
            Some(weakness) if !self.trust.includes(uid) => Err(io::Error::other(format!(
                "it belongs to another user (uid {uid}), and {weakness}: choose another name, \
                 or remove it first"
            ))),
            _ => Ok(()),
        }
    }

    /// Opens an entry, without waiting for the other end of a pipe unless the flags are those
    /// of a writer.
    pub fn open_entry(&self, name: &OsStr, flags: OFlags) -> io::Result<File> {
        let flags = flags | OFlags::CLOEXEC | OFlags::NOCTTY;
        Ok(openat(&self.fd, name, flags, Mode::empty())?.into())
    }

    /// Creates a file for writing, accessible to the owner only.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::AlreadyExists`] if there is an entry of that name, even a dangling
    /// link.
    pub fn create_new(&self, name: &OsStr) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW;
        let mode = Mode::from_raw_mode(FILE);
        let file = File::from(openat(&self.fd, name, flags | OFlags::CLOEXEC, mode)?);
        if self.trust == Trust::Invoker {
            give(&file).or_else(|error| self.remove(name).and(Err(error)))?;
        }
        Ok(file)
    }

    /// Creates a file beside `name`, calls `fill` and renames the file to `name`, which it
    /// replaces whatever it is. Open files of the replaced one are not affected.
    pub fn replace(
        &self,
        name: &OsStr,
        fill: impl FnOnce(&mut File) -> io::Result<()>,
    ) -> io::Result<File> {
        let (new, mut file) = self.create_beside(name)?;
        let renamed = fill(&mut file).and_then(|()| Ok(renameat(&self.fd, &new, &self.fd, name)?));
        if let Err(error) = renamed {
            // The first error counts.
            let _ = self.remove(&new);
            return Err(error);
        }
        Ok(file)
    }

    fn create_beside(&self, name: &OsStr) -> io::Result<(OsString, File)> {
        loop {
            let random = RandomState::new().hash_one(process::id());
            let mut new = name.to_owned();
            new.push(format!(".{random:016x}"));
            match self.create_new(&new) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                file => return Ok((new, file?)),
            }
        }
    }

    /// Removes a file, or a link and not its target.
    pub fn remove(&self, name: &OsStr) -> io::Result<()> {
        Ok(unlinkat(&self.fd, name, AtFlags::empty())?)
    }
}

/// Position on the way to a folder.
struct Walk {
    at: OwnedFd,
    stat: Stat,
    path: PathBuf,
    trust: Trust,
    weakness: Option<Weakness>,
    links: u32,
}

impl Walk {
    fn begin(trust: Trust) -> io::Result<Walk> {
        let at = open_folder(CWD, "/".as_ref())?;
        Ok(Walk {
            stat: fstat(&at)?,
            at,
            path: "/".into(),
            trust,
            weakness: None,
            links: 0,
        })
    }

    /// Walks to a path. A missing folder is created if `may_create` returns true for what
    /// weakens the path so far.
    fn to(
        mut self,
        path: &Path,
        may_create: impl Fn(Option<&Weakness>) -> io::Result<bool>,
    ) -> io::Result<Folder> {
        let path = match path.is_absolute() {
            true => path.to_owned(),
            false => env::current_dir()?.join(path),
        };
        let own = geteuid().as_raw();
        let mut rest = Vec::new();
        push(&mut rest, &path);
        while let Some(name) = rest.pop() {
            if name == "/" {
                self.enter(open_folder(CWD, &name)?, &name)?;
                continue;
            }
            let mut entry = statat(&self.at, &name, AtFlags::SYMLINK_NOFOLLOW);
            if matches!(entry, Err(Errno::NOENT)) && may_create(self.weakness(Some(own)).as_ref())?
            {
                self.make(&name)?;
                entry = statat(&self.at, &name, AtFlags::SYMLINK_NOFOLLOW);
            }
            let entry = entry?;
            self.weakness = self.weakness(Some(entry.st_uid));
            if FileType::from_raw_mode(entry.st_mode) == FileType::Symlink {
                self.links += 1;
                if self.links > MAX_LINKS {
                    return Err(Errno::LOOP.into());
                }
                let target = readlinkat(&self.at, &name, Vec::new())?.into_bytes();
                push(&mut rest, &PathBuf::from(OsString::from_vec(target)));
            } else {
                self.enter(open_folder(&self.at, &name)?, &name)?;
            }
        }
        let weakness = self.weakness(None);
        Ok(Folder {
            fd: self.at,
            trust: self.trust,
            weakness,
        })
    }

    /// Returns the first weakness up to an entry of this folder that belongs to `entry`, or to
    /// any entry.
    fn weakness(&self, entry: Option<u32>) -> Option<Weakness> {
        let before = self.weakness.clone();
        before.or_else(|| self.trust.weakness(&self.stat, &self.path, entry))
    }

    fn enter(&mut self, folder: OwnedFd, name: &OsStr) -> io::Result<()> {
        self.stat = fstat(&folder)?;
        self.at = folder;
        match name == ".." {
            true => _ = self.path.pop(),
            false => self.path.push(name),
        }
        Ok(())
    }

    fn make(&self, name: &OsStr) -> io::Result<()> {
        match mkdirat(&self.at, name, Mode::from_raw_mode(FOLDER)) {
            Err(Errno::EXIST) => return Ok(()),
            made => made?,
        }
        if self.trust == Trust::Invoker {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let folder = openat(&self.at, name, flags, Mode::empty())?;
            give(folder.as_fd())?;
        }
        Ok(())
    }
}

/// Puts the components of a path in reverse order on a stack.
fn push(stack: &mut Vec<OsString>, path: &Path) {
    let components = path.components().rev();
    let steps = components.filter(|it| *it != Component::CurDir);
    stack.extend(steps.map(|it| it.as_os_str().to_owned()));
}

fn open_folder(at: impl std::os::fd::AsFd, name: &OsStr) -> io::Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(openat(at, name, flags, Mode::empty())?)
}

#[cfg(test)]
mod tests {
    use std::{
        fs::{self, Permissions},
        os::unix::fs::{PermissionsExt as _, chown, symlink},
    };

    use super::*;

    fn weakness(path: &Path) -> Option<String> {
        let folder = Folder::open(path, Trust::Own).unwrap();
        folder.weakness().map(ToString::to_string)
    }

    #[test]
    fn path_is_as_safe_as_each_of_its_parts() {
        let own = tempfile::tempdir().unwrap();
        let at = |name: &str| own.path().join(name);
        let set = |name: &str, mode| {
            fs::set_permissions(at(name), Permissions::from_mode(mode)).unwrap();
        };
        fs::create_dir_all(at("open/below/deep")).unwrap();
        fs::create_dir(at("safe")).unwrap();
        symlink(at("safe"), at("open/link")).unwrap();
        symlink("open/link/../safe", at("chain")).unwrap();
        for path in [
            "open/below/deep",
            "open/link",
            "chain",
            "safe/../open/below",
        ] {
            assert_eq!(weakness(&at(path)), None, "{path}");
        }
        let writable = format!("other users can write to {}", file_name(at("open")));
        for mode in [0o777, 0o1777] {
            set("open", mode);
            // In a sticky folder, others can add entries, but not replace those of this user.
            let below = (mode == 0o777).then(|| writable.clone());
            for path in [
                "open/below/deep",
                "open/link",
                "chain",
                "safe/../open/below",
            ] {
                assert_eq!(weakness(&at(path)), below, "{path}");
            }
            assert_eq!(weakness(&at("open")), Some(writable.clone()));
        }
        set("open", 0o775);
        assert_eq!(
            weakness(&at("open")),
            None,
            "the group is that of this user"
        );
        // Only root can change the owner and have another group.
        if chown(at("open"), None, Some(65_534)).is_ok() {
            assert_eq!(weakness(&at("open")), Some(writable));
            set("open", 0o755);
            chown(at("open"), Some(65_534), None).unwrap();
            let reason = format!(
                "{} belongs to another user (uid 65534)",
                file_name(at("open"))
            );
            assert_eq!(weakness(&at("chain")), Some(reason));
        }
    }

    #[test]
    fn circle_of_links_is_an_error() {
        let own = tempfile::tempdir().unwrap();
        symlink("circle", own.path().join("circle")).unwrap();
        let error = Folder::open(&own.path().join("circle"), Trust::Own)
            .err()
            .unwrap();
        assert_eq!(error.raw_os_error(), Some(Errno::LOOP.raw_os_error()));
    }
}
