//! The cost of forks, and the fork that each copy is charged to.

use super::{one, retained::keeping, stories};
use crate::{
    event::{
        AddressSpace, FaultTally, Faults, Fork, What, Who,
        script::{MS, SEC, START, Script},
    },
    model::SharingEnd,
};

const SPACE: AddressSpace = AddressSpace {
    pages: Some(1000),
    page_tables: 12288,
};

/// Sets the caller's copy count of a fork.
fn copying(by_copies: u64) -> impl FnOnce(&mut Fork) {
    move |fork| {
        fork.copied = Some(SPACE);
        fork.by_copies = Some(by_copies);
    }
}

fn copied(copies: u64) -> What {
    let tally: FaultTally = Faults {
        cow_copy: copies,
        ..Faults::default()
    }
    .into();
    What::Faults(Box::new(tally))
}

fn exits_after(script: Script, pid: u32, copies: u64) -> Script {
    script.exit_with(pid, |exit| {
        let faults = Faults {
            cow_copy: copies,
            ..Faults::default()
        };
        exit.faults = Some(faults.into());
    })
}

stories! {
    reading_as_of_before_an_exec_counts_no_copy_twice: {
        let script = Script::new()
            .session()
            .found(5, 1, "redis")
            .found_all()
            .fork_with(5, 10, copying(0))
            .event(10, copied(150));
        let mut script = script.exec(10, "true", &["true"]);
        if let Some(What::Exec(exec)) = script.events.last_mut().map(|event| &mut event.what) {
            exec.copies = Some(450);
        }
        exits_after(script.event(10, copied(150)), 10, 460)
    } => |model| {
        assert_eq!(one(model, 10).faults.cow_copy, 460);
        assert_eq!(one(model, 10).fork_cost.as_ref().unwrap().child.count, 450);
    }

    copies_are_charged_to_the_fork_before: {
        let script = Script::new()
            .session()
            .found(5, 1, "redis")
            .found_all()
            .event(5, copied(100))
            .at(10 * MS)
            .fork_with(5, 10, |fork| {
                copying(120)(fork);
                fork.requested_at = Some(START + 4 * MS);
            });
        exits_after(script, 10, 7)
            .notify(10)
            .reap(10)
            // 40 copies until it forks again; 5 after that.
            .fork_with(5, 11, copying(160))
            .at(2 * SEC)
            .event(5, copied(165))
            .exec(11, "true", &["true"])
    } => |model| {
        let first = one(model, 10).fork_cost.as_ref().unwrap();
        assert_eq!((first.parent.count, first.child.count), (40, 7));
        assert_eq!((first.both.count, first.both.peak), (47, 47));
        let exited = one(model, 10).exited_at;
        assert_eq!((first.child.first(), first.child.last()), (exited, exited));
        assert_eq!(first.both.first(), exited);
        assert_eq!(first.both.last(), one(model, 11).forked_at);
        assert_eq!((first.child.peak, first.parent.peak), (7, 40));
        assert_eq!(first.took, Some(6 * MS));
        assert_eq!(first.space, SPACE);
        assert!(matches!(first.ended, Some(SharingEnd::Exit(_))));
        let second = one(model, 11).fork_cost.as_ref().unwrap();
        assert_eq!((second.parent.count, second.child.count), (5, 0));
        assert_eq!((second.child.peak, second.child.first(), second.child.last()), (0, None, None));
        assert!(matches!(second.ended, Some(SharingEnd::Exec(_))));
        assert!(!first.ambiguous && !second.ambiguous);
        assert_eq!(one(model, 5).faults.cow_copy, 165);
    }

    copies_after_an_exec_of_the_parent_have_no_fork: {
        let script = Script::new()
            .session()
            .found(5, 1, "sh")
            .found_all()
            .fork_with(5, 10, copying(0));
        let mut script = script.exec(5, "redis", &["redis"]);
        if let Some(What::Exec(exec)) = script.events.last_mut().map(|event| &mut event.what) {
            exec.copies = Some(16);
        }
        exits_after(script.event(5, copied(20)), 5, 22)
    } => |model| {
        let cost = one(model, 10).fork_cost.as_ref().unwrap();
        assert_eq!((cost.parent.count, cost.ambiguous), (16, false));
        assert_eq!(one(model, 5).faults.cow_copy, 22);
    }

    copies_after_an_exec_are_ambiguous_if_those_before_are_unknown: Script::new()
        .session()
        .found(5, 1, "sh")
        .found_all()
        .fork_with(5, 10, copying(0))
        .exec(5, "redis", &["redis"])
        .event(5, copied(20))
        => |model| {
            let cost = one(model, 10).fork_cost.as_ref().unwrap();
            assert_eq!((cost.parent.count, cost.ambiguous), (20, true));
        }

    overlapping_forks_are_ambiguous: Script::new()
        .session()
        .found(5, 1, "postgres")
        .found_all()
        .fork_with(5, 10, copying(0))
        .fork_with(5, 11, copying(3))
        .event(5, copied(20))
        => |model| {
            let (first, second) = (one(model, 10), one(model, 11));
            assert!(!first.fork_cost.as_ref().unwrap().ambiguous);
            assert_eq!(first.fork_cost.as_ref().unwrap().parent.count, 3);
            assert!(second.fork_cost.as_ref().unwrap().ambiguous);
            assert_eq!(second.fork_cost.as_ref().unwrap().parent.count, 17);
        }

    vfork_has_no_fork_cost: Script::new()
        .session()
        .fork_with(5, 10, |fork| fork.clone_flags = Some(0x4100))
        .event(5, copied(20))
        => |model| {
            assert!(one(model, 10).fork_cost.is_none());
        }
}

/// The second of two parts begins when the newest child is gone. In a merge the child is there,
/// and a process that has executed another program has no forks.
#[test]
fn second_part_leaves_the_newest_child_to_the_first() {
    let script = Script::new()
        .session()
        .found(5, 1, "redis")
        .found(6, 1, "sh")
        .found_all()
        .fork_with(6, 11, copying(0))
        .fork_with(5, 10, copying(0));
    let script = exits_after(script, 10, 7).notify(10).reap(10).free(10);
    let mut script = script.at(SEC).exec(6, "make", &["make"]);
    if let Some(What::Exec(exec)) = script.events.last_mut().map(|event| &mut event.what) {
        exec.copies = Some(3);
    }
    let second = keeping(0, &script.events);
    assert!(
        second
            .find(one(&keeping(9, &script.events), 10).id)
            .is_none()
    );
    let summary = What::Summary(Box::new(second.summary()));
    let script = script.push(Who::HOST, summary);
    let script = script.event(5, copied(30)).event(6, copied(40));
    let merged = keeping(9, &script.events);
    let copies = |pid| one(&merged, pid).fork_cost.as_ref().unwrap().parent.count;
    assert_eq!((copies(10), copies(11)), (30, 3));
}
