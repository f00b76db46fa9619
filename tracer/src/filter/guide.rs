//! The language on one page, from the tables: for the command line and for
//! docs/filters.md.

use super::{
    field::{FIELDS, FieldKind, FilterField},
    parse::SavedFilters,
};

const OPERATORS: &[(&str, &str)] = &[
    ("==  !=  in (a, b)", "is, is not, is one of"),
    ("<  <=  >  >=", "for figures"),
    (
        "=~  !~",
        "for text: a pattern is in it, or is not (Rust's regex syntax)",
    ),
    ("&&  ||  !  ( )", "and, or, not; as words, too"),
    (
        "/pattern/  \"text\"",
        "alone: in the name or the command line; /i ignores case, text always does",
    ),
    (
        "tree(1234)  tree(make)",
        "the process with that number or name, and all that came from it",
    ),
    ("parent(comm == sh)", "whose parent now is so"),
    ("known(exit.code)", "whether it is known"),
    ("@name", "a filter that was saved under that name"),
];

pub const EXAMPLES: &[(&str, &str)] = &[
    (
        "comm =~ /nginx/ && exit.signal == KILL",
        "every nginx that was killed by SIGKILL",
    ),
    ("exit.code != 0 && tree(make)", "what failed in a build"),
    (
        "zombie > 5s",
        "who is, or was, a zombie for longer than five seconds",
    ),
    ("faults.cow > 1000 || rss > 1GiB", "who is costly"),
    (
        "state == alive && lifetime > 1h && !kthread",
        "the old ones",
    ),
    ("exit.signal in (SEGV, ABRT, BUS)", "crashes"),
    (
        "state.uninterruptible > 1s && !kthread",
        "who was held up in the kernel, with --states=count",
    ),
    (
        "lifetime < 10ms && created_by == vfork",
        "short lives by posix_spawn",
    ),
];

const UNKNOWN: &str = "\
What is unknown is neither true nor false: a condition on it is unknown, and so
is its opposite. Only processes for which the whole is true are kept. What a
process does not have (the exit code of one that lives) is known: it equals
nothing, and != is true of it.";

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

/// The language in text, with what the user has saved.
pub fn guide(saved: &SavedFilters) -> String {
    let mut text = String::from("Fields:\n");
    for field in FIELDS {
        text += &format!("  {:<22} {}\n", name(field), field.help);
        text += &format!("  {:<22} ({})\n", "", unit(field));
    }
    text += "\nComparing and joining:\n";
    for (signs, meaning) in OPERATORS {
        text += &format!("  {signs:<22} {meaning}\n");
    }
    text += "\nExamples:\n";
    for (example, meaning) in EXAMPLES {
        text += &format!("  {example}\n      {meaning}\n");
    }
    text += &format!("\n{UNKNOWN}\n");
    if !saved.is_empty() {
        text += "\nSaved:\n";
        for (name, filter) in saved {
            text += &format!("  @{name:<21} {filter}\n");
        }
    }
    text
}

/// docs/filters.md.
#[cfg(test)]
pub fn page() -> String {
    let cell = |text: &str| text.replace('|', "\\|");
    let mut page = String::from(
        "# Filters\n\n\
         Generated from the tables in `tracer/src/filter`; a test fails when it differs,\n\
         `UPDATE_GOLDEN=1 cargo test -p tracer --lib filter` writes it anew.\n\
         `tracer filters` prints the same, with the filters that you have saved.\n\n\
         A filter says which processes are shown: with `f` in every view of the dashboard,\n\
         with `--filter` for `live` and `replay`, their reports and exports. A recording\n\
         always keeps everything.\n\n\
         | example | keeps |\n|---|---|\n",
    );
    for (example, meaning) in EXAMPLES {
        page += &format!("| `{}` | {} |\n", cell(example), cell(meaning));
    }
    page += &format!(
        "\n{UNKNOWN}\n\n## Fields\n\n| field | what it is | compared with |\n|---|---|---|\n"
    );
    for field in FIELDS {
        page += &format!(
            "| {} | {} | {} |\n",
            name(field),
            cell(field.help),
            unit(field)
        );
    }
    page += "\n## Comparing and joining\n\n| | |\n|---|---|\n";
    for (signs, meaning) in OPERATORS {
        page += &format!("| `{}` | {} |\n", cell(signs), cell(meaning));
    }
    page
}
