//! Reads docs/kernel-support.md, which promises the hook of each purpose by kernel and
//! rung. The page is generated elsewhere, from the ladder and the recorded facts.

use super::verdict::Hooks;

/// Returns the promise for a kernel and rung; none if the page has no such table or
/// column.
pub fn read(page: &str, series: &str, rung: &str) -> Option<Hooks> {
    let heading = format!("### {rung}");
    let mut rows = page
        .lines()
        .skip_while(|line| *line != heading)
        .skip(1)
        .take_while(|line| !line.starts_with('#'))
        .filter_map(cells);
    let column = rows.next()?.iter().position(|cell| *cell == series)?;
    let hooks = rows
        .filter(|cells| !cells[0].starts_with("---"))
        .filter_map(|cells| {
            let hook = cells.get(column)?.trim_matches('`');
            Some((cells[0].to_owned(), hook.to_owned()))
        });
    Some(hooks.collect())
}

/// Splits a row of a table into cells.
fn cells(line: &str) -> Option<Vec<&str>> {
    let row = line.strip_prefix('|')?.strip_suffix('|')?;
    Some(row.split('|').map(str::trim).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vm::kernels;

    const PAGE: &str = include_str!("../../../docs/kernel-support.md");

    #[test]
    fn every_kernel_and_rung_of_the_matrix_has_a_promise() {
        for kernel in kernels::KERNELS {
            for rung in kernels::rungs() {
                let promise = read(PAGE, kernel.series, &rung.name);
                let promise = promise.unwrap_or_else(|| panic!("{} {}", kernel.series, rung.name));
                assert!(promise["fork"].ends_with(":task_newtask"), "{promise:?}");
                let denied = format!("`--without {}`", rung.without);
                assert!(
                    rung.without.is_empty() || PAGE.contains(&denied),
                    "{denied}"
                );
            }
        }
        assert_eq!(
            read(PAGE, "5.10", "best").unwrap()["reap"],
            "fentry:release_task"
        );
        assert_eq!(read(PAGE, "4.4", "best"), None);
        assert_eq!(read(PAGE, "5.10", "another"), None);
    }
}
