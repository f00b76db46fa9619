//! What a record looks like as bytes, generated from the structs themselves. A
//! recording carries it, so that a reader needs no struct of the build that
//! wrote it.
//!
//! It must not know what any record means beyond its fields' own docs.

/// A member of a struct.
pub struct Member {
    pub name: &'static str,
    /// Bytes from the beginning of the struct.
    pub offset: usize,
    pub shape: &'static Shape,
    /// What the field's docs say.
    pub meaning: &'static str,
}

/// What kind of value stands in some bytes. Numbers are little-endian.
pub enum Shape {
    /// `u8`, `u32`, `u64`: bytes.
    Unsigned(usize),
    /// `i32`: bytes.
    Signed(usize),
    /// So many of the same, one after the other.
    Array(usize, &'static Shape),
    Struct(&'static Struct),
}

/// A struct without padding.
pub struct Struct {
    pub name: &'static str,
    pub size: usize,
    pub members: &'static [Member],
}

/// A type whose bytes can be described.
pub trait Described {
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
