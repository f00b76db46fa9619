//! Creates files for recordings.

use std::{
    fs::{File, OpenOptions, Permissions},
    io,
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};

use super::lock;

/// Permissions of a recording. Command lines are private, so only the owner has access.
const OWNER_ONLY: u32 = 0o600;

/// Creates a file for a recording and locks it for as long as it is open. An existing file is
/// replaced only with `force`.
///
/// # Errors
///
/// [`io::ErrorKind::AlreadyExists`] if the file exists and `force` is false;
/// [`io::ErrorKind::ResourceBusy`] if it is being written.
pub fn create(path: &Path, force: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).mode(OWNER_ONLY);
    let file = match force {
        false => options.create_new(true).open(path)?,
        true => options.create(true).open(path)?,
    };
    // Devices and pipes are neither locked nor truncated.
    if file.metadata()?.is_file() {
        if !lock::acquire(&file)? {
            return Err(io::ErrorKind::ResourceBusy.into());
        }
        // Restrict access before anything is written.
        file.set_permissions(Permissions::from_mode(OWNER_ONLY))?;
        file.set_len(0)?;
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn only_force_replaces_a_file_and_permissions_are_owner_only() {
        let dir = std::env::temp_dir().join(format!("tracer-create-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let path = dir.join("recording");
        fs::write(&path, "precious").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();

        let refused = create(&path, false).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"precious");

        create(&path, true).unwrap();
        let metadata = fs::metadata(&path).unwrap();
        assert_eq!((metadata.len(), metadata.mode_bits()), (0, OWNER_ONLY));

        let new = dir.join("new");
        create(&new, false).unwrap();
        assert_eq!(fs::metadata(&new).unwrap().mode_bits(), OWNER_ONLY);
        fs::remove_dir_all(&dir).unwrap();
    }

    #[test]
    fn device_keeps_its_permissions() {
        let before = fs::metadata("/dev/null").unwrap().mode_bits();
        create(Path::new("/dev/null"), true).unwrap();
        assert_eq!(fs::metadata("/dev/null").unwrap().mode_bits(), before);
    }

    trait ModeBits {
        fn mode_bits(&self) -> u32;
    }

    impl ModeBits for fs::Metadata {
        fn mode_bits(&self) -> u32 {
            self.permissions().mode() & 0o777
        }
    }
}
