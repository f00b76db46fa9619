//! How the dashboard was left, for the next time: `dashboard` in tracer's
//! folder of state. A file that is damaged, or that cannot be written, costs
//! what was kept and nothing else.

use std::{
    fs::{self, File},
    io::{self, Read as _, Write as _},
    path::Path,
};

use super::home;
use crate::tui::{App, Phrase, Tone};

const HEAD: &str = "# How the dashboard of tracer was left. Without this file, or with --no-state,
# it is as it comes.
";

/// More than this no dashboard has written.
const LIMIT: u64 = 64 << 10;

/// How the dashboard was found.
pub struct Keepsake {
    before: String,
}

impl Keepsake {
    /// Makes the dashboard as it was left. What is no use is said and ignored.
    pub fn restore(app: &mut App) -> Keepsake {
        if let Some(path) = home::state("dashboard") {
            let complaint = match read(&path) {
                Ok(text) => app.restore(&text).into_iter().next(),
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                Err(error) => Some(error.to_string()),
            };
            if let Some(why) = complaint {
                let text = format!("{}, {why}; ignored", path.display());
                app.notify(Phrase::of(
                    Tone::Warn,
                    crate::event::escaped(text.as_bytes()),
                ));
            }
        }
        let before = app.kept();
        Keepsake { before }
    }

    /// Keeps how it is left, if that is another way than it was found.
    pub fn keep(self, app: &App) {
        let kept = app.kept();
        if kept != self.before
            && let Some(path) = home::state("dashboard")
            && let Err(error) = write(&path, &kept)
        {
            log::info!("the dashboard's columns are not kept: {error}");
        }
    }
}

fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(LIMIT).read_to_string(&mut text)?;
    Ok(text)
}

/// All or nothing, whoever else writes it.
fn write(path: &Path, kept: &str) -> io::Result<()> {
    home::make_folder_of(path)?;
    let new = path.with_extension(format!("{}", std::process::id()));
    let written = File::create(&new).and_then(|mut file| {
        file.write_all(HEAD.as_bytes())?;
        file.write_all(kept.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, path)
    });
    written.inspect_err(|_| _ = fs::remove_file(&new))
}
