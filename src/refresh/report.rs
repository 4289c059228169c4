//! Owns what a long flush leaves in the server's log: `pg_tviews.log_min_duration`.

use crate::catalog::Tview;
use crate::guc;
use crate::pg::guard::{Level, tell};
use crate::pg::relation;
use crate::stats::{Counter, Counts, Tally};
use std::time::{Duration, Instant};

pub(super) struct Report {
    limit: Duration,
    start: Instant,
    /// What each refresh did, a TVIEW's one after the other.
    refreshes: Vec<(String, Counts)>,
}

impl Report {
    /// `None` while no flush is logged.
    pub(super) fn start() -> Option<Report> {
        guc::log_min_duration().map(|limit| Report {
            limit,
            start: Instant::now(),
            refreshes: Vec::new(),
        })
    }

    pub(super) fn add(&mut self, tview: &Tview, tally: &Tally) {
        let name = relation::quote_if_needed(&tview.name);
        self.refreshes.push((name, tally.counts()));
    }

    /// Logs the flush, which is done, if it took long.
    pub(super) fn finish(&self) {
        let took = self.start.elapsed();
        if took < self.limit {
            return;
        }
        let refreshes: Vec<String> = self.refreshes.iter().map(|(n, c)| line(n, c)).collect();
        let message = format!(
            "duration: {:.3} ms  flush: {}",
            took.as_secs_f64() * 1000.0,
            refreshes.join(", ")
        );
        tell(Level::Log, &message, None, None);
    }
}

fn line(name: &str, counts: &Counts) -> String {
    let how = match counts.get(Counter::FullComparisons) {
        0 => format!("keys: {}", counts.get(Counter::Keys)),
        _ => "compared as a whole".to_owned(),
    };
    format!(
        "{name} ({how}, inserted: {}, updated: {}, patched: {}, deleted: {}, unchanged: {}, \
         resolve: {:.3} ms, lock wait: {:.3} ms, compare: {:.3} ms, write: {:.3} ms)",
        counts.get(Counter::Inserted),
        counts.get(Counter::Updated),
        counts.get(Counter::Patched),
        counts.get(Counter::Deleted),
        counts.get(Counter::Unchanged),
        counts.millis(Counter::Resolving),
        counts.millis(Counter::LockWaiting),
        counts.millis(Counter::Comparing),
        counts.millis(Counter::Writing),
    )
}
