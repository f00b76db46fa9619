//! Errors of tracing the running kernel: what failed, why, and what to do.
//!
//! [`Error`]'s `Display` includes the cause, on one line. A refused hook is not an error
//! if another one serves its purpose:
//! [`Session::hooks`](crate::event::Session::hooks) records the hooks in use.

use std::{fmt, io, path::PathBuf};

use super::btf::{Malformed, VMLINUX};
use crate::event::{Purpose, file_name};

/// An error of another library or of the operating system.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Error returned when a trace cannot start or cannot continue.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// This process lacks these capabilities.
    Privilege(Vec<&'static str>),
    /// The kernel's types (BTF) cannot be used.
    Btf {
        /// File that the types were read from.
        file: PathBuf,
        /// Reason.
        why: BtfError,
    },
    /// The kernel refuses the maps of the eBPF object.
    Maps {
        /// The kernel's answer.
        why: Cause,
        /// Advice about the limit of locked memory, or empty.
        hint: String,
    },
    /// No hook can be attached for a purpose that every trace needs.
    NoHook {
        /// Purpose that no hook serves.
        purpose: Purpose,
        /// Refusals of all hooks that were tried, and advice.
        why: String,
    },
    /// The offset of this process's clock in its time namespace is unknown.
    TimeNamespace,
    /// More process trees were selected for
    /// [`StateMode::Stream`](super::StateMode::Stream) than the kernel side has
    /// room for.
    TooManyTrees {
        /// Largest number of trees.
        limit: u32,
    },
    /// A step of setting up or reading the trace failed.
    Step {
        /// Step, as in "reading the loss counters".
        doing: &'static str,
        /// Reason.
        why: Cause,
    },
    /// The eBPF object lacks a map or program: it is not of this build.
    Object(String),
}

/// Reason why a file of kernel types (BTF) cannot be used.
#[derive(Debug)]
#[non_exhaustive]
pub enum BtfError {
    /// The kernel offers no types, and [`Options::btf`](super::Options::btf)
    /// names no file.
    NotOffered(io::Error),
    /// The file cannot be read.
    Unreadable(io::Error),
    /// The file's contents are not BTF, or not in a form that tracer reads.
    Malformed(Cause),
    /// The running kernel offers types of its own, which differ.
    DiffersFromKernel,
    /// A struct has another size in the running kernel.
    StructSize {
        /// Name of the struct.
        name: &'static str,
        /// Bytes in the running kernel, rounded up to its allocator's unit.
        kernel: u32,
        /// Bytes according to the file, if the struct is in it.
        file: Option<u32>,
    },
}

/// Result of this module's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Returns a function that wraps the error of a step.
    pub(super) fn step<E: Into<Cause>>(doing: &'static str) -> impl FnOnce(E) -> Error {
        move |why| Error::Step {
            doing,
            why: why.into(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Privilege(missing) => write!(
                f,
                "tracing needs {}, which this process lacks: run it as root, for example `sudo \
                 tracer live`",
                missing.join(" and ")
            ),
            Error::Btf { file, why } => {
                let file = file_name(file);
                match why {
                    BtfError::NotOffered(why) => write!(
                        f,
                        "tracer reads the layout of kernel structs from {VMLINUX}, which this \
                         kernel does not offer: use a kernel built with CONFIG_DEBUG_INFO_BTF=y, \
                         as distribution kernels are, or give its types with --btf FILE (`pahole \
                         --btf_encode_detached` makes one from a vmlinux with debug info): {why}"
                    ),
                    BtfError::Unreadable(why) => write!(f, "{file} cannot be read: {why}"),
                    BtfError::Malformed(why) => write!(f, "reading {file}: {}", chain(&**why)),
                    BtfError::DiffersFromKernel => write!(
                        f,
                        "{file}: these are not the types of the running kernel, which offers its \
                         own: leave --btf out"
                    ),
                    BtfError::StructSize {
                        name,
                        kernel,
                        file: size,
                    } => {
                        write!(
                            f,
                            "{file}: these are not the types of the running kernel: its struct \
                             {name} has about {kernel} bytes, the file says "
                        )?;
                        match size {
                            Some(size) => write!(f, "{size}"),
                            None => f.write_str("nothing about it"),
                        }
                    }
                }
            }
            Error::Maps { why, hint } => write!(
                f,
                "the kernel refuses tracer's maps{hint}: {}",
                chain(&**why)
            ),
            Error::NoHook { purpose, why } => write!(
                f,
                "no hook for {}, without which nothing can be traced: {why}",
                purpose.name()
            ),
            Error::TimeNamespace => f.write_str(
                "this process and its children are in different time namespaces, so its clock \
                 cannot be compared with the kernel's: start tracer from a process that was \
                 forked in the namespace, or outside it",
            ),
            Error::TooManyTrees { limit } => write!(
                f,
                "the state transitions of at most {limit} processes and their descendants can be \
                 streamed"
            ),
            Error::Step { doing, why } => write!(f, "{doing}: {}", chain(&**why)),
            Error::Object(lacks) => write!(
                f,
                "the eBPF object has no {lacks}: it is not of this build, run `cargo xtask build`"
            ),
        }
    }
}

// `Display` includes the cause.
impl std::error::Error for Error {}

impl From<Malformed> for BtfError {
    fn from(why: Malformed) -> Self {
        BtfError::Malformed(why.into())
    }
}

/// Returns an error and its causes on one line.
pub(super) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut line = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        line = format!("{line}: {cause}");
        next = cause.source();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_include_their_causes() {
        let cause = io::Error::from_raw_os_error(libc::EPERM);
        let error = Error::step("reading the loss counters")(cause);
        assert_eq!(
            error.to_string(),
            "reading the loss counters: Operation not permitted (os error 1)"
        );
        let error = Error::Btf {
            file: "/tmp/types".into(),
            why: Malformed::CutShort.into(),
        };
        assert_eq!(error.to_string(), "reading /tmp/types: BTF is cut short");
    }

    #[test]
    fn missing_capabilities_are_named_with_advice() {
        let error = Error::Privilege(vec!["CAP_BPF", "CAP_PERFMON"]).to_string();
        assert!(error.contains("CAP_BPF and CAP_PERFMON"), "{error}");
        assert!(error.contains("sudo tracer live"), "{error}");
    }
}
