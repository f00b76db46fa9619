//! Requests to the player of a recording. Must not know how they are performed.

/// A request to move in a recording, or in the past of a live trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Starts playing, or pauses.
    PlayOrPause,
    /// Doubles the speed.
    Faster,
    /// Halves the speed.
    Slower,
    /// Moves one event forward.
    StepForward,
    /// Moves one event back.
    StepBack,
    /// Moves a twentieth of the recording forward.
    Forward,
    /// Moves a twentieth of the recording back.
    Backward,
    /// Seeks the next exit.
    NextExit,
    /// Seeks the previous exit.
    PreviousExit,
    /// Seeks the next zombie.
    NextZombie,
    /// Seeks the previous zombie.
    PreviousZombie,
    /// Seeks the next gap.
    NextGap,
    /// Seeks the previous gap.
    PreviousGap,
    /// Seeks the next event that matches the search.
    NextHit,
    /// Seeks the previous event that matches the search.
    PreviousHit,
    /// Seeks a time, ns since boot.
    At(u64),
}
