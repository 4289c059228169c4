//! A refresh at COMMIT can be stopped like any statement, by statement_timeout and by cancel, and leaves a session that works.

mod server;

use postgres::error::SqlState;
use postgres::{Client, NoTls};
use server::{Server, blog};
use std::time::{Duration, Instant};

/// Far below the minute that the slow document takes, far above what a busy machine needs.
const SOON: Duration = Duration::from_secs(20);

#[test]
fn statement_timeout_stops_the_refresh_of_a_single_statement() {
    let server = Server::start();
    let mut client = client_with_slow_tview(&server);
    client
        .batch_execute("SET statement_timeout = '500ms'")
        .unwrap();

    assert_is_stopped(
        &mut client,
        "UPDATE tb_post SET title = 'slow' WHERE pk_post = 1",
    );

    assert_session_works(&mut client);
}

#[test]
fn statement_timeout_stops_the_refresh_at_commit() {
    let server = Server::start();
    let mut client = client_with_slow_tview(&server);
    client
        .batch_execute("SET statement_timeout = '500ms'")
        .unwrap();
    client.batch_execute("BEGIN").unwrap();
    client
        .batch_execute("UPDATE tb_post SET title = 'slow' WHERE pk_post = 1")
        .unwrap();

    assert_is_stopped(&mut client, "COMMIT");

    assert_session_works(&mut client);
}

#[test]
fn cancel_stops_the_refresh_at_commit() {
    let server = Server::start();
    let mut client = client_with_slow_tview(&server);
    client.batch_execute("BEGIN").unwrap();
    client
        .batch_execute("UPDATE tb_post SET title = 'slow' WHERE pk_post = 1")
        .unwrap();
    let token = client.cancel_token();
    let canceller = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(500));
        token.cancel_query(NoTls)
    });

    assert_is_stopped(&mut client, "COMMIT");

    canceller.join().unwrap().unwrap();
    assert_session_works(&mut client);
}

/// The document of a post titled "slow" takes a minute; the function promises to be immutable, since others are refused.
fn client_with_slow_tview(server: &Server) -> Client {
    let mut client = server.connect();
    blog::create_sources(&mut client);
    client
        .batch_execute(
            "CREATE FUNCTION rendered(title text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
             BEGIN
                 IF title = 'slow' THEN
                     PERFORM pg_sleep(60);
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

fn assert_is_stopped(client: &mut Client, statement: &str) {
    let start = Instant::now();
    let error = client
        .batch_execute(statement)
        .expect_err("a refresh that takes a minute");
    assert_eq!(error.code(), Some(&SqlState::QUERY_CANCELED), "{error:?}");
    assert!(
        start.elapsed() < SOON,
        "stopped after {:?}",
        start.elapsed()
    );
}

fn assert_session_works(client: &mut Client) {
    client.batch_execute("RESET statement_timeout").unwrap();
    blog::assert_equals_query(client);
    client
        .batch_execute("UPDATE tb_post SET title = 'quick' WHERE pk_post = 1")
        .unwrap();
    assert_eq!(blog::title(client, 1), "quick");
    blog::assert_equals_query(client);
}
