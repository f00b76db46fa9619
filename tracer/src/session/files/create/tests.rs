//! What stands in the place of a recording is replaced, written or refused.

use std::{
    fs::{self, Permissions},
    io::{Read as _, Write as _},
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink},
    path::PathBuf,
    thread,
};

use rustix::fs::{CWD, Mode, mknodat};
use tempfile::TempDir;

use super::*;

/// A user that the tests do not run as.
const OTHER: u32 = 65_534;

/// Folder of this user, and a sticky one in it that others can write to, as /tmp.
struct Folders {
    own: TempDir,
    shared: PathBuf,
}

fn folders() -> Folders {
    let own = tempfile::tempdir().unwrap();
    let shared = own.path().join("shared");
    fs::create_dir(&shared).unwrap();
    fs::set_permissions(&shared, Permissions::from_mode(0o1777)).unwrap();
    Folders { own, shared }
}

/// Writes a recording in the place of `path`.
fn write(path: &Path) -> Result<()> {
    may_create(path, true)?;
    match create(path, true)? {
        Created::File(mut file) | Created::Stream(mut file) => Ok(file.write_all(b"new")?),
    }
}

fn make_pipe(path: &Path) {
    mknodat(CWD, path, FileType::Fifo, Mode::RWXU, 0).unwrap();
}

#[track_caller]
fn refused(path: &Path, reason: &str) {
    for error in [may_create(path, true).err(), create(path, true).err()] {
        let error = format!("{:#}", error.expect("it is refused"));
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn file_is_replaced_only_with_force_and_keeps_its_other_names() {
    let Folders { own, shared } = folders();
    for folder in [own.path(), &shared] {
        let path = folder.join("recording");
        let inode = || fs::metadata(&path).unwrap().ino();
        fs::write(&path, "precious").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        fs::hard_link(&path, folder.join("link")).unwrap();
        let mut opened = File::open(&path).unwrap();
        let before = inode();
        for error in [may_create(&path, false).err(), create(&path, false).err()] {
            assert!(error.unwrap().to_string().contains("--force"));
        }
        assert_eq!(inode(), before);
        write(&path).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_ne!(inode(), before);
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
        // A hard link and an earlier reader keep the old contents.
        assert_eq!(fs::read(folder.join("link")).unwrap(), b"precious");
        let mut text = String::new();
        opened.read_to_string(&mut text).unwrap();
        assert_eq!(text, "precious");
        // Nothing is left beside it.
        let names = fs::read_dir(folder).unwrap().count();
        assert_eq!(names, if folder == shared { 2 } else { 3 });
    }
}

#[test]
fn file_that_is_written_is_busy() {
    let Folders { own, .. } = folders();
    let path = own.path().join("recording");
    let Created::File(first) = create(&path, false).unwrap() else {
        panic!("a file");
    };
    refused(&path, "another tracer is writing it");
    drop(first);
    write(&path).unwrap();
}

#[test]
fn link_to_a_file_is_neither_followed_nor_replaced() {
    let Folders { own, shared } = folders();
    let precious = own.path().join("precious");
    fs::write(&precious, "precious").unwrap();
    for target in [&precious, &own.path().join("missing"), &shared] {
        let link = shared.join("link");
        symlink(target, &link).unwrap();
        refused(&link, "is a symbolic link");
        assert!(link.is_symlink());
        fs::remove_file(link).unwrap();
    }
    assert_eq!(fs::read(&precious).unwrap(), b"precious");
    refused(&shared, "is a directory");
}

#[test]
fn pipes_and_devices_are_written() {
    let Folders { own, .. } = folders();
    let mode = || fs::metadata("/dev/null").unwrap().mode();
    let before = mode();
    write(Path::new("/dev/null")).unwrap();
    assert_eq!(mode(), before);
    let pipe = own.path().join("pipe");
    make_pipe(&pipe);
    let link = own.path().join("link");
    symlink(&pipe, &link).unwrap();
    for path in [&pipe, &link] {
        let reader = pipe.clone();
        let reader = thread::spawn(move || fs::read(reader).unwrap());
        write(path).unwrap();
        assert_eq!(reader.join().unwrap(), b"new");
    }
}

#[test]
fn another_users_file_is_refused_in_a_folder_that_it_could_be_put_into() {
    let Folders { own, shared } = folders();
    let make: [fn(&Path); 3] = [
        |path: &Path| fs::write(path, "theirs").unwrap(),
        make_pipe,
        |path: &Path| symlink("/dev/null", path).unwrap(),
    ];
    for make in make {
        let theirs = shared.join("recording");
        make(&theirs);
        // Only root can change the owner.
        if std::os::unix::fs::lchown(&theirs, Some(OTHER), None).is_err() {
            return;
        }
        refused(&theirs, "belongs to another user (uid 65534)");
        fs::remove_file(&theirs).unwrap();
    }
    // In a folder of its own, this user put it there. The new file is this user's.
    let theirs = own.path().join("recording");
    fs::write(&theirs, "theirs").unwrap();
    chown(&theirs, Some(OTHER), None).unwrap();
    write(&theirs).unwrap();
    let owner = fs::metadata(own.path()).unwrap().uid();
    assert_eq!(fs::metadata(&theirs).unwrap().uid(), owner);
}
