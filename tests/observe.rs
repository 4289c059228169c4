//! What other sessions and the server's log tell of refreshes: `pg_tviews_progress` of one that is held up in the middle, and
//! the lines of `pg_tviews.log_min_duration`.

#[path = "observe/log.rs"]
mod log;
#[path = "observe/progress.rs"]
mod progress;
mod server;
