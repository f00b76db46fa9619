//! Records of another build as records of this one: each value goes where this
//! build has the value of that name. What the other did not have is zero.

use tracer_common::wire::Kind;

use super::{Layout, RecordLayout};

/// Turns records of one layout into records of this build's.
pub struct Transcriber {
    own: usize,
    moves: Vec<Move>,
}

/// Bytes that go from one place to another.
#[derive(Debug, PartialEq, Eq)]
struct Move {
    from: usize,
    to: usize,
    length: usize,
}

impl Transcriber {
    /// None if this build knows no such kind, or its records look the same.
    pub fn new(kind: u8, layout: &RecordLayout) -> Option<Transcriber> {
        let known = Kind::from_number(u32::from(kind)).is_some();
        let own = Layout::own()
            .of(kind)
            .filter(|own| known && *own != layout)?;
        let mut moves: Vec<Move> = Vec::new();
        for leaf in &own.leaves {
            let same = layout.leaves.iter().find(|it| it.path == leaf.path);
            let Some(from) = same.filter(|from| from.width <= leaf.width) else {
                continue;
            };
            let (count, width) = (leaf.count.min(from.count), from.width);
            let each = |place: usize| Move {
                from: from.offset + place * width,
                to: leaf.offset + place * leaf.width,
                length: width,
            };
            match width == leaf.width {
                true => moves.push(Move {
                    length: count * width,
                    ..each(0)
                }),
                // It has grown: little-endian numbers keep their low bytes.
                false => moves.extend((0..count).map(each)),
            }
        }
        Some(Transcriber {
            own: own.size,
            moves,
        })
    }

    /// Writes one record of this build's layout into `to`: from its fixed part and
    /// what stands behind that, which is kept.
    pub fn transcribe(&self, fixed: &[u8], tail: &[u8], to: &mut Vec<u8>) {
        to.clear();
        to.resize(self.own, 0);
        for Move {
            from: at,
            to: place,
            length,
        } in &self.moves
        {
            if let Some(bytes) = fixed.get(*at..at + length) {
                to[*place..place + length].copy_from_slice(bytes);
            }
        }
        to.extend_from_slice(tail);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A build in which the members of `Notify` stand in another order, one is
    /// narrower, one is gone and one is not known here.
    const OTHER: &str = "struct Other 64\n  head.kind u32 0\n  head.cpu u32 4\n  head.at u64 8\n  \
        flags u32 16\n  news u64 20\n  owner.start u64 28\n  owner.tgid u32 36\n  \
        head.who.pid u32 40\n  head.who.start u32 44\nrecord 9 notify Other\n";

    #[test]
    fn values_go_where_this_build_has_them() {
        let layout = Layout::parse(OTHER.as_bytes()).unwrap();
        let transcriber = Transcriber::new(9, layout.of(9).unwrap()).unwrap();
        let mut from = vec![0; 64];
        from[..4].copy_from_slice(&9_u32.to_le_bytes());
        from[8..16].copy_from_slice(&1234_u64.to_le_bytes());
        from[16..20].copy_from_slice(&1_u32.to_le_bytes());
        from[28..36].copy_from_slice(&77_u64.to_le_bytes());
        from[36..40].copy_from_slice(&5_u32.to_le_bytes());
        from[40..44].copy_from_slice(&6_u32.to_le_bytes());
        from[44..48].copy_from_slice(&u32::MAX.to_le_bytes());
        let mut to = Vec::new();
        transcriber.transcribe(&from, b"tail", &mut to);
        let notify: tracer_common::wire::Notify = super::super::read(&to).unwrap();
        assert_eq!(
            (notify.head.at, notify.flags, notify.seen_pid),
            (1234, 1, 0)
        );
        assert_eq!((notify.owner.tgid, notify.owner.start), (5, 77));
        assert_eq!(notify.head.who.pid, 6);
        assert_eq!(notify.head.who.start, u64::from(u32::MAX));
        assert!(to.ends_with(b"tail"));
    }

    #[test]
    fn records_of_this_build_are_taken_as_they_are() {
        let own = Layout::own().of(Kind::Notify as u8).unwrap();
        assert!(Transcriber::new(Kind::Notify as u8, own).is_none());
    }
}
