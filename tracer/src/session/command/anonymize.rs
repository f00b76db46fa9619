//! Replaces names, arguments and paths, so that a recording can be shared.
//!
//! Each word becomes a token: the same one everywhere in a recording, and a
//! different one in another recording. Tokens are hashes with a random key that is
//! not stored, and all have the same length.
//!
//! Numbers, times, parents, the number of arguments, the depth of paths, the kernel
//! release and the hooks stay, because a diagnosis needs them.

use std::hash::{BuildHasher as _, RandomState};

use crate::event::{Comm, Event, Name, Text};

/// Suffixes that are kept, because they show the kind of a cgroup.
const SUFFIXES: [&str; 3] = [".service", ".scope", ".slice"];

/// Replaces names by tokens, with a random key.
#[derive(Default)]
pub struct Mask(RandomState);

impl Mask {
    /// Replaces every name in an event.
    pub fn apply(&self, event: &mut Event) {
        event.each_name(&mut |_, name| match name {
            Name::Comm(comm) => self.comm(comm),
            Name::Path(path) => *path = path.as_ref().map(|path| self.path(path)),
            Name::Arguments(argv) => *argv = argv.as_ref().map(|argv| self.arguments(argv)),
            Name::Host(name) => *name = self.token(name.raw().as_bytes()).into(),
        });
    }

    /// Returns the token of a word. It has the maximum length of a command name.
    fn token(&self, word: &[u8]) -> String {
        format!("x{:014x}", self.0.hash_one(word) >> 8)
    }

    fn comm(&self, comm: &mut Comm) {
        if *comm != Comm::default() {
            *comm = Comm::new(self.token(comm.as_bytes()).as_bytes());
        }
    }

    /// Replaces each component of a path.
    fn path(&self, path: &Text) -> Text {
        let parts = path.as_bytes().split(|&byte| byte == b'/');
        let parts: Vec<String> = parts.map(|part| self.component(part)).collect();
        Text::new(parts.join("/").as_bytes())
    }

    fn component(&self, part: &[u8]) -> String {
        if part.is_empty() {
            return String::new();
        }
        let suffix = SUFFIXES.iter().find(|it| part.ends_with(it.as_bytes()));
        let suffix = suffix.copied().unwrap_or_default();
        let name = &part[..part.len() - suffix.len()];
        format!("{}{suffix}", self.token(name))
    }

    /// Replaces NUL-separated arguments. Those that begin with `/` count as paths.
    fn arguments(&self, text: &Text) -> Text {
        let arguments = text.as_bytes().split(|&byte| byte == 0);
        let arguments: Vec<String> = arguments
            .map(|argument| match argument.first() {
                None => String::new(),
                // It separates tracer's own arguments from the command.
                Some(b'-') if argument == b"--" => "--".to_owned(),
                Some(b'/') => {
                    let parts = argument.split(|&byte| byte == b'/');
                    parts
                        .map(|part| self.component(part))
                        .collect::<Vec<_>>()
                        .join("/")
                }
                Some(_) => self.token(argument),
            })
            .collect();
        Text::new(arguments.join("\0").as_bytes())
    }
}

#[cfg(test)]
mod tests;
