//! The layout of records as text, as recordings store it: one line for each struct, each of its
//! members and each kind of record. [`own_text`] describes this build's records;
//! [`Layout::parse`] reads the description of any build.
//!
//! ```text
//! struct Who 24
//!   pid u32 0
//!   start u64 8 `start_boottime` of the task, ns.
//! record 2 wakeup_new WakeupNew
//! ```
//!
//! A member line has the name, the type, the offset in bytes and the meaning. A type is `uN` or
//! `iN` with N bits, a struct described by an earlier line, or `[TYPE;COUNT]`.

use std::{collections::HashMap, sync::LazyLock};

use tracer_common::wire::{Kind, Shape, Struct};

/// Size in bytes of the beginning of every record: its kind (u32), its CPU (u32) and its time
/// (u64, ns since boot).
pub const RECORD_HEADER: usize = 16;

/// Maximum size of a record in a layout, bytes.
const MAX_RECORD: usize = 64 << 10;
/// Maximum number of values in all records together, each counted where a struct is described
/// and where it is used. This build has some thousands.
const MAX_VALUES: usize = 65_536;
/// Maximum length of a path of names, bytes.
const MAX_PATH: usize = 256;

/// A value, or an array of values, at an offset in a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayoutField {
    /// Names of the members from the outermost to the innermost: `head.who.pid`.
    pub path: String,
    /// Offset in the record, bytes.
    pub offset: usize,
    /// Size of one value: 1, 4 or 8 bytes.
    pub width: usize,
    /// Number of values.
    pub count: usize,
}

/// The layout of the fixed part of a record. More bytes, its tail, may follow it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordLayout {
    /// Size in bytes.
    pub size: usize,
    /// Values, in the order of the description.
    pub fields: Vec<LayoutField>,
}

/// The layouts of all kinds of records, by the number of the kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    records: HashMap<u8, RecordLayout>,
}

impl Layout {
    /// Returns the layout of this build's records.
    pub fn own() -> &'static Layout {
        static OWN: LazyLock<Layout> = LazyLock::new(|| {
            let own = Layout::parse(own_text().as_bytes());
            own.expect("this build parses its own layout")
        });
        &OWN
    }

    /// Parses a layout. Returns none if the text is not one or exceeds the limits.
    pub fn parse(text: &[u8]) -> Option<Layout> {
        let text = std::str::from_utf8(text).ok()?;
        let mut structs: HashMap<&str, RecordLayout> = HashMap::new();
        let mut layout = Layout::default();
        let mut current = "";
        let mut values = 0;
        let mut count = |fields: &[LayoutField]| {
            values += fields.iter().map(|field| field.count).sum::<usize>();
            values <= MAX_VALUES
        };
        for line in text.lines() {
            let words: Vec<_> = line.split_ascii_whitespace().collect();
            match words[..] {
                ["struct", name, size] => {
                    let size = size.parse().ok().filter(|&size| size <= MAX_RECORD)?;
                    let fields = Vec::new();
                    structs.insert(name, RecordLayout { size, fields });
                    current = name;
                }
                ["record", number, _, of] => {
                    let record = structs.get(of).filter(|it| it.size >= RECORD_HEADER)?;
                    if !count(&record.fields) {
                        return None;
                    }
                    layout.records.insert(number.parse().ok()?, record.clone());
                }
                [name, of, offset, ..] => {
                    let offset = offset.parse().ok()?;
                    let fields = fields(&structs, name, of, offset)?;
                    let to = structs.get_mut(current)?;
                    let end = |field: &LayoutField| field.offset + field.width * field.count;
                    let fits =
                        |field: &LayoutField| end(field) <= to.size && field.path.len() <= MAX_PATH;
                    if !fields.iter().all(fits) || !count(&fields) {
                        return None;
                    }
                    to.fields.extend(fields);
                }
                _ => return None,
            }
        }
        Some(layout)
    }

    /// Returns the layout of the records of a kind, by its number.
    pub fn of(&self, kind: u8) -> Option<&RecordLayout> {
        self.records.get(&kind)
    }
}

/// Returns the values of a member.
fn fields(
    structs: &HashMap<&str, RecordLayout>,
    name: &str,
    of: &str,
    offset: usize,
) -> Option<Vec<LayoutField>> {
    let field = |width, count| {
        vec![LayoutField {
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
        return Some(field(width, 1));
    }
    if let Some(inner) = structs.get(of) {
        let inner = inner.fields.iter().map(|inner| LayoutField {
            path: format!("{name}.{}", inner.path),
            offset: offset + inner.offset,
            ..*inner
        });
        return Some(inner.collect());
    }
    let (of, count) = of.strip_prefix('[')?.strip_suffix(']')?.split_once(';')?;
    let count = count.parse().ok().filter(|&count| count <= MAX_RECORD)?;
    Some(field(width(of)?, count))
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

/// Describes a struct, after the structs that it contains.
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

/// Joins a doc comment to one line.
fn meaning(doc: &str) -> String {
    doc.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layout_covers_every_byte_of_every_record_once() {
        for kind in Kind::ALL {
            let layout = Layout::own().of(*kind as u8).unwrap();
            assert_eq!(layout.size, kind.layout().size);
            let mut next = 0;
            for field in &layout.fields {
                assert_eq!(field.offset, next, "{kind:?} {}", field.path);
                next += field.width * field.count;
            }
            assert_eq!(next, layout.size, "{kind:?}");
            for (field, name) in layout.fields.iter().zip(["kind", "cpu", "at"]) {
                assert!(
                    field.path.ends_with(&format!("head.{name}")),
                    "{}",
                    field.path
                );
            }
        }
    }

    /// Each struct contains the one before it twice, so the number of values doubles.
    #[test]
    fn excessive_layout_is_refused() {
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
    fn malformed_layout_is_refused() {
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
