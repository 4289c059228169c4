//! A backend that dies, and a server that crashes, take uncommitted TVIEW changes with them and nothing else.

use super::apply::client_with_slow_trigger;
use super::load::{self, Load};
use super::recompute::client_with_slow_tview;
use super::scene::{Held, RENAME, Scene};
use super::server::{Server, blog};
use super::{scene, watch};
use postgres::Client;
use std::thread;

#[test]
fn backend_killed_before_commit_leaves_no_trace() {
    let server = Server::start();
    let mut client = client_in_transaction(&server);
    watch::kill(watch::pid_of(&mut client));

    assert_consistent_with_title(&mut server.reconnect(), "post 4");
}

#[test]
fn backend_killed_after_it_refreshed_for_a_read_leaves_no_trace() {
    let server = Server::start();
    let mut client = client_in_transaction(&server);
    assert_eq!(blog::title(&mut client, 4), "unsaved");
    watch::kill(watch::pid_of(&mut client));

    assert_consistent_with_title(&mut server.reconnect(), "post 4");
}

#[test]
fn committed_change_survives_a_crash() {
    let server = Server::start();
    let mut client = client_in_transaction(&server);
    client.batch_execute("COMMIT").unwrap();
    watch::kill(watch::pid_of(&mut client));

    assert_consistent_with_title(&mut server.reconnect(), "unsaved");
}

#[test]
fn backend_killed_while_it_waits_for_a_lock() {
    let mut scene = Scene::start(Held::Value);

    scene
        .while_queued(RENAME, |_, _, pid| watch::kill(pid))
        .expect_err("a killed session");

    let mut client = scene.server.reconnect();
    watch::assert_no_lock_is_left(&mut client);
    assert_eq!(scene::name_of_first_user(&mut client), "Ada");
    assert_consistent_with_title(&mut client, "post 4");
}

#[test]
fn backend_killed_while_it_computes_a_document_under_load() {
    let server = Server::start();
    let victim = client_with_slow_tview(&server);

    assert_survives_kill_in_flush(&server, victim);
}

#[test]
fn backend_killed_while_it_writes_a_document_under_load() {
    let server = Server::start();
    let victim = client_with_slow_trigger(&server);

    assert_survives_kill_in_flush(&server, victim);
}

#[test]
fn server_crashes_under_load() {
    let server = Server::start();
    let mut client = scene::connect(&server);
    blog::create_sources(&mut client);
    blog::create_tview(&mut client);
    let load = Load::start(&server);

    server.crash_and_restart();

    load.end();
    assert_all_recovered(&server);
}

#[test]
fn load_without_a_fault_ends_with_right_tviews() {
    let server = Server::start();
    let mut client = scene::connect(&server);
    blog::create_sources(&mut client);
    blog::create_tview(&mut client);
    let load = Load::start(&server);

    load.wait_for(1000);

    load.end();
    assert_all_recovered(&server);
}

/// The victim's refresh of post 1 takes a minute once its title is "slow". Meanwhile others go on writing, but for those who
/// need its locks.
fn assert_survives_kill_in_flush(server: &Server, mut victim: Client) {
    let load = Load::start(server);
    let mut observer = scene::connect(server);
    let pid = watch::pid_of(&mut victim);

    thread::scope(|scope| {
        let flush = scope
            .spawn(|| victim.batch_execute("UPDATE tb_post SET title = 'slow' WHERE pk_post = 1"));
        watch::wait_until_asleep(&mut observer, pid);
        watch::kill(pid);
        flush.join().unwrap().expect_err("a killed session");
    });

    load.end();
    assert_all_recovered(server);
}

fn assert_all_recovered(server: &Server) {
    let mut client = server.reconnect();
    load::assert_all_right(&mut client);
    watch::assert_no_lock_is_left(&mut client);
    watch::assert_refreshes(&mut client);
    client
        .batch_execute("UPDATE tb_user SET name = 'after the crash' WHERE pk_user = 1")
        .unwrap();
    load::assert_all_right(&mut client);
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

fn assert_consistent_with_title(client: &mut Client, title: &str) {
    assert_eq!(blog::title(client, 4), title);
    blog::assert_equals_query(client);
    client
        .batch_execute("UPDATE tb_post SET title = 'next' WHERE pk_post = 4")
        .unwrap();
    assert_eq!(blog::title(client, 4), "next");
    blog::assert_equals_query(client);
}
