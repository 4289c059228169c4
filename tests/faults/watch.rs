//! What a third session sees of two others, and how a failed refresh must report itself.

use super::server::blog;
use postgres::error::{DbError, SqlState};
use postgres::{Client, Error};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Far below the minute after which a session of [`super::scene`] gives up by itself, far above what a busy machine needs.
const SOON: Duration = Duration::from_secs(30);

/// The locks that the extension takes: advisory ones with an `objsubid` that PostgreSQL's own functions never use.
const OUR_LOCKS: &str = "FROM pg_locks WHERE locktype = 'advisory' AND objsubid >= 16";

pub fn pid_of(client: &mut Client) -> i32 {
    client
        .query_one("SELECT pg_backend_pid()", &[])
        .unwrap()
        .get(0)
}

/// Returns once the condition, an SQL expression, holds.
pub fn wait_until(observer: &mut Client, condition: &str) {
    let deadline = Instant::now() + SOON;
    let query = format!("SELECT {condition}");
    while !observer.query_one(&query, &[]).unwrap().get::<_, bool>(0) {
        assert!(Instant::now() < deadline, "it never came to: {condition}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Returns once the session waits for a lock of the extension's: a row's would have another type.
pub fn wait_until_queued(observer: &mut Client, pid: i32) {
    wait_until(
        observer,
        &format!("EXISTS (SELECT {OUR_LOCKS} AND pid = {pid} AND NOT granted)"),
    );
}

/// Returns once the session sleeps in a function of the test's.
pub fn wait_until_asleep(observer: &mut Client, pid: i32) {
    wait_until(
        observer,
        &format!(
            "EXISTS (SELECT FROM pg_stat_activity WHERE pid = {pid} AND wait_event = 'PgSleep')"
        ),
    );
}

/// A client hears of an error before the server has released what the transaction held.
pub fn assert_no_lock_is_left(observer: &mut Client) {
    wait_until(observer, &format!("NOT EXISTS (SELECT {OUR_LOCKS})"));
}

pub fn assert_a_lock_is_held(observer: &mut Client) {
    wait_until(
        observer,
        &format!("EXISTS (SELECT {OUR_LOCKS} AND granted)"),
    );
}

/// The error has this code and says at which TVIEW it came up.
pub fn assert_failed(result: Result<(), Error>, code: &SqlState) {
    let error = result.expect_err("a refresh that fails");
    let report = error.as_db_error().expect("an error of the server's");
    assert_eq!(report.code(), code, "{report:?}");
    assert_names_tview(report);
}

fn assert_names_tview(report: &DbError) {
    let context = report.where_().unwrap_or_default();
    assert!(
        context.contains("TVIEW \"tv_post\""),
        "the CONTEXT is {context:?}"
    );
}

/// A write of this session reaches the TVIEW; post 5 is one that no test holds.
pub fn assert_refreshes(client: &mut Client) {
    client
        .batch_execute("UPDATE tb_post SET title = 'next' WHERE pk_post = 5")
        .unwrap();
    assert_eq!(blog::title(client, 5), "next");
}

/// The server takes the death of a backend for corruption and recovers from its log. Returns once it knows of the death:
/// a session that connects earlier would be thrown out.
pub fn kill(pid: i32) {
    assert!(send(pid, "-KILL"), "kill the backend");
    while send(pid, "-0") {
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn send(pid: i32, signal: &str) -> bool {
    Command::new("kill")
        .args([signal, &pid.to_string()])
        .stderr(Stdio::null())
        .status()
        .unwrap()
        .success()
}
