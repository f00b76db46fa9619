//! The command that tracer ran is recognised by its creator.

use crate::{
    event::{
        Segment, Session, Text,
        script::{START, Script},
    },
    model::{Model, NoCommand, TracedCommand, tests::apply_all},
};

const TRACER: u32 = 50;

fn record(line: &'static [u8]) -> impl Fn(&mut Session) {
    move |session| {
        session.command = Text::new(line);
        session.tracer_pid = TRACER;
    }
}

const MAKE: &[u8] = b"tracer\0record\0f\0--\0make\0-j2\0";

fn command_pid(model: &Model) -> Result<u32, NoCommand> {
    match model.traced_command() {
        TracedCommand::Process(key) => Ok(model.process(key).id.tgid),
        TracedCommand::Missing(reason) => Err(reason),
    }
}

#[test]
fn command_is_the_process_that_tracer_created() {
    let script = Script::new()
        .session_with(record(MAKE))
        .found(1, 0, "init")
        .found(TRACER, 1, "tracer")
        // The shell that became tracer had it already.
        .found(60, TRACER, "make")
        .found_all()
        .fork(1, 70)
        .vfork(TRACER, 80)
        .exec(80, "make", &["make", "-j2"])
        .fork(80, 81)
        .fork(81, 82)
        .die(80, 2)
        .reap(80);
    let model = apply_all(&script.events);
    assert_eq!(command_pid(&model), Ok(80));
    let TracedCommand::Process(key) = model.traced_command() else {
        panic!()
    };
    let mut pids: Vec<u32> = model
        .subtree(key)
        .map(|key| model.process(key).id.tgid)
        .collect();
    pids.sort_unstable();
    assert_eq!(pids, [80, 81, 82]);
}

#[test]
fn missing_command_has_a_reason() {
    let reason = |script: Script| command_pid(&apply_all(&script.events));
    let found = |script: Script| {
        script
            .found(TRACER, 1, "tracer")
            .found(60, TRACER, "sh")
            .found_all()
    };
    let plain = Script::new().session_with(record(b"tracer\0record\0f\0"));
    assert_eq!(reason(found(plain)), Err(NoCommand::NotGiven));
    let unseen = Script::new().session_with(record(MAKE));
    assert_eq!(reason(found(unseen)), Err(NoCommand::NotSeen));
    let nameless = Script::new().session_with(|session| {
        record(MAKE)(session);
        session.tracer_pid = 0;
    });
    assert_eq!(reason(found(nameless)), Err(NoCommand::UnknownTracer));
    assert_eq!(reason(Script::new()), Err(NoCommand::UnknownTracer));
}

/// A later segment knows the command from its snapshot only.
#[test]
fn command_in_a_snapshot_started_after_the_trace() {
    let segment = |began| {
        let script = Script::new().session_with(|session| {
            record(MAKE)(session);
            session.segment = Some(Segment {
                number: 1,
                began,
                events_before: 10,
                keep: None,
            });
        });
        // A process found starts at its number.
        script
            .found(TRACER, 1, "tracer")
            .found(60, TRACER, "bash")
            .found_all()
    };
    assert_eq!(command_pid(&apply_all(&segment(55).events)), Ok(60));
    assert_eq!(
        command_pid(&apply_all(&segment(START).events)),
        Err(NoCommand::NotSeen)
    );
}
