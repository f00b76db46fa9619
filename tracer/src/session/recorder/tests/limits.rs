//! A directory stays within its size limit.

use std::fs;

use super::{Scratch, Tracer, last, read, segment_count, size, write};
use crate::{
    event::{Event, What, file_name, script::Script},
    recording::segments,
    records::Sink as _,
    source::live,
};

/// Returns events that do not compress: execs with random arguments.
fn random_execs(count: u32) -> Vec<Event> {
    let mut script = Script::new().session_with(|session| session.boot_id = live::boot_id());
    script = script.found(1, 0, "init").found_all();
    let mut state = 1_u64;
    for _ in 0..count {
        let argv: Vec<_> = (0..500)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                format!("{:06x}", state >> 40)
            })
            .collect();
        let argv: Vec<_> = argv.iter().map(String::as_str).collect();
        script = script.exec(1, "busy", &argv);
    }
    script.events
}

#[test]
fn directory_never_exceeds_its_limit() {
    let scratch = Scratch::new("limit");
    let mut ring = scratch.ring();
    // An earlier recorder had a larger limit.
    let events = random_execs(1500);
    write(&ring, &events, 100, true);
    assert!(size(&scratch.0) > 2 << 20);
    ring.max_size = 1 << 20;
    let mut tracer = Tracer::new(&ring);
    assert!(size(&scratch.0) <= ring.max_size);
    let mut largest = 0;
    for (number, event) in events.iter().enumerate() {
        tracer.take(event);
        largest = largest.max(size(&scratch.0));
        if number % 200 == 199 {
            // A reader writes a side file.
            let side = segments::side_file_path(&last(&scratch.0));
            fs::write(side, vec![0; 100 << 10]).unwrap();
        }
        if tracer.recorder.is_full() {
            let mut session = tracer.session.clone().unwrap();
            session.at = tracer.model.now();
            let found = tracer.model.presence_snapshot();
            tracer
                .recorder
                .checkpoint([session].into_iter().chain(found).collect());
            tracer.recorder.settle();
        }
    }
    assert!(tracer.recorder.shortened_history().is_some());
    tracer.recorder.finish().unwrap();
    let block = 512 << 10;
    assert!(largest <= ring.max_size + block, "{largest}");
    assert!(segment_count(&scratch.0) > 2);
}

#[test]
fn snapshot_of_a_crowd_fits_into_the_directory() {
    let scratch = Scratch::new("crowd");
    let mut ring = scratch.ring();
    ring.max_size = 1 << 20;
    let mut script = Script::new().session_with(|session| session.boot_id = live::boot_id());
    for pid in 1..20_000 {
        script = script.found(pid, 0, &format!("p{pid}"));
    }
    let events = script.found_all().events;
    let mut tracer = Tracer::new(&ring);
    events.iter().for_each(|event| tracer.take(event));
    tracer.recorder.settle();
    tracer.turn();
    tracer.recorder.settle();
    assert!(size(&scratch.0) <= ring.max_size);
    tracer.recorder.finish().unwrap();
    assert_eq!(segment_count(&scratch.0), 2);
    for segment in segments::list(&scratch.0).unwrap().segments {
        let events = read(&segment.path);
        let tasks = events
            .iter()
            .filter(|event| matches!(event.what, What::Snapshot(_)));
        assert!((1_000..20_000).contains(&tasks.count()));
        // Absent tasks are not marked as exited.
        let ends: Vec<_> = events
            .iter()
            .filter_map(|event| match event.what {
                What::SnapshotEnd(since) => Some(since),
                _ => None,
            })
            .collect();
        assert_eq!(ends, [0], "{}", file_name(&segment.path));
    }
}
