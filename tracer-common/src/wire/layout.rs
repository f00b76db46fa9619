//! Descriptions of records as bytes, generated from the structs themselves. A
//! recording carries them, so that a reader does not need the structs of the build
//! that wrote it.
//!
//! It must not know what records mean beyond the docs of their members.

/// A member of a struct.
pub struct Member {
    pub name: &'static str,
    /// Bytes from the beginning of the struct.
    pub offset: usize,
    pub shape: &'static Shape,
    /// Description in recordings.
    pub meaning: &'static str,
}

/// The type of a value. Numbers are little-endian.
pub enum Shape {
    /// `u8`, `u32` or `u64`, with its size in bytes.
    Unsigned(usize),
    /// `i32`, with its size in bytes.
    Signed(usize),
    /// A length and the type of the elements.
    Array(usize, &'static Shape),
    Struct(&'static Struct),
}

/// A struct without padding.
pub struct Struct {
    pub name: &'static str,
    /// Bytes.
    pub size: usize,
    pub members: &'static [Member],
}

/// A type whose bytes can be described.
pub trait Described {
    /// Description of the type.
    const SHAPE: Shape;
}

macro_rules! numbers {
    ($($type:ty: $shape:ident;)*) => {
        $(impl Described for $type {
            const SHAPE: Shape = Shape::$shape(size_of::<$type>());
        })*
    };
}

numbers! {
    u8: Unsigned;
    u32: Unsigned;
    u64: Unsigned;
    i32: Signed;
}

impl<T: Described + 'static, const N: usize> Described for [T; N] {
    const SHAPE: Shape = Shape::Array(N, &T::SHAPE);
}
