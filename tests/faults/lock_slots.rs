//! Where the server's lock table has no room for what a refresh would lock one by one, it locks the TVIEW as a whole instead;
//! where there is no room at all, it fails like any statement that runs out of locks.

use super::server::{Server, blog};
use super::{scene, watch};
use postgres::Client;
use postgres::error::SqlState;

/// Fewer than a fifth of the posts, since beyond that all rows would be compared, and far more than the server has locks for.
const BIG: &str = "UPDATE tb_post SET title = title || '!' WHERE pk_post BETWEEN 1001 AND 11000";

/// Leaves the lock table full, until the transaction ends.
const TAKE_ALL_LOCKS: &str = "BEGIN; DO $$ BEGIN
    FOR n IN 1 .. 100000 LOOP
        BEGIN PERFORM pg_advisory_xact_lock(n); EXCEPTION WHEN out_of_memory THEN EXIT; END;
    END LOOP;
    END $$";

const NO_LIMIT: &str = "SET pg_tviews.lock_limit = 1000000";

#[test]
fn full_lock_table_makes_a_refresh_lock_the_whole_tview() {
    let server = small_server();
    let mut client = client_with_many_posts(&server);
    let mut other = scene::connect(&server);
    client
        .batch_execute(&format!("{NO_LIMIT}; BEGIN; {BIG}"))
        .unwrap();

    client.batch_execute("SELECT FROM tv_post").unwrap();

    assert_eq!(held(&mut other), "table ExclusiveLock");
    client.batch_execute("COMMIT").unwrap();
    watch::assert_no_lock_is_left(&mut other);
    watch::assert_refreshes(&mut other);
    blog::assert_equals_query(&mut client);
}

#[test]
fn no_lock_left_at_all_is_an_error_like_that_of_any_statement() {
    let server = small_server();
    let mut client = client_with_many_posts(&server);
    let mut other = scene::connect(&server);
    let rename = "UPDATE tb_post SET title = 'changed' WHERE pk_post = 1001";
    client.batch_execute(&format!("BEGIN; {rename}")).unwrap();
    other.batch_execute(TAKE_ALL_LOCKS).unwrap();

    let result = client.batch_execute("COMMIT");

    assert_is_out_of_locks(result);
    other.batch_execute("ROLLBACK").unwrap();
    watch::assert_no_lock_is_left(&mut other);
    assert_eq!(blog::title(&mut client, 1001), "post 1001");
    client.batch_execute(rename).unwrap();
    blog::assert_equals_query(&mut client);
}

#[test]
fn big_update_succeeds_with_the_default_limit() {
    let server = small_server();
    let mut client = client_with_many_posts(&server);

    client.batch_execute(BIG).unwrap();

    assert_eq!(blog::title(&mut client, 1001), "post 1001!");
    watch::assert_no_lock_is_left(&mut client);
    blog::assert_equals_query(&mut client);
}

/// What sessions hold of the TVIEW.
fn held(observer: &mut Client) -> String {
    let query = "SELECT string_agg(kind || ' ' || mode, ', ' ORDER BY kind) FROM pg_tviews_locks WHERE granted";
    observer.query_one(query, &[]).unwrap().get(0)
}

/// PostgreSQL makes its lock table of these two settings.
fn small_server() -> Server {
    let server = Server::launch(&[
        "--set",
        "max_locks_per_transaction=10",
        "--set",
        "max_connections=10",
    ]);
    server
        .connect()
        .batch_execute("CREATE EXTENSION pg_tviews")
        .unwrap();
    server
}

fn client_with_many_posts(server: &Server) -> Client {
    let mut client = scene::connect(server);
    blog::create_sources(&mut client);
    client
        .batch_execute(
            "INSERT INTO tb_post (pk_post, fk_user, title)
             SELECT n, 1 + n % 2, 'post ' || n FROM generate_series(1001, 61000) n",
        )
        .unwrap();
    blog::create_tview(&mut client);
    client.batch_execute("ANALYZE").unwrap();
    client
}

fn assert_is_out_of_locks(result: Result<(), postgres::Error>) {
    let message = result
        .as_ref()
        .err()
        .and_then(|error| error.as_db_error())
        .map(|report| report.message().to_owned());
    assert_eq!(message.as_deref(), Some("out of shared memory"));
    watch::assert_failed(result, &SqlState::OUT_OF_MEMORY);
}
