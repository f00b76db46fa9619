//! Size limits of the format.

/// Maximum payload length in bytes, both stored and decompressed. It bounds the memory that a
/// reader allocates for one block.
pub(super) const MAX_PAYLOAD: usize = 2 << 20;

/// Maximum text length in bytes. The writer cuts longer texts, so that a nearly full block
/// still has room for one more event.
pub(super) const MAX_TEXT: usize = 256 << 10;
