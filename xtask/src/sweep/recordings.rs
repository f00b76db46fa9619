//! The recordings that the sweeps compare: each is made of a script that runs for real.

use std::{path::Path, process::Command};

use anyhow::{Context as _, Result};

use xtask::process;

/// Name of a recording, and the script that is recorded.
const SCRIPTS: [(&str, &str); 4] = [
    ("storms", include_str!("storms.sh")),
    ("build", include_str!("build.sh")),
    ("redis", include_str!("redis.sh")),
    ("namespace", include_str!("namespace.sh")),
];

/// Records each script as `NAME.trace` in a directory.
pub fn make(tracer: &Path, directory: &Path) -> Result<()> {
    for (name, script) in SCRIPTS {
        println!("recording {name}");
        let work = directory.join(name);
        std::fs::create_dir(&work)?;
        let mut record = Command::new(tracer);
        record
            .current_dir(&work)
            .args(["record", "--force"])
            .arg(directory.join(name).with_extension("trace"))
            .args(["--", "bash", "-c", script]);
        process::run(&mut record).with_context(|| format!("{name} could not be recorded"))?;
        std::fs::remove_dir_all(&work)?;
    }
    Ok(())
}
