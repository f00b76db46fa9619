//! Tests the messages for users without the privilege to trace, and that privileges are
//! dropped.

#![allow(
    clippy::unwrap_used,
    reason = "a panic is how a test fails, and it says where"
)]

mod support;

use std::os::unix::{fs::PermissionsExt as _, process::CommandExt as _};

use support::tracer;

#[test]
fn error_without_root_is_one_line_with_the_remedy() {
    for command in ["live", "record"] {
        let scratch = support::Scratch::new(command);
        let file = scratch.file("x.trace");
        let anybody = std::fs::Permissions::from_mode(0o777);
        std::fs::set_permissions(scratch.file(""), anybody).unwrap();
        // A copy that the user `nobody` may run, wherever the build directory is.
        let copy = scratch.file("tracer");
        std::fs::copy(tracer().get_program(), &copy).unwrap();
        let mut nobody = std::process::Command::new(&copy);
        nobody.uid(65534).gid(65534).current_dir("/");
        match command {
            // It may not even leave an empty file.
            "record" => nobody.arg("record").arg(&file),
            _ => nobody.arg("live"),
        };
        let output = nobody.output().unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{message}");
        assert_eq!(message.lines().count(), 1, "{message}");
        assert!(
            message.contains("CAP_BPF") && message.contains("sudo tracer live"),
            "{message}"
        );
        assert!(!file.exists());
    }
}

#[test]
fn two_capabilities_are_enough() {
    let scratch = support::Scratch::new("two-capabilities");
    let copy = scratch.file("tracer");
    std::fs::copy(tracer().get_program(), &copy).unwrap();
    let output = support::run(
        std::process::Command::new("setpriv")
            .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
            .args(["--inh-caps=+bpf,+perfmon", "--ambient-caps=+bpf,+perfmon"])
            .arg(&copy)
            .args(["record", "-", "--", "/bin/sh", "-c", "exit 0"])
            .current_dir("/"),
    );
    let file = scratch.file("x.trace");
    std::fs::write(&file, &output.stdout).unwrap();
    let shell = support::processes(&file)
        .into_iter()
        .find(|process| process["argv"] == serde_json::json!(["/bin/sh", "-c", "exit 0"]));
    let shell = shell.expect("the command is in the recording");
    assert_eq!(shell["exit_code"], 0);
    assert_eq!(shell["state"], "reaped");
}

/// Script that prints the capability sets of tracer and of the command.
const WATCH: &str = "
    grep CapEff /proc/self/status
    # tracer drops them once the command has been started.
    tries=0
    until grep -qE 'CapPrm:.0*c000000000$' /proc/$PPID/status || [ $tries = 500 ]
    do tries=$((tries + 1)); sleep 0.02; done
    grep -E 'CapEff|CapPrm' /proc/$PPID/status
";

/// Once all hooks are attached, tracer keeps only the two capabilities. The command has
/// the capabilities that tracer was started with.
#[test]
fn unneeded_capabilities_are_dropped_and_the_command_keeps_its_own() {
    const BPF_AND_PERFMON: u64 = 1 << 39 | 1 << 38;
    let own = std::fs::read_to_string("/proc/self/status").unwrap();
    let sets = |text: &str| -> Vec<u64> {
        let lines = text.lines().filter(|line| line.starts_with("Cap"));
        let values = lines.filter_map(|line| line.split_whitespace().nth(1));
        values
            .map(|set| u64::from_str_radix(set, 16).unwrap())
            .collect()
    };
    let effective = own.lines().find(|line| line.starts_with("CapEff")).unwrap();
    let scratch = support::Scratch::new("dropped");
    let file = scratch.file("x.trace");
    let output = support::run(support::record(&file).args(["--", "sh", "-c", WATCH]));
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        sets(&printed),
        [sets(effective)[0], BPF_AND_PERFMON, BPF_AND_PERFMON],
        "{printed}"
    );
}

/// Kernels before 5.11 charge BPF maps to the limit on locked memory. tracer raises it if
/// allowed, else the error names the limit. The command has the original limit.
#[test]
fn limit_on_locked_memory_is_raised_or_named() {
    let scratch = support::Scratch::new("memlock");
    let file = scratch.file("x.trace");
    let mut record = support::record(&file);
    record.args(["--", "sh", "-c", "ulimit -l"]);
    // SAFETY: only system calls between fork and exec.
    unsafe { record.pre_exec(small_limit) };
    let output = record.output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    if output.status.success() {
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "64\n");
    } else {
        assert_eq!(message.lines().count(), 1, "{message}");
        for word in ["64 KiB", "ulimit -l", "CAP_SYS_RESOURCE"] {
            assert!(message.contains(word), "{message}");
        }
    }
}

/// Sets a limit of 64 KiB and drops the right to raise it.
fn small_limit() -> std::io::Result<()> {
    let limit = libc::rlimit {
        rlim_cur: 64 << 10,
        rlim_max: 64 << 10,
    };
    // SAFETY: the pointer is to a local rlimit.
    if unsafe { libc::setrlimit(libc::RLIMIT_MEMLOCK, &raw const limit) } != 0 {
        return Err(std::io::Error::last_os_error());
    }
    let right = caps::Capability::CAP_SYS_RESOURCE;
    caps::drop(None, caps::CapSet::Bounding, right).map_err(std::io::Error::other)
}
