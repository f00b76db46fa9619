//! Converts records of another build to this build's layout. Each value is copied to the field
//! with the same name; fields that the other build does not have are zero.

use tracer_common::wire::Kind;

use super::layout::{Layout, RecordLayout};

/// Converts records of one kind from another layout to this build's.
pub struct RecordConverter {
    /// Size of the record in this build, bytes.
    own: usize,
    moves: Vec<Move>,
}

/// Bytes to copy.
#[derive(Debug, PartialEq, Eq)]
struct Move {
    from: usize,
    to: usize,
    length: usize,
}

impl RecordConverter {
    /// Returns none if this build does not know the kind or has the same layout for it.
    pub fn new(kind: u8, layout: &RecordLayout) -> Option<RecordConverter> {
        let known = Kind::from_number(u32::from(kind)).is_some();
        let own = Layout::own()
            .of(kind)
            .filter(|own| known && *own != layout)?;
        let mut moves: Vec<Move> = Vec::new();
        for field in &own.fields {
            let same = layout.fields.iter().find(|it| it.path == field.path);
            let Some(from) = same.filter(|from| from.width <= field.width) else {
                continue;
            };
            let (count, width) = (field.count.min(from.count), from.width);
            let each = |place: usize| Move {
                from: from.offset + place * width,
                to: field.offset + place * field.width,
                length: width,
            };
            match width == field.width {
                true => moves.push(Move {
                    length: count * width,
                    ..each(0)
                }),
                // The field has grown. Little-endian numbers keep their low bytes.
                false => moves.extend((0..count).map(each)),
            }
        }
        Some(RecordConverter {
            own: own.size,
            moves,
        })
    }

    /// Writes one record in this build's layout to `to`, from the fixed part and the tail of the
    /// other build's record. The tail is copied unchanged.
    pub fn convert(&self, fixed: &[u8], tail: &[u8], to: &mut Vec<u8>) {
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

    /// A build in which the members of `Notify` have another order, one is narrower, one is
    /// missing and one is unknown here.
    const OTHER: &str = "struct Other 64\n  head.kind u32 0\n  head.cpu u32 4\n  head.at u64 8\n  \
        flags u32 16\n  news u64 20\n  owner.start u64 28\n  owner.tgid u32 36\n  \
        head.who.pid u32 40\n  head.who.start u32 44\nrecord 9 notify Other\n";

    #[test]
    fn values_are_copied_by_name() {
        let layout = Layout::parse(OTHER.as_bytes()).unwrap();
        let converter = RecordConverter::new(9, layout.of(9).unwrap()).unwrap();
        let mut from = vec![0; 64];
        from[..4].copy_from_slice(&9_u32.to_le_bytes());
        from[8..16].copy_from_slice(&1234_u64.to_le_bytes());
        from[16..20].copy_from_slice(&1_u32.to_le_bytes());
        from[28..36].copy_from_slice(&77_u64.to_le_bytes());
        from[36..40].copy_from_slice(&5_u32.to_le_bytes());
        from[40..44].copy_from_slice(&6_u32.to_le_bytes());
        from[44..48].copy_from_slice(&u32::MAX.to_le_bytes());
        let mut to = Vec::new();
        converter.convert(&from, b"tail", &mut to);
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
    fn own_layout_needs_no_conversion() {
        let own = Layout::own().of(Kind::Notify as u8).unwrap();
        assert!(RecordConverter::new(Kind::Notify as u8, own).is_none());
    }
}
