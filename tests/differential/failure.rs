//! How a case can fail, and how the server's errors are read.

use postgres::Error;
use postgres::error::DbError;
use std::fmt;

#[derive(Clone, Debug)]
pub enum Failure {
    Mismatch { rows: Vec<String> },
    Verify { rows: Vec<String> },
    Error { state: String, message: String },
    Crash { log: Vec<String> },
    OpenQuery { tview: String },
}

impl Failure {
    /// Whether a shrunk case still fails in the same way.
    pub fn is_like(&self, other: &Failure) -> bool {
        match (self, other) {
            (
                Failure::Error { state, message },
                Failure::Error {
                    state: other_state,
                    message: other,
                },
            ) => state == other_state && message.lines().next() == other.lines().next(),
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Mismatch { rows } => {
                write!(f, "TVIEW differs from its query:\n  {}", rows.join("\n  "))
            }
            Failure::Verify { rows } => {
                write!(f, "pg_tviews_verify() reports:\n  {}", rows.join("\n  "))
            }
            Failure::Error { state, message } => write!(f, "unexpected error {state}: {message}"),
            Failure::Crash { log } => write!(f, "the server crashed:\n  {}", log.join("\n  ")),
            Failure::OpenQuery { tview } => write!(
                f,
                "the query of {tview} gives other rows under another plan: a fault of the generator"
            ),
        }
    }
}

/// The errors with which a TVIEW answers keys that repeat or are NULL.
pub fn is_about_keys(db: &DbError) -> bool {
    matches!(db.code().code(), "21000" | "23502" | "23505") && tview_of(db).starts_with("tv_")
}

pub fn tview_of(db: &DbError) -> String {
    quoted(db.message())
        .chain(db.table())
        .map(|name| name.trim_start_matches("public."))
        .find(|name| name.starts_with("tv_"))
        .unwrap_or_default()
        .to_owned()
}

pub fn quoted(message: &str) -> impl Iterator<Item = &str> {
    message.split('"').skip(1).step_by(2)
}

pub fn unexpected(error: &Error, sql: &str) -> Failure {
    match error.as_db_error() {
        None => crash(error),
        Some(db) => {
            let place = db.where_().map(|place| format!("\nCONTEXT: {place}"));
            Failure::Error {
                state: db.code().code().to_owned(),
                message: format!("{}{}\nin {sql}", db.message(), place.unwrap_or_default()),
            }
        }
    }
}

pub fn crash(error: &Error) -> Failure {
    Failure::Crash {
        log: vec![error.to_string()],
    }
}
