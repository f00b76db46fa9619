//! The tokenizer: splits an expression into tokens with their byte ranges.

use std::ops::Range;

use super::error::Problem;

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

/// Reads text up to the closing quote. A backslash quotes the next character.
fn quoted(text: &str, quote: char) -> Result<(String, usize), Problem> {
    let mut inside = String::new();
    let mut characters = text.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => inside.extend(characters.next().map(|(_, character)| character)),
            _ if character == quote => return Ok((inside, at + 1)),
            _ => inside.push(character),
        }
    }
    Err(Problem::new(
        0..text.len(),
        format!("missing closing {quote}"),
    ))
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
