//! The grammar, by recursive descent:
//!
//! ```text
//! any   = all  { ("||" | "or") all }
//! all   = one  { ("&&" | "and") one }
//! one   = ("!" | "not") one | "(" any ")" | "@" name | pattern | "text"
//!       | ("tree" | "parent") "(" (pid | name | any) ")" | "known" "(" field ")"
//!       | flag | field operator figure | field "in" "(" figure { "," figure } ")"
//! ```

use std::ops::Range;

use super::{
    condition::Condition,
    error::{Error, Problem},
    field::{FIELDS, FieldKind, FilterField, named},
    literal::{operand, regex},
    token::{Placed, Token, tokens},
    value::{Comparison, Operator},
};

/// Saved filters by name: `@name` in an expression stands for its text.
pub type SavedFilters = std::collections::BTreeMap<String, String>;

/// Saved filters may stand for one another, but not in a circle.
const DEEPEST: usize = 16;

/// So many parentheses and negations are enough for anyone, and the stack.
const MOST_NESTED: usize = 100;

/// Bytes. A chain of conditions is as deep as it is long.
const LONGEST: usize = 4096;

pub fn parse(text: &str, saved: &SavedFilters) -> Result<Condition, Error> {
    expression(text, saved, DEEPEST).map_err(|problem| problem.within(text))
}

fn expression(text: &str, saved: &SavedFilters, depth: usize) -> Result<Condition, Problem> {
    if text.len() > LONGEST {
        let problem = Problem::new(0..0, format!("a filter has at most {LONGEST} bytes"));
        return Err(problem.help("save a part of it under a name, and use it as @name"));
    }
    let tokens = tokens(text)?;
    let mut parser = Parser {
        tokens,
        at: 0,
        end: text.len(),
        saved,
        depth,
        nested: 0,
    };
    if parser.tokens.is_empty() {
        return Err(Problem::new(0..0, "nothing is asked")
            .help("for example: comm =~ /nginx/ && lifetime > 5s"));
    }
    let test = parser.disjunction()?;
    match parser.next() {
        None => Ok(test),
        Some((token, place)) => {
            let problem = Problem::new(place, format!("{} is not expected here", describe(&token)));
            Err(problem.help("conditions are joined by && or ||"))
        }
    }
}

struct Parser<'a> {
    tokens: Vec<Placed>,
    at: usize,
    /// Of the text.
    end: usize,
    saved: &'a SavedFilters,
    depth: usize,
    nested: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(token, _)| token)
    }

    fn next(&mut self) -> Option<Placed> {
        let token = self.tokens.get(self.at).cloned();
        self.at += usize::from(token.is_some());
        token
    }

    /// Where the next token is, or would be.
    fn place(&self) -> Range<usize> {
        let next = self.tokens.get(self.at).map(|(_, place)| place.clone());
        next.unwrap_or(self.end..self.end)
    }

    fn accept(&mut self, signs: &[&str]) -> bool {
        let found = match self.peek() {
            Some(Token::Sign(sign)) => signs.contains(sign),
            Some(Token::Word(word)) => signs.contains(&word.as_str()),
            Some(Token::Quoted(_) | Token::Pattern { .. } | Token::Saved(_)) | None => false,
        };
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, sign: &str) -> Result<(), Problem> {
        if self.accept(&[sign]) {
            return Ok(());
        }
        Err(Problem::new(
            self.place(),
            format!("a `{sign}` is missing here"),
        ))
    }

    fn disjunction(&mut self) -> Result<Condition, Problem> {
        let mut test = self.conjunction()?;
        while self.accept(&["||", "or"]) {
            test = Condition::Or(Box::new(test), Box::new(self.conjunction()?));
        }
        Ok(test)
    }

    fn conjunction(&mut self) -> Result<Condition, Problem> {
        let mut test = self.term()?;
        while self.accept(&["&&", "and"]) {
            test = Condition::And(Box::new(test), Box::new(self.term()?));
        }
        Ok(test)
    }

    fn term(&mut self) -> Result<Condition, Problem> {
        self.nested += 1;
        if self.nested > MOST_NESTED {
            return Err(Problem::new(self.place(), "this is nested too deeply"));
        }
        let test = self.unnested_term();
        self.nested -= 1;
        test
    }

    fn unnested_term(&mut self) -> Result<Condition, Problem> {
        let Some((token, place)) = self.next() else {
            return Err(Problem::new(self.place(), "a condition is missing here")
                .help("for example: state == zombie"));
        };
        match token {
            Token::Sign("!") => Ok(Condition::Not(Box::new(self.term()?))),
            Token::Sign("(") => {
                let test = self.disjunction()?;
                self.expect(")")?;
                Ok(test)
            }
            Token::Sign(_) => Err(Problem::new(
                place,
                format!("{} has nothing on its left", describe(&token)),
            )
            .help("a condition begins with a field: comm, state, exit.code, …")),
            Token::Pattern { text, any_case } => {
                Ok(Condition::Mentions(regex(&text, any_case, place)?))
            }
            Token::Quoted(text) => Ok(Condition::Mentions(regex(
                &regex::escape(&text),
                true,
                place,
            )?)),
            Token::Saved(name) => self.saved(&name, place),
            Token::Word(word) => match word.as_str() {
                "not" => Ok(Condition::Not(Box::new(self.term()?))),
                "tree" => Ok(Condition::Tree(Box::new(self.relative()?))),
                "parent" => Ok(Condition::Parent(Box::new(self.relative()?))),
                "known" => self.known(),
                _ => self.comparison(&word, place),
            },
        }
    }

    fn saved(&mut self, name: &str, place: Range<usize>) -> Result<Condition, Problem> {
        let Some(text) = self.saved.get(name) else {
            let names: Vec<_> = self.saved.keys().map(|name| format!("@{name}")).collect();
            let help = match names.is_empty() {
                true => "none is saved yet".to_owned(),
                false => format!("there are {}", names.join(", ")),
            };
            return Err(Problem::new(place, format!("no filter is saved as `{name}`")).help(help));
        };
        if self.depth == 0 {
            return Err(Problem::new(place, format!("`@{name}` stands for itself")));
        }
        expression(text, self.saved, self.depth - 1).map_err(|problem| {
            Problem::new(place, format!("in @{name}: {}", problem.message())).help(text.clone())
        })
    }

    /// Whom `tree` and `parent` are about: by number, by name, or as described.
    fn relative(&mut self) -> Result<Condition, Problem> {
        self.expect("(")?;
        let alone = matches!(self.tokens.get(self.at + 1), Some((Token::Sign(")"), _)));
        let test = match self.peek() {
            Some(Token::Word(word)) if alone && named(word).is_none() => {
                let word = word.clone();
                let wanted = match word.parse() {
                    Ok(pid) => ("pid", Comparison::Number(Operator::Equal, pid)),
                    Err(_) => ("comm", Comparison::Text(Operator::Equal, word.into_bytes())),
                };
                let place = self.place();
                self.at += 1;
                Condition::Compare(field(wanted.0, place)?, wanted.1)
            }
            _ => self.disjunction()?,
        };
        self.expect(")")?;
        Ok(test)
    }

    fn known(&mut self) -> Result<Condition, Problem> {
        self.expect("(")?;
        let place = self.place();
        let Some((Token::Word(word), place)) = self.next() else {
            return Err(Problem::new(place, "known( ) wants the name of a field"));
        };
        let test = Condition::Known(field(&word, place)?);
        self.expect(")")?;
        Ok(test)
    }

    fn comparison(&mut self, name: &str, place: Range<usize>) -> Result<Condition, Problem> {
        let field = field(name, place.clone())?;
        if self.accept(&["in"]) {
            return self.one_of(field);
        }
        let (operator, matches) = match self.peek() {
            Some(Token::Sign("==" | "=")) => (Some(Operator::Equal), None),
            Some(Token::Sign("!=")) => (Some(Operator::Unequal), None),
            Some(Token::Sign("<")) => (Some(Operator::Less), None),
            Some(Token::Sign("<=")) => (Some(Operator::AtMost), None),
            Some(Token::Sign(">")) => (Some(Operator::More), None),
            Some(Token::Sign(">=")) => (Some(Operator::AtLeast), None),
            Some(Token::Sign("=~")) => (None, Some(true)),
            Some(Token::Sign("!~")) => (None, Some(false)),
            _ if field.kind == FieldKind::Flag => return Ok(Condition::Flag(field)),
            _ => {
                let help = format!("for example: {}", example(field));
                let problem = Problem::new(
                    self.place(),
                    format!("what of {}? A comparison is missing", field.name),
                );
                return Err(problem.help(help));
            }
        };
        let sign = self.place();
        self.at += 1;
        if field.kind == FieldKind::Flag {
            let help = format!("write `{0}` or `!{0}`", field.name);
            return Err(Problem::new(
                sign,
                format!("{} is yes or no: it stands alone", field.name),
            )
            .help(help));
        }
        let wanted = match (operator, matches) {
            (Some(operator), _) => self.operand(field, operator, sign)?,
            (None, matches) => self.pattern(field, matches == Some(true), sign)?,
        };
        Ok(Condition::Compare(field, wanted))
    }

    fn one_of(&mut self, field: &'static FilterField) -> Result<Condition, Problem> {
        self.expect("(")?;
        let mut several = Vec::new();
        loop {
            let place = self.place();
            several.push(self.operand(field, Operator::Equal, place)?);
            if !self.accept(&[","]) {
                break;
            }
        }
        self.expect(")")?;
        Ok(Condition::Compare(field, Comparison::OneOf(several)))
    }

    fn operand(
        &mut self,
        field: &FilterField,
        operator: Operator,
        sign: Range<usize>,
    ) -> Result<Comparison, Problem> {
        let ordered = !matches!(operator, Operator::Equal | Operator::Unequal);
        if ordered
            && matches!(
                field.kind,
                FieldKind::Text | FieldKind::Word(_) | FieldKind::Signal
            )
        {
            let problem = Problem::new(sign, format!("{} has no order", field.name));
            return Err(problem.help(format!("for example: {}", example(field))));
        }
        let place = self.place();
        match self.next() {
            Some((Token::Word(word), place)) => operand(field, operator, &word, place),
            Some((Token::Quoted(text), place)) => operand(field, operator, &text, place),
            Some((Token::Pattern { .. }, place)) => {
                let problem = Problem::new(place, "a pattern is compared with =~ or !~");
                Err(problem.help("a path is written in quotes"))
            }
            _ => Err(Problem::new(
                place,
                format!("what {} is compared with is missing", field.name),
            )
            .help(format!("for example: {}", example(field)))),
        }
    }

    fn pattern(
        &mut self,
        field: &FilterField,
        matches: bool,
        sign: Range<usize>,
    ) -> Result<Comparison, Problem> {
        if field.kind != FieldKind::Text {
            let problem = Problem::new(
                sign,
                format!("{} is no text that a pattern could be in", field.name),
            );
            return Err(problem.help(format!("for example: {}", example(field))));
        }
        let place = self.place();
        let (text, any_case, place) = match self.next() {
            Some((Token::Pattern { text, any_case }, place)) => (text, any_case, place),
            Some((Token::Quoted(text) | Token::Word(text), place)) => (text, false, place),
            _ => {
                return Err(Problem::new(place, "a pattern is missing here")
                    .help("for example: /nginx|redis/"));
            }
        };
        let pattern = regex(&text, any_case, place)?;
        Ok(Comparison::Pattern { matches, pattern })
    }
}

/// A comparison that is right for a field.
pub fn example(field: &FilterField) -> String {
    let name = field.name;
    match field.kind {
        FieldKind::Count => format!("{name} > 100"),
        FieldKind::Time => format!("{name} > 5s"),
        FieldKind::Bytes => format!("{name} > 64MiB"),
        FieldKind::Signal => format!("{name} == KILL"),
        FieldKind::Text => format!("{name} =~ /nginx/"),
        FieldKind::Word(words) => format!("{name} == {}", words[0]),
        FieldKind::Flag => name.to_owned(),
    }
}

fn field(name: &str, place: Range<usize>) -> Result<&'static FilterField, Problem> {
    if let Some(field) = named(name) {
        return Ok(field);
    }
    let names = FIELDS.iter().flat_map(|field| [field.name, field.alias]);
    let likeness = |known: &str| strsim::jaro_winkler(name, known);
    let nearest = names
        .filter(|known| !known.is_empty())
        .max_by(|one, other| likeness(one).total_cmp(&likeness(other)));
    let help = match nearest.filter(|nearest| likeness(nearest) > 0.8) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => format!("to look for it in names and command lines, write /{name}/"),
    };
    Err(Problem::new(place, format!("there is no field `{name}`")).help(help))
}

fn describe(token: &Token) -> String {
    match token {
        Token::Word(word) => format!("`{word}`"),
        Token::Quoted(text) => format!("\"{text}\""),
        Token::Pattern { text, .. } => format!("/{text}/"),
        Token::Saved(name) => format!("`@{name}`"),
        Token::Sign(sign) => format!("`{sign}`"),
    }
}
