//! The fork tree as rows. Rows are numbers only, so that a hundred thousand
//! processes are laid out in milliseconds; words are made for those on screen.

use std::collections::HashSet;

use crate::{
    model::{Key, Model},
    tui::list::Identity,
};

#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub key: Key,
    /// One of the process's threads, by its number among them.
    pub thread: Option<u32>,
    /// The row of the parent; none for a root.
    parent: Option<u32>,
    /// No sibling comes after it.
    last: bool,
    /// How many processes are folded away below it.
    pub folded: u32,
}

impl Identity for Row {
    type Id = (Key, Option<u32>);

    fn id(&self) -> Self::Id {
        (self.key, self.thread)
    }
}

/// What is left out.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Whose descendants are not shown.
    pub folded: HashSet<Key>,
    pub without_dead: bool,
    pub with_threads: bool,
}

/// All rows, in the order of the tree.
pub fn rows(model: &Model, filter: &Filter) -> Vec<Row> {
    let kept = filter.without_dead.then(|| living_branches(model));
    let shown = |key: &Key| kept.as_ref().is_none_or(|kept| kept[key.index()]);
    let mut rows: Vec<Row> = Vec::with_capacity(model.processes().len());
    // What is still to be laid out, the next on top.
    let mut pending: Vec<Row> = Vec::new();
    let roots = model.processes().map(|(key, _)| key);
    let roots: Vec<_> = roots
        .filter(|&key| model.tree_parent(key).is_none())
        .collect();
    push(&mut pending, None, &[], roots.into_iter().filter(shown));
    while let Some(mut row) = pending.pop() {
        let index = rows.len() as u32;
        if row.thread.is_none() {
            let children = model.tree_children(row.key).iter().copied().filter(shown);
            if filter.folded.contains(&row.key) {
                row.folded = descendants(model, row.key, shown);
            } else {
                let threads = threads(model, row.key, filter.with_threads);
                push(&mut pending, Some((index, row.key)), &threads, children);
            }
        }
        rows.push(row);
    }
    rows
}

/// Threads come before child processes: they are nearer.
fn push(
    pending: &mut Vec<Row>,
    parent: Option<(u32, Key)>,
    threads: &[u32],
    children: impl Iterator<Item = Key>,
) {
    let first = pending.len();
    let under = parent.map(|(row, _)| row);
    let row = |key, thread| Row {
        key,
        thread,
        parent: under,
        last: false,
        folded: 0,
    };
    if let Some((_, key)) = parent {
        pending.extend(threads.iter().map(|&thread| row(key, Some(thread))));
    }
    pending.extend(children.map(|key| row(key, None)));
    if let Some(last) = pending[first..].last_mut() {
        last.last = true;
    }
    pending[first..].reverse();
}

/// The threads besides the leader that live.
fn threads(model: &Model, key: Key, wanted: bool) -> Vec<u32> {
    let process = model.process(key);
    let others = process.threads.iter().enumerate();
    let others = others.filter(|(_, thread)| wanted && thread.id.pid != process.id.tgid);
    others.map(|(index, _)| index as u32).collect()
}

/// Who is still in the process table or has such a descendant, by key.
fn living_branches(model: &Model) -> Vec<bool> {
    let mut kept = vec![false; model.processes().len()];
    for (key, process) in model.processes() {
        if process.state().is_gone() {
            continue;
        }
        let mut up = Some(key);
        while let Some(key) = up
            && !kept[key.index()]
        {
            kept[key.index()] = true;
            up = model.tree_parent(key);
        }
    }
    kept
}

fn descendants(model: &Model, key: Key, shown: impl Fn(&Key) -> bool) -> u32 {
    let mut pending = vec![key];
    let mut count = 0;
    while let Some(key) = pending.pop() {
        let before = pending.len();
        pending.extend(model.tree_children(key).iter().filter(|key| shown(key)));
        count += (pending.len() - before) as u32;
    }
    count
}

/// Whether siblings follow: of the row itself first, then of each ancestor but
/// the root.
pub fn rails(rows: &[Row], row: usize) -> Vec<bool> {
    std::iter::successors(rows.get(row), |row| rows.get(row.parent? as usize))
        .take_while(|row| row.parent.is_some())
        .map(|row| !row.last)
        .collect()
}

pub fn parent(rows: &[Row], row: usize) -> Option<usize> {
    rows.get(row)?.parent.map(|parent| parent as usize)
}
