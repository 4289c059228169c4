//! A refresh that is stopped while it computes a document leaves a session that works, and lets those go on who waited for it.

use super::server::{Server, blog};
use super::{scene, watch};
use postgres::Client;
use postgres::error::SqlState;
use std::thread;

const SLOW: &str = "UPDATE tb_post SET title = 'slow' WHERE pk_post = 1";

#[test]
fn statement_timeout_stops_the_refresh_of_a_single_statement() {
    let server = Server::start();
    let mut client = client_with_slow_tview(&server);
    client
        .batch_execute("SET statement_timeout = '500ms'")
        .unwrap();

    let result = client.batch_execute(SLOW);

    watch::assert_failed(result, &SqlState::QUERY_CANCELED);
    assert_session_works(&mut client);
}

#[test]
fn statement_timeout_stops_the_refresh_at_commit() {
    let server = Server::start();
    let mut client = client_with_slow_tview(&server);
    client
        .batch_execute(&format!("SET statement_timeout = '500ms'; BEGIN; {SLOW}"))
        .unwrap();

    let result = client.batch_execute("COMMIT");

    watch::assert_failed(result, &SqlState::QUERY_CANCELED);
    assert_session_works(&mut client);
}

#[test]
fn cancel_stops_the_refresh_at_commit() {
    let server = Server::start();
    let mut client = client_with_slow_tview(&server);
    let mut observer = scene::connect(&server);
    client.batch_execute(&format!("BEGIN; {SLOW}")).unwrap();
    let pid = watch::pid_of(&mut client);

    let result = thread::scope(|scope| {
        let slow = scope.spawn(|| client.batch_execute("COMMIT"));
        watch::wait_until_asleep(&mut observer, pid);
        scene::cancel(&mut observer, pid);
        slow.join().unwrap()
    });

    watch::assert_failed(result, &SqlState::QUERY_CANCELED);
    watch::assert_no_lock_is_left(&mut observer);
    assert_session_works(&mut client);
}

#[test]
fn lock_timeout_in_a_function_of_the_query_stops_the_refresh() {
    let server = Server::start();
    let mut client = client_with_slow_tview(&server);
    let mut gate = scene::connect(&server);
    gate.batch_execute("BEGIN; SELECT pg_advisory_xact_lock(1)")
        .unwrap();
    client
        .batch_execute("SET lock_timeout = '500ms'; BEGIN; UPDATE tb_post SET title = 'gated' WHERE pk_post = 1")
        .unwrap();

    let result = client.batch_execute("COMMIT");

    watch::assert_failed(result, &SqlState::LOCK_NOT_AVAILABLE);
    gate.batch_execute("COMMIT").unwrap();
    assert_session_works(&mut client);
}

#[test]
fn those_who_waited_for_a_cancelled_refresh_go_on() {
    assert_waiter_goes_on(scene::cancel);
}

#[test]
fn those_who_waited_for_a_terminated_refresh_go_on() {
    assert_waiter_goes_on(|observer, pid| {
        observer
            .execute("SELECT pg_terminate_backend($1)", &[&pid])
            .unwrap();
    });
}

/// The one that computes has the lock of post 1, the other one renames its author.
fn assert_waiter_goes_on(stop: impl FnOnce(&mut Client, i32)) {
    let server = Server::start();
    let mut client = client_with_slow_tview(&server);
    let mut waiter = scene::connect(&server);
    let mut observer = scene::connect(&server);
    client.batch_execute(&format!("BEGIN; {SLOW}")).unwrap();
    let (slow_pid, waiter_pid) = (watch::pid_of(&mut client), watch::pid_of(&mut waiter));

    thread::scope(|scope| {
        let slow = scope.spawn(|| client.batch_execute("COMMIT"));
        watch::wait_until_asleep(&mut observer, slow_pid);
        let waiting =
            scope.spawn(|| waiter.batch_execute("UPDATE tb_user SET name = name || ' II'"));
        watch::wait_until_queued(&mut observer, waiter_pid);
        stop(&mut observer, slow_pid);
        slow.join()
            .unwrap()
            .expect_err("a refresh that was stopped");
        waiting.join().unwrap().unwrap();
    });

    blog::assert_equals_query(&mut waiter);
    watch::assert_refreshes(&mut waiter);
    watch::assert_no_lock_is_left(&mut observer);
}

/// The document of a post titled "slow" takes a minute, and that of one titled "gated" waits for advisory lock 1; the function
/// promises to be immutable, since others are refused.
pub fn client_with_slow_tview(server: &Server) -> Client {
    let mut client = scene::connect(server);
    blog::create_sources(&mut client);
    client
        .batch_execute(
            "CREATE FUNCTION rendered(title text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
             BEGIN
                 IF title = 'slow' THEN
                     PERFORM pg_sleep(60);
                 ELSIF title = 'gated' THEN
                     PERFORM pg_advisory_xact_lock(1);
                 END IF;
                 RETURN title;
             END $$",
        )
        .unwrap();
    let query = blog::QUERY.replace("p.title", "public.rendered(p.title)");
    client
        .batch_execute(&format!("CREATE TABLE tv_post AS {query}"))
        .unwrap();
    client
}

fn assert_session_works(client: &mut Client) {
    client
        .batch_execute("RESET statement_timeout; RESET lock_timeout")
        .unwrap();
    watch::assert_no_lock_is_left(client);
    blog::assert_equals_query(client);
    watch::assert_refreshes(client);
    client
        .batch_execute("UPDATE tb_post SET title = 'quick' WHERE pk_post = 1")
        .unwrap();
    assert_eq!(blog::title(client, 1), "quick");
    blog::assert_equals_query(client);
}
