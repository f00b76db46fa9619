//! A recording as a source of events: opens a file or standard input and adds its name
//! to errors. [`crate::recording`] reads the contents.

use std::{
    fmt,
    fs::File,
    io::{self, IsTerminal as _, Read},
    path::{Path, PathBuf},
};

use crate::{
    event::{Event, file_name},
    recording::{self, MemoryLimit, Reader, Survey},
};

/// Reader of one recording, by file name.
pub struct Replay {
    name: PathBuf,
    length: Option<u64>,
    reader: Reader<Bytes>,
}

/// Error returned when a recording cannot be opened or read.
#[derive(Debug)]
pub struct Error {
    /// File name; `-` is standard input.
    pub name: PathBuf,
    /// Reason.
    pub why: recording::Error,
}

impl Replay {
    /// Opens a recording; `-` is standard input.
    pub fn open(name: &Path) -> Result<Self, Error> {
        let opened = open(name)
            .map_err(recording::Error::from)
            .and_then(|(from, length)| Ok((Reader::new(from)?, length)));
        match opened {
            Ok((reader, length)) => Ok(Replay {
                name: name.to_owned(),
                length,
                reader,
            }),
            Err(why) => Err(error(name, why)),
        }
    }

    /// See [`Reader::with_memory_limit`].
    pub fn with_memory_limit(mut self, limit: MemoryLimit) -> Self {
        self.reader = self.reader.with_memory_limit(limit);
        self
    }

    /// Returns the next event, or None at the end of the recording.
    pub fn next_event(&mut self) -> Result<Option<Event>, Error> {
        let event = self.reader.next_event();
        event.map_err(|why| error(&self.name, why))
    }

    /// Reads the whole recording. `step` gets the number of bytes read so far.
    pub fn survey(&mut self, step: impl FnMut(u64)) -> Result<Survey, Error> {
        let survey = Survey::of(&mut self.reader, step);
        survey.map_err(|why| error(&self.name, why))
    }

    /// Returns the length in bytes. None for a pipe.
    pub fn length(&self) -> Option<u64> {
        self.length
    }

    /// Returns the reader, for damage, ending and other facts about the recording.
    pub fn reader(&self) -> &Reader<impl Read + use<>> {
        &self.reader
    }
}

fn error(name: &Path, why: recording::Error) -> Error {
    Error {
        name: name.to_owned(),
        why,
    }
}

/// Message for a recording to be read from a terminal.
pub const STDIN_IS_TERMINAL: &str =
    "standard input is a terminal: name a file, or pipe a recording";

/// Bytes of a recording.
pub type Bytes = Box<dyn Read + Send>;

/// Opens the bytes of a recording; `-` is standard input. Returns also their number, if
/// it is known.
pub fn open(name: &Path) -> io::Result<(Bytes, Option<u64>)> {
    if name == "-" {
        let stdin = io::stdin();
        if stdin.is_terminal() {
            return Err(io::Error::other(STDIN_IS_TERMINAL));
        }
        return Ok((Box::new(stdin), None));
    }
    let file = File::open(name)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let length = metadata.is_file().then_some(metadata.len());
    Ok((Box::new(file), length))
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = file_name(&self.name);
        match &self.why {
            recording::Error::Io(why) => write!(f, "{name} cannot be read: {why}"),
            why => write!(f, "{name} cannot be read: {why}"),
        }
    }
}

// `Display` includes the cause.
impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use std::{env, fs, process};

    use super::*;
    use crate::{
        event::{What, Who},
        recording::{Ending, Writer},
    };

    fn refusal(name: impl AsRef<Path>) -> String {
        match Replay::open(name.as_ref()) {
            Ok(_) => panic!("opened"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn errors_contain_the_file_and_the_reason() {
        let missing = refusal("/nowhere/at/all");
        assert!(missing.starts_with("/nowhere/at/all cannot be read"));
        assert!(missing.contains("No such file"), "{missing}");
        assert!(refusal("/").contains("is a directory"));
        assert!(refusal("/proc/self/exe").contains("not a recording"));
        assert!(refusal("/dev/null").contains("empty"));
    }

    #[test]
    fn a_file_is_replayed() {
        let path = env::temp_dir().join(format!("tracer-replay-{}", process::id()));
        let event = Event {
            at: 5,
            cpu: 1,
            who: Who::HOST,
            what: What::End,
        };
        let mut writer = Writer::new(File::create(&path).unwrap()).unwrap();
        writer.write(&event).unwrap();
        writer.finish().unwrap();
        let mut replay = Replay::open(&path).unwrap();
        assert_eq!(replay.next_event().unwrap(), Some(event));
        assert_eq!(replay.next_event().unwrap(), None);
        assert_eq!(replay.reader().ending(), Some(Ending::Clean));
        fs::remove_file(&path).unwrap();
    }
}
