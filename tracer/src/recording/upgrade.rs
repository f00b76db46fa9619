//! Upgrades payloads of older format versions when they are opened, so that all other code handles the
//! current version only.
//!
//! Each row of the table converts a payload of its version to the next one. A new version adds a row
//! and leaves the others unchanged; rows are never removed.

mod v0;

use super::{malformed::Malformed, version::VERSION};

/// Converts the decompressed payload of a block of this kind to the next version.
type Upgrade = fn(kind: u8, payload: &[u8]) -> Result<Vec<u8>, Malformed>;

struct Step {
    from: u16,
    /// None if the payloads of both versions are the same.
    payload: Option<Upgrade>,
}

/// One row for every version before the current one, in order.
const STEPS: &[Step] = &[
    Step {
        from: 0,
        payload: Some(v0::to_1),
    },
    Step {
        from: 1,
        payload: None,
    },
];

/// Returns true if this version can be read.
pub(super) fn is_known(version: u16) -> bool {
    version <= VERSION
}

/// Upgrades a payload to the current version. For a payload of that version it costs nothing.
pub(super) fn upgrade(version: u16, kind: u8, payload: &mut Vec<u8>) -> Result<(), Malformed> {
    for step in STEPS.iter().filter(|step| step.from >= version) {
        if let Some(to_next) = step.payload {
            *payload = to_next(kind, payload)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_older_version_has_a_row() {
        let rows: Vec<_> = STEPS.iter().map(|step| step.from).collect();
        assert_eq!(rows, (0..VERSION).collect::<Vec<_>>());
    }
}
