//! Where things are in the repository, and the cargo that runs us.

use std::{
    env,
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Command,
};

/// The repository's root.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask lies one directory below the root")
}

/// The cargo that started xtask.
pub fn cargo_path() -> PathBuf {
    env::var_os("CARGO").map_or_else(|| "cargo".into(), PathBuf::from)
}

/// That cargo, for the user-space workspace, in the caller's environment.
pub fn cargo() -> Command {
    let mut cargo = Command::new(cargo_path());
    cargo.current_dir(root());
    cargo
}

/// The rustc which that cargo drives.
pub fn cargo_rustc() -> Command {
    let mut rustc = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.current_dir(root());
    rustc
}

/// `cargo` freed of what the caller's shell, or the cargo that started xtask,
/// says about compilers, flags, profiles and target directories. What is left
/// is how to reach the network and how to talk. It drives the rustc that lies
/// beside it: rustup's own `rustc` would obey the toolchain files which some of
/// the compiled crates carry.
pub fn pristine(cargo: &Path) -> Command {
    let mut command = Command::new(cargo);
    for (name, _) in env::vars_os() {
        if shapes_a_build(&name) {
            command.env_remove(name);
        }
    }
    let rustc = cargo.with_file_name("rustc");
    if rustc.is_file() {
        command.env("RUSTC", rustc);
    }
    command
}

fn shapes_a_build(name: &OsStr) -> bool {
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
    fn a_pristine_cargo_keeps_only_what_shapes_no_build() {
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
            assert!(shapes_a_build(removed.as_ref()), "{removed}");
        }
        for kept in [
            "PATH",
            "CARGO_HOME",
            "RUSTUP_HOME",
            "CARGO_TERM_COLOR",
            "CARGO_HTTP_PROXY",
        ] {
            assert!(!shapes_a_build(kept.as_ref()), "{kept}");
        }
    }
}
