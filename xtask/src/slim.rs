//! Removes the debug sections from the eBPF object, which tracer embeds. The kernel
//! gets types and lines from BTF.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use object::{
    build::elf::{Builder, SectionData},
    elf::SHT_STRTAB,
};

/// Prefixes of DWARF's sections and their relocations.
const DEBUG: [&[u8]; 2] = [b".debug_", b".rel.debug_"];

/// Writes the slim object next to the whole one and returns its path. An unchanged
/// file is not written again, so that cargo does not rebuild.
pub fn object(whole: &Path) -> Result<PathBuf> {
    let slim = whole.with_extension("slim");
    let bytes = fs::read(whole)?;
    let bytes = without_debug(&bytes).with_context(|| whole.display().to_string())?;
    if fs::read(&slim).ok().as_deref() != Some(&bytes) {
        fs::write(&slim, bytes).with_context(|| format!("{} cannot be written", slim.display()))?;
    }
    Ok(slim)
}

fn without_debug(whole: &[u8]) -> Result<Vec<u8>> {
    let mut object = Builder::read(whole)?;
    for section in object.sections.iter_mut() {
        section.delete = DEBUG.iter().any(|prefix| section.name.starts_with(prefix));
    }
    // LLVM keeps section names and symbol names in one table.
    let names = object.sections.add();
    names.name = b".shstrtab"[..].into();
    names.sh_type = SHT_STRTAB;
    names.data = SectionData::SectionString;
    let mut slim = Vec::new();
    object.write(&mut slim)?;
    Ok(slim)
}
