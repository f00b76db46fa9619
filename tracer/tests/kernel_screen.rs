//! Tests the dashboard on a real terminal (tmux), tracing the real kernel.

#![allow(
    clippy::unwrap_used,
    reason = "a panic is how a test fails, and it says where"
)]

mod support;

use std::{
    io::Write as _,
    os::unix::fs::MetadataExt as _,
    process::{Child, Command, Stdio},
};

use support::{Scratch, record, run, tracer, until, workload};

/// A tmux server for one test, with one session.
struct Terminal {
    socket: String,
    state: Scratch,
}

impl Terminal {
    /// Runs a shell command in a terminal of that size.
    fn open(name: &str, size: (u16, u16), command: &str) -> Terminal {
        let terminal = Terminal {
            socket: format!("tracer-test-{name}-{}", std::process::id()),
            state: Scratch::new(&format!("state-{name}")),
        };
        let (width, height) = (size.0.to_string(), size.1.to_string());
        run(terminal
            .tmux()
            .args([
                "-f",
                "/dev/null",
                "new-session",
                "-d",
                "-x",
                &width,
                "-y",
                &height,
                command,
            ])
            .env("LC_ALL", "C.UTF-8")
            // The saved columns and colours of the user do not count.
            .env("XDG_STATE_HOME", terminal.state.file("state"))
            .env_remove("NO_COLOR")
            .env_remove("COLORFGBG"));
        terminal
    }

    fn tmux(&self) -> Command {
        let mut tmux = Command::new("tmux");
        tmux.args(["-u", "-L", &self.socket]);
        tmux
    }

    fn keys(&self, keys: &[&str]) {
        run(self.tmux().arg("send-keys").args(keys));
    }

    fn screen(&self) -> String {
        let output = run(self.tmux().args(["capture-pane", "-p"]));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Waits until a line of the screen holds all `words`, and returns it.
    fn line(&self, words: &[&str]) -> String {
        until(&format!("{words:?} on screen"), || {
            let screen = self.screen();
            let line = screen
                .lines()
                .find(|line| words.iter().all(|word| line.contains(word)));
            line.map(str::to_owned)
        })
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!(
                "{}",
                String::from_utf8_lossy(
                    &self
                        .tmux()
                        .args(["capture-pane", "-p"])
                        .output()
                        .unwrap()
                        .stdout
                )
            );
        }
        let _ = self.tmux().arg("kill-server").output();
    }
}

/// A process with zombies, which it reaps when this is dropped.
struct Owner {
    child: Child,
    zombies: Vec<u64>,
}

impl Owner {
    fn start(zombies: usize) -> Owner {
        let mut child = Command::new(workload())
            .args(["hold", &zombies.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let out = child.stdout.as_mut().unwrap();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut line).unwrap();
        let fact: serde_json::Value = serde_json::from_str(&line).unwrap();
        let zombies = fact["zombies"]
            .as_array()
            .unwrap()
            .iter()
            .map(|pid| pid.as_u64().unwrap())
            .collect();
        Owner { child, zombies }
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        let _ = self
            .child
            .stdin
            .take()
            .map(|mut stdin| stdin.write_all(b"\n"));
        let _ = self.child.wait();
    }
}

#[test]
fn live_shows_a_zombie_with_its_age_and_owner() {
    let scratch = Scratch::new("screen");
    let live = format!(
        "{} live; echo left with $?; cat",
        tracer().get_program().display()
    );
    let terminal = Terminal::open("live", (120, 40), &live);
    terminal.line(&["LIVE"]);
    // Started while tracer runs, so that it sees when they become zombies.
    let owner = Owner::start(2);
    let (pid, zombie) = (owner.child.id().to_string(), owner.zombies[1].to_string());

    // The tree is the first view: the workload, and below it the zombie.
    terminal.keys(&["/"]);
    terminal.keys(&["-l", &zombie]);
    terminal.keys(&["Enter"]);
    terminal.line(&[&zombie, "workload", "zombie"]);
    terminal.line(&[&pid, "workload"]);

    // The third view groups them by owner, with ages that grow though nothing
    // happens.
    terminal.keys(&["3"]);
    terminal.line(&[&pid, "workload hold 2"]);
    let line = terminal.line(&[&zombie, "Z workload"]);
    let screen = terminal.screen();
    let row = |pid: &str| screen.lines().position(|line| line.contains(pid));
    assert!(
        row(&pid) < row(&zombie),
        "the owner stands above its zombies\n{screen}"
    );
    until("the age to grow", || {
        (terminal.line(&[&zombie]) != line).then_some(())
    });

    terminal.keys(&["q"]);
    terminal.line(&["left with 0"]);
    drop(owner);
    drop(scratch);
}

/// The threads that write the past, read the terminal and save states are confined like the
/// first one, and keys still work.
#[test]
fn every_thread_of_the_dashboard_is_confined() {
    let live = format!("exec {} live", tracer().get_program().display());
    let terminal = Terminal::open("confined", (120, 40), &live);
    terminal.line(&["LIVE"]);
    let pid = run(terminal.tmux().args(["list-panes", "-F", "#{pane_pid}"])).stdout;
    let pid = String::from_utf8(pid).unwrap();
    let threads = std::fs::read_dir(format!("/proc/{}/task", pid.trim())).unwrap();
    let mut count = 0;
    for thread in threads {
        let path = thread.unwrap().path().join("status");
        let status = std::fs::read_to_string(path).unwrap();
        for line in [
            "CapInh:\t0000000000000000",
            "CapBnd:\t0000000000000000",
            "CapAmb:\t0000000000000000",
            "NoNewPrivs:\t1",
            "Seccomp:\t2",
        ] {
            assert!(status.lines().any(|it| it == line), "{line} in {status}");
        }
        count += 1;
    }
    assert!(count >= 3, "{count} threads");
    terminal.keys(&["q"]);
    until("the terminal to end", || {
        let listed = terminal.tmux().args(["list-panes"]).output().unwrap();
        (!listed.status.success()).then_some(())
    });
}

#[test]
fn control_c_quits_and_restores_the_terminal() {
    let live = format!(
        "echo before; {} live; echo left with $?; cat",
        tracer().get_program().display()
    );
    let terminal = Terminal::open("ctrl-c", (80, 24), &live);
    terminal.line(&["LIVE"]);
    run(terminal
        .tmux()
        .args(["resize-window", "-x", "60", "-y", "15"]));
    terminal.line(&["LIVE"]);
    terminal.keys(&["C-c"]);
    terminal.line(&["left with 0"]);
    // The screen before the dashboard is back.
    terminal.line(&["before"]);
}

#[test]
fn recording_is_replayed_in_the_same_dashboard() {
    let scratch = Scratch::new("replay");
    let file = scratch.file("hold.trace");
    run(tracer()
        .arg("record")
        .arg(&file)
        .arg("--")
        .arg(workload())
        .args(["hold", "2"])
        .stdin(Stdio::null()));
    let replay = format!(
        "{} replay {}; echo left with $?; cat",
        tracer().get_program().display(),
        file.display()
    );
    let terminal = Terminal::open("replay", (100, 30), &replay);
    terminal.line(&["REPLAY"]);
    // From its end it plays again from its beginning: first the processes that ran already.
    terminal.keys(&["Space"]);
    terminal.line(&["PLAYING", ", event 0 of"]);
    terminal.line(&["END"]);
    // Other processes of that name may still be zombies.
    let owner = support::processes(&file)
        .into_iter()
        .find(|process| process["comm"] == "workload" && process["exec_count"] == 1);
    let pid = owner.unwrap()["pid"].to_string();
    terminal.keys(&["/"]);
    terminal.keys(&["-l", &pid]);
    terminal.keys(&["Enter"]);
    terminal.line(&[&pid, "workload", "hold"]);
    terminal.keys(&["q"]);
    terminal.line(&["left with 0"]);
}

/// A terminal window that is closed ends the dashboard, although tracer, which is not the
/// leader of the session, gets no SIGHUP. Nothing aborts because its last words are lost.
#[test]
fn closed_terminal_is_no_crash() {
    let scratch = Scratch::new("closed");
    let recording = scratch.file("closed.trace");
    run(record(&recording).args(["--", "true"]));
    let recording = recording.display();
    for (name, arguments, line) in [
        ("live", "live".to_owned(), "LIVE"),
        ("replay", format!("replay {recording}"), "REPLAY"),
    ] {
        let code = scratch.file(name);
        let tracer = tracer();
        // The shell outlives the hang-up.
        let command = format!(
            "trap : HUP; {} {arguments}; echo $? > {}",
            tracer.get_program().display(),
            code.display()
        );
        let terminal = Terminal::open(&format!("closed-{name}"), (100, 30), &command);
        terminal.line(&[line]);
        run(terminal.tmux().arg("kill-server"));
        let code = until("its exit code", || {
            let code = std::fs::read_to_string(&code).ok()?;
            code.ends_with('\n').then_some(code)
        });
        assert_eq!(code, "0\n", "{name}");
    }
}

#[test]
fn background_of_the_terminal_selects_the_theme() {
    // A copy, because its index is written beside it.
    let scratch = Scratch::new("theme");
    let recording = scratch.file("v1.tracer");
    let original = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recordings/v1.tracer");
    std::fs::copy(original, &recording).unwrap();
    // The colour of a tab's key in the dark and the light theme, as tmux prints it.
    for (background, accent) in [("black", "38;5;80"), ("white", "38;5;23")] {
        let replay = format!(
            "{} replay {}; echo left with $?; cat",
            tracer().get_program().display(),
            recording.display(),
        );
        let wait = format!("read -r _; TERM=tmux-256color; {replay}");
        let terminal = Terminal::open(&format!("on-{background}"), (100, 30), &wait);
        let style = format!("bg={background}");
        run(terminal.tmux().args(["set", "-g", "window-style", &style]));
        terminal.keys(&["Enter"]);
        terminal.line(&["REPLAY"]);
        until(&format!("the theme for {background}"), || {
            let screen = run(terminal.tmux().args(["capture-pane", "-e", "-p"])).stdout;
            let screen = String::from_utf8(screen).unwrap();
            screen.contains(accent).then_some(())
        });
        // The terminal's answer was not taken for keys: the first view is still open.
        terminal.line(&["1 Tree"]);
        terminal.keys(&["q"]);
        terminal.line(&["left with 0"]);
    }
}

#[test]
fn live_seeks_to_the_past_and_back_to_the_present() {
    let live = format!(
        "{} live; echo left with $?; cat",
        tracer().get_program().display()
    );
    let terminal = Terminal::open("past", (120, 40), &live);
    terminal.line(&["LIVE"]);
    let owner = Owner::start(2);
    let pid = owner.child.id().to_string();
    // So that it is on the screen, whatever else runs.
    terminal.keys(&["f"]);
    terminal.keys(&["-l", &format!("pid = {pid}")]);
    terminal.keys(&["Enter"]);
    terminal.line(&[&pid, "workload", "alive"]);
    drop(owner);
    terminal.line(&[&pid, "workload", "reaped"]);
    // Present at the latest exit, absent at the beginning.
    terminal.keys(&["E"]);
    terminal.line(&["PAST", "lost"]);
    terminal.line(&[&pid, "workload"]);
    terminal.keys(&[":"]);
    terminal.keys(&["-l", "+0s"]);
    terminal.keys(&["Enter"]);
    terminal.line(&["0 ns of"]);
    until("it to be gone", || {
        let screen = terminal.screen();
        let is_there = |line: &str| line.contains(&pid) && line.contains("workload");
        (!screen.lines().any(is_there)).then_some(())
    });
    terminal.keys(&["Escape"]);
    terminal.line(&["LIVE"]);
    terminal.line(&[&pid, "workload", "reaped"]);
    // The theme is saved for the next start.
    terminal.keys(&["T"]);
    terminal.keys(&["q"]);
    terminal.line(&["left with 0"]);
    let kept = std::fs::read_to_string(terminal.state.file("state/tracer/dashboard")).unwrap();
    assert!(kept.contains("theme = dark"), "{kept}");
}

/// The dashboard has dropped its privileges when it reads the file, which is another user's.
#[test]
fn live_goes_back_in_a_file_of_the_user_of_sudo() {
    let scratch = Scratch::new("past-by-sudo");
    let file = scratch.file("saved.trace");
    let live = format!(
        "env SUDO_UID=65534 SUDO_GID=65534 {} live --save {}; cat",
        tracer().get_program().display(),
        file.display()
    );
    let terminal = Terminal::open("past-by-sudo", (120, 40), &live);
    terminal.line(&["LIVE"]);
    terminal.keys(&["E"]);
    terminal.line(&["PAST", "lost"]);
    let metadata = std::fs::metadata(&file).unwrap();
    let owner = (metadata.uid(), metadata.gid(), metadata.mode() & 0o7777);
    assert_eq!(owner, (65_534, 0, 0o640));
}
