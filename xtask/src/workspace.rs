//! The paths of the repository, and the cargo that started xtask.

use std::{
    env,
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Command,
};

/// Returns the repository's root.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask is one directory below the root")
}

/// Returns the cargo that started xtask.
pub fn cargo_path() -> PathBuf {
    env::var_os("CARGO").map_or_else(|| "cargo".into(), PathBuf::from)
}

/// Returns that cargo for the user-space workspace, in the caller's environment.
pub fn cargo() -> Command {
    let mut cargo = Command::new(cargo_path());
    cargo.current_dir(root());
    cargo
}

/// Returns the rustc that this cargo runs.
pub fn cargo_rustc() -> Command {
    let mut rustc = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.current_dir(root());
    rustc
}

/// Returns `cargo` without the variables of the caller's shell, or of the cargo that
/// started xtask, that set compilers, flags, profiles and target directories. Those for
/// the network and the terminal stay. It runs the rustc next to it: rustup's own
/// `rustc` would follow the toolchain files in some of the compiled crates.
pub fn pristine(cargo: &Path) -> Command {
    let mut command = Command::new(cargo);
    for (name, _) in env::vars_os() {
        if changes_a_build(&name) {
            command.env_remove(name);
        }
    }
    let rustc = cargo.with_file_name("rustc");
    if rustc.is_file() {
        command.env("RUSTC", rustc);
    }
    command
}

fn changes_a_build(name: &OsStr) -> bool {
    const HARMLESS: [&str; 6] = [
        "CARGO_HOME",
        "CARGO_HTTP_",
        "CARGO_NET_",
        "CARGO_REGISTR",
        "CARGO_SOURCE_",
        "CARGO_TERM_",
    ];
    let name = name.to_string_lossy();
    let ours = name == "CARGO"
        || name == "RUSTUP_TOOLCHAIN"
        || name.starts_with("CARGO_")
        || name.starts_with("RUSTC")
        || name.starts_with("RUSTFLAGS");
    ours && !HARMLESS.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pristine_cargo_drops_variables_that_change_a_build() {
        for removed in [
            "RUSTFLAGS",
            "RUSTC",
            "RUSTC_WRAPPER",
            "RUSTC_BOOTSTRAP",
            "CARGO_ENCODED_RUSTFLAGS",
            "CARGO_TARGET_DIR",
            "CARGO_PROFILE_RELEASE_DEBUG",
            "CARGO_BUILD_TARGET",
            "RUSTUP_TOOLCHAIN",
        ] {
            assert!(changes_a_build(removed.as_ref()), "{removed}");
        }
        for kept in [
            "PATH",
            "CARGO_HOME",
            "RUSTUP_HOME",
            "CARGO_TERM_COLOR",
            "CARGO_HTTP_PROXY",
        ] {
            assert!(!changes_a_build(kept.as_ref()), "{kept}");
        }
    }
}
