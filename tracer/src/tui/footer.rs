//! The bottom line: the keys that work here, or what is being searched for.

use super::{
    action::{Action, BINDINGS},
    app::{App, Mode},
    canvas::Canvas,
    phrase::{Phrase, Tone},
    view::VIEWS,
};
use crate::event::escaped;

pub fn draw(app: &App, canvas: &mut Canvas<'_>) {
    let width = canvas.width();
    let phrase = match &app.prompt {
        Some(prompt) => prompt
            .line(usize::from(width), canvas.glyphs().cursor)
            .and(Tone::Bad, if app.not_found { "  no match" } else { "" }),
        None if app.notice.is_some() => app.notice.clone().unwrap_or_default(),
        None if app.not_found => {
            let text = format!("no match for {}", escaped(app.needle.text().as_bytes()));
            Phrase::of(Tone::Bad, text)
        }
        None => match &app.alarm {
            Some(alarm) => Phrase::of(Tone::Alert, escaped(alarm.as_bytes())),
            None => keys(app, usize::from(width)),
        },
    };
    let phrase = match &app.playhead {
        // There is no line of its own for it.
        Some(playhead) if app.drawn.0.bar == 0 && app.prompt.is_none() => {
            playhead.phrase(app.mode == Mode::Live).joined(phrase)
        }
        Some(_) | None => phrase,
    };
    canvas.put(0, 0, width, &phrase);
}

/// As many keys as fit; of those that work everywhere, help and quit are kept
/// longest.
fn keys(app: &App, width: usize) -> Phrase {
    let own = VIEWS[app.active].actions;
    let key = |shown: &str, label: &str| {
        Phrase::of(Tone::Key, shown).and(Tone::Dim, format!(" {label}  "))
    };
    let shown: Vec<_> = BINDINGS
        .iter()
        .filter(|binding| binding.works(own) && !binding.label.is_empty())
        // A recording does not go on while one looks at it.
        .filter(|binding| app.can(binding.action))
        .map(|binding| {
            let label = match (binding.action, app.behind()) {
                (Action::Pause, _) if app.playhead.is_some() => "Play",
                (Action::Pause, Some(_)) => "Resume",
                _ => binding.label,
            };
            (binding.action, key(binding.shown, label))
        })
        .collect();
    let kept = |action: Action| matches!(action, Action::Help | Action::Quit);
    let mut room = width;
    for (_, phrase) in shown.iter().filter(|(action, _)| kept(*action)) {
        room = room.saturating_sub(phrase.width());
    }
    let mut line = Phrase::new();
    for (action, phrase) in shown {
        if kept(action) {
            line = line.joined(phrase);
        } else if phrase.width() <= room {
            room -= phrase.width();
            line = line.joined(phrase);
        }
    }
    line
}
