//! The fork tree as rows. Rows are numbers only; text is made for the rows on screen.
//!
//! Visiting a hundred thousand large processes of the model for every frame would take most of a
//! tenth of a second, so the forest keeps a few numbers per process, side by side. This is possible
//! because a process gets its place in the tree once, and because a freed process stays freed.
//! Other exits are conclusions that the model may revise, so those processes are checked again.

use std::collections::{BTreeSet, HashSet};

use crate::{
    model::{Key, Model, Process},
    tui::{
        state::{data::Data, ranking::Ranking},
        widget::list::Identity,
    },
};

/// A process or a thread in the tree.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The process, or the process of the thread.
    pub key: Key,
    /// The index of a thread of the process; `None` for the process itself.
    pub thread: Option<u32>,
    /// The row of the parent; `None` for a root.
    parent: Option<u32>,
    /// True if no sibling follows.
    last: bool,
    /// The number of processes folded away below it.
    pub folded: u32,
}

impl Row {
    /// Returns the row of the parent; `None` for a root.
    pub fn parent(&self) -> Option<u32> {
        self.parent
    }

    /// Returns the same row below another parent, not as its last child.
    pub fn below(self, parent: Option<u32>) -> Row {
        Row {
            parent,
            last: false,
            ..self
        }
    }

    /// Returns true if no sibling follows.
    pub fn is_last(&self) -> bool {
        self.last
    }

    /// Marks the row as the last of its siblings.
    pub fn set_last(&mut self) {
        self.last = true;
    }
}

impl Identity for Row {
    type Id = (Key, Option<u32>);

    fn id(&self) -> Self::Id {
        (self.key, self.thread)
    }
}

/// Which exited processes are shown. One with present descendants always is, because they hang
/// below it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ShownExits {
    #[default]
    All,
    /// Those that exited at most [`RECENT`] ago.
    Recent,
    None,
}

/// Long enough to read what has just exited, ns.
const RECENT: u64 = 10_000_000_000;

/// The settings for what the tree leaves out.
#[derive(Clone, Debug, Default)]
pub struct TreeFilter {
    /// Processes with hidden descendants.
    pub folded: HashSet<Key>,
    /// Exited processes to show.
    pub exited: ShownExits,
    /// True if threads are shown.
    pub with_threads: bool,
}

/// The numbers of one process.
#[derive(Clone, Copy, Debug)]
struct Node {
    key: Key,
    parent: Option<u32>,
    first_child: Option<u32>,
    last_child: Option<u32>,
    next_sibling: Option<u32>,
    /// The time of its exit, ns since boot; `None` while it is in the process table.
    exited_at: Option<u64>,
}

/// The processes of the model as a forest.
#[derive(Debug, Default)]
pub struct Forest {
    nodes: Vec<Node>,
    roots: Vec<u32>,
    /// Indices of the processes that were not freed at the last update.
    unsettled: Vec<u32>,
    /// The requested order; `None` for the order of appearance.
    order: Option<Ranking>,
    /// The model's count of processes removed from its list, as of the last update.
    unlisted: u64,
}

impl Forest {
    /// Adds new processes of the model. Exits are updated only if the filter needs them.
    pub fn update(&mut self, model: &Model, filter: &TreeFilter) {
        if self.unlisted != model.unlisted() {
            // Indices have changed. The model evicts many processes at a time, so this is rare.
            *self = Forest {
                unlisted: model.unlisted(),
                ..Forest::default()
            };
        }
        let next = self.nodes.last().map_or(0, |last| last.key.index() + 1);
        for key in model.keys_since(next) {
            let index = self.nodes.len() as u32;
            self.nodes.push(Node {
                key,
                parent: None,
                first_child: None,
                last_child: None,
                next_sibling: None,
                exited_at: None,
            });
            self.roots.push(index);
            self.unsettled.push(index);
        }
        let mut roots = std::mem::take(&mut self.roots);
        let mut disordered = BTreeSet::new();
        roots.retain(|&root| {
            let parent = self.attach(model, root);
            if let Some((parent, false)) = parent {
                disordered.insert(parent);
            }
            parent.is_none()
        });
        self.roots = roots;
        self.sort_roots(model);
        for parent in disordered {
            self.sort_children(parent);
        }
        if filter.exited == ShownExits::All && !filter.with_threads {
            return;
        }
        let nodes = &mut self.nodes;
        self.unsettled.retain(|&index| {
            let node = &mut nodes[index as usize];
            let process = model.process(node.key);
            node.exited_at = exited_at(&process);
            !process.is_settled()
        });
    }

    /// Sorts the roots: kernel threads last; in the order of appearance, init first.
    fn sort_roots(&mut self, model: &Model) {
        let (nodes, in_order) = (&self.nodes, self.order.is_some());
        self.roots.sort_by_cached_key(|&root| {
            let process = model.process(nodes[root as usize].key);
            let born = (process.id.start, process.id.tgid);
            (process.kthread, (!in_order).then_some(born))
        });
    }

    /// Orders siblings by the highest rank among each and its descendants, so that the highest rank
    /// of all is at the top, below its ancestors. Processes added later come last until the next
    /// call.
    ///
    /// Takes linear time if the order has changed little and parents appeared before their
    /// children, as they nearly always do.
    pub fn arrange(&mut self, model: &Model, rank: impl Fn(usize) -> u128) {
        let mut best: Vec<u128> = (0..self.nodes.len()).map(rank).collect();
        for index in (0..best.len()).rev() {
            let own = best[index];
            let mut up = self.nodes[index].parent.map(|parent| parent as usize);
            while let Some(parent) = up
                && best[parent] < own
            {
                best[parent] = own;
                // The parent's own turn is still to come, unless it appeared after its child.
                let had_its_turn = parent > index;
                up = self.nodes[parent].parent.map(|parent| parent as usize);
                up = up.filter(|_| had_its_turn);
            }
        }
        let mut order = self.order.take().unwrap_or_default();
        order.update(best);
        for node in &mut self.nodes {
            (node.first_child, node.last_child, node.next_sibling) = (None, None, None);
        }
        self.roots.clear();
        for &index in order.order() {
            match self.nodes[index as usize].parent {
                Some(parent) => self.append(parent as usize, index),
                None => self.roots.push(index),
            }
        }
        self.order = Some(order);
        self.sort_roots(model);
    }

    fn append(&mut self, parent: usize, child: u32) {
        match self.nodes[parent].last_child.replace(child) {
            Some(last) => self.nodes[last as usize].next_sibling = Some(child),
            None => self.nodes[parent].first_child = Some(child),
        }
    }

    /// Restores the order of appearance.
    pub fn restore_order(&mut self) {
        *self = Forest::default();
    }

    /// Returns every process with children.
    pub fn branches(&self) -> impl Iterator<Item = Key> + '_ {
        let branches = self.nodes.iter().filter(|node| node.first_child.is_some());
        branches.map(|node| node.key)
    }

    /// Returns a process and all below it that have children.
    pub fn branches_below(&self, key: Key) -> Vec<Key> {
        let mut pending: Vec<u32> = self
            .place(key)
            .map(|place| place as u32)
            .into_iter()
            .collect();
        let mut branches = Vec::new();
        while let Some(index) = pending.pop() {
            let node = &self.nodes[index as usize];
            if node.first_child.is_some() {
                branches.push(node.key);
                pending.extend(self.children(index));
            }
        }
        branches
    }

    /// Moves a root below its parent. Returns the parent, and false if the root appeared before
    /// the parent's last child; none if it has no parent.
    fn attach(&mut self, model: &Model, index: u32) -> Option<(usize, bool)> {
        let parent = model.tree_parent(self.nodes[index as usize].key)?;
        let parent = self.place(parent)?;
        let last = self.nodes[parent].last_child;
        self.nodes[index as usize].parent = Some(parent as u32);
        self.append(parent, index);
        Some((parent, last.is_none_or(|last| last < index)))
    }

    /// Restores the order of appearance among the children of a process, one of which was a root
    /// until now. A requested order is restored by [`Self::arrange`].
    fn sort_children(&mut self, parent: usize) {
        if self.order.is_some() {
            return;
        }
        let mut children: Vec<u32> = self.children(parent as u32).collect();
        children.sort_unstable();
        (
            self.nodes[parent].first_child,
            self.nodes[parent].last_child,
        ) = (None, None);
        for child in children {
            self.nodes[child as usize].next_sibling = None;
            self.append(parent, child);
        }
    }

    fn place(&self, key: Key) -> Option<usize> {
        self.nodes.binary_search_by_key(&key, |node| node.key).ok()
    }

    fn children(&self, index: u32) -> impl Iterator<Item = u32> + '_ {
        let first = self.nodes[index as usize].first_child;
        std::iter::successors(first, |&child| self.nodes[child as usize].next_sibling)
    }

    /// Returns all rows in tree order.
    pub fn rows(&self, data: &Data<'_>, filter: &TreeFilter) -> Vec<Row> {
        self.rows_of(data, filter, None)
    }

    /// Returns the rows of the processes that `selected` selects by index, and of their ancestors.
    pub fn rows_of(
        &self,
        data: &Data<'_>,
        filter: &TreeFilter,
        selected: Option<&dyn Fn(usize) -> bool>,
    ) -> Vec<Row> {
        let model = data.model;
        let included = self.included(data, filter.exited, selected);
        let shown = |index: &u32| {
            included
                .as_ref()
                .is_none_or(|included| included[*index as usize])
        };
        let mut folded = vec![false; self.nodes.len()];
        for place in filter.folded.iter().filter_map(|&key| self.place(key)) {
            folded[place] = true;
        }
        let mut rows = Vec::with_capacity(self.nodes.len());
        // Rows still to be laid out, the next one on top.
        let mut pending = Vec::new();
        self.push(
            &mut pending,
            None,
            &[],
            self.roots.iter().copied().filter(shown),
        );
        while let Some((index, mut row)) = pending.pop() {
            let place = rows.len() as u32;
            if row.thread.is_none() {
                if folded[index as usize] {
                    row.folded = self.count_below(index, shown);
                } else {
                    let node = &self.nodes[index as usize];
                    let threads = match filter.with_threads && node.exited_at.is_none() {
                        true => threads(&model.process(node.key)),
                        false => Vec::new(),
                    };
                    let children = self.children(index).filter(shown);
                    self.push(&mut pending, Some((place, index)), &threads, children);
                }
            }
            rows.push(row);
        }
        rows
    }

    /// Pushes the rows below a row. Threads come before child processes.
    fn push(
        &self,
        pending: &mut Vec<(u32, Row)>,
        under: Option<(u32, u32)>,
        threads: &[u32],
        children: impl Iterator<Item = u32>,
    ) {
        let first = pending.len();
        let parent = under.map(|(place, _)| place);
        let row = |index: u32, thread| {
            let key = self.nodes[index as usize].key;
            (
                index,
                Row {
                    key,
                    thread,
                    parent,
                    last: false,
                    folded: 0,
                },
            )
        };
        if let Some((_, index)) = under {
            pending.extend(threads.iter().map(|&thread| row(index, Some(thread))));
        }
        pending.extend(children.map(|child| row(child, None)));
        if let Some((_, last)) = pending[first..].last_mut() {
            last.last = true;
        }
        pending[first..].reverse();
    }

    /// Returns true, by index, for each process that is selected and present, and for its
    /// ancestors. `None` stands for all.
    fn included(
        &self,
        data: &Data<'_>,
        exited: ShownExits,
        also: Option<&dyn Fn(usize) -> bool>,
    ) -> Option<Vec<bool>> {
        let recent =
            |ended: u64| exited == ShownExits::Recent && data.now.saturating_sub(ended) < RECENT;
        let included =
            |exited_at: Option<u64>| exited == ShownExits::All || exited_at.is_none_or(recent);
        let selected = |place: usize, node: &Node| {
            let requested = also.is_none_or(|selected| selected(place));
            included(node.exited_at) && requested && data.filter.shows(node.key)
        };
        if exited == ShownExits::All && data.filter.filter().is_none() && also.is_none() {
            return None;
        }
        let mut included = vec![false; self.nodes.len()];
        for (index, node) in self.nodes.iter().enumerate() {
            let mut up = selected(index, node).then_some(index as u32);
            while let Some(index) = up
                && !included[index as usize]
            {
                included[index as usize] = true;
                up = self.nodes[index as usize].parent;
            }
        }
        Some(included)
    }

    fn count_below(&self, index: u32, shown: impl Fn(&u32) -> bool) -> u32 {
        let mut pending = vec![index];
        let mut count = 0;
        while let Some(index) = pending.pop() {
            let before = pending.len();
            pending.extend(self.children(index).filter(|child| shown(child)));
            count += (pending.len() - before) as u32;
        }
        count
    }
}

/// Returns when a process left the process table, or exited if that was not seen.
fn exited_at(process: &Process) -> Option<u64> {
    let ended = process
        .exited_at
        .or(process.freed_at)
        .or(process.vanished_at);
    process.state().is_gone().then(|| ended.unwrap_or(0))
}

/// Returns the indices of all threads present except the leader.
fn threads(process: &Process) -> Vec<u32> {
    let others = process.threads.iter().enumerate();
    let others = others.filter(|(_, thread)| thread.id.pid != process.id.tgid);
    others.map(|(index, _)| index as u32).collect()
}

/// Returns the row of a row's parent.
pub fn parent(rows: &[Row], row: usize) -> Option<usize> {
    rows.get(row)?.parent.map(|parent| parent as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::script::Script;

    #[test]
    fn highest_rank_raises_its_whole_chain() {
        const DEPTH: u32 = 500;
        let mut script = Script::new().session().fork(1, 10).fork(1, 1000);
        for pid in 1000..1000 + DEPTH {
            script = script.fork(pid, pid + 1);
        }
        let mut model = Model::default();
        script.events.iter().for_each(|event| model.apply(event));
        let mut forest = Forest::default();
        forest.update(&model, &TreeFilter::default());
        let place = |pid| forest.place(model.find_pid(pid).unwrap()).unwrap();
        let (init, chain, other) = (place(1), place(1000), place(10));
        let deepest = place(1000 + DEPTH);
        let below = |forest: &Forest| forest.children(init as u32).collect::<Vec<_>>();
        // Ranks grow down the chain.
        forest.arrange(&model, |place| place as u128);
        assert_eq!(below(&forest), [chain as u32, other as u32]);
        forest.arrange(&model, |place| u128::from(place == other));
        assert_eq!(below(&forest), [other as u32, chain as u32]);
        forest.arrange(&model, |place| match place {
            _ if place == deepest => 2,
            _ => u128::from(place == other),
        });
        assert_eq!(below(&forest), [chain as u32, other as u32]);
    }
}
