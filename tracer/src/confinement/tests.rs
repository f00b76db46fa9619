//! Each test confines a thread of its own: the measures do not concern other threads.

use std::{
    fs::{self, File},
    io,
    net::UdpSocket,
    process::Command,
    ptr, thread,
};

use std::path::PathBuf;

use super::*;

/// Folder of a test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let name = format!("tracer-confined-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir(&folder).unwrap();
        Scratch(folder)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Runs in a thread that keeps only these rights.
fn with<T: Send + 'static>(rights: Rights, run: impl FnOnce() -> T + Send + 'static) -> T {
    let confined = move || {
        let checks = take(&rights, Measures::All);
        let calls = checks.iter().find(|check| check.what == "syscalls");
        assert_eq!(calls.unwrap().good, Some(true), "{checks:?}");
        run()
    };
    thread::spawn(confined).join().unwrap()
}

fn is_refused<T>(result: io::Result<T>) -> bool {
    let code = result.err().and_then(|error| error.raw_os_error());
    code == Some(libc::ENOSYS)
}

fn call(number: i64, arguments: [usize; 3]) -> io::Result<i64> {
    let [a, b, c] = arguments;
    // SAFETY: the calls of these tests take numbers or null pointers here.
    match unsafe { libc::syscall(number, a, b, c) } {
        -1 => Err(io::Error::last_os_error()),
        result => Ok(result),
    }
}

/// Returns the lines of this thread's status that begin with one of these names.
fn status(names: &[&str]) -> Vec<String> {
    let status = fs::read_to_string("/proc/thread-self/status").unwrap();
    let lines = status.lines().filter(|line| {
        let name = line.split(':').next().unwrap();
        names.contains(&name)
    });
    let lines = lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.collect()
}

#[test]
fn reader_cannot_execute_connect_trace_or_write() {
    let folder = Scratch::new("reader");
    let file = folder.0.join("file");
    fs::write(&file, "text").unwrap();
    let parent = std::os::unix::process::parent_id() as usize;
    let rights = Rights {
        reads: true,
        ..Rights::default()
    };
    with(rights, move || {
        assert!(is_refused(Command::new("/bin/true").spawn()));
        assert!(is_refused(UdpSocket::bind("127.0.0.1:0")));
        let seize = libc::PTRACE_SEIZE as usize;
        assert!(is_refused(call(libc::SYS_ptrace, [seize, parent, 0])));
        assert!(is_refused(call(libc::SYS_kill, [parent, 0, 0])));
        assert!(is_refused(call(libc::SYS_bpf, [5, 0, 0])));
        assert!(is_refused(call(libc::SYS_unshare, [0, 0, 0])));
        assert!(is_refused(call(libc::SYS_io_uring_setup, [1, 0, 0])));
        assert!(is_refused(map(libc::PROT_READ | libc::PROT_EXEC)));
        assert!(is_refused(File::create(&file)));
        assert!(is_refused(File::options().append(true).open(&file)));
        assert!(is_refused(fs::remove_file(&file)));
        assert!(is_refused(fs::create_dir(file.with_extension("d"))));
        // What it needs.
        assert_eq!(fs::read_to_string(&file).unwrap(), "text");
        assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1);
        map(libc::PROT_READ | libc::PROT_WRITE).unwrap();
        thread::spawn(|| thread::current().id()).join().unwrap();
        io::pipe().unwrap();
        File::open("/no/such/file").unwrap_err();
    });
    // This thread has all its rights.
    assert!(Command::new("/bin/true").status().unwrap().success());
}

/// Maps a page, and unmaps it.
fn map(protection: i32) -> io::Result<()> {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: a new mapping, which nothing uses.
    unsafe {
        match libc::mmap(ptr::null_mut(), 4096, protection, flags, -1, 0) {
            libc::MAP_FAILED => Err(io::Error::last_os_error()),
            page => {
                libc::munmap(page, 4096);
                Ok(())
            }
        }
    }
}

#[test]
fn thread_has_only_the_capabilities_it_keeps() {
    let own = status(&["CapEff"]);
    let is_root = !own[0].ends_with("0000000000000000");
    let rights = Rights {
        capabilities: vec![Capability::CAP_KILL],
        ..Rights::default()
    };
    // /proc is read before the confinement would hide it.
    let rights = Rights {
        reads: true,
        ..rights
    };
    let sets = [
        "CapInh",
        "CapPrm",
        "CapEff",
        "CapBnd",
        "CapAmb",
        "NoNewPrivs",
        "Seccomp",
    ];
    let lines = with(rights, move || status(&sets));
    let kill = if is_root {
        "0000000000000020"
    } else {
        "0000000000000000"
    };
    assert_eq!(lines[0], "CapInh: 0000000000000000");
    assert_eq!(lines[1], format!("CapPrm: {kill}"));
    assert_eq!(lines[2], format!("CapEff: {kill}"));
    if is_root {
        assert_eq!(lines[3], "CapBnd: 0000000000000000");
    }
    assert_eq!(lines[4], "CapAmb: 0000000000000000");
    assert_eq!(lines[5], "NoNewPrivs: 1");
    assert_eq!(lines[6], "Seccomp: 2");
    assert_eq!(status(&["CapEff"]), own);
}

#[test]
fn files_are_written_only_in_the_folders_that_are_kept() {
    let folder = Scratch::new("folders");
    let (kept, other) = (folder.0.join("kept"), folder.0.join("other"));
    for folder in [&kept, &other] {
        fs::create_dir(folder).unwrap();
        fs::write(folder.join("file"), "text").unwrap();
    }
    let rights = Rights {
        reads: true,
        writes: Writes::Beneath(vec![kept.clone()]),
        ..Rights::default()
    };
    let limit = {
        let rights = rights.clone();
        thread::spawn(move || places::keep(&rights)).join().unwrap()
    };
    with(rights, move || {
        fs::write(kept.join("new"), "text").unwrap();
        fs::rename(kept.join("new"), kept.join("file")).unwrap();
        fs::remove_file(kept.join("file")).unwrap();
        fs::create_dir(kept.join("folder")).unwrap();
        assert_eq!(fs::read_to_string(other.join("file")).unwrap(), "text");
        let denied = |done: io::Result<()>| {
            let code = done.err().and_then(|error| error.raw_os_error());
            match &limit {
                Ok(_) => assert!(
                    [Some(libc::EACCES), Some(libc::EXDEV)].contains(&code),
                    "{code:?}"
                ),
                // A kernel without Landlock does not limit folders, and says so.
                Err(why) => assert!(why.contains("Landlock"), "{why}"),
            }
        };
        denied(fs::write(other.join("file"), "other"));
        denied(fs::write(other.join("new"), "text"));
        denied(fs::remove_file(other.join("file")));
        denied(fs::remove_dir_all(&other));
    });
}
