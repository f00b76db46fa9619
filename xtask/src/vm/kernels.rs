//! The matrix: kernels, and sets of hooks that tracer is denied. A new kernel or rung
//! starts here.
//!
//! The kernels are Debian's cloud kernels, because they need no driver module to reach
//! init. No suite has 5.15 or 6.6; other distributions have.

use anyhow::{Result, bail};

/// A kernel series, and the Debian suites that have it.
#[derive(Debug, PartialEq)]
pub struct Kernel {
    /// First two numbers of the version.
    pub series: &'static str,
    /// Suites to search. The newest version wins.
    pub suites: &'static [&'static str],
}

pub const KERNELS: &[Kernel] = &[
    Kernel {
        series: "5.10",
        suites: &["bullseye", "bullseye-security"],
    },
    Kernel {
        series: "6.1",
        suites: &["bookworm", "bookworm-security"],
    },
    Kernel {
        series: "6.12",
        suites: &["trixie", "trixie-security"],
    },
    Kernel {
        series: "6.18",
        suites: &["trixie-backports"],
    },
    Kernel {
        series: "7.2",
        suites: &["trixie-backports", "sid"],
    },
    Kernel {
        series: "7.3",
        suites: &["trixie-backports", "sid"],
    },
];

/// A set of hooks that tracer is denied, so that its fallbacks are tested too.
#[derive(Debug, PartialEq)]
pub struct Rung {
    pub name: String,
    /// Value for `tracer --without`.
    pub without: String,
}

/// Name and denied hooks, from the best down.
const RUNGS: &[(&str, &str)] = &[
    ("best", ""),
    ("without fentry", "fentry"),
    ("tracepoints only", "fentry,kprobe"),
    ("raw tracepoints only", "fentry,kprobe,tp_btf"),
];

/// The kernels of `cargo xtask test`: the oldest, where task storage, cookies and
/// bitfields differ most from today; the one where tasks exit with a NULL `mm` and
/// without `group_dead`; the newest.
pub const SHORT: &[&str] = &["5.10", "6.1", "7.3"];

/// Returns the kernels of those names, or all.
pub fn named(names: &[String]) -> Result<Vec<&'static Kernel>> {
    if names.is_empty() {
        return Ok(KERNELS.iter().collect());
    }
    names.iter().map(|name| find(name)).collect()
}

pub fn find(series: &str) -> Result<&'static Kernel> {
    let Some(kernel) = KERNELS.iter().find(|kernel| kernel.series == series) else {
        let known: Vec<&str> = KERNELS.iter().map(|kernel| kernel.series).collect();
        bail!(
            "no kernel {series:?} in the matrix: known are {}; a new one needs a row in \
             xtask/src/vm/kernels.rs",
            known.join(", ")
        );
    };
    Ok(kernel)
}

/// Returns every rung.
pub fn rungs() -> Vec<Rung> {
    RUNGS
        .iter()
        .map(|(name, without)| Rung {
            name: (*name).to_owned(),
            without: (*without).to_owned(),
        })
        .collect()
}

/// Returns the best rung and the lowest.
pub fn ends() -> Vec<Rung> {
    let last = RUNGS.len() - 1;
    rungs()
        .into_iter()
        .enumerate()
        .filter(|(index, _)| *index == 0 || *index == last)
        .map(|(_, rung)| rung)
        .collect()
}

/// Returns the rung for the hooks of a command line.
pub fn rung(without: &str) -> Rung {
    Rung {
        name: format!("without {without}"),
        without: without.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_matrix_is_part_of_the_matrix() {
        for series in SHORT {
            assert!(find(series).is_ok(), "{series}");
        }
        let names: Vec<String> = ends().into_iter().map(|rung| rung.name).collect();
        assert_eq!(names, ["best", "raw tracepoints only"]);
    }

    #[test]
    fn error_for_an_unknown_kernel_lists_the_known_ones() {
        let error = named(&["5.15".into()]).unwrap_err().to_string();
        assert!(error.contains("5.10, 6.1"), "{error}");
    }
}
