//! Cgroups of processes, and the containers and units they belong to.

use std::collections::BTreeSet;

use super::{
    Key, Model,
    cgroup_paths::{Container, container, unit},
};
use crate::event::{Cgroup, Text};

/// Number of paths from which unused ones are removed.
const SWEEP_AT: usize = 4096;

impl Model {
    pub(super) fn on_cgroup(&mut self, cgroup: &Cgroup) {
        self.cgroups.paths.insert(cgroup.id, cgroup.path.clone());
        if self.cgroups.paths.len() > SWEEP_AT.max(self.cgroups.swept.saturating_mul(2)) {
            let used: BTreeSet<u64> = self
                .processes
                .since(0)
                .filter_map(|(_, process)| process.cgroup)
                .chain([cgroup.id])
                .collect();
            self.cgroups.paths.retain(|id, _| used.contains(id));
            self.cgroups.swept = self.cgroups.paths.len();
        }
    }

    /// Returns the path of a cgroup, from the root of its hierarchy.
    pub fn cgroup_path(&self, id: u64) -> Option<&Text> {
        let known = self.cgroups.paths.get(&id);
        known.or_else(|| self.archive.cgroup_path(id))
    }

    /// Returns the path of a process's current or last cgroup.
    pub fn cgroup(&self, key: Key) -> Option<&Text> {
        self.cgroup_path(self.process(key).cgroup?)
    }

    /// Returns the container of a process, if its cgroup path shows one.
    pub fn container(&self, key: Key) -> Option<Container> {
        container(self.cgroup(key)?.as_bytes())
    }

    /// Returns the systemd unit of a process: `nginx.service`, `session-3.scope`.
    pub fn unit(&self, key: Key) -> Option<String> {
        unit(self.cgroup(key)?.as_bytes())
    }
}
