//! The recording that remains after a writer fails.

use std::io::{self, ErrorKind, Write};

use super::{Ending, Writer, read, record, samples};
use crate::recording::Index;

/// A disk with room for `room` bytes that accepts small pieces only.
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
fn full_disk_ends_the_recording_and_keeps_flushed_events() {
    let samples = samples::every_kind();
    let whole = record(&samples.chunks(1).collect::<Vec<_>>());
    let blocks = Index::load(io::Cursor::new(&whole)).unwrap().entries;
    for room in (16..whole.len()).step_by(13) {
        let mut disk = Disk {
            bytes: Vec::new(),
            room,
        };
        let mut writer = Writer::new(&mut disk).unwrap();
        let mut write = || {
            for event in &samples {
                writer.write(event)?;
                writer.flush()?;
            }
            Ok::<_, io::Error>(())
        };
        let failed = write();
        if let Err(error) = &failed {
            assert_eq!(error.kind(), ErrorKind::StorageFull);
            // Nothing is written after half a block, even if there is room again.
            assert!(writer.write(&samples[0]).is_err());
            assert!(writer.flush().is_err());
        }
        let saved = writer.written().events as usize;
        assert!(writer.finish().is_err());
        let fit = blocks
            .iter()
            .filter(|it| it.offset + it.length <= room as u64);
        assert_eq!(saved, fit.count());
        let reading = read(&disk.bytes[..]).unwrap();
        assert_eq!(reading.events, samples[..saved]);
        assert!(matches!(reading.ending, Some(Ending::Torn { .. })));
    }
}

#[test]
fn dropped_writer_keeps_flushed_events() {
    let samples = samples::every_kind();
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes).unwrap();
    for event in &samples[..5] {
        writer.write(event).unwrap();
    }
    writer.flush().unwrap();
    writer.write(&samples[5]).unwrap();
    drop(writer);
    assert_eq!(read(&bytes[..]).unwrap().events, samples[..5]);
}

#[test]
fn session_is_written_at_once() {
    let samples = samples::every_kind();
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes).unwrap();
    writer.write(&samples[0]).unwrap();
    drop(writer);
    assert_eq!(read(&bytes[..]).unwrap().events, samples[..1]);
}
