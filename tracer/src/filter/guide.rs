//! The guide to the filter language, generated from the tables: for `tracer
//! filters` and for docs/filters.md.

use super::{
    field::{FIELDS, FieldKind, FilterField},
    parse::SavedFilters,
};

const OPERATORS: &[(&str, &str)] = &[
    ("==  !=  in (a, b)", "equal, not equal, one of"),
    ("<  <=  >  >=", "for numbers, times and sizes"),
    (
        "=~  !~",
        "for text: matches a pattern, or does not (Rust's regex syntax)",
    ),
    (
        "&&  ||  !  ( )",
        "and, or, not, which can also be written as words",
    ),
    (
        "/pattern/  \"text\"",
        "alone: a name or command line that it ever had contains it; /pattern/i and \"text\" ignore case",
    ),
    (
        r#""\"  \n  \u00e9  \xff""#,
        "in quotes: the escapes of JSON, so that a string of an export can be pasted, and one byte",
    ),
    (
        "tree(1234)  tree(make)",
        "the processes with that PID, or that ever had that name, and their descendants",
    ),
    (
        "command()",
        "the command that `tracer record FILE -- CMD` ran, and its descendants",
    ),
    (
        "parent(comm == sh)",
        "the current parent meets the condition",
    ),
    ("known(exit.code)", "the field is known"),
    ("@name", "the filter saved under that name"),
];

pub const EXAMPLES: &[(&str, &str)] = &[
    (
        "comm =~ /nginx/ && exit.signal == KILL",
        "nginx processes killed by SIGKILL",
    ),
    ("exit.code != 0 && tree(make)", "failed commands of a build"),
    (
        "command() && lifetime > 1s",
        "slow steps of the recorded command",
    ),
    (
        "zombie > 5s",
        "processes that were zombies for more than five seconds",
    ),
    ("faults.cow > 1000 || rss > 1GiB", "expensive processes"),
    (
        "state == alive && lifetime > 1h && !kthread",
        "long-running processes",
    ),
    ("exit.signal in (SEGV, ABRT, BUS)", "crashes"),
    (
        "state.uninterruptible > 1s && !kthread",
        "processes blocked in the kernel; needs --states=count",
    ),
    (
        "lifetime < 10ms && created_by == vfork",
        "short-lived processes started by posix_spawn or vfork",
    ),
];

const UNKNOWN: &str = "\
A condition on an unknown fact is neither true nor false, and neither is its
negation. A filter keeps only processes for which it is true. A value that a
process does not have, such as the exit code of a running process, counts as
known: == is false for it and != is true.";

const NAMES: &str = "\
comm, argv and exe are those of the process at the moment shown, or its last
ones. tree(make), parent(make), /make/ and \"make\" also find a process that had
the name before: when it was found, inherited at its fork, or by an exec or a
rename since. ever.comm, ever.argv and ever.exe ask for all of these. A name that
the first exec after the fork replaced was its parent's and does not count.";

fn unit(field: &FilterField) -> String {
    match field.kind {
        FieldKind::Count => "count".to_owned(),
        FieldKind::Time => "time: ns us ms s m h d".to_owned(),
        FieldKind::Bytes => "size: B KiB MiB GiB".to_owned(),
        FieldKind::Signal => "signal".to_owned(),
        FieldKind::Text => "text".to_owned(),
        FieldKind::Word(words) => words.join(" "),
        FieldKind::Flag => "yes or no".to_owned(),
    }
}

fn name(field: &FilterField) -> String {
    match field.alias {
        "" => field.name.to_owned(),
        alias => format!("{}, {alias}", field.name),
    }
}

/// Returns the guide as text, including the user's saved filters.
pub fn guide(saved: &SavedFilters) -> String {
    let mut text = String::from("Fields:\n");
    for field in FIELDS {
        text += &format!("  {:<22} {}\n", name(field), field.help);
        text += &format!("  {:<22} ({})\n", "", unit(field));
    }
    text += "\nOperators:\n";
    for (signs, meaning) in OPERATORS {
        text += &format!("  {signs:<22} {meaning}\n");
    }
    text += "\nExamples:\n";
    for (example, meaning) in EXAMPLES {
        text += &format!("  {example}\n      {meaning}\n");
    }
    text += &format!("\n{UNKNOWN}\n\n{NAMES}\n");
    if !saved.is_empty() {
        text += "\nSaved:\n";
        for (name, filter) in saved {
            text += &format!("  @{name:<21} {filter}\n");
        }
    }
    text
}

/// Returns the text of docs/filters.md.
#[cfg(test)]
pub fn page() -> String {
    let cell = |text: &str| text.replace('|', "\\|");
    let mut page = String::from(
        "# Filters\n\n\
         A filter selects the processes that are shown: with `f` in every view of the\n\
         dashboard, with `--filter` in `tracer live` and `tracer replay`, their reports and\n\
         exports. A recording always holds all processes.\n\n\
         This page is generated from the tables in `tracer/src/filter`. A test compares them;\n\
         `UPDATE_GOLDEN=1 cargo test -p tracer --lib filter` updates the page. `tracer filters`\n\
         prints the same, with the filters that you have saved.\n\n\
         | example | keeps |\n|---|---|\n",
    );
    for (example, meaning) in EXAMPLES {
        page += &format!("| `{}` | {} |\n", cell(example), cell(meaning));
    }
    page += &format!(
        "\n{UNKNOWN}\n\n{NAMES}\n\n## Fields\n\n| field | meaning | values |\n|---|---|---|\n"
    );
    for field in FIELDS {
        page += &format!(
            "| {} | {} | {} |\n",
            name(field),
            cell(field.help),
            unit(field)
        );
    }
    page += "\n## Operators\n\n| operator | meaning |\n|---|---|\n";
    for (signs, meaning) in OPERATORS {
        page += &format!("| `{}` | {} |\n", cell(signs), cell(meaning));
    }
    page
}
