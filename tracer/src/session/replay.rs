//! `tracer replay`: a recording in the same dashboard, or as text.

use std::{
    cell::RefCell,
    io::{IsTerminal as _, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::{
    Exit, Looks, OK, chosen::Chosen, diagnostics, effects, growth::Growth, output,
    patience::Patience, player::Player, reading::read, spool::Spool, stop::Stop, story::Story,
    window::Window,
};
use crate::{
    event::{Event, Who},
    export::{self, Exporter, Format},
    filter::Filter,
    model::{Model, Retention},
    playback::Place,
    report::ReportSection,
    tui::{self, App, Flow, Phrase, Screen, Tone},
};

pub struct Replay {
    /// `-` is standard input.
    pub path: PathBuf,
    pub shown: Shown,
    /// Which processes; all, if none is given.
    pub filter: Option<Filter>,
    /// Which part of it; the dashboard begins there and goes anywhere.
    pub window: Window,
    pub looks: Looks,
    /// Go on with what is still being written.
    pub follow: bool,
}

impl Replay {
    /// What the recording comes to.
    fn model(&self, retention: Retention) -> Result<Model> {
        if !self.follow || self.path == Path::new("-") {
            return self.window.model(&self.path, retention);
        }
        let mut patience = Patience::new()?;
        let wait = || patience.wait();
        self.window.follow_model(&self.path, retention, wait)
    }

    /// Reads what was asked for; `pause` is called before it waits for more.
    fn read(
        &self,
        take: impl FnMut(Event) -> Result<()>,
        mut pause: impl FnMut() -> Result<()>,
    ) -> Result<()> {
        if !self.follow || self.path == Path::new("-") {
            return self.window.read(&self.path, take);
        }
        let mut patience = Patience::new()?;
        let wait = || {
            pause()?;
            patience.wait()
        };
        self.window.follow(&self.path, wait, take)
    }
}

/// As what.
pub enum Shown {
    /// The dashboard, or the report where there is no terminal.
    Dashboard,
    /// The summary, or a part of it.
    Report(Option<&'static ReportSection>),
    /// One of [`crate::export::FORMATS`], by name.
    Export(&'static str),
}

pub fn replay(replay: Replay) -> Result<Exit> {
    let terminal = std::io::stdout().is_terminal();
    match replay.shown {
        Shown::Dashboard if terminal => dashboard(&replay)?,
        Shown::Dashboard | Shown::Report(_) => {
            let part = match replay.shown {
                Shown::Report(part) => part,
                Shown::Dashboard | Shown::Export(_) => None,
            };
            let retention = match replay.filter {
                Some(_) => Retention::ALL,
                None => Retention::default(),
            };
            let model = replay.model(retention)?;
            output::print(&output::report(&model, part, replay.filter.as_ref()))?;
        }
        Shown::Export(name) => {
            let format = export::format(name).with_context(|| format!("no format {name}"))?;
            output::to_stdout(|out| export(&replay, format, out))?;
        }
    }
    Ok(OK)
}

fn export(replay: &Replay, format: &Format, out: &mut dyn Write) -> Result<()> {
    let mut exporter = (format.start)();
    let Some(filter) = &replay.filter else {
        if !format.exports_events {
            // Nobody may be missing in what other programs read.
            let model = replay.model(Retention::ALL)?;
            return Ok(exporter.end(&model, &|_| true, out)?);
        }
        let mut model = Model::new(Retention::ALL);
        let shared = RefCell::new(&mut *out);
        let tell = |event: Event| {
            model.apply(&event);
            Ok(exporter.event(&event, *shared.borrow_mut())?)
        };
        // Whoever reads it sees what there is.
        replay.read(tell, || Ok(shared.borrow_mut().flush()?))?;
        return Ok(exporter.end(&model, &|_| true, out)?);
    };
    if replay.follow {
        return export_as_it_comes(replay, filter, &mut *exporter, out);
    }
    // A filter is asked about whole lives: first they are read, then told.
    ensure!(
        replay.path != Path::new("-"),
        "with --filter a recording is read twice, which standard input cannot be: give a file"
    );
    let model = replay.model(Retention::ALL)?;
    let kept = |key| filter.keeps(&model, key, model.now());
    if !format.exports_events {
        return Ok(exporter.end(&model, &kept, out)?);
    }
    replay.window.read(&replay.path, |event| {
        let of = model.find(event.who.process);
        if event.who == Who::HOST || of.is_some_and(kept) {
            exporter.event(&event, out)?;
        }
        Ok(())
    })?;
    Ok(exporter.end(&model, &kept, out)?)
}

/// Of what is still being written nobody knows whole lives: whoever the filter
/// keeps is told from then on, and what was told of him before.
fn export_as_it_comes(
    replay: &Replay,
    filter: &Filter,
    exporter: &mut dyn Exporter,
    out: &mut dyn Write,
) -> Result<()> {
    let mut chosen = Chosen::by(filter);
    let shared = RefCell::new(&mut *out);
    let take = |event: Event| {
        let mut tell = |event: &Event| Ok(exporter.event(event, *shared.borrow_mut())?);
        chosen.take(event, &mut tell)
    };
    replay.read(take, || Ok(shared.borrow_mut().flush()?))?;
    let model = chosen.model();
    let kept = |key| filter.keeps(model, key, model.now());
    Ok(exporter.end(model, &kept, out)?)
}

fn dashboard(replay: &Replay) -> Result<()> {
    let path = &replay.path;
    let mode = tui::Mode::Replay {
        file: path.display().to_string(),
    };
    let (app, keepsake) = replay.looks.dashboard(mode, replay.filter.clone());
    let retention = Retention::default();
    let mut app = app.keep(retention);
    // One can move about in what came through a pipe, too.
    let spool = (path == Path::new("-")).then(Spool::begin).transpose()?;
    let path = spool.as_ref().map_or_else(|| path.clone(), Spool::path);
    let follow = replay.follow || spool.is_some();
    while follow && Growth::is_awaited(&path) {
        std::thread::sleep(FRAME);
    }
    let story = Story::find(&path, &replay.window)?;
    let beginning = replay.window.beginning(&story)?;
    let mut player = Player::open(&story, follow, retention)?;
    match &mut player {
        Some(player) => {
            let place = beginning.map_or(Place::End, Place::Time);
            player.go_to(place, &mut app)?;
        }
        None => {
            read(&path, |event| {
                app.apply(&event);
                Ok(())
            })?;
        }
    }
    diagnostics::hold();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let shown = runtime.block_on(watch(&mut app, player));
    diagnostics::release();
    if let Some(keepsake) = keepsake {
        keepsake.keep(&app);
    }
    shown
}

/// Until the user has seen enough.
async fn watch(app: &mut App, mut player: Option<Player>) -> Result<()> {
    let mut stop = Stop::new(None)?;
    let mut screen = Screen::open()?;
    effects::perform(app, &mut screen, player.as_mut());
    let mut frame = interval(FRAME);
    frame.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        screen.draw(app)?;
        let busy = player.as_mut().filter(|player| player.is_busy());
        let hurried = busy.as_ref().is_some_and(|player| player.is_hurried());
        let input = tokio::select! {
            input = screen.next_input() => input,
            // Leave as for `q`: the terminal must be given back.
            _ = stop.asked() => None,
            () = next_turn(&mut frame, hurried), if busy.is_some() => {
                if let Some(player) = busy
                    && let Err(error) = player.tick(app)
                {
                    // What has been shown stays on the screen.
                    player.rest();
                    app.notify(Phrase::of(Tone::Bad, format!("{error:#}")));
                }
                continue;
            }
        };
        // None: the terminal is gone.
        let Some(input) = input else { return Ok(()) };
        let flow = app.on_input(input?);
        effects::perform(app, &mut screen, player.as_mut());
        if flow == Flow::Quit {
            return Ok(());
        }
    }
}

/// When the player is to do its next piece of work: at once while somebody waits
/// for it, after all input that has come.
async fn next_turn(frame: &mut Interval, hurried: bool) {
    match hurried {
        true => tokio::task::yield_now().await,
        false => {
            frame.tick().await;
        }
    }
}

/// How often the picture changes while a recording plays.
const FRAME: Duration = Duration::from_millis(50);
