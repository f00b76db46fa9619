//! The fork tree as rows. Rows are numbers only: words are made for those on
//! screen.
//!
//! A process of the model is a large thing, and visiting a hundred thousand of
//! them for every picture would take most of a tenth of a second. What the
//! tree needs of each is therefore kept here in a few numbers side by side.
//! That is possible because a process is hung into the tree once, and because
//! whoever was freed stays gone. What the model only concludes, it may take
//! back: all others are looked at again.

use std::collections::HashSet;

use crate::{
    model::{Key, Model, Process},
    tui::{
        state::{data::Data, ranking::Ranking},
        widget::list::Identity,
    },
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

impl Row {
    /// The row of the parent; none for a root.
    pub fn parent(&self) -> Option<u32> {
        self.parent
    }

    /// The same below another row, not the last there.
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

/// Which of the dead are shown. A dead process with living descendants always
/// is: they hang below it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dead {
    #[default]
    All,
    /// Those that have not been dead for longer than [`RECENT`].
    Recent,
    None,
}

/// Long enough to read what has just ended, ns.
const RECENT: u64 = 10_000_000_000;

/// What is left out.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Whose descendants are not shown.
    pub folded: HashSet<Key>,
    pub dead: Dead,
    pub with_threads: bool,
}

/// What is known of each process that is kept, in order of appearance.
#[derive(Clone, Copy, Debug)]
struct Node {
    key: Key,
    parent: Option<u32>,
    first_child: Option<u32>,
    last_child: Option<u32>,
    next_sibling: Option<u32>,
    /// When it ended; none while it is in the process table.
    ended: Option<u64>,
}

#[derive(Debug, Default)]
pub struct Forest {
    nodes: Vec<Node>,
    roots: Vec<u32>,
    /// Who was not gone for good when last looked at.
    unsettled: Vec<u32>,
    /// The order that was asked for; none: that of appearance.
    order: Option<Ranking>,
    /// How many processes the model has let go.
    unlisted: u64,
}

impl Forest {
    /// Takes in what is new in the model; who has ended, only for a filter that
    /// asks for it.
    pub fn update(&mut self, model: &Model, filter: &Filter) {
        if self.unlisted != model.unlisted() {
            // Places have changed. The model lets go of many at once, so this
            // is seldom.
            *self = Forest {
                unlisted: model.unlisted(),
                ..Forest::default()
            };
        }
        let next = self.nodes.last().map_or(0, |last| last.key.index() + 1);
        for (key, _) in model.processes_since(next) {
            let index = self.nodes.len() as u32;
            self.nodes.push(Node {
                key,
                parent: None,
                first_child: None,
                last_child: None,
                next_sibling: None,
                ended: None,
            });
            self.roots.push(index);
            self.unsettled.push(index);
        }
        let mut roots = std::mem::take(&mut self.roots);
        roots.retain(|&root| !self.hang(model, root));
        self.roots = roots;
        self.sort_roots(model);
        if filter.dead == Dead::All && !filter.with_threads {
            return;
        }
        let nodes = &mut self.nodes;
        self.unsettled.retain(|&index| {
            let node = &mut nodes[index as usize];
            let process = model.process(node.key);
            node.ended = ended(process);
            process.freed_at.is_none()
        });
    }

    /// The kernel's own threads come after all others, and where no order was
    /// asked for init comes first.
    fn sort_roots(&mut self, model: &Model) {
        let (nodes, in_order) = (&self.nodes, self.order.is_some());
        self.roots.sort_by_key(|&root| {
            let process = model.process(nodes[root as usize].key);
            let born = (process.id.start, process.id.tgid);
            (process.kthread, (!in_order).then_some(born))
        });
    }

    /// Puts siblings in the order of the highest rank among each and all that
    /// came from it, so that the foremost of all is at the top, below its
    /// ancestors. Who comes later is the last until this is said again.
    ///
    /// Time linear in who is kept, where the order is much the same as before
    /// and parents have appeared before their children, as they nearly always do.
    pub fn arrange(&mut self, model: &Model, rank: impl Fn(usize) -> u128) {
        let mut best: Vec<u128> = (0..self.nodes.len()).map(rank).collect();
        for index in (0..best.len()).rev() {
            let own = best[index];
            let mut up = self.nodes[index].parent.map(|parent| parent as usize);
            while let Some(parent) = up
                && best[parent] < own
            {
                best[parent] = own;
                // Its own turn is to come, unless it appeared after its child.
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

    /// In order of appearance again.
    pub fn disarrange(&mut self) {
        *self = Forest::default();
    }

    /// Everyone who has anything below it.
    pub fn branches(&self) -> impl Iterator<Item = Key> + '_ {
        let branches = self.nodes.iter().filter(|node| node.first_child.is_some());
        branches.map(|node| node.key)
    }

    /// Everyone below a process who has anything below it, and itself.
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

    /// Puts a root below its parent, if it has got one.
    fn hang(&mut self, model: &Model, index: u32) -> bool {
        let Some(parent) = model.tree_parent(self.nodes[index as usize].key) else {
            return false;
        };
        let Some(parent) = self.place(parent) else {
            return false;
        };
        self.nodes[index as usize].parent = Some(parent as u32);
        self.append(parent, index);
        true
    }

    fn place(&self, key: Key) -> Option<usize> {
        self.nodes.binary_search_by_key(&key, |node| node.key).ok()
    }

    fn children(&self, index: u32) -> impl Iterator<Item = u32> + '_ {
        let first = self.nodes[index as usize].first_child;
        std::iter::successors(first, |&child| self.nodes[child as usize].next_sibling)
    }

    /// All rows, in the order of the tree.
    pub fn rows(&self, data: &Data<'_>, filter: &Filter) -> Vec<Row> {
        self.rows_of(data, filter, None)
    }

    /// The rows of those who are wanted besides, by their places in the order
    /// of appearance, and of their ancestors.
    pub fn rows_of(
        &self,
        data: &Data<'_>,
        filter: &Filter,
        wanted: Option<&dyn Fn(usize) -> bool>,
    ) -> Vec<Row> {
        let model = data.model;
        let kept = self.kept(data, filter.dead, wanted);
        let shown = |index: &u32| kept.as_ref().is_none_or(|kept| kept[*index as usize]);
        let mut folded = vec![false; self.nodes.len()];
        for place in filter.folded.iter().filter_map(|&key| self.place(key)) {
            folded[place] = true;
        }
        let mut rows = Vec::with_capacity(self.nodes.len());
        // What is still to be laid out, the next on top.
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
                    let threads = match filter.with_threads && node.ended.is_none() {
                        true => threads(model.process(node.key)),
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

    /// Puts children on top of what is to be laid out. Threads come before
    /// child processes: they are nearer.
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

    /// Who is asked for, and still in the process table or kept in spite of
    /// being dead, or has such a descendant; none: everyone.
    fn kept(
        &self,
        data: &Data<'_>,
        dead: Dead,
        also: Option<&dyn Fn(usize) -> bool>,
    ) -> Option<Vec<bool>> {
        let recent = |ended: u64| dead == Dead::Recent && data.now.saturating_sub(ended) < RECENT;
        let kept = |ended: Option<u64>| dead == Dead::All || ended.is_none_or(recent);
        let wanted = |place: usize, node: &Node| {
            let asked_for = also.is_none_or(|wanted| wanted(place));
            kept(node.ended) && asked_for && data.filter.shows(node.key)
        };
        if dead == Dead::All && data.filter.filter().is_none() && also.is_none() {
            return None;
        }
        let mut kept = vec![false; self.nodes.len()];
        for (index, node) in self.nodes.iter().enumerate() {
            let mut up = wanted(index, node).then_some(index as u32);
            while let Some(index) = up
                && !kept[index as usize]
            {
                kept[index as usize] = true;
                up = self.nodes[index as usize].parent;
            }
        }
        Some(kept)
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

/// When it left the process table, or ended if that was not seen.
fn ended(process: &Process) -> Option<u64> {
    let ended = process
        .exited_at
        .or(process.freed_at)
        .or(process.vanished_at);
    process.state().is_gone().then(|| ended.unwrap_or(0))
}

/// The threads besides the leader that live.
fn threads(process: &Process) -> Vec<u32> {
    let others = process.threads.iter().enumerate();
    let others = others.filter(|(_, thread)| thread.id.pid != process.id.tgid);
    others.map(|(index, _)| index as u32).collect()
}

pub fn parent(rows: &[Row], row: usize) -> Option<usize> {
    rows.get(row)?.parent.map(|parent| parent as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::script::Script;

    #[test]
    fn the_foremost_of_a_deep_chain_brings_all_of_it_to_the_top() {
        const DEPTH: u32 = 500;
        let mut script = Script::new().session().fork(1, 10).fork(1, 1000);
        for pid in 1000..1000 + DEPTH {
            script = script.fork(pid, pid + 1);
        }
        let mut model = Model::default();
        script.events.iter().for_each(|event| model.apply(event));
        let mut forest = Forest::default();
        forest.update(&model, &Filter::default());
        let place = |pid| forest.place(model.find_pid(pid).unwrap()).unwrap();
        let (init, chain, other) = (place(1), place(1000), place(10));
        let deepest = place(1000 + DEPTH);
        let below = |forest: &Forest| forest.children(init as u32).collect::<Vec<_>>();
        // The ranks grow down the chain.
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
