//! The tokenizer: splits an expression into tokens with their byte ranges.

use std::ops::Range;

use super::error::Problem;
use crate::event::byte_character;

/// A token of an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    /// A field name, a number with its unit, or unquoted text.
    Word(String),
    /// Text in quotes.
    Quoted(String),
    /// A regular expression between slashes. `any_case` ignores case.
    Pattern { text: String, any_case: bool },
    /// `@name`.
    Saved(String),
    /// An operator or a bracket.
    Sign(&'static str),
}

/// Operators, longest first. `and`, `or` and `not` are words.
const SIGNS: [&str; 15] = [
    "&&", "||", "==", "!=", "<=", ">=", "=~", "!~", "=", "<", ">", "!", "(", ")", ",",
];

/// A token and its byte range.
pub type Placed = (Token, Range<usize>);

/// Splits an expression into tokens.
pub fn tokens(text: &str) -> Result<Vec<Placed>, Problem> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(next) = text[at..].chars().next() {
        if next.is_whitespace() {
            at += next.len_utf8();
            continue;
        }
        let (token, length) = token(&text[at..], next).map_err(|problem| problem.moved(at))?;
        tokens.push((token, at..at + length));
        at += length;
    }
    Ok(tokens)
}

fn token(text: &str, first: char) -> Result<(Token, usize), Problem> {
    match first {
        '"' | '\'' => quoted(text, first).map(|(text, length)| (Token::Quoted(text), length)),
        '/' => pattern(text),
        '@' => {
            let length = 1 + word_length(&text[1..]);
            Ok((Token::Saved(text[1..length].to_owned()), length))
        }
        _ => {
            if let Some(sign) = SIGNS.iter().find(|sign| text.starts_with(**sign)) {
                return Ok((Token::Sign(sign), sign.len()));
            }
            match word_length(text) {
                0 => Err(Problem::new(
                    0..first.len_utf8(),
                    format!("unexpected character `{first}`"),
                )
                .help("put text with special characters in quotes")),
                length => Ok((Token::Word(text[..length].to_owned()), length)),
            }
        }
    }
}

/// Returns the length of the word at the start of the text. Names such as
/// `redis-server` and `kworker/0:1` are words and need no quotes.
fn word_length(text: &str) -> usize {
    let part = |c: char| c.is_alphanumeric() || "_.-/:+%".contains(c);
    text.find(|c| !part(c)).unwrap_or(text.len())
}

/// Reads text up to the closing quote, in the form of [`crate::event::unicode`]. The escapes are
/// those of JSON, so that a string of an export can be pasted, and `\xff` for one
/// byte. A backslash before another character that is no letter or digit stands for
/// that character.
fn quoted(text: &str, quote: char) -> Result<(String, usize), Problem> {
    let mut inside = String::new();
    let mut at = quote.len_utf8();
    while let Some(character) = text[at..].chars().next() {
        match character {
            '\\' => {
                let (character, length) =
                    escape(&text[at + 1..]).map_err(|problem| problem.moved(at + 1))?;
                inside.push(character);
                at += 1 + length;
            }
            _ if character == quote => return Ok((inside, at + quote.len_utf8())),
            _ => {
                inside.push(character);
                at += character.len_utf8();
            }
        }
    }
    Err(Problem::new(
        0..text.len(),
        format!("missing closing {quote}"),
    ))
}

/// Reads an escape after its backslash. Returns the character and the length of the
/// escape in bytes. At the end of the text it is empty: the closing quote is missing.
fn escape(text: &str) -> Result<(char, usize), Problem> {
    let Some(kind) = text.chars().next() else {
        return Ok(('\\', 0));
    };
    let digits = |from: usize, count: usize| {
        let digits = text.get(from..from + count)?;
        let all_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        u32::from_str_radix(digits, 16).ok().filter(|_| all_hex)
    };
    let control = match kind {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'x' => {
            let byte = digits(1, 2).and_then(|byte| u8::try_from(byte).ok());
            let character = byte.map(|byte| byte_character(byte).unwrap_or(char::from(byte)));
            return character.map(|it| (it, 3)).ok_or_else(|| {
                Problem::new(0..1, "\\x needs two hexadecimal digits").help("for example: \\xff")
            });
        }
        'u' => {
            let unit = digits(1, 4);
            let low = digits(7, 4).filter(|_| text.get(5..7) == Some("\\u"));
            let pair = |low: u32| {
                let pair = [u16::try_from(unit?).ok()?, u16::try_from(low).ok()?];
                char::decode_utf16(pair).next()?.ok()
            };
            let single = unit.and_then(char::from_u32).map(|it| (it, 5));
            let character = single.or_else(|| Some((pair(low?)?, 11)));
            return character.ok_or_else(|| {
                Problem::new(
                    0..1,
                    "\\u needs four hexadecimal digits, or a surrogate pair",
                )
                .help("for example: \\u00e9")
            });
        }
        other if other.is_ascii_alphanumeric() => {
            let problem = Problem::new(0..1, format!("unknown escape \\{other}"));
            return Err(
                problem.help("write \\\\ for a backslash; a pattern goes between slashes: /\\d+/")
            );
        }
        other => other,
    };
    Ok((control, kind.len_utf8()))
}

fn pattern(text: &str) -> Result<(Token, usize), Problem> {
    let mut inside = String::new();
    let mut characters = text.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some((_, '/')) => inside.push('/'),
                other => {
                    inside.push('\\');
                    inside.extend(other.map(|(_, character)| character));
                }
            },
            '/' => return flags(text, inside, at + 1),
            _ => inside.push(character),
        }
    }
    Err(Problem::new(
        0..text.len(),
        "missing closing / of the pattern".to_owned(),
    ))
}

fn flags(text: &str, pattern: String, end: usize) -> Result<(Token, usize), Problem> {
    let any_case = match &text[end..end + word_length(&text[end..])] {
        "" => false,
        "i" => true,
        rest => {
            let help = "a pattern is /text/ or /text/i; put a path in quotes";
            let place = end..end + rest.len();
            return Err(
                Problem::new(place, format!("unexpected `{rest}` after a pattern")).help(help),
            );
        }
    };
    let length = end + usize::from(any_case);
    Ok((
        Token::Pattern {
            text: pattern,
            any_case,
        },
        length,
    ))
}
