//! Names and arguments as the kernel has them: bytes, not text. Escaping happens
//! here and nowhere else, so that no name can control a terminal.

use std::{fmt, path::Path, sync::Arc};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, Visitor},
};

use super::plain::{is_mark, is_plain};

/// A command name (`task_struct.comm`): at most 15 bytes.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Comm([u8; 16]);

impl Comm {
    /// Takes the name up to the first NUL, truncated to 15 bytes as in the kernel.
    pub fn new(name: &[u8]) -> Self {
        let mut comm = [0; 16];
        let length = name
            .iter()
            .position(|&byte| byte == 0)
            .unwrap_or(name.len())
            .min(15);
        comm[..length].copy_from_slice(&name[..length]);
        Comm(comm)
    }

    /// Returns the name without padding.
    pub fn as_bytes(&self) -> &[u8] {
        let length = self
            .0
            .iter()
            .position(|&byte| byte == 0)
            .unwrap_or(self.0.len());
        &self.0[..length]
    }
}

impl fmt::Display for Comm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&escaped(self.as_bytes()))
    }
}

impl fmt::Debug for Comm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", escaped(self.as_bytes()))
    }
}

/// Bytes of any length, shared between the model, the log and the recorder.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Text(pub Arc<[u8]>);

impl Text {
    /// Copies the bytes.
    pub fn new(bytes: &[u8]) -> Self {
        Text(bytes.into())
    }

    /// Returns the bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&escaped(&self.0))
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", escaped(&self.0))
    }
}

/// A line of text from outside, such as the name of a host or of a hook.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label(String);

impl Label {
    /// Returns the text as it is. It must not reach a terminal.
    pub fn raw(&self) -> &str {
        &self.0
    }

    /// Returns true if the text is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T: Into<String>> From<T> for Label {
    fn from(text: T) -> Self {
        Label(text.into())
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&escaped(self.0.as_bytes()))
    }
}

impl fmt::Debug for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", escaped(self.0.as_bytes()))
    }
}

impl Serialize for Comm {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.as_bytes())
    }
}

impl<'de> Deserialize<'de> for Comm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(Bytes(Comm::new))
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(Bytes(Text::new))
    }
}

/// A visitor that accepts a byte string and builds a value from it.
struct Bytes<T>(fn(&[u8]) -> T);

impl<T> Visitor<'_> for Bytes<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a byte string")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<T, E> {
        Ok((self.0)(bytes))
    }
}

/// Formats bytes as one printable line. Valid UTF-8 stays; control characters,
/// invisible characters, those that reorder text and invalid bytes become `\n`,
/// `\u{1b}` or `\xff`. So does a mark, such as an accent, that does not follow a
/// character of the text and would be drawn over something else.
pub fn escaped(bytes: &[u8]) -> String {
    let mut line = String::with_capacity(bytes.len());
    let mut carries_marks = false;
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            carries_marks = is_plain(character) && (carries_marks || !is_mark(character));
            if carries_marks {
                line.push(character);
            } else {
                line.extend(character.escape_default());
            }
        }
        for byte in chunk.invalid() {
            line.push_str(&format!("\\x{byte:02x}"));
            carries_marks = false;
        }
    }
    line
}

/// Formats the name of a file as [`escaped`] does.
pub fn file_name(path: impl AsRef<Path>) -> String {
    escaped(path.as_ref().as_os_str().as_encoded_bytes())
}

/// Formats a message of one or more lines for a terminal, as [`escaped`] does for one
/// line. A path or an argument that it quotes may hold anything.
pub fn escaped_lines(message: &str) -> String {
    let lines = message.split('\n').map(|line| escaped(line.as_bytes()));
    lines.collect::<Vec<_>>().join("\n")
}

/// The code point that stands for byte 0 in [`unicode`]. Only bytes from 0x80 up are
/// ever invalid: U+EF80 to U+EFFF, in the private use area.
const BYTE: u32 = 0xef00;

/// Returns bytes as text that [`bytes_of`] turns back into the same bytes. Valid UTF-8
/// is unchanged. A byte that is not part of valid UTF-8 becomes one character: 0xff
/// becomes U+EFFF. So do the bytes of the characters U+EF80 to U+EFFF themselves,
/// which therefore never stand for anything else.
pub fn unicode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    let escape = |byte: &u8| byte_character(*byte);
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match byte_of(character) {
                None => text.push(character),
                Some(_) => {
                    let mut buffer = [0; 4];
                    let bytes = character.encode_utf8(&mut buffer).as_bytes();
                    text.extend(bytes.iter().filter_map(escape));
                }
            }
        }
        text.extend(chunk.invalid().iter().filter_map(escape));
    }
    text
}

/// Returns the bytes of a text made by [`unicode`].
pub fn bytes_of(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for character in text.chars() {
        match byte_of(character) {
            Some(byte) => bytes.push(byte),
            None => bytes.extend(character.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    bytes
}

/// Returns the character that stands for a byte that is not valid UTF-8, for bytes
/// from 0x80 up.
pub fn byte_character(byte: u8) -> Option<char> {
    char::from_u32(BYTE + u32::from(byte)).filter(|_| byte >= 0x80)
}

/// Returns the byte that a character of [`unicode`] stands for.
fn byte_of(character: char) -> Option<u8> {
    let byte = u32::from(character).checked_sub(BYTE)?;
    u8::try_from(byte).ok().filter(|&byte| byte >= 0x80)
}

/// Formats NUL-separated arguments as one command line, each quoted if a shell
/// would need it.
pub fn command_line(argv: &[u8]) -> String {
    arguments(argv)
        .map(|argument| quoted(&escaped(argument)))
        .collect::<Vec<_>>()
        .join(" ")
}

/// Splits a NUL-separated list of arguments.
pub fn arguments(argv: &[u8]) -> impl Iterator<Item = &[u8]> {
    let list = argv.strip_suffix(b"\0").unwrap_or(argv);
    // No bytes mean no arguments; a lone NUL is one empty argument.
    (!argv.is_empty())
        .then(|| list.split(|&byte| byte == 0))
        .into_iter()
        .flatten()
}

fn quoted(argument: &str) -> String {
    let safe = |c: char| c.is_alphanumeric() || "-_=+./:,@%^".contains(c);
    if !argument.is_empty() && argument.chars().all(safe) {
        argument.to_owned()
    } else {
        format!("'{}'", argument.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_bytes_are_escaped_and_plain_text_is_not() {
        assert_eq!(escaped("naïve 🦀".as_bytes()), "naïve 🦀");
        assert_eq!(escaped(b"\x1b[2J\n\xff\x80"), "\\u{1b}[2J\\n\\xff\\x80");
        assert_eq!(
            escaped("a\u{202e}b\u{200b}c".as_bytes()),
            "a\\u{202e}b\\u{200b}c"
        );
        assert_eq!(escaped("\u{9b}31m".as_bytes()), "\\u{9b}31m");
        assert_eq!(escaped_lines("a\x1b[2J\n  ^\t"), "a\\u{1b}[2J\n  ^\\t");
        assert_eq!(
            escaped("\u{301}e\u{301}\n\u{301}".as_bytes()),
            "\\u{301}e\u{301}\\n\\u{301}"
        );
        assert_eq!(format!("{:>6}", Label::from("\x07")), " \\u{7}");
    }

    #[test]
    fn any_bytes_survive_as_unicode() {
        assert_eq!(unicode("naïve\n\u{202e}".as_bytes()), "naïve\n\u{202e}");
        assert_eq!(unicode(b"a\xffb\x80"), "a\u{efff}b\u{ef80}");
        // A character of the range is bytes, so that it is not taken for one byte.
        assert_eq!(unicode("\u{efff}".as_bytes()), "\u{efee}\u{efbf}\u{efbf}");
        let all: Vec<u8> = (0..=255).chain("\u{ef80}é\u{f000}".bytes()).collect();
        assert_eq!(bytes_of(&unicode(&all)), all);
        for first in 0..=255u8 {
            for second in 0..=255 {
                let bytes = [b'x', first, second, 0xbe];
                assert_eq!(bytes_of(&unicode(&bytes)), bytes);
            }
        }
    }

    #[test]
    fn arguments_are_split_and_quoted() {
        assert_eq!(command_line(b"sh\0-c\0exit 3\0"), "sh -c 'exit 3'");
        assert_eq!(command_line(b"\0"), "''");
        assert_eq!(command_line(b""), "");
        assert_eq!(command_line(b"cut\0sho"), "cut sho");
        assert_eq!(command_line(b"it's\0"), r"'it'\''s'");
    }

    #[test]
    fn comm_is_truncated_like_in_the_kernel() {
        assert_eq!(
            Comm::new(b"0123456789abcdefgh").as_bytes(),
            b"0123456789abcde"
        );
        assert_eq!(Comm::new(b"a\0rest").as_bytes(), b"a");
    }
}
