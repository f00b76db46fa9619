//! The tables of attacks in docs/security.md, which this verb writes.

use std::fs;

use anyhow::{Context as _, Result};
use xtask::workspace;

use super::{attacks::ATTACKS, attacks::TOGETHER, cost::HEAD};

const PAGE: &str = "docs/security.md";

/// Name of the version at hand.
pub const THIS: &str = "this version";

/// Writes the rows of a version into its table, in place of those of the same attacks.
pub fn write(version: &str, rows: &[String]) -> Result<()> {
    let path = workspace::root().join(PAGE);
    let page = fs::read_to_string(&path)?;
    let (begin, end) = (
        format!("<!-- attacks on {version} -->\n"),
        "<!-- end of attacks -->\n",
    );
    let place = || format!("{PAGE} has no table of attacks on {version}");
    let (before, rest) = page.split_once(&begin).with_context(place)?;
    let (table, after) = rest.split_once(end).with_context(place)?;
    let names = ATTACKS.iter().map(|it| it.name).chain([TOGETHER]);
    let earlier: Vec<&str> = table.lines().collect();
    let mut text = format!("{before}{begin}\n{HEAD}");
    for name in names {
        let is_of = |row: &&str| row.starts_with(&format!("| {name}: "));
        let new = rows.iter().map(|row| row.trim_end()).find(is_of);
        let earlier = earlier.iter().copied().find(is_of);
        if let Some(row) = new.or(earlier) {
            text += row;
            text += "\n";
        }
    }
    fs::write(&path, format!("{text}\n{end}{after}"))?;
    Ok(())
}
