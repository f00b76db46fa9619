//! A word of a map's value, through which a program turns a pointer into a number.

/// A word of a map's value.
#[repr(transparent)]
pub struct Scratch(u64);

impl Scratch {
    /// Returns a pointer as a plain number. The verifier rejects arithmetic on typed
    /// pointers, and the compiler turns comparisons into arithmetic where it can.
    /// A value read from a map is a number to both.
    #[inline(always)]
    pub fn number(&mut self, pointer: u64) -> u64 {
        let scratch = &raw mut self.0;
        // SAFETY: aligned, and valid as long as `self`.
        unsafe {
            scratch.write_volatile(pointer);
            scratch.read_volatile()
        }
    }
}
