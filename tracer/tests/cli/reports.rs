//! Tests reports of a recording: their tables, JSON and filters agree with the processes.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{golden, stderr, tracer};

fn text(arguments: &[&str]) -> String {
    let golden = golden();
    let whole = [&["replay", golden.to_str().unwrap()], arguments].concat();
    let output = tracer(&whole);
    assert!(output.status.success(), "{}", stderr(&output));
    String::from_utf8(output.stdout).unwrap()
}

fn rows(arguments: &[&str]) -> Vec<Value> {
    let lines = text(arguments);
    let rows = lines.lines();
    rows.map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn pids<'a>(rows: impl Iterator<Item = &'a Value>) -> BTreeSet<u64> {
    rows.map(|row| row["pid"].as_u64().unwrap()).collect()
}

/// A section names the same processes in text, in JSON and among all processes, with a
/// filter and without.
#[test]
fn deaths_are_the_same_in_every_form() {
    for filter in [
        None,
        Some("pid > 1"),
        Some("exit.signal == KILL"),
        Some("pid == 7"),
    ] {
        let filter: Vec<&'static str> = filter.map_or(vec![], |filter| vec!["--filter", filter]);
        let with = |arguments: &[&'static str]| [arguments, &filter].concat();
        let processes = rows(&with(&["--json"]));
        let died = processes.iter().filter(|it| {
            it["state"] != "alive" && (it["exit_code"] != 0 || it["exit_code"].is_null())
        });
        let died = pids(died);
        let report = rows(&with(&["--report=deaths", "--json"]));
        let deaths = report.iter().filter(|row| row["table"] == "deaths");
        assert_eq!(pids(deaths.map(|row| &row["process"])), died, "{filter:?}");
        let trace = report.iter().find(|row| row["table"] == "trace").unwrap();
        if !filter.is_empty() {
            assert_eq!(trace["matching"], processes.len(), "{trace}");
        }
        let plain = text(&with(&["--report=deaths", "--all"]));
        for pid in &died {
            assert!(plain.contains(&format!("[{pid}]")), "{pid} in {plain}");
        }
    }
}

#[test]
fn several_sections_are_one_report() {
    let both = text(&["--report=faults,deaths"]);
    let (faults, deaths) = (both.find("\nPage faults"), both.find("\nKilled by"));
    assert!(faults < deaths && faults.is_some(), "{both}");
    assert_eq!(both.matches("Traced").count(), 1, "{both}");
    // Text that is piped is not cut, and a paragraph is one line.
    let hooks = both.lines().find(|line| line.starts_with("Hooks")).unwrap();
    assert!(hooks.ends_with("(reasons at the end)"), "{both}");
    assert!(!both.contains('…'), "{both}");
}

#[test]
fn rows_of_a_table_are_chosen() {
    let top = text(&["--report=processes", "--top", "1"]);
    let total = rows(&["--json"]).len();
    let more = format!("  {} more: --top N or --all\n", total - 1);
    assert!(top.ends_with(&more), "{top}");
    let listed = text(&["--report=processes", "--all"]);
    let (_, table) = listed.split_once("\n\n").unwrap();
    assert_eq!(table.lines().count(), total + 2, "{listed}");
    for wrong in [
        &["--report", "--top", "0"][..],
        &["--report", "--top", "3", "--all"],
        &["--all"],
        &["--events", "--top", "3"],
        &["--events", "--all"],
        &["--report=deaths,sideways"],
    ] {
        let output = tracer(&[&["replay", "x"], wrong].concat());
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
    }
}

/// `command()` needs a recording of a command, and the error says so.
#[test]
fn command_term_is_refused_without_a_command() {
    let golden = golden();
    let golden = golden.to_str().unwrap();
    for form in [
        &["--report"][..],
        &["--json"],
        &["--events"],
        &["--report=forks", "--json"],
    ] {
        let filter = ["--filter", "command() && pid > 1"];
        let output = tracer(&[&["replay", golden][..], form, &filter].concat());
        let message = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{message}");
        assert!(output.stdout.is_empty());
        assert!(message.contains("tracer record FILE -- CMD"), "{message}");
    }
}
