//! The numbers at the end of a run: how often what happened, and how often to a thousand transactions.

use crate::tally::Tally;
use std::fmt;

pub struct Summary<'a>(pub &'a Tally);

/// What is counted, and of which transactions it is a share.
const SHARES: [(&str, &str); 6] = [
    ("committed", "transactions"),
    ("waits for a lock of ours", "transactions"),
    ("deadlocks of the tables' own locks", "transactions"),
    (
        "deadlocks with a lock of ours, beside reads of TVIEWs",
        "transactions",
    ),
    (
        "serialization failures, REPEATABLE READ",
        "transactions, REPEATABLE READ",
    ),
    (
        "serialization failures, SERIALIZABLE",
        "transactions, SERIALIZABLE",
    ),
];

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        for (what, of) in SHARES {
            let whole = self.0.count(of).max(1) as f64;
            let share = 1000.0 * self.0.count(what) as f64 / whole;
            writeln!(f, "{share:>10.1}  per thousand {of}: {what}")?;
        }
        Ok(())
    }
}
