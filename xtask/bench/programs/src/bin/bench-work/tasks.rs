//! Work with short-lived processes and threads.

use std::{
    fs,
    io::{self, Read as _, Write as _, pipe},
    os::unix::fs::PermissionsExt as _,
    ptr, thread,
};

use anyhow::{Context as _, Result, anyhow, ensure};

/// Waits for a child.
pub fn wait(pid: libc::pid_t) -> Result<()> {
    ensure!(pid > 0, "no child: {}", io::Error::last_os_error());
    // SAFETY: the status pointer may be null.
    let waited = unsafe { libc::waitpid(pid, ptr::null_mut(), 0) };
    ensure!(waited == pid, "waitpid: {}", io::Error::last_os_error());
    Ok(())
}

pub fn fork_exit_wait() -> Result<()> {
    // SAFETY: the child only exits.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        // SAFETY: ends the process.
        unsafe { libc::_exit(0) };
    }
    wait(pid)
}

pub fn vfork_exit_wait() -> Result<()> {
    extern "C" fn nothing(_: *mut libc::c_void) -> libc::c_int {
        0
    }
    let mut stack = [0_u8; 16384];
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
    // SAFETY: the stack is the child's until it has ended, since the caller
    // sleeps that long (CLONE_VFORK); it is aligned down by the call's user.
    let pid = unsafe {
        let top = stack.as_mut_ptr().add(stack.len());
        let top = top.sub(top as usize % 16);
        libc::clone(nothing, top.cast(), flags, ptr::null_mut())
    };
    wait(pid)
}

/// Spawns a static program that exits at once: its start costs no dynamic linker.
pub fn spawn_static() -> Result<impl FnMut() -> Result<()>> {
    const PROGRAM: &str = "./bench_static";
    const PATH: &std::ffi::CStr = c"./bench_static";
    let made = fs::write(PROGRAM, static_program())
        .and_then(|()| fs::set_permissions(PROGRAM, fs::Permissions::from_mode(0o755)));
    made.with_context(|| format!("{PROGRAM} cannot be written"))?;
    Ok(|| {
        let mut pid = 0;
        let argv = [PATH.as_ptr().cast_mut(), ptr::null_mut()];
        // SAFETY: NUL-terminated strings in null-terminated arrays.
        let failed = unsafe {
            libc::posix_spawn(
                &raw mut pid,
                PATH.as_ptr(),
                ptr::null(),
                ptr::null(),
                argv.as_ptr(),
                argv.as_ptr().add(1),
            )
        };
        let error = io::Error::from_raw_os_error(failed);
        ensure!(failed == 0, "posix_spawn: {error}");
        wait(pid)
    })
}

/// Builds the smallest well-formed ELF executable: one segment, `exit(0)`. elf(5) lists
/// the fields.
fn static_program() -> Vec<u8> {
    const BASE: u64 = 0x40_0000;
    const CODE: &[u8] = b"\x31\xff\xb8\x3c\0\0\0\x0f\x05"; // xor edi,edi; mov eax,60; syscall
    const HEADERS: u64 = 64 + 56;
    let size = HEADERS + CODE.len() as u64;
    let mut elf = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    let halves = |values: &[u16]| {
        values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect::<Vec<_>>()
    };
    let words = |values: &[u32]| {
        values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect::<Vec<_>>()
    };
    let longs = |values: &[u64]| {
        values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect::<Vec<_>>()
    };
    elf.extend(halves(&[2, 62])); // ET_EXEC, EM_X86_64
    elf.extend(words(&[1]));
    elf.extend(longs(&[BASE + HEADERS, 64, 0]));
    elf.extend(words(&[0]));
    elf.extend(halves(&[64, 56, 1, 64, 0, 0]));
    elf.extend(words(&[1, 5])); // PT_LOAD, readable and executable
    elf.extend(longs(&[0, BASE, BASE, size, size, 0x1000]));
    elf.extend(CODE);
    elf
}

pub fn create_and_join() -> Result<()> {
    let thread = thread::Builder::new().spawn(|| {}).context("no thread")?;
    thread.join().map_err(|_| anyhow!("a thread panicked"))
}

/// Sends a byte to another thread and back: at most four context switches.
pub fn ping_pong() -> Result<impl FnMut() -> Result<()>> {
    let (mut from_us, mut to_them) = pipe().context("no pipe")?;
    let (mut from_them, mut to_us) = pipe().context("no pipe")?;
    thread::spawn(move || {
        let mut byte = [0];
        while from_us.read_exact(&mut byte).is_ok() && to_us.write_all(&byte).is_ok() {}
    });
    Ok(move || {
        let mut byte = [1];
        to_them
            .write_all(&byte)
            .context("the other thread does not read")?;
        from_them
            .read_exact(&mut byte)
            .context("the other thread does not answer")
    })
}
