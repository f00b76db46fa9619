//! Gaps, and recovery by snapshots.

use super::{key, one, stories};
use crate::{
    event::{
        Kind, Moved, ProcessId, What,
        script::{MS, SEC, START, Script},
    },
    model::{Creation, State},
};

stories! {
    process_missing_from_the_snapshot_has_vanished: Script::new()
        .session()
        .fork(5, 10)
        .fork(5, 11)
        .die(11, 0)
        .at(SEC).lose(Kind::Exit, 4)
        .found(5, 1, "parent")
        .found(1, 0, "init")
        .found_all()
        => |model| {
            assert_eq!(one(model, 10).state(), State::Vanished);
            assert_eq!(one(model, 10).threads.len(), 0);
            // It was a zombie and is not present, so it was reaped.
            assert_eq!(one(model, 11).state(), State::Reaped);
            assert_eq!(one(model, 11).reaped_by, None);
            assert_eq!(one(model, 5).state(), State::Alive);
            assert_eq!(model.gaps()[0].total(), 4);
            assert_eq!(model.alive(), 2);
        }

    exit_record_overrides_vanished: Script::new()
        .session()
        .found(1, 0, "init")
        .fork(5, 10)
        .at(SEC).lose(Kind::Fork, 1)
        .found(5, 1, "parent")
        .found_all()
        .at(2 * SEC).exit(10, 3)
        .notify(10)
        => |model| {
            assert_eq!(one(model, 10).vanished_at, None);
            assert_eq!(one(model, 10).state(), State::Zombie);
            assert_eq!(one(model, 10).status.unwrap().exit_code(), Some(3));
        }

    found_again_after_vanishing: Script::new()
        .session()
        .found(1, 0, "init")
        .fork(5, 10)
        .lose(Kind::Fork, 1)
        .found(5, 1, "parent")
        .found_all()
        .at(SEC).lose(Kind::Fork, 1)
        .found(5, 1, "parent")
        .found(10, 5, "child")
        .found_all()
        => |model| {
            assert_eq!(one(model, 10).state(), State::Alive);
            assert_eq!(one(model, 10).created_by, Creation::Fork);
        }

    fork_in_a_gap_is_found: Script::new()
        .session()
        .found(1, 0, "init")
        .found(5, 1, "parent")
        .found_all()
        .at(SEC).lose(Kind::Fork, 1)
        .found(5, 1, "parent")
        .found(10, 5, "child")
        .found_all()
        .die(10, 0)
        .reap(10)
        => |model| {
            assert_eq!(one(model, 10).created_by, Creation::Snapshot);
            assert_eq!(one(model, 10).reaped_by.unwrap().process.tgid, 5);
            assert_eq!(model.tree_parent(key(model, 10)), Some(key(model, 5)));
        }

    zombie_found_after_a_gap: Script::new()
        .session()
        .found(1, 0, "init")
        .fork(5, 10)
        .at(SEC).lose(Kind::Exit, 1)
        .found(5, 1, "parent")
        .found_with(10, 5, "child", |found| found.zombie = Some(9))
        .found_all()
        => |model| {
            assert_eq!(one(model, 10).state(), State::Zombie);
            assert_eq!(one(model, 10).status.unwrap().signal(), Some(9));
        }

    thread_found_after_a_gap_keeps_the_process_alive: Script::new()
        .without_group_dead()
        .session()
        .found(1, 0, "init")
        .fork(5, 10)
        .exit(10, 0)
        .at(SEC).lose(Kind::Fork, 1)
        .found(5, 1, "parent")
        .found_with(10, 5, "child", |found| found.zombie = Some(0))
        .found_thread(10, 11)
        .found_all()
        => |model| {
            assert_eq!(one(model, 10).state(), State::Alive);
            assert_eq!(model.totals().exits, 0);
        }

    threads_missing_from_the_snapshot_have_exited: Script::new()
        .session()
        .found(1, 0, "init")
        .fork(5, 10)
        .thread(10, 11)
        .at(MS).lose(Kind::Exit, 1)
        .found(5, 1, "parent")
        .found(10, 5, "child")
        .found_all()
        => |model| {
            assert_eq!(one(model, 10).threads.len(), 1);
            assert_eq!(one(model, 10).threads_seen, 2);
        }

    exec_in_a_gap: Script::new()
        .session()
        .found(1, 0, "init")
        .fork(5, 10)
        .exec(10, "sh", &["sh"])
        .lose(Kind::Exec, 1)
        .found(5, 1, "parent")
        .found(10, 5, "sleep")
        .found_all()
        => |model| {
            assert_eq!(one(model, 10).argv(), Some(&b"sleep"[..]));
            assert_eq!(one(model, 10).executions.len(), 1);
        }

    process_that_exited_before_the_trace_is_not_part_of_it: Script::new()
        .session()
        .found(1, 0, "init")
        .found(5, 1, "parent")
        .found_all()
        // Each line is what is left of a life when the trace begins.
        .free(10)
        .last_switch(11).wait(5, 11).free(11)
        .notify(12).last_switch(12).release(5, 12).free(12)
        .release(13, 13).free(13)
        => |model| {
            assert_eq!(model.process_count(), 2);
            assert_eq!(model.totals().exits, 0);
            assert_eq!(model.tally().reaped, 0);
        }

    process_found_exiting_ends: Script::new()
        .session()
        .found(1, 0, "init")
        .found_with(10, 1, "stuck", |found| found.exiting = true)
        .found_with(20, 1, "threads", |found| found.exiting = true)
        .found_thread(20, 21)
        .found_all()
        => |model| {
            assert_eq!(one(model, 10).state(), State::Exiting);
            assert_eq!(one(model, 20).state(), State::Alive);
            assert_eq!((model.alive(), model.totals().exits), (2, 0));
            assert_eq!(model.exiting().len(), 1);
        }

    process_found_exiting_is_reaped: Script::new()
        .session()
        .found(1, 0, "init")
        .found_with(10, 1, "stuck", |found| found.exiting = true)
        .found_all()
        .last_switch(10)
        .wait(1, 10)
        .free(10)
        => |model| {
            assert_eq!(one(model, 10).state(), State::Reaped);
            assert_eq!(one(model, 10).reaped_by.unwrap().process.tgid, 1);
            assert_eq!(one(model, 10).threads_seen, 0);
        }

    process_found_before_its_exit_record: Script::new()
        .session()
        .fork(1, 10)
        .found(1, 0, "init")
        .found_with(10, 1, "soon", |found| found.exiting = true)
        .found_all()
        .die(10, 3)
        => |model| {
            assert_eq!(one(model, 10).state(), State::Zombie);
            assert_eq!(one(model, 10).status.unwrap().exit_code(), Some(3));
            assert_eq!((one(model, 10).threads_seen, model.totals().exits), (1, 1));
        }

    process_that_ends_during_the_snapshot_is_part_of_the_trace: Script::new()
        .session()
        .found(1, 0, "init")
        .found(5, 1, "parent")
        .exit(10, 3).notify(10).last_switch(10).wait(1, 10).free(10)
        .found_all()
        => |model| {
            assert_eq!(one(model, 10).created_by, Creation::Missed);
            assert_eq!(one(model, 10).status.unwrap().exit_code(), Some(3));
            assert_eq!((model.totals().exits, model.tally().reaped), (1, 1));
        }

    process_born_and_gone_in_a_gap_is_counted: {
        let young = ProcessId { tgid: 10, start: START + MS }.leader();
        let script = Script::new().session().found(1, 0, "init").found_all();
        script.at(2 * MS).lose(Kind::Exit, 1).push(young, What::Free(None))
    }
        => |model| {
            assert_eq!(one(model, 10).created_by, Creation::Missed);
            assert_eq!(one(model, 10).state(), State::Reaped);
        }

    idle_task_is_no_process: {
        let idle = ProcessId { tgid: 0, start: 436 * MS }.leader();
        let script = Script::new().session().found(1, 0, "init").found_all();
        let moved = Moved { cgroup: 1 };
        script.push(idle, What::WakeupNew).push(idle, What::Moved(moved))
    }
        => |model| {
            assert_eq!((model.process_count(), model.alive()), (1, 1));
        }

    exec_during_a_snapshot_adds_no_thread: Script::new()
        .session()
        .found(5, 1, "old")
        .exec(5, "new", &["new"])
        .found_all()
        .exec(5, "newer", &["newer"])
        => |model| {
            assert_eq!((one(model, 5).threads.len(), one(model, 5).threads_seen), (1, 1));
        }

    exec_by_a_thread_made_during_a_snapshot: Script::new()
        .session()
        .found(5, 1, "old")
        .thread(5, 6)
        .exec_by(6, "new", &["new"])
        .found_all()
        .exec(5, "newer", &["newer"])
        => |model| {
            assert_eq!((one(model, 5).threads.len(), one(model, 5).threads_seen), (1, 2));
        }

    exit_in_a_gap_and_pid_reused: Script::new()
        .session()
        .fork(5, 10)
        .lose(Kind::Exit, 3)
        .at(SEC).fork(6, 10)
        => |model| {
            assert_eq!(model.processes().filter(|(_, process)| process.id.tgid == 10).count(), 2);
            assert_eq!(one(model, 10).original_parent, Some(key(model, 6)));
            // 5, 6 and the younger 10.
            assert_eq!(model.alive(), 3);
        }
}
