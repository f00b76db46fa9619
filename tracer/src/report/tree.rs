//! The fork tree of processes created during the trace. Siblings of one shape
//! (equal command, outcome and children) share one line with their count, so that
//! forty thousand shells take one line.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{
    layout::Rows,
    outcome,
    scope::Scope,
    table::{Cell, Column, Holds, Output, TableKind},
    words::{command, process_name},
};
use crate::{
    event::{Comm, Text, command_line, units::duration},
    model::{Key, Model, Outcome, Process, State},
};

/// The fork tree.
pub static TREE: TableKind = TableKind {
    name: "tree",
    about: "the fork tree of started processes, each after its parent; siblings of one command, \
            outcome and subtree share a row. The parent of a row is the row before it with a \
            smaller depth. Processes that were not started in the trace, or that a filter does \
            not keep, are there for their descendants and have no outcome",
    columns: &[
        Column::json("depth", "depth in the tree; 0 is a root").of(Holds::Number),
        Column::json("count", "number of processes that the row stands for").of(Holds::Number),
        Column::json("process", "process, or the first of several").of(Holds::Process),
        Column::json("outcome", "outcome").of(Holds::Outcome),
        Column::json(
            "state",
            "`alive`, `exiting`, `zombie`, `reaped`, or `vanished`: its end was not seen",
        ),
        Column::json("argv", "command line of the last exec").of(Holds::Arguments),
    ],
};

/// Maximum number of lines.
const LINES: usize = 60;
/// Maximum number of shapes listed below one process.
const SHAPES: usize = 12;
/// Maximum depth.
const DEPTH: usize = 16;
/// Maximum depth with --all: the width of a line grows with it.
const MAX_DEPTH: usize = 500;

/// The properties that subtrees of one shape have in common.
type ShapeKey = (
    Option<Comm>,
    Option<(Outcome, Option<&'static str>)>,
    Vec<(usize, u64)>,
);

/// Children of one shape: the first one, and their number.
struct Group {
    first: Key,
    count: u64,
}

/// The tree under construction.
struct ForkTree<'a> {
    model: &'a Model,
    scope: &'a Scope<'a>,
    /// With a filter or in a part of a recording, the processes of the report and their
    /// ancestors.
    visible: Option<HashSet<Key>>,
    /// The shape and the size of each process's subtree.
    shapes: HashMap<Key, (usize, u64)>,
}

/// Writes the section, if processes were created.
pub fn write(scope: &Scope<'_>, page: &mut dyn Output) {
    let model = scope.model;
    let mut tree = ForkTree {
        model,
        scope,
        visible: None,
        shapes: HashMap::new(),
    };
    let mut roots = Vec::new();
    let mut is_part = false;
    for key in model.keys_since(0) {
        roots.push(key);
        is_part |= !model.has_in_this_part(key);
    }
    if scope.filtered.is_some() || is_part {
        tree.visible = Some(tree.kept_with_ancestors());
    }
    roots.retain(|&key| tree.is_root(key));
    if roots.is_empty() {
        return;
    }
    tree.measure(&roots);
    // The largest first; equal ones in order of appearance.
    roots.sort_by_key(|root| std::cmp::Reverse(tree.shape(*root).1));
    page.section(&format!(
        "Fork tree of started processes{}",
        scope.evicted_note()
    ));
    tree.print(&roots, page);
}

impl ForkTree<'_> {
    fn is_created(&self, key: Key) -> bool {
        self.model.is_forked(key)
    }

    /// Returns the created processes of the report, and their ancestors up to the first
    /// one that was not created in the trace.
    fn kept_with_ancestors(&self) -> HashSet<Key> {
        let mut visible = HashSet::new();
        for (key, process) in self.scope.processes() {
            if process.forked_at.is_none() {
                continue;
            }
            let mut up = Some(key);
            while let Some(key) = up
                && visible.insert(key)
            {
                let parent = self.model.tree_parent(key);
                up = parent.filter(|_| self.is_created(key));
            }
        }
        visible
    }

    /// Returns the shape and the size of a measured subtree.
    fn shape(&self, key: Key) -> (usize, u64) {
        self.shapes.get(&key).copied().unwrap_or_default()
    }

    /// Returns true if the row of a process is about it, not only about its descendants.
    fn is_listed(&self, key: Key) -> bool {
        self.is_created(key) && self.scope.keeps(key)
    }

    /// Returns true for a created process without a known creator, and for any other
    /// process that created one.
    fn is_root(&self, key: Key) -> bool {
        match self.is_created(key) {
            true => self.is_visible(key) && self.model.tree_parent(key).is_none(),
            false => self.children(key).next().is_some(),
        }
    }

    fn is_visible(&self, key: Key) -> bool {
        let visible = self.visible.as_ref();
        visible.is_none_or(|visible| visible.contains(&key))
    }

    fn children(&self, key: Key) -> impl Iterator<Item = Key> + '_ {
        let children = self.model.tree_children(key).into_owned().into_iter();
        children.filter(|&child| self.is_created(child) && self.is_visible(child))
    }

    /// Determines the shape of each subtree, from the leaves up. It does not recurse,
    /// because a chain of forks can overflow the stack.
    fn measure(&mut self, roots: &[Key]) {
        let mut shape_keys: BTreeMap<ShapeKey, usize> = BTreeMap::new();
        let mut stack: Vec<(Key, bool)> = roots.iter().map(|&root| (root, false)).collect();
        while let Some((key, children_done)) = stack.pop() {
            if !children_done {
                stack.push((key, true));
                stack.extend(self.children(key).map(|child| (child, false)));
                continue;
            }
            let mut below: BTreeMap<usize, u64> = BTreeMap::new();
            let mut size = u64::from(self.is_listed(key));
            for child in self.children(key) {
                let (shape, below_child) = self.shape(child);
                *below.entry(shape).or_default() += 1;
                size += below_child;
            }
            let process = self.model.process(key);
            let end = (process.outcome(), unfinished(&process));
            let end = self.is_listed(key).then_some(end);
            let below = below.into_iter().collect();
            let shape_key = (process.known_comm(), end, below);
            let next = shape_keys.len();
            let shape = *shape_keys.entry(shape_key).or_insert(next);
            self.shapes.insert(key, (shape, size));
        }
    }

    /// Returns the children by shape, in the order of the first child of each.
    fn groups(&self, key: Key) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        let mut places: BTreeMap<usize, usize> = BTreeMap::new();
        for child in self.children(key) {
            let (shape, _) = self.shape(child);
            let place = *places.entry(shape).or_insert(groups.len());
            match groups.get_mut(place) {
                Some(group) => group.count += 1,
                None => groups.push(Group {
                    first: child,
                    count: 1,
                }),
            }
        }
        groups
    }

    fn print(&self, roots: &[Key], page: &mut dyn Output) {
        let total: u64 = roots.iter().map(|root| self.shape(*root).1).sum();
        let mut printed = 0;
        let mut lines: Vec<Line> = roots
            .iter()
            .rev()
            .map(|&root| Line::root(self, root))
            .collect();
        let mut room = self.scope.layout.rows.limit(LINES);
        while room > 0
            && let Some(line) = lines.pop()
        {
            room -= 1;
            printed += line.represented;
            page.line(&line.text(self));
            if let Entry::Process { key, count } = line.entry {
                page.facts(self.scope, &TREE, self.row(line.depth, key, count));
                lines.extend(self.below(&line, key, count));
            }
        }
        if printed < total {
            page.line(&format!("… and {} more: --top N or --all", total - printed));
        }
    }

    /// Returns the row of a line for programs.
    fn row(&self, depth: usize, key: Key, count: u64) -> Vec<Cell> {
        let process = self.model.process(key);
        let listed = self.is_listed(key);
        vec![
            Cell::Count(depth as u64),
            Cell::Count(count),
            Cell::Process(key),
            Cell::some(listed.then(|| process.outcome()), Cell::Outcome),
            Cell::some(listed.then(|| process.state().name()), |state| {
                Cell::Text(state.to_owned())
            }),
            Cell::some(last_argv(self.model, key), Cell::Arguments),
        ]
    }

    /// Returns the lines below a process, the last one first.
    fn below(&self, line: &Line, key: Key, count: u64) -> Vec<Line> {
        let groups = self.groups(key);
        let size = |group: &Group| group.count * self.shape(group.first).1;
        let (shapes, depth) = match self.scope.layout.rows {
            Rows::Usual => (SHAPES, DEPTH),
            Rows::Top(_) | Rows::All => (usize::MAX, MAX_DEPTH),
        };
        let (shown, hidden) = match groups.len() {
            _ if line.depth >= depth => groups.split_at(0),
            count if count > shapes => groups.split_at(shapes - 1),
            count => groups.split_at(count),
        };
        let prefix = format!("{}{}", line.prefix, line.branch.below());
        let child = |entry, represented, last| Line {
            prefix: prefix.clone(),
            branch: if last { Branch::Last } else { Branch::Middle },
            depth: line.depth + 1,
            entry,
            represented,
        };
        let mut lines = Vec::new();
        if !hidden.is_empty() {
            let processes = hidden.iter().map(size).sum::<u64>() * count;
            let entry = Entry::More {
                processes,
                shapes: hidden.len(),
            };
            lines.push(child(entry, processes, true));
        }
        for group in shown.iter().rev() {
            let all = group.count * count;
            let entry = Entry::Process {
                key: group.first,
                count: all,
            };
            let represented = if self.is_listed(group.first) { all } else { 0 };
            lines.push(child(entry, represented, lines.is_empty()));
        }
        lines
    }
}

/// The lines that connect an entry with its parent and siblings.
#[derive(Clone, Copy)]
enum Branch {
    Root,
    Middle,
    Last,
}

impl Branch {
    fn at(self) -> &'static str {
        match self {
            Branch::Root => "",
            Branch::Middle => "├─ ",
            Branch::Last => "└─ ",
        }
    }

    fn below(self) -> &'static str {
        match self {
            Branch::Root => "",
            Branch::Middle => "│  ",
            Branch::Last => "   ",
        }
    }
}

/// The content of a line.
enum Entry {
    /// Processes of one shape; `key` is the first.
    Process { key: Key, count: u64 },
    /// Processes that are not listed.
    More { processes: u64, shapes: usize },
}

/// A line of the tree.
struct Line {
    prefix: String,
    branch: Branch,
    depth: usize,
    entry: Entry,
    /// Number of created processes that the line stands for.
    represented: u64,
}

impl Line {
    fn root(tree: &ForkTree, key: Key) -> Line {
        let represented = u64::from(tree.is_listed(key));
        let entry = Entry::Process { key, count: 1 };
        Line {
            prefix: String::new(),
            branch: Branch::Root,
            depth: 0,
            entry,
            represented,
        }
    }

    fn text(&self, tree: &ForkTree) -> String {
        let Line { prefix, branch, .. } = self;
        let label = match self.entry {
            Entry::More { processes, shapes } => format!("… {processes} more, of {shapes} shapes"),
            Entry::Process { key, count } => label(tree, key, count),
        };
        format!("{prefix}{}{label}", branch.at())
    }
}

/// Returns the state of a process that has exited and is still present.
fn unfinished(process: &Process) -> Option<&'static str> {
    let state = process.state();
    matches!(state, State::Exiting | State::Zombie).then(|| state.name())
}

fn label(tree: &ForkTree, key: Key, count: u64) -> String {
    let model = tree.model;
    if !tree.is_listed(key) {
        return match count {
            1 => process_name(model, key),
            _ => format!("{} × {count}", command(model, key)),
        };
    }
    let process = model.process(key);
    let end = outcome::text(process.outcome());
    if count > 1 {
        let state = unfinished(&process).map_or(String::new(), |state| format!(", {state}"));
        return format!("{} × {count}  {end}{state}", command(model, key));
    }
    let end = match (unfinished(&process), process.exiting_time(model.now())) {
        (None, _) => end,
        (Some(state), None) => format!("{end}, {state}"),
        (Some(state), Some(time)) => format!("{end}, {state} for {}", duration(time)),
    };
    let argv = last_argv(model, key).map(|argv| command_line(argv.as_bytes()));
    format!(
        "{}  {end}  {}",
        process_name(model, key),
        argv.unwrap_or_default()
    )
}

/// Returns the command line of the last exec. A child that never called exec has its
/// parent's arguments.
fn last_argv(model: &Model, key: Key) -> Option<Text> {
    let process = model.process(key);
    process.executions.last()?.exec.argv.clone()
}
