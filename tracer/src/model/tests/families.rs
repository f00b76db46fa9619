//! Parents: original and current.

use super::{apply_all, key, one, stories};
use crate::{
    event::{ProcessId, Relations, script::Script},
    model::State,
};

const INIT: ProcessId = ProcessId { tgid: 1, start: 1 };

stories! {
    orphans_are_reparented_to_init: Script::new()
        .session()
        .found(1, 0, "init")
        .found_all()
        .fork(1, 5)
        .fork(5, 10)
        .fork(5, 11)
        .exit_with(5, |exit| exit.reaper = Some(INIT))
        .notify(5)
        .last_switch(5)
        .reap(5)
        .exit_with(11, |exit| exit.parent = INIT)
        => |model| {
            for orphan in [10, 11] {
                assert_eq!(one(model, orphan).parent, Some(key(model, 1)));
                assert_eq!(one(model, orphan).original_parent, Some(key(model, 5)));
                assert_eq!(model.tree_parent(key(model, orphan)), Some(key(model, 5)));
                assert!(one(model, orphan).is_reparented());
            }
            assert_eq!(model.adopted(key(model, 1)).count(), 2);
        }

    orphans_are_reparented_to_the_subreaper: Script::new()
        .session()
        .found(1, 0, "init")
        .found(3, 1, "systemd --user")
        .found_all()
        .fork(3, 5)
        .fork(5, 10)
        .exit_with(5, |exit| exit.reaper = Some(ProcessId { tgid: 3, start: 3 }))
        .fork(1, 12)
        => |model| {
            assert_eq!(one(model, 10).parent, Some(key(model, 3)));
            assert_eq!(model.adopted(key(model, 3)).collect::<Vec<_>>(), [key(model, 10)]);
            assert_eq!(model.adopted(key(model, 1)).count(), 0);
        }

    clone_parent: Script::new()
        .session()
        .fork(1, 5)
        .fork_with(5, 10, |fork| {
            fork.clone_flags = Some(0x8000);
            fork.parent = INIT;
        })
        .first_run(1)
        => |model| {
            assert_eq!(one(model, 10).original_parent, Some(key(model, 1)));
            assert_eq!(one(model, 10).forked_by.unwrap().process.tgid, 5);
        }

    process_without_a_fork_record: Script::new()
        .session()
        .die(10, 1)
        .reap(10)
        => |model| {
            assert_eq!(one(model, 10).parent, Some(key(model, 1)));
            assert_eq!(one(model, 10).original_parent, None);
            assert_eq!(one(model, 10).created_by.name(), None);
            assert_eq!(one(model, 10).state(), State::Reaped);
        }
}

#[test]
fn index_forgets_adopted_children_once_reaped() {
    let mut script = Script::new().session();
    for pid in (10..400).step_by(2) {
        script = script
            .fork(1, pid)
            .fork(pid, pid + 1)
            .exit_with(pid, |exit| exit.reaper = Some(INIT))
            .notify(pid)
            .reap(pid)
            .exit_with(pid + 1, |exit| exit.parent = INIT)
            .notify_with(pid + 1, |notify| notify.owner = INIT)
            .wait(1, pid + 1)
            .free(pid + 1);
    }
    let model = apply_all(&script.events);
    assert_eq!(model.adopted(key(&model, 1)).count(), 0);
    assert_eq!(model.alive(), 1);
    assert!(model.index.has_no_unreaped());
}

/// The owner in the snapshot owned the zombie before: no other one passed it on.
#[test]
fn found_zombie_has_one_owner_since_an_unknown_time() {
    let mut script = Script::new()
        .session()
        .found(1, 0, "init")
        .found_with(9, 5, "dead", |found| found.zombie = Some(0))
        .found(5, 1, "owner");
    let tracer = script.process(5);
    let traced = Relations {
        tracer: Some(tracer),
        ..Relations::default()
    };
    let script = script.found_with(8, 1, "traced", |found| {
        (found.zombie, found.relations) = (Some(0), Some(traced));
    });
    let model = apply_all(&script.found_all().events);
    for zombie in [8, 9] {
        let tenures: Vec<_> = one(&model, zombie).tenures(model.now()).collect();
        let [tenure] = tenures[..] else {
            panic!("{tenures:?}");
        };
        assert_eq!(tenure.owner, Some(key(&model, 5)));
        assert_eq!((tenure.time.max, tenure.end), (None, None));
    }
    let owners = model.owners(&model.tally(), model.now());
    let [(owner, zombies)] = &Vec::from_iter(owners)[..] else {
        panic!("a second owner");
    };
    assert_eq!(*owner, Some(key(&model, 5)));
    let counts = (zombies.unreaped, zombies.inherited, zombies.traced);
    assert_eq!(counts, (2, 0, 1));
}
