//! System calls of the scenarios.

use std::{
    ffi::{CString, c_char, c_int},
    ptr,
};

use libc::pid_t;

/// Returns CLOCK_BOOTTIME, ns.
pub fn now() -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the pointer is to a local timespec.
    unsafe { libc::clock_gettime(libc::CLOCK_BOOTTIME, &raw mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

pub fn pid() -> pid_t {
    // SAFETY: no preconditions.
    unsafe { libc::getpid() }
}

/// Returns the PID of this process in the pid namespace of the mounted /proc, the host's.
pub fn host_pid() -> i64 {
    let name = std::fs::read_link("/proc/self").unwrap();
    name.to_str().unwrap().parse().unwrap()
}

pub fn check(result: impl Into<i64>, what: &str) -> i64 {
    let result = result.into();
    assert!(result >= 0, "{what}: {}", std::io::Error::last_os_error());
    result
}

/// Forks; the child runs `child`, which must not return.
pub fn fork(child: impl FnOnce()) -> pid_t {
    // SAFETY: this program has one thread when it forks, unless a scenario says otherwise.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        child();
        exit(99);
    }
    check(pid, "fork") as pid_t
}

/// Exits without running destructors.
pub fn exit(code: c_int) -> ! {
    // SAFETY: never returns.
    unsafe { libc::_exit(code) }
}

/// Sets the handler of SIGCHLD, or how it is ignored.
pub fn set_sigchld(handler: libc::sighandler_t, flags: c_int) {
    // SAFETY: all zeroes is a valid sigaction, which is local.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler;
        action.sa_flags = flags;
        check(
            libc::sigaction(libc::SIGCHLD, &raw const action, ptr::null_mut()),
            "sigaction",
        );
    }
}

pub struct Waited {
    pub status: c_int,
    pub usage: libc::rusage,
    /// Times just before and just after the wait that reaped it.
    pub between: (u64, u64),
}

/// Reaps a child with wait4.
pub fn wait(pid: pid_t) -> Waited {
    // SAFETY: all zeroes is a valid rusage.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    let mut status = 0;
    let before = now();
    // SAFETY: both pointers are to local variables.
    check(
        unsafe { libc::wait4(pid, &raw mut status, 0, &raw mut usage) },
        "wait4",
    );
    Waited {
        status,
        usage,
        between: (before, now()),
    }
}

/// Waits until the child is a zombie and does not reap it.
pub fn until_zombie(pid: pid_t) {
    // SAFETY: all zeroes is a valid siginfo_t, which is local.
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    let options = libc::WEXITED | libc::WNOWAIT;
    // SAFETY: as above.
    check(
        unsafe { libc::waitid(libc::P_PID, pid as u32, &raw mut info, options) },
        "waitid",
    );
}

pub fn pause_forever() -> ! {
    loop {
        // SAFETY: no preconditions.
        unsafe { libc::pause() };
    }
}

pub fn sleep_ms(ms: u64) {
    std::thread::sleep(std::time::Duration::from_millis(ms));
}

/// A pipe over which a related process reports numbers; never closed.
#[derive(Clone, Copy)]
pub struct Pipe([c_int; 2]);

impl Pipe {
    pub fn new() -> Pipe {
        let mut ends = [0; 2];
        // SAFETY: the pointer is to two local ints.
        check(unsafe { libc::pipe(ends.as_mut_ptr()) }, "pipe");
        Pipe(ends)
    }

    pub fn send(&self, number: i64) {
        let bytes = number.to_ne_bytes();
        // SAFETY: the bytes are local.
        let sent = unsafe { libc::write(self.0[1], bytes.as_ptr().cast(), bytes.len()) };
        assert_eq!(sent, 8);
    }

    pub fn receive(&self) -> i64 {
        let mut bytes = [0; 8];
        // SAFETY: the bytes are local.
        let received = unsafe { libc::read(self.0[0], bytes.as_mut_ptr().cast(), bytes.len()) };
        assert_eq!(received, 8);
        i64::from_ne_bytes(bytes)
    }
}

pub fn c_strings<'a>(strings: impl IntoIterator<Item = &'a [u8]>) -> Vec<CString> {
    strings
        .into_iter()
        .map(|string| CString::new(string).unwrap())
        .collect()
}

pub fn pointers(strings: &[CString]) -> Vec<*const c_char> {
    strings
        .iter()
        .map(|string| string.as_ptr())
        .chain([ptr::null()])
        .collect()
}

pub fn execute(path: &str, argv: &[&[u8]]) -> ! {
    let path = CString::new(path).unwrap();
    let argv = c_strings(argv.iter().copied());
    let environment = [ptr::null()];
    // SAFETY: NUL-terminated strings in NULL-terminated lists.
    unsafe {
        libc::execve(
            path.as_ptr(),
            pointers(&argv).as_ptr(),
            environment.as_ptr(),
        )
    };
    exit(98)
}
