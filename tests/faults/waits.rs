//! A transaction that waits at its COMMIT, or PREPARE, for a lock of the extension's can be stopped by everything that stops
//! a wait for a row.

use super::scene::{self, Held, RENAME, Scene};
use super::server::blog;
use super::watch;
use postgres::error::SqlState;

#[test]
fn lock_timeout_ends_the_wait_for_a_linked_value() {
    let mut scene = Scene::start(Held::Value);
    scene
        .writer
        .batch_execute(&format!("SET lock_timeout = '1s'; BEGIN; {RENAME}"))
        .unwrap();

    let result = scene.while_queued("COMMIT", |_, _, _| ());

    watch::assert_failed(result, &SqlState::LOCK_NOT_AVAILABLE);
    scene.assert_only_the_writer_failed();
}

#[test]
fn lock_timeout_ends_the_wait_for_a_key() {
    let mut scene = Scene::start(Held::Key);
    scene
        .writer
        .batch_execute(&format!("SET lock_timeout = '1s'; BEGIN; {RENAME}"))
        .unwrap();

    let result = scene.while_queued("COMMIT", |_, _, _| ());

    watch::assert_failed(result, &SqlState::LOCK_NOT_AVAILABLE);
    scene.assert_only_the_writer_failed();
}

#[test]
fn lock_timeout_ends_the_wait_of_prepare_transaction() {
    let mut scene = Scene::start(Held::Value);
    scene
        .writer
        .batch_execute(&format!("SET lock_timeout = '1s'; BEGIN; {RENAME}"))
        .unwrap();

    let result = scene.while_queued("PREPARE TRANSACTION 'rename'", |_, _, _| ());

    watch::assert_failed(result, &SqlState::LOCK_NOT_AVAILABLE);
    watch::wait_until(
        &mut scene.observer,
        "NOT EXISTS (SELECT FROM pg_prepared_xacts)",
    );
    scene.assert_only_the_writer_failed();
}

#[test]
fn statement_timeout_ends_the_wait() {
    let mut scene = Scene::start(Held::Value);
    scene
        .writer
        .batch_execute(&format!("SET statement_timeout = '1s'; BEGIN; {RENAME}"))
        .unwrap();

    let result = scene.while_queued("COMMIT", |_, _, _| ());

    watch::assert_failed(result, &SqlState::QUERY_CANCELED);
    scene.assert_only_the_writer_failed();
}

#[test]
fn statement_timeout_ends_the_wait_of_a_statement_without_a_block() {
    let mut scene = Scene::start(Held::Value);
    scene
        .writer
        .batch_execute("SET statement_timeout = '1s'")
        .unwrap();

    let result = scene.while_queued(RENAME, |_, _, _| ());

    watch::assert_failed(result, &SqlState::QUERY_CANCELED);
    scene.assert_only_the_writer_failed();
}

#[test]
fn cancel_ends_the_wait() {
    let mut scene = Scene::start(Held::Value);
    scene
        .writer
        .batch_execute(&format!("BEGIN; {RENAME}"))
        .unwrap();

    let result = scene.while_queued("COMMIT", |_, observer, pid| scene::cancel(observer, pid));

    watch::assert_failed(result, &SqlState::QUERY_CANCELED);
    scene.assert_only_the_writer_failed();
}

#[test]
fn terminated_waiter_leaves_no_trace() {
    let mut scene = Scene::start(Held::Value);
    scene
        .writer
        .batch_execute(&format!("BEGIN; {RENAME}"))
        .unwrap();

    let error = scene
        .while_queued("COMMIT", |_, observer, pid| terminate(observer, pid))
        .expect_err("a terminated session");

    // The client may find the connection closed before it reads why.
    let is_terminated = error.code() == Some(&SqlState::ADMIN_SHUTDOWN) || error.is_closed();
    assert!(is_terminated, "{error:?}");
    scene.writer = scene::connect(&scene.server);
    scene.assert_only_the_writer_failed();
}

#[test]
fn terminated_holder_lets_the_waiter_go_on() {
    let mut scene = Scene::start(Held::Value);
    let holder = watch::pid_of(&mut scene.holder);
    scene
        .writer
        .batch_execute(&format!("BEGIN; {RENAME}"))
        .unwrap();

    scene
        .while_queued("COMMIT", |_, observer, _| terminate(observer, holder))
        .unwrap();

    assert_eq!(scene::name_of_first_user(&mut scene.writer), "Ada Lovelace");
    blog::assert_equals_query(&mut scene.writer);
    watch::assert_no_lock_is_left(&mut scene.observer);
}

#[test]
fn waiter_shows_what_the_holder_committed() {
    let mut scene = Scene::start(Held::Value);
    scene
        .writer
        .batch_execute(&format!("BEGIN; {RENAME}"))
        .unwrap();

    scene
        .while_queued("COMMIT", |holder, _, _| {
            holder.batch_execute("COMMIT").unwrap()
        })
        .unwrap();

    assert_eq!(blog::title(&mut scene.writer, 100), "held");
    blog::assert_equals_query(&mut scene.writer);
    watch::assert_no_lock_is_left(&mut scene.observer);
}

fn terminate(observer: &mut postgres::Client, pid: i32) {
    observer
        .execute("SELECT pg_terminate_backend($1)", &[&pid])
        .unwrap();
}
