//! Packs the guest's file system: busybox, static programs of this project and an init
//! script. Every kernel and rung uses the same one.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail};

use xtask::{process, workspace};

const INIT: &str = include_str!("init.sh");

/// Programs for the guest, all linked statically.
pub struct Programs {
    pub tracer: PathBuf,
    pub workload: PathBuf,
    /// Test binaries, by name.
    pub tests: Vec<(String, PathBuf)>,
    /// Tests in them to skip.
    pub skipped: Vec<&'static str>,
}

/// Makes the initramfs and returns its path.
pub fn make(programs: &Programs) -> Result<PathBuf> {
    let tree = workspace::root().join("target/vm/initramfs");
    if tree.exists() {
        fs::remove_dir_all(&tree)?;
    }
    let mut names = Vec::new();
    let mut put = |from: &Path, name: &str| -> Result<()> {
        must_be_static(from)?;
        install(&tree, from, name)?;
        names.push(name.to_owned());
        Ok(())
    };
    put(&busybox()?, "bin/busybox")?;
    put(&programs.tracer, "tracer")?;
    put(&programs.workload, "workload")?;
    for (name, path) in &programs.tests {
        put(path, &format!("tests/{name}"))?;
    }
    fs::write(tree.join("init"), INIT)?;
    fs::set_permissions(tree.join("init"), fs::Permissions::from_mode(0o755))?;
    fs::write(tree.join("skipped"), programs.skipped.join("\n") + "\n")?;
    // Each directory comes before its contents.
    names.splice(0..0, ["init", "skipped", "bin", "tests"].map(str::to_owned));
    let archive = tree.with_extension("cpio");
    pack(&tree, &names, &archive)
        .with_context(|| format!("could not make {}", archive.display()))?;
    Ok(archive)
}

fn install(tree: &Path, from: &Path, name: &str) -> Result<()> {
    let place = tree.join(name);
    if let Some(directory) = place.parent() {
        fs::create_dir_all(directory)?;
    }
    fs::copy(from, &place).with_context(|| format!("could not copy {}", from.display()))?;
    Ok(())
}

fn busybox() -> Result<PathBuf> {
    process::find_on_path("busybox")
        .context("busybox is not on PATH: install the package busybox-static")
}

/// Fails if a program needs shared libraries: the guest has none.
fn must_be_static(program: &Path) -> Result<()> {
    const LOADER: &[u8] = b"/ld-linux-x86-64.so";
    let bytes =
        fs::read(program).with_context(|| format!("could not read {}", program.display()))?;
    if bytes.windows(LOADER.len()).any(|window| window == LOADER) {
        bail!(
            "{} needs shared libraries, which the guest lacks: it must be linked statically \
             (for busybox: install the package busybox-static)",
            program.display()
        );
    }
    Ok(())
}

/// Packs `names` below `tree`, owned by root.
fn pack(tree: &Path, names: &[String], archive: &Path) -> Result<()> {
    let mut command = Command::new("cpio");
    command
        .args(["--quiet", "--create", "--format=newc", "--owner=0:0"])
        .current_dir(tree)
        .stdin(Stdio::piped())
        .stdout(fs::File::create(archive)?);
    let mut cpio = command
        .spawn()
        .with_context(|| format!("`{}` could not be started", process::show(&command)))?;
    let mut list = cpio.stdin.take().context("cpio has no input")?;
    list.write_all(names.join("\n").as_bytes())?;
    drop(list);
    let status = cpio.wait()?;
    if !status.success() {
        bail!("`{}` failed ({status})", process::show(&command));
    }
    Ok(())
}
