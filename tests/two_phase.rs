//! Prepared transactions take their TVIEW changes with them: to another session, through a crash, to commit or rollback.

mod server;

use postgres::Client;
use server::{Server, blog};

#[test]
fn commit_prepared_in_another_session_shows_the_change() {
    let server = Server::start();
    prepare_change(&server);

    let mut client = server.connect();
    assert_change_is_invisible(&mut client);
    client.batch_execute("COMMIT PREPARED 'rename'").unwrap();

    assert_eq!(blog::title(&mut client, 4), "prepared");
    assert_next_write_refreshes(&mut client);
}

#[test]
fn commit_prepared_after_a_crash_shows_the_change() {
    let server = Server::start();
    prepare_change(&server);
    server.crash_and_restart();

    let mut client = server.connect();
    assert_change_is_invisible(&mut client);
    client.batch_execute("COMMIT PREPARED 'rename'").unwrap();

    assert_eq!(blog::title(&mut client, 4), "prepared");
    assert_next_write_refreshes(&mut client);
}

#[test]
fn rollback_prepared_after_a_crash_leaves_the_rows_as_they_were() {
    let server = Server::start();
    prepare_change(&server);
    server.crash_and_restart();

    let mut client = server.connect();
    client.batch_execute("ROLLBACK PREPARED 'rename'").unwrap();

    assert_change_is_invisible(&mut client);
    assert_next_write_refreshes(&mut client);
}

#[test]
fn session_that_prepared_owes_nothing_to_its_next_transaction() {
    let server = Server::start();
    let mut client = prepare_change(&server);
    client.batch_execute("ROLLBACK PREPARED 'rename'").unwrap();
    assert_next_write_refreshes(&mut client);
}

#[test]
fn tview_created_in_a_prepared_transaction_follows_its_sources_once_committed() {
    let server = Server::start();
    let mut client = server.connect();
    blog::create_sources(&mut client);
    client.batch_execute("BEGIN").unwrap();
    blog::create_tview(&mut client);
    client
        .batch_execute("PREPARE TRANSACTION 'create'")
        .unwrap();
    server.crash_and_restart();

    let mut client = server.connect();
    client.batch_execute("COMMIT PREPARED 'create'").unwrap();

    assert_next_write_refreshes(&mut client);
}

#[test]
fn locks_tell_the_prepared_transaction_before_and_after_a_restart() {
    let server = Server::start();
    let mut client = prepare_change(&server);
    // The session that prepared it goes on, and another transaction is prepared.
    client
        .batch_execute(
            "BEGIN;
             INSERT INTO tb_post (pk_post, fk_user, title) VALUES (1006, 2, 'another');
             PREPARE TRANSACTION 'another';
             BEGIN;
             INSERT INTO tb_post (pk_post, fk_user, title) VALUES (1007, 2, 'open');
             SELECT pg_tviews_flush()",
        )
        .unwrap();
    let holders = "SELECT string_agg(DISTINCT concat_ws(' ', CASE WHEN pid IS NULL THEN 'no session' END, prepared), ', ')
                     FROM pg_tviews_locks WHERE pid IS DISTINCT FROM pg_backend_pid()";
    let held =
        |client: &mut Client| -> Option<String> { client.query_one(holders, &[]).unwrap().get(0) };
    let expected = Some("no session another, no session rename");
    let own = "SELECT count(*), count(prepared) FROM pg_tviews_locks WHERE pid = pg_backend_pid()";
    let own = client.query_one(own, &[]).unwrap();
    assert!(own.get::<_, i64>(0) > 0);
    assert_eq!(own.get::<_, i64>(1), 0);
    assert_eq!(held(&mut client).as_deref(), expected);

    server.crash_and_restart();

    let mut client = server.connect();
    assert_eq!(held(&mut client).as_deref(), expected);
    client.batch_execute("COMMIT PREPARED 'rename'").unwrap();
    assert_eq!(held(&mut client).as_deref(), Some("no session another"));
}

fn prepare_change(server: &Server) -> Client {
    let mut client = server.connect();
    blog::create_sources(&mut client);
    blog::create_tview(&mut client);
    client
        .batch_execute(
            "BEGIN;
             UPDATE tb_post SET title = 'prepared' WHERE pk_post = 4;
             UPDATE tb_user SET name = 'Ada Lovelace' WHERE pk_user = 1;
             DELETE FROM tb_post WHERE pk_post = 5;
             PREPARE TRANSACTION 'rename'",
        )
        .unwrap();
    client
}

fn assert_change_is_invisible(client: &mut Client) {
    assert_eq!(blog::title(client, 4), "post 4");
    blog::assert_equals_query(client);
}

fn assert_next_write_refreshes(client: &mut Client) {
    blog::assert_equals_query(client);
    client
        .batch_execute("UPDATE tb_user SET name = name || ' the second'")
        .unwrap();
    client
        .batch_execute("UPDATE tb_post SET title = 'next' WHERE pk_post = 4")
        .unwrap();
    assert_eq!(blog::title(client, 4), "next");
    blog::assert_equals_query(client);
}
