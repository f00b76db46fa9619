//! Names of the host's users.

use std::{collections::HashSet, fs, path::Path};

use super::procfs::ProcView;
use crate::event::User;

/// Name of the initial user namespace, whose inode number is fixed
/// (PROC_USER_INIT_INO, include/linux/proc_ns.h).
const INITIAL: &str = "user:[4026531837]";

/// Maximum number of names that are kept: every segment and checkpoint repeats them.
const MAX_USERS: usize = 1000;

/// Returns true if tracer runs in the initial user namespace, so that `/proc` shows
/// user IDs as the kernel stores them.
pub fn are_initial() -> bool {
    fs::read_link("/proc/self/ns/user").is_ok_and(|namespace| namespace == Path::new(INITIAL))
}

/// Returns the users in the host's passwd file. Empty if tracer runs in a container,
/// where the file names other users.
pub fn names(view: ProcView) -> Vec<User> {
    if view.nested || !are_initial() {
        return Vec::new();
    }
    // In a container that shares the host's pid namespace, only init has its files.
    let of_init = view
        .initial
        .then(|| fs::read("/proc/1/root/etc/passwd").ok());
    let file = of_init.flatten().or_else(|| fs::read("/etc/passwd").ok());
    parse(&file.unwrap_or_default())
}

/// Parses passwd(5). Of several names of one user, the first counts.
fn parse(file: &[u8]) -> Vec<User> {
    let mut seen = HashSet::new();
    let users = file.split(|&byte| byte == b'\n').filter_map(|line| {
        let mut fields = std::str::from_utf8(line).ok()?.split(':');
        let (name, _, uid) = (fields.next()?, fields.next()?, fields.next()?);
        let uid = uid.parse().ok()?;
        let is_new = !name.is_empty() && !name.starts_with(['+', '-', '#']) && seen.insert(uid);
        is_new.then(|| User {
            uid,
            name: name.into(),
        })
    });
    users.take(MAX_USERS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_name_of_a_user_counts() {
        let file = b"root:x:0:0:root:/root:/bin/sh\ntoor:x:0:0::/root:/bin/sh\n# x:y:5\n\
                     +nis:x:7::::\nbroken\nbad:x:y:1\n\xff:x:8:8::/:/\na\xc3\xa9:x:1000:1000::/:/\n";
        let users: Vec<_> = parse(file)
            .into_iter()
            .map(|user| (user.uid, user.name))
            .collect();
        assert_eq!(users, [(0, "root".into()), (1000, "aé".into())]);
        let many: String = (0..2000)
            .map(|uid| format!("u{uid}:x:{uid}:0::/:/\n"))
            .collect();
        assert_eq!(parse(many.as_bytes()).len(), MAX_USERS);
    }
}
