//! Clients of PgBouncer that have one server connection in turns, a transaction each: each sees its own changes, commits
//! what it has changed, and leaves nothing behind for the other.

mod server;

use postgres::{Client, SimpleQueryMessage};
use server::{Server, blog};

struct Scene {
    first: Client,
    second: Client,
    direct: Client,
    server: Server,
}

impl Scene {
    fn start(lines: &[&str]) -> Self {
        let server = Server::start();
        let mut direct = server.connect();
        blog::create_sources(&mut direct);
        blog::create_tview(&mut direct);
        server.pool(lines);
        let (mut first, mut second) = (server.connect_to_pool(), server.connect_to_pool());
        assert_eq!(
            value(&mut first, "SELECT pg_backend_pid()"),
            value(&mut second, "SELECT pg_backend_pid()"),
            "the two share a connection"
        );
        Self {
            first,
            second,
            direct,
            server,
        }
    }
}

/// By the simple protocol: this PgBouncer does not carry prepared statements from one server connection to another.
fn value(client: &mut Client, query: &str) -> String {
    let rows = client
        .simple_query(query)
        .unwrap_or_else(|e| panic!("{query}: {e}"));
    let value = rows.iter().find_map(|m| match m {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    value.expect("a value").to_owned()
}

fn title(client: &mut Client) -> String {
    value(
        client,
        "SELECT data ->> 'title' FROM tv_post WHERE pk_post = 4",
    )
}

#[test]
fn clients_take_turns_and_see_what_the_other_committed() {
    let mut scene = Scene::start(&[]);
    for round in 0..5 {
        for (client, name) in [(&mut scene.first, "first"), (&mut scene.second, "second")] {
            let title_now = format!("{name} {round}");
            client
                .batch_execute(&format!(
                    "BEGIN; UPDATE tb_post SET title = '{title_now}' WHERE pk_post = 4"
                ))
                .unwrap();
            assert_eq!(title(client), title_now, "within the transaction");
            client.batch_execute("COMMIT").unwrap();
            assert_eq!(blog::title(&mut scene.direct, 4), title_now);
        }
        assert_eq!(title(&mut scene.first), format!("second {round}"));
    }
    blog::assert_equals_query(&mut scene.direct);
}

#[test]
fn nothing_of_a_failed_or_abandoned_transaction_reaches_the_other_client() {
    let mut scene = Scene::start(&[]);
    scene.first.batch_execute("BEGIN; UPDATE tb_post SET title = 'failed'; SAVEPOINT s; DELETE FROM tb_user WHERE pk_user = 9").unwrap();
    scene.first.batch_execute("SELECT 1 / 0").unwrap_err();
    scene.first.batch_execute("ROLLBACK").unwrap();
    assert_eq!(title(&mut scene.second), "post 4");

    scene
        .first
        .batch_execute("BEGIN; UPDATE tb_post SET title = 'abandoned'")
        .unwrap();
    assert_eq!(title(&mut scene.first), "abandoned");
    drop(scene.first);
    scene
        .second
        .batch_execute("UPDATE tb_post SET title = 'second' WHERE pk_post = 4")
        .unwrap();
    assert_eq!(title(&mut scene.second), "second");
    blog::assert_equals_query(&mut scene.direct);
    assert_eq!(
        value(&mut scene.second, "SELECT count(*) FROM pg_tviews_locks"),
        "0"
    );
    drop(scene.server);
}

#[test]
fn connection_that_is_reset_between_clients_goes_on_refreshing() {
    let mut scene = Scene::start(&[
        "server_reset_query = DISCARD ALL",
        "server_reset_query_always = 1",
    ]);
    for round in 0..3 {
        for client in [&mut scene.first, &mut scene.second] {
            client
                .batch_execute("SET DateStyle = 'German'; SET pg_tviews.auto_convert = off")
                .unwrap();
            assert_eq!(
                value(client, "SHOW pg_tviews.auto_convert"),
                "on",
                "after the reset"
            );
            client
                .batch_execute(&format!("UPDATE tb_user SET name = name || {round}"))
                .unwrap();
        }
        blog::assert_equals_query(&mut scene.direct);
    }
}

#[test]
fn statements_prepared_by_sql_live_in_their_transaction() {
    let mut scene = Scene::start(&[
        "server_reset_query = DISCARD ALL",
        "server_reset_query_always = 1",
    ]);
    for round in 0..7 {
        for (client, name) in [(&mut scene.first, "first"), (&mut scene.second, "second")] {
            client
                .batch_execute(
                    "BEGIN;
                     PREPARE rename (text) AS UPDATE tb_post SET title = $1 WHERE pk_post = 4;
                     PREPARE read AS SELECT data ->> 'title' FROM tv_post WHERE pk_post = 4",
                )
                .unwrap();
            client
                .batch_execute(&format!("EXECUTE rename ('{name} {round}')"))
                .unwrap();
            assert_eq!(value(client, "EXECUTE read"), format!("{name} {round}"));
            client
                .batch_execute("DEALLOCATE rename; DEALLOCATE read; COMMIT")
                .unwrap();
        }
    }
    blog::assert_equals_query(&mut scene.direct);
}
