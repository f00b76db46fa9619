//! The version number of the recording format.

/// Format version that the writer produces. Readers accept this version and all earlier ones.
pub const VERSION: u16 = 2;
