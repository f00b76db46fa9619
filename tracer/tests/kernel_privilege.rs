//! Tests the messages for users without the privilege to trace, and that privileges are
//! dropped.

#![allow(
    clippy::unwrap_used,
    reason = "a panic is how a test fails, and it says where"
)]

mod support;

use std::{
    fs::{self, Permissions},
    os::unix::{
        fs::{MetadataExt as _, PermissionsExt as _},
        process::CommandExt as _,
    },
    path::Path,
    process::Command,
};

use support::{Scratch, run, tracer};

#[test]
fn error_without_root_is_one_line_with_the_remedy() {
    for command in ["live", "record"] {
        let scratch = Scratch::new(command);
        let file = scratch.file("x.trace");
        let anybody = Permissions::from_mode(0o777);
        fs::set_permissions(scratch.file(""), anybody).unwrap();
        // A copy that the user `nobody` may run, wherever the build directory is.
        let copy = scratch.file("tracer");
        fs::copy(tracer().get_program(), &copy).unwrap();
        let mut nobody = Command::new(&copy);
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
    let scratch = Scratch::new("two-capabilities");
    let copy = scratch.file("tracer");
    fs::copy(tracer().get_program(), &copy).unwrap();
    let output = run(Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .args(["--inh-caps=+bpf,+perfmon", "--ambient-caps=+bpf,+perfmon"])
        .arg(&copy)
        .args(["record", "-", "--", "/bin/sh", "-c", "exit 0"])
        .current_dir("/"));
    let file = scratch.file("x.trace");
    fs::write(&file, &output.stdout).unwrap();
    let shell = support::processes(&file)
        .into_iter()
        .find(|process| process["argv"] == serde_json::json!(["/bin/sh", "-c", "exit 0"]));
    let shell = shell.expect("the command is in the recording");
    assert_eq!(shell["exit_code"], 0);
    assert_eq!(shell["state"], "reaped");
}

/// Script that prints the rights of the command, then those of every thread of tracer.
const WATCH: &str = "
    show() { grep -hE '^(Cap|NoNewPrivs|Seccomp:)' \"$1/status\" | tr -s '[:space:]' ' '; echo; }
    show /proc/self
    # tracer gives its rights up once the command has been started.
    tries=0
    until grep -q 'Seccomp:.*2' /proc/$PPID/status || [ $tries = 500 ]
    do tries=$((tries + 1)); sleep 0.02; done
    for task in /proc/$PPID/task/*; do show $task; done
";

/// Returns a value of a line that the script printed.
fn right(line: &str, name: &str) -> u64 {
    let mut words = line.split_whitespace().skip_while(|word| *word != name);
    let value = words.nth(1).unwrap_or_else(|| panic!("{name} in {line}"));
    u64::from_str_radix(value, 16).unwrap()
}

/// Once all hooks are attached, every thread of tracer has at most the two capabilities, and
/// can neither gain others nor make other system calls. The command has the rights that tracer
/// was started with, so that sudo works in it.
#[test]
fn every_thread_gives_up_its_rights_and_the_command_keeps_its_own() {
    const BPF_AND_PERFMON: u64 = 1 << 39 | 1 << 38;
    let scratch = support::Scratch::new("dropped");
    let file = scratch.file("x.trace");
    let output = support::run(support::record(&file).args(["--", "sh", "-c", WATCH]));
    let printed = String::from_utf8(output.stdout).unwrap();
    let mut lines = printed.lines();
    let own = std::fs::read_to_string("/proc/self/status").unwrap();
    let own = own.split_whitespace().collect::<Vec<_>>().join(" ");
    let command = lines.next().unwrap();
    for name in ["CapEff:", "CapPrm:", "CapBnd:", "NoNewPrivs:", "Seccomp:"] {
        assert_eq!(right(command, name), right(&own, name), "{printed}");
    }
    let threads: Vec<_> = lines.collect();
    // The one that reads the ring buffer, and the writer.
    assert_eq!(threads.len(), 2, "{printed}");
    assert_eq!(right(threads[0], "CapEff:"), BPF_AND_PERFMON, "{printed}");
    threads.iter().for_each(|thread| confined(thread));
}

/// Asserts that a thread has no rights but two capabilities.
fn confined(thread: &str) {
    const BPF_AND_PERFMON: u64 = 1 << 39 | 1 << 38;
    for name in ["CapEff:", "CapPrm:"] {
        assert_eq!(right(thread, name) & !BPF_AND_PERFMON, 0, "{thread}");
    }
    for (name, value) in [
        ("CapInh:", 0),
        ("CapBnd:", 0),
        ("CapAmb:", 0),
        ("NoNewPrivs:", 1),
        // SECCOMP_MODE_FILTER
        ("Seccomp:", 2),
    ] {
        assert_eq!(right(thread, name), value, "{name} of {thread}");
    }
}

/// Kernels before 5.11 charge BPF maps to the limit on locked memory. tracer raises it if
/// allowed, else the error names the limit. The command has the original limit.
#[test]
fn limit_on_locked_memory_is_raised_or_named() {
    let scratch = Scratch::new("memlock");
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

/// The user `nobody`.
const NOBODY: u32 = 65_534;

/// Script that prints what the kernel and its environment say about its user, and fails.
const WHO: &str = r#"
    grep -E '^(Uid|Gid|Groups|CapEff):' /proc/self/status | tr -s '\t ' ' '
    echo "$HOME $USER $LOGNAME $SHELL ${SUDO_UID-none} $PATH $(umask)"
    exit 7
"#;

/// Lets tracer believe that `nobody` started it by sudo.
fn by_sudo(tracer: &mut Command) -> &mut Command {
    tracer.env("SUDO_UID", "65534").env("SUDO_GID", "65534")
}

/// Records [`WHO`]. Returns its output and the notices.
fn record_who(
    by: impl FnOnce(&mut Command) -> &mut Command,
    file: &Path,
    options: &[&str],
) -> [String; 2] {
    let mut record = support::record(file);
    record.args(options).args(["--", "sh", "-c", WHO]);
    record.env("PATH", "/usr/bin:/bin").env("HOME", "/root");
    let output = by(&mut record).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let [printed, notices] = [text(output.stdout), text(output.stderr)];
    assert_eq!(output.status.code(), Some(7), "{notices}");
    [printed, notices]
}

/// Returns what [`WHO`] prints for `nobody`, with its entry in the user database.
fn who_is_nobody() -> String {
    let database = fs::read_to_string("/etc/passwd").unwrap();
    let mut entries = database.lines();
    let entry = entries.find(|entry| entry.split(':').nth(2) == Some("65534"));
    let entry = entry.unwrap();
    let fields: Vec<_> = entry.trim().split(':').collect();
    let [name, _, uid, gid, _, home, shell] = fields[..] else {
        panic!("{entry}");
    };
    let groups = run(Command::new("id").args(["-G", name])).stdout;
    let groups = String::from_utf8(groups).unwrap();
    let umask = run(Command::new("sh").args(["-c", "umask"])).stdout;
    let umask = String::from_utf8(umask).unwrap();
    format!(
        "Uid: {uid} {uid} {uid} {uid}\nGid: {gid} {gid} {gid} {gid}\nGroups: {} \n\
         CapEff: 0000000000000000\n{home} {name} {name} {shell} none /usr/bin:/bin {umask}",
        groups.trim()
    )
}

#[test]
fn command_and_recording_belong_to_the_user_of_sudo() {
    let scratch = Scratch::new("by-sudo");
    let file = scratch.file("ci.trace");
    let [printed, notices] = record_who(by_sudo, &file, &[]);
    assert_eq!(printed, who_is_nobody());
    assert!(
        notices.contains("sh runs as nobody (uid 65534), the user of sudo"),
        "{notices}"
    );
    assert!(
        notices.contains("ci.trace belongs to nobody (uid 65534)"),
        "{notices}"
    );
    let command = |process: &serde_json::Value| process["exit_code"] == 7;
    let processes = support::processes(&file);
    let shell = processes
        .iter()
        .find(|it| command(it))
        .expect("the command");
    assert_eq!(
        (&shell["uid"], &shell["euid"]),
        (&NOBODY.into(), &NOBODY.into())
    );

    // As nobody, without root: the next line of the README.
    let copy = scratch.file("tracer");
    fs::copy(tracer().get_program(), &copy).unwrap();
    let report = run(Command::new(&copy)
        .arg("replay")
        .arg(&file)
        .uid(NOBODY)
        .gid(NOBODY));
    let report = String::from_utf8(report.stdout).unwrap();
    assert!(report.contains("exit 7"), "{report}");

    // Side files, and what is made of it as root.
    let part = scratch.file("part.trace");
    let file_name = file.to_str().unwrap();
    run(by_sudo(tracer().args(["index", file_name])));
    run(by_sudo(tracer().arg("repair").arg(&file).arg(&part)));
    for made in [&file, &part, &scratch.file("ci.trace.index")] {
        let metadata = fs::metadata(made).unwrap();
        assert_eq!(
            (metadata.uid(), metadata.gid()),
            (NOBODY, NOBODY),
            "{}",
            made.display()
        );
        assert_eq!(metadata.mode() & 0o7777, 0o600);
    }
}

#[test]
fn user_of_the_command_can_be_chosen() {
    let scratch = Scratch::new("as-user");
    let asked = scratch.file("user.trace");
    for name in ["nobody", "65534"] {
        let [printed, notices] = record_who(|it| it, &asked, &["--force", "--user", name]);
        assert_eq!(printed, who_is_nobody());
        assert!(
            notices.contains("sh runs as nobody (uid 65534)\n"),
            "{notices}"
        );
    }
    assert_eq!(fs::metadata(&asked).unwrap().uid(), 0);
    let file = scratch.file("root.trace");
    let [printed, _] = record_who(by_sudo, &file, &["--as-root"]);
    assert!(printed.starts_with("Uid: 0 0 0 0\n"), "{printed}");
    assert!(
        printed.contains("\n/root ") && printed.contains(" 65534 "),
        "{printed}"
    );
    assert_eq!(fs::metadata(&file).unwrap().uid(), NOBODY);
    // Without sudo nothing changes.
    let [printed, notices] = record_who(|it| it, &scratch.file("own.trace"), &[]);
    assert!(printed.starts_with("Uid: 0 0 0 0\n"), "{printed}");
    assert!(
        !notices.contains("runs as") && !notices.contains("belongs to"),
        "{notices}"
    );
}

/// tracer has dropped the right to signal all processes, but not its own command.
#[test]
fn command_of_another_user_is_ended_in_time() {
    let scratch = Scratch::new("ended");
    let mut record = support::record(&scratch.file("x.trace"));
    let record = by_sudo(&mut record).args(["--for", "100ms", "--", "sleep", "60"]);
    let output = record.output().unwrap();
    assert_eq!(output.status.code(), Some(128 + libc::SIGTERM));
}

#[test]
fn segments_belong_to_the_user_of_sudo() {
    let scratch = Scratch::new("ring-by-sudo");
    let dir = scratch.file("new/ring");
    let mut record = tracer();
    let record = record.args(["record", "--segment", "1s", "--for", "2500ms", "--ring"]);
    run(by_sudo(record.arg(&dir)));
    let files = fs::read_dir(&dir).unwrap().map(|it| it.unwrap().path());
    let files: Vec<_> = files.collect();
    // The lock, the first segment and later ones.
    assert!(files.len() >= 3, "{files:?}");
    for path in files.iter().chain([&dir, &scratch.file("new")]) {
        let metadata = fs::metadata(path).unwrap();
        assert_eq!(
            (metadata.uid(), metadata.gid()),
            (NOBODY, NOBODY),
            "{}",
            path.display()
        );
        assert_eq!(metadata.mode() & 0o077, 0, "{}", path.display());
    }
    // A folder that others can change is refused before anything is traced.
    fs::set_permissions(&dir, Permissions::from_mode(0o777)).unwrap();
    let refused = tracer()
        .args(["record", "--ring"])
        .arg(&dir)
        .output()
        .unwrap();
    let message = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1), "{message}");
    assert!(message.contains("--insecure-dir"), "{message}");
}
