//! What made the OOM killer choose somebody, as far as the kernel's log says it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Text;

/// UnknownReason a task was chosen, or why that is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum OomVictim {
    /// Nobody has looked.
    #[default]
    NotChecked,
    /// The kernel's log may not be read.
    NoLog,
    /// The log says nothing of it: the kernel writes about at most ten in five
    /// seconds (`oom_rs`, mm/oom_kill.c), and of those that go with a whole
    /// cgroup, or are about to exit, not at all.
    NotLogged,
    Logged(OomCause),
}

/// The line `oom-kill:` of the log (`dump_oom_summary`, mm/oom_kill.c).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OomCause {
    pub constraint: Constraint,
    /// The memory cgroup whose limit was reached; none: it was not a cgroup's.
    pub oom_memcg: Option<Text>,
    /// The victim's own memory cgroup; none: this kernel has none.
    pub task_memcg: Option<Text>,
}

/// `enum oom_constraint` (include/linux/oom.h). Numbered for recordings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u8)]
pub enum Constraint {
    /// The host had no memory left.
    None = 0,
    Cpuset = 1,
    MemoryPolicy = 2,
    /// A memory cgroup had reached its limit.
    Memcg = 3,
}

impl Constraint {
    pub const ALL: &[Constraint] = &[
        Constraint::None,
        Constraint::Cpuset,
        Constraint::MemoryPolicy,
        Constraint::Memcg,
    ];

    /// The kernel's word.
    pub fn name(self) -> &'static str {
        match self {
            Constraint::None => "CONSTRAINT_NONE",
            Constraint::Cpuset => "CONSTRAINT_CPUSET",
            Constraint::MemoryPolicy => "CONSTRAINT_MEMORY_POLICY",
            Constraint::Memcg => "CONSTRAINT_MEMCG",
        }
    }

    pub fn from_name(name: &[u8]) -> Option<Constraint> {
        let mut all = Constraint::ALL.iter().copied();
        all.find(|constraint| constraint.name().as_bytes() == name)
    }

    pub fn from_number(number: u8) -> Option<Constraint> {
        Constraint::ALL.get(usize::from(number)).copied()
    }
}

impl OomVictim {
    pub fn cause(&self) -> Option<&OomCause> {
        match self {
            OomVictim::Logged(cause) => Some(cause),
            OomVictim::NotChecked | OomVictim::NoLog | OomVictim::NotLogged => None,
        }
    }

    /// UnknownReason [`Self::cause`] is not known.
    pub fn why_unknown(&self) -> Option<&'static str> {
        match self {
            OomVictim::NotChecked => Some("not looked for"),
            OomVictim::NoLog => Some("the kernel's log may not be read"),
            OomVictim::NotLogged => Some("not in the kernel's log"),
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
    fn constraints_know_their_numbers_and_names() {
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
    fn a_cause_names_the_full_cgroup_and_the_victims_own() {
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
            "constraint unknown: not in the kernel's log"
        );
    }
}
