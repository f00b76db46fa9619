//! Compares what files mention with the rules for modules and outside crates.

use std::collections::HashMap;

use crate::{
    names,
    rules::{FENCES, IMPURE, MODULES, Module, PURE, ROOT},
    scan::Mention,
    source::{Source, Violation},
};

/// The crates that tracer may name, from its manifest.
#[derive(Default)]
pub struct Dependencies {
    /// Those that need a row in [`FENCES`].
    pub normal: Vec<String>,
    /// Those for tests only.
    pub dev: Vec<String>,
}

/// Returns every mention in tracer's files that breaks a rule.
pub fn judge(sources: &[Source], dependencies: &Dependencies) -> Vec<Violation> {
    let tests = names::test_modules(sources);
    sources
        .iter()
        .flat_map(|source| judge_file(source, names::is_test(source, &tests), dependencies))
        .collect()
}

fn judge_file(source: &Source, is_test: bool, dependencies: &Dependencies) -> Vec<Violation> {
    let violation = |line, text| Violation {
        path: source.path.clone(),
        line,
        text,
    };
    let name = source.module.first().map_or(ROOT, String::as_str);
    let Some(module) = row(name) else {
        return vec![violation(1, no_row(name))];
    };
    let file = File {
        module,
        path: source.module.join("::"),
        dependencies,
    };

    // A name that a `use` brings in stands for its path, but an offence is reported
    // once: at the `use`.
    let mut aliases: HashMap<&str, &[String]> = HashMap::new();
    let mut violations = Vec::new();
    let (uses, paths): (Vec<&Mention>, Vec<&Mention>) = source
        .scan
        .mentions
        .iter()
        .partition(|mention| mention.alias.is_some());
    for mention in uses {
        let in_test = is_test || mention.in_test;
        match file.offence(&mention.path, in_test) {
            Some(text) => violations.push(violation(mention.line, text)),
            None if in_test => {}
            None => {
                aliases.extend(
                    mention
                        .alias
                        .as_deref()
                        .map(|alias| (alias, &*mention.path)),
                );
            }
        }
    }
    for mention in paths {
        let full = match aliases.get(mention.path[0].as_str()) {
            Some(start) => [start, &mention.path[1..]].concat(),
            None => mention.path.clone(),
        };
        violations.extend(
            file.offence(&full, is_test || mention.in_test)
                .map(|text| violation(mention.line, text)),
        );
    }
    violations.sort_by_key(|violation| violation.line);
    violations
}

/// The file that is checked.
struct File<'a> {
    module: &'static Module,
    path: String,
    dependencies: &'a Dependencies,
}

impl File<'_> {
    /// Returns the rule that a mention of `path` breaks, if it breaks one.
    fn offence(&self, path: &[String], in_test: bool) -> Option<String> {
        let text = path.join("::");
        if !in_test && let Some(offence) = self.impurity(&text) {
            return Some(offence);
        }
        if path[0] == "crate" {
            self.order(path.get(1)?, &text, in_test)
        } else {
            self.fence(&path[0], &text, in_test)
        }
    }

    fn order(&self, target: &str, text: &str, in_test: bool) -> Option<String> {
        let Module {
            rank,
            name,
            may_import,
        } = self.module;
        let Some(row) = row(target).filter(|row| row.name != ROOT) else {
            return (*name != ROOT).then(|| {
                format!(
                    "{text}: {name} may import modules that have a row in \
                     xtask/check/src/rules.rs, and nothing of the crate root"
                )
            });
        };
        if target == *name {
            return None;
        }
        if may_import.contains(&target) || in_test && row.rank < *rank {
            return None;
        }
        let allowed = if may_import.is_empty() {
            "no other module".to_owned()
        } else {
            may_import.join(", ")
        };
        Some(format!(
            "{text}: {name} (rank {rank}) may import {allowed}; {target} has rank {}",
            row.rank
        ))
    }

    fn fence(&self, krate: &str, text: &str, in_test: bool) -> Option<String> {
        let Dependencies { normal, dev } = self.dependencies;
        let is = |name: &String| name == krate;
        if !normal.iter().any(is) || in_test && dev.iter().any(is) {
            return None;
        }
        let Some(fence) = FENCES.iter().find(|fence| fence.crates.contains(&krate)) else {
            return Some(format!(
                "{text}: the crate {krate} has no row in xtask/check/src/rules.rs: add a row to \
                 FENCES that says where it belongs"
            ));
        };
        let name = self.module.name;
        (!fence.only_in.contains(&name)).then(|| {
            format!(
                "{text}: {krate} is only for {}, because {}",
                fence.only_in.join(", "),
                fence.because
            )
        })
    }

    fn impurity(&self, text: &str) -> Option<String> {
        let pure = PURE.iter().find(|pure| is_within(&self.path, pure))?;
        let touched = match text.strip_suffix("::*") {
            // A glob also imports what lies below it.
            Some(all) => IMPURE
                .iter()
                .any(|impure| is_within(all, impure) || is_within(impure, all)),
            None => IMPURE.iter().any(|impure| is_within(text, impure)),
        };
        touched.then(|| format!("{text}: {pure} is pure: no files, no clock, no kernel"))
    }
}

fn row(name: &str) -> Option<&'static Module> {
    MODULES.iter().find(|module| module.name == name)
}

fn no_row(name: &str) -> String {
    format!(
        "the module {name} has no row in xtask/check/src/rules.rs: add a row to MODULES that \
         gives its rank and what it may import"
    )
}

/// Returns true if `path` is `module` or lies below it.
fn is_within(path: &str, module: &str) -> bool {
    path.strip_prefix(module)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}
