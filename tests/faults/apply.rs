//! A refresh that is stopped while it writes the TVIEW, in a trigger of the user's or for a row that somebody has locked,
//! leaves a session that works.

use super::server::{Server, blog};
use super::{scene, watch};
use postgres::Client;
use postgres::error::SqlState;
use std::thread;

const SLOW: &str = "UPDATE tb_post SET title = 'slow' WHERE pk_post = 1";

#[test]
fn statement_timeout_stops_a_trigger_on_the_tview() {
    let server = Server::start();
    let mut client = client_with_slow_trigger(&server);
    client
        .batch_execute(&format!("SET statement_timeout = '500ms'; BEGIN; {SLOW}"))
        .unwrap();

    let result = client.batch_execute("COMMIT");

    watch::assert_failed(result, &SqlState::QUERY_CANCELED);
    assert_session_works(&mut client);
}

#[test]
fn cancel_stops_a_trigger_on_the_tview() {
    let server = Server::start();
    let mut client = client_with_slow_trigger(&server);
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
    assert_session_works(&mut client);
}

#[test]
fn lock_timeout_ends_the_wait_for_a_row_of_the_tview() {
    let server = Server::start();
    let mut client = client_with_slow_trigger(&server);
    let mut reader = scene::connect(&server);
    reader
        .batch_execute("BEGIN; SELECT FROM tv_post WHERE pk_post = 1 FOR UPDATE")
        .unwrap();
    client
        .batch_execute(
            "SET lock_timeout = '500ms'; BEGIN; UPDATE tb_post SET title = 'new' WHERE pk_post = 1",
        )
        .unwrap();

    let result = client.batch_execute("COMMIT");

    watch::assert_failed(result, &SqlState::LOCK_NOT_AVAILABLE);
    reader.batch_execute("COMMIT").unwrap();
    assert_session_works(&mut client);
}

#[test]
fn lock_timeout_ends_the_wait_for_the_table_itself() {
    let server = Server::start();
    let mut client = client_with_slow_trigger(&server);
    // A session's first write reads the definition, and would wait for that.
    watch::assert_refreshes(&mut client);
    let mut maintenance = scene::connect(&server);
    maintenance
        .batch_execute("BEGIN; LOCK TABLE tv_post IN ACCESS EXCLUSIVE MODE")
        .unwrap();
    client
        .batch_execute(
            "SET lock_timeout = '500ms'; BEGIN; UPDATE tb_post SET title = 'new' WHERE pk_post = 1",
        )
        .unwrap();

    let result = client.batch_execute("COMMIT");

    watch::assert_failed(result, &SqlState::LOCK_NOT_AVAILABLE);
    maintenance.batch_execute("COMMIT").unwrap();
    assert_session_works(&mut client);
}

/// A row of the TVIEW that gets the title "slow" takes a minute.
pub fn client_with_slow_trigger(server: &Server) -> Client {
    let mut client = scene::connect(server);
    blog::create_sources(&mut client);
    blog::create_tview(&mut client);
    client
        .batch_execute(
            "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN
                 PERFORM pg_sleep(60);
                 RETURN NULL;
             END $$;
             CREATE TRIGGER dawdle AFTER UPDATE ON tv_post FOR EACH ROW
                 WHEN (NEW.data ->> 'title' = 'slow') EXECUTE FUNCTION dawdle()",
        )
        .unwrap();
    client
}

fn assert_session_works(client: &mut Client) {
    client
        .batch_execute("RESET statement_timeout; RESET lock_timeout")
        .unwrap();
    watch::assert_no_lock_is_left(client);
    assert_eq!(blog::title(client, 1), "post 1");
    watch::assert_refreshes(client);
    blog::assert_equals_query(client);
}
