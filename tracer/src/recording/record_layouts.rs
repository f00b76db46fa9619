//! The layouts of records that a recording has described so far, each with what
//! it takes to pack and unpack such records.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock},
};

use crate::records::{Layout, RECORD_HEADER, RecordConverter, RecordLayout, own_text};

/// A reader remembers so many: parts of a trace may be of different builds.
const KNOWN: usize = 16;

/// How one kind of record lies.
pub(super) struct RecordShape {
    /// Of the fixed part, the head included.
    pub size: usize,
    /// The numbers behind the head.
    pub words: Vec<PlacedWord>,
    /// To this build's layout; none where that is the same.
    pub converter: Option<RecordConverter>,
}

/// A number in a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PlacedWord {
    pub offset: usize,
    /// Bytes: 1, 4 or 8.
    pub width: usize,
}

/// All kinds of records of one build, by their numbers.
pub(super) struct RecordShapes(HashMap<u8, RecordShape>);

impl RecordShapes {
    pub fn of(layout: &Layout) -> RecordShapes {
        let shape = |kind| {
            let record = layout.of(kind)?;
            let shape = RecordShape {
                size: record.size,
                words: words(record),
                converter: RecordConverter::new(kind, record),
            };
            Some((kind, shape))
        };
        RecordShapes((0..=u8::MAX).filter_map(shape).collect())
    }

    /// Returns the shapes of this build's records.
    pub fn own() -> &'static Arc<RecordShapes> {
        static OWN: LazyLock<Arc<RecordShapes>> =
            LazyLock::new(|| Arc::new(RecordShapes::of(Layout::own())));
        &OWN
    }

    pub fn of_kind(&self, kind: u8) -> Option<&RecordShape> {
        self.0.get(&kind)
    }
}

/// The numbers of a record behind its head. Bytes are taken by four where they
/// come in fours.
fn words(record: &RecordLayout) -> Vec<PlacedWord> {
    let mut words = Vec::new();
    for field in record
        .fields
        .iter()
        .filter(|field| field.offset >= RECORD_HEADER)
    {
        let (width, count) = match field.width {
            1 if field.count.is_multiple_of(4) => (4, field.count / 4),
            width => (width, field.count),
        };
        words.extend((0..count).map(|place| PlacedWord {
            offset: field.offset + place * width,
            width,
        }));
    }
    words
}

/// By which a block says in which layout its records are.
pub(super) fn id(text: &[u8]) -> u32 {
    crc32c::crc32c(text)
}

/// The id of this build's layout.
pub(super) fn own_id() -> u32 {
    static OWN: LazyLock<u32> = LazyLock::new(|| id(own_text().as_bytes()));
    *OWN
}

/// What a reader has been told of layouts. This build's own it knows by itself.
#[derive(Default)]
pub(super) struct KnownLayouts {
    known: Vec<(u32, Arc<RecordShapes>)>,
    /// The front of the recording, where they are, has been read.
    searched: bool,
}

impl KnownLayouts {
    /// Takes the payload of a layout block; false if it is none.
    pub fn learn(&mut self, text: &[u8]) -> bool {
        self.searched = true;
        let id = id(text);
        if self.find(id).is_some() {
            return true;
        }
        let Some(layout) = Layout::parse(text) else {
            return false;
        };
        if self.known.len() == KNOWN {
            self.known.remove(0);
        }
        self.known.push((id, Arc::new(RecordShapes::of(&layout))));
        true
    }

    pub fn are_searched(&self) -> bool {
        self.searched
    }

    pub fn set_searched(&mut self) {
        self.searched = true;
    }

    pub fn find(&self, id: u32) -> Option<Arc<RecordShapes>> {
        if id == own_id() {
            return Some(Arc::clone(RecordShapes::own()));
        }
        let known = self.known.iter().find(|(known, _)| *known == id)?;
        Some(Arc::clone(&known.1))
    }
}

#[cfg(test)]
mod tests {
    use super::own_id;

    /// The number that recordings of format 2 carry. It changes when a record changes.
    /// It must not change with the wording of a doc comment: see `record!` in
    /// tracer-common.
    #[test]
    fn layout_number_is_stable() {
        assert_eq!(own_id(), 0x3cd2_5873);
    }
}
