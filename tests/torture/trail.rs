//! What a client has done last, and the file that a failing round leaves.

use crate::failure::Failure;
use crate::round::Round;
use std::collections::VecDeque;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Of each client.
const KEPT: usize = 150;

pub struct Trail {
    client: usize,
    /// What the transaction in hand has done.
    open: Option<Entry>,
    is_kept: bool,
    entries: VecDeque<Entry>,
}

pub struct Entry {
    client: usize,
    level: &'static str,
    begun: Duration,
    ended: Duration,
    lines: Vec<String>,
}

impl Trail {
    pub fn new(client: usize) -> Self {
        Self {
            client,
            open: None,
            is_kept: false,
            entries: VecDeque::new(),
        }
    }

    pub fn begin(&mut self, level: &'static str) {
        self.open = Some(Entry {
            client: self.client,
            level,
            begun: now(),
            ended: Duration::ZERO,
            lines: Vec::new(),
        });
    }

    /// A statement, or what came of it as a comment, with its time.
    pub fn add(&mut self, line: &str) {
        if let Some(entry) = &mut self.open {
            entry
                .lines
                .push(format!("/* {:.6} */ {line}", now().as_secs_f64() % 1000.0));
        }
    }

    /// The transaction has found something wrong: it is kept whatever becomes of it.
    pub fn keep(&mut self) {
        self.is_kept = true;
    }

    pub fn end(&mut self, is_committed: bool) {
        let is_kept = std::mem::take(&mut self.is_kept) || is_committed;
        let Some(mut entry) = self.open.take().filter(|_| is_kept) else {
            return;
        };
        entry.ended = now();
        if self.entries.len() == KEPT {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
    }

    pub fn entries(self) -> impl Iterator<Item = Entry> {
        self.entries.into_iter()
    }
}

/// The clock of the server, which is on the same machine: the times of commits can be told by it.
fn now() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("the clock is set")
}

/// `rows` are lines about the rows as they are now.
pub fn write_down(
    round: &Round,
    failures: &[Failure],
    mut entries: Vec<Entry>,
    rows: &str,
) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("torture");
    let file = folder.join(format!("{}.sql", round.seed));
    entries.sort_by_key(|entry| entry.ended);
    let mut text = String::new();
    for failure in failures {
        let comment = failure.to_string().replace('\n', "\n-- ");
        writeln!(text, "-- seed {}: {comment}", round.seed).expect("a string takes it all");
    }
    let _ = writeln!(text, "{}\n{rows}", round.case.script());
    for entry in &entries {
        let _ = writeln!(
            text,
            "\n-- client {}, {}, {:.1} ms\n{};",
            entry.client,
            entry.level,
            (entry.ended - entry.begun).as_secs_f64() * 1000.0,
            entry.lines.join(";\n")
        );
    }
    fs::create_dir_all(&folder).expect("create the folder of failing rounds");
    fs::write(&file, text).expect("write the failing round");
    file
}
