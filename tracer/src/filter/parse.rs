//! The grammar, by recursive descent:
//!
//! ```text
//! any   = all  { ("||" | "or") all }
//! all   = one  { ("&&" | "and") one }
//! one   = ("!" | "not") one | "(" any ")" | "@" name | pattern | "text"
//!       | ("tree" | "parent") "(" (pid | name | any) ")" | "known" "(" field ")"
//!       | flag | field relation figure | field "in" "(" figure { "," figure } ")"
//! ```

use std::ops::Range;

use super::{
    Saved,
    error::{Error, Fault},
    field::{FIELDS, Field, Kind, named},
    judge::Test,
    literal::{figure, regex},
    token::{Placed, Token, tokens},
    value::{Relation, Wanted},
};

/// Saved filters may stand for one another, but not in a circle.
const DEEPEST: usize = 16;

/// So many parentheses and negations are enough for anyone, and the stack.
const MOST_NESTED: usize = 100;

/// Bytes. A chain of conditions is as deep as it is long.
const LONGEST: usize = 4096;

pub fn parse(text: &str, saved: &Saved) -> Result<Test, Error> {
    expression(text, saved, DEEPEST).map_err(|fault| fault.within(text))
}

fn expression(text: &str, saved: &Saved, depth: usize) -> Result<Test, Fault> {
    if text.len() > LONGEST {
        let fault = Fault::new(0..0, format!("a filter has at most {LONGEST} bytes"));
        return Err(fault.help("save a part of it under a name, and use it as @name"));
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
        return Err(Fault::new(0..0, "nothing is asked")
            .help("for example: comm =~ /nginx/ && lifetime > 5s"));
    }
    let test = parser.any()?;
    match parser.next() {
        None => Ok(test),
        Some((token, place)) => {
            let fault = Fault::new(place, format!("{} is not expected here", said(&token)));
            Err(fault.help("conditions are joined by && or ||"))
        }
    }
}

struct Parser<'a> {
    tokens: Vec<Placed>,
    at: usize,
    /// Of the text.
    end: usize,
    saved: &'a Saved,
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

    fn takes(&mut self, signs: &[&str]) -> bool {
        let found = match self.peek() {
            Some(Token::Sign(sign)) => signs.contains(sign),
            Some(Token::Word(word)) => signs.contains(&word.as_str()),
            Some(Token::Quoted(_) | Token::Pattern { .. } | Token::Saved(_)) | None => false,
        };
        self.at += usize::from(found);
        found
    }

    fn needs(&mut self, sign: &str) -> Result<(), Fault> {
        if self.takes(&[sign]) {
            return Ok(());
        }
        Err(Fault::new(
            self.place(),
            format!("a `{sign}` is missing here"),
        ))
    }

    fn any(&mut self) -> Result<Test, Fault> {
        let mut test = self.all()?;
        while self.takes(&["||", "or"]) {
            test = Test::Or(Box::new(test), Box::new(self.all()?));
        }
        Ok(test)
    }

    fn all(&mut self) -> Result<Test, Fault> {
        let mut test = self.one()?;
        while self.takes(&["&&", "and"]) {
            test = Test::And(Box::new(test), Box::new(self.one()?));
        }
        Ok(test)
    }

    fn one(&mut self) -> Result<Test, Fault> {
        self.nested += 1;
        if self.nested > MOST_NESTED {
            return Err(Fault::new(self.place(), "this is nested too deeply"));
        }
        let test = self.single();
        self.nested -= 1;
        test
    }

    fn single(&mut self) -> Result<Test, Fault> {
        let Some((token, place)) = self.next() else {
            return Err(Fault::new(self.place(), "a condition is missing here")
                .help("for example: state == zombie"));
        };
        match token {
            Token::Sign("!") => Ok(Test::Not(Box::new(self.one()?))),
            Token::Sign("(") => {
                let test = self.any()?;
                self.needs(")")?;
                Ok(test)
            }
            Token::Sign(_) => Err(Fault::new(
                place,
                format!("{} has nothing on its left", said(&token)),
            )
            .help("a condition begins with a field: comm, state, exit.code, …")),
            Token::Pattern { text, any_case } => Ok(Test::Said(regex(&text, any_case, place)?)),
            Token::Quoted(text) => Ok(Test::Said(regex(&regex::escape(&text), true, place)?)),
            Token::Saved(name) => self.saved(&name, place),
            Token::Word(word) => match word.as_str() {
                "not" => Ok(Test::Not(Box::new(self.one()?))),
                "tree" => Ok(Test::Tree(Box::new(self.relative()?))),
                "parent" => Ok(Test::Parent(Box::new(self.relative()?))),
                "known" => self.known(),
                _ => self.comparison(&word, place),
            },
        }
    }

    fn saved(&mut self, name: &str, place: Range<usize>) -> Result<Test, Fault> {
        let Some(text) = self.saved.get(name) else {
            let names: Vec<_> = self.saved.keys().map(|name| format!("@{name}")).collect();
            let help = match names.is_empty() {
                true => "none is saved yet".to_owned(),
                false => format!("there are {}", names.join(", ")),
            };
            return Err(Fault::new(place, format!("no filter is saved as `{name}`")).help(help));
        };
        if self.depth == 0 {
            return Err(Fault::new(place, format!("`@{name}` stands for itself")));
        }
        expression(text, self.saved, self.depth - 1).map_err(|fault| {
            Fault::new(place, format!("in @{name}: {}", fault.message())).help(text.clone())
        })
    }

    /// Whom `tree` and `parent` are about: by number, by name, or as described.
    fn relative(&mut self) -> Result<Test, Fault> {
        self.needs("(")?;
        let alone = matches!(self.tokens.get(self.at + 1), Some((Token::Sign(")"), _)));
        let test = match self.peek() {
            Some(Token::Word(word)) if alone && named(word).is_none() => {
                let word = word.clone();
                let wanted = match word.parse() {
                    Ok(pid) => ("pid", Wanted::Number(Relation::Equal, pid)),
                    Err(_) => ("comm", Wanted::Text(Relation::Equal, word.into_bytes())),
                };
                let place = self.place();
                self.at += 1;
                Test::Compare(field(wanted.0, place)?, wanted.1)
            }
            _ => self.any()?,
        };
        self.needs(")")?;
        Ok(test)
    }

    fn known(&mut self) -> Result<Test, Fault> {
        self.needs("(")?;
        let place = self.place();
        let Some((Token::Word(word), place)) = self.next() else {
            return Err(Fault::new(place, "known( ) wants the name of a field"));
        };
        let test = Test::Known(field(&word, place)?);
        self.needs(")")?;
        Ok(test)
    }

    fn comparison(&mut self, name: &str, place: Range<usize>) -> Result<Test, Fault> {
        let field = field(name, place.clone())?;
        if self.takes(&["in"]) {
            return self.one_of(field);
        }
        let (relation, matches) = match self.peek() {
            Some(Token::Sign("==" | "=")) => (Some(Relation::Equal), None),
            Some(Token::Sign("!=")) => (Some(Relation::Unequal), None),
            Some(Token::Sign("<")) => (Some(Relation::Less), None),
            Some(Token::Sign("<=")) => (Some(Relation::AtMost), None),
            Some(Token::Sign(">")) => (Some(Relation::More), None),
            Some(Token::Sign(">=")) => (Some(Relation::AtLeast), None),
            Some(Token::Sign("=~")) => (None, Some(true)),
            Some(Token::Sign("!~")) => (None, Some(false)),
            _ if field.kind == Kind::Flag => return Ok(Test::Flag(field)),
            _ => {
                let help = format!("for example: {}", example(field));
                let fault = Fault::new(
                    self.place(),
                    format!("what of {}? A comparison is missing", field.name),
                );
                return Err(fault.help(help));
            }
        };
        let sign = self.place();
        self.at += 1;
        if field.kind == Kind::Flag {
            let help = format!("write `{0}` or `!{0}`", field.name);
            return Err(Fault::new(
                sign,
                format!("{} is yes or no: it stands alone", field.name),
            )
            .help(help));
        }
        let wanted = match (relation, matches) {
            (Some(relation), _) => self.wanted(field, relation, sign)?,
            (None, matches) => self.pattern(field, matches == Some(true), sign)?,
        };
        Ok(Test::Compare(field, wanted))
    }

    fn one_of(&mut self, field: &'static Field) -> Result<Test, Fault> {
        self.needs("(")?;
        let mut several = Vec::new();
        loop {
            let place = self.place();
            several.push(self.wanted(field, Relation::Equal, place)?);
            if !self.takes(&[","]) {
                break;
            }
        }
        self.needs(")")?;
        Ok(Test::Compare(field, Wanted::OneOf(several)))
    }

    fn wanted(
        &mut self,
        field: &Field,
        relation: Relation,
        sign: Range<usize>,
    ) -> Result<Wanted, Fault> {
        let ordered = !matches!(relation, Relation::Equal | Relation::Unequal);
        if ordered && matches!(field.kind, Kind::Text | Kind::Word(_) | Kind::Signal) {
            let fault = Fault::new(sign, format!("{} has no order", field.name));
            return Err(fault.help(format!("for example: {}", example(field))));
        }
        let place = self.place();
        match self.next() {
            Some((Token::Word(word), place)) => figure(field, relation, &word, place),
            Some((Token::Quoted(text), place)) => figure(field, relation, &text, place),
            Some((Token::Pattern { .. }, place)) => {
                let fault = Fault::new(place, "a pattern is compared with =~ or !~");
                Err(fault.help("a path is written in quotes"))
            }
            _ => Err(Fault::new(
                place,
                format!("what {} is compared with is missing", field.name),
            )
            .help(format!("for example: {}", example(field)))),
        }
    }

    fn pattern(
        &mut self,
        field: &Field,
        matches: bool,
        sign: Range<usize>,
    ) -> Result<Wanted, Fault> {
        if field.kind != Kind::Text {
            let fault = Fault::new(
                sign,
                format!("{} is no text that a pattern could be in", field.name),
            );
            return Err(fault.help(format!("for example: {}", example(field))));
        }
        let place = self.place();
        let (text, any_case, place) = match self.next() {
            Some((Token::Pattern { text, any_case }, place)) => (text, any_case, place),
            Some((Token::Quoted(text) | Token::Word(text), place)) => (text, false, place),
            _ => {
                return Err(Fault::new(place, "a pattern is missing here")
                    .help("for example: /nginx|redis/"));
            }
        };
        let pattern = regex(&text, any_case, place)?;
        Ok(Wanted::Pattern { matches, pattern })
    }
}

/// A comparison that is right for a field.
pub fn example(field: &Field) -> String {
    let name = field.name;
    match field.kind {
        Kind::Count => format!("{name} > 100"),
        Kind::Time => format!("{name} > 5s"),
        Kind::Bytes => format!("{name} > 64MiB"),
        Kind::Signal => format!("{name} == KILL"),
        Kind::Text => format!("{name} =~ /nginx/"),
        Kind::Word(words) => format!("{name} == {}", words[0]),
        Kind::Flag => name.to_owned(),
    }
}

fn field(name: &str, place: Range<usize>) -> Result<&'static Field, Fault> {
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
    Err(Fault::new(place, format!("there is no field `{name}`")).help(help))
}

fn said(token: &Token) -> String {
    match token {
        Token::Word(word) => format!("`{word}`"),
        Token::Quoted(text) => format!("\"{text}\""),
        Token::Pattern { text, .. } => format!("/{text}/"),
        Token::Saved(name) => format!("`@{name}`"),
        Token::Sign(sign) => format!("`{sign}`"),
    }
}
