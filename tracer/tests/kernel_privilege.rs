//! What a user without the privilege to trace is told.

#![allow(
    clippy::unwrap_used,
    reason = "a panic is how a test fails, and it says where"
)]

mod support;

use std::os::unix::{fs::PermissionsExt as _, process::CommandExt as _};

use support::tracer;

#[test]
fn without_root_one_line_says_what_to_do() {
    for command in ["live", "record"] {
        let scratch = support::Scratch::new(command);
        let file = scratch.file("x.trace");
        let anybody = std::fs::Permissions::from_mode(0o777);
        std::fs::set_permissions(scratch.file(""), anybody).unwrap();
        // A copy that nobody may run, wherever the build directory is.
        let copy = scratch.file("tracer");
        std::fs::copy(tracer().get_program(), &copy).unwrap();
        let mut nobody = std::process::Command::new(&copy);
        nobody.uid(65534).gid(65534).current_dir("/");
        match command {
            // Not even an empty file is left behind.
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

/// CAP_BPF and CAP_PERFMON are enough; what needs more is said to be missing.
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
        .find(|process| process["comm"] == "sh");
    let shell = shell.expect("the command is in the recording");
    assert_eq!(shell["exit_code"], 0);
    assert_eq!(shell["state"], "reaped");
}
