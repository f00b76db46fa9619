//! The OOM killer's reason for choosing a victim, as far as the kernel log reports
//! it. The source reads the log; this module must not know how.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Text;

/// The reason a task was chosen, or why the reason is unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum OomVictim {
    /// The log was not read.
    #[default]
    NotChecked,
    /// The kernel log is not readable.
    NoLog,
    /// The log does not mention the victim. The kernel logs at most ten in five
    /// seconds (`oom_rs`, mm/oom_kill.c), and none that are killed with a whole
    /// cgroup or are about to exit.
    NotLogged,
    /// The log reports the cause.
    Logged(OomCause),
}

/// The `oom-kill:` line of the log (`dump_oom_summary`, mm/oom_kill.c).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OomCause {
    /// Constraint that applied.
    pub constraint: Constraint,
    /// Memory cgroup with the exceeded limit; none if the cause was not a cgroup.
    pub oom_memcg: Option<Text>,
    /// The victim's own memory cgroup; none if this kernel has none.
    pub task_memcg: Option<Text>,
}

/// `enum oom_constraint` (include/linux/oom.h). Numbered for recordings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u8)]
pub enum Constraint {
    /// The host ran out of memory.
    None = 0,
    /// The nodes of a cpuset ran out of memory.
    Cpuset = 1,
    /// The nodes of a memory policy ran out of memory.
    MemoryPolicy = 2,
    /// A memory cgroup reached its limit.
    Memcg = 3,
}

impl Constraint {
    /// Every constraint, in the order of its number.
    pub const ALL: &[Constraint] = &[
        Constraint::None,
        Constraint::Cpuset,
        Constraint::MemoryPolicy,
        Constraint::Memcg,
    ];

    /// Returns the kernel's name.
    pub fn name(self) -> &'static str {
        match self {
            Constraint::None => "CONSTRAINT_NONE",
            Constraint::Cpuset => "CONSTRAINT_CPUSET",
            Constraint::MemoryPolicy => "CONSTRAINT_MEMORY_POLICY",
            Constraint::Memcg => "CONSTRAINT_MEMCG",
        }
    }

    /// Returns the constraint with this kernel name.
    pub fn from_name(name: &[u8]) -> Option<Constraint> {
        let mut all = Constraint::ALL.iter().copied();
        all.find(|constraint| constraint.name().as_bytes() == name)
    }

    /// Returns the constraint with this number in recordings.
    pub fn from_number(number: u8) -> Option<Constraint> {
        Constraint::ALL.get(usize::from(number)).copied()
    }
}

impl OomVictim {
    /// Returns the cause, if the log reports it.
    pub fn cause(&self) -> Option<&OomCause> {
        match self {
            OomVictim::Logged(cause) => Some(cause),
            OomVictim::NotChecked | OomVictim::NoLog | OomVictim::NotLogged => None,
        }
    }

    /// Returns the reason why [`Self::cause`] is unknown.
    pub fn why_unknown(&self) -> Option<&'static str> {
        match self {
            OomVictim::NotChecked => Some("not checked"),
            OomVictim::NoLog => Some("the kernel log is not readable"),
            OomVictim::NotLogged => Some("not in the kernel log"),
            OomVictim::Logged(_) => None,
        }
    }
}

impl fmt::Display for OomVictim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(cause) = self.cause() else {
            let why = self.why_unknown().unwrap_or_default();
            return write!(f, "constraint unknown: {why}");
        };
        f.write_str(cause.constraint.name())?;
        if let Some(full) = &cause.oom_memcg {
            write!(f, " of {full}")?;
        }
        match &cause.task_memcg {
            Some(own) if cause.oom_memcg.as_ref() != Some(own) => write!(f, ", in {own}"),
            Some(_) | None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_have_stable_numbers_and_names() {
        for &constraint in Constraint::ALL {
            let number = constraint as u8;
            assert_eq!(Constraint::from_number(number), Some(constraint));
            assert_eq!(
                Constraint::from_name(constraint.name().as_bytes()),
                Some(constraint)
            );
        }
        assert_eq!(Constraint::from_name(b"CONSTRAINT"), None);
    }

    #[test]
    fn cause_shows_the_limiting_cgroup_and_the_victims_own() {
        let text = |path: &str| Some(Text::new(path.as_bytes()));
        let says = |constraint, oom_memcg, task_memcg| {
            OomVictim::Logged(OomCause {
                constraint,
                oom_memcg,
                task_memcg,
            })
            .to_string()
        };
        assert_eq!(
            says(Constraint::Memcg, text("/a"), text("/a/b")),
            "CONSTRAINT_MEMCG of /a, in /a/b"
        );
        assert_eq!(
            says(Constraint::Memcg, text("/a"), text("/a")),
            "CONSTRAINT_MEMCG of /a"
        );
        assert_eq!(says(Constraint::None, None, None), "CONSTRAINT_NONE");
        assert_eq!(
            OomVictim::NotLogged.to_string(),
            "constraint unknown: not in the kernel log"
        );
    }
}
