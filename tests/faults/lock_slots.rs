//! Where the server's lock table is too small for what a refresh would lock one by one, the refresh fails like any statement
//! that runs out of locks; with the default of `pg_tviews.lock_limit` it locks the TVIEW as a whole instead.

use super::server::{Server, blog};
use super::{scene, watch};
use postgres::Client;
use postgres::error::SqlState;

/// Fewer than a fifth of the posts, since beyond that all rows would be compared, and far more than the server has locks for.
const BIG: &str = "UPDATE tb_post SET title = title || '!' WHERE pk_post BETWEEN 1001 AND 11000";

const NO_LIMIT: &str = "SET pg_tviews.lock_limit = 1000000";

#[test]
fn big_update_fails_where_each_key_is_to_be_locked() {
    let server = small_server();
    let mut client = client_with_many_posts(&server);
    let mut other = scene::connect(&server);
    client.batch_execute(NO_LIMIT).unwrap();

    let result = client.batch_execute(BIG);

    assert_is_out_of_locks(result);
    watch::assert_no_lock_is_left(&mut other);
    watch::assert_refreshes(&mut other);
    watch::assert_refreshes(&mut client);
    blog::assert_equals_query(&mut client);
}

#[test]
fn savepoint_gives_back_the_locks_of_a_big_update_that_failed() {
    let server = small_server();
    let mut client = client_with_many_posts(&server);
    let mut other = scene::connect(&server);
    client
        .batch_execute(&format!("{NO_LIMIT}; BEGIN; SAVEPOINT s; {BIG}"))
        .unwrap();

    let result = client.batch_execute("SELECT FROM tv_post");

    assert_is_out_of_locks(result);
    client.batch_execute("ROLLBACK TO SAVEPOINT s").unwrap();
    watch::assert_no_lock_is_left(&mut other);
    watch::assert_refreshes(&mut client);
    client.batch_execute("COMMIT").unwrap();
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
