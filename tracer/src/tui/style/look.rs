//! Looks: the one place that maps tones to colours and attributes.
//!
//! Colour never carries information alone: every state has its glyph, and everything is legible in
//! monochrome and in plain ASCII. The default foreground and background stay the terminal's own.

use ratatui::style::{Color, Modifier, Style};

use crate::tui::style::{
    glyphs::{ASCII, Glyphs, UNICODE},
    phrase::Tone,
    theme::{self, Depth, Theme},
};

/// The colours of a look.
#[derive(Clone, Copy, Debug)]
pub enum Palette {
    /// A theme and the number of colours it is shown in.
    Colour(&'static Theme, Depth),
    /// Bold, dim, underlined and reversed only.
    Monochrome,
}

/// Colours and glyphs.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// The colours.
    pub palette: Palette,
    /// The glyphs.
    pub glyphs: &'static Glyphs,
    /// The number of colours that may be used; `None` if colours are not allowed.
    depth: Option<Depth>,
}

impl Default for Look {
    fn default() -> Self {
        Look::of(Some(Depth::Indexed), &UNICODE)
    }
}

impl Look {
    fn of(depth: Option<Depth>, glyphs: &'static Glyphs) -> Look {
        Look {
            palette: match depth {
                Some(depth) => Palette::Colour(&theme::EITHER, depth),
                None => Palette::Monochrome,
            },
            glyphs,
            depth,
        }
    }

    /// Returns the look that the environment asks for: <https://no-color.org>, the terminal's
    /// colours (TERM, COLORTERM), its background where it reports it (COLORFGBG), and the locale's
    /// character set, with variables in the order of setlocale(3).
    pub fn from_env(variable: impl Fn(&str) -> Option<String>) -> Look {
        let set = |name| variable(name).filter(|value| !value.is_empty());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
        let utf8 = locale.is_some_and(|locale| {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        });
        let depth = match set("NO_COLOR") {
            Some(_) => None,
            None => theme::depth(set("TERM").as_deref(), set("COLORTERM").as_deref()),
        };
        let look = Look::of(depth, if utf8 { &UNICODE } else { &ASCII });
        match set("COLORFGBG").and_then(|colours| theme::by_background(&colours)) {
            Some(theme) => look.with_theme(theme),
            None => look,
        }
    }

    /// Returns this look with a number of colours, whatever the terminal reports; without any for
    /// `None`.
    pub fn with_depth(self, depth: Option<Depth>) -> Look {
        let theme = self.theme();
        Look::of(depth, self.glyphs).with_theme(theme)
    }

    /// Returns this look in plain ASCII, whatever the locale.
    pub fn in_ascii(self) -> Look {
        let glyphs = &ASCII;
        Look { glyphs, ..self }
    }

    /// Returns this look with a theme, if colours are allowed.
    pub fn with_theme(self, theme: &'static Theme) -> Look {
        let palette = match self.depth {
            Some(depth) => Palette::Colour(theme, depth),
            None => Palette::Monochrome,
        };
        Look { palette, ..self }
    }

    /// Returns true if themes make a difference.
    pub fn has_themes(&self) -> bool {
        matches!(self.palette, Palette::Colour(..))
    }

    /// Returns this look without colours.
    pub fn plain(self) -> Look {
        let palette = Palette::Monochrome;
        Look { palette, ..self }
    }

    fn theme(&self) -> &'static Theme {
        match self.palette {
            Palette::Colour(theme, _) => theme,
            Palette::Monochrome => &theme::EITHER,
        }
    }

    /// Returns the name that [`Look::named`] accepts.
    pub fn name(&self) -> &'static str {
        match self.palette {
            Palette::Colour(theme, _) => theme.name,
            Palette::Monochrome => PLAIN,
        }
    }

    /// Returns the look of a theme, or the plain look, by name.
    pub fn named(self, name: &str) -> Option<Look> {
        if name == PLAIN {
            return Some(self.plain());
        }
        let theme = theme::THEMES.iter().find(|theme| theme.name == name)?;
        Some(self.with_theme(theme))
    }

    /// Returns the next look, in the order of the names.
    pub fn next(self) -> Look {
        if self.depth.is_none() {
            return self;
        }
        let mut names = theme::THEMES.iter().map(|theme| theme.name).chain([PLAIN]);
        names.find(|&name| name == self.name());
        let next = names.next().unwrap_or(theme::THEMES[0].name);
        self.named(next).unwrap_or(self)
    }

    /// Returns the style of a tone.
    pub fn style(&self, tone: Tone) -> Style {
        match self.palette {
            Palette::Colour(theme, depth) => colour(theme, depth, tone),
            Palette::Monochrome => monochrome(tone),
        }
    }

    /// Returns the style of the selected line. It replaces the colours of the text, not all of
    /// which would be legible on it.
    pub fn selection(&self) -> Style {
        match self.palette {
            Palette::Colour(theme, depth) => {
                let (over, under) = theme.selection;
                Style::new().fg(over.at(depth)).bg(under.at(depth))
            }
            Palette::Monochrome => Style::new()
                .add_modifier(Modifier::REVERSED)
                .remove_modifier(Modifier::DIM),
        }
    }

    /// Returns the style of a search match.
    pub fn found(&self) -> Style {
        match self.palette {
            Palette::Colour(theme, depth) => Style::new()
                .fg(theme.on_badge.at(depth))
                .bg(theme.warn.at(depth)),
            Palette::Monochrome => Style::new().add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
        }
    }
}

/// The name of the look without colours.
pub const PLAIN: &str = "plain";

fn colour(theme: &Theme, depth: Depth, tone: Tone) -> Style {
    let style = Style::new();
    let colour = |shade: theme::Shade| -> Color { shade.at(depth) };
    let text = |shade| style.fg(colour(shade));
    let bold = |style: Style| style.add_modifier(Modifier::BOLD);
    let badge = |shade| bold(style.fg(colour(theme.on_badge)).bg(colour(shade)));
    let pair = |(over, under)| bold(style.fg(colour(over)).bg(colour(under)));
    match tone {
        Tone::Plain => style,
        Tone::Strong => bold(style),
        Tone::Dim | Tone::Tab => text(theme.dim),
        Tone::Faint => text(theme.faint),
        Tone::Good => text(theme.good),
        Tone::Warn => text(theme.warn),
        Tone::Bad => bold(text(theme.bad)),
        Tone::Alert => pair(theme.alert),
        Tone::Accent => text(theme.accent),
        Tone::Title => bold(text(theme.title)),
        Tone::Sorted | Tone::Key => bold(text(theme.accent)),
        Tone::ActiveTab => pair(theme.selection),
        Tone::Live => badge(theme.good),
        Tone::Replay => badge(theme.title),
        Tone::Paused => badge(theme.warn),
    }
}

fn monochrome(tone: Tone) -> Style {
    let style = Style::new();
    match tone {
        Tone::Plain | Tone::Good | Tone::Accent | Tone::Tab => style,
        Tone::Dim | Tone::Faint => style.add_modifier(Modifier::DIM),
        Tone::Strong | Tone::Warn | Tone::Title | Tone::Key => style.add_modifier(Modifier::BOLD),
        Tone::Bad | Tone::Sorted => style.add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
        Tone::Alert | Tone::ActiveTab | Tone::Live | Tone::Replay | Tone::Paused => {
            style.add_modifier(Modifier::BOLD | Modifier::REVERSED)
        }
    }
}
