//! The lines that flushes leave in the server's log, and which leave none.

use super::server::{Server, blog};
use postgres::Client;

fn start(settings: &[&str]) -> (Server, Client) {
    let server = Server::launch(settings);
    let mut client = server.connect();
    client
        .batch_execute("CREATE EXTENSION pg_tviews; SET pg_tviews.log_min_duration = -1")
        .unwrap();
    blog::create_sources(&mut client);
    blog::create_tview(&mut client);
    (server, client)
}

/// The lines about flushes, from where the durations begin, each duration as N.
fn lines(server: &Server) -> Vec<String> {
    let log = std::fs::read_to_string(format!("{}/server.log", server.folder())).unwrap();
    log.lines()
        .filter_map(|line| line.split_once("LOG:  "))
        .filter(|(_, message)| message.contains("flush: "))
        .map(|(_, message)| without_durations(message))
        .collect()
}

fn without_durations(message: &str) -> String {
    let mut words: Vec<&str> = message.split(' ').collect();
    for n in 1..words.len() {
        if words[n].trim_end_matches([',', ')']) == "ms" {
            assert!(words[n - 1].parse::<f64>().is_ok(), "{message}");
            words[n - 1] = "N";
        }
    }
    words.join(" ")
}

const STEPS: &str = "resolve: N ms, lock wait: N ms, compare: N ms, write: N ms";

#[test]
fn each_flush_says_what_it_did() {
    let (server, mut client) = start(&[]);
    for statement in [
        "SET pg_tviews.log_min_duration = 0",
        "UPDATE tb_post SET title = 'new' WHERE pk_post = 1",
        "TRUNCATE tb_post; INSERT INTO tb_post (pk_post, fk_user, title) VALUES (2, 1, 'two'), (30, 1, 'thirty')",
    ] {
        client.batch_execute(statement).unwrap();
    }

    let one = format!(
        "duration: N ms  flush: public.tv_post (keys: 1, inserted: 0, updated: 1, patched: 1, deleted: 0, unchanged: 0, {STEPS})"
    );
    let all = format!(
        "duration: N ms  flush: public.tv_post (compared as a whole, inserted: 1, updated: 1, patched: 0, deleted: 19, unchanged: 0, {STEPS})"
    );
    assert_eq!(lines(&server), [one, all]);
}

#[test]
fn flush_of_two_tviews_is_one_line() {
    let (server, mut client) = start(&[]);
    for statement in [
        "CREATE TABLE tv_user AS SELECT pk_user, md5(name)::uuid AS id, jsonb_build_object('name', name) AS data FROM tb_user",
        "SET pg_tviews.log_min_duration = 0",
        "INSERT INTO tb_user VALUES (3, 'Cyd')",
    ] {
        client.batch_execute(statement).unwrap();
    }

    let lines = lines(&server);
    assert_eq!(lines.len(), 1, "{lines:?}");
    for tview in [
        "public.tv_post (keys: 0, inserted: 0",
        "public.tv_user (keys: 1, inserted: 1",
    ] {
        assert!(lines[0].contains(tview), "{lines:?}");
    }
}

#[test]
fn quick_flushes_and_the_client_are_told_nothing() {
    let (server, mut silent) = start(&[]);
    let (mut client, messages) = server.connect_and_listen();
    let write = "UPDATE tb_post SET title = title || 'x' WHERE pk_post = 1";
    silent.batch_execute(write).unwrap();
    client
        .batch_execute("SET client_min_messages = debug1; SET pg_tviews.log_min_duration = '1h'")
        .unwrap();
    client.batch_execute(write).unwrap();
    assert_eq!(lines(&server).len(), 0);

    client
        .batch_execute("SET pg_tviews.log_min_duration = 0")
        .unwrap();
    client.batch_execute(write).unwrap();

    assert_eq!(lines(&server).len(), 1);
    let told = messages.lock().unwrap();
    assert!(
        !told.iter().any(|m| m.message().contains("flush")),
        "{told:?}"
    );
}

#[test]
fn slow_flush_is_logged() {
    let (server, mut client) = start(&["--set", "pg_tviews.log_min_duration=100"]);
    client
        .batch_execute(
            "CREATE FUNCTION doze() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.2); RETURN NULL; END';
             CREATE TRIGGER doze AFTER UPDATE ON tv_post FOR EACH STATEMENT EXECUTE FUNCTION doze();
             RESET pg_tviews.log_min_duration",
        )
        .unwrap();
    for statement in [
        "DELETE FROM tb_post WHERE pk_post = 2",
        "UPDATE tb_post SET title = 'new' WHERE pk_post = 1",
    ] {
        client.batch_execute(statement).unwrap();
    }

    let lines = lines(&server);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("updated: 1"), "{lines:?}");
}
