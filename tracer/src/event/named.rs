//! Every name in an event, in one place, with the task that it belongs to, so that
//! names can be replaced or left out. A new field that holds a name must be visited
//! here. PIDs, times and numbers are not names.

use super::{Comm, Event, Exec, Label, OomVictim, Session, Text, What, Who};

/// A name in an event.
pub enum Name<'a> {
    /// A command name; empty if unknown.
    Comm(&'a mut Comm),
    /// A path; none if unknown.
    Path(&'a mut Option<Text>),
    /// NUL-separated arguments; none if unknown.
    Arguments(&'a mut Option<Text>),
    /// The name or the boot ID of the host, or the name of a user.
    Host(&'a mut Label),
}

/// The task or the thing that a [`Name`] belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// The event's subject.
    Subject,
    /// Another task.
    Task(Who),
    /// A process, by its PID. Its start time is unknown.
    Pid(u32),
    /// A cgroup, by its ID.
    Cgroup(u64),
    /// The host and tracer itself.
    Host,
}

impl Event {
    /// Passes every name to `visit`, with what it belongs to.
    pub fn each_name(&mut self, visit: &mut dyn FnMut(Named, Name<'_>)) {
        match &mut self.what {
            What::Session(session) => names_of_session(session, visit),
            What::Snapshot(found) => {
                visit(Named::Subject, Name::Comm(&mut found.comm));
                visit(Named::Subject, Name::Arguments(&mut found.argv));
            }
            What::Fork(fork) => visit(Named::Subject, Name::Comm(&mut fork.comm)),
            What::Exec(exec) => names_of_exec(exec, visit),
            What::Comm(comm) => visit(Named::Subject, Name::Comm(comm)),
            What::Signal(signal) => {
                visit(Named::Task(signal.by), Name::Comm(&mut signal.by_comm));
            }
            What::Exit(exit) => visit(Named::Subject, Name::Comm(&mut exit.comm)),
            What::LastSwitch(switch) => {
                let next = Named::Pid(switch.next_tgid);
                visit(next, Name::Comm(&mut switch.next_comm));
            }
            What::Fault(fault) => visit(Named::Subject, Name::Path(&mut fault.file)),
            What::ForkFailed(failed) => visit(Named::Subject, Name::Comm(&mut failed.comm)),
            What::OomVictim(victim) => {
                if let OomVictim::Logged(cause) = &mut **victim {
                    visit(Named::Subject, Name::Path(&mut cause.oom_memcg));
                    visit(Named::Subject, Name::Path(&mut cause.task_memcg));
                }
            }
            What::Cgroup(cgroup) => {
                let id = cgroup.id;
                known(&mut cgroup.path, |path| {
                    visit(Named::Cgroup(id), Name::Path(path));
                });
            }
            What::Implied(fact) => visit(Named::Subject, Name::Arguments(&mut fact.argv)),
            What::SnapshotEnd(_)
            | What::WakeupNew
            | What::FirstRun(_)
            | What::ExitStart
            | What::Notify(_)
            | What::Wait(_)
            | What::Reap(_)
            | What::Free(_)
            | What::Faults(_)
            | What::Waits(_)
            | What::Moved(_)
            | What::States(_)
            | What::State(_)
            | What::Gap(_)
            | What::Summary(_)
            | What::End
            | What::PartEnd => {}
        }
    }
}

fn names_of_session(session: &mut Session, visit: &mut dyn FnMut(Named, Name<'_>)) {
    visit(Named::Host, Name::Host(&mut session.hostname));
    visit(Named::Host, Name::Host(&mut session.boot_id));
    for user in &mut session.users {
        visit(Named::Host, Name::Host(&mut user.name));
    }
    known(&mut session.command, |command| {
        visit(Named::Host, Name::Arguments(command));
    });
}

/// Keeps truncated arguments truncated, whatever their new length.
fn names_of_exec(exec: &mut Exec, visit: &mut dyn FnMut(Named, Name<'_>)) {
    visit(Named::Subject, Name::Comm(&mut exec.comm));
    known(&mut exec.filename, |path| {
        visit(Named::Subject, Name::Path(path));
    });
    let length = |argv: &Option<Text>| argv.as_ref().map_or(0, |argv| argv.as_bytes().len());
    let before = length(&exec.argv);
    let is_cut = (exec.argv_total as usize) > before;
    visit(Named::Subject, Name::Arguments(&mut exec.argv));
    if length(&exec.argv) != before {
        exec.argv_total = length(&exec.argv) as u32 + u32::from(is_cut);
    }
}

/// Passes a text that is always known. One that is removed becomes empty.
fn known(text: &mut Text, visit: impl FnOnce(&mut Option<Text>)) {
    let mut known = Some(std::mem::take(text));
    visit(&mut known);
    *text = known.unwrap_or_default();
}
