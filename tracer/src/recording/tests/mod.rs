//! Tests of the recording as a whole.

mod samples;

use super::{Ending, Reader, Writer};
use crate::event::Event;

/// Records events, a block for each slice.
fn record(blocks: &[&[Event]]) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new()).unwrap();
    for block in blocks {
        for event in *block {
            writer.write(event).unwrap();
        }
        writer.flush().unwrap();
    }
    let (written, bytes) = writer.finish().unwrap();
    assert_eq!(written.bytes, bytes.len() as u64);
    bytes
}

#[test]
fn a_story_comes_back() {
    let story = samples::story();
    let bytes = record(&[&story[..5], &story[5..]]);
    let mut reader = Reader::new(&bytes[..]).unwrap();
    let read: Vec<_> = reader.by_ref().map(Result::unwrap).collect();
    assert_eq!(read, story);
    assert_eq!(reader.ending(), Some(Ending::Clean));
    assert_eq!(reader.damage(), []);
}
