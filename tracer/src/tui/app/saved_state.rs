//! The settings that outlive the dashboard: the theme, and what each view saves. They are text, one
//! `name = value` per line; the session decides where that text is stored.

use super::App;
use crate::tui::view::registry::VIEWS;

const THEME: &str = "theme";

impl App {
    /// Returns the settings as text.
    pub fn saved_settings(&self) -> String {
        let mut text = String::new();
        if let Some(theme) = self.chosen_theme {
            text += &format!("{THEME} = {theme}\n");
        }
        for (entry, view) in VIEWS.iter().zip(&self.views) {
            for (name, value) in view.saved() {
                let view = entry.name.to_ascii_lowercase();
                text += &format!("{view}.{name} = {value}\n");
            }
        }
        text
    }

    /// Restores settings. Returns a message for each line that is not valid.
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
        let (name, value) = line.split_once('=').ok_or("expected name = value")?;
        let (name, value) = (name.trim(), value.trim());
        if name == THEME {
            return self.set_theme(value).map_err(|error| error.to_string());
        }
        let (view, name) = name.split_once('.').unwrap_or((name, ""));
        let number = VIEWS
            .iter()
            .position(|entry| entry.name.eq_ignore_ascii_case(view));
        let number = number.ok_or_else(|| format!("there is no view {view:?}"))?;
        self.views[number].restore(name, value)
    }
}
