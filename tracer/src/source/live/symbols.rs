//! The kernel's own table of symbols, for kprobes: which name a function has
//! on this kernel.

use std::{fs, sync::OnceLock};

const KALLSYMS: &str = "/proc/kallsyms";

/// Read when somebody first asks: it is some ten megabytes of text.
#[derive(Default)]
pub struct Symbols(OnceLock<Option<String>>);

impl Symbols {
    /// The name under which the kernel has a function, suffix included. Where
    /// the table cannot be read the plain name has to do: attaching will tell.
    pub fn find(&self, function: &str) -> Option<String> {
        let Some(table) = self.table() else {
            return Some(function.to_owned());
        };
        // `address type name`, and the module's name behind those of modules.
        // The addresses may be hidden (kernel.kptr_restrict), the names are not.
        let names = table
            .lines()
            .filter(|line| line.contains(function))
            .filter_map(|line| line.split_ascii_whitespace().nth(2));
        best(names, function).map(str::to_owned)
    }

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

/// The symbol of a function: its plain name, else the one that the compiler
/// gave it when it changed its arguments. A part split off (`.cold`) is
/// another function.
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
    fn a_function_is_found_under_the_compilers_name_for_it() {
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
    fn a_table_that_cannot_be_read_leaves_the_plain_name() {
        let symbols = Symbols(OnceLock::from(None));
        assert_eq!(symbols.find("do_exit").as_deref(), Some("do_exit"));
        let symbols = Symbols(OnceLock::from(Some("0 T other\n".to_owned())));
        assert_eq!(symbols.find("do_exit"), None);
    }
}
