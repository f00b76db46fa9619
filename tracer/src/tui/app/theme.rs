//! The theme: chosen by the reader, restored, or fitted to the terminal's background.

use super::App;
use crate::tui::{
    input::background::Listener,
    state::effect::Effect,
    style::{
        look::PLAIN,
        theme::{Lightness, THEMES, UnknownTheme, by_lightness},
    },
};

impl App {
    /// Chooses a theme by name. The choice is saved, even where the terminal has no colours.
    ///
    /// # Errors
    ///
    /// Says which themes there are, if there is none of that name.
    pub fn set_theme(&mut self, name: &str) -> Result<(), UnknownTheme> {
        let names = || THEMES.iter().map(|theme| theme.name).chain([PLAIN]);
        let look = self.look.named(name);
        let look = look.ok_or_else(|| UnknownTheme {
            name: name.to_owned(),
            known: names().collect(),
        })?;
        self.look = look;
        self.chosen_theme = names().find(|known| *known == name);
        Ok(())
    }

    /// Uses a theme for this session only; it is not saved.
    pub fn use_theme(&mut self, name: &str) {
        self.look = self.look.named(name).unwrap_or(self.look);
    }

    /// Requests the terminal's background colour, to choose between dark and light. Does nothing
    /// if the reader has chosen a theme.
    pub fn detect_background(&mut self) {
        if self.chosen_theme.is_none() && self.look.has_themes() {
            self.listener = Listener::Waiting;
            self.effects.push(Effect::AskBackground);
        }
    }

    pub(super) fn on_background(&mut self, lightness: Lightness) {
        // The reader may have chosen a theme before the answer arrived.
        if self.chosen_theme.is_none() {
            self.look = self.look.with_theme(by_lightness(lightness));
        }
    }

    pub(super) fn next_theme(&mut self) {
        self.look = self.look.next();
        self.chosen_theme = Some(self.look.name());
    }
}
