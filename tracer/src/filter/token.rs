//! An expression in words: where each begins and ends, in bytes.

use std::ops::Range;

use super::error::Problem;

#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    /// A field, a figure with its unit, a word without quotes.
    Word(String),
    Quoted(String),
    /// Between slashes; and whether case is to be ignored.
    Pattern {
        text: String,
        any_case: bool,
    },
    /// `@name`.
    Saved(String),
    Sign(&'static str),
}

/// The longer ones first. `and`, `or` and `not` are words.
const SIGNS: [&str; 15] = [
    "&&", "||", "==", "!=", "<=", ">=", "=~", "!~", "=", "<", ">", "!", "(", ")", ",",
];

pub type Placed = (Token, Range<usize>);

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
                    format!("`{first}` means nothing here"),
                )
                .help("text with such characters is written in quotes")),
                length => Ok((Token::Word(text[..length].to_owned()), length)),
            }
        }
    }
}

/// Names such as `redis-server` and `kworker/0:1` need no quotes.
fn word_length(text: &str) -> usize {
    let part = |c: char| c.is_alphanumeric() || "_.-/:+%".contains(c);
    text.find(|c| !part(c)).unwrap_or(text.len())
}

/// Up to the same quote; a backslash takes the next character as it is.
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
        format!("the closing {quote} is missing"),
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
        "the closing / of the pattern is missing".to_owned(),
    ))
}

fn flags(text: &str, pattern: String, end: usize) -> Result<(Token, usize), Problem> {
    let any_case = match &text[end..end + word_length(&text[end..])] {
        "" => false,
        "i" => true,
        rest => {
            let help = "a pattern is /text/ or /text/i; a path is written in quotes";
            let place = end..end + rest.len();
            return Err(Problem::new(place, format!("`{rest}` follows a pattern")).help(help));
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
