//! Appearance of the dashboard: command-line options override terminal
//! properties.

use crate::tui::{self, App, Depth, Look, PLAIN};

/// Options of the command line for the dashboard.
#[derive(Clone, Debug, Default)]
pub struct Appearance {
    /// Name of a theme, one of [`themes`]. `None` takes the one of the last run, or
    /// else fits the terminal's background.
    pub theme: Option<String>,
    /// Number of colours.
    pub colours: Colours,
    /// True to draw with ASCII characters only.
    pub ascii: bool,
    /// True to neither restore nor save the state of the dashboard.
    pub no_state: bool,
}

/// Number of colours in the dashboard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colours {
    /// As many as the terminal supports.
    #[default]
    Auto,
    /// None.
    Never,
    /// The 16 named colours.
    Named,
    /// 256 indexed colours.
    Indexed,
    /// 24-bit colours.
    True,
}

/// Returns the names of the themes.
pub fn themes() -> impl Iterator<Item = &'static str> {
    tui::THEMES.iter().map(|theme| theme.name).chain([PLAIN])
}

impl Appearance {
    /// Returns colours and characters for this terminal.
    pub fn look(&self) -> Look {
        let look = Look::from_env(|name| std::env::var(name).ok());
        let look = match self.colours {
            Colours::Auto => look,
            Colours::Never => look.with_depth(None),
            Colours::Named => look.with_depth(Some(Depth::Named)),
            Colours::Indexed => look.with_depth(Some(Depth::Indexed)),
            Colours::True => look.with_depth(Some(Depth::True)),
        };
        if self.ascii { look.in_ascii() } else { look }
    }

    /// Sets the theme of a dashboard whose state has been restored.
    pub fn set_theme(&self, app: &mut App) {
        match &self.theme {
            // The command line has checked the name.
            Some(theme) => app.use_theme(theme),
            // The Linux console does not answer a query for its background, and old
            // ones print it.
            None if std::env::var("TERM").is_ok_and(|term| term == "linux") => {}
            None => app.detect_background(),
        }
    }
}
