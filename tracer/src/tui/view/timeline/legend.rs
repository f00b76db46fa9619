//! The legend of the timeline, in one line: states first, if any are drawn, then as many markers as
//! fit.

use crate::{
    event::TaskState,
    tui::{
        style::{
            glyphs::Glyphs,
            phrase::{Phrase, Tone},
        },
        text::words,
    },
};

/// The states in the legend and their short names.
const STATES: [(TaskState, &str); 6] = [
    (TaskState::Running, "running"),
    (TaskState::Runnable, "runnable"),
    (TaskState::Interruptible, "asleep"),
    (TaskState::Uninterruptible, "uninterruptible"),
    (TaskState::Stopped, "stopped"),
    (TaskState::Traced, "traced"),
];

/// Returns the legend; with the states if any are drawn.
pub fn legend(width: usize, states: bool, glyphs: &Glyphs) -> Phrase {
    let lane = &glyphs.lane;
    let drawn = STATES.iter().filter(|_| states);
    let drawn =
        drawn.map(|&(state, name)| (words::task_state_tone(state), lane.task_state(state), name));
    let markers = [
        (Tone::Good, lane.alive, "alive"),
        (Tone::Bad, lane.zombie, "zombie"),
        (Tone::Good, lane.born, "born"),
        (Tone::Good, lane.forks, "forks"),
        (Tone::Accent, lane.exec, "exec"),
        (Tone::Dim, lane.ended, "end"),
        (Tone::Bad, lane.killed, "killed"),
        (Tone::Warn, lane.lost, "records lost"),
    ];
    let mut legend = Phrase::new();
    for (tone, glyph, name) in drawn.chain(markers) {
        let entry = Phrase::of(tone, glyph).and(Tone::Dim, format!(" {name}  "));
        if legend.width() + entry.width() > width {
            break;
        }
        legend = legend.joined(entry);
    }
    legend
}
