//! The result of a bench: figures with their goals, tables and notes; as text, as
//! Markdown, as JSON.

use std::fmt::Write as _;

use serde_json::{Value, json};

/// Result of a bench.
#[derive(Default)]
pub struct Report {
    pub goals: Vec<Goal>,
    pub tables: Vec<Table>,
    /// Sentences that a reader needs to understand the figures.
    pub notes: Vec<String>,
}

/// A figure with an upper limit.
pub struct Goal {
    pub what: String,
    /// None if it could not be measured; a note gives the reason.
    pub figure: Option<f64>,
    pub limit: f64,
    pub unit: &'static str,
}

/// A table with a title and a head.
pub struct Table {
    pub title: String,
    pub head: Vec<String>,
    /// Rows as wide as the head. The first cell names the row.
    pub rows: Vec<Vec<String>>,
}

impl Goal {
    pub fn at_most(
        limit: f64,
        unit: &'static str,
        what: impl Into<String>,
        figure: Option<f64>,
    ) -> Goal {
        Goal {
            what: what.into(),
            figure,
            limit,
            unit,
        }
    }

    fn verdict(&self) -> &'static str {
        match self.figure {
            None => "not measured",
            Some(figure) if figure <= self.limit => "reached",
            Some(_) => "missed",
        }
    }
}

impl Table {
    pub fn new<const N: usize>(title: impl Into<String>, head: [&str; N]) -> Table {
        Table {
            title: title.into(),
            head: head.map(str::to_owned).into(),
            rows: Vec::new(),
        }
    }
}

impl Report {
    /// Returns the goals as a table, if there are any, and the tables.
    fn all_tables(&self) -> Vec<Table> {
        let mut goals = Table::new("", ["figure", "measured", "goal: at most", "verdict"]);
        goals.rows.extend(self.goals.iter().map(|goal| {
            vec![
                goal.what.clone(),
                goal.figure
                    .map_or("–".to_owned(), |figure| with_unit(figure, goal.unit)),
                with_unit(goal.limit, goal.unit),
                goal.verdict().to_owned(),
            ]
        }));
        let mut tables = Vec::new();
        if !goals.rows.is_empty() {
            tables.push(goals);
        }
        tables.extend(self.tables.iter().map(|table| Table {
            title: table.title.clone(),
            head: table.head.clone(),
            rows: table.rows.clone(),
        }));
        tables
    }

    pub fn text(&self) -> String {
        let mut text = String::new();
        for table in self.all_tables() {
            if !table.title.is_empty() {
                let _ = writeln!(text, "{}", table.title);
            }
            let widths = table.widths();
            for row in std::iter::once(&table.head).chain(&table.rows) {
                let line = aligned(row, &widths, "  ");
                let _ = writeln!(text, "{}", line.trim_end());
            }
            text.push('\n');
        }
        for note in &self.notes {
            let _ = writeln!(text, "{note}");
        }
        text
    }

    pub fn markdown(&self) -> String {
        let mut text = String::new();
        for table in self.all_tables() {
            if !table.title.is_empty() {
                let _ = writeln!(text, "**{}**\n", table.title);
            }
            let widths = table.widths();
            let rule: Vec<String> = (0..widths.len())
                .map(|column| {
                    let dashes = "-".repeat(widths[column].max(2) - 1);
                    let colon = if column == 0 { "-" } else { ":" };
                    format!("{dashes}{colon}")
                })
                .collect();
            for row in [&table.head, &rule].into_iter().chain(&table.rows) {
                let _ = writeln!(text, "| {} |", aligned(row, &widths, " | "));
            }
            text.push('\n');
        }
        for note in &self.notes {
            let _ = writeln!(text, "- {note}");
        }
        text
    }

    pub fn json(&self) -> Value {
        let goals: Vec<_> = self
            .goals
            .iter()
            .map(|goal| {
                json!({
                    "what": goal.what, "figure": goal.figure, "limit": goal.limit,
                    "unit": goal.unit, "verdict": goal.verdict(),
                })
            })
            .collect();
        let tables: Vec<_> = self
            .tables
            .iter()
            .map(|table| json!({ "title": table.title, "head": table.head, "rows": table.rows }))
            .collect();
        json!({ "goals": goals, "tables": tables, "notes": self.notes })
    }
}

impl Table {
    fn widths(&self) -> Vec<usize> {
        let rows = || std::iter::once(&self.head).chain(&self.rows);
        let width = |column: usize| {
            rows()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.chars().count())
                .max()
        };
        (0..self.head.len())
            .map(|column| width(column).unwrap_or(0).max(2))
            .collect()
    }
}

/// The first cell to the left, the others to the right.
fn aligned(row: &[String], widths: &[usize], between: &str) -> String {
    let cells: Vec<String> = row
        .iter()
        .zip(widths)
        .enumerate()
        .map(|(column, (cell, &width))| match column {
            0 => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
        })
        .collect();
    cells.join(between)
}

/// Three figures that count.
pub fn number(figure: f64) -> String {
    match figure.abs() {
        size if size >= 100.0 => format!("{figure:.0}"),
        size if size >= 10.0 => format!("{figure:.1}"),
        _ => format!("{figure:.2}"),
    }
}

fn with_unit(figure: f64, unit: &str) -> String {
    match unit {
        "" => format!("{figure:.3}"),
        unit => format!("{} {unit}", number(figure)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Report {
        let mut table = Table::new("speed", ["tool", "ns"]);
        table.rows.push(vec!["tracer".into(), "12".into()]);
        Report {
            goals: vec![
                Goal::at_most(1.03, "", "slow-down", Some(1.051)),
                Goal::at_most(25.0, "ns", "a fault", None),
            ],
            tables: vec![table],
            notes: vec!["Quiet.".into()],
        }
    }

    #[test]
    fn figure_is_next_to_its_goal() {
        assert_eq!(
            sample().markdown(),
            "\
| figure    | measured | goal: at most |      verdict |
| --------- | -------: | ------------: | -----------: |
| slow-down |    1.051 |         1.030 |       missed |
| a fault   |        – |       25.0 ns | not measured |

**speed**

| tool   | ns |
| ------ | -: |
| tracer | 12 |

- Quiet.
"
        );
    }

    #[test]
    fn json_has_the_same_content() {
        let json = sample().json();
        assert_eq!(json["goals"][0]["verdict"], "missed");
        assert_eq!(json["goals"][1]["figure"], Value::Null);
        assert_eq!(json["tables"][0]["rows"][0][1], "12");
    }
}
