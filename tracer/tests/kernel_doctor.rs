//! Tests `tracer doctor` on the running kernel, also with parts of it hidden: it
//! explains what is missing, and its exit code shows if `tracer live` would run.

#![allow(
    clippy::unwrap_used,
    reason = "a panic is how a test fails, and it says where"
)]

mod support;

use std::{path::Path, process::Command};

use serde_json::Value;
use support::{Scratch, tracer};

const VMLINUX: &str = "/sys/kernel/btf/vmlinux";
/// BTF with a header, no types and the empty name (Documentation/bpf/btf.rst).
const NO_TYPES: &[u8] = b"\x9f\xeb\x01\x00\x18\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\0";

/// Returns the diagnosis, after checking that the exit code agrees with it.
#[track_caller]
fn diagnosis(doctor: &mut Command) -> Value {
    let output = doctor.output().unwrap();
    let diagnosed: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("{error}: {}", String::from_utf8_lossy(&output.stderr));
    });
    let runs = diagnosed["live_runs"].as_bool().unwrap();
    assert_eq!(output.status.code(), Some(i32::from(!runs)), "{diagnosed}");
    assert_eq!(diagnosed["obstacle"].is_null(), runs, "{diagnosed}");
    diagnosed
}

fn doctor(arguments: &[&str]) -> Command {
    let mut doctor = tracer();
    doctor.args(["doctor", "--json"]).args(arguments);
    doctor
}

/// Returns `tracer doctor` with the kernel's types hidden.
fn doctor_without_btf(arguments: &str) -> Command {
    let mut hidden = Command::new("unshare");
    let script = format!(
        "mount -t tmpfs none /sys/kernel/btf && exec {} doctor --json {arguments}",
        tracer().get_program().display()
    );
    hidden.args(["-m", "sh", "-c", &script]);
    hidden
}

fn hook<'a>(diagnosed: &'a Value, purpose: &str) -> &'a Value {
    let mut hooks = diagnosed["hooks"].as_array().unwrap().iter();
    &hooks.find(|hook| hook["purpose"] == purpose).unwrap()["hook"]
}

#[track_caller]
fn obstacle(diagnosed: &Value, words: &[&str]) {
    let obstacle = diagnosed["obstacle"].as_str().unwrap();
    for word in words {
        assert!(obstacle.contains(word), "{word:?} in {obstacle:?}");
    }
    assert!(!obstacle.contains('\n'), "{obstacle}");
}

#[test]
fn live_runs_here_and_not_with_all_hooks_denied() {
    let diagnosed = diagnosis(&mut doctor(&[]));
    assert_eq!(diagnosed["live_runs"], true, "{diagnosed}");
    for what in [
        "kernel",
        "privilege",
        "memlock",
        "lockdown",
        "BTF",
        "kprobes",
        "tracefs",
        "perf",
    ] {
        let findings = diagnosed["findings"].as_array().unwrap();
        assert!(
            findings.iter().any(|finding| finding["what"] == what),
            "{what}"
        );
    }
    let all = "fentry,kprobe,tp_btf,raw_tp,syscalls,iter";
    let diagnosed = diagnosis(&mut doctor(&["--without", all]));
    obstacle(&diagnosed, &["fork", "denied by --without tp_btf"]);
}

#[test]
fn types_of_another_kernel_are_refused() {
    let scratch = Scratch::new("btf");
    let whole = std::fs::read(VMLINUX).unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let file = scratch.file(name);
        std::fs::write(&file, bytes).unwrap();
        file.to_str().unwrap().to_owned()
    };
    for (bytes, words) in [
        (
            &b"\x7fELF and what follows, which is no BTF"[..],
            "this is not BTF",
        ),
        (&whole[..whole.len() / 2], "cut short"),
        (&whole[..10], "ends in the middle"),
        (NO_TYPES, "not the types of the running kernel"),
    ] {
        let path = file("bad", bytes);
        obstacle(&diagnosis(&mut doctor(&["--btf", &path])), &[&path, words]);
    }
    let missing = scratch.file("missing");
    let missing = missing.to_str().unwrap();
    obstacle(
        &diagnosis(&mut doctor(&["--btf", missing])),
        &[missing, "cannot be read"],
    );
    let same = file("same", &whole);
    assert_eq!(diagnosis(&mut doctor(&["--btf", &same]))["live_runs"], true);
}

#[test]
fn kernel_without_types_is_traced_with_types_of_a_file() {
    let scratch = Scratch::new("no-btf");
    let diagnosed = diagnosis(&mut doctor_without_btf(""));
    obstacle(
        &diagnosed,
        &[VMLINUX, "CONFIG_DEBUG_INFO_BTF", "--btf FILE"],
    );

    let file = scratch.file("vmlinux.btf");
    std::fs::copy(VMLINUX, &file).unwrap();
    let diagnosed = diagnosis(&mut doctor_without_btf(&format!(
        "--btf {}",
        file.display()
    )));
    assert_eq!(hook(&diagnosed, "fork"), "raw_tp:task_newtask");
    assert_eq!(diagnosed["live_runs"], true, "{diagnosed}");

    // A BTF file names no kernel: the size of a struct shows the mismatch.
    if Path::new("/sys/kernel/slab/signal_cache/object_size").exists() {
        std::fs::write(&file, NO_TYPES).unwrap();
        let diagnosed = diagnosis(&mut doctor_without_btf(&format!(
            "--btf {}",
            file.display()
        )));
        obstacle(&diagnosed, &["signal_struct"]);
    }
}
