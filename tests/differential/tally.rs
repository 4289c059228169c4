//! Counts by what was counted, for the summary at the end of a run.

use std::collections::BTreeMap;
use std::fmt;

#[derive(Default)]
pub struct Tally(BTreeMap<String, u64>);

impl Tally {
    pub fn add(&mut self, what: &str) {
        self.add_many(what, 1);
    }

    pub fn add_many(&mut self, what: &str, count: u64) {
        match self.0.get_mut(what) {
            Some(sum) => *sum += count,
            None => {
                self.0.insert(what.to_owned(), count);
            }
        }
    }

    pub fn count(&self, what: &str) -> u64 {
        self.0.get(what).copied().unwrap_or_default()
    }

    pub fn merge(&mut self, other: &Tally) {
        for (what, count) in &other.0 {
            self.add_many(what, *count);
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (what, count) in &self.0 {
            writeln!(f, "{count:>10}  {what}")?;
        }
        Ok(())
    }
}
