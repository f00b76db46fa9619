//! Computes the values of `tracer_common::fields` for this kernel.

use tracer_common::fields::{ABSENT, pack};

use super::btf::Btf;

/// A global of the eBPF object and the kernel field that it locates.
struct KernelField {
    global: &'static str,
    of: &'static str,
    /// Names of the member, the newest first.
    members: &'static [&'static str],
}

macro_rules! table {
    ($($global:ident: $type:literal, $($member:literal),+;)*) => {
        const FIELDS: &[KernelField] = &[
            $(KernelField { global: stringify!($global), of: $type, members: &[$($member),+] },)*
        ];
    };
}
tracer_common::kernel_fields!(table);

/// Returns the value of every field's global on this kernel.
pub fn values(btf: &Btf) -> Vec<(&'static str, u64)> {
    FIELDS
        .iter()
        .map(|field| (field.global, value(btf, field)))
        .collect()
}

fn value(btf: &Btf, field: &KernelField) -> u64 {
    if field.members == ["sizeof"] {
        return btf
            .size_of(field.of)
            .map_or(ABSENT, |size| pack(size, u8::MAX));
    }
    let member = field
        .members
        .iter()
        .find_map(|member| btf.member(field.of, member));
    member.map_or(ABSENT, |member| {
        let mask = if member.bits == 0 {
            u8::MAX
        } else {
            1 << (member.bit_offset % 8)
        };
        pack(member.bit_offset / 8, mask)
    })
}
