//! The macro that declares a record: its struct, kind and layout.

/// Declares a record: a `repr(C)` struct without padding, its kind and its layout.
///
/// A recording describes each member by its doc comment. The layout's number is a
/// checksum of these descriptions (docs/recording-format.md), so a changed word
/// makes a new layout. `member: Type = "…"` sets the description apart from the
/// comment: recordings keep their wording, the comment can be improved.
macro_rules! record {
    ($(#[$meta:meta])* $name:ident $(: $kind:ident)? { $(
        $(#[doc = $doc:literal])* $member:ident: $type:ty $(= $described:literal)?,
    )* }) => {
        $(#[$meta])*
        #[repr(C)]
        #[derive(Clone, Copy)]
        #[cfg_attr(
            feature = "user",
            derive(zerocopy::FromBytes, zerocopy::KnownLayout, zerocopy::Immutable)
        )]
        pub struct $name { $($(#[doc = $doc])* pub $member: $type,)* }

        impl $crate::wire::Described for $name {
            const SHAPE: $crate::wire::Shape = $crate::wire::Shape::Struct(&$crate::wire::Struct {
                name: stringify!($name),
                size: size_of::<$name>(),
                members: &[$($crate::wire::Member {
                    name: stringify!($member),
                    offset: core::mem::offset_of!($name, $member),
                    shape: &<$type as $crate::wire::Described>::SHAPE,
                    meaning: $crate::wire::meaning!([$($doc)*] $($described)?),
                },)*],
            });
        }

        $(impl $crate::wire::Record for $name {
            const KIND: $crate::wire::Kind = $crate::wire::Kind::$kind;
        })?

        // No padding: the kernel refuses to copy out uninitialized bytes, and a
        // reader could mistake them for data.
        const _: () = assert!(size_of::<$name>() == 0 $(+ size_of::<$type>())*);
        const _: () = assert!(align_of::<$name>() <= 8);
    };
}
pub(crate) use record;

macro_rules! meaning {
    ([$($doc:literal)*] $described:literal) => { $described };
    ([$($doc:literal)*]) => { concat!($($doc),*) };
}
pub(crate) use meaning;
