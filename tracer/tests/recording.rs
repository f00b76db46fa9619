//! Recordings of every format version stay readable: each file `recordings/v*.tracer` yields the events
//! in the `.txt` file beside it.
//!
//! `UPDATE_GOLDEN=1 cargo test --test recording` rewrites the text files, which is correct when an event
//! has a new field, and creates the recording of the current version if there is none. Existing recordings
//! are never rewritten, because they stand for the recordings of users.

#![allow(
    clippy::unwrap_used,
    reason = "a panic is how a test fails, and it says where"
)]

use std::{env, fmt::Write as _, fs, path::Path};

use tracer::{
    event, export,
    model::{Model, Retention},
    recording::{Effort, Ending, Reader, RecordBlock, VERSION, Writer},
    records::{Layout, RecordDecoder, Sink as _},
    report,
};

// The sample events of the unit tests of `recording`.
#[path = "../src/recording/tests/samples.rs"]
mod samples;

const DIRECTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recordings");

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

#[test]
fn recordings_of_every_version_are_unchanged() -> Result<()> {
    let update = env::var_os("UPDATE_GOLDEN").is_some();
    let present = Path::new(DIRECTORY).join(format!("v{VERSION}.tracer"));
    if update && !present.exists() {
        fs::write(&present, record()?)?;
    }
    for version in 0..=VERSION {
        let recording = Path::new(DIRECTORY).join(format!("v{version}.tracer"));
        let says = text(&recording)?;
        let golden = recording.with_extension("txt");
        if update {
            fs::write(&golden, &says)?;
        }
        let said = fs::read_to_string(&golden)?;
        for (says, said) in says.lines().zip(said.lines()) {
            assert_eq!(says, said, "in {}", golden.display());
        }
        assert_eq!(says.len(), said.len(), "in {}", golden.display());
    }
    Ok(())
}

/// Version 0 is version 1 with times in microseconds. It is read through the upgrade table.
#[test]
fn older_version_is_upgraded() -> Result<()> {
    let events = |version: u16| -> Result<Vec<event::Event>> {
        let path = Path::new(DIRECTORY).join(format!("v{version}.tracer"));
        let reader = Reader::new(fs::File::open(path)?)?;
        assert_eq!(reader.version(), Some(version));
        Ok(reader.collect::<std::result::Result<_, _>>()?)
    };
    let (old, mut present) = (events(0)?, events(1)?);
    for event in &mut present {
        event.at -= event.at % 1000;
    }
    assert_ne!(events(1)?, present, "times have microsecond precision");
    assert_eq!(old, present);
    Ok(())
}

/// The same trace stored as records and as events (the only form in format 1) gives the same output.
#[test]
fn records_and_events_give_the_same_output() -> Result<()> {
    let records = fs::read(Path::new(DIRECTORY).join("v2.tracer"))?;
    let mut writer = Writer::new(Vec::new())?;
    for event in Reader::new(&records[..])? {
        writer.write(&event?)?;
    }
    let events = writer.finish()?.1;
    assert_ne!(events, records);
    assert_eq!(outputs(&events)?, outputs(&records)?);
    Ok(())
}

/// Returns the report and the JSON export of a recording.
fn outputs(recording: &[u8]) -> Result<(String, String)> {
    let mut model = Model::new(Retention::ALL);
    let mut exporters = ["json", "events"]
        .map(|name| export::format(name).map(|it| (it.start)(&event::Zone::default())));
    let mut text = Vec::new();
    for event in Reader::new(recording)? {
        let event = event?;
        model.apply(&event);
        for exporter in exporters.iter_mut().flatten() {
            exporter.event(&event, &mut text)?;
        }
    }
    for exporter in exporters.iter_mut().flatten() {
        exporter.end(&model, &|_| true, &mut text)?;
    }
    Ok((report::summary(&model, 100), String::from_utf8(text)?))
}

/// Returns the events of a recording, one per line.
fn text(recording: &Path) -> Result<String> {
    let mut reader = Reader::new(fs::File::open(recording)?)?;
    let mut text = String::new();
    while let Some(event) = reader.next_event()? {
        writeln!(text, "{event:?}")?;
    }
    assert_eq!(reader.ending(), Some(Ending::Clean));
    assert_eq!(reader.damage(), []);
    assert_eq!(reader.unknown(), Default::default());
    Ok(text)
}

fn record() -> Result<Vec<u8>> {
    let mut writer = Writer::new(Vec::new())?;
    for events in samples::every_kind().chunks(9) {
        for event in events {
            writer.write(event)?;
        }
        writer.flush()?;
    }
    let mut block = RecordBlock::default();
    for group in 0..3_u64 {
        for kind in 0..=u8::MAX {
            if let Some(layout) = Layout::own().of(kind) {
                let record = made_up(kind, layout.size, group);
                assert!(
                    RecordDecoder::default().decode(&record).is_ok(),
                    "kind {kind}"
                );
                block.record(&record);
            }
        }
        block.end_group();
    }
    writer.write_block(&block, Effort::Normal)?;
    Ok(writer.finish()?.1)
}

/// The number of the kind of a single page fault.
const FAULT: u8 = 16;

/// Returns a record with small numbers in its fields, which differ by group.
fn made_up(kind: u8, size: usize, group: u64) -> Vec<u8> {
    let word = |place: usize| (group as u32 + 1) * (place % 3) as u32;
    let bytes = (0..size / 4).flat_map(|place| word(place).to_le_bytes());
    let mut record: Vec<u8> = bytes.collect();
    record[..4].copy_from_slice(&u32::from(kind).to_le_bytes());
    let at = 1_000_000_000 * (group + 1) + u64::from(kind);
    record[8..16].copy_from_slice(&at.to_le_bytes());
    if kind == FAULT {
        // The class and the region are numbers of counters.
        record[48..].fill(0);
    }
    // Lengths of the texts after the fixed part of an exec.
    record.extend(b"/bin/program");
    record
}
