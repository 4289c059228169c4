//! An error inside a refresh ends the transaction that caused it, says at which TVIEW it came up, and leaves a session that
//! refreshes again.

use super::scene::{self, Held, Scene};
use super::server::{Server, blog};
use super::watch;
use postgres::Client;
use postgres::error::SqlState;

const LONG: &str = "UPDATE tb_post SET title = repeat('long ', 20) WHERE pk_post = 1";

#[test]
fn check_constraint_of_the_tview_refuses_a_statement() {
    let server = Server::start();
    let mut client = client_with_constraint(&server);

    let result = client.batch_execute(LONG);

    watch::assert_failed(result, &SqlState::CHECK_VIOLATION);
    assert_session_works(&mut client);
}

#[test]
fn check_constraint_of_the_tview_refuses_a_commit() {
    let server = Server::start();
    let mut client = client_with_constraint(&server);
    client.batch_execute(&format!("BEGIN; {LONG}")).unwrap();

    let result = client.batch_execute("COMMIT");

    assert_eq!(constraint_of(&result), Some("brief"));
    watch::assert_failed(result, &SqlState::CHECK_VIOLATION);
    assert_session_works(&mut client);
}

#[test]
fn check_constraint_of_the_tview_refuses_a_read_and_the_savepoint_helps() {
    let server = Server::start();
    let mut client = client_with_constraint(&server);
    client
        .batch_execute(&format!(
            "BEGIN; UPDATE tb_post SET title = 'kept' WHERE pk_post = 3; SAVEPOINT s; {LONG}"
        ))
        .unwrap();

    let result = client.batch_execute("SELECT FROM tv_post");

    watch::assert_failed(result, &SqlState::CHECK_VIOLATION);
    client
        .batch_execute("ROLLBACK TO SAVEPOINT s; COMMIT")
        .unwrap();
    assert_eq!(blog::title(&mut client, 3), "kept");
    assert_session_works(&mut client);
}

#[test]
fn division_by_zero_in_the_query_refuses_a_commit() {
    let server = Server::start();
    let mut client = scene::connect(&server);
    blog::create_sources(&mut client);
    let query = blog::QUERY.replace("p.title,", "p.title, 'share', 100 / length(p.title),");
    client
        .batch_execute(&format!("CREATE TABLE tv_post AS {query}"))
        .unwrap();
    client
        .batch_execute("BEGIN; UPDATE tb_post SET title = '' WHERE pk_post = 1")
        .unwrap();

    let result = client.batch_execute("COMMIT");

    watch::assert_failed(result, &SqlState::DIVISION_BY_ZERO);
    watch::assert_no_lock_is_left(&mut client);
    assert_eq!(blog::title(&mut client, 1), "post 1");
    watch::assert_refreshes(&mut client);
}

/// The writer has waited for the holder, and fails afterwards.
#[test]
fn error_after_a_wait_leaves_the_holder_alone() {
    let mut scene = Scene::start_with(
        Held::Key,
        "ALTER TABLE tv_post ADD CHECK (length(data ->> 'author') < 50)",
    );
    scene
        .writer
        .batch_execute("BEGIN; UPDATE tb_user SET name = repeat('long ', 20) WHERE pk_user = 1")
        .unwrap();

    let result = scene.while_queued("COMMIT", |holder, _, _| {
        holder.batch_execute("COMMIT").unwrap()
    });

    watch::assert_failed(result, &SqlState::CHECK_VIOLATION);
    scene.assert_only_the_writer_failed();
}

fn client_with_constraint(server: &Server) -> Client {
    let mut client = scene::connect(server);
    blog::create_sources(&mut client);
    blog::create_tview(&mut client);
    client
        .batch_execute(
            "ALTER TABLE tv_post ADD CONSTRAINT brief CHECK (length(data ->> 'title') < 50)",
        )
        .unwrap();
    client
}

fn constraint_of(result: &Result<(), postgres::Error>) -> Option<&str> {
    result.as_ref().err()?.as_db_error()?.constraint()
}

fn assert_session_works(client: &mut Client) {
    watch::assert_no_lock_is_left(client);
    assert_eq!(blog::title(client, 1), "post 1");
    watch::assert_refreshes(client);
    blog::assert_equals_query(client);
}
