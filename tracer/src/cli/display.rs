//! How the dashboard looks. Of `live` and `replay`.

use clap::{Args, ValueEnum, builder::PossibleValuesParser};
use tracer::session::{self, Colours, Looks};

#[derive(Args)]
pub struct DisplayArgs {
    /// The dashboard's colours [default: as they were left, or as the terminal's background asks for]
    #[arg(long, value_name = "THEME", value_parser = PossibleValuesParser::new(session::themes()))]
    theme: Option<String>,
    /// How many colours; auto is what the terminal says it has, and none with NO_COLOR
    #[arg(
        long,
        visible_alias = "color",
        value_name = "HOW",
        value_enum,
        default_value_t
    )]
    colors: ColoursArg,
    /// No signs but ASCII [default: where the locale has no UTF-8]
    #[arg(long)]
    ascii: bool,
    /// Neither read nor keep how the dashboard was left: columns, order, theme
    #[arg(long)]
    no_state: bool,
}

impl DisplayArgs {
    pub fn looks(self) -> Looks {
        Looks {
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

/// What `--colors` takes.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum ColoursArg {
    #[default]
    Auto,
    /// Bold, dim and reversed only
    Never,
    #[value(name = "16")]
    Sixteen,
    #[value(name = "256")]
    Palette,
    /// 24 bits
    True,
}
