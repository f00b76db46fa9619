//! What of the dashboard outlasts it: the theme, and what each view keeps. As
//! text, a `name = value` a line; where that text lies is not known here.

use super::{
    app::App,
    background::{Lightness, Listener},
    effect::Effect,
    palette,
    theme::PLAIN,
    view::{VIEWS, View},
};

const THEME: &str = "theme";

impl App {
    /// How it is now.
    pub fn kept(&self) -> String {
        let mut text = String::new();
        if let Some(theme) = self.chosen_theme {
            text += &format!("{THEME} = {theme}\n");
        }
        for (entry, view) in VIEWS.iter().zip(self.views()) {
            for (name, value) in view.kept() {
                let view = entry.name.to_ascii_lowercase();
                text += &format!("{view}.{name} = {value}\n");
            }
        }
        text
    }

    /// Makes it so again; says of each line that is no use, which and why.
    pub fn restore(&mut self, text: &str) -> Vec<String> {
        let lines = (1..).zip(text.lines());
        let lines = lines.filter(|(_, line)| !line.trim_start().starts_with('#'));
        lines
            .filter(|(_, line)| !line.trim().is_empty())
            .filter_map(|(number, line)| {
                let why = self.restore_line(line).err()?;
                Some(format!("line {number}: {why}"))
            })
            .collect()
    }

    fn restore_line(&mut self, line: &str) -> Result<(), String> {
        let (name, value) = line.split_once('=').ok_or("no name = value")?;
        let (name, value) = (name.trim(), value.trim());
        if name == THEME {
            return self.set_theme(value);
        }
        let (view, name) = name.split_once('.').unwrap_or((name, ""));
        let number = VIEWS
            .iter()
            .position(|entry| entry.name.eq_ignore_ascii_case(view));
        let number = number.ok_or_else(|| format!("nothing is called {view:?}"))?;
        self.view_numbered(number).restore(name, value)
    }

    /// Chooses a theme by its name.
    pub fn set_theme(&mut self, name: &str) -> Result<(), String> {
        let look = self.look.named(name).ok_or_else(|| {
            let names = super::THEMES.iter().map(|theme| theme.name).chain([PLAIN]);
            let names: Vec<_> = names.collect();
            format!("there is no theme {name:?}, only {}", names.join(", "))
        })?;
        self.look = look;
        // Where there are no colours, the wish for them is kept.
        self.chosen_theme = super::THEMES
            .iter()
            .map(|theme| theme.name)
            .chain([PLAIN])
            .find(|known| *known == name);
        Ok(())
    }

    /// Looks so this time, whatever is kept.
    pub fn show_theme(&mut self, name: &str) {
        self.look = self.look.named(name).unwrap_or(self.look);
    }

    /// Lets the terminal's background choose between dark and light, unless the
    /// reader has chosen; the terminal is asked for it.
    pub fn fit_background(&mut self) {
        if self.chosen_theme.is_none() && self.look.has_themes() {
            self.listener = Listener::Waits;
            self.effects.push(Effect::AskBackground);
        }
    }

    pub(super) fn on_background(&mut self, lightness: Lightness) {
        // It may have come after the reader has chosen.
        if self.chosen_theme.is_none() {
            self.look = self.look.with_theme(palette::by_lightness(lightness));
        }
    }

    pub(super) fn next_theme(&mut self) {
        self.look = self.look.next();
        self.chosen_theme = Some(self.look.name());
    }
}

/// What a view says of a name that it keeps nothing under.
pub fn unknown(view: &dyn View, name: &str) -> String {
    let known: Vec<_> = view.kept().into_iter().map(|(name, _)| name).collect();
    format!("no {name:?} here, only {}", known.join(", "))
}
