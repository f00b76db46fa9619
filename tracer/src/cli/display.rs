//! The appearance of the dashboard. Shared by `live` and `replay`.

use clap::{Args, ValueEnum, builder::PossibleValuesParser};
use tracer::session::{self, Appearance, Colours};

#[derive(Args)]
pub struct DisplayArgs {
    /// The color theme [default: the last one used, or one that fits the terminal's background]
    #[arg(long, value_name = "THEME", value_parser = PossibleValuesParser::new(session::themes()))]
    theme: Option<String>,
    /// The number of colors; auto uses what the terminal reports, or none if NO_COLOR is set
    #[arg(
        long,
        visible_alias = "color",
        value_name = "HOW",
        value_enum,
        default_value_t
    )]
    colors: ColoursArg,
    /// Draw with ASCII characters only [default: if the locale is not UTF-8]
    #[arg(long)]
    ascii: bool,
    /// Do not load or save the dashboard's settings: columns, sort order, theme
    #[arg(long)]
    no_state: bool,
}

impl DisplayArgs {
    /// Returns the options for the session.
    pub fn looks(self) -> Appearance {
        Appearance {
            theme: self.theme,
            colours: match self.colors {
                ColoursArg::Auto => Colours::Auto,
                ColoursArg::Never => Colours::Never,
                ColoursArg::Sixteen => Colours::Named,
                ColoursArg::Palette => Colours::Indexed,
                ColoursArg::True => Colours::True,
            },
            ascii: self.ascii,
            no_state: self.no_state,
        }
    }
}

/// The values of `--colors`.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum ColoursArg {
    #[default]
    Auto,
    /// Bold, dim and reverse video only
    Never,
    #[value(name = "16")]
    Sixteen,
    #[value(name = "256")]
    Palette,
    /// 24-bit color
    True,
}
