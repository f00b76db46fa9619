//! Reads the part of a recording that a [`Window`] selects.
//!
//! The state at the beginning of the range comes first, so that the part stands
//! alone. It comes from the index of the recording where there is one, so that
//! little before the range is read.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};

use super::{
    completeness::Completeness,
    growth::{Growing, Growth},
    read::{self, Notices},
    recording::Input,
    segment, side_file,
    spool::Spool,
    subtree::{Family, Subtree},
    when::{WallSpan, boot_time},
    window::Window,
};
use crate::{
    event::{Event, Summary, What, Who, file_name},
    model::{Archive, Model, Retention},
    playback::{EventSelection, Place, Playback, Stage},
    session::console::{notice::notify, progress::Progress},
};

/// Events played between two updates of the progress bar.
const BATCH: u64 = 20_000;

/// Stage that keeps the last event.
#[derive(Default)]
struct LastEvent(Option<Event>);

impl Stage for LastEvent {
    fn clear(&mut self) {}

    fn restore(&mut self, _: Model) {}

    fn take(&mut self, event: &Event) {
        self.0 = Some(event.clone());
    }
}

/// Stage that keeps the model of everything before the range.
struct ModelBefore(Model);

impl Stage for ModelBefore {
    fn clear(&mut self) {
        self.0 = Model::new(self.0.retention());
    }

    fn restore(&mut self, model: Model) {
        self.0 = model;
    }

    fn take(&mut self, event: &Event) {
        self.0.apply(event);
    }
}

/// Emits the events of the window to `take`, after the events that describe the
/// state at its beginning.
pub fn read(
    window: &Window,
    path: &Path,
    take: impl FnMut(Event) -> Result<()>,
) -> Result<Completeness> {
    read_with(window, path, Notices::Emit, take)
}

/// Does the same as [`read`] without notices, because the recording was read before.
pub fn read_again(
    window: &Window,
    path: &Path,
    take: impl FnMut(Event) -> Result<()>,
) -> Result<Completeness> {
    read_with(window, path, Notices::Suppress, take)
}

fn read_with(
    window: &Window,
    path: &Path,
    notices: Notices,
    mut take: impl FnMut(Event) -> Result<()>,
) -> Result<Completeness> {
    let Some(root) = window.tree else {
        return read_all(window, &Input::find(path, window)?, notices, take);
    };
    // The members are known only at the end, so the recording is read twice.
    let spool = (path == Path::new("-")).then(Spool::complete).transpose()?;
    let spooled = spool.as_ref().map(Spool::path);
    let input = Input::find(spooled.as_deref().unwrap_or(path), window)?;
    let mut family = Family::new(root);
    read_all(window, &input, Notices::Suppress, |event| {
        family.take(&event);
        Ok(())
    })?;
    let mut subtree = Subtree::new(family.members());
    let completeness = read_all(window, &input, notices, |event| {
        subtree.filter(event, &mut take)
    })?;
    subtree.finish(&mut take)?;
    Ok(completeness)
}

/// Emits the events of all processes in the window.
fn read_all(
    window: &Window,
    input: &Input,
    notices: Notices,
    mut take: impl FnMut(Event) -> Result<()>,
) -> Result<Completeness> {
    if window.is_unbounded() {
        return read::read_events(input, notices, take);
    }
    let mut range = Range::open(window, input, false)?;
    range.emit_state_before(&mut take)?;
    range.emit_events(&mut take)?;
    if notices == Notices::Emit {
        range.notify_if_empty();
    }
    Ok(read::report(input, range.playback.part_reports(), notices))
}

/// Model of a part of a recording.
pub struct Part {
    /// Model, which counts from the beginning of the part on.
    pub model: Model,
    /// How much of the recording could be read.
    pub completeness: Completeness,
}

/// Returns the model of the window. Evicted processes go to `archive`.
pub fn model(window: &Window, path: &Path, archive: Archive) -> Result<Part> {
    model_with(window, path, archive, Notices::Emit, |_| Ok(()))
}

/// Does the same as [`model`], with or without notices. Calls `after` after each event of the
/// window.
pub fn model_with(
    window: &Window,
    path: &Path,
    archive: Archive,
    notices: Notices,
    mut after: impl FnMut(&mut Model) -> Result<()>,
) -> Result<Part> {
    let mut model = Model::new(Retention::default());
    if window.is_unbounded() || window.tree.is_some() {
        model.set_archive(archive);
        let completeness = read_with(window, path, notices, |event| {
            model.apply(&event);
            after(&mut model)
        })?;
        return Ok(Part {
            model,
            completeness,
        });
    }
    let input = Input::find(path, window)?;
    let mut range = Range::open(window, &input, false)?;
    model = range.model_before(&input)?;
    model.set_archive(archive);
    range.emit_events(&mut |event| {
        model.apply(&event);
        after(&mut model)
    })?;
    if notices == Notices::Emit {
        range.notify_if_empty();
    }
    let completeness = read::report(&input, range.playback.part_reports(), notices);
    Ok(Part {
        model,
        completeness,
    })
}

/// Emits the events of the window while the recording is written.
///
/// Calls `wait` before it looks for more. Returns when the recording ends, when
/// it passes the end of the window, or when `wait` returns false.
pub fn follow(
    window: &Window,
    path: &Path,
    mut wait: impl FnMut() -> Result<bool>,
    mut take: impl FnMut(Event) -> Result<()>,
) -> Result<Completeness> {
    let Some((input, window)) = await_input(window, path, &mut wait)? else {
        return Ok(Completeness::default());
    };
    let mut range = Range::open(&window, &input, true)?;
    range.emit_state_before(&mut take)?;
    range.emit_while_growing(input, &mut wait, &mut take)
}

/// Returns the model of the events that [`follow`] emits. Evicted processes go to
/// `archive`.
pub fn follow_model(
    window: &Window,
    path: &Path,
    archive: Archive,
    mut wait: impl FnMut() -> Result<bool>,
) -> Result<Part> {
    let mut model = Model::new(Retention::default());
    let Some((input, window)) = await_input(window, path, &mut wait)? else {
        return Ok(Part {
            model,
            completeness: Completeness::default(),
        });
    };
    let mut range = Range::open(&window, &input, true)?;
    if window.since.is_some() {
        model = range.model_before(&input)?;
    }
    model.set_archive(archive);
    let mut take = |event: Event| {
        model.apply(&event);
        Ok(())
    };
    let completeness = range.emit_while_growing(input, &mut wait, &mut take)?;
    Ok(Part {
        model,
        completeness,
    })
}

/// Returns the beginning and the end of the window, ns since boot; `None` for one
/// that it does not have.
pub fn bounds(window: &Window, input: &Input) -> Result<(Option<u64>, Option<u64>)> {
    if window.is_unbounded() {
        return Ok((None, None));
    }
    let range = Range::open(window, input, false)?;
    let since = window.since.map(|_| range.since);
    Ok((since, window.until.map(|_| range.until)))
}

/// Waits until the recording has a first event. Returns `None` if `wait`
/// returns false before that.
fn await_input(
    window: &Window,
    path: &Path,
    wait: &mut impl FnMut() -> Result<bool>,
) -> Result<Option<(Input, Window)>> {
    let window = window.for_following();
    while Growth::awaits_first_event(path) {
        if !wait()? {
            return Ok(None);
        }
    }
    Ok(Some((Input::find(path, &window)?, window)))
}

/// An open recording and the range of it that is read.
struct Range {
    path: PathBuf,
    playback: Playback<File>,
    /// True if the window has a beginning.
    has_beginning: bool,
    /// Beginning, ns since boot.
    since: u64,
    /// End, ns since boot.
    until: u64,
    /// Says that the range holds no events; none once it has emitted one.
    empty: Option<String>,
}

impl Range {
    fn open(window: &Window, input: &Input, follow: bool) -> Result<Range> {
        let session = input.session()?;
        let playback = input.playback(follow)?;
        let span = playback.span();
        let span = span.with_context(|| format!("{} is empty", file_name(&input.path)))?;
        let session = session.as_deref();
        let covered = WallSpan::new(span, session);
        let range = input.range.unwrap_or_else(|| window.wall_range(covered));
        let name = file_name(&input.path);
        let empty = match session {
            Some(_) => window.empty_text(range, name, covered),
            None => format!("nothing there; {name} lacks its wall-clock time"),
        };
        let boot_time = |wall| boot_time(wall, session);
        let since = window.since.map_or(0, |_| boot_time(range.0));
        let until = window.until.map_or(u64::MAX, |_| boot_time(range.1));
        ensure!(since <= until, "--until lies before --since: {empty}");
        ensure!(since <= span.latest && until >= span.earliest, "{empty}");
        Ok(Range {
            path: input.path.clone(),
            playback,
            has_beginning: window.since.is_some(),
            // Nothing is known about the time before the recording.
            since: since.max(span.earliest),
            until,
            empty: Some(empty),
        })
    }

    /// Notifies the user if the range holds no events.
    fn notify_if_empty(&self) {
        if let Some(empty) = &self.empty {
            notify(empty);
        }
    }

    /// Plays up to the range. Returns the model there, which counts from the
    /// beginning of the range on.
    fn model_before(&mut self, input: &Input) -> Result<Model> {
        let retention = Retention::default();
        if !self.has_beginning {
            return Ok(Model::new(retention));
        }
        let playback = &mut self.playback;
        if let Some(index) = side_file::read(input) {
            playback.set_states(index.states);
        }
        let place = Place::Time(self.since.saturating_sub(1));
        let mut stage = ModelBefore(Model::new(retention));
        let length = input.length();
        let mut progress = Progress::new("reading", &input.path, Some(length));
        playback.begin_seek(place, &mut stage)?;
        while !playback.continue_seek(place, &mut stage, BATCH)? {
            let (here, all) = (playback.position(), playback.events().max(1));
            progress.show((length as f64 * here as f64 / all as f64) as u64);
        }
        let ModelBefore(mut model) = stage;
        model.count_from(self.since, retention);
        Ok(model)
    }

    /// Emits the events that describe the state at the beginning of the range.
    fn emit_state_before(&mut self, take: &mut impl FnMut(Event) -> Result<()>) -> Result<()> {
        if self.has_beginning {
            let mut before = EventSelection::default();
            let place = Place::Time(self.since.saturating_sub(1));
            self.playback.seek(place, &mut before)?;
            for mut event in before.checkpoint() {
                // Totals begin at zero here, and what is known of each process stays.
                if let What::Summary(summary) = &mut event.what {
                    let all = std::mem::take(&mut **summary);
                    **summary = Summary {
                        began: self.since,
                        reapers: all.reapers,
                        copies: all.copies,
                        open_forks: all.open_forks,
                        ..Summary::default()
                    };
                }
                take(event)?;
            }
        }
        Ok(())
    }

    /// Emits the events up to the end of the range, including those written
    /// meanwhile. Returns how much could be read.
    fn emit_while_growing(
        &mut self,
        mut input: Input,
        wait: &mut impl FnMut() -> Result<bool>,
        take: &mut impl FnMut(Event) -> Result<()>,
    ) -> Result<Completeness> {
        let mut growth = Growth::of(&input);
        while !self.emit_events(take)? {
            self.playback.grow()?;
            let goes_on = match growth.poll(self.playback.has_ended()) {
                Growing::Nothing => wait()?,
                Growing::Segment(head) => {
                    self.playback.push(head.part(segment::open))?;
                    input.segments.push(head);
                    true
                }
                // The report says how it ended.
                Growing::Ended { .. } => false,
            };
            if !goes_on {
                break;
            }
        }
        let reports = self.playback.part_reports();
        Ok(read::report(&input, reports, Notices::Emit))
    }

    /// Emits the events up to the end of the range. Returns true if the recording goes beyond
    /// it: the last event is then the end of the part.
    fn emit_events(&mut self, take: &mut impl FnMut(Event) -> Result<()>) -> Result<bool> {
        let mut last = LastEvent::default();
        let cannot = || format!("{} cannot be read", file_name(&self.path));
        while self.playback.step(&mut last).with_context(cannot)? {
            let Some(event) = last.0.take() else {
                continue;
            };
            if event.at > self.until {
                take(Event {
                    at: self.until,
                    cpu: 0,
                    who: Who::HOST,
                    what: What::PartEnd,
                })?;
                return Ok(true);
            }
            take(event)?;
            self.empty = None;
        }
        Ok(false)
    }
}
