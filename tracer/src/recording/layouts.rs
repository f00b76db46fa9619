//! The layouts of records that a recording has described so far, each with what
//! it takes to pack and unpack such records.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock},
};

use crate::records::{HEAD, Layout, RecordLayout, Transcriber, own_text};

/// A reader remembers so many: parts of a trace may be of different builds.
const KNOWN: usize = 16;

/// How one kind of record lies.
pub(super) struct Shape {
    /// Of the fixed part, the head included.
    pub size: usize,
    /// The numbers behind the head.
    pub words: Vec<PlacedWord>,
    /// To this build's layout; none where that is the same.
    pub transcriber: Option<Transcriber>,
}

/// A number in a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PlacedWord {
    pub offset: usize,
    /// Bytes: 1, 4 or 8.
    pub width: usize,
}

/// All kinds of records of one build, by their numbers.
pub(super) struct Shapes(HashMap<u8, Shape>);

impl Shapes {
    pub fn of(layout: &Layout) -> Shapes {
        let shape = |kind| {
            let record = layout.of(kind)?;
            let shape = Shape {
                size: record.size,
                words: words(record),
                transcriber: Transcriber::new(kind, record),
            };
            Some((kind, shape))
        };
        Shapes((0..=u8::MAX).filter_map(shape).collect())
    }

    /// Returns the shapes of this build's records.
    pub fn own() -> &'static Arc<Shapes> {
        static OWN: LazyLock<Arc<Shapes>> = LazyLock::new(|| Arc::new(Shapes::of(Layout::own())));
        &OWN
    }

    pub fn of_kind(&self, kind: u8) -> Option<&Shape> {
        self.0.get(&kind)
    }
}

/// The numbers of a record behind its head. Bytes are taken by four where they
/// come in fours.
fn words(record: &RecordLayout) -> Vec<PlacedWord> {
    let mut words = Vec::new();
    for leaf in record.leaves.iter().filter(|leaf| leaf.offset >= HEAD) {
        let (width, count) = match leaf.width {
            1 if leaf.count.is_multiple_of(4) => (4, leaf.count / 4),
            width => (width, leaf.count),
        };
        words.extend((0..count).map(|place| PlacedWord {
            offset: leaf.offset + place * width,
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
pub(super) struct Layouts {
    known: Vec<(u32, Arc<Shapes>)>,
    /// The front of the recording, where they are, has been read.
    told: bool,
}

impl Layouts {
    /// Takes the payload of a layout block; false if it is none.
    pub fn learn(&mut self, text: &[u8]) -> bool {
        self.told = true;
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
        self.known.push((id, Arc::new(Shapes::of(&layout))));
        true
    }

    pub fn are_told(&self) -> bool {
        self.told
    }

    pub fn have_been_told(&mut self) {
        self.told = true;
    }

    pub fn find(&self, id: u32) -> Option<Arc<Shapes>> {
        if id == own_id() {
            return Some(Arc::clone(Shapes::own()));
        }
        let known = self.known.iter().find(|(known, _)| *known == id)?;
        Some(Arc::clone(&known.1))
    }
}
