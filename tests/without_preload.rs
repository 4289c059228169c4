//! A server that does not preload the library: tables are converted by hand, and the trigger functions load the library
//! into every session that writes.

mod server;

use postgres::Client;
use server::{Server, blog};

const INVITATION: &str = "TVIEW table created. To convert to TVIEW, run: \
                          SELECT pg_tviews_convert_existing_table('public.tv_post');";

#[test]
fn create_table_as_says_how_to_convert() {
    let server = Server::start_without_preload();
    let (mut client, messages) = server.connect_and_listen();
    blog::create_sources(&mut client);
    client
        .batch_execute("CREATE TABLE post_copy AS SELECT * FROM tb_post")
        .unwrap();
    assert!(
        messages.lock().unwrap().is_empty(),
        "a message about a table that is no TVIEW"
    );

    blog::create_tview(&mut client);

    let messages = messages.lock().unwrap();
    let seen: Vec<_> = messages
        .iter()
        .map(|message| (message.severity(), message.message()))
        .collect();
    assert_eq!(seen, [("INFO", INVITATION)]);
}

#[test]
fn table_converted_with_its_query_follows_writers_of_other_sessions() {
    let server = Server::start_without_preload();
    let mut client = server.connect();
    blog::create_sources(&mut client);
    blog::create_tview(&mut client);
    client
        .execute(
            "SELECT pg_tviews_convert_existing_table('public.tv_post', $1)",
            &[&blog::QUERY],
        )
        .unwrap();
    drop(client);

    assert_follows_a_new_session(&mut server.connect());
}

#[test]
fn table_converted_with_its_view_follows_writers_of_other_sessions() {
    let server = Server::start_without_preload();
    let mut client = server.connect();
    blog::create_sources(&mut client);
    client
        .batch_execute(&format!("CREATE VIEW v_post AS {}", blog::QUERY))
        .unwrap();
    client
        .batch_execute("CREATE TABLE tv_post AS SELECT * FROM v_post")
        .unwrap();
    client
        .batch_execute("SELECT pg_tviews_convert_existing_table('public.tv_post')")
        .unwrap();
    drop(client);

    assert_follows_a_new_session(&mut server.connect());
}

/// What counts and shows needs shared memory, which only a preloaded library gets.
#[test]
fn nothing_is_counted_or_shown() {
    let server = Server::start_without_preload();
    let mut client = server.connect();
    blog::create_sources(&mut client);
    client
        .execute("SELECT pg_tviews_create('tv_post', $1)", &[&blog::QUERY])
        .unwrap();
    client
        .batch_execute("UPDATE tb_user SET name = 'Ada Lovelace' WHERE pk_user = 1")
        .unwrap();

    let counted = client
        .query_one(
            "SELECT flushes + rows_updated + errors, write_ms, last_error, stats_reset::text FROM pg_tviews_stats",
            &[],
        )
        .unwrap();
    let shown = client.query("SELECT FROM pg_tviews_progress", &[]).unwrap();

    assert_eq!(counted.get::<_, i64>(0), 0);
    assert_eq!(counted.get::<_, f64>(1), 0.0);
    assert_eq!(counted.get::<_, Option<String>>(2), None);
    assert_eq!(counted.get::<_, Option<String>>(3), None);
    assert!(shown.is_empty());
    client
        .batch_execute("SELECT pg_tviews_stats_reset(); SET pg_tviews.log_min_duration = 0; UPDATE tb_user SET name = 'Ada'")
        .unwrap();
    blog::assert_equals_query(&mut client);
}

/// The first statement of the session that has anything to do with the extension is the write itself.
fn assert_follows_a_new_session(client: &mut Client) {
    client
        .batch_execute("UPDATE tb_user SET name = 'Ada Lovelace' WHERE pk_user = 1")
        .unwrap();
    client.batch_execute("BEGIN; DELETE FROM tb_post WHERE pk_post = 3; UPDATE tb_post SET title = 'new' WHERE pk_post = 4").unwrap();
    assert_eq!(
        blog::title(client, 4),
        "new",
        "read inside the writing transaction"
    );
    client.batch_execute("COMMIT").unwrap();
    blog::assert_equals_query(client);
}
