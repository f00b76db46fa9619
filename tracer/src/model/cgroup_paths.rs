//! Cgroup paths by ID, and the containers and units that paths imply.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::event::Text;

/// Known cgroup paths.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Cgroups {
    pub(super) paths: BTreeMap<u64, Text>,
    /// Memory in use, bytes, about.
    bytes: usize,
    /// Memory left after the last removal of unused ones, bytes.
    swept: usize,
}

/// Memory of a path beside its bytes: its ID, two counts and its place in the tree.
const ENTRY: usize = 64;
/// Memory from which unused paths are removed, bytes.
const SWEEP_AT: usize = 1 << 20;
/// Maximum memory of paths, bytes. Beyond it, the longest are forgotten until half is left, so
/// that the next paths do not need the same work again.
const BUDGET: usize = 8 << 20;

impl Cgroups {
    /// Inserts a path. Returns true if unused ones should be removed.
    pub(super) fn insert(&mut self, id: u64, path: Text) -> bool {
        self.bytes = self.bytes.saturating_add(size(&path));
        if let Some(before) = self.paths.insert(id, path) {
            self.bytes = self.bytes.saturating_sub(size(&before));
        }
        self.bytes > self.swept.saturating_mul(2).clamp(SWEEP_AT, BUDGET)
    }

    /// Removes the paths for which `is_used` is false, and the longest beyond the budget.
    pub(super) fn sweep(&mut self, is_used: impl Fn(u64) -> bool) {
        self.paths.retain(|&id, _| is_used(id));
        self.bytes = self.paths.values().map(size).sum();
        if self.bytes > BUDGET / 4 * 3 {
            self.forget_longest();
        }
        self.swept = self.bytes;
    }

    fn forget_longest(&mut self) {
        let by_size = self.paths.iter().map(|(&id, path)| (size(path), id));
        let mut by_size: Vec<_> = by_size.collect();
        by_size.sort_unstable();
        while self.bytes > BUDGET / 2
            && let Some((size, id)) = by_size.pop()
        {
            self.paths.remove(&id);
            self.bytes -= size;
        }
    }
}

fn size(path: &Text) -> usize {
    ENTRY + path.as_bytes().len()
}

/// The container of a cgroup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// Container runtime: `docker`, `containerd`, `cri-o` or `podman`; none if the
    /// path does not show it.
    pub runtime: Option<&'static str>,
    /// Container ID, 64 hexadecimal digits.
    pub id: String,
    /// UID of the Kubernetes pod.
    pub pod: Option<String>,
}

/// Prefixes of cgroup names that runtimes use under systemd.
const SCOPES: [(&str, &str); 6] = [
    ("docker-", "docker"),
    ("cri-containerd-", "containerd"),
    ("nerdctl-", "containerd"),
    ("crio-conmon-", "cri-o"),
    ("crio-", "cri-o"),
    ("libpod-", "podman"),
];
/// Directories that runtimes use otherwise.
const PARENTS: [(&str, &str); 4] = [
    ("docker", "docker"),
    ("libpod_parent", "podman"),
    ("crio", "cri-o"),
    ("containerd", "containerd"),
];

fn parts(path: &[u8]) -> impl DoubleEndedIterator<Item = &str> {
    let parts = path.split(|&byte| byte == b'/');
    parts.filter_map(|part| std::str::from_utf8(part).ok())
}

pub(super) fn container(path: &[u8]) -> Option<Container> {
    let mut above: Option<&str> = None;
    let mut found = None;
    let mut pod = None;
    for part in parts(path) {
        pod = pod_of(part).or(pod);
        // containerd under systemd can use `slice:cri-containerd:ID`.
        let last = part.rsplit(':').next().unwrap_or(part);
        let bare = last.strip_suffix(".scope").unwrap_or(last);
        let scope = SCOPES.iter().find_map(|&(prefix, runtime)| {
            let id = bare.strip_prefix(prefix)?;
            is_id(id).then_some((Some(runtime), id))
        });
        let parent = || {
            let named = PARENTS.iter().find(|(name, _)| above == Some(*name));
            let colon = part.contains(":cri-containerd:").then_some("containerd");
            is_id(bare).then_some((colon.or(named.map(|&(_, runtime)| runtime)), bare))
        };
        // The innermost container wins.
        found = scope.or_else(parent).or(found);
        above = Some(part);
    }
    let (runtime, id) = found?;
    Some(Container {
        runtime,
        id: id.to_owned(),
        pod,
    })
}

fn is_id(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Parses `pod<UID>`, or `kubepods-burstable-pod<UID>.slice` with `_` for `-`.
fn pod_of(part: &str) -> Option<String> {
    let bare = part.strip_suffix(".slice").unwrap_or(part);
    let uid = match bare.strip_prefix("pod") {
        Some(uid) => uid,
        None if bare.starts_with("kubepods") => bare.rsplit_once("-pod")?.1,
        None => return None,
    };
    let uid = uid.replace('_', "-");
    let like = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
    (uid.len() >= 32 && uid.bytes().all(like)).then_some(uid)
}

pub(super) fn unit(path: &[u8]) -> Option<String> {
    let is_unit = |part: &&str| part.ends_with(".service") || part.ends_with(".scope");
    parts(path).rev().find(is_unit).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "3f4d0a8ae81b3c7f0e7e9d4c5b6a79881122334455667788990011aabbccddee";
    const UID: &str = "0d3f9a1e-5b6c-4d7e-8f90-a1b2c3d4e5f6";

    #[test]
    fn paths_imply_containers() {
        let flat = UID.replace('-', "_");
        let burst = "/kubepods.slice/kubepods-burstable.slice";
        for (path, runtime, pod) in [
            (format!("/docker/{ID}"), Some("docker"), false),
            (
                format!("/system.slice/docker-{ID}.scope"),
                Some("docker"),
                false,
            ),
            (
                format!("/machine.slice/libpod-{ID}.scope/container"),
                Some("podman"),
                false,
            ),
            (format!("/kubepods/besteffort/pod{UID}/{ID}"), None, true),
            (
                format!("{burst}/kubepods-burstable-pod{flat}.slice/cri-containerd-{ID}.scope"),
                Some("containerd"),
                true,
            ),
            (
                format!("{burst}/kubepods-burstable-pod{flat}.slice/crio-{ID}.scope"),
                Some("cri-o"),
                true,
            ),
            (
                format!(
                    "/system.slice/containerd.service/kubepods-pod{flat}.slice:cri-containerd:{ID}"
                ),
                Some("containerd"),
                false,
            ),
        ] {
            let found = container(path.as_bytes()).unwrap_or_else(|| panic!("{path}"));
            assert_eq!((found.id.as_str(), found.runtime), (ID, runtime), "{path}");
            assert_eq!(found.pod.as_deref(), pod.then_some(UID), "{path}");
        }
        for path in ["/", "/user.slice/user-1000.slice", "/docker/short"] {
            assert_eq!(container(path.as_bytes()), None, "{path}");
        }
    }

    #[test]
    fn paths_imply_units() {
        let of = |path: &str| unit(path.as_bytes());
        assert_eq!(
            of("/system.slice/nginx.service").as_deref(),
            Some("nginx.service")
        );
        assert_eq!(
            of("/user.slice/user-0.slice/session-3.scope").as_deref(),
            Some("session-3.scope")
        );
        assert_eq!(of("/user.slice"), None);
    }
}
