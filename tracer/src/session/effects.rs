//! Does what the dashboard asks for and cannot do itself, and says how it went.

use super::{filters, player::Player};
use crate::tui::{App, Effect, Phrase, Tone};

pub fn perform(app: &mut App, mut player: Option<&mut Player>) {
    for effect in app.take_effects() {
        let done = match effect {
            Effect::Play(control) => {
                let played = player.as_mut().map(|player| player.control(control, app));
                match played {
                    None | Some(Ok(())) => continue,
                    Some(Err(error)) => Err(error),
                }
            }
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
