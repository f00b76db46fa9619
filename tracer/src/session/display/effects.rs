//! Actions that the dashboard asks for and cannot perform itself: playback,
//! files, the clipboard, and the terminal.

use std::{fs::File, io::BufWriter, io::Write as _};

use anyhow::{Context as _, Result};

use super::player::Player;
use crate::{
    event::Zone,
    export,
    session::files::{paths, saved_filters},
    tui::{App, Effect, Phrase, Screen, Tone},
};

/// Performs the actions that the app has queued. The result of each becomes a
/// notice in the dashboard.
pub fn perform(app: &mut App, screen: &mut Screen, mut player: Option<&mut Player>) {
    for effect in app.take_effects() {
        let done = match effect {
            Effect::Play(control) => {
                let played = player.as_mut().map(|player| player.control(control, app));
                match played {
                    None | Some(Ok(())) => continue,
                    Some(Err(error)) => Err(error),
                }
            }
            Effect::GoTo(time) => {
                let moved = player.as_mut().map(|player| player.go_to_time(&time, app));
                match moved {
                    None | Some(Ok(())) => continue,
                    Some(Err(error)) => Err(error),
                }
            }
            Effect::AskBackground => match screen.ask_background() {
                Ok(()) => continue,
                Err(error) => Err(error.into()),
            },
            Effect::SaveFilter { name, filter } => {
                saved_filters::save(&name, &filter).map(|()| format!("saved as @{name}"))
            }
            Effect::Copy(text) => copy(screen, &text),
            Effect::CopyJson(key) => copy(screen, &export::process_json(app.shown().0, key)),
            Effect::Export => write(app),
            Effect::Suspend => suspend(screen),
        };
        app.notify(match done {
            Ok(done) => Phrase::of(Tone::Good, done),
            Err(error) => Phrase::of(Tone::Bad, format!("{error:#}")),
        });
    }
}

fn copy(screen: &mut Screen, text: &str) -> Result<String> {
    screen.copy(text)?;
    Ok(format!(
        "copied {} bytes to the terminal's clipboard, if it has one",
        text.len()
    ))
}

/// Writes the shown processes as JSON to a new file in the current directory.
fn write(app: &App) -> Result<String> {
    let name = format!("tracer-{}.jsonl", paths::timestamp());
    let export = || -> Result<()> {
        let mut out = BufWriter::new(File::create_new(&name)?);
        let (model, kept) = app.shown();
        let format = export::format("json").context("no format json")?;
        (format.start)(&Zone::default()).end(model, &kept, &mut out)?;
        Ok(out.flush()?)
    };
    export().with_context(|| format!("{name} cannot be written"))?;
    Ok(format!("wrote the processes shown to {name}"))
}

fn suspend(screen: &mut Screen) -> Result<String> {
    screen.suspend(|| {
        // SAFETY: raise takes a number and no memory of ours.
        unsafe { libc::raise(libc::SIGTSTP) };
    })?;
    Ok(String::new())
}
