//! The parser, by recursive descent. Its grammar:
//!
//! ```text
//! disjunction = conjunction { ("||" | "or") conjunction }
//! conjunction = term { ("&&" | "and") term }
//! term        = ("!" | "not") term | "(" disjunction ")" | "@" name | pattern | "text"
//!             | "command" "(" ")" | ("tree" | "parent") "(" (pid | name | disjunction) ")"
//!             | "known" "(" field ")" | flag | field operator operand
//!             | field "in" "(" operand { "," operand } ")"
//! ```

use std::ops::Range;

use super::{
    condition::Condition,
    error::{Error, Problem},
    field::{FIELDS, FieldKind, FilterField, named},
    literal::{operand, regex, verbatim},
    token::{Placed, Token, tokens},
    value::{Comparison, Operator},
};

/// Saved filters by name: `@name` in an expression stands for its text.
pub type SavedFilters = std::collections::BTreeMap<String, String>;

/// Maximum depth of saved filters that refer to each other, which ends circles.
const MAX_SAVED_DEPTH: usize = 16;

/// Maximum depth of parentheses and negations, for the sake of the stack.
const MAX_NESTING: usize = 100;

/// Maximum length of an expression, bytes. The depth of a chain of conditions is
/// its length.
const MAX_LENGTH: usize = 4096;

/// Parses an expression.
pub fn parse(text: &str, saved: &SavedFilters) -> Result<Condition, Error> {
    expression(text, saved, MAX_SAVED_DEPTH).map_err(|problem| problem.within(text))
}

fn expression(text: &str, saved: &SavedFilters, depth: usize) -> Result<Condition, Problem> {
    if text.len() > MAX_LENGTH {
        let problem = Problem::new(
            0..0,
            format!("the filter is longer than {MAX_LENGTH} bytes"),
        );
        return Err(problem.help("save a part of it under a name and use it as @name"));
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
        return Err(Problem::new(0..0, "the filter is empty")
            .help("for example: comm =~ /nginx/ && lifetime > 5s"));
    }
    let condition = parser.disjunction()?;
    match parser.next() {
        None => Ok(condition),
        Some((token, place)) => {
            let problem = Problem::new(place, format!("unexpected {}", describe(&token)));
            Err(problem.help("join conditions with && or ||"))
        }
    }
}

struct Parser<'a> {
    tokens: Vec<Placed>,
    at: usize,
    /// Length of the text, bytes.
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

    /// Returns the place of the next token, or the end of the text.
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
        Err(Problem::new(self.place(), format!("missing `{sign}`")))
    }

    fn disjunction(&mut self) -> Result<Condition, Problem> {
        let mut condition = self.conjunction()?;
        while self.accept(&["||", "or"]) {
            condition = Condition::Or(Box::new(condition), Box::new(self.conjunction()?));
        }
        Ok(condition)
    }

    fn conjunction(&mut self) -> Result<Condition, Problem> {
        let mut condition = self.term()?;
        while self.accept(&["&&", "and"]) {
            condition = Condition::And(Box::new(condition), Box::new(self.term()?));
        }
        Ok(condition)
    }

    fn term(&mut self) -> Result<Condition, Problem> {
        self.nested += 1;
        if self.nested > MAX_NESTING {
            return Err(Problem::new(
                self.place(),
                "the filter is nested too deeply",
            ));
        }
        let condition = self.unnested_term();
        self.nested -= 1;
        condition
    }

    fn unnested_term(&mut self) -> Result<Condition, Problem> {
        let Some((token, place)) = self.next() else {
            return Err(Problem::new(self.place(), "missing condition")
                .help("for example: state == zombie"));
        };
        match token {
            Token::Sign("!") => Ok(Condition::Not(Box::new(self.term()?))),
            Token::Sign("(") => {
                let condition = self.disjunction()?;
                self.expect(")")?;
                Ok(condition)
            }
            Token::Sign(_) => Err(Problem::new(
                place,
                format!("nothing to the left of {}", describe(&token)),
            )
            .help("a condition starts with a field: comm, state, exit.code, …")),
            Token::Pattern { text, any_case } => mentions(&text, any_case, place),
            Token::Quoted(text) => mentions(&verbatim(&text), true, place),
            Token::Saved(name) => self.saved(&name, place),
            Token::Word(word) => match word.as_str() {
                "not" => Ok(Condition::Not(Box::new(self.term()?))),
                "tree" => Ok(Condition::Tree(Box::new(self.relative()?))),
                "command" => {
                    self.expect("(")?;
                    self.expect(")")?;
                    Ok(Condition::Command)
                }
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
                true => "no filters are saved yet".to_owned(),
                false => format!("saved filters: {}", names.join(", ")),
            };
            return Err(Problem::new(place, format!("no saved filter named `{name}`")).help(help));
        };
        if self.depth == 0 {
            return Err(Problem::new(place, format!("`@{name}` refers to itself")));
        }
        expression(text, self.saved, self.depth - 1).map_err(|problem| {
            Problem::new(place, format!("in @{name}: {}", problem.message())).help(text.clone())
        })
    }

    /// Parses the argument of `tree` and `parent`: a PID, a name that the process
    /// ever had, or a condition.
    fn relative(&mut self) -> Result<Condition, Problem> {
        self.expect("(")?;
        let alone = matches!(self.tokens.get(self.at + 1), Some((Token::Sign(")"), _)));
        let condition = match self.peek() {
            Some(Token::Word(word)) if alone && named(word).is_none() => {
                let word = word.clone();
                let (name, comparison) = match word.parse() {
                    Ok(pid) => ("pid", Comparison::Number(Operator::Equal, pid)),
                    Err(_) => (
                        "ever.comm",
                        Comparison::Text(Operator::Equal, word.into_bytes()),
                    ),
                };
                let place = self.place();
                self.at += 1;
                Condition::Compare(field(name, place)?, comparison)
            }
            _ => self.disjunction()?,
        };
        self.expect(")")?;
        Ok(condition)
    }

    fn known(&mut self) -> Result<Condition, Problem> {
        self.expect("(")?;
        let place = self.place();
        let Some((Token::Word(word), place)) = self.next() else {
            return Err(Problem::new(place, "known( ) needs the name of a field"));
        };
        let condition = Condition::Known(field(&word, place)?);
        self.expect(")")?;
        Ok(condition)
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
                    format!("missing comparison after {}", field.name),
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
                format!("{} is yes or no and takes no operator", field.name),
            )
            .help(help));
        }
        let comparison = match (operator, matches) {
            (Some(operator), _) => self.operand(field, operator, sign)?,
            (None, matches) => self.pattern(field, matches == Some(true), sign)?,
        };
        Ok(Condition::Compare(field, comparison))
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
                let problem = Problem::new(place, "a pattern needs =~ or !~");
                Err(problem.help("put a path in quotes"))
            }
            _ => Err(
                Problem::new(place, format!("missing value for {}", field.name))
                    .help(format!("for example: {}", example(field))),
            ),
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
                format!("{} is not text, so it cannot match a pattern", field.name),
            );
            return Err(problem.help(format!("for example: {}", example(field))));
        }
        let place = self.place();
        let (text, any_case, place) = match self.next() {
            Some((Token::Pattern { text, any_case }, place)) => (text, any_case, place),
            Some((Token::Quoted(text) | Token::Word(text), place)) => (text, false, place),
            _ => {
                return Err(
                    Problem::new(place, "missing pattern").help("for example: /nginx|redis/")
                );
            }
        };
        let pattern = regex(&text, any_case, place)?;
        Ok(Comparison::Pattern { matches, pattern })
    }
}

/// Returns the condition that a command name or a command line that the process had
/// matches a pattern.
fn mentions(text: &str, any_case: bool, place: Range<usize>) -> Result<Condition, Problem> {
    let pattern = regex(text, any_case, place.clone())?;
    let matches = |name| {
        let matches = Comparison::Pattern {
            matches: true,
            pattern: pattern.clone(),
        };
        Ok(Condition::Compare(field(name, place.clone())?, matches))
    };
    let (comm, argv) = (matches("ever.comm")?, matches("ever.argv")?);
    Ok(Condition::Or(Box::new(comm), Box::new(argv)))
}

/// Returns a valid example of a condition on a field.
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
        None => format!("to search names and command lines, write /{name}/"),
    };
    Err(Problem::new(place, format!("unknown field `{name}`")).help(help))
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
