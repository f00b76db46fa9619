//! Resolves names to the files that define them, inside one crate.
//!
//! `pub use` and globs are followed to the definition. Methods, fields and names
//! of other crates are not resolved.

use std::collections::{HashMap, HashSet};

use crate::source::Source;

/// Bound on chained re-exports, for imports that name themselves
/// (`use serde::{self}`).
const DEPTH: usize = 16;

type Module = [String];

/// The names that the modules of a crate declare and import, tests left out.
#[derive(Default)]
pub struct Names<'a> {
    modules: HashMap<&'a Module, Declared<'a>>,
}

#[derive(Default)]
struct Declared<'a> {
    /// Index of the file that holds the module.
    file: usize,
    /// Items, and the file of each: the crate root has two.
    items: HashMap<&'a str, usize>,
    imports: HashMap<&'a str, &'a [String]>,
    globs: Vec<&'a [String]>,
}

/// The definition that a path leads to.
#[derive(Debug, PartialEq)]
pub struct Definition {
    /// Index of the file that holds it.
    pub file: usize,
    pub name: String,
}

/// Returns true if the file belongs to a module for tests.
pub fn is_test(source: &Source, test_modules: &HashSet<&Module>) -> bool {
    (1..=source.module.len()).any(|depth| test_modules.contains(&source.module[..depth]))
}

/// Returns the modules that `sources` declare for tests.
pub fn test_modules(sources: &[Source]) -> HashSet<&Module> {
    sources
        .iter()
        .flat_map(|source| &source.scan.test_modules)
        .map(Vec::as_slice)
        .collect()
}

impl<'a> Names<'a> {
    /// Collects the names of a crate's files. Later files take precedence as the
    /// file of a module, which only the crate root has twice.
    pub fn of(sources: &'a [Source]) -> Names<'a> {
        let tests = test_modules(sources);
        let mut names = Names::default();
        for (file, source) in sources.iter().enumerate() {
            if is_test(source, &tests) {
                continue;
            }
            names.module(&source.module, file);
            for module in &source.scan.inline_modules {
                names.module(module, file);
            }
            for (module, item) in &source.scan.items {
                names.module(module, file).items.insert(item, file);
            }
            for mention in source
                .scan
                .mentions
                .iter()
                .filter(|mention| !mention.in_test)
            {
                let declared = names.module(&mention.scope, file);
                match (mention.alias.as_deref(), mention.path.split_last()) {
                    (Some("_"), _) => {}
                    (Some(alias), _) => {
                        declared.imports.insert(alias, &mention.path);
                    }
                    (None, Some((star, path))) if star == "*" => declared.globs.push(path),
                    (None, _) => {}
                }
            }
        }
        names
    }

    fn module(&mut self, module: &'a Module, file: usize) -> &mut Declared<'a> {
        self.modules.entry(module).or_insert(Declared {
            file,
            ..Declared::default()
        })
    }

    /// Returns the definition that `path`, written in the module `scope`, leads
    /// to; none for a module and for what the crate does not define.
    pub fn definition(&self, scope: &Module, path: &[String]) -> Option<Definition> {
        self.find(scope, path, DEPTH)
    }

    fn find(&self, scope: &Module, path: &[String], depth: usize) -> Option<Definition> {
        let depth = depth.checked_sub(1)?;
        let (start, path) = match path {
            [first, rest @ ..] if first == "crate" => (&[][..], rest),
            _ => (scope, path),
        };
        let mut module = start.to_vec();
        let mut rest = path;
        while let [name, more @ ..] = rest {
            if name == "*" {
                return None;
            }
            let declared = self.modules.get(module.as_slice())?;
            let item = declared.items.get(name.as_str());
            module.push(name.clone());
            let child = self.modules.contains_key(module.as_slice());
            if let Some(&file) = item
                && (more.is_empty() || !child)
            {
                return Some(Definition {
                    file,
                    name: name.clone(),
                });
            }
            if child {
                rest = more;
                continue;
            }
            module.pop();
            if let Some(import) = declared.imports.get(name.as_str()) {
                return self.find(&module, &[import, more].concat(), depth);
            }
            for glob in &declared.globs {
                if let Some(target) = self.module_at(&module, glob, depth)
                    && let Some(found) = self.find_in(&target, rest, depth)
                {
                    return Some(found);
                }
            }
            // A macro may define what no item shows.
            let entered = rest.len() < path.len() || start.is_empty() && !scope.is_empty();
            return entered.then(|| Definition {
                file: declared.file,
                name: name.clone(),
            });
        }
        None
    }

    /// Finds a name that a glob import of `module` brings in.
    fn find_in(&self, module: &Module, path: &[String], depth: usize) -> Option<Definition> {
        let declared = self.modules.get(module)?;
        let name = path.first()?.as_str();
        let known = declared.items.contains_key(name)
            || declared.imports.contains_key(name)
            || self
                .modules
                .contains_key([module, &path[..1]].concat().as_slice());
        match known {
            true => self.find(module, path, depth),
            false => declared.globs.iter().find_map(|glob| {
                let depth = depth.checked_sub(1)?;
                let target = self.module_at(module, glob, depth)?;
                self.find_in(&target, path, depth)
            }),
        }
    }

    /// Returns the module that a path leads to.
    fn module_at(&self, scope: &Module, path: &[String], depth: usize) -> Option<Vec<String>> {
        let depth = depth.checked_sub(1)?;
        let (mut module, path) = match path {
            [first, rest @ ..] if first == "crate" => (Vec::new(), rest),
            _ => (scope.to_vec(), path),
        };
        let mut rest = path;
        while let [name, more @ ..] = rest {
            module.push(name.clone());
            if !self.modules.contains_key(module.as_slice()) {
                module.pop();
                let import = self
                    .modules
                    .get(module.as_slice())?
                    .imports
                    .get(name.as_str())?;
                return self.module_at(&module, &[import, more].concat(), depth);
            }
            rest = more;
        }
        Some(module)
    }
}
