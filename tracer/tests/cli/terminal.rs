//! A terminal that answers no question.

use std::{
    fs::{self, File},
    io::{self, Read as _, Write as _},
    os::fd::{FromRawFd as _, OwnedFd},
    process::Command,
    ptr, thread,
};

use super::golden;

/// Opens a pseudoterminal. Returns the side of the terminal and that of its programs.
fn pseudoterminal() -> (File, OwnedFd) {
    let (mut terminal, mut programs) = (-1, -1);
    let size = libc::winsize {
        ws_row: 30,
        ws_col: 100,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    // SAFETY: the pointers are to local values, and the descriptors are new.
    unsafe {
        let opened = libc::openpty(
            &raw mut terminal,
            &raw mut programs,
            ptr::null_mut(),
            ptr::null(),
            &raw const size,
        );
        assert_eq!(opened, 0, "{}", io::Error::last_os_error());
        (File::from_raw_fd(terminal), OwnedFd::from_raw_fd(programs))
    }
}

#[test]
fn terminal_that_does_not_tell_its_cursor_is_used() {
    let (mut terminal, programs) = pseudoterminal();
    // The dashboard writes an index beside it.
    let scratch = tempfile::tempdir().unwrap();
    let recording = scratch.path().join("x.trace");
    fs::copy(golden(), &recording).unwrap();
    let input = programs.try_clone().unwrap();
    let mut replay = Command::new(env!("CARGO_BIN_EXE_tracer"))
        .args(["replay", "--no-state"])
        .arg(&recording)
        .stdin(input)
        .stdout(programs)
        .spawn()
        .unwrap();
    let (mut shown, mut bytes) = (Vec::new(), [0; 4096]);
    while !shown.windows(6).any(|word| word == b"REPLAY") {
        let length = terminal.read(&mut bytes).unwrap_or(0);
        let text = String::from_utf8_lossy(&shown);
        assert!(length > 0, "it ended with {:?}: {text}", replay.wait());
        shown.extend(&bytes[..length]);
    }
    terminal.write_all(b"q").unwrap();
    // What it prints last must not block it.
    let rest = thread::spawn(move || io::copy(&mut terminal, &mut io::sink()));
    assert_eq!(replay.wait().unwrap().code(), Some(0));
    // Reading the terminal's side fails once its last program has ended.
    assert!(rest.join().unwrap().is_err());
}
