//! `tracer replay`: a recording in the dashboard, as a report, or in another
//! format.

use std::{
    cell::RefCell,
    env,
    io::{IsTerminal as _, Write},
    path::{Path, PathBuf},
    thread,
};

use anyhow::{Context as _, Result, ensure};

use crate::{
    confinement::{self, Rights},
    event::{Event, Who, file_name, units},
    export::{self, Exporter, Format},
    filter::{Filter, Truth},
    model::{Archive, FirstPass, Key, Model, NoCommand, Retention, TracedCommand},
    playback::Place,
    session::{
        console::{
            exit::{Exit, OK},
            notice::notify,
            output,
            report::Report,
            stop_signals::{StopReason, StopSignals},
            time_zone,
        },
        display::{
            appearance::Appearance,
            dashboard::{Dashboard, FRAME},
            event_loop::{self, Feed},
            frontend::Frontend,
            player::Player,
        },
        files::rights,
        input::{
            completeness::Completeness,
            follow_timer::FollowTimer,
            growth::Growth,
            match_buffer::MatchBuffer,
            memory,
            range::{self, Part},
            read::{self, Notices},
            recording::Input,
            spool::Spool,
            window::Window,
        },
    },
    tui::Flow,
};

/// Options of `tracer replay`.
pub struct Replay {
    /// Recording, or directory of segments; `-` is standard input.
    pub path: PathBuf,
    /// Kind of output.
    pub shown: Shown,
    /// Filter for the processes shown.
    pub filter: Option<Filter>,
    /// Part of the recording. The dashboard begins there and can go anywhere.
    pub window: Window,
    /// Appearance of the dashboard.
    pub appearance: Appearance,
    /// True to follow a recording that is still written.
    pub follow: bool,
}

/// Kind of output of `tracer replay`.
pub enum Shown {
    /// Dashboard; a report if standard output is not a terminal.
    Dashboard,
    /// Report.
    Report(Report),
    /// Format of [`crate::export::FORMATS`], by name.
    Export(&'static str),
}

impl Replay {
    /// Returns an empty archive, which prefers the processes that match the filter.
    fn archive(&self) -> Archive {
        let archive = Archive::new(memory::for_exited());
        match self.filter.clone() {
            Some(filter) => archive.preferring(move |model, key| {
                filter.evaluate(model, key, model.now()) != Truth::No
            }),
            None => archive,
        }
    }

    /// Returns the model of the selected part.
    fn part(&self) -> Result<Part> {
        let part = if !self.follow || self.path == Path::new("-") {
            range::model(&self.window, &self.path, self.archive())?
        } else {
            let mut timer = FollowTimer::new()?;
            let wait = || timer.wait();
            range::follow_model(&self.window, &self.path, self.archive(), wait)?
        };
        notify_unlisted(&part.model);
        Ok(part)
    }

    /// Emits the events of the selected part. Calls `pause` before it waits for
    /// more.
    fn read(
        &self,
        take: impl FnMut(Event) -> Result<()>,
        mut pause: impl FnMut() -> Result<()>,
    ) -> Result<Completeness> {
        if !self.follow || self.path == Path::new("-") {
            return range::read(&self.window, &self.path, take);
        }
        let mut timer = FollowTimer::new()?;
        let wait = || {
            pause()?;
            timer.wait()
        };
        range::follow(&self.window, &self.path, wait, take)
    }
}

/// Shows a recording. The exit code is
/// [`RECORDING_INCOMPLETE`](crate::session::RECORDING_INCOMPLETE) if a part of what is printed
/// could not be read, or the recording has no end.
pub fn replay(replay: Replay) -> Result<Exit> {
    let terminal = std::io::stdout().is_terminal();
    if !(terminal && matches!(replay.shown, Shown::Dashboard)) {
        confinement::keep(&rights::reader([&replay.path]));
    }
    let completeness = match replay.shown {
        Shown::Dashboard if terminal => {
            dashboard(&replay)?;
            return Ok(OK);
        }
        Shown::Dashboard => report(&replay, &Report::default())?,
        Shown::Report(ref asked) => report(&replay, asked)?,
        Shown::Export(name) => {
            let format = export::format(name).with_context(|| format!("no format {name}"))?;
            let mut completeness = Completeness::default();
            output::to_stdout(|out| {
                completeness = export(&replay, format, out)?;
                Ok(())
            })?;
            completeness
        }
    };
    Ok(completeness.exit())
}

fn report(replay: &Replay, report: &Report) -> Result<Completeness> {
    let filter = replay.filter.as_ref();
    let Part {
        model,
        completeness,
    } = replay.part()?;
    check(filter, &model)?;
    if let Some(filter) = filter.filter(|_| report.json) {
        notify_if_none(&model, |key| filter.keeps(&model, key, model.now()));
    }
    output::to_stdout(|out| Ok(report.write(&model, filter, out)?))?;
    Ok(completeness)
}

/// Notifies the user if some processes are not listed because memory is full.
fn notify_unlisted(model: &Model) {
    let missing = model.unlisted() - model.exited_before_checkpoint();
    if missing > 0 {
        notify(format_args!(
            "{missing} processes are counted but not listed, because the memory for exited \
             processes is full ({}): --memory SIZE allows more",
            units::bytes(model.archive().budget() as u64)
        ));
    }
}

/// Returns an error if the filter cannot be answered for the model.
fn check(filter: Option<&Filter>, model: &Model) -> Result<()> {
    filter.map_or(Ok(()), |filter| Ok(filter.check(model)?))
}

fn export(replay: &Replay, format: &Format, out: &mut dyn Write) -> Result<Completeness> {
    let mut exporter = (format.start)(&time_zone::zone());
    let is_local = replay.filter.as_ref().is_none_or(Filter::is_local);
    if format.streams_processes && is_local && !replay.follow {
        return export_processes(replay, &mut *exporter, out);
    }
    let Some(filter) = &replay.filter else {
        if !format.exports_events {
            let Part {
                model,
                completeness,
                ..
            } = replay.part()?;
            exporter.end(&model, &|_| true, out)?;
            return Ok(completeness);
        }
        // Events are written as they are read, so no process needs to be retained.
        let shared = RefCell::new(&mut *out);
        let take = |event: Event| Ok(exporter.event(&event, *shared.borrow_mut())?);
        // Flush before each wait, so that a reader of the pipe is up to date.
        return replay.read(take, || Ok(shared.borrow_mut().flush()?));
    };
    if replay.follow {
        return export_while_growing(replay, filter, &mut *exporter, out);
    }
    // A filter may depend on a whole life, so the recording is read twice: for the
    // model and for the events.
    ensure!(
        replay.path != Path::new("-"),
        "with --filter a recording is read twice, which is not possible with standard input: name a \
         file"
    );
    let Part {
        model,
        completeness,
        ..
    } = replay.part()?;
    check(Some(filter), &model)?;
    let matches = |key| filter.keeps(&model, key, model.now());
    notify_if_none(&model, matches);
    if !format.exports_events {
        exporter.end(&model, &matches, out)?;
        return Ok(completeness);
    }
    range::read_again(&replay.window, &replay.path, |event| {
        let process = model.find(event.who.process);
        if event.who == Who::HOST || process.is_some_and(matches) {
            exporter.event(&event, out)?;
        }
        Ok(())
    })?;
    exporter.end(&model, &matches, out)?;
    Ok(completeness)
}

/// Exports each process as soon as it is final, so that none needs to be kept. The recording
/// is read twice: what the end says about the others is known before the first is written.
fn export_processes(
    replay: &Replay,
    exporter: &mut dyn Exporter,
    out: &mut dyn Write,
) -> Result<Completeness> {
    let spool = (replay.path == Path::new("-"))
        .then(Spool::complete)
        .transpose()?;
    let path = spool
        .as_ref()
        .map_or_else(|| replay.path.clone(), Spool::path);
    let pass = |notices, after: &mut dyn FnMut(&mut Model) -> Result<()>| {
        let archive = Archive::new(usize::MAX);
        range::model_with(&replay.window, &path, archive, notices, after)
    };
    let mut first = FirstPass::default();
    let part = pass(Notices::Emit, &mut |model| {
        first.take(model);
        Ok(())
    })?;
    let completeness = part.completeness;
    let mut second = first.end(part.model);
    let (filter, now) = (replay.filter.as_ref(), second.end().now());
    check(filter, second.end())?;
    let keeps = |model: &Model, key| filter.is_none_or(|it| it.keeps(model, key, now));
    let mut matching = 0_u64;
    pass(Notices::Suppress, &mut |model| {
        second.take(model, |model, key, names| {
            if keeps(model, key) {
                matching += 1;
                exporter.process(model, key, names, out)?;
            }
            Ok(())
        })
    })?;
    let end = second.end();
    if filter.is_some() && matching == 0 {
        notify_if_none(end, |key| keeps(end, key));
    }
    exporter.end(end, &|key| keeps(end, key), out)?;
    Ok(completeness)
}

/// Notifies the user if no process in the model matches the filter.
fn notify_if_none(model: &Model, matches: impl Fn(Key) -> bool) {
    if model.processes_of_this_part().any(|(key, _)| matches(key)) {
        return;
    }
    let count = model.count_of_this_part();
    let span = model.session().map_or_else(String::new, |session| {
        let [began, ended] = [model.began(), model.now()].map(|at| session.realtime(at));
        format!(" from {}", time_zone::zone().span(began, ended, 0))
    });
    notify(format_args!(
        "the filter matches none of the {count} processes{span}"
    ));
}

/// Exports a recording that is still written. A process is exported from the time
/// at which it matches the filter, beginning with its earlier events.
fn export_while_growing(
    replay: &Replay,
    filter: &Filter,
    exporter: &mut dyn Exporter,
    out: &mut dyn Write,
) -> Result<Completeness> {
    let mut buffer = MatchBuffer::new(filter, replay.archive());
    let shared = RefCell::new(&mut *out);
    let take = |event: Event| {
        let mut emit = |event: &Event| Ok(exporter.event(event, *shared.borrow_mut())?);
        buffer.take(event, &mut emit)
    };
    let completeness = replay.read(take, || Ok(shared.borrow_mut().flush()?))?;
    let model = buffer.model();
    notify_unlisted(model);
    check(Some(filter), model)?;
    let matches = |key| filter.keeps(model, key, model.now());
    notify_if_none(model, matches);
    exporter.end(model, &matches, out)?;
    Ok(completeness)
}

/// Returns the rights of the dashboard, which writes the index beside the recording.
fn dashboard_rights(path: &Path) -> Rights {
    let beside = match path {
        _ if path == Path::new("-") => env::temp_dir(),
        _ if path.is_dir() => path.to_owned(),
        _ => rights::folder_of(path),
    };
    Rights {
        writes: rights::dashboard_writes([beside]),
        ..rights::reader([])
    }
}

fn dashboard(replay: &Replay) -> Result<()> {
    let path = &replay.path;
    let retention = Retention::default();
    let mut dashboard = Dashboard::replay(
        file_name(path),
        retention,
        replay.filter.clone(),
        &replay.appearance,
    );
    dashboard.set_confinement(confinement::keep(&dashboard_rights(path)));
    // A copy of standard input, so that playback can seek in it.
    let spool = (path == Path::new("-")).then(Spool::begin).transpose()?;
    let path = spool.as_ref().map_or_else(|| path.clone(), Spool::path);
    let follow = replay.follow || spool.is_some();
    while follow && Growth::awaits_first_event(&path) {
        thread::sleep(FRAME);
    }
    let input = Input::find(&path, &replay.window)?;
    let (since, until) = range::bounds(&replay.window, &input)?;
    match Player::open(&input, follow, retention, replay.archive())? {
        Some(mut player) => {
            player.pause_at(until);
            let place = since.or(until).map_or(Place::End, Place::Time);
            dashboard.play(player, place)?;
        }
        None => {
            dashboard.set_archive(replay.archive());
            read::read(&path, |event| {
                dashboard.take(&event);
                Ok(())
            })?;
        }
    }
    // Elsewhere in the recording there may be more.
    if dashboard.model().traced_command() == TracedCommand::Missing(NoCommand::NotGiven) {
        check(replay.filter.as_ref(), dashboard.model())?;
    }
    let mut frontend = Frontend::Dashboard(Box::new(dashboard));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let shown = runtime.block_on(show(&mut frontend));
    frontend.close();
    shown
}

/// Shows the dashboard until the user quits.
async fn show(frontend: &mut Frontend) -> Result<()> {
    let mut signals = Signals(StopSignals::new()?);
    frontend.open()?;
    frontend.perform();
    frontend.draw()?;
    event_loop::run(&mut signals, frontend).await
}

/// Feed of a replay: the player belongs to the dashboard, so only signals remain.
struct Signals(StopSignals);

impl Feed for Signals {
    type Ready = StopReason;

    async fn ready(&mut self) -> Result<StopReason> {
        Ok(self.0.wait().await)
    }

    fn advance(&mut self, ready: Option<StopReason>, _: &mut Frontend) -> Result<Flow> {
        Ok(match ready {
            // Quit as for `q`, so that the terminal is restored.
            Some(_) => Flow::Quit,
            None => Flow::Continue,
        })
    }
}
