use std::{env, fs, process};

use super::*;
use crate::{
    event::script::{SEC, Script},
    model::Retention,
    recording::{Reader, Writer},
};

/// What both have lost, the snapshot behind the gap of one of them tells.
#[test]
fn who_has_gone_unseen_is_no_ghost_beside_another_recording() {
    let folder = env::temp_dir().join(format!("tracer-merge-ghost-{}", process::id()));
    fs::create_dir_all(&folder).unwrap();
    let record = |name: &str, script: Script| {
        let mut writer = Writer::new(Vec::new()).unwrap();
        script
            .events
            .iter()
            .for_each(|event| writer.write(event).unwrap());
        let path = folder.join(name);
        fs::write(&path, writer.finish().unwrap().1).unwrap();
        path
    };
    let begin = || {
        let script = Script::new().session_with(|session| session.boot_id = "b007".into());
        let script = script.found(1, 0, "init").found_all();
        script.at(SEC).fork(1, 10).fork(1, 11)
    };
    // Both see the birth of 10, and neither its end; one sees that it is gone.
    let one = begin().at(5 * SEC).found(1, 0, "init").found(11, 1, "init");
    let one = record("one", one.found_all());
    let other = record("other", begin().at(9 * SEC).fork(1, 12));
    let to = folder.join("merged");
    let path = to.clone();
    let to = Save { path, force: false };
    let from = vec![one, other];
    let anonymize = false;
    merge(&Merge {
        from,
        to,
        anonymize,
    })
    .unwrap();
    let mut model = Model::new(Retention::ALL);
    for event in Reader::new(fs::File::open(folder.join("merged")).unwrap()).unwrap() {
        model.apply(&event.unwrap());
    }
    fs::remove_dir_all(&folder).unwrap();
    let state = |pid: u32| {
        let (_, process) = model.processes().find(|(_, it)| it.id.tgid == pid).unwrap();
        process.state()
    };
    assert_eq!(
        [10, 11, 12].map(state),
        [State::Vanished, State::Alive, State::Alive]
    );
}

#[test]
fn who_told_of_whom_is_forgotten_in_time() {
    let mut merged = Merged::new(Vec::new(), |_| {});
    let id = |pid: u32| ProcessId {
        tgid: pid,
        start: 1,
    };
    for pid in 1..=20 * FEW as u32 {
        // Nobody of them is there any more.
        merged
            .model
            .apply(&host(u64::from(pid) * LONG / 100, What::End));
        merged.tellers.insert(
            id(pid),
            Telling {
                teller: 0,
                last: merged.model.now(),
            },
        );
        merged.forget();
    }
    assert!(
        merged.tellers.len() <= FEW + 100,
        "{}",
        merged.tellers.len()
    );
}
