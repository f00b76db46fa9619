//! What a path stands for: a recording, standard input, or a directory of
//! segments, of which those are chosen that tell one story: parts of one trace,
//! one behind the other, as many as a time asks for.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail, ensure};

use super::window::Window;
use crate::{
    event::{Segment, Session, Utc, What},
    model::presence_snapshot,
    playback::Playback,
    recording::{
        self, Chain, ChainPart, Ending, Index, PartSource, Reader, is_being_written, segments,
    },
    source::replay,
};

/// One part, by what it begins with.
#[derive(Clone, Debug)]
pub struct Front {
    pub path: PathBuf,
    at: u64,
    session: Box<Session>,
}

#[derive(Clone)]
pub struct Story {
    /// As it was asked for.
    pub path: PathBuf,
    /// The parts of a trace; none where the whole trace is in one recording.
    pub fronts: Vec<Front>,
    /// The moments that were asked for, ns since boot.
    pub since: Option<u64>,
    pub until: Option<u64>,
}

impl Front {
    /// Reads the first event of a segment; none where there is none.
    pub fn read(path: PathBuf) -> Option<Front> {
        Front::try_read(path).ok().flatten()
    }

    /// The same, and why it cannot be read. Where the first block is damaged the
    /// checkpoint behind it says of which part it is.
    fn try_read(path: PathBuf) -> Result<Option<Front>, recording::Error> {
        let mut reader = match Reader::new(File::open(&path)?) {
            Err(recording::Error::Empty) => return Ok(None),
            reader => reader?,
        };
        let mut began = None;
        while let Some(event) = reader.next_event()? {
            let at = *began.get_or_insert(event.at);
            match event.what {
                What::Session(session) => return Ok(Some(Front { path, at, session })),
                What::Gap(_) => {}
                _ => break,
            }
        }
        match reader.ending() {
            Some(Ending::Torn { bytes: 0, .. }) => Ok(None),
            _ => Err(recording::Error::Beginning),
        }
    }

    pub fn segment(&self) -> Option<Segment> {
        self.session.segment
    }

    pub fn session(&self) -> &Session {
        &self.session
    }

    /// When it begins, ns since boot.
    pub fn at(&self) -> u64 {
        self.at
    }

    /// The trace goes on there.
    pub fn is_before(&self, next: &Front) -> bool {
        let parts = self.segment().zip(next.segment());
        self.session.boot_id == next.session.boot_id
            && parts.is_some_and(|(part, next)| part.is_before(&next))
    }

    pub fn part<R>(&self, open: impl FnMut(&Path) -> io::Result<R> + 'static) -> ChainPart<R> {
        let (path, mut open) = (self.path.clone(), open);
        ChainPart {
            open: PartSource::Reopen(Box::new(move || open(&path))),
            segment: self.segment(),
            realtime_offset: Some(self.session.realtime_offset),
            at: self.at,
        }
    }
}

impl Story {
    /// Finds what a path stands for, and of that what lies in a window.
    pub fn find(path: &Path, window: &Window) -> Result<Story> {
        let mut story = Story {
            path: path.to_owned(),
            fronts: Vec::new(),
            since: None,
            until: None,
        };
        if path.is_dir() {
            story.choose(window)?;
        } else if path.is_file() {
            // One that is a part by itself begins where it does.
            let front = Front::read(path.to_owned());
            let part = front.filter(|front| front.segment().is_some());
            story.fronts.extend(part);
        }
        Ok(story)
    }

    /// Of the stories in a directory the latest that lies in the window.
    fn choose(&mut self, window: &Window) -> Result<()> {
        let dir = self.path.display();
        let Holdings {
            mut stories,
            unreadable,
        } = holdings(&self.path)?;
        for (path, why) in unreadable {
            let path = path.display();
            eprintln!("tracer: {path}: {why}: what it holds is a gap");
        }
        let Some(last) = stories.last() else {
            bail!("{dir} is a directory without segments: `tracer record --ring` makes those");
        };
        if window.is_timeless() {
            if stories.len() > 1 {
                let began = Utc(wall(last, last[0].at));
                eprintln!("tracer: {dir}: the latest trace; earlier ones end before {began}");
            }
            self.fronts = stories.pop().unwrap_or_default();
            return Ok(());
        }
        let end = latest(last)?.max(last[0].at);
        let (since, until) = window.on_the_wall(wall(last, last[0].at), wall(last, end));
        let ends: Vec<_> = stories[1..]
            .iter()
            .map(|next| wall(next, next[0].at))
            .chain([i64::MAX])
            .collect();
        let meets =
            |(story, end): &(Vec<Front>, i64)| wall(story, story[0].at) <= until && since <= *end;
        let count = stories.len();
        let mut met: Vec<_> = stories.into_iter().zip(ends).filter(meets).collect();
        let Some((mut story, _)) = met.pop() else {
            bail!("{dir} holds nothing of that time ({count} traces)");
        };
        if !met.is_empty() {
            let began = Utc(wall(&story, story[0].at));
            eprintln!(
                "tracer: {dir}: what is before {began} is of another trace: --until shows it"
            );
        }
        let offset = story.last().map_or(0, |last| last.session.realtime_offset);
        let boot = |wall: i64| u64::try_from(wall.saturating_sub(offset)).unwrap_or(0);
        self.since = window.since.map(|_| boot(since));
        self.until = window.until.map(|_| boot(until));
        if let Some(until) = self.until {
            let parts = story.partition_point(|front| front.at <= until);
            story.truncate(parts.max(1));
        }
        self.fronts = story;
        Ok(())
    }

    pub fn has_parts(&self) -> bool {
        !self.fronts.is_empty()
    }

    /// To be read from one end to the other, and how many bytes that is, if it
    /// is known.
    pub fn chain(&self) -> Result<(Chain<replay::From>, Option<u64>)> {
        let cannot = || format!("{} cannot be replayed", self.path.display());
        if !self.has_parts() {
            let (from, length) = replay::open(&self.path).with_context(cannot)?;
            let chain = Chain::of(from).with_context(cannot)?;
            return Ok((chain.with_gap_repair(presence_snapshot), length));
        }
        let open = |path: &Path| Ok(Box::new(File::open(path)?) as Box<dyn Read + Send>);
        let parts = self.fronts.iter().map(|front| front.part(open)).collect();
        let length = (0..self.fronts.len())
            .map(|part| self.length_of(part))
            .sum();
        let chain = Chain::open(parts).with_context(cannot)?;
        Ok((chain.with_gap_repair(presence_snapshot), Some(length)))
    }

    /// To be moved about in; `follow`: as it grows.
    pub fn playback(&self, follow: bool) -> Result<Playback<File>> {
        let cannot = || format!("{} cannot be replayed", self.path.display());
        let parts = match self.has_parts() {
            true => self.fronts.iter().map(|front| front.part(open)).collect(),
            false => {
                let path = self.path.clone();
                vec![ChainPart {
                    open: PartSource::Reopen(Box::new(move || File::open(&path))),
                    segment: None,
                    realtime_offset: None,
                    at: 0,
                }]
            }
        };
        let playback = Playback::open_parts(parts, follow).with_context(cannot)?;
        Ok(playback.with_gap_repair(presence_snapshot))
    }

    /// The file of a part.
    pub fn path_of(&self, part: usize) -> &Path {
        self.fronts
            .get(part)
            .map_or(&self.path, |front| &front.path)
    }

    /// How many bytes all parts have, as far as they are files.
    pub fn length(&self) -> u64 {
        (0..self.fronts.len().max(1))
            .map(|part| self.length_of(part))
            .sum()
    }

    pub fn length_of(&self, part: usize) -> u64 {
        let metadata = self.path_of(part).metadata();
        metadata.map_or(0, |metadata| metadata.len())
    }

    /// How the recording was made, if it says so.
    pub fn session(&self) -> Result<Option<Box<Session>>> {
        if let Some(last) = self.fronts.last() {
            return Ok(Some(last.session.clone()));
        }
        let cannot = || format!("{} cannot be replayed", self.path.display());
        ensure!(
            self.path != Path::new("-") && self.path.metadata().with_context(cannot)?.is_file(),
            "{} is not a file: only in a file one can go to a moment",
            self.path.display()
        );
        let file = File::open(&self.path).with_context(cannot)?;
        let first = Reader::new(file).with_context(cannot)?;
        Ok(first.flatten().find_map(|event| match event.what {
            What::Session(session) => Some(session),
            _ => None,
        }))
    }
}

/// As a file that one can move about in.
pub fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// The wall clock at a moment of a story: as of its last part, since a clock
/// that was set is the better one.
fn wall(story: &[Front], at: u64) -> i64 {
    let last = story.last();
    last.map_or(0, |last| last.session.realtime(at))
}

/// All that a directory holds.
#[derive(Default)]
pub struct Holdings {
    /// In their order.
    pub stories: Vec<Vec<Front>>,
    /// Segments that say nothing of themselves, and why.
    pub unreadable: Vec<(PathBuf, recording::Error)>,
}

/// Reads the beginning of each segment of a directory.
pub fn holdings(dir: &Path) -> Result<Holdings> {
    let cannot = || format!("{} cannot be read", dir.display());
    let listing = segments::list(dir).with_context(cannot)?;
    if listing.foreign > 0 && !listing.segments.is_empty() {
        eprintln!(
            "tracer: {}: {} files there are no segments",
            dir.display(),
            listing.foreign
        );
    }
    let mut holdings = Holdings::default();
    for segment in listing.segments {
        let front = match Front::try_read(segment.path.clone()) {
            Ok(Some(front)) => front,
            // A recorder that was killed at once leaves a file without a beginning;
            // one that is at work has yet to write it,
            Ok(None) => continue,
            // and may remove the oldest at any time.
            Err(recording::Error::Io(error)) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(_) if is_being_written(&segment.path) == Some(true) => continue,
            Err(why) => {
                holdings.unreadable.push((segment.path, why));
                continue;
            }
        };
        match holdings.stories.last_mut() {
            Some(story) if story.last().is_some_and(|last| last.is_before(&front)) => {
                story.push(front);
            }
            _ => holdings.stories.push(vec![front]),
        }
    }
    Ok(holdings)
}

/// The latest time of a story.
fn latest(story: &[Front]) -> Result<u64> {
    let Some(last) = story.last() else {
        return Ok(0);
    };
    let cannot = || format!("{} cannot be read", last.path.display());
    let index = Index::load(File::open(&last.path).with_context(cannot)?).with_context(cannot)?;
    let latest = index.entries.iter().map(|entry| entry.span.latest);
    Ok(latest.max().unwrap_or(last.at))
}
