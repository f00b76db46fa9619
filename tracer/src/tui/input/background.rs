//! Whether the terminal's background is dark or light. It is asked once (OSC 11,
//! <https://invisible-island.net/xterm/ctlseqs/ctlseqs.html>) and never waited
//! for: the answer comes among the keys, soon, late over a slow line, or never,
//! and is told from what is typed here. A library that waits would delay the
//! first picture and take a late answer for keys.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use xterm_color::Color;

use crate::tui::style::theme::Lightness;

pub const QUESTION: &str = "\x1b]11;?\x1b\\";

/// The longest answer: `11;rgba:` and four times four digits.
const LONGEST: usize = 27;

/// What keys turned out to be.
#[derive(Debug, PartialEq)]
pub enum Heard {
    /// Typed, all of them.
    Keys(Vec<KeyEvent>),
    /// An answer, or what may become one.
    Nothing,
    Background(Lightness),
}

/// Listens for the answer.
#[derive(Debug, Default)]
pub enum Listener {
    /// Nothing was asked, or it has been answered.
    #[default]
    Off,
    Waits,
    /// The answer so far, from its `ESC ]` on.
    Hears(Vec<KeyEvent>),
}

impl Listener {
    pub fn hear(&mut self, key: KeyEvent) -> Heard {
        let alt = key.modifiers == KeyModifiers::ALT;
        match self {
            Listener::Off => Heard::Keys(vec![key]),
            // ESC and another character are how Alt reaches a terminal.
            Listener::Waits if alt && key.code == KeyCode::Char(']') => {
                *self = Listener::Hears(vec![key]);
                Heard::Nothing
            }
            Listener::Waits => Heard::Keys(vec![key]),
            Listener::Hears(keys) if ends(key) => {
                let answer = background(keys);
                *self = Listener::Off;
                answer.map_or(Heard::Nothing, Heard::Background)
            }
            Listener::Hears(keys) => {
                keys.push(key);
                if is_part(keys) {
                    return Heard::Nothing;
                }
                let keys = std::mem::take(keys);
                *self = Listener::Waits;
                Heard::Keys(keys)
            }
        }
    }
}

/// The string terminator, `ESC \`, of which a slow line may bring half, or BEL.
fn ends(key: KeyEvent) -> bool {
    match key.code {
        KeyCode::Char('\\') => key.modifiers == KeyModifiers::ALT,
        KeyCode::Char('g') => key.modifiers == KeyModifiers::CONTROL,
        KeyCode::Esc => true,
        _ => false,
    }
}

/// What follows `ESC ]`.
fn text(keys: &[KeyEvent]) -> Option<String> {
    let letters = keys.iter().skip(1);
    let letters = letters.map(|key| match key.code {
        KeyCode::Char(letter) if key.modifiers.difference(KeyModifiers::SHIFT).is_empty() => {
            Some(letter)
        }
        _ => None,
    });
    letters.collect()
}

/// An answer may begin so.
fn is_part(keys: &[KeyEvent]) -> bool {
    const NUMBER: &str = "11;";
    let Some(text) = text(keys) else { return false };
    let begins = text.starts_with(NUMBER) || NUMBER.starts_with(&text);
    let is_colour = |letter: char| letter.is_ascii_hexdigit() || "rgba:/#".contains(letter);
    let colour = text.get(NUMBER.len()..).unwrap_or_default();
    begins && text.len() <= LONGEST && colour.chars().all(is_colour)
}

fn background(keys: &[KeyEvent]) -> Option<Lightness> {
    let text = text(keys)?;
    let colour = Color::parse(text.strip_prefix("11;")?.as_bytes()).ok()?;
    Some(Lightness(colour.perceived_lightness()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Vec<KeyEvent> {
        let mut alt = false;
        let keys = text.chars().filter_map(|letter| {
            let modifiers = match std::mem::take(&mut alt) {
                true => KeyModifiers::ALT,
                false => KeyModifiers::NONE,
            };
            alt = letter == '\x1b';
            let bell = KeyEvent::new(KeyCode::Char('g'), KeyModifiers::CONTROL);
            match letter {
                '\x1b' => None,
                '\x07' => Some(bell),
                letter => Some(KeyEvent::new(KeyCode::Char(letter), modifiers)),
            }
        });
        keys.collect()
    }

    /// What is left of the keys, and the background.
    fn heard(text: &str) -> (Vec<KeyEvent>, Option<f32>) {
        let mut listener = Listener::Waits;
        let (mut keys, mut background) = (Vec::new(), None);
        for key in typed(text) {
            match listener.hear(key) {
                Heard::Keys(more) => keys.extend(more),
                Heard::Nothing => {}
                Heard::Background(Lightness(lightness)) => background = Some(lightness),
            }
        }
        (keys, background)
    }

    #[test]
    fn an_answer_is_told_from_what_is_typed() {
        for (answer, least, most) in [
            ("\x1b]11;rgb:ffff/ffff/ffff\x1b\\", 0.99, 1.0),
            ("\x1b]11;rgb:FF/FF/EE\x07", 0.9, 1.0),
            ("\x1b]11;rgba:0000/2b2b/3636/ffff\x1b\\", 0.0, 0.2),
            ("\x1b]11;#1e1e1e\x07", 0.0, 0.2),
        ] {
            let (keys, background) = heard(&format!("j{answer}k"));
            assert_eq!(keys, typed("jk"), "{answer:?}");
            let background = background.unwrap();
            assert!(
                (least..=most).contains(&background),
                "{answer:?}: {background}"
            );
        }
    }

    #[test]
    fn nothing_that_is_typed_is_lost() {
        for text in [
            "q",
            "\x1b]q",
            "\x1b]1k",
            "\x1b]11;rgb:q",
            "\x1b]11;ffffffffffffffffffffffffffffff",
        ] {
            assert_eq!(heard(text), (typed(text), None), "{text:?}");
        }
        // An answer of no use is not typed either.
        assert_eq!(heard("\x1b]11;rgb:\x07j"), (typed("j"), None));
    }

    #[test]
    fn only_who_has_asked_is_answered() {
        let mut listener = Listener::Off;
        for key in typed("\x1b]11;rgb:0/0/0\x07") {
            assert_eq!(listener.hear(key), Heard::Keys(vec![key]));
        }
    }
}
