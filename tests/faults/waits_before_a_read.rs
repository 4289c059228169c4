//! A refresh before a read that fails for a lock leaves a transaction that can go back to its savepoint, and still owes what
//! was changed before it.

use super::scene::{self, Held, RENAME, Scene};
use super::server::blog;
use super::watch;
use postgres::error::SqlState;

/// Post 2 is one of user 1.
const READ: &str = "SELECT data FROM tv_post WHERE pk_post = 2";

#[test]
fn rename_inside_the_savepoint_is_gone_with_it() {
    let mut scene = Scene::start(Held::Value);
    scene
        .writer
        .batch_execute(&format!(
            "SET lock_timeout = '1s'; BEGIN;
             UPDATE tb_post SET title = 'kept' WHERE pk_post = 7; SAVEPOINT s; {RENAME}"
        ))
        .unwrap();

    let result = scene.while_queued(READ, |_, _, _| ());

    watch::assert_failed(result, &SqlState::LOCK_NOT_AVAILABLE);
    scene
        .writer
        .batch_execute("ROLLBACK TO SAVEPOINT s")
        .unwrap();
    assert_eq!(blog::title(&mut scene.writer, 7), "kept");
    scene.writer.batch_execute("COMMIT").unwrap();
    scene.assert_only_the_writer_failed();
}

#[test]
fn rename_before_the_savepoint_is_still_owed() {
    let mut scene = Scene::start(Held::Value);
    scene
        .writer
        .batch_execute(&format!(
            "SET lock_timeout = '1s'; BEGIN; {RENAME}; SAVEPOINT s"
        ))
        .unwrap();

    let result = scene.while_queued(READ, |_, _, _| ());

    watch::assert_failed(result, &SqlState::LOCK_NOT_AVAILABLE);
    scene
        .writer
        .batch_execute("ROLLBACK TO SAVEPOINT s; RESET lock_timeout")
        .unwrap();
    scene
        .while_queued("COMMIT", |holder, _, _| {
            holder.batch_execute("COMMIT").unwrap()
        })
        .unwrap();
    assert_eq!(
        scene::name_of_first_user(&mut scene.observer),
        "Ada Lovelace"
    );
    blog::assert_equals_query(&mut scene.observer);
    watch::assert_no_lock_is_left(&mut scene.observer);
}

#[test]
fn rename_is_still_owed_after_a_function_caught_the_error() {
    let mut scene = Scene::start(Held::Value);
    scene
        .writer
        .batch_execute(&format!("BEGIN; SET LOCAL lock_timeout = '1s'; {RENAME}"))
        .unwrap();

    scene
        .while_queued(
            "DO $$ BEGIN
                 PERFORM data FROM tv_post WHERE pk_post = 2;
                 RAISE 'the read did not fail';
             EXCEPTION WHEN lock_not_available THEN
                 RESET lock_timeout;
             END $$",
            |_, _, _| (),
        )
        .unwrap();

    scene
        .while_queued("COMMIT", |holder, _, _| {
            holder.batch_execute("COMMIT").unwrap()
        })
        .unwrap();
    blog::assert_equals_query(&mut scene.observer);
    watch::assert_no_lock_is_left(&mut scene.observer);
}

#[test]
fn cancelled_flush_leaves_a_session_that_can_roll_back() {
    let mut scene = Scene::start(Held::Key);
    scene
        .writer
        .batch_execute(&format!("BEGIN; {RENAME}"))
        .unwrap();

    let result = scene.while_queued("SELECT pg_tviews_flush()", |_, observer, pid| {
        scene::cancel(observer, pid)
    });

    watch::assert_failed(result, &SqlState::QUERY_CANCELED);
    scene.writer.batch_execute("ROLLBACK").unwrap();
    scene.assert_only_the_writer_failed();
}

/// Each has the key of a post, and then renames the author of the other's.
#[test]
fn deadlock_of_two_that_go_on_writing_ends_one_of_them() {
    let mut scene = Scene::start(Held::Key);
    scene
        .writer
        .batch_execute("BEGIN; UPDATE tb_post SET title = 'mine' WHERE pk_post = 5")
        .unwrap();
    assert_eq!(blog::title(&mut scene.writer, 5), "mine");
    scene.writer.batch_execute(RENAME).unwrap();

    let mut of_holder = Ok(());
    let of_writer = scene.while_queued("COMMIT", |holder, _, _| {
        of_holder = holder
            .batch_execute("UPDATE tb_user SET name = 'Bea II' WHERE pk_user = 2")
            .and_then(|()| holder.batch_execute("COMMIT"));
    });

    assert!(
        of_holder.is_ok() || of_writer.is_ok(),
        "both failed: {of_holder:?}, {of_writer:?}"
    );
    let of_loser = of_holder.and(of_writer);
    watch::assert_failed(of_loser, &SqlState::T_R_DEADLOCK_DETECTED);
    blog::assert_equals_query(&mut scene.observer);
    watch::assert_no_lock_is_left(&mut scene.observer);
    watch::assert_refreshes(&mut scene.holder);
    watch::assert_refreshes(&mut scene.writer);
    blog::assert_equals_query(&mut scene.observer);
}
