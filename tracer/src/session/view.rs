//! What the user sees of a running trace.

use std::{path::Path, time::Duration};

use anyhow::Result;

use super::{
    Looks, Target, diagnostics, effects,
    keepsake::Keepsake,
    meter::Meter,
    output,
    past::Past,
    player::Player,
    recorder::{Kept, Recorder},
    status::Status,
};
use crate::{
    event::Event,
    filter::Filter,
    model::{Model, Retention},
    report::ReportSection,
    source,
    tui::{self, App, OwnCost, Phrase, Screen, Tone},
};

pub use crate::tui::Flow;

pub enum View {
    Dashboard {
        app: Box<App>,
        screen: Option<Screen>,
        keepsake: Option<Keepsake>,
        /// While it shows the past.
        player: Option<Box<Player>>,
    },
    Report {
        model: Box<Model>,
        part: Option<&'static ReportSection>,
        filter: Option<Filter>,
    },
    Status(Status),
}

impl View {
    pub fn live_dashboard(retention: Retention, filter: Option<Filter>, looks: &Looks) -> View {
        let (app, keepsake) = looks.dashboard(tui::Mode::Live, filter);
        View::Dashboard {
            app: Box::new(app.keep(retention)),
            screen: None,
            keepsake,
            player: None,
        }
    }

    /// How much of the past its model keeps.
    pub fn retention(&self) -> Retention {
        match self {
            View::Dashboard { app, .. } => app.model().retention(),
            View::Report { model, .. } => model.retention(),
            View::Status(_) => Retention::default(),
        }
    }

    /// Whether it can show the past.
    pub fn goes_back(&self) -> bool {
        match self {
            View::Dashboard { .. } => true,
            View::Report { .. } | View::Status(_) => false,
        }
    }

    pub fn report(
        retention: Retention,
        part: Option<&'static ReportSection>,
        filter: Option<Filter>,
    ) -> View {
        View::Report {
            part,
            model: Box::new(Model::new(retention)),
            filter,
        }
    }

    pub fn status(save: &Target, while_command: bool) -> View {
        let target = match save.path() == Path::new("-") {
            true => "standard output".to_owned(),
            false => save.path().display().to_string(),
        };
        View::Status(Status::new(target, while_command))
    }

    pub fn take(&mut self, event: &Event) {
        match self {
            View::Dashboard { app, .. } => app.apply(event),
            View::Report { model, .. } => model.apply(event),
            View::Status(status) => status.take(event),
        }
    }

    /// Whether it looks at events; else it counts them.
    pub fn looks(&self) -> bool {
        match self {
            View::Dashboard { .. } | View::Report { .. } => true,
            View::Status(_) => false,
        }
    }

    /// How often the kernel's buffer is read while something happens.
    pub fn poll(&self) -> Duration {
        match self {
            View::Dashboard { .. } => Duration::from_millis(50),
            // It is read before that when it fills.
            View::Report { .. } | View::Status(_) => Duration::from_millis(500),
        }
    }

    /// Counts what the kernel said, where it is not looked at.
    pub fn record(&mut self) {
        if let View::Status(status) = self {
            status.record();
        }
    }

    /// Takes the screen, if it needs it.
    pub fn open(&mut self) -> Result<()> {
        if let View::Dashboard { screen, .. } = self {
            diagnostics::hold();
            *screen = Some(Screen::open()?);
        }
        Ok(())
    }

    /// How often to show something though nothing happens, if at all.
    pub fn beat(&self) -> Option<Duration> {
        match self {
            // Ages grow by tenths of a second.
            View::Dashboard { .. } => Some(Duration::from_millis(100)),
            View::Status(status) => status.beat(),
            View::Report { .. } => None,
        }
    }

    pub fn show(&mut self, recorder: Option<&Recorder>) -> Result<()> {
        match self {
            View::Dashboard {
                app,
                screen: Some(screen),
                player,
                ..
            } => {
                app.set_now(source::live::now());
                // What is wrong with the past is no reason to end the present.
                if let Some(Err(error)) = player.as_mut().map(|player| player.tick(app)) {
                    *player = None;
                    app.resume();
                    app.notify(Phrase::of(
                        Tone::Bad,
                        format!("back to the present: {error:#}"),
                    ));
                }
                if app.dirty() {
                    screen.draw(app)?;
                }
            }
            View::Status(status) => status.show(recorder),
            View::Dashboard { .. } | View::Report { .. } => {}
        }
        Ok(())
    }

    /// The recording has ended before the trace. Whoever watches goes on, and
    /// is told; a trace that is only kept is over.
    pub fn goes_on_without(&mut self, why: &str) -> bool {
        match self {
            View::Dashboard { app, .. } => app.set_alarm(&format!("saving has ended: {why}")),
            View::Report { .. } => {}
            View::Status(_) => return false,
        }
        true
    }

    /// What can be gone back to ends here: nothing more is kept.
    pub fn keeps_no_past(&mut self, why: &str) {
        if let View::Dashboard { app, .. } = self {
            let says = format!("from here on one cannot go back: {why}");
            app.notify(Phrase::of(Tone::Bad, says));
        }
    }

    /// What tracer itself costs, for whom it concerns: about once a second.
    pub fn measure(&mut self, meter: &mut Meter, ring_fill: f64) {
        if let View::Dashboard { app, .. } = self {
            app.set_own(OwnCost {
                cpu: meter.share(),
                ring_fill: Some(ring_fill),
            });
        }
    }

    /// What the user types. Never returns where there is nothing to type into.
    pub async fn input(&mut self) -> Result<Flow> {
        match self {
            View::Dashboard {
                app,
                screen: Some(screen),
                ..
            } => match screen.next_input().await {
                Some(input) => Ok(app.on_input(input?)),
                // The terminal is gone.
                None => Ok(Flow::Quit),
            },
            _ => std::future::pending().await,
        }
    }

    /// Does what the user asked for. What is kept of the past is there to be
    /// gone back to.
    pub fn perform(&mut self, mut past: Option<&mut Past>) {
        let View::Dashboard {
            app,
            screen: Some(screen),
            player,
            ..
        } = self
        else {
            return;
        };
        app.set_can_go_back(past.is_some());
        if let Some(past) = &mut past {
            past.keep_state(|| app.share_model());
        }
        if app.wants_the_past()
            && player.is_none()
            && let Some(past) = past
        {
            past.settle();
            match Player::of_the_past(past, app) {
                Ok(past) => *player = Some(Box::new(past)),
                Err(error) => {
                    app.resume();
                    app.notify(Phrase::of(Tone::Bad, format!("{error:#}")));
                }
            }
        }
        effects::perform(app, screen, player.as_deref_mut());
        if !app.is_in_the_past() {
            *player = None;
        }
    }

    /// Gives the screen back.
    pub fn close(&mut self) {
        if let View::Dashboard {
            app,
            screen,
            keepsake,
            ..
        } = self
        {
            *screen = None;
            diagnostics::release();
            if let Some(keepsake) = keepsake.take() {
                keepsake.keep(app);
            }
        }
    }

    /// The last word.
    pub fn finish(&mut self, kept: Option<Result<Kept>>) -> Result<()> {
        match self {
            View::Status(status) => status.finish(kept),
            View::Dashboard { .. } => say(kept),
            View::Report {
                model,
                part,
                filter,
            } => {
                say(kept);
                output::print(&output::report(model, *part, filter.as_ref()))?;
            }
        }
        Ok(())
    }
}

/// What became of `--save`.
fn say(kept: Option<Result<Kept>>) {
    match kept {
        Some(Ok(kept)) => eprintln!(
            "tracer: saved {} events to {}",
            kept.events,
            kept.path.display()
        ),
        Some(Err(error)) => eprintln!("tracer: {error:#}"),
        None => {}
    }
}
