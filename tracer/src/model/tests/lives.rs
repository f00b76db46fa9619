//! Creation of processes, exec and identity.

use super::{key, one, stories};
use crate::{
    event::{
        Comm, Text, What,
        script::{CLONE_VFORK, MS, START, Script, US},
    },
    model::{Creation, Known, Moment, State},
};

stories! {
    fork_exec_exit_wait: Script::new()
        .session()
        .found(1, 0, "init")
        .found(5, 1, "bash")
        .found_all()
        .at(MS).fork(5, 10)
        .at(2 * MS).wakeup(10)
        .at(3 * MS).first_run(10)
        .at(4 * MS).exec(10, "sh", &["sh", "-c", "exit 3"])
        .at(5 * MS).exit(10, 3)
        .at(6 * MS).notify(10)
        .at(7 * MS).last_switch(10)
        .at(8 * MS).wait(5, 10)
        .at(9 * MS).free(10)
        => |model| {
            let sh = one(model, 10);
            assert_eq!(sh.state(), State::Reaped);
            assert_eq!(sh.created_by, Creation::Fork);
            assert_eq!(sh.comm, Comm::new(b"sh"));
            assert_eq!(sh.argv(), Some(&b"sh\0-c\0exit 3\0"[..]));
            assert_eq!(sh.argv_cut(), Some(false));
            assert_eq!(sh.status.unwrap().exit_code(), Some(3));
            assert_eq!(sh.fatal_signal(), None);
            assert_eq!(sh.original_parent, Some(key(model, 5)));
            assert_eq!(sh.parent, Some(key(model, 5)));
            assert_eq!(model.tree_parent(key(model, 10)), Some(key(model, 5)));
            assert_eq!(sh.reaped_by.unwrap().process.tgid, 5);
            assert_eq!(sh.autoreaped, Some(false));
            assert_eq!(sh.threads_seen, 1);
            assert_eq!(sh.zombie_time(model.now()), Some((2 * MS).into()));
            assert_eq!(sh.lifetime(model.now()), Some(4 * MS));
            assert!(sh.usage_complete);
            assert_eq!(sh.usage.min_flt, 30);
            let times = Moment::ALL.map(|moment| model.moment(key(model, 10), moment));
            let expected = [1, 2, 3, 4, 5, 6, 7, 8, 9];
            assert_eq!(times, expected.map(|ms| Known::At(START + ms * MS)));
            assert_eq!(model.totals().exits, 1);
            // init and bash.
            assert_eq!(model.alive(), 2);
        }

    first_run_reports_the_time_made_runnable: Script::new()
        .session()
        .fork(5, 10)
        .at(3 * MS).first_run_after(10, MS)
        => |model| {
            assert_eq!(model.moment(key(model, 10), Moment::Runnable), Known::At(START + 2 * MS));
            assert_eq!(one(model, 10).first_run_latency(), Some(MS));
        }

    vfork_exec: Script::new()
        .session()
        .vfork(5, 10)
        .exec(10, "true", &["true"])
        .die(10, 0)
        .reap(10)
        => |model| {
            let child = one(model, 10);
            assert_eq!(child.created_by, Creation::Vfork);
            assert_eq!(child.clone_flags, Some(CLONE_VFORK));
            assert_eq!(child.executions.len(), 1);
            assert_eq!(child.status.unwrap().exit_code(), Some(0));
        }

    child_inherits_its_parents_arguments: Script::new()
        .session()
        .fork(5, 10)
        .exec(10, "sh", &["sh", "-x"])
        .fork(10, 11)
        .exec(10, "sleep", &["sleep", "x"])
        => |model| {
            assert_eq!(one(model, 11).argv(), Some(&b"sh\0-x\0"[..]));
            assert_eq!(one(model, 11).comm, Comm::new(b"sh"));
            assert_eq!(one(model, 10).argv(), Some(&b"sleep\0x\0"[..]));
        }

    snapshot_of_a_forked_process_adds_nothing: Script::new()
        .session()
        .found(1, 0, "init")
        .fork(5, 10)
        .exec(10, "new", &["new"])
        .found_with(10, 5, "new", |found| found.argv = Some(Text::new(b"new\0")))
        .found_all()
        => |model| {
            assert_eq!(one(model, 10).created_by, Creation::Fork);
            assert_eq!(one(model, 10).threads.len(), 1);
            assert_eq!(one(model, 10).threads_seen, 1);
        }

    older_than_the_trace: Script::new()
        .session()
        .found(1, 0, "init")
        .found(5, 1, "bash")
        .found(9, 5, "old")
        .found_all()
        .die(9, 1)
        .reap(9)
        => |model| {
            let old = one(model, 9);
            assert_eq!(old.created_by, Creation::Snapshot);
            assert_eq!(old.original_parent, None);
            assert_eq!(old.parent, Some(key(model, 5)));
            assert_eq!(model.tree_parent(key(model, 9)), Some(key(model, 5)));
            assert_eq!(old.status.unwrap().exit_code(), Some(1));
            assert_eq!(old.lifetime(model.now()).map(|ns| ns > 900 * 1_000_000_000), Some(true));
            assert_eq!(old.state(), State::Reaped);
        }

    latest_name_in_time_wins: Script::new()
        .session()
        .fork(5, 10)
        .exec(10, "sh", &["sh"])
        .event(10, What::Comm(Comm::new(b"dash")))
        .event(5, What::Comm(Comm::new(b"other")))
        => |model| {
            assert_eq!(one(model, 10).comm, Comm::new(b"dash"));
            assert_eq!(one(model, 10).executions[0].exec.comm, Comm::new(b"sh"));
        }

    pid_is_reused: Script::new()
        .session()
        .fork(5, 10)
        .die(10, 1)
        .reap(10)
        .at(9 * MS).fork(6, 10)
        .die(10, 2)
        => |model| {
            let [old, new] = [START + US, START + 9 * MS].map(|start| {
                let id = crate::event::ProcessId { tgid: 10, start };
                model.process(model.find(id).unwrap())
            });
            assert_eq!(old.status.unwrap().exit_code(), Some(1));
            assert_eq!(old.reaped_by.unwrap().process.tgid, 5);
            assert_eq!(new.status.unwrap().exit_code(), Some(2));
            assert_eq!(new.state(), State::Zombie);
            assert_eq!(model.find_pid(10), model.find(new.id));
        }
}

/// The wait that reaped the old process comes after the fork of the new one.
#[test]
fn records_of_a_reused_pid_may_overlap() {
    let mut script = Script::new()
        .session()
        .fork(5, 10)
        .die(10, 1)
        .wait(5, 10)
        .free(10);
    let [wait, free] = [script.events.remove(5), script.events.remove(5)];
    script = script.at(9 * MS).fork(5, 10);
    script.events.extend([wait, free]);
    let model = super::apply_all(&script.events);
    let old = model
        .find(crate::event::ProcessId {
            tgid: 10,
            start: START + US,
        })
        .unwrap();
    assert_eq!(model.process(old).reaped_by.unwrap().process.tgid, 5);
    assert_eq!(
        model.process(old).zombie_time(model.now()),
        Some((2 * US).into())
    );
    assert_eq!(one(&model, 10).state(), State::Alive);
    assert_eq!(one(&model, 10).reaped_at, None);
}
