//! Folders and names of the files that tracer keeps between runs (XDG Base
//! Directory).
//!
//! In a home that belongs to another user, as under `sudo -E`, nothing is
//! created, because its owner could not change it afterwards.

use std::{
    env,
    ffi::OsStr,
    io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use super::folder::{Folder, Trust};
use crate::event::Utc;

/// Returns the path of a configuration file, such as `filters`.
///
/// Returns `None` if there is no home directory.
pub fn config(name: &str) -> Option<PathBuf> {
    file("XDG_CONFIG_HOME", ".config", name)
}

/// Returns the path of a state file, such as the dashboard's last state.
///
/// Returns `None` if there is no home directory.
pub fn state(name: &str) -> Option<PathBuf> {
    file("XDG_STATE_HOME", ".local/state", name)
}

fn file(variable: &str, usual: &str, name: &str) -> Option<PathBuf> {
    let path = |name: &str| env::var_os(name).map(PathBuf::from);
    // The specification says to ignore relative paths.
    let given = path(variable).filter(|path| path.is_absolute());
    let base = given.or_else(|| Some(path("HOME")?.join(usual)))?;
    Some(base.join("tracer").join(name))
}

/// Opens the folder of a file, and creates it if it does not exist, accessible to its owner
/// only. Returns also the name of the file in it.
///
/// # Errors
///
/// Fails if the folder cannot be created, or if another user can change it or its path.
pub fn folder_of(file: &Path) -> io::Result<(Folder, &OsStr)> {
    let parent = file.parent().unwrap_or(Path::new(""));
    let name = file.file_name().ok_or(io::ErrorKind::IsADirectory)?;
    Ok((Folder::create(parent, Trust::Own, false)?, name))
}

/// Returns the current time in UTC for file names, as in `20261121T031500Z`.
pub fn timestamp() -> String {
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    let now = Utc(since.as_nanos().try_into().unwrap_or(i64::MAX)).to_string();
    now.replace(['-', ':'], "")
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        os::unix::fs::{PermissionsExt as _, chown, symlink},
    };

    use super::*;

    #[test]
    fn creates_private_folders_and_refuses_another_users_home() {
        let home = tempfile::tempdir().unwrap();
        let home = home.path();
        let file = home.join("state/tracer/dashboard");
        folder_of(&file).unwrap();
        let mode = file
            .parent()
            .unwrap()
            .metadata()
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o700);
        // A link of its own is followed, as one to a folder of dotfiles.
        symlink(home.join("state"), home.join("link")).unwrap();
        folder_of(&home.join("link/tracer/dashboard")).unwrap();
        let refused = |folder: &str, reason: &str| {
            let error = folder_of(&home.join(folder).join("tracer/filters"))
                .err()
                .unwrap();
            assert!(error.to_string().contains(reason), "{error}");
            assert!(!home.join(folder).join("tracer").exists());
        };
        let open = home.join("open");
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
        refused("open", "other users can write to");
        // Only root can change the owner.
        let other = home.join("other");
        fs::create_dir(&other).unwrap();
        if chown(&other, Some(65_534), None).is_ok() {
            refused("other", "belongs to another user (uid 65534)");
            // Nor is a link of another user followed to a folder of this one.
            symlink(home.join("state"), other.join("link")).unwrap();
            let error = folder_of(&other.join("link/tracer/filters")).err().unwrap();
            assert!(
                error.to_string().contains("belongs to another user"),
                "{error}"
            );
        }
    }
}
