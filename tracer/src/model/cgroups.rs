//! Cgroups of processes, and the containers and units they belong to.

use std::collections::BTreeSet;

use super::{
    Key, Model,
    cgroup_paths::{Container, container, unit},
};
use crate::event::{Cgroup, Text};

impl Model {
    pub(super) fn on_cgroup(&mut self, cgroup: &Cgroup) {
        if self.cgroups.insert(cgroup.id, cgroup.path.clone()) {
            let processes = self.processes.since(0);
            let used: BTreeSet<u64> = processes
                .filter_map(|(_, process)| process.cgroup)
                .chain([cgroup.id])
                .collect();
            self.cgroups.sweep(|id| used.contains(&id));
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
