//! The bottom line: the keys that work here, a message, or the prompt.

use crate::{
    event::escaped,
    tui::{
        input::{
            action::{Action, BINDINGS},
            prompt::Prompt,
        },
        state::{messages::Messages, search::SearchQuery, stream::Stream},
        style::phrase::{Phrase, Tone},
        widget::canvas::Canvas,
    },
};

/// The input for the bottom line.
pub struct Footer<'a> {
    /// The stream, which decides which keys have an effect.
    pub stream: &'a Stream,
    /// The actions of the active view.
    pub own: &'static [Action],
    /// The open prompt.
    pub prompt: Option<&'a Prompt>,
    /// The messages, which replace the keys.
    pub messages: &'a Messages,
    /// The search that found nothing, if one did.
    pub search: &'a SearchQuery,
    /// True if the place in a recording has no line of its own.
    pub shows_playhead: bool,
}

/// Draws the bottom line.
pub fn draw(footer: &Footer<'_>, canvas: &mut Canvas<'_>) {
    let width = canvas.width();
    let Messages {
        notice,
        alarm,
        not_found,
    } = footer.messages;
    let phrase = match (footer.prompt, notice, alarm) {
        (Some(prompt), ..) => prompt
            .line(usize::from(width), canvas.glyphs().cursor)
            .and(Tone::Bad, if *not_found { "  no match" } else { "" }),
        (None, Some(notice), _) => notice.clone(),
        (None, None, _) if *not_found => {
            let text = format!("no match for {}", escaped(footer.search.text().as_bytes()));
            Phrase::of(Tone::Bad, text)
        }
        (None, None, Some(alarm)) => Phrase::of(Tone::Alert, escaped(alarm.as_bytes())),
        (None, None, None) => keys(footer, usize::from(width)),
    };
    let phrase = match footer.stream.playhead() {
        Some(playhead) if footer.shows_playhead && footer.prompt.is_none() => {
            playhead.phrase(footer.stream.is_live()).joined(phrase)
        }
        Some(_) | None => phrase,
    };
    canvas.put(0, 0, width, &phrase);
}

/// Returns as many keys as fit. Help and Quit are kept longest.
fn keys(footer: &Footer<'_>, width: usize) -> Phrase {
    let stream = footer.stream;
    let key = |shown: &str, label: &str| {
        Phrase::of(Tone::Key, shown).and(Tone::Dim, format!(" {label}  "))
    };
    let shown: Vec<_> = BINDINGS
        .iter()
        .filter(|binding| binding.works(footer.own) && !binding.label.is_empty())
        .filter(|binding| stream.allows(binding.action))
        .map(|binding| {
            let label = match (binding.action, stream.behind()) {
                (Action::Pause, _) if stream.playhead().is_some() => "Play",
                (Action::Pause, Some(_)) => "Resume",
                _ => binding.label,
            };
            (binding.action, key(binding.shown, label))
        })
        .collect();
    let is_kept = |action: Action| matches!(action, Action::Help | Action::Quit);
    let mut room = width;
    for (_, phrase) in shown.iter().filter(|(action, _)| is_kept(*action)) {
        room = room.saturating_sub(phrase.width());
    }
    let mut line = Phrase::new();
    for (action, phrase) in shown {
        if is_kept(action) {
            line = line.joined(phrase);
        } else if phrase.width() <= room {
            room -= phrase.width();
            line = line.joined(phrase);
        }
    }
    line
}
