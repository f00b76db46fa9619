//! Numbers in as many bytes as they need: LEB128, and zigzag for signed ones.
//! It must not know what the numbers mean.

use super::malformed::Malformed;

/// Appends seven bits at a time, the lowest first; the top bit of a byte says
/// that more follow.
pub(super) fn put(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// Small numbers of either sign become small numbers: 0, -1, 1, -2, 2 …
pub(super) fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

pub(super) fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

/// The way from one number to another that is short when they are close. It
/// wraps, so that every pair has one.
pub(super) fn difference(value: u64, base: u64) -> u64 {
    zigzag(value.wrapping_sub(base) as i64)
}

pub(super) fn from_difference(difference: u64, base: u64) -> u64 {
    base.wrapping_add(unzigzag(difference) as u64)
}

/// Takes a number from the front of `bytes`.
///
/// Nothing is read as zero: that is how a field is read that an older writer
/// did not have. A number that stops in the middle is malformed.
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

/// The number at the front that takes at most eight bytes, as nearly all do, and
/// how many: the seven bits of neighbouring bytes are joined, then those of
/// neighbouring pairs, then the two halves. None also where fewer than eight
/// bytes are left.
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
        // The tenth byte has room for the last bit only.
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
    fn every_length_comes_back() {
        for shift in 0..64 {
            for value in [1 << shift, (1 << shift) - 1, u64::MAX >> shift] {
                let mut bytes = Vec::new();
                put(&mut bytes, value);
                let mut rest = &bytes[..];
                assert_eq!(get(&mut rest), Ok(value));
                assert!(rest.is_empty());
                // And where more follows.
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
    fn a_number_that_stops_or_overflows_is_malformed_and_none_is_zero() {
        assert_eq!(get(&mut &[][..]), Ok(0));
        assert_eq!(get(&mut &[0x80][..]), Err(Malformed));
        assert_eq!(get(&mut &[0xff; 9][..]), Err(Malformed));
        assert_eq!(get(&mut &[0xff; 11][..]), Err(Malformed));
        let mut two = [0xff; 10];
        two[9] = 2;
        assert_eq!(get(&mut &two[..]), Err(Malformed));
    }

    #[test]
    fn signs_cost_one_bit() {
        assert_eq!([0, -1, 1, -2].map(zigzag), [0, 1, 2, 3]);
        assert_eq!(zigzag(i64::MIN), u64::MAX);
        assert_eq!(unzigzag(u64::MAX), i64::MIN);
    }
}
