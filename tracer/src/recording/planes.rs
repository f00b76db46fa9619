//! Numbers as byte planes: the lowest bytes of all numbers, then the next bytes, and so on. Planes of
//! zeros are left out. Similar neighbours compress well in this form, and equal ones cost nothing.

use super::malformed::Malformed;

/// A number of 1, 4 or 8 bytes, little-endian.
pub(super) trait Word: Copy {
    /// Reads a number from the front of `bytes`, or 0 if they are too few.
    fn read(bytes: &[u8]) -> Self;
    /// Writes the number to the front of `bytes`, if there is room.
    fn write(self, bytes: &mut [u8]);
    /// Returns the zigzag of the wrapping difference to the number before.
    fn difference(self, before: Self) -> u64;
    /// Reverses [`difference`](Self::difference).
    fn from_difference(difference: u64, before: Self) -> Self;
}

macro_rules! words {
    ($($word:ty, $signed:ty;)*) => {
        $(impl Word for $word {
            #[inline]
            fn read(bytes: &[u8]) -> Self {
                bytes.first_chunk().map_or(0, |&bytes| <$word>::from_le_bytes(bytes))
            }

            #[inline]
            fn write(self, bytes: &mut [u8]) {
                if let Some(to) = bytes.first_chunk_mut() {
                    *to = self.to_le_bytes();
                }
            }

            #[inline]
            fn difference(self, before: Self) -> u64 {
                let signed = self.wrapping_sub(before) as $signed;
                ((signed << 1) ^ (signed >> (<$word>::BITS - 1))) as $word as u64
            }

            #[inline]
            fn from_difference(difference: u64, before: Self) -> Self {
                let zigzag = difference as $word;
                before.wrapping_add((zigzag >> 1) ^ (zigzag & 1).wrapping_neg())
            }
        })*
    };
}

words! {
    u8, i8;
    u32, i32;
    u64, i64;
}

/// Appends the planes of `numbers` and returns a bit for each plane that is present.
pub(super) fn put(numbers: &[u64], to: &mut Vec<u8>) -> u8 {
    let all = numbers.iter().fold(0, |all, number| all | number);
    let mut present = 0;
    for plane in 0..8 {
        if all >> (8 * plane) & 0xff != 0 {
            present |= 1 << plane;
            to.extend(numbers.iter().map(|number| (number >> (8 * plane)) as u8));
        }
    }
    present
}

/// Reads `count` numbers from the planes whose bits are set in `present`.
pub(super) fn get(
    present: u8,
    count: usize,
    from: &mut &[u8],
    numbers: &mut Vec<u64>,
) -> Result<(), Malformed> {
    numbers.clear();
    numbers.resize(count, 0);
    for plane in (0..8).filter(|plane| present >> plane & 1 != 0) {
        let bytes = from.split_off(..count).ok_or(Malformed)?;
        for (number, &byte) in numbers.iter_mut().zip(bytes) {
            *number |= u64::from(byte) << (8 * plane);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_round_trip(numbers in prop::collection::vec(any::<u64>(), 0..50), shift in 0..64) {
            let numbers: Vec<_> = numbers.into_iter().map(|it| it >> shift).collect();
            let mut bytes = Vec::new();
            let present = put(&numbers, &mut bytes);
            let mut back = Vec::new();
            let mut rest = &bytes[..];
            get(present, numbers.len(), &mut rest, &mut back).unwrap();
            prop_assert_eq!(&back, &numbers);
            prop_assert!(rest.is_empty());
            if present != 0 {
                prop_assert!(get(present, numbers.len(), &mut &bytes[1..], &mut back).is_err());
            }
        }

        #[test]
        fn differences_round_trip(one: u64, two: u64) {
            let (low, lower) = (one as u32, two as u32);
            prop_assert_eq!(u64::from_difference(one.difference(two), two), one);
            prop_assert_eq!(u32::from_difference(low.difference(lower), lower), low);
            let (low, lower) = (one as u8, two as u8);
            prop_assert_eq!(u8::from_difference(low.difference(lower), lower), low);
        }
    }

    #[test]
    fn small_differences_are_small_numbers() {
        assert_eq!(
            [
                5_u32.difference(5),
                4_u32.difference(5),
                6_u32.difference(5)
            ],
            [0, 1, 2]
        );
        assert_eq!(0_u64.difference(1), 1);
    }
}
