//! The table of hooks in the output of `doctor` and `info`.

use std::fmt::Write as _;

use crate::event::Hook;

/// Returns a table of the hook behind each purpose. It is empty without hooks.
pub fn table(hooks: &[Hook]) -> String {
    let mut text = String::new();
    if !hooks.is_empty() {
        let _ = writeln!(text, "\n     purpose                 hook");
    }
    for hook in hooks {
        let mark = match (&hook.hook, hook.loses.is_empty()) {
            (None, _) => "no",
            (Some(_), true) => "ok",
            (Some(_), false) => "-",
        };
        let _ = writeln!(
            text,
            "{mark:>3}  {:<23} {}",
            hook.purpose.name(),
            hook.name()
        );
        if !hook.loses.is_empty() {
            let word = if hook.hook.is_some() {
                "does not report"
            } else {
                "because"
            };
            let _ = writeln!(text, "                             {word}: {}", hook.loses);
        }
    }
    text
}
