//! The frontend of a command that runs for a while: a dashboard, a report at its
//! end, or a status line.

use std::time::Duration;

use anyhow::Result;

use super::{
    appearance::Appearance, dashboard::Dashboard, history::History, status_line::StatusLine,
    wake::Wake,
};
use crate::{
    event::{DoctorCheck, Event, file_name},
    filter::Filter,
    model::{Model, Retention},
    session::{
        console::{notice::notify, output, report::Report},
        recorder::{
            Finished, Recorder,
            target::{Target, is_standard_output},
        },
    },
};

/// Frontend of a running command.
pub enum Frontend {
    /// Full-screen dashboard.
    Dashboard(Box<Dashboard>),
    /// Report that is printed at the end.
    Report {
        /// Model of all events so far.
        model: Box<Model>,
        /// Contents of the report.
        report: Report,
        /// Filter for the processes in the report.
        filter: Option<Filter>,
    },
    /// One line on standard error.
    Status(StatusLine),
}

impl Frontend {
    /// Creates the dashboard of a live trace.
    pub fn live_dashboard(
        retention: Retention,
        filter: Option<Filter>,
        appearance: &Appearance,
    ) -> Frontend {
        let dashboard = Dashboard::live(retention, filter, appearance);
        Frontend::Dashboard(Box::new(dashboard))
    }

    /// Creates a report that is printed at the end.
    pub fn report(retention: Retention, report: Report, filter: Option<Filter>) -> Frontend {
        let mut model = Box::new(Model::new(retention));
        model.prefer(filter.as_ref().map(Filter::preference).unwrap_or_default());
        Frontend::Report {
            report,
            model,
            filter,
        }
    }

    /// Creates the status line of a recording.
    pub fn status(save: &Target, while_command: bool) -> Frontend {
        let target = match is_standard_output(save.path()) {
            true => "standard output".to_owned(),
            false => file_name(save.path()),
        };
        Frontend::Status(StatusLine::new(target, while_command))
    }

    /// Returns the retention of its model.
    pub fn retention(&self) -> Retention {
        match self {
            Frontend::Dashboard(dashboard) => dashboard.retention(),
            Frontend::Report { model, .. } => model.retention(),
            Frontend::Status(_) => Retention::default(),
        }
    }

    /// Returns true if it can show the past of a live trace.
    pub fn shows_history(&self) -> bool {
        match self {
            Frontend::Dashboard(_) => true,
            Frontend::Report { .. } | Frontend::Status(_) => false,
        }
    }

    /// Returns true if it needs events. Otherwise it only counts records.
    pub fn needs_events(&self) -> bool {
        match self {
            Frontend::Dashboard(_) | Frontend::Report { .. } => true,
            Frontend::Status(_) => false,
        }
    }

    /// Returns the interval between two reads of the ring buffer while records
    /// arrive.
    pub fn poll_interval(&self) -> Duration {
        match self {
            Frontend::Dashboard(_) => Duration::from_millis(50),
            // The kernel wakes the reader earlier when the buffer fills.
            Frontend::Report { .. } | Frontend::Status(_) => Duration::from_millis(500),
        }
    }

    /// Takes the next event.
    pub fn take(&mut self, event: &Event) {
        match self {
            Frontend::Dashboard(dashboard) => dashboard.take(event),
            Frontend::Report { model, .. } => model.apply(event),
            Frontend::Status(status) => status.take(event),
        }
    }

    /// Counts a record where [`Self::needs_events`] is false.
    pub fn count_record(&mut self) {
        if let Frontend::Status(status) = self {
            status.count_record();
        }
    }

    /// Takes over the screen, if it needs it, and starts the timer. Must be called
    /// inside a tokio runtime.
    pub fn open(&mut self) -> Result<()> {
        match self {
            Frontend::Dashboard(dashboard) => dashboard.open()?,
            Frontend::Status(status) => status.start_timer(),
            Frontend::Report { .. } => {}
        }
        Ok(())
    }

    /// Waits for input or the timer. It is cancel safe. A report never wakes.
    pub async fn wait(&mut self) -> Result<Wake> {
        match self {
            Frontend::Dashboard(dashboard) => dashboard.wait().await,
            Frontend::Status(status) => {
                status.wait().await;
                Ok(Wake::Tick)
            }
            Frontend::Report { .. } => std::future::pending().await,
        }
    }

    /// Performs the actions that the user has asked for.
    pub fn perform(&mut self) {
        if let Frontend::Dashboard(dashboard) = self {
            dashboard.perform();
        }
    }

    /// Advances the player by the time that has passed.
    pub fn tick(&mut self) {
        if let Frontend::Dashboard(dashboard) = self {
            dashboard.tick();
        }
    }

    /// Draws what has changed.
    pub fn draw(&mut self) -> Result<()> {
        match self {
            Frontend::Dashboard(dashboard) => dashboard.draw()?,
            Frontend::Status(status) => status.draw(),
            Frontend::Report { .. } => {}
        }
        Ok(())
    }

    /// Offers the past of a live trace, which the user may want to go back to.
    pub fn offer_history(&mut self, history: Option<&mut History>) {
        if let Frontend::Dashboard(dashboard) = self {
            dashboard.offer_history(history);
        }
    }

    /// Shows that no more of the past is kept from now on.
    pub fn history_ended(&mut self, why: &str) {
        if let Frontend::Dashboard(dashboard) = self {
            dashboard.history_ended(why);
        }
    }

    /// Shows that the recording has ended before the trace. Returns false if the
    /// trace has no other purpose.
    pub fn saving_ended(&mut self, why: &str) -> bool {
        match self {
            Frontend::Dashboard(dashboard) => dashboard.saving_ended(why),
            Frontend::Report { .. } => {}
            Frontend::Status(_) => return false,
        }
        true
    }

    /// Shows how much a recorder has written and keeps.
    pub fn show_recorder(&mut self, recorder: &Recorder) {
        if let Frontend::Status(status) = self {
            status.set_saved_bytes(recorder.bytes());
            status.set_shortened(recorder.shortened_history());
        }
    }

    /// Sets what limits tracer itself.
    pub fn set_confinement(&mut self, checks: Vec<DoctorCheck>) {
        if let Frontend::Dashboard(dashboard) = self {
            dashboard.set_confinement(checks);
        }
    }

    /// Sets the costs of tracer itself: its share of one CPU and the share of the
    /// ring buffer in use, 0 to 1.
    pub fn set_own_cost(&mut self, cpu: Option<f64>, ring_fill: f64) {
        if let Frontend::Dashboard(dashboard) = self {
            dashboard.set_own_cost(cpu, ring_fill);
        }
    }

    /// Gives the screen back.
    pub fn close(&mut self) {
        if let Frontend::Dashboard(dashboard) = self {
            dashboard.close();
        }
    }

    /// Prints what remains to be said: the recording that was saved, and the report.
    pub fn finish(&mut self, saved: Option<Result<Finished>>) -> Result<()> {
        match self {
            Frontend::Status(status) => status.finish(saved),
            Frontend::Dashboard(_) => report_saved(saved),
            Frontend::Report {
                model,
                report,
                filter,
            } => {
                report_saved(saved);
                output::to_stdout(|out| Ok(report.write(model, filter.as_ref(), out)?))?;
            }
        }
        Ok(())
    }
}

/// Emits a notice about the file of `--save`.
fn report_saved(saved: Option<Result<Finished>>) {
    match saved {
        Some(Ok(saved)) => notify(format_args!(
            "saved {} events to {}",
            saved.events,
            file_name(&saved.path)
        )),
        Some(Err(error)) => notify(format_args!("{error:#}")),
        None => {}
    }
}
