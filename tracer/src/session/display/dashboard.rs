//! The dashboard on the terminal, of a live trace or of a recording.

use std::time::Duration;

use anyhow::Result;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::{
    appearance::Appearance, closed_terminal::ClosedTerminal, dashboard_state::DashboardState,
    effects, history::History, player::Player, wake::Wake,
};
use crate::{
    event::{DoctorCheck, Event},
    filter::Filter,
    model::{Archive, Model, Retention},
    playback::Place,
    session::{
        console::{diagnostics, time_zone},
        files::saved_filters,
    },
    source,
    tui::{self, App, Flow, OwnCost, Phrase, Screen, Tone},
};

/// Interval of the live timer. Ages on the screen have tenths of a second.
const LIVE_TICK: Duration = Duration::from_millis(100);

/// Interval between two frames while a recording plays.
pub const FRAME: Duration = Duration::from_millis(50);

/// Dashboard with its screen.
pub struct Dashboard {
    app: App,
    screen: Option<Screen>,
    closed: Option<ClosedTerminal>,
    /// State to save when the dashboard closes.
    state: Option<DashboardState>,
    /// Player of the recording, or of the past of a live trace while it is shown.
    player: Option<Box<Player>>,
    is_live: bool,
    timer: Option<Interval>,
}

/// Time until the dashboard's next tick.
#[derive(Clone, Copy)]
enum NextTick {
    Never,
    /// When the timer fires.
    Timer,
    /// At once, after all input that has arrived.
    Now,
}

impl Dashboard {
    /// Creates the dashboard of a live trace.
    pub fn live(
        retention: Retention,
        filter: Option<Filter>,
        appearance: &Appearance,
    ) -> Dashboard {
        let (app, state) = create_app(appearance, tui::Mode::Live, filter);
        Dashboard {
            app: app.with_retention(retention),
            screen: None,
            closed: None,
            state,
            player: None,
            is_live: true,
            timer: None,
        }
    }

    /// Creates the dashboard of the recording `file`.
    pub fn replay(
        file: String,
        retention: Retention,
        filter: Option<Filter>,
        appearance: &Appearance,
    ) -> Dashboard {
        let (app, state) = create_app(appearance, tui::Mode::Replay { file }, filter);
        Dashboard {
            app: app.with_retention(retention),
            screen: None,
            closed: None,
            state,
            player: None,
            is_live: false,
            timer: None,
        }
    }

    /// Sets the archive of evicted processes.
    pub fn set_archive(&mut self, archive: Archive) {
        self.app.set_archive(archive);
    }

    /// Shows a recording, beginning at a place in it.
    pub fn play(&mut self, mut player: Player, place: Place) -> Result<()> {
        player.go_to(place, &mut self.app)?;
        self.player = Some(Box::new(player));
        Ok(())
    }

    /// Returns the model that is shown.
    pub fn model(&self) -> &Model {
        self.app.shown().0
    }

    /// Returns the retention of its model.
    pub fn retention(&self) -> Retention {
        self.app.model().retention()
    }

    /// Takes the next event.
    pub fn take(&mut self, event: &Event) {
        self.app.apply(event);
    }

    /// Takes over the screen and starts the timer.
    pub fn open(&mut self) -> Result<()> {
        diagnostics::hold();
        self.screen = Some(Screen::open()?);
        self.closed = Some(ClosedTerminal::watch()?);
        let mut timer = interval(if self.is_live { LIVE_TICK } else { FRAME });
        timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
        self.timer = Some(timer);
        Ok(())
    }

    /// Waits for input or the next tick. It is cancel safe.
    pub async fn wait(&mut self) -> Result<Wake> {
        let next = self.next_tick();
        let (Some(screen), Some(closed), Some(timer)) =
            (&mut self.screen, &self.closed, &mut self.timer)
        else {
            return std::future::pending().await;
        };
        tokio::select! {
            input = screen.next_input() => Ok(Wake::Input(match input {
                Some(input) => self.app.on_input(input?),
                None => Flow::Quit,
            })),
            () = closed.wait() => Ok(Wake::Input(Flow::Quit)),
            () = tick(timer, next) => Ok(Wake::Tick),
        }
    }

    fn next_tick(&self) -> NextTick {
        match &self.player {
            // A live trace needs the time for the ring buffer.
            _ if self.is_live => NextTick::Timer,
            Some(player) if player.is_urgent() => NextTick::Now,
            Some(player) if player.is_busy() => NextTick::Timer,
            Some(_) | None => NextTick::Never,
        }
    }

    /// Performs the actions that the user has asked for.
    pub fn perform(&mut self) {
        let Some(screen) = &mut self.screen else {
            return;
        };
        effects::perform(&mut self.app, screen, self.player.as_deref_mut());
        if self.is_live && !self.app.is_in_the_past() {
            self.player = None;
        }
    }

    /// Advances the player by the time that has passed.
    pub fn tick(&mut self) {
        let Some(player) = &mut self.player else {
            return;
        };
        let Err(error) = player.tick(&mut self.app) else {
            return;
        };
        if self.is_live {
            // An error in the past does not end the live trace.
            self.player = None;
            self.app.resume();
            self.notify_bad(format!("returned to the present: {error:#}"));
        } else {
            // The last picture stays on the screen.
            player.stop();
            self.notify_bad(format!("{error:#}"));
        }
    }

    /// Draws the dashboard, live only if something has changed.
    pub fn draw(&mut self) -> Result<()> {
        if self.is_live {
            self.app.set_now(source::live::now());
        }
        if let Some(screen) = &mut self.screen
            && (!self.is_live || self.app.dirty())
        {
            match screen.draw(&mut self.app) {
                // The terminal is closed, which ends the dashboard.
                Err(error) if error.raw_os_error() == Some(libc::EIO) => (),
                drawn => drawn?,
            }
        }
        Ok(())
    }

    /// Saves a state to go back to, if one is due, and opens the past if the user
    /// has asked for it.
    pub fn offer_history(&mut self, history: Option<&mut History>) {
        let app = &mut self.app;
        app.set_can_go_back(history.is_some());
        let Some(history) = history else {
            return;
        };
        history.save_state_if_due(app.model());
        if !app.wants_the_past() || self.player.is_some() {
            return;
        }
        history.settle();
        match Player::of_history(history, app) {
            Ok(player) => self.player = Some(Box::new(player)),
            Err(error) => {
                app.resume();
                self.notify_bad(format!("{error:#}"));
            }
        }
    }

    /// Shows that no more of the past is kept from now on.
    pub fn history_ended(&mut self, why: &str) {
        self.notify_bad(format!("the past is no longer recorded: {why}"));
    }

    /// Shows that the recording has ended before the trace.
    pub fn saving_ended(&mut self, why: &str) {
        self.app.set_alarm(&format!("recording has stopped: {why}"));
    }

    /// Sets what limits tracer itself.
    pub fn set_confinement(&mut self, checks: Vec<DoctorCheck>) {
        self.app.set_confinement(checks);
    }

    /// Sets the costs of tracer itself.
    pub fn set_own_cost(&mut self, cpu: Option<f64>, ring_fill: f64) {
        self.app.set_own_cost(OwnCost {
            cpu,
            ring_fill: Some(ring_fill),
        });
    }

    fn notify_bad(&mut self, text: String) {
        self.app.notify(Phrase::of(Tone::Bad, text));
    }

    /// Gives the screen back and saves the state of the dashboard.
    pub fn close(&mut self) {
        self.screen = None;
        diagnostics::release();
        if let Some(state) = self.state.take() {
            state.save(&self.app);
        }
    }
}

/// Creates the app with its filter and appearance, and the state to save at its end.
fn create_app(
    appearance: &Appearance,
    mode: tui::Mode,
    filter: Option<Filter>,
) -> (App, Option<DashboardState>) {
    let mut app = App::new(mode, appearance.look()).with_zone(time_zone::zone());
    app.set_filter(filter);
    app.set_saved_filters(saved_filters::load());
    let state = (!appearance.no_state).then(|| DashboardState::restore(&mut app));
    appearance.set_theme(&mut app);
    (app, state)
}

/// Waits for the next tick. It is cancel safe.
async fn tick(timer: &mut Interval, next: NextTick) {
    match next {
        NextTick::Never => std::future::pending().await,
        NextTick::Timer => {
            timer.tick().await;
        }
        NextTick::Now => tokio::task::yield_now().await,
    }
}
