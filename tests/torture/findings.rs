//! What the clients of a round share: when to stop, and what they have found wrong.

use crate::failure::Failure;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

pub struct Findings {
    until: Instant,
    is_over: AtomicBool,
    failures: Mutex<Vec<Failure>>,
}

impl Findings {
    pub fn new(until: Instant) -> Self {
        Self {
            until,
            is_over: AtomicBool::new(false),
            failures: Mutex::new(Vec::new()),
        }
    }

    pub fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed) || Instant::now() >= self.until
    }

    /// Everybody stops at the first stale row, while its cause is still among what they did last. After an error they go on.
    pub fn add(&self, failure: Failure) {
        if !matches!(failure, Failure::Error { .. }) {
            self.is_over.store(true, Ordering::Relaxed);
        }
        let mut failures = self.failures.lock().expect("no client panicked");
        if !failures.iter().any(|known| known.is_like(&failure)) {
            failures.push(failure);
        }
    }

    /// One of each kind.
    pub fn failures(self) -> Vec<Failure> {
        self.failures.into_inner().expect("no client panicked")
    }
}
