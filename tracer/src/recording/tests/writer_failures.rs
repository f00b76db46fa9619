//! What the writer leaves behind when things go wrong.

use std::io::{self, ErrorKind, Write};

use super::{Ending, Writer, read, record, samples};
use crate::recording::Index;

/// A disk with room for so many bytes, which takes them in small pieces.
struct Disk {
    bytes: Vec<u8>,
    room: usize,
}

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = bytes.len().min(self.room - self.bytes.len()).min(7);
        if count == 0 {
            return Err(ErrorKind::StorageFull.into());
        }
        self.bytes.extend(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_ends_the_recording_and_keeps_what_was_flushed() {
    let story = samples::every_kind();
    let whole = record(&story.chunks(1).collect::<Vec<_>>());
    let blocks = Index::load(io::Cursor::new(&whole)).unwrap().entries;
    for room in (16..whole.len()).step_by(13) {
        let mut disk = Disk {
            bytes: Vec::new(),
            room,
        };
        let mut writer = Writer::new(&mut disk).unwrap();
        let mut write = || {
            for event in &story {
                writer.write(event)?;
                writer.flush()?;
            }
            Ok::<_, io::Error>(())
        };
        let failed = write();
        if let Err(error) = &failed {
            assert_eq!(error.kind(), ErrorKind::StorageFull);
            // No block after half a block, even if there is room again.
            assert!(writer.write(&story[0]).is_err());
            assert!(writer.flush().is_err());
        }
        let saved = writer.written().events as usize;
        assert!(writer.finish().is_err());
        let fit = blocks
            .iter()
            .filter(|it| it.offset + it.length <= room as u64);
        assert_eq!(saved, fit.count());
        let reading = read(&disk.bytes[..]).unwrap();
        assert_eq!(reading.events, story[..saved]);
        assert!(matches!(reading.ending, Some(Ending::Torn { .. })));
    }
}

#[test]
fn a_writer_that_is_dropped_leaves_what_was_flushed() {
    let story = samples::every_kind();
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes).unwrap();
    for event in &story[..5] {
        writer.write(event).unwrap();
    }
    writer.flush().unwrap();
    writer.write(&story[5]).unwrap();
    drop(writer);
    assert_eq!(read(&bytes[..]).unwrap().events, story[..5]);
}

#[test]
fn the_session_is_safe_at_once() {
    let story = samples::every_kind();
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes).unwrap();
    writer.write(&story[0]).unwrap();
    drop(writer);
    assert_eq!(read(&bytes[..]).unwrap().events, story[..1]);
}
