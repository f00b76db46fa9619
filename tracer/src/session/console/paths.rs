//! Folders and names of the files that tracer keeps between runs (XDG Base
//! Directory).
//!
//! In a home that belongs to another user, as under `sudo -E`, nothing is
//! created, because its owner could not change it afterwards.

use std::{
    env, fs, io,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _},
    path::{Path, PathBuf},
    time::SystemTime,
};

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

/// Creates the folder of a file, accessible to its owner only.
///
/// # Errors
///
/// Fails if the folder cannot be created or belongs to another user.
pub fn create_parent_folder(file: &Path) -> io::Result<()> {
    let folder = file.parent().unwrap_or(file);
    let existing = folder.ancestors().find(|folder| folder.exists());
    let existing = existing.ok_or(io::ErrorKind::NotFound)?;
    // SAFETY: geteuid has no arguments and cannot fail.
    let own = unsafe { libc::geteuid() };
    for path in [existing, file] {
        // The file need not exist yet.
        let owner = path.metadata().map_or(own, |metadata| metadata.uid());
        if owner != own {
            let (path, message) = (path.display(), "belongs to another user");
            return Err(io::Error::other(format!("{path} {message}")));
        }
    }
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
}

/// Returns the current time in UTC for file names, as in `20261121T031500Z`.
pub fn timestamp() -> String {
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    let now = Utc(since.as_nanos().try_into().unwrap_or(i64::MAX)).to_string();
    now.replace(['-', ':'], "")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, chown};

    use super::*;

    #[test]
    fn creates_private_folders_and_refuses_another_users_home() {
        let home = env::temp_dir().join(format!("tracer-home-{}", std::process::id()));
        fs::create_dir_all(&home).unwrap();
        let file = home.join("state/tracer/dashboard");
        create_parent_folder(&file).unwrap();
        let mode = file
            .parent()
            .unwrap()
            .metadata()
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o700);
        // Only root can change the owner.
        if chown(&home, Some(65_534), None).is_ok() {
            let other = home.join("config/tracer/filters");
            let refused = create_parent_folder(&other).unwrap_err();
            assert!(
                refused.to_string().contains("belongs to another user"),
                "{refused}"
            );
            assert!(!home.join("config").exists());
        }
        fs::remove_dir_all(&home).unwrap();
    }
}
