//! `cargo xtask install`: installs the binary, which contains the eBPF object.

use std::{
    fs,
    io::{self, ErrorKind},
    path::Path,
};

use anyhow::{Context as _, Result};

use xtask::{
    build::{self, Profile},
    privilege, process,
};

pub fn verb(prefix: &Path) -> Result<()> {
    let tracer = build::tracer(Profile::Release)?;
    let place = std::path::absolute(prefix)?.join("bin/tracer");
    match put(&tracer, &place) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied && !privilege::is_root() => {
            println!("installing as root: {}", place.display());
            process::run(
                privilege::as_root("install")?
                    .args(["-D", "-m", "755"])
                    .args([&tracer, &place]),
            )?;
        }
        other => other.with_context(|| format!("could not write {}", place.display()))?,
    }
    println!(
        "installed {place}\n\n\
         Next:\n  \
           sudo {place} doctor    what this kernel offers\n  \
           sudo {place} live      watch processes live\n  \
           {place} --help",
        place = place.display()
    );
    Ok(())
}

/// Copies to a new file and renames it, so that a running tracer is not disturbed
/// and a failed copy leaves the old binary.
fn put(binary: &Path, place: &Path) -> io::Result<()> {
    let new = place.with_file_name(".tracer.new");
    if let Some(directory) = place.parent() {
        fs::create_dir_all(directory)?;
    }
    fs::copy(binary, &new)?;
    fs::rename(&new, place)
}
