//! The terminal's background: dark or light. It is requested once (OSC 11,
//! <https://invisible-island.net/xterm/ctlseqs/ctlseqs.html>) and never waited for. The answer
//! arrives among the keys, perhaps late, perhaps never, and is separated from typed keys here. A
//! library that waits would delay the first picture and read a late answer as keys.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use xterm_color::Color;

use crate::tui::style::theme::Lightness;

/// The escape sequence that requests the background colour (OSC 11).
pub const QUESTION: &str = "\x1b]11;?\x1b\\";

/// The longest answer: `11;rgba:` and four times four digits.
const LONGEST: usize = 27;

/// The result of a key.
#[derive(Debug, PartialEq)]
pub enum Recognised {
    /// The keys were typed.
    Keys(Vec<KeyEvent>),
    /// The key belongs to an answer, or may.
    Nothing,
    /// The terminal has answered.
    Background(Lightness),
}

/// Recognises the answer among the keys.
#[derive(Debug, Default)]
pub enum Listener {
    /// No answer is expected.
    #[default]
    Off,
    /// An answer may arrive.
    Waiting,
    /// The answer so far, from its `ESC ]` on.
    Receiving(Vec<KeyEvent>),
}

impl Listener {
    /// Takes a key and separates answers from typed keys.
    pub fn recognise(&mut self, key: KeyEvent) -> Recognised {
        let alt = key.modifiers == KeyModifiers::ALT;
        match self {
            Listener::Off => Recognised::Keys(vec![key]),
            // Terminals send Alt as ESC and the character.
            Listener::Waiting if alt && key.code == KeyCode::Char(']') => {
                *self = Listener::Receiving(vec![key]);
                Recognised::Nothing
            }
            Listener::Waiting => Recognised::Keys(vec![key]),
            Listener::Receiving(keys) if ends(key) => {
                let answer = background(keys);
                *self = Listener::Off;
                answer.map_or(Recognised::Nothing, Recognised::Background)
            }
            Listener::Receiving(keys) => {
                keys.push(key);
                if is_part(keys) {
                    return Recognised::Nothing;
                }
                let keys = std::mem::take(keys);
                *self = Listener::Waiting;
                Recognised::Keys(keys)
            }
        }
    }
}

/// Returns true for the end of an answer: the string terminator `ESC \`, half of it over a slow
/// line, or BEL.
fn ends(key: KeyEvent) -> bool {
    match key.code {
        KeyCode::Char('\\') => key.modifiers == KeyModifiers::ALT,
        KeyCode::Char('g') => key.modifiers == KeyModifiers::CONTROL,
        KeyCode::Esc => true,
        _ => false,
    }
}

/// Returns the text that follows `ESC ]`.
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

/// Returns true if the keys may be the beginning of an answer.
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

    /// Returns the typed keys, and the background.
    fn heard(text: &str) -> (Vec<KeyEvent>, Option<f32>) {
        let mut listener = Listener::Waiting;
        let (mut keys, mut background) = (Vec::new(), None);
        for key in typed(text) {
            match listener.recognise(key) {
                Recognised::Keys(more) => keys.extend(more),
                Recognised::Nothing => {}
                Recognised::Background(Lightness(lightness)) => background = Some(lightness),
            }
        }
        (keys, background)
    }

    #[test]
    fn answers_are_separated_from_typed_keys() {
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
    fn typed_keys_are_never_lost() {
        for text in [
            "q",
            "\x1b]q",
            "\x1b]1k",
            "\x1b]11;rgb:q",
            "\x1b]11;ffffffffffffffffffffffffffffff",
        ] {
            assert_eq!(heard(text), (typed(text), None), "{text:?}");
        }
        // An invalid answer is discarded.
        assert_eq!(heard("\x1b]11;rgb:\x07j"), (typed("j"), None));
    }

    #[test]
    fn keys_pass_through_without_a_request() {
        let mut listener = Listener::Off;
        for key in typed("\x1b]11;rgb:0/0/0\x07") {
            assert_eq!(listener.recognise(key), Recognised::Keys(vec![key]));
        }
    }
}
