//! The recording behind a path: one file, standard input, or the segments of
//! one trace in a directory.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};

use super::{
    directory, memory,
    segment::{self, SegmentHead},
    window::Window,
};
use crate::{
    event::{Session, What, file_name},
    model::presence_snapshot,
    playback::Playback,
    recording::{Chain, ChainPart, PartSource, Reader},
    source::replay,
};

/// Recording that a command reads.
#[derive(Clone)]
pub struct Input {
    /// Path as given on the command line; `-` is standard input.
    pub path: PathBuf,
    /// Segments of the trace. Empty if the whole trace is in one file.
    pub segments: Vec<SegmentHead>,
    /// Beginning and end of the window by the wall clock, ns since 1970, where a trace
    /// was selected by it.
    pub range: Option<(i64, i64)>,
}

impl Input {
    /// Finds the recording that a path refers to. Of a directory, the trace that the
    /// window selects is taken.
    pub fn find(path: &Path, window: &Window) -> Result<Input> {
        let mut input = Input {
            path: path.to_owned(),
            segments: Vec::new(),
            range: None,
        };
        if path.is_dir() {
            let selected = directory::select(path, window)?;
            input.segments = selected.segments;
            input.range = selected.range;
        } else if path.is_file() {
            // A segment given by itself keeps its position in the trace.
            let head = SegmentHead::read(path.to_owned());
            let segment = head.filter(|head| head.segment().is_some());
            input.segments.extend(segment);
        }
        Ok(input)
    }

    /// Returns true if the input consists of segments.
    pub fn has_segments(&self) -> bool {
        !self.segments.is_empty()
    }

    /// Opens the input to be read once from beginning to end.
    ///
    /// Also returns its size in bytes, which is unknown for a pipe.
    pub fn chain(&self) -> Result<(Chain<replay::Bytes>, Option<u64>)> {
        let cannot = || format!("{} cannot be read", file_name(&self.path));
        if !self.has_segments() {
            let (from, length) = replay::open(&self.path).with_context(cannot)?;
            let chain = Chain::of(from).with_context(cannot)?;
            let chain = chain.with_gap_repair(presence_snapshot);
            return Ok((chain.with_memory_limit(memory::limit()), length));
        }
        let open = |path: &Path| Ok(Box::new(segment::open(path)?) as Box<dyn Read + Send>);
        let parts = self.segments.iter().map(|head| head.part(open)).collect();
        let length = (0..self.segments.len())
            .map(|part| self.length_of(part))
            .sum();
        let chain = Chain::open(parts).with_context(cannot)?;
        let chain = chain.with_gap_repair(presence_snapshot);
        Ok((chain.with_memory_limit(memory::limit()), Some(length)))
    }

    /// Opens the input for seeking. With `follow`, it may grow.
    pub fn playback(&self, follow: bool) -> Result<Playback<File>> {
        let cannot = || format!("{} cannot be read", file_name(&self.path));
        let parts = match self.has_segments() {
            true => {
                let parts = self.segments.iter().map(|head| head.part(segment::open));
                parts.collect()
            }
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
        let playback = playback.with_gap_repair(presence_snapshot);
        Ok(playback.with_memory_limit(memory::limit()))
    }

    /// Returns the file of the segment with that index.
    pub fn path_of(&self, index: usize) -> &Path {
        self.segments
            .get(index)
            .map_or(&self.path, |head| &head.path)
    }

    /// Returns the size of all files in bytes. What is not a file counts as empty.
    pub fn length(&self) -> u64 {
        (0..self.segments.len().max(1))
            .map(|index| self.length_of(index))
            .sum()
    }

    /// Returns the size in bytes of the segment with that index.
    pub fn length_of(&self, index: usize) -> u64 {
        let metadata = self.path_of(index).metadata();
        metadata.map_or(0, |metadata| metadata.len())
    }

    /// Returns the session of the recording, if it has one.
    ///
    /// # Errors
    ///
    /// Fails if the input is not a file or a directory.
    pub fn session(&self) -> Result<Option<Box<Session>>> {
        if let Some(last) = self.segments.last() {
            return Ok(Some(Box::new(last.session().clone())));
        }
        let cannot = || format!("{} cannot be read", file_name(&self.path));
        ensure!(
            self.path != Path::new("-") && self.path.metadata().with_context(cannot)?.is_file(),
            "{} is not a file, and only a file can be searched for a time",
            file_name(&self.path)
        );
        let file = File::open(&self.path).with_context(cannot)?;
        let first = Reader::new(file).with_context(cannot)?;
        Ok(first.flatten().find_map(|event| match event.what {
            What::Session(session) => Some(session),
            _ => None,
        }))
    }
}
