//! What is wrong, told once for each kind of page.

use std::collections::BTreeMap;
use std::fmt;

/// Faults by the pattern of the address and by what is wrong.
#[derive(Debug, Default, Clone)]
pub struct Faults(BTreeMap<(String, String), (usize, String)>);

impl Faults {
    /// Notes a fault that `who` met at `address`.
    pub fn note(&mut self, pattern: &str, what: impl Into<String>, who: &str, address: &str) {
        let entry = self.0.entry((pattern.to_owned(), what.into()));
        entry.or_insert_with(|| (0, format!("{who} at {address}"))).0 += 1;
    }

    /// Adds those of somebody else.
    pub fn take(&mut self, other: &Self) {
        for (key, (count, example)) in &other.0 {
            self.0.entry(key.clone()).or_insert_with(|| (0, example.clone())).0 += count;
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} faults:", self.0.len())?;
        for ((pattern, what), (count, example)) in &self.0 {
            writeln!(f, "{pattern}: {what}\n    {count} times, first: {example}")?;
        }
        Ok(())
    }
}
