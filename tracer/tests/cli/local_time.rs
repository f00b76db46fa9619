//! Tests times of day in the reader's time zone, and the message of an empty window.

use std::process::Command;

use super::{golden, stderr};

/// Runs a command in a time zone. Returns its output and its messages.
fn in_zone(zone: &str, arguments: &[&str]) -> (String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_tracer"))
        .env("TZ", zone)
        .args(arguments)
        .output()
        .unwrap();
    let messages = stderr(&output);
    (String::from_utf8(output.stdout).unwrap(), messages)
}

#[test]
fn times_are_local_or_in_utc() {
    let golden = golden();
    let golden = golden.to_str().unwrap();
    // The clocks are set back at 22:14:22 UTC on 14 November.
    let set_back = "STD0DST-1,J60/0,J318/23:14:22";
    let utc = "2023-11-14 22:14:20.123 to 22:14:23.123 UTC";
    let in_berlin = "2023-11-14 23:14:20.123 to 23:14:23.123 +01:00";
    let berlin = "Europe/Berlin";
    for (zone, option, span, first) in [
        ("", "", utc, "22:14:20.123456Z"),
        ("UTC", "", utc, "22:14:20.123456Z"),
        (berlin, "--utc", utc, "22:14:20.123456Z"),
        (berlin, "", in_berlin, "23:14:20.123456+01:00"),
        (
            "Asia/Kathmandu",
            "",
            "2023-11-15 03:59:20.123 to 03:59:23.123 +05:45",
            "03:59:20.123456+05:45",
        ),
        (
            "America/New_York",
            "",
            "2023-11-14 17:14:20.123 to 17:14:23.123 -05:00",
            "17:14:20.123456-05:00",
        ),
        (
            set_back,
            "",
            "2023-11-14 23:14:20.123 +01:00 to 22:14:23.123 +00:00",
            "23:14:20.123456+01:00",
        ),
    ] {
        let run = |command: &[&str]| {
            let options: &[&str] = if option.is_empty() { &[] } else { &[option] };
            let (text, messages) = in_zone(zone, &[command, &[golden], options].concat());
            assert_eq!(messages, "", "{zone}");
            text
        };
        let report = run(&["replay", "--report"]);
        assert!(report.contains(&format!("Span     {span}")), "{report}");
        let events = run(&["replay", "--events"]);
        assert!(events[11..].starts_with(first), "{zone}: {events}");
        // JSON is the same everywhere.
        let json = run(&["replay", "--events", "--json"]);
        assert!(json.contains("2023-11-14T22:14:20.123456"), "{json}");
    }
    let (report, notice) = in_zone("Mars/Olympus", &["replay", "--report", golden]);
    assert!(report.contains(utc), "{report}");
    assert!(
        notice.contains("\"Mars/Olympus\"") && notice.contains("UTC"),
        "{notice}"
    );
}

#[test]
fn window_is_in_local_time_and_says_what_there_is_if_it_is_empty() {
    let golden = golden();
    let golden = golden.to_str().unwrap();
    let kathmandu = "Asia/Kathmandu";
    let replay = ["replay", golden, "--events", "--json"];
    let events = |options: &[&str]| {
        let (text, messages) = in_zone(kathmandu, &[&replay, options].concat());
        assert_eq!(messages, "", "{options:?}");
        text
    };
    let window = events(&["--since", "03:59:20.124", "--until", "03:59:22"]);
    let whole = events(&[]);
    assert!(!window.is_empty() && window.len() < whole.len());
    for same in [
        ["--since=22:14:20.124Z", "--until=22:14:22Z", "--utc"],
        ["--since=22:14:20.124", "--until=22:14:22", "--utc"],
        [
            "--since=23:14:20.124+01:00",
            "--until=2023-11-14 22:14:22 UTC",
            "--events",
        ],
        [
            "--since=2023-11-15 03:59:20.124",
            "--until=2023-11-15T03:59:22",
            "--events",
        ],
    ] {
        let same: Vec<_> = same.into_iter().filter(|it| *it != "--events").collect();
        assert_eq!(events(&same), window, "{same:?}");
    }

    let covers = "covers 2023-11-15 03:59:20.123 to 03:59:23.123 +05:45";
    let part = std::env::temp_dir().join(format!("tracer-empty-{}", std::process::id()));
    for (window, nothing) in [
        (
            &["--since=03:00", "--until=03:05"][..],
            "nothing between 03:00:00.000 and 03:05:00.000",
        ),
        (&["--since=04:00"], "nothing after 04:00:00.000"),
        (&["--until=03:00"], "nothing before 03:00:00.000"),
        (
            &["--until=2020-01-01"],
            "nothing before 2020-01-01 00:00:00.000",
        ),
    ] {
        for command in [
            &["replay", golden, "--report"][..],
            &["replay", golden, "--json"],
            &["replay", golden, "--events"],
            &["cut", golden, part.to_str().unwrap()],
        ] {
            let (text, message) = in_zone(kathmandu, &[command, window].concat());
            assert_eq!(text, "", "{command:?}");
            assert!(
                message.contains(nothing) && message.contains(covers),
                "{command:?} {window:?}: {message}"
            );
        }
    }
    assert!(!part.exists());
}
