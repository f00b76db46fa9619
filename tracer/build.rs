//! Finds the eBPF object that `cargo xtask build` makes, so that
//! `source::live` can embed it. Without the feature `live` it needs no object.

use std::{env, path::Path};

fn main() {
    println!("cargo::rerun-if-env-changed=TRACER_EBPF_OBJECT");
    if env::var_os("CARGO_FEATURE_LIVE").is_none() {
        println!("cargo::rerun-if-changed=build.rs");
        return;
    }
    let object = env::var("TRACER_EBPF_OBJECT").unwrap_or_else(|_| {
        let manifest = env::var("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
        format!("{manifest}/../target/bpf/bpfel-unknown-none/release/tracer-ebpf")
    });
    println!("cargo::rerun-if-changed={object}");
    assert!(
        Path::new(&object).exists(),
        "the eBPF object {object} does not exist: run `cargo xtask build`, which builds it, or build without the feature `live`"
    );
    println!("cargo::rustc-env=TRACER_EBPF_OBJECT={object}");
}
