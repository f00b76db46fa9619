//! A recording as a source of events. How it is read is `recording`'s; this
//! opens the file and says which one it was when something is wrong.

use std::{
    fmt,
    fs::File,
    io::{self, IsTerminal as _, Read},
    path::{Path, PathBuf},
};

use crate::{
    event::Event,
    recording::{self, Reader, Survey},
};

pub struct Replay {
    name: PathBuf,
    length: Option<u64>,
    reader: Reader<Box<dyn Read + Send>>,
}

/// Why a recording cannot be replayed.
#[derive(Debug)]
pub struct Error {
    /// `-` is standard input.
    pub name: PathBuf,
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

    /// The next event; none at the end of the recording.
    pub fn next_event(&mut self) -> Result<Option<Event>, Error> {
        let event = self.reader.next_event();
        event.map_err(|why| error(&self.name, why))
    }

    /// Reads all of it; `step` is told how far it is, in bytes.
    pub fn survey(&mut self, step: impl FnMut(u64)) -> Result<Survey, Error> {
        let survey = Survey::of(&mut self.reader, step);
        survey.map_err(|why| error(&self.name, why))
    }

    /// How many bytes there are; unknown of a pipe.
    pub fn length(&self) -> Option<u64> {
        self.length
    }

    /// What there is to know about the recording besides its events.
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

/// The bytes of a recording.
pub type From = Box<dyn Read + Send>;

/// The bytes of a recording, and how many there are if that is known; `-` is
/// standard input.
pub fn open(name: &Path) -> io::Result<(From, Option<u64>)> {
    if name == "-" {
        let stdin = io::stdin();
        if stdin.is_terminal() {
            return Err(io::Error::other(
                "standard input is a terminal: give a file, or pipe a recording in",
            ));
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
        let Error { name, why } = self;
        write!(f, "{} cannot be replayed: {why}", name.display())
    }
}

// `Display` says it all, the cause included.
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
    fn what_cannot_be_replayed_is_named_with_the_reason() {
        let missing = refusal("/nowhere/at/all");
        assert!(missing.starts_with("/nowhere/at/all cannot be replayed"));
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
