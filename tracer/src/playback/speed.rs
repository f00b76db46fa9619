//! The speed of playback.

use std::time::Duration;

/// Allowed speeds: from a hundredth of real time to ten thousand times real time.
const SPEEDS: std::ops::RangeInclusive<f64> = 0.01..=10_000.0;

/// The speed at which a recording plays, and whether it plays at all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlaybackSpeed {
    /// False while playback is paused.
    pub playing: bool,
    /// Multiple of real time.
    speed: f64,
}

impl Default for PlaybackSpeed {
    fn default() -> Self {
        PlaybackSpeed {
            playing: false,
            speed: 1.0,
        }
    }
}

impl PlaybackSpeed {
    /// Returns the speed as a multiple of real time.
    pub fn speed(&self) -> f64 {
        self.speed
    }

    /// Multiplies the speed by `factor`, within the allowed range.
    pub fn change(&mut self, factor: f64) {
        self.speed = (self.speed * factor).clamp(*SPEEDS.start(), *SPEEDS.end());
    }

    /// Returns the recorded time that passes in `elapsed`, ns.
    pub fn passes(&self, elapsed: Duration) -> u64 {
        match self.playing {
            true => (elapsed.as_nanos() as f64 * self.speed) as u64,
            false => 0,
        }
    }
}
