use std::{env, fs, process};

use super::*;
use crate::{
    event::script::{SEC, Script},
    model::{Model, Retention, State},
    recording::{Reader, Writer},
};

/// Both inputs lose an exit. The snapshot behind the gap of one of them shows it.
#[test]
fn process_lost_by_both_inputs_vanishes() {
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
    // Both see the fork of 10 and neither its end. The snapshot of one lacks it.
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
