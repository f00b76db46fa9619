//! Three-valued logic (Kleene's): `no && unknown` is no, `yes || unknown` is
//! yes, and any other expression with an unknown operand is unknown.

/// The result of a condition. The order makes `min` the conjunction and `max`
/// the disjunction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Truth {
    /// The condition is false.
    No,
    /// A fact that the condition needs is unknown.
    Unknown,
    /// The condition is true.
    Yes,
}

impl From<bool> for Truth {
    fn from(yes: bool) -> Truth {
        if yes { Truth::Yes } else { Truth::No }
    }
}

impl std::ops::Not for Truth {
    type Output = Truth;

    fn not(self) -> Truth {
        match self {
            Truth::No => Truth::Yes,
            Truth::Unknown => Truth::Unknown,
            Truth::Yes => Truth::No,
        }
    }
}
