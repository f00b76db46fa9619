//! The themes: the colour of each tone on a dark background, on a light one and on an unknown one,
//! with 16, 256 and 16 million colours. A theme is a row of the table; a test checks its contrasts
//! against WCAG 2.

use std::fmt;

use ratatui::style::Color;

/// Lightness of the terminal's background, from 0 (black) to 1 (white).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lightness(pub f32);

/// The number of colours of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// 16 colours, defined by the terminal.
    Named,
    /// 256 colours: <https://en.wikipedia.org/wiki/ANSI_escape_code#8-bit>.
    Indexed,
    /// 24 bits per colour.
    True,
}

/// One colour for each depth.
#[derive(Clone, Copy, Debug)]
pub struct Shade(Color, u8, u32);

impl Shade {
    /// Returns the colour at a depth.
    pub fn at(self, depth: Depth) -> Color {
        let Shade(named, index, rgb) = self;
        match depth {
            Depth::Named => named,
            Depth::Indexed => Color::Indexed(index),
            Depth::True => Color::from_u32(rgb),
        }
    }
}

/// The colours of all tones.
#[derive(Debug)]
pub struct Theme {
    /// The name, as the settings and `--theme` spell it.
    pub name: &'static str,
    /// The background that the theme is made for.
    pub about: &'static str,
    /// Values that are as they should be.
    pub good: Shade,
    /// Values worth a look.
    pub warn: Shade,
    /// Failures.
    pub bad: Shade,
    /// Titles.
    pub title: Shade,
    /// Interactive text.
    pub accent: Shade,
    /// Secondary text.
    pub dim: Shade,
    /// Lines that guide the eye.
    pub faint: Shade,
    /// Text on [`Self::good`], [`Self::warn`] and [`Self::title`] as backgrounds.
    pub on_badge: Shade,
    /// Text and its background.
    pub alert: (Shade, Shade),
    /// Text and background of the selected line.
    pub selection: (Shade, Shade),
}

const BLACK: Shade = Shade(Color::Black, 16, 0x00_00_00);
const WHITE: Shade = Shade(Color::White, 231, 0xff_ff_ff);

/// Colours from the middle of the colour cube, which are visible on black and on white.
pub static EITHER: Theme = Theme {
    name: "either",
    about: "for a dark or a light background",
    good: Shade(Color::Green, 71, 0x5f_af_5f),
    warn: Shade(Color::Yellow, 172, 0xd7_87_00),
    bad: Shade(Color::Red, 167, 0xd7_5f_5f),
    title: Shade(Color::Blue, 68, 0x5f_87_d7),
    accent: Shade(Color::Cyan, 37, 0x00_af_af),
    dim: Shade(Color::DarkGray, 245, 0x8a_8a_8a),
    faint: Shade(Color::DarkGray, 242, 0x6c_6c_6c),
    on_badge: BLACK,
    alert: (WHITE, Shade(Color::Red, 160, 0xd7_00_00)),
    selection: (WHITE, Shade(Color::Blue, 24, 0x00_5f_87)),
};

static DARK: Theme = Theme {
    name: "dark",
    about: "for a dark background",
    good: Shade(Color::Green, 114, 0x8c_c9_8c),
    warn: Shade(Color::Yellow, 179, 0xe3_b3_62),
    bad: Shade(Color::LightRed, 210, 0xff_8a_80),
    title: Shade(Color::LightBlue, 111, 0x8a_b4_f8),
    accent: Shade(Color::Cyan, 80, 0x6f_d3_d3),
    dim: Shade(Color::Gray, 248, 0xa4_aa_b4),
    faint: Shade(Color::DarkGray, 242, 0x70_76_80),
    on_badge: BLACK,
    alert: (WHITE, Shade(Color::Red, 160, 0xc6_28_28)),
    selection: (WHITE, Shade(Color::Blue, 24, 0x1f_4e_79)),
};

static LIGHT: Theme = Theme {
    name: "light",
    about: "for a light background",
    good: Shade(Color::Green, 22, 0x1b_6e_2a),
    warn: Shade(Color::Magenta, 94, 0x8a_4b_00),
    bad: Shade(Color::Red, 124, 0xb7_1c_1c),
    title: Shade(Color::Blue, 25, 0x1a_56_b0),
    accent: Shade(Color::Cyan, 23, 0x00_63_6e),
    dim: Shade(Color::DarkGray, 240, 0x55_5c_66),
    faint: Shade(Color::DarkGray, 244, 0x85_8b_94),
    on_badge: WHITE,
    alert: (WHITE, Shade(Color::Red, 160, 0xc6_28_28)),
    selection: (BLACK, Shade(Color::Cyan, 153, 0xc5_df_fb)),
};

/// The themes in the order of the key.
pub static THEMES: [&Theme; 3] = [&EITHER, &DARK, &LIGHT];

/// Returns the number of colours for the values of TERM and COLORTERM; `None` if the terminal has
/// no colours.
pub fn depth(term: Option<&str>, colorterm: Option<&str>) -> Option<Depth> {
    let term = term.unwrap_or_default();
    match (term, colorterm) {
        ("dumb", _) => None,
        (term, _) if term.starts_with("vt") => None,
        (_, Some("truecolor" | "24bit")) => Some(Depth::True),
        (term, _) if term.contains("direct") => Some(Depth::True),
        (term, _) if term.contains("256color") => Some(Depth::Indexed),
        // TERM is not set: most terminals have 256 colours.
        ("", _) => Some(Depth::Indexed),
        _ => Some(Depth::Named),
    }
}

/// Returns the theme for the value of COLORFGBG: `foreground;background` as numbers of the 16
/// colours. Some terminals put another number between them.
pub fn by_background(colours: &str) -> Option<&'static Theme> {
    match colours.rsplit(';').next()?.parse().ok()? {
        0..=6 | 8 => Some(&DARK),
        7 | 9..=15 => Some(&LIGHT),
        16..=u8::MAX => None,
    }
}

/// Returns the theme for a background of that lightness.
pub fn by_lightness(Lightness(lightness): Lightness) -> &'static Theme {
    if lightness > 0.5 { &LIGHT } else { &DARK }
}

/// Error returned for a theme that does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownTheme {
    /// Name that was given.
    pub name: String,
    /// Names of the themes.
    pub known: Vec<&'static str>,
}

impl fmt::Display for UnknownTheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.known.join(", ");
        write!(f, "there is no theme {:?}, only {known}", self.name)
    }
}

impl std::error::Error for UnknownTheme {}

#[cfg(test)]
mod tests {
    use super::*;

    fn rgb(colour: Color) -> [u8; 3] {
        match colour {
            Color::Rgb(red, green, blue) => [red, green, blue],
            Color::Indexed(grey @ 232..) => [8 + (grey - 232) * 10; 3],
            Color::Indexed(index @ 16..) => {
                let index = index - 16;
                [index / 36, index / 6 % 6, index % 6].map(|step| match step {
                    0 => 0,
                    step => 55 + step * 40,
                })
            }
            named => panic!("{named:?} has no fixed colour"),
        }
    }

    /// Returns the relative luminance of WCAG 2.
    fn luminance(colour: [u8; 3]) -> f64 {
        let [red, green, blue] = colour.map(|channel| {
            let channel = f64::from(channel) / 255.0;
            match channel <= 0.03928 {
                true => channel / 12.92,
                false => ((channel + 0.055) / 1.055).powf(2.4),
            }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    /// Text has a contrast of at least 4.5 : 1 where the background is known, and 2.4 : 1 where it
    /// may be either. Lines that only guide the eye may have less.
    #[test]
    fn every_tone_has_enough_contrast() {
        let (black, white) = ([0x1e; 3], [0xff; 3]);
        let grounds: [(&Theme, &[[u8; 3]], f64, f64); 3] = [
            (&EITHER, &[[0; 3], white], 2.4, 2.4),
            (&DARK, &[[0; 3], black], 4.5, 2.8),
            (&LIGHT, &[white], 4.5, 2.8),
        ];
        for (theme, grounds, least, least_faint) in grounds {
            for depth in [Depth::Indexed, Depth::True] {
                let check = |over: Shade, under: [u8; 3], least: f64| {
                    let over = rgb(over.at(depth));
                    let contrast = contrast(over, under);
                    let name = theme.name;
                    assert!(
                        contrast >= least,
                        "{name} {over:?} on {under:?}: {contrast:.2}"
                    );
                };
                for &ground in grounds {
                    for shade in [theme.good, theme.warn, theme.bad, theme.title] {
                        check(shade, ground, least);
                    }
                    check(theme.accent, ground, least);
                    check(theme.dim, ground, least);
                    check(theme.faint, ground, least_faint);
                }
                for (over, under) in [theme.alert, theme.selection] {
                    check(over, rgb(under.at(depth)), 4.5);
                }
                for badge in [theme.good, theme.warn, theme.title] {
                    check(theme.on_badge, rgb(badge.at(depth)), 4.5);
                }
            }
        }
    }

    #[test]
    fn depth_and_theme_follow_the_environment() {
        let of = |term, colorterm| depth(Some(term), colorterm);
        assert_eq!(of("dumb", Some("truecolor")), None);
        assert_eq!(of("vt220", None), None);
        assert_eq!(of("xterm", None), Some(Depth::Named));
        assert_eq!(of("linux", None), Some(Depth::Named));
        assert_eq!(of("tmux-256color", None), Some(Depth::Indexed));
        assert_eq!(of("xterm-256color", Some("truecolor")), Some(Depth::True));
        assert_eq!(of("xterm-direct", None), Some(Depth::True));
        let name = |colours| by_background(colours).map(|theme| theme.name);
        assert_eq!(name("15;0"), Some("dark"));
        assert_eq!(name("0;default;15"), Some("light"));
        assert_eq!(name("default;default"), None);
    }
}
