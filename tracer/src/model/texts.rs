//! A table of arguments and file names, in which equal ones are one.

use std::collections::HashMap;

use super::Process;
use crate::event::Text;

/// Memory of a text beside its bytes: two counts and a word of the allocator, its place in the
/// list, and that in a hash table that is two thirds full.
const ENTRY: usize = 24 + size_of::<Text>() + 40;

/// Texts by number.
#[derive(Clone, Default)]
pub(super) struct Texts {
    texts: Vec<Text>,
    numbers: HashMap<Text, u32, foldhash::fast::FixedState>,
}

impl Texts {
    /// Returns the memory that the texts of a process would take, in bytes, if they are new.
    pub fn size_of_new(&self, process: &mut Process) -> usize {
        let mut bytes = 0;
        process.each_text(&mut |text| {
            if !self.numbers.contains_key(text) {
                bytes += text.as_bytes().len() + ENTRY;
            }
        });
        bytes
    }

    /// Returns the number of a text, and the memory in bytes that it takes if it is new.
    pub fn add(&mut self, text: Text) -> (u32, usize) {
        if let Some(&number) = self.numbers.get(&text) {
            return (number, 0);
        }
        let number = self.texts.len() as u32;
        let bytes = text.as_bytes().len() + ENTRY;
        self.texts.push(text.clone());
        self.numbers.insert(text, number);
        (number, bytes)
    }

    /// Removes all texts.
    pub fn clear(&mut self) {
        self.texts.clear();
        self.numbers.clear();
    }

    /// Returns the text with this number.
    pub fn get(&self, number: u32) -> Option<&Text> {
        self.texts.get(number as usize)
    }
}
