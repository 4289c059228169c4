//! A database with TVIEWs of every kind, for the tests of what copies a database as a whole, and what a copy must show:
//! the SQL files beside this one. `scripts/check-upgrade` uses them too.

#![allow(dead_code, reason = "each test binary uses the part it needs")]

use crate::server::Server;
use postgres::Client;

const CREATE: &str = include_str!("create.sql");
const WRITES: &str = include_str!("writes.sql");
const DESCRIPTION: &str = include_str!("description.sql");

/// A server with the scene in the database `scene`, and its description.
pub fn start() -> (Server, Vec<String>) {
    let server = Server::start_without_extension();
    create_database(&server, "scene");
    let mut client = server.connect_to("scene");
    client
        .batch_execute("CREATE EXTENSION pg_tviews")
        .expect("create the extension");
    server.psql("scene", CREATE);
    assert_maintained(&mut client);
    let description = describe(&mut client);
    (server, description)
}

pub fn create_database(server: &Server, name: &str) {
    server
        .connect()
        .batch_execute(&format!("CREATE DATABASE {name}"))
        .expect("create a database");
}

/// What a copy must have as the original has it.
pub fn describe(client: &mut Client) -> Vec<String> {
    let lines = client.query(DESCRIPTION, &[]).expect("describe the scene");
    lines.iter().map(|line| line.get(0)).collect()
}

/// Every source is written, and every TVIEW follows.
pub fn assert_maintained(client: &mut Client) {
    for _ in 0..2 {
        client.batch_execute(WRITES).expect("write the sources");
        let wrong: i64 = client
            .query_one("SELECT differences()", &[])
            .expect("compare TVIEWs with their queries")
            .get(0);
        assert_eq!(wrong, 0, "rows of TVIEWs that differ from their queries");
    }
}

/// The copy is like the original, and lives on.
pub fn assert_copied(original: &[String], client: &mut Client) {
    let copy = describe(client);
    let lost: Vec<_> = original.iter().filter(|l| !copy.contains(l)).collect();
    let new: Vec<_> = copy.iter().filter(|l| !original.contains(l)).collect();
    assert!(
        lost.is_empty() && new.is_empty(),
        "lost: {lost:#?}\nnew: {new:#?}"
    );
    assert_maintained(client);
}
