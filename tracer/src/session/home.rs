//! Where tracer keeps what outlasts a run (XDG Base Directory), and whether it
//! may: in a home that belongs to somebody else, as under `sudo -E`, nothing is
//! made, since its owner could not change it any more.

use std::{
    env, fs, io,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _},
    path::{Path, PathBuf},
};

/// `filters` and the like: what the user has written.
pub fn config(name: &str) -> Option<PathBuf> {
    file("XDG_CONFIG_HOME", ".config", name)
}

/// How things were left.
pub fn state(name: &str) -> Option<PathBuf> {
    file("XDG_STATE_HOME", ".local/state", name)
}

fn file(variable: &str, usual: &str, name: &str) -> Option<PathBuf> {
    let path = |name: &str| env::var_os(name).map(PathBuf::from);
    // What is not absolute is to be ignored, says the specification.
    let given = path(variable).filter(|path| path.is_absolute());
    let base = given.or_else(|| Some(path("HOME")?.join(usual)))?;
    Some(base.join("tracer").join(name))
}

/// Makes the folder of a file, for its owner alone. Refused in somebody else's.
pub fn make_folder_of(file: &Path) -> io::Result<()> {
    let folder = file.parent().unwrap_or(file);
    let made = folder.ancestors().find(|folder| folder.exists());
    let made = made.ok_or(io::ErrorKind::NotFound)?;
    // SAFETY: geteuid has no arguments and cannot fail.
    let own = unsafe { libc::geteuid() };
    for path in [made, file] {
        // It need not be there yet.
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, chown};

    use super::*;

    #[test]
    fn a_folder_is_made_for_its_owner_and_never_in_the_home_of_another() {
        let home = env::temp_dir().join(format!("tracer-home-{}", std::process::id()));
        fs::create_dir_all(&home).unwrap();
        let file = home.join("state/tracer/dashboard");
        make_folder_of(&file).unwrap();
        let mode = file
            .parent()
            .unwrap()
            .metadata()
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o700);
        // Only root can give a folder away.
        if chown(&home, Some(65_534), None).is_ok() {
            let other = home.join("config/tracer/filters");
            let refused = make_folder_of(&other).unwrap_err();
            assert!(
                refused.to_string().contains("belongs to another user"),
                "{refused}"
            );
            assert!(!home.join("config").exists());
        }
        fs::remove_dir_all(&home).unwrap();
    }
}
