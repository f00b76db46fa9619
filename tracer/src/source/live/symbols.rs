//! Finds the symbol of a kernel function, for kprobes, in the kernel's symbol table.

use std::{fs, sync::OnceLock};

const KALLSYMS: &str = "/proc/kallsyms";

/// The kernel's symbol table. It is read at the first lookup: about 10 MB of text.
#[derive(Default)]
pub struct Symbols(OnceLock<Option<String>>);

impl Symbols {
    /// Returns the symbol of a function, suffix included. If the table cannot be read,
    /// returns the plain name: attaching shows whether it exists.
    pub fn find(&self, function: &str) -> Option<String> {
        let Some(table) = self.table() else {
            return Some(function.to_owned());
        };
        // Lines are `address type name`, with the module behind a module's symbols.
        // Addresses may be hidden (kernel.kptr_restrict), names are not.
        let names = table
            .lines()
            .filter(|line| line.contains(function))
            .filter_map(|line| line.split_ascii_whitespace().nth(2));
        best(names, function).map(str::to_owned)
    }

    /// Returns true if the table can be read.
    pub fn readable(&self) -> bool {
        self.table().is_some()
    }

    fn table(&self) -> Option<&str> {
        let read = || fs::read_to_string(KALLSYMS).ok();
        self.0
            .get_or_init(read)
            .as_deref()
            .filter(|table| !table.is_empty())
    }
}

/// Returns the symbol of a function among `names`: the plain name, or the one that the
/// compiler gave it when it changed the arguments. A part that was split off (`.cold`)
/// is another function.
fn best<'a>(names: impl Iterator<Item = &'a str>, wanted: &str) -> Option<&'a str> {
    let mut suffixed = None;
    for name in names {
        match name.strip_prefix(wanted) {
            Some("") => return Some(name),
            Some(suffix) if suffix.starts_with(".isra.") || suffix.starts_with(".constprop.") => {
                suffixed = Some(name);
            }
            _ => {}
        }
    }
    suffixed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_renamed_function_is_found() {
        let find = |names: &[&'static str]| best(names.iter().copied(), "finish_task_switch");
        assert_eq!(
            find(&["finish_task_switch.isra.0"]),
            Some("finish_task_switch.isra.0")
        );
        assert_eq!(
            find(&["finish_task_switch.isra.0", "finish_task_switch"]),
            Some("finish_task_switch")
        );
        assert_eq!(
            find(&["finish_task_switch.cold", "finish_task_switches"]),
            None
        );
    }

    #[test]
    fn an_unreadable_table_gives_the_plain_name() {
        let symbols = Symbols(OnceLock::from(None));
        assert_eq!(symbols.find("do_exit").as_deref(), Some("do_exit"));
        let symbols = Symbols(OnceLock::from(Some("0 T other\n".to_owned())));
        assert_eq!(symbols.find("do_exit"), None);
    }
}
