//! Serialization of lists that mostly have one entry. Allocates for the entries
//! present, not for the length that the bytes claim.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smallvec::SmallVec;

pub fn serialize<T: Serialize, S: Serializer>(
    list: &SmallVec<[T; 1]>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    list.as_slice().serialize(serializer)
}

pub fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<SmallVec<[T; 1]>, D::Error> {
    Vec::deserialize(deserializer).map(|list| list.into_iter().collect())
}
