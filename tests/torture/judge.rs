//! Judges the server's errors: which of them transactions may meet that run beside others, and under which name they count.

use crate::failure::{Failure, is_about_keys, unexpected};
use crate::round::Mode;
use postgres::Error;
use postgres::error::DbError;

/// A lock of ours has a number here that PostgreSQL's own advisory locks never have.
const FIRST_OF_OURS: u32 = 16;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Level {
    ReadCommitted,
    RepeatableRead,
    Serializable,
}

impl Level {
    pub fn of(begin: &str) -> Self {
        if begin.ends_with("SERIALIZABLE") {
            Level::Serializable
        } else if begin.ends_with("REPEATABLE READ") {
            Level::RepeatableRead
        } else {
            Level::ReadCommitted
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Level::ReadCommitted => "READ COMMITTED",
            Level::RepeatableRead => "REPEATABLE READ",
            Level::Serializable => "SERIALIZABLE",
        }
    }
}

/// How an error that may happen is counted, or why it may not.
pub fn judge(error: &Error, sql: &str, mode: Mode, level: Level) -> Result<String, Failure> {
    let Some(db) = error.as_db_error() else {
        return Err(Failure::Crash {
            log: vec![format!("{error} in {sql}")],
        });
    };
    let state = db.code().code();
    let may_happen = match state {
        "40P01" => return judge_deadlock(db, sql, mode),
        // A row that left for another partition is this error at every level.
        "40001" => {
            level != Level::ReadCommitted || db.message().contains("moved to another partition")
        }
        // PostgreSQL does not empty a table for which a deferred constraint still has to be checked.
        "55006" => db.message().contains("pending trigger events"),
        _ => state.starts_with("23") && !is_about_keys(db) && is_of_a_source(db),
    };
    if may_happen {
        Ok(if state == "40001" {
            format!("serialization failures, {}", level.name())
        } else {
            format!("failed: {state}")
        })
    } else {
        Err(unexpected(error, sql))
    }
}

/// Whether a constraint is one of schema.sql; a domain's has no table.
fn is_of_a_source(db: &DbError) -> bool {
    db.table().is_none_or(|table| table.starts_with("tb_"))
}

fn judge_deadlock(db: &DbError, sql: &str, mode: Mode) -> Result<String, Failure> {
    let detail = db.detail().unwrap_or_default();
    match mode {
        _ if !has_ours(detail) => Ok("deadlocks of the tables' own locks".to_owned()),
        Mode::Mixed => Ok("deadlocks with a lock of ours, beside reads of TVIEWs".to_owned()),
        Mode::AtCommit => Err(Failure::Error {
            state: "40P01".to_owned(),
            message: format!(
                "deadlock with a lock of ours, though nobody read a TVIEW\n{detail}\nin {sql}"
            ),
        }),
    }
}

/// Whether a lock of ours is in the cycle, which the DETAIL describes wait by wait.
fn has_ours(detail: &str) -> bool {
    detail
        .split("advisory lock [")
        .skip(1)
        .filter_map(|rest| {
            rest.split(']')
                .next()?
                .split(',')
                .nth(3)?
                .trim()
                .parse()
                .ok()
        })
        .any(|number: u32| number >= FIRST_OF_OURS)
}
