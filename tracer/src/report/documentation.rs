//! Test that docs/report-tables.md describes the tables of the report.

use super::{Holds, TABLES};

const HEAD: &str = "\
# Tables of the report

`tracer replay FILE --report=SECTION --json` prints the tables of a section, one JSON object per
row. `table` is the name of the table. All rows are printed unless `--top N` is given. The
sections `findings` and `zombies` have no `trace` and `command` rows.
[schema/report.json](schema/report.json) is the JSON Schema of the rows.

- A key that ends in `_ns` is a duration, or a time since boot (CLOCK_BOOTTIME), in nanoseconds. A
  time has a second key that ends in `_time`: the same on the wall clock, RFC 3339 in UTC.
- A process is `pid`, `start_ns` (since boot; PIDs are reused) and `comm`, the command name.
- An outcome has a `kind`: `exit` with `exit_code`, `signal` with `exit_signal` and
  `exit_signal_name`, `alive`, or `not_seen`.
- The sender of a signal has an `origin`: `process` with `pid` and `comm`, `itself`, `kernel`,
  `oom_killer`, or `unknown`.
- `null` is a value that is not known or does not exist. Unknown is never 0.

This page is generated from the code: `UPDATE_GOLDEN=1 cargo test -p tracer --lib report`
updates it.
";

fn page() -> String {
    let mut page = HEAD.to_owned();
    for table in TABLES {
        page.push_str(&format!(
            "\n## `{}`\n\n{}.\n",
            table.name,
            sentence(table.about)
        ));
        if !table.columns.is_empty() {
            page.push_str("\n| key | |\n|---|---|\n");
        }
        for column in table.columns {
            let key = match column.holds == Holds::Time {
                true => format!("`{0}_ns`, `{0}_time`", column.key),
                false => format!("`{}`", column.key),
            };
            page.push_str(&format!("| {key} | {} |\n", column.about));
        }
    }
    page
}

/// Returns a text that begins with a capital letter.
fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(characters).collect()
}

#[test]
fn page_describes_every_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/report-tables.md");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, page()).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), page());
}
