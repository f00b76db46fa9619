//! Tabulates the instructions that the verifier processed: a row for each program, a
//! column for each kernel. A program costs the same on every rung that loads it.

use std::{collections::BTreeMap, fmt};

use super::verdict::Verified;

#[derive(Default)]
pub struct Costs {
    kernels: Vec<&'static str>,
    programs: BTreeMap<String, BTreeMap<&'static str, u64>>,
}

impl Costs {
    pub fn add(&mut self, kernel: &'static str, verified: Vec<Verified>) {
        if !verified.is_empty() && !self.kernels.contains(&kernel) {
            self.kernels.push(kernel);
        }
        for verified in verified {
            self.programs
                .entry(verified.program)
                .or_default()
                .insert(kernel, verified.instructions);
        }
    }
}

/// Writes nothing if no kernel reported a cost; kernels before 5.16 do not.
impl fmt::Display for Costs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.programs.is_empty() {
            return Ok(());
        }
        let title = "verified instructions";
        let width = self.programs.keys().map(String::len).max();
        let width = width.unwrap_or(0).max(title.len());
        write!(f, "{title:<width$}")?;
        for kernel in &self.kernels {
            write!(f, "{kernel:>8}")?;
        }
        writeln!(f)?;
        for (program, costs) in &self.programs {
            write!(f, "{program:<width$}")?;
            for kernel in &self.kernels {
                match costs.get(kernel) {
                    Some(cost) => write!(f, "{cost:>8}")?,
                    None => write!(f, "{:>8}", "-")?,
                }
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_program_leaves_its_cell_empty() {
        let verified = |program: &str, instructions| Verified {
            program: program.into(),
            instructions,
        };
        let mut costs = Costs::default();
        costs.add("5.10", Vec::new());
        costs.add("6.1", vec![verified("fork", 120), verified("exit", 1300)]);
        costs.add("6.1", vec![verified("fork", 120)]);
        costs.add("7.3", vec![verified("fork", 99)]);
        assert_eq!(
            costs.to_string(),
            "verified instructions     6.1     7.3\n\
             exit                     1300       -\n\
             fork                      120      99\n"
        );
        assert_eq!(Costs::default().to_string(), "");
    }
}
