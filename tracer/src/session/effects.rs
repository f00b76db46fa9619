//! Does what the dashboard asks for and cannot do itself, and says how it went.

use super::filters;
use crate::tui::{App, Effect, Phrase, Tone};

pub fn perform(app: &mut App) {
    for effect in app.take_effects() {
        let done = match effect {
            Effect::SaveFilter { name, filter } => {
                filters::save(&name, &filter).map(|()| format!("saved as @{name}"))
            }
        };
        app.notify(match done {
            Ok(done) => Phrase::of(Tone::Good, done),
            Err(error) => Phrase::of(Tone::Bad, format!("{error:#}")),
        });
    }
}
