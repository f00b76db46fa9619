//! Decides which characters are shown as they are. The rule is one expression over the
//! properties of Unicode, so that no list of characters has to be kept here.

use std::sync::LazyLock;

use regex_syntax::{
    Parser,
    hir::{Class, HirKind},
};

/// Characters that are not shown as they are:
///
/// - `C`: controls, formatting (bidi, zero-width), private use, unassigned;
/// - `Z`: separators other than the space, which look like one or end a line;
/// - characters that a renderer may leave out, such as variation selectors and fillers;
/// - the blank Braille pattern, the only blank that Unicode counts as a symbol.
const HIDDEN: &str = r"[[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u{2800}]--[ ]]";

/// Characters that are drawn over the one before them.
const MARKS: &str = r"\p{M}";

/// Ranges of characters, ascending.
type Ranges = Vec<(char, char)>;

static HIDDEN_RANGES: LazyLock<Ranges> = LazyLock::new(|| ranges(HIDDEN));
static MARK_RANGES: LazyLock<Ranges> = LazyLock::new(|| ranges(MARKS));

fn ranges(class: &str) -> Ranges {
    let parsed = Parser::new().parse(class).map(|parsed| parsed.into_kind());
    match parsed {
        Ok(HirKind::Class(Class::Unicode(class))) => {
            let ranges = class.ranges().iter();
            ranges.map(|range| (range.start(), range.end())).collect()
        }
        // The expressions are constants, and a test parses them.
        _ => unreachable!("{class} is a class of characters"),
    }
}

fn contains(ranges: &[(char, char)], character: char) -> bool {
    let after = ranges.partition_point(|&(start, _)| start <= character);
    after > 0 && character <= ranges[after - 1].1
}

/// Returns true if the character is visible and neither controls a terminal nor hides or
/// reorders text around it.
pub(crate) fn is_plain(character: char) -> bool {
    match character {
        ' '..='~' => true,
        '\0'..='\u{9f}' => false,
        _ => !contains(&HIDDEN_RANGES, character),
    }
}

/// Returns true if the character is drawn over the one before it.
pub(super) fn is_mark(character: char) -> bool {
    character > '\u{2ff}' && contains(&MARK_RANGES, character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_controls_hides_or_reorders_is_not_plain() {
        let hidden = [
            0..=0x1f,
            0x7f..=0xa0,
            0xad..=0xad,
            0x34f..=0x34f,
            0x61c..=0x61c,
            0x115f..=0x1160,
            0x1680..=0x1680,
            0x17b4..=0x17b5,
            0x180b..=0x180f,
            0x2000..=0x200f,
            0x2028..=0x202f,
            0x205f..=0x206f,
            0x2800..=0x2800,
            0x3000..=0x3000,
            0x3164..=0x3164,
            0xe000..=0xf8ff,
            0xfdd0..=0xfdef,
            0xfe00..=0xfe0f,
            0xfeff..=0xfeff,
            0xffa0..=0xffa0,
            0xfff0..=0xfffb,
            0x1bca0..=0x1bca3,
            0x1d173..=0x1d17a,
            // Not assigned, in blocks of wide characters.
            0x3fffe..=0x3ffff,
            0xe0000..=0xe0fff,
            0x10fffe..=0x10ffff,
        ];
        for character in hidden.into_iter().flatten().filter_map(char::from_u32) {
            assert!(!is_plain(character), "{:x}", u32::from(character));
        }
        for character in "aZ~ é·µ–→│日本語🦀ﾊあ한글עברית\u{2801}\u{301}".chars()
        {
            assert!(is_plain(character), "{character}");
        }
        assert!(is_mark('\u{301}') && is_mark('\u{20e3}') && !is_mark('é') && !is_mark('a'));
    }
}
