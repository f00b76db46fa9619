//! The fork tree of what was created while we looked. Siblings of one shape
//! (same command, same end, same children) are told once, with their number,
//! so that forty thousand shells take one line.

use std::collections::BTreeMap;

use super::{
    outcome,
    page::Page,
    words::{command, evicted_note, process_name},
};
use crate::{
    event::command_line,
    model::{Key, Model, Outcome, State},
};

const LINES: usize = 60;
/// Shapes of children told below one process.
const SHAPES: usize = 12;
const DEPTH: usize = 16;

/// What two subtrees have in common when they are told as one.
type Look = (String, Outcome, bool, Vec<(usize, u64)>);

/// Children of one shape: their first, and how many they are.
struct Fold {
    first: Key,
    count: u64,
}

struct Tree<'a> {
    model: &'a Model,
    /// By process: the shape of its subtree, and how many processes that has.
    shapes: BTreeMap<Key, (usize, u64)>,
}

pub fn write(model: &Model, page: &mut Page) {
    let mut tree = Tree {
        model,
        shapes: BTreeMap::new(),
    };
    let mut roots: Vec<Key> = model.processes().map(|(key, _)| key).collect();
    roots.retain(|&key| tree.is_root(key));
    if roots.is_empty() {
        return;
    }
    tree.measure(&roots);
    // The largest first; equal ones in order of appearance.
    roots.sort_by_key(|root| std::cmp::Reverse(tree.shapes[root].1));
    page.section(&format!(
        "The fork tree of what was started{}",
        evicted_note(model)
    ));
    tree.print(&roots, page);
}

fn is_created(model: &Model, key: Key) -> bool {
    model.process(key).forked_at.is_some()
}

impl Tree<'_> {
    /// Something was created below it, but not it itself below another.
    fn is_root(&self, key: Key) -> bool {
        match is_created(self.model, key) {
            true => self.model.tree_parent(key).is_none(),
            false => self.children(key).next().is_some(),
        }
    }

    fn children(&self, key: Key) -> impl Iterator<Item = Key> + '_ {
        let children = self.model.tree_children(key).iter().copied();
        children.filter(|&child| is_created(self.model, child))
    }

    /// Finds the shape of every subtree, from the leaves up. Without
    /// recursion: a chain of forks can be longer than a stack is deep.
    fn measure(&mut self, roots: &[Key]) {
        let mut looks: BTreeMap<Look, usize> = BTreeMap::new();
        let mut stack: Vec<(Key, bool)> = roots.iter().map(|&root| (root, false)).collect();
        while let Some((key, children_done)) = stack.pop() {
            if !children_done {
                stack.push((key, true));
                stack.extend(self.children(key).map(|child| (child, false)));
                continue;
            }
            let mut below: BTreeMap<usize, u64> = BTreeMap::new();
            let mut size = u64::from(is_created(self.model, key));
            for child in self.children(key) {
                let (shape, below_child) = self.shapes[&child];
                *below.entry(shape).or_default() += 1;
                size += below_child;
            }
            let process = self.model.process(key);
            let zombie = process.state() == State::Zombie;
            let below = below.into_iter().collect();
            let look = (command(self.model, key), process.outcome(), zombie, below);
            let next = looks.len();
            let shape = *looks.entry(look).or_insert(next);
            self.shapes.insert(key, (shape, size));
        }
    }

    /// The children by shape, in order of the first of each.
    fn folds(&self, key: Key) -> Vec<Fold> {
        let mut folds: Vec<Fold> = Vec::new();
        let mut places: BTreeMap<usize, usize> = BTreeMap::new();
        for child in self.children(key) {
            let (shape, _) = self.shapes[&child];
            let place = *places.entry(shape).or_insert(folds.len());
            match folds.get_mut(place) {
                Some(fold) => fold.count += 1,
                None => folds.push(Fold {
                    first: child,
                    count: 1,
                }),
            }
        }
        folds
    }

    fn print(&self, roots: &[Key], page: &mut Page) {
        let total: u64 = roots.iter().map(|root| self.shapes[root].1).sum();
        let mut told = 0;
        let mut lines: Vec<Line> = roots
            .iter()
            .rev()
            .map(|&root| Line::root(self, root))
            .collect();
        for _ in 0..LINES {
            let Some(line) = lines.pop() else { break };
            told += line.told;
            page.line(&line.text(self));
            if let What::Process { key, count } = line.what {
                lines.extend(self.below(&line, key, count));
            }
        }
        if told < total {
            page.line(&format!("… and {} more", total - told));
        }
    }

    /// The lines below a process, the last one first.
    fn below(&self, line: &Line, key: Key, count: u64) -> Vec<Line> {
        let folds = self.folds(key);
        let size = |fold: &Fold| fold.count * self.shapes[&fold.first].1;
        let (shown, hidden) = match line.depth {
            DEPTH.. => folds.split_at(0),
            _ if folds.len() > SHAPES => folds.split_at(SHAPES - 1),
            _ => folds.split_at(folds.len()),
        };
        let prefix = format!("{}{}", line.prefix, line.arm.below());
        let child = |what, told, last| Line {
            prefix: prefix.clone(),
            arm: if last { Arm::Last } else { Arm::Middle },
            depth: line.depth + 1,
            what,
            told,
        };
        let mut lines = Vec::new();
        if !hidden.is_empty() {
            let processes = hidden.iter().map(size).sum::<u64>() * count;
            let what = What::More {
                processes,
                shapes: hidden.len(),
            };
            lines.push(child(what, processes, true));
        }
        for fold in shown.iter().rev() {
            let all = fold.count * count;
            let what = What::Process {
                key: fold.first,
                count: all,
            };
            lines.push(child(what, all, lines.is_empty()));
        }
        lines
    }
}

#[derive(Clone, Copy)]
enum Arm {
    Root,
    Middle,
    Last,
}

impl Arm {
    fn at(self) -> &'static str {
        match self {
            Arm::Root => "",
            Arm::Middle => "├─ ",
            Arm::Last => "└─ ",
        }
    }

    fn below(self) -> &'static str {
        match self {
            Arm::Root => "",
            Arm::Middle => "│  ",
            Arm::Last => "   ",
        }
    }
}

enum What {
    /// So many processes of one shape; `key` is the first.
    Process {
        key: Key,
        count: u64,
    },
    More {
        processes: u64,
        shapes: usize,
    },
}

struct Line {
    prefix: String,
    arm: Arm,
    depth: usize,
    what: What,
    /// The created processes that this line speaks of.
    told: u64,
}

impl Line {
    fn root(tree: &Tree, key: Key) -> Line {
        let told = u64::from(is_created(tree.model, key));
        let what = What::Process { key, count: 1 };
        Line {
            prefix: String::new(),
            arm: Arm::Root,
            depth: 0,
            what,
            told,
        }
    }

    fn text(&self, tree: &Tree) -> String {
        let Line { prefix, arm, .. } = self;
        let label = match self.what {
            What::More { processes, shapes } => format!("… {processes} more, of {shapes} shapes"),
            What::Process { key, count } => label(tree.model, key, count),
        };
        format!("{prefix}{}{label}", arm.at())
    }
}

fn label(model: &Model, key: Key, count: u64) -> String {
    if !is_created(model, key) {
        return process_name(model, key);
    }
    let process = model.process(key);
    let zombie = if process.state() == State::Zombie {
        ", zombie"
    } else {
        ""
    };
    let end = format!("{}{zombie}", outcome::text(process.outcome()));
    if count > 1 {
        return format!("{} × {count}  {end}", command(model, key));
    }
    // The arguments of a child that never ran exec are its parent's.
    let argv = process
        .executions
        .last()
        .and_then(|last| last.exec.argv.as_ref());
    let argv = argv
        .map(|argv| command_line(argv.as_bytes()))
        .unwrap_or_default();
    format!("{}  {end}  {argv}", process_name(model, key))
}
