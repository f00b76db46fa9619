//! Variable-length numbers: LEB128, with zigzag for signed numbers. This file must not know what
//! the numbers mean.

use super::malformed::Malformed;

/// Appends a number, seven bits per byte, the lowest first. The top bit of a byte is set if another
/// byte follows.
pub(super) fn put(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// Maps numbers of small magnitude to small numbers: 0, -1, 1, -2 become 0, 1, 2, 3.
pub(super) fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

/// Reverses [`zigzag`].
pub(super) fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

/// Returns the zigzag of `value - base`, which is small if the two are close. The subtraction wraps,
/// so every pair has a difference.
pub(super) fn difference(value: u64, base: u64) -> u64 {
    zigzag(value.wrapping_sub(base) as i64)
}

/// Reverses [`difference`].
pub(super) fn from_difference(difference: u64, base: u64) -> u64 {
    base.wrapping_add(unzigzag(difference) as u64)
}

/// Takes a number from the front of `bytes`.
///
/// Empty input reads as zero, the value of a field that an older writer did not have. A truncated
/// number is malformed.
#[inline]
pub(super) fn get(bytes: &mut &[u8]) -> Result<u64, Malformed> {
    match **bytes {
        [] => Ok(0),
        [byte @ 0..0x80, ref rest @ ..] => {
            *bytes = rest;
            Ok(u64::from(byte))
        }
        _ => get_long(bytes),
    }
}

fn get_long(bytes: &mut &[u8]) -> Result<u64, Malformed> {
    if let Some((value, length)) = decode_word(bytes) {
        *bytes = &bytes[length..];
        return Ok(value);
    }
    get_bytewise(bytes)
}

/// Decodes a number of at most eight bytes, as nearly all are, from one 64-bit word, and returns it
/// with its length: joins the seven bits of neighbouring bytes, then of neighbouring pairs, then of
/// the two halves. Returns none for longer numbers, and if fewer than eight bytes are left.
#[inline]
pub(super) fn decode_word(bytes: &[u8]) -> Option<(u64, usize)> {
    const ENDS: u64 = 0x8080_8080_8080_8080;
    let word = u64::from_le_bytes(*bytes.first_chunk()?);
    let ends = !word & ENDS;
    if ends == 0 {
        return None;
    }
    let bits = ends.trailing_zeros();
    let word = word & (u64::MAX >> (63 - bits)) & !ENDS;
    let pairs = word & 0x007f_007f_007f_007f | (word & 0x7f00_7f00_7f00_7f00) >> 1;
    let fours = pairs & 0x3fff_0000_3fff | (pairs & 0x3fff_0000_3fff_0000) >> 2;
    let value = fours & 0x0fff_ffff | (fours & 0x0fff_ffff_0000_0000) >> 4;
    Some((value, bits as usize / 8 + 1))
}

fn get_bytewise(bytes: &mut &[u8]) -> Result<u64, Malformed> {
    let mut value = 0;
    for (index, &byte) in bytes.iter().enumerate().take(10) {
        let bits = u64::from(byte & 0x7f);
        // The tenth byte holds only the last bit.
        if index == 9 && bits > 1 {
            return Err(Malformed);
        }
        value |= bits << (7 * index);
        if byte < 0x80 {
            *bytes = &bytes[index + 1..];
            return Ok(value);
        }
    }
    Err(Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_round_trips() {
        for shift in 0..64 {
            for value in [1 << shift, (1 << shift) - 1, u64::MAX >> shift] {
                let mut bytes = Vec::new();
                put(&mut bytes, value);
                let mut rest = &bytes[..];
                assert_eq!(get(&mut rest), Ok(value));
                assert!(rest.is_empty());
                // Again with more bytes behind it.
                bytes.extend([0xff; 9]);
                let mut rest = &bytes[..];
                assert_eq!(get(&mut rest), Ok(value));
                assert_eq!(rest, [0xff; 9]);
                let base = value.rotate_left(13);
                assert_eq!(from_difference(difference(value, base), base), value);
            }
        }
    }

    #[test]
    fn truncated_and_overlong_numbers_are_malformed_and_empty_is_zero() {
        assert_eq!(get(&mut &[][..]), Ok(0));
        assert_eq!(get(&mut &[0x80][..]), Err(Malformed));
        assert_eq!(get(&mut &[0xff; 9][..]), Err(Malformed));
        assert_eq!(get(&mut &[0xff; 11][..]), Err(Malformed));
        let mut two = [0xff; 10];
        two[9] = 2;
        assert_eq!(get(&mut &two[..]), Err(Malformed));
    }

    #[test]
    fn sign_takes_one_bit() {
        assert_eq!([0, -1, 1, -2].map(zigzag), [0, 1, 2, 3]);
        assert_eq!(zigzag(i64::MIN), u64::MAX);
        assert_eq!(unzigzag(u64::MAX), i64::MIN);
    }
}
