//! Parts of a database are dumped and restored: then TVIEWs are ordinary tables until they are converted again.

use super::dump::{dump, restore_well};
use super::scene::{self, create_database};
use super::server::Server;
use postgres::Client;

const CONVERT: &str = "SELECT pg_tviews_convert_existing_table('tv_reading')";

/// A table comes with its triggers, which find the functions where the extension is.
fn restore_tables(tables: &[&str]) -> (Server, Client) {
    let (server, _) = scene::start();
    dump(&server, tables);
    create_database(&server, "copy");
    let mut client = server.connect_to("copy");
    client.batch_execute("CREATE EXTENSION pg_tviews").unwrap();
    restore_well(&server, "copy", &[]);
    (server, client)
}

fn assert_follows(client: &mut Client) {
    let wrong = |client: &mut Client| -> i64 {
        let text = "SELECT count(*) FROM (SELECT pk_reading, id, jsonb_build_object('value', value)::text AS data FROM tb_reading
                                          EXCEPT ALL SELECT pk_reading, id, data::text FROM tv_reading) missing";
        client.query_one(text, &[]).unwrap().get(0)
    };
    assert_eq!(wrong(client), 0);
    client
        .batch_execute("UPDATE tb_reading SET value = value + 1")
        .unwrap();
    assert_eq!(wrong(client), 0);
    client
        .batch_execute("INSERT INTO tb_reading (pk_reading, value) VALUES (99, 1)")
        .unwrap();
    assert_eq!(wrong(client), 0);
}

#[test]
fn tview_alone_restores_as_an_ordinary_table() {
    let (_server, mut client) = restore_tables(&["--table=tv_reading"]);
    client
        .batch_execute("UPDATE tv_reading SET data = '{}'")
        .unwrap();
    let tviews: i64 = client
        .query_one("SELECT count(*) FROM pg_tviews_metadata", &[])
        .unwrap()
        .get(0);
    assert_eq!(tviews, 0);
}

#[test]
fn tview_with_sources_and_view_restores_and_converts() {
    let (_server, mut client) = restore_tables(&[
        "--table=tv_reading",
        "--table=v_reading",
        "--table=tb_reading*",
    ]);
    client
        .batch_execute("UPDATE tb_reading SET value = value + 1")
        .unwrap();
    client.batch_execute(CONVERT).unwrap();
    assert_follows(&mut client);
}

#[test]
fn sources_alone_restore_and_take_a_tview() {
    let (_server, mut client) = restore_tables(&["--table=tb_reading*"]);
    client
        .batch_execute("UPDATE tb_reading SET value = value + 1")
        .unwrap();
    client
        .batch_execute("CREATE TABLE tv_reading AS SELECT pk_reading, id, jsonb_build_object('value', value) AS data FROM tb_reading")
        .unwrap();
    assert_follows(&mut client);
    client.batch_execute("DROP TABLE tv_reading").unwrap();
    let left: i64 = client
        .query_one(
            "SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'pg\\_tviews\\_%'",
            &[],
        )
        .unwrap()
        .get(0);
    assert_eq!(left, 0, "triggers on the sources");
}

/// The dump names the functions and tables of the extension with their schema. A plain one would do as well, but for releases
/// of psql that take the rows of a COPY that failed for SQL.
#[test]
fn dump_restored_beside_an_extension_in_another_schema_converts() {
    let (server, _) = scene::start();
    dump(&server, &["--format=custom"]);
    create_database(&server, "copy");
    let mut client = server.connect_to("copy");
    client
        .batch_execute("CREATE SCHEMA other; CREATE EXTENSION pg_tviews SCHEMA other")
        .unwrap();
    let file = server.file("dump");
    let (told, _) = server.run("pg_restore", &["--dbname=copy", &file]);
    for error in told.lines().filter(|l| l.contains("ERROR:")) {
        assert!(error.contains("pg_tviews_"), "{error}");
    }
    client
        .batch_execute("SET search_path = public, other")
        .unwrap();
    client.batch_execute(CONVERT).unwrap();
    assert_follows(&mut client);
}
