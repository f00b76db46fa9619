//! What is in the directory of a flight recorder and is no segment neither stops the recorder
//! nor leads it elsewhere.

use std::{
    fs::Permissions,
    os::unix::fs::{PermissionsExt as _, symlink},
};

use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::*;

fn make_pipe(path: &Path) {
    mknodat(CWD, path, FileType::Fifo, Mode::RWXU, 0).unwrap();
}

#[test]
fn links_pipes_and_directories_are_left_alone() {
    let scratch = Scratch::new("odd");
    let (ring, outside) = (scratch.ring(), tempfile::tempdir().unwrap());
    let precious = outside.path().join("000020-x.trace");
    fs::write(&precious, "precious").unwrap();
    fs::create_dir(&scratch.0).unwrap();
    let at = |name: &str| scratch.0.join(name);
    make_pipe(&at("000021-pipe.trace"));
    fs::create_dir(at("000022-folder.trace")).unwrap();
    symlink("/nowhere", at("000023-dangling.trace")).unwrap();
    symlink(&precious, at("000024-link.trace")).unwrap();
    fs::write(at(&format!("{}-top.trace", u64::MAX)), "").unwrap();
    fs::write(at(&format!("{}-top.trace", u64::MAX - 1)), "").unwrap();
    symlink(outside.path().join("created"), at(".lock")).unwrap();

    let events = trace(START, 1000, 100);
    write(&ring, &events, 100, true);
    assert!(segment_count(&scratch.0) > 1);
    assert_eq!(
        without_positions(read(&scratch.0)),
        without_positions(events)
    );
    let names = fs::read_dir(outside.path()).unwrap().count();
    assert_eq!(names, 1, "something was created outside");
    assert_eq!(fs::read(&precious).unwrap(), b"precious");
    assert_eq!(Directory::read(&scratch.0).unwrap().traces.len(), 1);
    for odd in [
        "000021-pipe",
        "000022-folder",
        "000023-dangling",
        "000024-link",
    ] {
        assert!(at(&format!("{odd}.trace")).symlink_metadata().is_ok());
    }
}

/// A pipe in the place of the lock is replaced too, a directory is an error.
#[test]
fn lock_is_a_file() {
    let scratch = Scratch::new("lock");
    let ring = scratch.ring();
    fs::create_dir(&scratch.0).unwrap();
    let lock = scratch.0.join(".lock");
    make_pipe(&lock);
    drop(Segments::open(&ring).unwrap());
    assert!(lock.symlink_metadata().unwrap().is_file());
    fs::remove_file(&lock).unwrap();
    fs::create_dir(&lock).unwrap();
    let error = format!("{:#}", Segments::open(&ring).err().unwrap());
    assert!(
        error.contains("cannot hold recordings: Is a directory"),
        "{error}"
    );
}

#[test]
fn directory_that_others_can_change_needs_an_option() {
    let scratch = Scratch::new("insecure");
    let mut ring = scratch.ring();
    fs::create_dir(&scratch.0).unwrap();
    fs::set_permissions(&scratch.0, Permissions::from_mode(0o777)).unwrap();
    // Nor is a directory in it safe: it can be moved away.
    for dir in [scratch.0.clone(), scratch.0.join("new")] {
        ring.dir = dir;
        let error = Segments::open(&ring).err().unwrap().to_string();
        for words in ["other users can write to", "--insecure-dir"] {
            assert!(error.contains(words), "{error}");
        }
    }
    assert_eq!(fs::read_dir(&scratch.0).unwrap().count(), 0);
    ring.insecure = true;
    drop(Segments::open(&ring).unwrap());
    assert_eq!(segment_count(&ring.dir), 1);
}
