//! The check on made-up files: what it refuses and what it accepts.

use std::path::Path;

use crate::{
    graph::Circle,
    judge::{self, Dependencies},
    rules::{House, Room},
    source::{Source, Violation, module_of, read},
    *,
};

#[test]
fn file_path_gives_its_module() {
    let module = |path: &str| module_of(Path::new(path)).join("::");
    assert_eq!(module("main.rs"), "");
    assert_eq!(module("model.rs"), "model");
    assert_eq!(module("model/mod.rs"), "model");
    assert_eq!(module("source/live/plan.rs"), "source::live::plan");
    assert_eq!(module("source/main.rs"), "source::main");
}

/// Returns the violations when the file at `path` holds `text`.
fn violations(path: &str, text: &str) -> Vec<String> {
    violations_of(&[(path, text)])
}

fn violations_of(files: &[(&str, &str)]) -> Vec<String> {
    let sources: Vec<Source> = files
        .iter()
        .map(|(path, text)| read(rules::CRATE, Path::new(path), text).expect("valid Rust"))
        .collect();
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    let dependencies = Dependencies {
        normal: names(&[
            "anyhow",
            "aya",
            "libc",
            "tokio",
            "tracer_common",
            "newcomer",
        ]),
        dev: names(&["insta"]),
    };
    judge::judge(&sources, &dependencies)
        .iter()
        .map(Violation::to_string)
        .collect()
}

/// Asserts that `text` at `path` breaks one rule, on `line`, and that the
/// message holds `words`.
#[track_caller]
fn refused(path: &str, text: &str, line: usize, words: &str) {
    let found = violations(path, text);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with(&format!("{path}:{line}: ")),
        "{found:?}"
    );
    assert!(found[0].contains(words), "{found:?}");
}

#[track_caller]
fn accepted(path: &str, text: &str) {
    assert_eq!(violations(path, text), Vec::<String>::new());
}

#[test]
fn clean_file_passes() {
    accepted(
        "model/process.rs",
        "use std::{collections::HashMap, time::Duration};
         use crate::event::{Event, Moment};
         use super::task::Task;
         use crate::model::lineage;
         fn apply(event: &Event) -> Moment { lineage::apply(event); Moment::now() }",
    );
}

#[test]
fn import_of_a_higher_rank_is_refused() {
    refused(
        "model/process.rs",
        "use crate::event::Event;\nuse crate::tui::Theme;",
        2,
        "crate::tui::Theme",
    );
}

#[test]
fn import_of_an_equal_rank_is_refused() {
    refused("report/mod.rs", "use crate::tui;", 1, "event, model");
}

#[test]
fn every_leaf_of_a_use_tree_is_checked() {
    refused(
        "model.rs",
        "use crate::{\n    event::{Event, Moment},\n    recording::Writer as W,\n};",
        3,
        "crate::recording::Writer",
    );
}

#[test]
fn inline_path_is_checked() {
    refused(
        "event/mod.rs",
        "fn f() -> crate::model::Model { todo!() }",
        1,
        "crate::model::Model",
    );
    refused(
        "model.rs",
        "fn f() {\n let b = aya::Ebpf::load(&[]);\n}",
        2,
        "aya",
    );
}

#[test]
fn path_inside_a_macro_is_checked() {
    refused(
        "model.rs",
        "fn f() { println!(\"{}\", crate::tui::WIDTH); }",
        1,
        "crate::tui::WIDTH",
    );
    refused(
        "model.rs",
        "#[derive(Debug, newcomer::Thing)] struct S;",
        1,
        "newcomer",
    );
}

#[test]
fn path_through_super_is_checked() {
    refused(
        "model/process.rs",
        "use super::super::tui::Theme;",
        1,
        "crate::tui::Theme",
    );
    accepted("source/live/ring.rs", "use super::super::replay::Replay;");
}

#[test]
fn renamed_crate_or_module_is_checked() {
    refused(
        "model.rs",
        "use crate as root;\nfn f() { root::tui::draw(); }",
        2,
        "crate::tui::draw",
    );
    refused(
        "model.rs",
        "use crate::{self as root};\nfn f() { root::tui::draw(); }",
        2,
        "crate::tui::draw",
    );
    refused(
        "model.rs",
        "use crate::tui as paint;\nfn f() { paint::draw(); }",
        1,
        "crate::tui",
    );
    refused("model.rs", "extern crate aya as kernel;", 1, "aya");
    refused("model.rs", "use crate::*;", 1, "crate root");
}

#[test]
fn outside_crate_is_refused_outside_its_modules() {
    refused("session.rs", "use aya::Ebpf;", 1, "source");
    accepted("source/live/load.rs", "use aya::Ebpf; use libc::c_int;");
}

#[test]
fn crate_without_a_row_is_refused() {
    refused("model.rs", "use newcomer::Thing;", 1, "add a row");
}

#[test]
fn module_without_a_row_is_refused() {
    refused("helpers/mod.rs", "", 1, "add a row");
    refused("model.rs", "use crate::helpers::f;", 1, "have a row");
}

#[test]
fn pure_module_may_not_use_clock_or_io() {
    refused("event.rs", "use std::{fs, fmt};", 1, "std::fs");
    refused(
        "report.rs",
        "use std::time::{Duration, Instant};",
        1,
        "Instant",
    );
    refused(
        "export.rs",
        "use std::time;\nfn f(_: time::Duration) { time::SystemTime::now(); }",
        2,
        "std::time::SystemTime",
    );
    refused("model.rs", "use std::time::*;", 1, "std::time::*");
    accepted("recording.rs", "use std::fs::File;");
}

#[test]
fn plan_and_records_are_pure() {
    refused("source/live/plan.rs", "use aya::Btf;", 1, "pure");
    refused("records/decode.rs", "use std::time::Instant;", 1, "pure");
    refused("records/decode/fork.rs", "use std::fs;", 1, "pure");
    accepted(
        "records/decode.rs",
        "use tracer_common::wire; use crate::event::Event;",
    );
}

#[test]
fn tests_may_use_anything_lower_and_dev_dependencies() {
    accepted(
        "report.rs",
        "#[cfg(test)]
         mod tests {
             use std::fs;
             use super::*;
             use crate::source::script::Script;
             fn f() { insta::assert_snapshot!(\"\"); }
         }",
    );
    refused(
        "report.rs",
        "#[cfg(test)]\nmod tests {\n use crate::session::run;\n}",
        3,
        "crate::session::run",
    );
    refused(
        "report.rs",
        "use crate::source::script::Script;",
        1,
        "event, model",
    );
    refused(
        "report.rs",
        "#[cfg(not(test))]\nuse crate::source::Source;",
        2,
        "event, model",
    );
}

#[test]
fn test_module_in_its_own_file_is_a_test_module() {
    let tests = ("report/tests.rs", "use crate::source::script::Script;");
    assert_eq!(
        violations_of(&[("report/mod.rs", "#[cfg(test)]\nmod tests;"), tests]),
        Vec::<String>::new()
    );
    assert_eq!(
        violations_of(&[("report/mod.rs", "mod tests;"), tests]).len(),
        1
    );
}

#[test]
fn crate_root_may_import_only_cli() {
    accepted("main.rs", "mod cli;\nmod model;\nfn main() { cli::run(); }");
    accepted(
        "main.rs",
        "const A: u8 = 1;\nmod tests { use super::*; const B: u8 = crate::A; }",
    );
    refused(
        "main.rs",
        "mod model;\nfn main() { model::Model::new(); }",
        2,
        "cli",
    );
    refused("model.rs", "use crate::VERSION;", 1, "crate root");
}

/// Returns the circles among made-up files, as they are printed.
fn circles_of(files: &[(&str, &str)]) -> Vec<String> {
    let sources: Vec<Source> = [("lib.rs", "")]
        .iter()
        .chain(files)
        .map(|(path, text)| read(rules::CRATE, Path::new(path), text).expect("valid Rust"))
        .collect();
    graph::circles(&sources, &graph::uses(&sources))
        .iter()
        .map(Circle::to_string)
        .collect()
}

#[test]
fn planted_circle_is_found_with_its_names() {
    let found = circles_of(&[
        ("a.rs", "use crate::b::B; pub struct A(B);"),
        ("b.rs", "pub struct B; fn f(_: super::c::C) {}"),
        (
            "c.rs",
            "use super::a; pub struct C; fn g() { a::A::new(); }",
        ),
    ]);
    assert_eq!(
        found,
        ["circle of 3 files:\n  a.rs -> b.rs: B\n  b.rs -> c.rs: C\n  c.rs -> a.rs: A"]
    );
}

#[test]
fn reexports_are_followed_and_are_no_use() {
    let facade = "mod a; mod b; pub use a::{A, make}; pub use b::*;";
    let a = "use super::B; pub struct A(B); pub fn make() {}";
    assert_eq!(
        circles_of(&[
            ("x/mod.rs", facade),
            ("x/a.rs", a),
            ("x/b.rs", "pub struct B;")
        ]),
        [""; 0]
    );
    // Through the re-export the two files still use one another.
    let b = "pub struct B; fn f() { crate::x::make() }";
    let found = circles_of(&[("x/mod.rs", facade), ("x/a.rs", a), ("x/b.rs", b)]);
    assert_eq!(
        found,
        ["circle of 2 files:\n  x/a.rs -> x/b.rs: B\n  x/b.rs -> x/a.rs: make"]
    );
}

#[test]
fn module_that_defines_what_its_children_import_is_part_of_a_circle() {
    let child = ("x/a.rs", "use super::Shared; pub fn run(_: Shared) {}");
    let uses = "mod a; pub struct Shared; fn f() { a::run(Shared) }";
    assert_eq!(circles_of(&[("x/mod.rs", uses), child]).len(), 1);
    let reexports = "mod a; pub struct Shared; pub use a::run;";
    assert_eq!(circles_of(&[("x/mod.rs", reexports), child]).len(), 0);
    // A name that is exported and also used counts.
    let both = "mod a; pub struct Shared; pub use a::run; fn f() { run(Shared) }";
    assert_eq!(circles_of(&[("x/mod.rs", both), child]).len(), 1);
}

#[test]
fn globs_macros_and_inline_modules_are_resolved() {
    let found = circles_of(&[
        (
            "a.rs",
            "pub mod inner { pub const N: u8 = 1; } fn f() { format!(\"{}\", crate::b::M) }",
        ),
        ("b.rs", "use crate::a::inner::*; pub const M: u8 = N;"),
    ]);
    assert_eq!(
        found,
        ["circle of 2 files:\n  a.rs -> b.rs: M\n  b.rs -> a.rs: N"]
    );
}

#[test]
fn tests_are_no_part_of_a_circle() {
    let a = "use crate::b::B; #[cfg(test)] mod tests; pub struct A;";
    let files = [
        ("a.rs", a),
        ("a/tests.rs", "use crate::b::B;"),
        (
            "b.rs",
            "pub struct B; #[cfg(test)] mod tests { use crate::a::A; }",
        ),
    ];
    assert_eq!(circles_of(&files), [""; 0]);
}

#[test]
fn rooms_keep_their_order() {
    const HOUSE: House = House {
        module: "tui",
        rooms: &[
            Room {
                name: "state",
                may_import: &[],
            },
            Room {
                name: "view",
                may_import: &["state"],
            },
        ],
    };
    let violations = |files: &[(&str, &str)]| {
        let sources: Vec<Source> = [("lib.rs", "")]
            .iter()
            .chain(files)
            .map(|(path, text)| read(rules::CRATE, Path::new(path), text).expect("valid Rust"))
            .collect();
        rooms::judge(&HOUSE, &sources, &graph::uses(&sources))
    };
    let top = (
        "tui/mod.rs",
        "pub use view::draw; pub struct App; fn f() { state::get() }",
    );
    let state = ("tui/state.rs", "pub struct Data; pub fn get() {}");
    let view = (
        "tui/view/mod.rs",
        "use crate::tui::state::Data; pub fn draw() {}",
    );
    assert_eq!(violations(&[top, state, view]), [""; 0]);
    // Through a re-export of the house as well.
    let upward = ("tui/state.rs", "use super::draw; pub struct Data;");
    assert_eq!(
        violations(&[top, upward, view]),
        [
            "tui/state.rs -> tui/view/mod.rs: draw: state may import no other room, and view is not among them"
        ]
    );
    let to_the_top = ("tui/view/mod.rs", "use super::App; pub fn draw() {}");
    assert_eq!(violations(&[top, state, to_the_top]).len(), 1);
    assert_eq!(violations(&[top, ("tui/new.rs", "")]).len(), 1);
    let tested = ("tui/mod.rs", "#[cfg(test)] mod tests;");
    assert_eq!(violations(&[tested, ("tui/tests/mod.rs", "")]), [""; 0]);
}
