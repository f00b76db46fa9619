//! Saves the passes of a long run as they are made, so that `--resume` can continue a
//! run that was ended.

use std::{
    fs::{self, File, OpenOptions},
    io::Write as _,
    path::PathBuf,
};

use anyhow::{Context as _, Result};

use super::pass::Pass;
use xtask::workspace;

pub struct Journal {
    file: File,
    passes: Vec<Pass>,
}

impl Journal {
    /// Opens the journal; with `resume` it keeps the passes of the last run.
    pub fn open(resume: bool) -> Result<Journal> {
        let path = path();
        let unwritable = || format!("{} cannot be written", path.display());
        let text = match resume {
            true => fs::read_to_string(&path).unwrap_or_default(),
            false => String::new(),
        };
        // The last line may be incomplete.
        let whole: Vec<Pass> = text
            .lines()
            .map_while(|line| serde_json::from_str(line).ok())
            .collect();
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory).with_context(unwritable)?;
        }
        let file = OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(true)
            .open(&path)
            .with_context(unwritable)?;
        let mut journal = Journal {
            file,
            passes: Vec::new(),
        };
        for pass in whole {
            journal.add(pass)?;
        }
        Ok(journal)
    }

    pub fn has(&self, round: u32, tool: &str) -> bool {
        let same = |pass: &Pass| pass.round == round && pass.tool == tool;
        self.passes.iter().any(same)
    }

    pub fn add(&mut self, pass: Pass) -> Result<()> {
        writeln!(self.file, "{}", serde_json::to_string(&pass)?)?;
        self.passes.push(pass);
        Ok(())
    }

    pub fn passes(&self) -> &[Pass] {
        &self.passes
    }
}

fn path() -> PathBuf {
    workspace::root().join("target/bench/overhead.jsonl")
}
