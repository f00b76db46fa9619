//! Collects which file of a crate uses which, and finds the circles among them.
//!
//! A re-export does not count as a use: a `mod.rs` that only declares and re-exports is
//! in no circle.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::Path,
};

use crate::{
    names::{self, Names},
    source::Source,
};

/// The uses between files, by their index.
pub type Uses = BTreeMap<(usize, usize), BTreeSet<String>>;

/// Collects which file uses which names of which other file, tests left out.
pub fn uses(sources: &[Source]) -> Uses {
    let names = Names::of(sources);
    let tests = names::test_modules(sources);
    let mut uses = Uses::new();
    for (file, source) in sources.iter().enumerate() {
        if names::is_test(source, &tests) {
            continue;
        }
        let mut add = |scope: &[String], path: &[String]| {
            if let Some(definition) = names.definition(scope, path)
                && definition.file != file
            {
                let used = uses.entry((file, definition.file)).or_default();
                used.insert(definition.name);
            }
        };
        for mention in &source.scan.mentions {
            if !mention.in_test && !mention.is_reexport {
                add(&mention.scope, &mention.path);
            }
        }
        for (scope, name) in &source.scan.bare_names {
            add(scope, std::slice::from_ref(name));
        }
    }
    uses
}

/// Files that each reach all others of the circle.
pub struct Circle<'a> {
    sources: &'a [Source],
    /// Indices of its files.
    pub files: Vec<usize>,
    uses: Uses,
}

impl fmt::Display for Circle<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = |file: usize| -> &Path { &self.sources[file].path };
        write!(f, "circle of {} files:", self.files.len())?;
        for (&(from, to), names) in &self.uses {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let (from, to) = (path(from).display(), path(to).display());
            write!(f, "\n  {from} -> {to}: {}", names.join(", "))?;
        }
        Ok(())
    }
}

/// Finds every circle, the smallest first.
pub fn circles<'a>(sources: &'a [Source], uses: &Uses) -> Vec<Circle<'a>> {
    let reached: Vec<BTreeSet<usize>> = (0..sources.len()).map(|file| reach(file, uses)).collect();
    let mut circles = Vec::new();
    let mut seen: BTreeSet<usize> = BTreeSet::new();
    for file in 0..sources.len() {
        if !reached[file].contains(&file) || seen.contains(&file) {
            continue;
        }
        let returns = |other: &usize| reached[*other].contains(&file);
        let files: Vec<usize> = reached[file].iter().copied().filter(returns).collect();
        seen.extend(&files);
        let inside = |file: &usize| files.contains(file);
        let uses = uses
            .iter()
            .filter(|((from, to), _)| inside(from) && inside(to))
            .map(|(edge, names)| (*edge, names.clone()))
            .collect();
        circles.push(Circle {
            sources,
            files,
            uses,
        });
    }
    circles.sort_by_key(|circle| circle.files.len());
    circles
}

/// Returns the files that `start` reaches by one use or more.
fn reach(start: usize, uses: &Uses) -> BTreeSet<usize> {
    let mut reached = BTreeSet::new();
    let mut open = vec![start];
    while let Some(file) = open.pop() {
        for (&(_, to), _) in uses.range((file, 0)..(file + 1, 0)) {
            if reached.insert(to) {
                open.push(to);
            }
        }
    }
    reached
}
