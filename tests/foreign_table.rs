//! Foreign tables and the refresh at COMMIT, when postgres_fdw has already committed its part: whatever would touch one
//! then is refused, because PostgreSQL answers an error of postgres_fdw at that point with a PANIC.

mod server;

use postgres::Client;
use postgres::error::SqlState;
use server::{PORT, Server, blog};

#[test]
fn trigger_that_writes_a_foreign_table_is_refused_at_commit() {
    let server = Server::start();
    let mut client = client_with_foreign_log(&server);
    add_logging_trigger(&mut client);
    let started = start_time(&mut client);

    let error = client
        .batch_execute("UPDATE tb_post SET title = 'new' WHERE pk_post = 4")
        .expect_err("a refused trigger");

    assert_eq!(
        error.code(),
        Some(&SqlState::FEATURE_NOT_SUPPORTED),
        "{error:?}"
    );
    assert_eq!(start_time(&mut client), started, "the server restarted");
    assert_eq!(blog::title(&mut client, 4), "post 4");
    assert_eq!(logged(&mut client), 0);
    blog::assert_equals_query(&mut client);
}

#[test]
fn trigger_is_refused_too_where_the_transaction_used_the_foreign_server_before() {
    let server = Server::start();
    let mut client = client_with_foreign_log(&server);
    add_logging_trigger(&mut client);
    let started = start_time(&mut client);
    client.batch_execute("BEGIN; INSERT INTO far_log VALUES ('first'); UPDATE tb_post SET title = 'new' WHERE pk_post = 4").unwrap();

    let error = client
        .batch_execute("COMMIT")
        .expect_err("a refused trigger");

    assert_eq!(
        error.code(),
        Some(&SqlState::FEATURE_NOT_SUPPORTED),
        "{error:?}"
    );
    assert_eq!(start_time(&mut client), started, "the server restarted");
    blog::assert_equals_query(&mut client);
}

#[test]
fn transaction_may_write_a_foreign_table_and_a_source() {
    let server = Server::start();
    let mut client = client_with_foreign_log(&server);

    client
        .batch_execute("BEGIN; INSERT INTO far_log VALUES ('both'); UPDATE tb_post SET title = 'new' WHERE pk_post = 4; COMMIT")
        .unwrap();

    assert_eq!(logged(&mut client), 1);
    assert_eq!(blog::title(&mut client, 4), "new");
    blog::assert_equals_query(&mut client);
}

#[test]
fn foreign_table_as_source_is_refused_at_creation() {
    let server = Server::start();
    let mut client = client_with_foreign_log(&server);
    client
        .batch_execute("CREATE FOREIGN TABLE far_post (pk_post int, id uuid, title text) SERVER far OPTIONS (table_name 'tb_post')")
        .unwrap();

    let error = client
        .batch_execute("CREATE TABLE tv_far AS SELECT pk_post, id, jsonb_build_object('title', title) AS data FROM far_post")
        .expect_err("a foreign table as source");

    assert_eq!(
        error.code(),
        Some(&SqlState::FEATURE_NOT_SUPPORTED),
        "{error:?}"
    );
    let exists: bool = client
        .query_one("SELECT to_regclass('tv_far') IS NOT NULL", &[])
        .unwrap()
        .get(0);
    assert!(!exists, "tv_far was created");
}

/// `far_log` is table `log` of the same server, seen through postgres_fdw.
fn client_with_foreign_log(server: &Server) -> Client {
    let mut client = server.connect();
    blog::create_sources(&mut client);
    blog::create_tview(&mut client);
    let folder = server.folder();
    client
        .batch_execute(&format!(
            "CREATE TABLE log (entry text);
             CREATE EXTENSION postgres_fdw;
             CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '{folder}', port '{PORT}', dbname 'postgres');
             CREATE USER MAPPING FOR postgres SERVER far OPTIONS (user 'postgres');
             CREATE FOREIGN TABLE far_log (entry text) SERVER far OPTIONS (table_name 'log')"
        ))
        .expect("set up postgres_fdw");
    client
}

fn add_logging_trigger(client: &mut Client) {
    client
        .batch_execute(
            "CREATE FUNCTION write_far_log() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN
                 INSERT INTO public.far_log VALUES (NEW.data ->> 'title');
                 RETURN NULL;
             END $$;
             CREATE TRIGGER log AFTER UPDATE ON tv_post FOR EACH ROW EXECUTE FUNCTION write_far_log()",
        )
        .unwrap();
}

fn logged(client: &mut Client) -> i64 {
    client
        .query_one("SELECT count(*) FROM log", &[])
        .unwrap()
        .get(0)
}

fn start_time(client: &mut Client) -> String {
    client
        .query_one("SELECT pg_postmaster_start_time()::text", &[])
        .unwrap()
        .get(0)
}
