//! The search: its text, and matching against processes, events and lines.

use crate::{
    event::{Comm, Event, What, Who, escaped},
    model::Process,
};

/// A search. It ignores case unless the text has an upper-case letter.
#[derive(Clone, Debug, Default)]
pub struct SearchQuery {
    text: String,
    folded: bool,
}

/// The row that a search starts at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SearchFrom {
    /// At the selected row, while the reader is typing.
    Here,
    /// After the selected row.
    Next,
    /// Before the selected row.
    Previous,
}

impl SearchQuery {
    /// Returns a search for a text.
    pub fn new(text: &str) -> Self {
        SearchQuery {
            folded: !text.chars().any(char::is_uppercase),
            text: text.to_owned(),
        }
    }

    /// Returns the text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns true if nothing is searched for.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Returns true if `text` contains the search.
    pub fn is_in(&self, text: &str) -> bool {
        if self.folded && !text.is_ascii() {
            text.to_lowercase().contains(&self.text)
        } else {
            self.is_in_bytes(text.as_bytes())
        }
    }

    /// Returns true if the PID starts with the text, or the name or command line contains it.
    pub fn matches(&self, process: &Process) -> bool {
        self.matches_pid(process.id.tgid)
            || self.matches_comm(process.comm)
            || process
                .argv()
                .is_some_and(|argv| self.is_in_arguments(argv))
    }

    /// Returns true if the text matches the PID, name or command line of an event.
    pub fn matches_event(&self, event: &Event) -> bool {
        let comm = match &event.what {
            What::Fork(fork) => Some(fork.comm),
            What::Exec(exec) => Some(exec.comm),
            What::Exit(exit) => Some(exit.comm),
            What::Snapshot(found) => Some(found.comm),
            _ => None,
        };
        let argv = match &event.what {
            What::Exec(exec) => exec.argv.as_ref(),
            What::Snapshot(found) => found.argv.as_ref(),
            _ => None,
        };
        event.who != Who::HOST && self.matches_pid(event.who.process.tgid)
            || comm.is_some_and(|comm| self.matches_comm(comm))
            || argv.is_some_and(|argv| self.is_in_arguments(argv.as_bytes()))
    }

    /// Returns true if the PID starts with the text.
    pub fn matches_pid(&self, pid: u32) -> bool {
        // Most searches are for names, and formatting numbers is slow.
        self.text.bytes().all(|byte| byte.is_ascii_digit())
            && !self.is_empty()
            && pid.to_string().starts_with(&self.text)
    }

    /// Returns true if the command name contains the text.
    pub fn matches_comm(&self, comm: Comm) -> bool {
        let bytes = comm.as_bytes();
        if bytes.iter().all(|byte| matches!(byte, b' '..=b'~')) {
            self.is_in_bytes(bytes)
        } else {
            // Match what the screen shows.
            self.is_in(&escaped(bytes))
        }
    }

    /// Searches arguments without building a command line first: there may be a hundred thousand.
    fn is_in_arguments(&self, argv: &[u8]) -> bool {
        let argv = argv.strip_suffix(b"\0").unwrap_or(argv);
        self.is_in_bytes(argv)
    }

    fn is_in_bytes(&self, bytes: &[u8]) -> bool {
        let Some((&first, rest)) = self.text.as_bytes().split_first() else {
            return false;
        };
        let same = |byte: u8, wanted: u8| {
            // The screen shows the end of an argument as a space.
            let byte = if byte == 0 { b' ' } else { byte };
            byte == wanted || self.folded && byte.to_ascii_lowercase() == wanted
        };
        let begins = bytes
            .iter()
            .enumerate()
            .filter(|(_, byte)| same(**byte, first));
        begins.map(|(index, _)| &bytes[index + 1..]).any(|bytes| {
            bytes.len() >= rest.len() && rest.iter().zip(bytes).all(|(&w, &byte)| same(byte, w))
        })
    }
}

/// Returns the first matching row of `length`, starting at or beside `start` and wrapping around.
pub fn seek(
    length: usize,
    start: usize,
    from: SearchFrom,
    mut matches: impl FnMut(usize) -> bool,
) -> Option<usize> {
    (0..length)
        .map(|step| match from {
            SearchFrom::Here => (start + step) % length,
            SearchFrom::Next => (start + 1 + step) % length,
            SearchFrom::Previous => (start + 2 * length - 1 - step) % length,
        })
        .find(|&index| matches(index))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_matters_if_the_text_has_upper_case() {
        assert!(SearchQuery::new("nginx").is_in("NGINX: master"));
        assert!(!SearchQuery::new("Nginx").is_in("nginx"));
        assert!(SearchQuery::new("größe").is_in("GRÖSSE GRÖßE"));
        assert!(!SearchQuery::new("").is_in("anything"));
    }

    #[test]
    fn matches_span_arguments() {
        assert!(SearchQuery::new("sleep 10").is_in_arguments(b"sleep\x0010\0"));
        assert!(!SearchQuery::new("10 ").is_in_arguments(b"sleep\x0010\0"));
    }

    #[test]
    fn seeking_wraps_around() {
        let even = |index| index % 2 == 0;
        assert_eq!(seek(6, 4, SearchFrom::Here, even), Some(4));
        assert_eq!(seek(6, 4, SearchFrom::Next, even), Some(0));
        assert_eq!(seek(6, 0, SearchFrom::Previous, even), Some(4));
        assert_eq!(seek(6, 3, SearchFrom::Next, |_| false), None);
        assert_eq!(seek(0, 0, SearchFrom::Here, even), None);
    }
}
