//! Filters that the user has saved: the file `filters` in tracer's
//! configuration folder (XDG Base Directory).
//!
//! Each line is `name = expression`; `#` begins a comment line.

use std::{
    fs,
    io::{self, Write as _},
    path::PathBuf,
};

use anyhow::{Context as _, Result};
use rustix::fs::OFlags;

use super::paths;
use crate::{event::file_name, filter::SavedFilters};

fn file() -> Option<PathBuf> {
    paths::config("filters")
}

/// Returns the saved filters. A file that is missing or unreadable counts as empty.
pub fn load() -> SavedFilters {
    let text = file().and_then(|file| fs::read_to_string(file).ok());
    parse(&text.unwrap_or_default())
}

fn parse(text: &str) -> SavedFilters {
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'));
    let pairs = lines.filter_map(|line| line.split_once('='));
    let trimmed = |text: &str| text.trim().to_owned();
    pairs
        .map(|(name, filter)| (trimmed(name), trimmed(filter)))
        .collect()
}

/// Appends a filter to the file. Of two with the same name, the later one counts.
pub fn save(name: &str, filter: &str) -> Result<()> {
    let file = file().context("there is no home directory to save a filter in")?;
    let append = || {
        let (folder, entry) = paths::folder_of(&file)?;
        let mut file = match folder.create_new(entry) {
            // Only this user and root could have made it.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                folder.open_entry(entry, OFlags::WRONLY | OFlags::APPEND | OFlags::NONBLOCK)?
            }
            file => file?,
        };
        writeln!(file, "{name} = {filter}")
    };
    append().with_context(|| format!("the filter cannot be saved in {}", file_name(&file)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_one_filter_per_line() {
        let saved = parse("# mine\nslow = lifetime > 5s\n\nbad=exit.code == 1\nslow = cpu > 1s\n");
        let parsed: Vec<_> = saved
            .iter()
            .map(|(name, text)| (&**name, &**text))
            .collect();
        assert_eq!(parsed, [("bad", "exit.code == 1"), ("slow", "cpu > 1s")]);
    }
}
