//! Renders a terminal screen, as tmux captures it, to SVG, in the colours of xterm.

use std::fmt::Write as _;

use vt100::{Cell, Color, Parser};

const WIDTH: f64 = 8.4;
const HEIGHT: f64 = 18.0;
const MARGIN: f64 = 10.0;
const INK: &str = "#d0d0d0";
const PAPER: &str = "#16181d";

/// The first sixteen colours, as in most terminals.
const BASIC: [&str; 16] = [
    "#000000", "#cd3131", "#0dbc79", "#e5e510", "#2472c8", "#bc3fbc", "#11a8cd", "#e5e5e5",
    "#666666", "#f14c4c", "#23d18b", "#f5f543", "#3b8eea", "#d670d6", "#29b8db", "#ffffff",
];

pub fn picture(text: &str, (columns, lines): (u16, u16)) -> String {
    let mut terminal = Parser::new(lines, columns, 0);
    terminal.process(text.trim_end_matches('\n').replace('\n', "\r\n").as_bytes());
    let screen = terminal.screen();
    let (width, height) = (
        f64::from(columns) * WIDTH + 2.0 * MARGIN,
        f64::from(lines) * HEIGHT + 2.0 * MARGIN,
    );
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         font-family=\"ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace\" font-size=\"14\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{PAPER}\"/>\n"
    );
    for line in 0..lines {
        let cells: Vec<_> = (0..columns)
            .filter_map(|column| screen.cell(line, column))
            .collect();
        let mut column = 0;
        for run in cells.chunk_by(|one, other| same(one, other)) {
            draw(&mut svg, run, (column, line));
            column += run.len() as u16;
        }
    }
    svg + "</svg>\n"
}

fn style(cell: &Cell) -> (String, Option<String>, bool) {
    let ink = colour(cell.fgcolor()).unwrap_or_else(|| INK.to_owned());
    let paper = colour(cell.bgcolor());
    match cell.inverse() {
        true => (
            paper.unwrap_or_else(|| PAPER.to_owned()),
            Some(ink),
            cell.bold(),
        ),
        false => (ink, paper, cell.bold()),
    }
}

fn same(one: &Cell, other: &Cell) -> bool {
    // Wide characters are runs of their own, which keeps what follows in its column.
    style(one) == style(other)
        && !one.is_wide()
        && !other.is_wide()
        && !one.is_wide_continuation()
        && !other.is_wide_continuation()
}

fn draw(svg: &mut String, run: &[&Cell], (column, line): (u16, u16)) {
    let text: String = run
        .iter()
        .map(|cell| {
            if cell.has_contents() {
                cell.contents()
            } else {
                " "
            }
        })
        .collect();
    let (ink, paper, bold) = style(run[0]);
    let (x, y) = (
        MARGIN + f64::from(column) * WIDTH,
        MARGIN + f64::from(line) * HEIGHT,
    );
    let width = run.len() as f64 * WIDTH;
    if let Some(paper) = paper {
        let _ = writeln!(
            svg,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{HEIGHT}\" fill=\"{paper}\"/>"
        );
    }
    if text.trim().is_empty() || run[0].is_wide_continuation() {
        return;
    }
    let weight = if bold { " font-weight=\"bold\"" } else { "" };
    let text = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    // The length keeps columns aligned in any font.
    let _ = writeln!(
        svg,
        "<text x=\"{x:.1}\" y=\"{:.1}\" fill=\"{ink}\"{weight} textLength=\"{width:.1}\" \
         lengthAdjust=\"spacingAndGlyphs\" xml:space=\"preserve\">{text}</text>",
        y + HEIGHT - 4.5
    );
}

/// Returns one of xterm's 256 colours: sixteen, a cube of 6×6×6, and 24 greys.
fn colour(colour: Color) -> Option<String> {
    match colour {
        Color::Default => None,
        Color::Rgb(red, green, blue) => Some(format!("#{red:02x}{green:02x}{blue:02x}")),
        Color::Idx(index @ 0..=15) => Some(BASIC[usize::from(index)].to_owned()),
        Color::Idx(index @ 16..=231) => {
            let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
            let cube = index - 16;
            let (red, green, blue) = (level(cube / 36), level(cube / 6 % 6), level(cube % 6));
            Some(format!("#{red:02x}{green:02x}{blue:02x}"))
        }
        Color::Idx(index) => {
            let grey = 8 + 10 * (index - 232);
            Some(format!("#{grey:02x}{grey:02x}{grey:02x}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn screen_is_drawn_in_color_and_escaped() {
        let svg = picture(
            "\u{1b}[31ma<b\u{1b}[0m \u{1b}[48;5;24m日\u{1b}[0mc\n",
            (10, 2),
        );
        assert!(
            svg.contains("fill=\"#cd3131\"") && svg.contains("a&lt;b"),
            "{svg}"
        );
        assert!(svg.contains("fill=\"#005f87\""), "{svg}");
        // The cell after a wide character is two columns further.
        let x = MARGIN + 6.0 * WIDTH;
        assert!(svg.contains(&format!("<text x=\"{x:.1}\"")), "{svg}");
    }
}
