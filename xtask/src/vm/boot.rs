//! Boots a kernel under QEMU and collects its output.
//!
//! The guest is emulated, not virtualised: it is the same everywhere and needs no
//! /dev/kvm.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};

use super::fetch::Image;
use xtask::process;

const EMULATOR: &str = "qemu-system-x86_64";

/// Result of a boot.
pub struct Boot {
    /// Text that the guest wrote to its second serial port.
    pub result: String,
    /// File with the kernel's console.
    pub console: PathBuf,
    pub took: Duration,
    /// True if the guest turned itself off within the limit.
    pub in_time: bool,
}

/// Boots `kernel` with `initramfs` and waits until the guest turns itself off, at most
/// `limit`. Its init finds `variables` in its environment. The serial ports are kept in
/// `directory`.
pub fn boot(
    kernel: &Image,
    initramfs: &Path,
    variables: &[(&str, &str)],
    directory: &Path,
    limit: Duration,
) -> Result<Boot> {
    fs::create_dir_all(directory)
        .with_context(|| format!("could not create {}", directory.display()))?;
    let console = directory.join("console.txt");
    let result = directory.join("result.txt");
    // A guest with a processor stuck for 40 s ends and prints where. The emulator's TSC
    // is one clock for all processors: a kernel that does not trust it keeps the times of
    // tasks by the tick. The kernel passes parameters that it does not know to init.
    let mut parameters = String::from(
        "console=ttyS0 loglevel=5 panic=-1 oops=panic softlockup_panic=1 watchdog_thresh=20 \
         tsc=reliable",
    );
    for (name, value) in variables {
        parameters.push_str(&format!(" {name}={value}"));
    }
    let mut command = Command::new(EMULATOR);
    command
        // The guest's processors take turns in one thread. With a thread for each, one
        // runs code that another is patching: a tracepoint's breakpoint is hit after it
        // was removed, and the kernel crashes (`Oops: int3`) or hangs.
        .args(["-accel", "tcg,thread=single"])
        // With cmpxchg16b 6.12 crashed in five of six boots, a bug of the emulator.
        .args(["-cpu", "max,-cx16"])
        .args(["-m", "1G", "-smp", "2"])
        .args(["-display", "none", "-monitor", "none", "-nic", "none"])
        .arg("-no-reboot")
        .args(["-serial", &format!("file:{}", console.display())])
        .args(["-serial", &format!("file:{}", result.display())])
        .arg("-kernel")
        .arg(&kernel.path)
        .arg("-initrd")
        .arg(initramfs)
        .args(["-append", &parameters])
        .stdin(Stdio::null());
    let started = Instant::now();
    let child = command.spawn().with_context(|| {
        format!(
            "`{}` could not be started: install the package qemu-system-x86",
            process::show(&command)
        )
    })?;
    let in_time = wait(child, started + limit)
        .with_context(|| format!("`{}` failed", process::show(&command)))?;
    let took = started.elapsed();
    Ok(Boot {
        result: text(&result),
        console,
        took,
        in_time,
    })
}

/// Waits for `child` and kills it at `deadline`. Returns true if it ended before.
fn wait(mut child: Child, deadline: Instant) -> Result<bool> {
    loop {
        if let Some(status) = child.try_wait()? {
            anyhow::ensure!(status.success(), "the emulator ended with {status}");
            return Ok(true);
        }
        if Instant::now() >= deadline {
            child.kill()?;
            child.wait()?;
            return Ok(false);
        }
        thread::sleep(Duration::from_millis(50));
    }
}

/// Returns the last lines of a console, for a guest that crashed.
pub fn tail(console: &Path) -> String {
    const LINES: usize = 40;
    let text = text(console);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}

fn text(port: &Path) -> String {
    let bytes = fs::read(port).unwrap_or_default();
    String::from_utf8_lossy(&bytes).replace('\r', "")
}
