//! Finds the eBPF object that `cargo xtask build` has made, to be embedded.

use std::{env, path::Path};

fn main() {
    println!("cargo::rerun-if-env-changed=TRACER_EBPF_OBJECT");
    let object = env::var("TRACER_EBPF_OBJECT").unwrap_or_else(|_| {
        let manifest = env::var("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
        format!("{manifest}/../target/bpf/bpfel-unknown-none/release/tracer-ebpf")
    });
    println!("cargo::rerun-if-changed={object}");
    assert!(
        Path::new(&object).exists(),
        "the eBPF object {object} is not there: run `cargo xtask build`, which builds it with the right compiler"
    );
    println!("cargo::rustc-env=TRACER_EBPF_OBJECT={object}");
}
