//! The message of a list without rows, the same in every view: nothing happened yet, or what did
//! is hidden by the filter or by a setting, is no longer retained, or is not traced. A list that is
//! empty for one of the latter reasons must not claim the first.

use crate::{
    event::{Label, escaped, units},
    filter::Truth,
    model::Key,
    tui::{
        state::data::Data,
        style::phrase::{Phrase, Tone},
    },
};

/// The reasons why a list may be empty.
pub struct Empty {
    /// What did not happen: `No process has exited`.
    nothing: &'static str,
    /// The tone of that sentence: good where nothing is good news.
    tone: Tone,
    /// True if it may still happen.
    may_come: bool,
    /// What the list contains, one and several: `death`, `deaths`.
    nouns: (&'static str, &'static str),
    /// How many of those that are retained the list would contain without the filter.
    unfiltered: u64,
    /// For how many of these the filter has no answer.
    undecided: u64,
    /// How many processes were evicted that may have been in the list.
    evicted: u64,
    /// Why the list is unknown.
    untraced: Option<String>,
    /// Settings that hide some, and the keys that show them.
    hints: Vec<String>,
}

impl Empty {
    /// Returns the message of a list of these processes, as they would be without the filter.
    pub fn of(
        data: &Data<'_>,
        nothing: &'static str,
        nouns: (&'static str, &'static str),
        unfiltered: impl Iterator<Item = Key>,
    ) -> Empty {
        let empty = Empty {
            nothing,
            tone: Tone::Dim,
            may_come: false,
            nouns,
            unfiltered: 0,
            undecided: 0,
            evicted: 0,
            untraced: None,
            hints: Vec::new(),
        };
        unfiltered.fold(empty, |empty, key| {
            empty.with(data.filter.verdict(key) == Truth::Unknown)
        })
    }

    /// Adds one more that the filter hides; `undecided` if it has no answer for it.
    pub fn with(mut self, undecided: bool) -> Empty {
        self.unfiltered += 1;
        self.undecided += u64::from(undecided);
        self
    }

    /// Adds that it may still happen, unless the recording is over.
    pub fn yet(mut self, data: &Data<'_>) -> Empty {
        self.may_come = !data.over;
        self
    }

    /// Says that nothing is good news.
    pub fn good(mut self) -> Empty {
        self.tone = Tone::Good;
        self
    }

    /// Adds that exited processes would be in the list, of which some may have been evicted.
    pub fn of_the_past(mut self, data: &Data<'_>) -> Empty {
        self.evicted = data.model.unlisted();
        self
    }

    /// Adds why the events that the list is made from are not traced, if they are not.
    pub fn untraced(mut self, events: &str, why: Option<&Label>) -> Empty {
        self.untraced = why.map(|why| match why.is_empty() {
            true => format!("{events} are not traced"),
            false => format!("{events} are not traced: {why}"),
        });
        self
    }

    /// Adds a setting that hides some, if it does, and the key that shows them.
    pub fn hint(mut self, hides: bool, hint: impl Into<String>) -> Empty {
        self.hints.extend(hides.then(|| hint.into()));
        self
    }

    fn counted(&self, count: u64) -> String {
        let (one, many) = self.nouns;
        format!(
            "{} {}",
            units::count(count),
            if count == 1 { one } else { many }
        )
    }

    /// Returns the message, one phrase per sentence.
    pub fn phrases(&self, data: &Data<'_>) -> Vec<Phrase> {
        let mut lines = Vec::new();
        let mut say = |tone, text: String| lines.push(Phrase::of(tone, text));
        let filter = data.filter.filter().filter(|_| self.unfiltered > 0);
        match (&self.untraced, filter) {
            (Some(why), _) => say(Tone::Warn, format!("Unknown: {why}.")),
            (None, Some(filter)) => {
                let text = escaped(filter.text().as_bytes());
                say(
                    Tone::Plain,
                    format!("No {} matches the filter `{text}`", self.nouns.0),
                );
                say(
                    Tone::Dim,
                    format!("({} without it).", self.counted(self.unfiltered)),
                );
            }
            (None, None) if self.evicted > 0 => {
                say(Tone::Plain, format!("No {} is listed.", self.nouns.0));
            }
            (None, None) => {
                let yet = if self.may_come { " yet" } else { "" };
                say(self.tone, format!("{}{yet}.", self.nothing));
            }
        }
        if self.undecided > 0 && filter.is_some() {
            let undecided = units::count(self.undecided);
            say(
                Tone::Warn,
                format!("For {undecided} of them it is unknown if they match."),
            );
        }
        if self.evicted > 0 {
            let evicted = match self.evicted {
                1 => "1 process that exited earlier is".to_owned(),
                many => format!("{} processes that exited earlier are", units::count(many)),
            };
            say(Tone::Warn, format!("{evicted} no longer listed."));
        }
        for hint in &self.hints {
            say(Tone::Dim, hint.clone());
        }
        lines
    }
}
