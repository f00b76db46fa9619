//! How the dashboard is to look and whether it remembers: what the command line
//! says over what the terminal says.

use super::{filters, keepsake::Keepsake};
use crate::{
    filter::Filter,
    tui::{self, App, Depth, Look, PLAIN},
};

/// What the command line says of it.
#[derive(Clone, Debug, Default)]
pub struct Looks {
    /// One of [`themes`]; none: as it was left, or as the terminal says.
    pub theme: Option<String>,
    pub colours: Colours,
    pub ascii: bool,
    /// Neither read nor write how the dashboard was left.
    pub no_state: bool,
}

/// How many colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colours {
    /// As the terminal says.
    #[default]
    Auto,
    Never,
    Named,
    Indexed,
    True,
}

/// The names that a theme can have.
pub fn themes() -> impl Iterator<Item = &'static str> {
    tui::THEMES.iter().map(|theme| theme.name).chain([PLAIN])
}

impl Looks {
    fn look(&self) -> Look {
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

    /// A dashboard that looks so, and how it was before: to be kept at its end.
    pub fn dashboard(&self, mode: tui::Mode, filter: Option<Filter>) -> (App, Option<Keepsake>) {
        let mut app = App::new(mode, self.look());
        app.set_filter(filter);
        app.set_saved(filters::saved());
        let keepsake = (!self.no_state).then(|| Keepsake::restore(&mut app));
        match &self.theme {
            // The command line has been checked.
            Some(theme) => app.show_theme(theme),
            // The Linux console knows no such question, and old ones print it.
            None if std::env::var("TERM").is_ok_and(|term| term == "linux") => {}
            None => app.fit_background(),
        }
        (app, keepsake)
    }
}
