//! How fast a recording plays.

use std::time::Duration;

/// From a hundredth of real time to ten thousand times as fast.
const SPEEDS: std::ops::RangeInclusive<f64> = 0.01..=10_000.0;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    pub playing: bool,
    /// 1.0 is real time.
    speed: f64,
}

impl Default for Pace {
    fn default() -> Self {
        Pace {
            playing: false,
            speed: 1.0,
        }
    }
}

impl Pace {
    pub fn speed(&self) -> f64 {
        self.speed
    }

    /// Faster by this factor, or slower.
    pub fn change(&mut self, factor: f64) {
        self.speed = (self.speed * factor).clamp(*SPEEDS.start(), *SPEEDS.end());
    }

    /// How much of the recording passes in that time, ns.
    pub fn passes(&self, elapsed: Duration) -> u64 {
        match self.playing {
            true => (elapsed.as_nanos() as f64 * self.speed) as u64,
            false => 0,
        }
    }
}
