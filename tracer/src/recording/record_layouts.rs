//! The record layouts that a recording has described so far, prepared for packing and unpacking.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock},
};

use crate::records::{Layout, RECORD_HEADER, RecordConverter, RecordLayout, own_text};

/// Maximum number of layouts that a reader keeps. The parts of a trace may come from different builds.
const MAX_LAYOUTS: usize = 16;

/// The layout of one kind of record.
pub(super) struct RecordShape {
    /// Size of the fixed part including the header, bytes.
    pub size: usize,
    /// Numbers after the header.
    pub words: Vec<PlacedWord>,
    /// Converter to this build's layout. None if the layouts are equal.
    pub converter: Option<RecordConverter>,
}

/// A number at an offset in a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PlacedWord {
    pub offset: usize,
    /// Bytes: 1, 4 or 8.
    pub width: usize,
}

/// The layouts of all kinds of records of one build, by the number of the kind.
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

    /// Returns the layouts of this build.
    pub fn own() -> &'static Arc<RecordShapes> {
        static OWN: LazyLock<Arc<RecordShapes>> =
            LazyLock::new(|| Arc::new(RecordShapes::of(Layout::own())));
        &OWN
    }

    pub fn of_kind(&self, kind: u8) -> Option<&RecordShape> {
        self.0.get(&kind)
    }
}

/// Returns the numbers after the header of a record. An array of bytes counts as 4-byte numbers if
/// its length is a multiple of four.
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

/// Returns the layout number by which blocks refer to a layout: the CRC-32C of its text.
pub(super) fn id(text: &[u8]) -> u32 {
    crc32c::crc32c(text)
}

/// Returns the layout number of this build.
pub(super) fn own_id() -> u32 {
    static OWN: LazyLock<u32> = LazyLock::new(|| id(own_text().as_bytes()));
    *OWN
}

/// The layouts that a reader knows: this build's own and those that the recording has described.
#[derive(Default)]
pub(super) struct KnownLayouts {
    known: Vec<(u32, Arc<RecordShapes>)>,
    /// True if the front of the recording, which describes the layout, has been searched.
    searched: bool,
}

impl KnownLayouts {
    /// Adds the layout in the payload of a layout block. Returns false if it is malformed.
    pub fn learn(&mut self, text: &[u8]) -> bool {
        self.searched = true;
        let id = id(text);
        if self.find(id).is_some() {
            return true;
        }
        let Some(layout) = Layout::parse(text) else {
            return false;
        };
        if self.known.len() == MAX_LAYOUTS {
            self.known.remove(0);
        }
        self.known.push((id, Arc::new(RecordShapes::of(&layout))));
        true
    }

    /// Returns true if the front of the recording has been searched for layouts.
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
        assert_eq!(own_id(), 0xfad1_18cb);
    }
}
