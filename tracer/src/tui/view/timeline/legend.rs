//! What the signs of the timeline mean, in one line: those of the states first,
//! where any are drawn, and of the others as many as there is room for.

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

/// Those worth a word, with a short one.
const DOINGS: [(TaskState, &str); 6] = [
    (TaskState::Running, "running"),
    (TaskState::Runnable, "runnable"),
    (TaskState::Interruptible, "asleep"),
    (TaskState::Uninterruptible, "uninterruptible"),
    (TaskState::Stopped, "stopped"),
    (TaskState::Traced, "traced"),
];

pub fn legend(width: usize, doings: bool, glyphs: &Glyphs) -> Phrase {
    let lane = &glyphs.lane;
    let drawn = DOINGS.iter().filter(|_| doings);
    let drawn = drawn.map(|&(state, name)| (words::doing_tone(state), lane.doing(state), name));
    let moments = [
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
    for (tone, glyph, name) in drawn.chain(moments) {
        let entry = Phrase::of(tone, glyph).and(Tone::Dim, format!(" {name}  "));
        if legend.width() + entry.width() > width {
            break;
        }
        legend = legend.joined(entry);
    }
    legend
}
