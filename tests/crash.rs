//! A backend that dies takes its uncommitted TVIEW changes with it and nothing else.

mod server;

use postgres::Client;
use server::{Server, blog};
use std::process::{Command, Stdio};
use std::time::Duration;

#[test]
fn backend_killed_before_commit_leaves_no_trace() {
    let server = Server::start();
    let mut client = client_in_transaction(&server);
    kill(&mut client);

    assert_consistent_with_title(&mut server.reconnect(), "post 4");
}

#[test]
fn backend_killed_after_it_refreshed_for_a_read_leaves_no_trace() {
    let server = Server::start();
    let mut client = client_in_transaction(&server);
    assert_eq!(blog::title(&mut client, 4), "unsaved");
    kill(&mut client);

    assert_consistent_with_title(&mut server.reconnect(), "post 4");
}

#[test]
fn committed_change_survives_a_crash() {
    let server = Server::start();
    let mut client = client_in_transaction(&server);
    client.batch_execute("COMMIT").unwrap();
    kill(&mut client);

    assert_consistent_with_title(&mut server.reconnect(), "unsaved");
}

fn client_in_transaction(server: &Server) -> Client {
    let mut client = server.connect();
    blog::create_sources(&mut client);
    blog::create_tview(&mut client);
    client
        .batch_execute(
            "BEGIN;
             UPDATE tb_post SET title = 'unsaved' WHERE pk_post = 4;
             INSERT INTO tb_post (pk_post, fk_user, title) VALUES (100, 2, 'unsaved too')",
        )
        .unwrap();
    client
}

/// The server takes the death of a backend for corruption and recovers from its log. Returns once it knows of the death:
/// a session that connects earlier would be thrown out.
fn kill(client: &mut Client) {
    let pid: i32 = client
        .query_one("SELECT pg_backend_pid()", &[])
        .unwrap()
        .get(0);
    assert!(send(pid, "-KILL"), "kill the backend");
    while send(pid, "-0") {
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn send(pid: i32, signal: &str) -> bool {
    Command::new("kill")
        .args([signal, &pid.to_string()])
        .stderr(Stdio::null())
        .status()
        .unwrap()
        .success()
}

fn assert_consistent_with_title(client: &mut Client, title: &str) {
    assert_eq!(blog::title(client, 4), title);
    blog::assert_equals_query(client);
    client
        .batch_execute("UPDATE tb_post SET title = 'next' WHERE pk_post = 4")
        .unwrap();
    assert_eq!(blog::title(client, 4), "next");
    blog::assert_equals_query(client);
}
