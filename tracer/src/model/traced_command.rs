//! The command that `tracer record -- CMD` ran: its process, found by its creator. A
//! recording stores tracer's own PID and command line; tracer creates no other process
//! than the command.

use std::fmt;

use super::{Creation, Key, Model};
use crate::event::arguments;

/// What a stream says about the command that tracer ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TracedCommand {
    /// The command's process.
    Process(Key),
    /// There is none, or it is not known, for this reason.
    Missing(NoCommand),
}

/// The reason why there is no process of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoCommand {
    /// tracer ran no command.
    NotGiven,
    /// The stream has no session, or the session does not have tracer's PID.
    UnknownTracer,
    /// tracer ran a command, but its process is not among those retained: it ended before
    /// this part of the recording, its fork was lost, or it was evicted.
    NotSeen,
}

impl fmt::Display for NoCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NoCommand::NotGiven => {
                "tracer ran no command here: record one with `tracer record FILE -- CMD`"
            }
            NoCommand::UnknownTracer => "the recording does not say which process tracer was",
            NoCommand::NotSeen => "its process is not in this part of the recording",
        })
    }
}

impl Model {
    /// Returns the process of the command that tracer ran. If several tracers wrote the
    /// stream, it is the latest one's. Takes time linear in the children of tracer.
    pub fn traced_command(&self) -> TracedCommand {
        let Some(session) = self.session() else {
            return TracedCommand::Missing(NoCommand::UnknownTracer);
        };
        let Some(command) = session.traced_command() else {
            return TracedCommand::Missing(NoCommand::NotGiven);
        };
        if session.tracer_pid == 0 {
            return TracedCommand::Missing(NoCommand::UnknownTracer);
        }
        let trace_began = session
            .segment
            .map_or(self.began(), |segment| segment.began);
        let is_command = |key: &Key| {
            let process = self.process(*key);
            // A shell that became tracer by exec may have had children before.
            match process.created_by {
                Creation::Snapshot => {
                    let argv = process.snapshot_argv.as_ref();
                    process.id.start >= trace_began
                        || argv
                            .is_some_and(|argv| arguments(argv.as_bytes()).eq(arguments(command)))
                }
                _ => process.forked_by.is_some(),
            }
        };
        let children = self.find_pid(session.tracer_pid);
        let children = children.map(|tracer| self.tree_children(tracer));
        let mut children = children
            .iter()
            .flat_map(|children| children.iter().copied());
        match children.find(is_command) {
            Some(key) => TracedCommand::Process(key),
            None => TracedCommand::Missing(NoCommand::NotSeen),
        }
    }

    /// Iterates over a process and its ancestors in the fork tree, the process first.
    pub fn ancestry(&self, key: Key) -> impl Iterator<Item = Key> + '_ {
        std::iter::successors(Some(key), |&key| self.tree_parent(key))
    }

    /// Iterates over a process and its retained descendants in the fork tree.
    pub fn subtree(&self, root: Key) -> impl Iterator<Item = Key> + '_ {
        let mut pending = vec![root];
        std::iter::from_fn(move || {
            let key = pending.pop()?;
            pending.extend(self.tree_children(key).iter());
            Some(key)
        })
    }
}
