//! How records lie in a recording, as text: one line for each struct, each of
//! its members and each kind of record. `own_text` is what this build writes;
//! [`Layout::parse`] reads what any build wrote.
//!
//! ```text
//! struct Who 24
//!   pid u32 0
//!   start u64 8 `start_boottime` of the task, ns.
//! record 2 wakeup_new WakeupNew
//! ```
//!
//! A member is its name, its type and its offset, then what it means. A type
//! is `uN` or `iN` of N bits, a struct that an earlier line describes, or
//! `[TYPE;COUNT]`.

use std::{collections::HashMap, sync::LazyLock};

use tracer_common::wire::{Kind, Shape, Struct};

/// Every record begins with its kind (u32), its CPU (u32) and its time (u64).
pub const HEAD: usize = 16;

/// No record is longer: what a layout may claim.
const MAX_RECORD: usize = 64 << 10;
/// All records together have no more values, each counted where a struct is
/// described and where it is used; this build's are some thousands.
const MAX_VALUES: usize = 65_536;
/// Nor is a path of names longer.
const MAX_PATH: usize = 256;

/// A value, or several of one type, at a place in a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Names from the outside in: `head.who.pid`.
    pub path: String,
    pub offset: usize,
    /// Bytes of each: 1, 4 or 8.
    pub width: usize,
    pub count: usize,
}

/// The fixed part of a record; a record may have more bytes behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordLayout {
    pub size: usize,
    pub leaves: Vec<Leaf>,
}

/// The layouts of all kinds of records, by their numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    records: HashMap<u8, RecordLayout>,
}

impl Layout {
    /// Returns the layout of this build's records.
    pub fn own() -> &'static Layout {
        static OWN: LazyLock<Layout> = LazyLock::new(|| {
            let own = Layout::parse(own_text().as_bytes());
            own.expect("what this build writes it reads")
        });
        &OWN
    }

    /// Reads a layout; none if it is not one, or claims more than any record has.
    pub fn parse(text: &[u8]) -> Option<Layout> {
        let text = std::str::from_utf8(text).ok()?;
        let mut structs: HashMap<&str, RecordLayout> = HashMap::new();
        let mut layout = Layout::default();
        let mut current = "";
        let mut values = 0;
        let mut count = |leaves: &[Leaf]| {
            values += leaves.iter().map(|leaf| leaf.count).sum::<usize>();
            values <= MAX_VALUES
        };
        for line in text.lines() {
            let words: Vec<_> = line.split_ascii_whitespace().collect();
            match words[..] {
                ["struct", name, size] => {
                    let size = size.parse().ok().filter(|&size| size <= MAX_RECORD)?;
                    let leaves = Vec::new();
                    structs.insert(name, RecordLayout { size, leaves });
                    current = name;
                }
                ["record", number, _, of] => {
                    let record = structs.get(of).filter(|it| it.size >= HEAD)?;
                    if !count(&record.leaves) {
                        return None;
                    }
                    layout.records.insert(number.parse().ok()?, record.clone());
                }
                [name, of, offset, ..] => {
                    let offset = offset.parse().ok()?;
                    let leaves = leaves(&structs, name, of, offset)?;
                    let to = structs.get_mut(current)?;
                    let end = |leaf: &Leaf| leaf.offset + leaf.width * leaf.count;
                    let fits = |leaf: &Leaf| end(leaf) <= to.size && leaf.path.len() <= MAX_PATH;
                    if !leaves.iter().all(fits) || !count(&leaves) {
                        return None;
                    }
                    to.leaves.extend(leaves);
                }
                _ => return None,
            }
        }
        Some(layout)
    }

    /// Returns the layout of the records of a kind.
    pub fn of(&self, kind: u8) -> Option<&RecordLayout> {
        self.records.get(&kind)
    }
}

/// The values of a member.
fn leaves(
    structs: &HashMap<&str, RecordLayout>,
    name: &str,
    of: &str,
    offset: usize,
) -> Option<Vec<Leaf>> {
    let leaf = |width, count| {
        vec![Leaf {
            path: name.to_owned(),
            offset,
            width,
            count,
        }]
    };
    if offset > MAX_RECORD {
        return None;
    }
    if let Some(width) = width(of) {
        return Some(leaf(width, 1));
    }
    if let Some(inner) = structs.get(of) {
        let inner = inner.leaves.iter().map(|inner| Leaf {
            path: format!("{name}.{}", inner.path),
            offset: offset + inner.offset,
            ..*inner
        });
        return Some(inner.collect());
    }
    let (of, count) = of.strip_prefix('[')?.strip_suffix(']')?.split_once(';')?;
    let count = count.parse().ok().filter(|&count| count <= MAX_RECORD)?;
    Some(leaf(width(of)?, count))
}

fn width(of: &str) -> Option<usize> {
    match of {
        "u8" | "i8" => Some(1),
        "u32" | "i32" => Some(4),
        "u64" | "i64" => Some(8),
        _ => None,
    }
}

/// Returns the layout of this build's records as text.
pub fn own_text() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        let mut text = String::new();
        let mut described = Vec::new();
        for kind in Kind::ALL {
            let layout = kind.layout();
            describe(layout, &mut described, &mut text);
            let (number, name) = (*kind as u32, kind.name());
            text.push_str(&format!("record {number} {name} {}\n", layout.name));
        }
        text
    });
    &TEXT
}

/// Writes a struct, behind those that it is made of.
fn describe(of: &Struct, described: &mut Vec<&'static str>, text: &mut String) {
    if described.contains(&of.name) {
        return;
    }
    described.push(of.name);
    for member in of.members {
        if let Shape::Struct(inner) = member.shape {
            describe(inner, described, text);
        }
    }
    text.push_str(&format!("struct {} {}\n", of.name, of.size));
    for member in of.members {
        let (name, offset) = (member.name, member.offset);
        let line = format!(
            "  {name} {} {offset} {}",
            name_of(member.shape),
            meaning(member.meaning)
        );
        text.push_str(line.trim_end());
        text.push('\n');
    }
}

fn name_of(shape: &Shape) -> String {
    match shape {
        Shape::Unsigned(width) => format!("u{}", 8 * width),
        Shape::Signed(width) => format!("i{}", 8 * width),
        Shape::Array(count, of) => format!("[{};{count}]", name_of(of)),
        Shape::Struct(of) => of.name.to_owned(),
    }
}

/// In one line.
fn meaning(doc: &str) -> String {
    doc.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layout_covers_every_byte_of_every_record_once() {
        for kind in Kind::ALL {
            let layout = Layout::own().of(*kind as u8).unwrap();
            assert_eq!(layout.size, kind.layout().size);
            let mut next = 0;
            for leaf in &layout.leaves {
                assert_eq!(leaf.offset, next, "{kind:?} {}", leaf.path);
                next += leaf.width * leaf.count;
            }
            assert_eq!(next, layout.size, "{kind:?}");
            for (leaf, name) in layout.leaves.iter().zip(["kind", "cpu", "at"]) {
                assert!(
                    leaf.path.ends_with(&format!("head.{name}")),
                    "{}",
                    leaf.path
                );
            }
        }
    }

    /// Structs of structs, each of which has twice the values of the one before.
    #[test]
    fn a_layout_that_claims_too_much_is_refused() {
        let mut text = "struct s0 16\n  a u8 0\n".to_owned();
        for number in 1..60 {
            let inner = number - 1;
            text.push_str(&format!(
                "struct s{number} 16\n  a s{inner} 0\n  b s{inner} 0\n"
            ));
        }
        assert_eq!(Layout::parse(text.as_bytes()), None);
        let wide = "struct s 60000\n  a [u8;60000] 0\n".to_owned();
        assert!(Layout::parse(wide.as_bytes()).is_some());
        let twice = wide + "record 1 a s\n";
        assert_eq!(Layout::parse(twice.as_bytes()), None);
        let long = format!("struct s 16\n  {} u8 0\n", "a".repeat(300));
        assert_eq!(Layout::parse(long.as_bytes()), None);
    }

    #[test]
    fn what_is_no_layout_is_refused() {
        for text in [
            &b"\xff"[..],
            b"member u32 0",
            b"struct A 4\n  a u32 4",
            b"struct A 4\n  a u32 0\nrecord 1 a A",
            b"struct A 99999999",
            b"struct A 20\n  a [u8;99] 0",
            b"struct A 20\n  a B 0",
            b"record 1 a A",
            b"struct A 20\nrecord 256 a A",
        ] {
            assert_eq!(Layout::parse(text), None, "{}", text.escape_ascii());
        }
    }
}
