//! Writing JSON: strings, wall-clock times, lines.
//!
//! The objects of each format are structs of their own. Their doc comments describe
//! the keys in docs/json.md and in docs/schema.

use std::{
    borrow::Cow,
    fmt,
    io::{self, Write},
};

use serde::{Serialize, Serializer};

use crate::event::{Comm, Session, Utc, arguments, is_plain, unicode};

/// Returns bytes as text: UTF-8 as it is, and each byte that is not UTF-8 as a
/// character of its own ([`unicode`]), so that no two names become one.
pub fn text(bytes: &[u8]) -> String {
    unicode(bytes)
}

/// Returns a command name.
pub fn comm(comm: Comm) -> String {
    text(comm.as_bytes())
}

/// Returns the name of another task in an event; none if it was left out.
pub fn comm_of_other(name: Comm) -> Option<String> {
    (name != Comm::default()).then(|| comm(name))
}

/// Returns NUL-separated arguments one by one.
pub fn argv(argv: &[u8]) -> Vec<String> {
    arguments(argv).map(text).collect()
}

/// A time on the wall clock, as RFC 3339 in UTC with nine digits of the second.
#[derive(Clone, Copy)]
pub struct WallTime(Utc);

impl WallTime {
    /// Converts a time of the stream, ns since boot. None before the session is
    /// known.
    pub fn of(session: Option<&Session>, at: u64) -> Option<WallTime> {
        Some(WallTime(Utc(session?.realtime(at))))
    }
}

impl fmt::Display for WallTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.9}", self.0)
    }
}

impl Serialize for WallTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// An object with keys that are not known beforehand, or that a table lists, in the
/// order of the list.
pub struct Keyed<T>(pub Vec<(Cow<'static, str>, T)>);

impl<T: Serialize> Serialize for Keyed<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

/// Writes an object and a newline.
pub fn line(object: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(one_line(object).as_bytes())?;
    out.write_all(b"\n")
}

/// Returns an object on one line.
pub fn one_line(object: &impl Serialize) -> String {
    printable(serde_json::to_string(object).expect(INFALLIBLE))
}

/// Returns an object as indented JSON and a newline.
pub fn pretty(object: &impl Serialize) -> String {
    printable(serde_json::to_string_pretty(object).expect(INFALLIBLE)) + "\n"
}

const INFALLIBLE: &str = "keys are strings, and no value refuses to be written";

/// Returns the same JSON with `\u` escapes for characters that a terminal obeys, that
/// are not visible or that reorder text, and for those of bytes that are not UTF-8.
/// serde_json escapes those below U+0020 only. The others can only be in strings, where
/// the escapes have the same meaning.
fn printable(json: String) -> String {
    // Between the values there may be line ends.
    let shown = |c: char| c < '\u{7f}' || is_plain(c);
    if json.chars().all(shown) {
        return json;
    }
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        if shown(character) {
            text.push(character);
        } else {
            let units = character.encode_utf16(&mut [0; 2]).to_vec();
            text.extend(units.iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::bytes_of;

    #[test]
    fn strings_are_text_with_the_escapes_of_json_only() {
        let written = |bytes: &[u8]| one_line(&text(bytes));
        assert_eq!(written("é\\\n\"".as_bytes()), r#""é\\\n\"""#);
        assert_eq!(written(br"A\0"), r#""A\\0""#);
        assert_eq!(written(b"\xff"), r#""\uefff""#);
        assert_eq!(
            written("\u{202e}\u{9b}\x7f\u{e0001}".as_bytes()),
            r#""\u202e\u009b\u007f\udb40\udc01""#
        );
        for bytes in [
            &b"\x1b[2J\xff\\\"'"[..],
            "\u{efff}\u{202e}é\u{1f980}".as_bytes(),
            b"",
        ] {
            let back: String = serde_json::from_str(&written(bytes)).unwrap();
            assert_eq!(bytes_of(&back), bytes);
            assert!(written(bytes).chars().all(is_plain));
        }
    }

    #[test]
    fn no_arguments_differ_from_an_empty_one() {
        assert_eq!(argv(b""), [""; 0]);
        assert_eq!(argv(b"\0"), [""]);
        assert_eq!(argv(b"a\0\0b\0"), ["a", "", "b"]);
    }
}
