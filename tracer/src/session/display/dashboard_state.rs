//! State of the dashboard between runs, such as its columns: the file `dashboard`
//! in tracer's state folder.
//!
//! If the file is damaged or cannot be written, only that state is lost.

use std::{
    io::{self, Read as _, Write as _},
    path::Path,
};

use crate::{
    event::file_name,
    recording::open_regular,
    session::files::paths,
    tui::{App, Phrase, Tone},
};

const HEAD: &str = "# State of tracer's dashboard after its last run. Without this file, or with
# --no-state, the dashboard starts with its defaults.
";

/// Maximum size of the file, in bytes. tracer never writes more.
const LIMIT: u64 = 64 << 10;

/// State that the dashboard was opened with.
pub struct DashboardState {
    before: String,
}

impl DashboardState {
    /// Restores the state of the last run. The first setting that cannot be
    /// restored becomes a notice in the dashboard.
    pub fn restore(app: &mut App) -> DashboardState {
        if let Some(path) = paths::state("dashboard") {
            let complaint = match read(&path) {
                Ok(text) => app.restore(&text).into_iter().next(),
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                Err(error) => Some(error.to_string()),
            };
            if let Some(why) = complaint {
                let text = format!("{}, {why}; ignored", file_name(&path));
                app.notify(Phrase::of(
                    Tone::Warn,
                    crate::event::escaped(text.as_bytes()),
                ));
            }
        }
        let before = app.saved_settings();
        DashboardState { before }
    }

    /// Saves the state if it has changed.
    pub fn save(self, app: &App) {
        let kept = app.saved_settings();
        if kept != self.before
            && let Some(path) = paths::state("dashboard")
            && let Err(error) = write(&path, &kept)
        {
            log::info!("the dashboard's columns are not saved: {error}");
        }
    }
}

fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    open_regular(path)?.take(LIMIT).read_to_string(&mut text)?;
    Ok(text)
}

/// Replaces the file atomically, since another tracer may write it too.
fn write(path: &Path, kept: &str) -> io::Result<()> {
    let (folder, name) = paths::folder_of(path)?;
    folder.replace(name, |file| {
        file.write_all(HEAD.as_bytes())?;
        file.write_all(kept.as_bytes())?;
        file.sync_all()
    })?;
    Ok(())
}
