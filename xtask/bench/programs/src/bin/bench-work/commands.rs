//! Work by other programs: a build, a mix of loads.

use std::{
    fmt::Write as _,
    fs,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};

const FILES: usize = 12;
const FUNCTIONS: usize = 40;

fn run(command: &mut Command) -> Result<()> {
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let status = command.status();
    let status = status.with_context(|| format!("{command:?} could not be started"))?;
    ensure!(status.success(), "{command:?} failed: {status}");
    Ok(())
}

/// Builds a C project of a dozen files from scratch with `make -j2`.
pub fn build() -> Result<impl FnMut() -> Result<()>> {
    let unwritable = "the current directory cannot be written";
    fs::create_dir_all("bench_build").context(unwritable)?;
    let objects: String = (0..FILES).fold(String::new(), |mut list, file| {
        let _ = write!(list, " f{file}.o");
        list
    });
    let makefile = format!("all:{objects}\n\tgcc -o all{objects}\n");
    fs::write("bench_build/Makefile", makefile).context(unwritable)?;
    for file in 0..FILES {
        fs::write(format!("bench_build/f{file}.c"), source(file)).context(unwritable)?;
    }
    Ok(|| {
        run(Command::new("sh").args(["-c", "rm -f bench_build/*.o bench_build/all"]))?;
        run(Command::new("make").args(["-s", "-j2", "-C", "bench_build"]))
    })
}

fn source(file: usize) -> String {
    let mut text = "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n".to_owned();
    for function in 0..FUNCTIONS {
        let _ = writeln!(
            text,
            "int f{file}_{function}(const char *s) {{ int n = {function}; \
             for (size_t i = 0; i < strlen(s); i++) n = n * 31 + s[i]; return n; }}"
        );
    }
    if file == 0 {
        text += "int main(int argc, char **argv) { return f0_0(argv[0]) == argc; }\n";
    }
    text
}

/// Runs a fixed amount of processes, threads, mappings and pipes at once.
/// (`--exec` refuses to run as root.)
#[rustfmt::skip]
pub fn stress() -> Result<()> {
    run(Command::new("stress-ng").args([
        "--fork", "1", "--fork-ops", "1000",
        "--pthread", "1", "--pthread-ops", "1000",
        "--mmap", "1", "--mmap-bytes", "4m", "--mmap-ops", "10",
        "--pipe", "1", "--pipe-ops", "50000",
    ]))
}
