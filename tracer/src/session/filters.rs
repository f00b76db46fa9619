//! The filters that the user has saved: `filters` in tracer's folder of
//! configuration (XDG Base Directory), a `name = expression` a line; `#` begins
//! a comment.

use std::{fs, io::Write as _, path::PathBuf};

use anyhow::{Context as _, Result};

use super::home;
use crate::filter::{self, Filter, SavedFilters};

fn file() -> Option<PathBuf> {
    home::config("filters")
}

/// Those that can be read; none is no error.
pub fn saved() -> SavedFilters {
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

/// Adds one at the end: of two with one name the later counts.
pub fn save(name: &str, filter: &str) -> Result<()> {
    let file = file().context("there is no home directory to save a filter in")?;
    let keep = || {
        home::make_folder_of(&file)?;
        let mut file = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&file)?;
        writeln!(file, "{name} = {filter}")
    };
    keep().with_context(|| format!("the filter cannot be saved in {}", file.display()))
}

/// Understands a filter of the command line.
pub fn filter(text: &str) -> Result<Filter, filter::Error> {
    Filter::parse(text, &saved())
}

/// `tracer filters`: the language, and what is saved.
pub fn guide() -> String {
    filter::guide(&saved())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_name_and_an_expression() {
        let saved = parse("# mine\nslow = lifetime > 5s\n\nbad=exit.code == 1\nslow = cpu > 1s\n");
        let told: Vec<_> = saved
            .iter()
            .map(|(name, text)| (&**name, &**text))
            .collect();
        assert_eq!(told, [("bad", "exit.code == 1"), ("slow", "cpu > 1s")]);
    }
}
