//! Parses the kernel's types (BTF): offsets of members, sizes of types, arguments of
//! functions and tracepoints.
//!
//! aya parses BTF but does not expose members, and the crates that do are either LGPL
//! or do not know the newer kinds. The format is Documentation/bpf/btf.rst.

use std::{
    collections::{HashMap, HashSet},
    fmt,
};

use super::plan::Argument;

/// File in which the kernel offers its own types.
pub const VMLINUX: &str = "/sys/kernel/btf/vmlinux";

/// Kinds (include/uapi/linux/btf.h).
const INT: u32 = 1;
const PTR: u32 = 2;
const ARRAY: u32 = 3;
const STRUCT: u32 = 4;
const UNION: u32 = 5;
const ENUM: u32 = 6;
const TYPEDEF: u32 = 8;
const VOLATILE: u32 = 9;
const CONST: u32 = 10;
const RESTRICT: u32 = 11;
const FUNC: u32 = 12;
const FUNC_PROTO: u32 = 13;
const VAR: u32 = 14;
const DATASEC: u32 = 15;
const DECL_TAG: u32 = 17;
const TYPE_TAG: u32 = 18;
const ENUM64: u32 = 19;

const MAGIC: u16 = 0xeb9f;
/// Bytes of the header: magic and version, its length, offsets and lengths of types and
/// strings.
const HEADER: usize = 24;
const TYPE_HEADER: usize = 12;
/// Largest depth of anonymous structs and chains of typedefs.
const MAX_DEPTH: usize = 16;

/// Error returned for bytes that are not BTF, or not in a form that this parser knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// The magic number is missing, or in big-endian order.
    NotBtf,
    /// The header announces more bytes than there are.
    CutShort,
    /// A type's description ends behind the last byte.
    CutInType,
    /// A name's offset lies behind the last byte.
    NameOutOfRange,
    /// A type's number is larger than that of the last type.
    TypeOutOfRange,
    /// A chain of typedefs and qualifiers has no end.
    Circular,
    /// A kind of type that later kernels added.
    UnknownKind(u32),
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Malformed::NotBtf => "this is not BTF (little-endian)",
            Malformed::CutShort => "BTF is cut short",
            Malformed::CutInType => "BTF ends in the middle of a type",
            Malformed::NameOutOfRange => "BTF name out of range",
            Malformed::TypeOutOfRange => "BTF type out of range",
            Malformed::Circular => "a BTF type refers to itself",
            Malformed::UnknownKind(kind) => {
                return write!(f, "BTF kind {kind} is newer than this tracer");
            }
        })
    }
}

impl std::error::Error for Malformed {}

type Result<T, E = Malformed> = std::result::Result<T, E>;

/// The types of a kernel.
pub struct Btf {
    data: Vec<u8>,
    /// Offset of the strings.
    strings: usize,
    /// Offset of each type, by id; id 0 is void.
    types: Vec<usize>,
    /// Ids of structs, unions, enumerations and typedefs, by name.
    names: HashMap<Vec<u8>, u32>,
}

/// Place of a member in a struct or union.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Offset from the start of the outermost struct, in bits.
    pub bit_offset: u32,
    /// Width of a bit field in bits; 0 for a whole member.
    pub bits: u32,
}

#[derive(Clone, Copy)]
struct Type {
    at: usize,
    name: u32,
    kind: u32,
    vlen: usize,
    /// True if members carry the widths of bit fields.
    kind_flag: bool,
    /// Size in bytes, or the id of the type referred to.
    size_or_type: u32,
}

impl Btf {
    /// Parses BTF in little-endian order. Linear in the number of types.
    pub fn parse(data: Vec<u8>) -> Result<Btf> {
        let mut btf = Btf {
            data,
            strings: 0,
            types: vec![0],
            names: HashMap::new(),
        };
        if btf.u32(0)? as u16 != MAGIC {
            return Err(Malformed::NotBtf);
        }
        let header = btf.u32(4)? as usize;
        let types = header + btf.u32(8)? as usize;
        let end = types + btf.u32(12)? as usize;
        btf.strings = header + btf.u32(16)? as usize;
        let length = btf.strings + btf.u32(20)? as usize;
        if btf.data.len() < length {
            return Err(Malformed::CutShort);
        }
        let mut at = types;
        while at < end {
            let id = btf.types.len() as u32;
            btf.types.push(at);
            let kind = btf.read(at)?;
            if matches!(kind.kind, STRUCT | UNION | TYPEDEF | ENUM) && kind.name != 0 {
                let name = btf.name(kind.name)?.to_vec();
                btf.names.entry(name).or_insert(id);
            }
            at += TYPE_HEADER + extra(kind)?;
        }
        Ok(btf)
    }

    /// Returns the bytes that were parsed.
    pub fn bytes(&self) -> &[u8] {
        &self.data
    }

    fn u32(&self, at: usize) -> Result<u32> {
        let bytes = self.data.get(at..).and_then(|rest| rest.first_chunk());
        Ok(u32::from_le_bytes(*bytes.ok_or(Malformed::CutInType)?))
    }

    fn name(&self, offset: u32) -> Result<&[u8]> {
        let name = self
            .data
            .get(self.strings + offset as usize..)
            .ok_or(Malformed::NameOutOfRange)?;
        Ok(name.split(|&byte| byte == 0).next().unwrap_or_default())
    }

    /// Returns true if the string at an offset is `name`. Does not search for the end of a
    /// longer one.
    fn is_named(&self, offset: u32, name: &str) -> bool {
        let found = self.data.get(self.strings + offset as usize..);
        let rest = found.and_then(|found| found.strip_prefix(name.as_bytes()));
        rest.is_some_and(|rest| rest.first() == Some(&0))
    }

    fn read(&self, at: usize) -> Result<Type> {
        let info = self.u32(at + 4)?;
        Ok(Type {
            at,
            name: self.u32(at)?,
            kind: info >> 24 & 0x1f,
            vlen: (info & 0xffff) as usize,
            kind_flag: info >> 31 != 0,
            size_or_type: self.u32(at + 8)?,
        })
    }

    fn by_id(&self, id: u32) -> Result<Type> {
        let at = self
            .types
            .get(id as usize)
            .ok_or(Malformed::TypeOutOfRange)?;
        self.read(*at)
    }

    /// Returns the type behind typedefs and qualifiers.
    fn resolve(&self, mut id: u32) -> Result<Type> {
        for _ in 0..MAX_DEPTH {
            let found = self.by_id(id)?;
            if !matches!(found.kind, TYPEDEF | VOLATILE | CONST | RESTRICT | TYPE_TAG) {
                return Ok(found);
            }
            id = found.size_or_type;
        }
        Err(Malformed::Circular)
    }

    fn named(&self, name: &str) -> Option<Type> {
        self.resolve(*self.names.get(name.as_bytes())?).ok()
    }

    /// Returns the size of a struct or union in bytes.
    pub fn size_of(&self, name: &str) -> Option<u32> {
        let found = self.named(name)?;
        matches!(found.kind, STRUCT | UNION).then_some(found.size_or_type)
    }

    /// Returns a member of a struct by its path, such as "se.sum_exec_runtime". Members of
    /// anonymous structs and unions are found too.
    pub fn member(&self, name: &str, path: &str) -> Option<Member> {
        let mut inside = self.named(name)?;
        let mut base = 0;
        let mut found = None;
        for part in path.split('.') {
            let (member, of) = self.find(inside, part.as_bytes(), 0)?;
            found = Some(Member {
                bit_offset: base + member.bit_offset,
                bits: member.bits,
            });
            base += member.bit_offset;
            inside = self.resolve(of).ok()?;
        }
        found
    }

    fn find(&self, inside: Type, wanted: &[u8], depth: usize) -> Option<(Member, u32)> {
        if depth > MAX_DEPTH || !matches!(inside.kind, STRUCT | UNION) {
            return None;
        }
        for index in 0..inside.vlen {
            let at = inside.at + TYPE_HEADER + index * 12;
            let (name, of, offset) = (
                self.u32(at).ok()?,
                self.u32(at + 4).ok()?,
                self.u32(at + 8).ok()?,
            );
            let member = match inside.kind_flag {
                true => Member {
                    bit_offset: offset & 0xff_ffff,
                    bits: offset >> 24,
                },
                false => Member {
                    bit_offset: offset,
                    bits: 0,
                },
            };
            if name != 0 {
                if self.name(name).ok()? == wanted {
                    return Some((member, of));
                }
            } else if let Some((inner, of)) = self.find(self.resolve(of).ok()?, wanted, depth + 1) {
                let bit_offset = member.bit_offset + inner.bit_offset;
                return Some((
                    Member {
                        bit_offset,
                        ..inner
                    },
                    of,
                ));
            }
        }
        None
    }

    /// Returns true if an enumeration has a value of that name.
    pub fn enumerates(&self, name: &str, value: &str) -> bool {
        self.enumerator(name, value).is_some()
    }

    /// Returns the number of a value of an enumeration.
    pub fn enumerator(&self, name: &str, value: &str) -> Option<u32> {
        let found = self.named(name).filter(|found| found.kind == ENUM)?;
        let mut places = (0..found.vlen).map(|index| found.at + TYPE_HEADER + index * 8);
        let place = places.find(|&at| {
            let name = self.u32(at).and_then(|name| self.name(name));
            name.is_ok_and(|name| name == value.as_bytes())
        })?;
        self.u32(place + 4).ok()
    }

    /// Returns BTF in which every type keeps its id, but only typedefs and functions with
    /// one of these names keep their kind and name.
    ///
    /// aya looks up ids by name and copies all it parses; this keeps the copy small.
    pub fn ids_of(&self, names: &HashSet<String>) -> Result<Vec<u8>> {
        let mut types = Vec::with_capacity(self.types.len() * TYPE_HEADER);
        let mut strings = vec![0];
        let mut add = |words: [u32; 3]| types.extend(words.iter().flat_map(|w| w.to_le_bytes()));
        for &at in &self.types[1..] {
            let of = self.read(at)?;
            let name = match of.kind {
                TYPEDEF | FUNC => Some(self.name(of.name)?),
                _ => None,
            };
            let name = name.and_then(|name| names.get(str::from_utf8(name).ok()?));
            match name {
                Some(name) => {
                    add([strings.len() as u32, of.kind << 24, 0]);
                    strings.extend(name.as_bytes().iter().chain(&[0]));
                }
                None => add([0, PTR << 24, 0]),
            }
        }
        let (length, header) = (types.len() as u32, HEADER as u32);
        let header = [
            u32::from(MAGIC) | 1 << 16,
            header,
            0,
            length,
            length,
            strings.len() as u32,
        ];
        let mut blob: Vec<u8> = header.iter().flat_map(|word| word.to_le_bytes()).collect();
        blob.append(&mut types);
        blob.append(&mut strings);
        Ok(blob)
    }

    /// Returns the types of a function's arguments. None if no function has that name, or
    /// two have: a static function of the same name elsewhere would be hooked with the
    /// wrong prototype, which has crashed 5.10 (`mm_init`).
    pub fn function(&self, name: &str) -> Option<Vec<Argument>> {
        let mut found = None;
        for &at in &self.types[1..] {
            let of = self.read(at).ok()?;
            if of.kind == FUNC && self.is_named(of.name, name) {
                if found.is_some() {
                    return None;
                }
                found = Some(of.size_or_type);
            }
        }
        self.arguments(self.by_id(found?).ok()?, 0)
    }

    /// Returns the types of a prototype's arguments from `first` on.
    fn arguments(&self, prototype: Type, first: usize) -> Option<Vec<Argument>> {
        if prototype.kind != FUNC_PROTO {
            return None;
        }
        (first..prototype.vlen)
            .map(|index| {
                let of = self.u32(prototype.at + TYPE_HEADER + index * 8 + 4).ok()?;
                Some(match self.resolve(of).ok()?.kind {
                    PTR => Argument::Pointer,
                    _ => Argument::Value,
                })
            })
            .collect()
    }

    /// Returns the types of a tracepoint's arguments, if the kernel has it. They are in the
    /// typedef `btf_trace_NAME` of a function whose first argument is private.
    pub fn tracepoint(&self, name: &str) -> Option<Vec<Argument>> {
        let pointer = self.named(&format!("btf_trace_{name}"))?;
        let prototype = self.resolve(pointer.size_or_type).ok()?;
        (pointer.kind == PTR).then(|| self.arguments(prototype, 1))?
    }
}

/// Returns the number of bytes behind a type's header.
fn extra(of: Type) -> Result<usize> {
    Ok(match of.kind {
        INT | VAR | DECL_TAG => 4,
        ARRAY => 12,
        STRUCT | UNION | DATASEC | ENUM64 => 12 * of.vlen,
        ENUM | FUNC_PROTO => 8 * of.vlen,
        PTR | TYPEDEF | VOLATILE | CONST | RESTRICT | TYPE_TAG | FUNC | 7 | 16 => 0,
        kind => return Err(Malformed::UnknownKind(kind)),
    })
}

#[cfg(test)]
mod tests {
    use aya_obj::btf::BtfKind;

    use super::*;

    /// A BTF blob with the given types (header, then extra words) and names.
    fn blob(types: &[&[u32]], names: &[u8]) -> Vec<u8> {
        let length = types
            .iter()
            .map(|words| words.len() as u32 * 4)
            .sum::<u32>();
        let header = [
            u32::from(MAGIC) | 1 << 16,
            24,
            0,
            length,
            length,
            names.len() as u32,
        ];
        let words = header.iter().chain(types.iter().copied().flatten());
        words
            .flat_map(|word| word.to_le_bytes())
            .chain(names.iter().copied())
            .collect()
    }

    fn info(kind: u32, vlen: u32, flag: u32) -> u32 {
        flag << 31 | kind << 24 | vlen
    }

    #[test]
    fn members_are_found_through_anonymous_structs_and_bit_fields() {
        // 1: int; 2: anonymous struct { int b; }; 3: struct s { int a; anon;
        // unsigned f:1; } with the flag at bit 67.
        let names = b"\0int\0s\0a\0b\0f\0";
        let btf = Btf::parse(blob(
            &[
                &[1, info(INT, 0, 0), 4, 32],
                &[0, info(STRUCT, 1, 0), 4, 9, 1, 0],
                &[
                    5,
                    info(STRUCT, 3, 1),
                    12,
                    7,
                    1,
                    0,
                    0,
                    2,
                    32,
                    11,
                    1,
                    1 << 24 | 67,
                ],
            ],
            names,
        ))
        .unwrap();
        assert_eq!(btf.size_of("s"), Some(12));
        assert_eq!(
            btf.member("s", "a"),
            Some(Member {
                bit_offset: 0,
                bits: 0
            })
        );
        assert_eq!(
            btf.member("s", "b"),
            Some(Member {
                bit_offset: 32,
                bits: 0
            })
        );
        assert_eq!(
            btf.member("s", "f"),
            Some(Member {
                bit_offset: 67,
                bits: 1
            })
        );
        assert_eq!(btf.member("s", "absent"), None);
        assert_eq!(btf.member("absent", "a"), None);
    }

    #[test]
    fn wanted_types_keep_their_ids_and_names() {
        // 1: int; 2: struct s { int a; }; 3: typedef int t; 4: typedef int u;
        // 5: int (*)(void); 6: int f(void).
        let names = b"\0int\0s\0a\0t\0u\0f\0";
        let btf = Btf::parse(blob(
            &[
                &[1, info(INT, 0, 0), 4, 32],
                &[5, info(STRUCT, 1, 0), 4, 7, 1, 0],
                &[9, info(TYPEDEF, 0, 0), 1],
                &[11, info(TYPEDEF, 0, 0), 1],
                &[0, info(FUNC_PROTO, 0, 0), 1],
                &[13, info(FUNC, 0, 0), 5],
            ],
            names,
        ))
        .unwrap();
        let wanted = ["t", "f", "s", "absent"].map(str::to_owned);
        let numbers = btf.ids_of(&wanted.into()).unwrap();
        let numbers = aya::Btf::parse(&numbers, aya::Endianness::default()).unwrap();
        let number = |name, kind| numbers.id_by_type_name_kind(name, kind).ok();
        assert_eq!(number("t", BtfKind::Typedef), Some(3));
        assert_eq!(number("f", BtfKind::Func), Some(6));
        assert_eq!(number("u", BtfKind::Typedef), None);
        assert_eq!(number("s", BtfKind::Struct), None);
        assert_eq!(number("absent", BtfKind::Typedef), None);
    }

    #[test]
    fn damaged_bytes_are_refused() {
        assert!(Btf::parse(b"not BTF at all, is it?".to_vec()).is_err());
        let whole = blob(&[&[1, info(INT, 0, 0), 4, 32]], b"\0int\0");
        for length in 0..whole.len() {
            assert!(
                Btf::parse(whole[..length].to_vec()).is_err(),
                "cut to {length}"
            );
        }
    }
}
