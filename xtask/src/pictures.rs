//! `cargo xtask pictures`: draws the dashboard as SVG. A script is recorded on this
//! machine and the recording is cut to its processes, so that only the host name and
//! the kernel come from the machine. It is replayed in tmux, and the screen is drawn.

mod svg;

use std::{
    fs::{DirBuilder, Permissions},
    os::unix::fs::{DirBuilderExt as _, PermissionsExt as _},
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};

use xtask::{
    build::{self, Profile},
    privilege, process, workspace,
};

/// Script that is recorded: a build with a killed command, forks, and a parent that
/// does not wait.
const STORY: &str = include_str!("pictures/story.sh");

const SIZE: (u16, u16) = (120, 34);

/// File name, keys in tmux's names, and a text that the complete screen shows.
const PICTURES: [(&str, &[&str], &str); 7] = [
    ("tree", &["1", "g"], "story"),
    ("timeline", &["2", "0"], "2 Timeline "),
    ("zombies", &["3"], "has not reaped"),
    ("faults", &["4"], "by TOTAL"),
    ("forks", &["5", "s"], "by PARENT COW"),
    ("deaths", &["6"], "SIGKILL from"),
    ("process", &["6", "g", "j", "Enter"], "copy_process"),
];

pub fn verb(recording: Option<&Path>) -> Result<()> {
    let tracer = build::tracer(Profile::Release)?;
    let folder = std::env::temp_dir().join(format!("tracer-pictures-{}", std::process::id()));
    // Fails if it exists, and no other user can read it.
    let made = DirBuilder::new().mode(0o700).create(&folder);
    made.with_context(|| format!("{} could not be created", folder.display()))?;
    let [whole, made, pid] = ["whole.trace", "story.trace", "pid"].map(|name| folder.join(name));
    let recording = match recording {
        Some(recording) => recording,
        None => {
            let script = folder.join("story");
            std::fs::write(&script, STORY)?;
            std::fs::set_permissions(&script, Permissions::from_mode(0o700))?;
            let mut record = privilege::as_root(&tracer)?;
            record
                .args(["record", "--force"])
                .arg(&whole)
                .args(["--", "./story", "pid"])
                .current_dir(&folder);
            process::run(&mut record)?;
            let pid = std::fs::read_to_string(&pid).context("the script did not start")?;
            let mut cut = privilege::as_root(&tracer)?;
            cut.arg("cut").args([&whole, &made]);
            cut.args(["--tree", pid.trim()]);
            process::run(&mut cut)?;
            &made
        }
    };
    let drawn = Screen::open(&tracer, recording).and_then(|screen| screen.draw());
    let _ = std::fs::remove_dir_all(&folder);
    drawn
}

/// A tmux server for the pictures only.
struct Screen {
    socket: String,
}

impl Screen {
    fn open(tracer: &Path, recording: &Path) -> Result<Screen> {
        let screen = Screen {
            socket: format!("tracer-pictures-{}", std::process::id()),
        };
        // The temporary directory does not appear in the picture.
        let (folder, name) = (recording.parent(), recording.file_name());
        let name = Path::new(name.unwrap_or_default()).display();
        let replay = format!(
            "{} replay {name} --no-state --theme dark --colors true",
            tracer.display(),
        );
        let size = [SIZE.0.to_string(), SIZE.1.to_string()];
        let mut tmux = screen.tmux();
        tmux.args([
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-x",
            &size[0],
            "-y",
            &size[1],
        ]);
        if let Some(folder) = folder.filter(|folder| folder.is_dir()) {
            tmux.arg("-c").arg(folder);
        }
        tmux.arg(replay)
            .env("LC_ALL", "C.UTF-8")
            .env_remove("NO_COLOR");
        process::run(&mut tmux).context("tmux is needed: install the package tmux")?;
        screen.until("REPLAY")?;
        Ok(screen)
    }

    fn tmux(&self) -> Command {
        let mut tmux = Command::new("tmux");
        tmux.args(["-u", "-L", &self.socket]);
        tmux
    }

    fn draw(&self) -> Result<()> {
        for (name, keys, complete) in PICTURES {
            for key in keys {
                process::run(self.tmux().args(["send-keys", key]))?;
            }
            let text = self.until(complete)?;
            let path = workspace::root().join("docs").join(format!("{name}.svg"));
            std::fs::write(&path, svg::picture(&text, SIZE))?;
            println!("{}", path.display());
        }
        Ok(())
    }

    /// Waits until the screen shows `wanted`, and returns it with its colours.
    fn until(&self, wanted: &str) -> Result<String> {
        let deadline = Instant::now() + Duration::from_secs(20);
        let mut before = String::new();
        while Instant::now() < deadline {
            let output = self.tmux().args(["capture-pane", "-e", "-p"]).output()?;
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            // Two equal screens: no frame is half drawn.
            if text.contains(wanted) && text == before {
                return Ok(text);
            }
            before = text;
            thread::sleep(Duration::from_millis(50));
        }
        bail!("the dashboard did not show {wanted:?}; the last screen was:\n{before}")
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.tmux().arg("kill-server").output();
    }
}
