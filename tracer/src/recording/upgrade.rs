//! The upgrade table: what the reader does at the door with a recording of an
//! older version. A version that is no longer written keeps its row here for
//! ever; nobody behind the door knows more than the present one.
//!
//! A row makes of a payload of its version one of the next, so a new version
//! needs one row more and no change to the others.

mod v0;

use super::{malformed::Malformed, version::VERSION};

/// Makes of a payload, decompressed, of a block of that kind one of the next
/// version.
type Upgrade = fn(kind: u8, payload: &[u8]) -> Result<Vec<u8>, Malformed>;

struct Step {
    from: u16,
    /// None: they say the same.
    payload: Option<Upgrade>,
}

/// One row for every version before the present one, in order.
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

/// Whether this version can be read.
pub(super) fn is_known(version: u16) -> bool {
    version <= VERSION
}

/// Makes of a payload one of the present version. Of that version it costs
/// nothing.
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
    fn every_older_version_has_its_row() {
        let rows: Vec<_> = STEPS.iter().map(|step| step.from).collect();
        assert_eq!(rows, (0..VERSION).collect::<Vec<_>>());
    }
}
