//! A whole database is dumped and restored.

use super::scene::{self, assert_copied, create_database};
use super::server::Server;

pub fn dump(server: &Server, options: &[&str]) {
    let file = server.file("dump");
    server.run_well(
        "pg_dump",
        &[&["--dbname=scene", "--file", &file], options].concat(),
    );
}

/// Runs the dump in psql and gives its errors, one a line.
fn restore(server: &Server, database: &str, options: &[&str]) -> Vec<String> {
    let file = server.file("dump");
    let into = [
        "--no-psqlrc",
        "--quiet",
        "--dbname",
        database,
        "--file",
        &file,
    ];
    let (told, _) = server.run("psql", &[&into, options].concat());
    let errors = told.lines().filter(|l| l.contains("ERROR:"));
    errors.map(str::to_owned).collect()
}

pub fn restore_well(server: &Server, database: &str, options: &[&str]) {
    assert_eq!(restore(server, database, options), [""; 0]);
}

#[test]
fn plain_dump_restores() {
    let (server, original) = scene::start();
    dump(&server, &[]);
    for (database, options) in [
        ("copy", &[][..]),
        ("copy_at_once", &["--single-transaction"]),
    ] {
        create_database(&server, database);
        restore_well(&server, database, options);
        assert_copied(&original, &mut server.connect_to(database));
    }
}

/// Its jobs restore in no fixed order: triggers of one table before the rows of another, and of the extension's.
#[test]
fn parallel_restore_loses_nothing() {
    let (server, original) = scene::start();
    dump(&server, &["--format=custom"]);
    for round in 0..2 {
        let database = format!("copy_{round}");
        create_database(&server, &database);
        let into = ["--dbname", &database, "--jobs=4", &server.file("dump")];
        server.run_well("pg_restore", &into);
        assert_copied(&original, &mut server.connect_to(&database));
    }
}

#[test]
fn schema_and_then_data_in_one_transaction_restore() {
    let (server, original) = scene::start();
    create_database(&server, "copy");
    dump(&server, &["--schema-only"]);
    restore_well(&server, "copy", &[]);
    dump(&server, &["--data-only", "--disable-triggers"]);
    restore_well(&server, "copy", &["--single-transaction"]);
    assert_copied(&original, &mut server.connect_to("copy"));
}

/// What users keep in columns of their own would be lost.
#[test]
fn schema_and_then_data_without_that_of_tviews_restore() {
    let (server, original) = scene::start();
    create_database(&server, "copy");
    dump(&server, &["--schema-only"]);
    restore_well(&server, "copy", &[]);
    dump(
        &server,
        &[
            "--data-only",
            "--disable-triggers",
            "--exclude-table-data=*.tv_*",
        ],
    );
    restore_well(&server, "copy", &[]);
    let mut client = server.connect_to("copy");
    // Not a TVIEW yet.
    client
        .batch_execute("INSERT INTO tv_note SELECT pk_vehicle FROM tb_vehicle")
        .unwrap();
    assert_copied(&original, &mut client);
}

/// As after a restore without triggers and without the rows of TVIEWs.
#[test]
fn health_check_finds_what_a_restore_left_out_and_mends_it() {
    let (server, _) = scene::start();
    create_database(&server, "copy");
    dump(&server, &[]);
    restore_well(&server, "copy", &[]);
    let mut client = server.connect_to("copy");
    client
        .batch_execute(
            "SET session_replication_role = replica;
             ALTER EVENT TRIGGER pg_tviews_on_command DISABLE; ALTER EVENT TRIGGER pg_tviews_on_drop DISABLE;
             DO $$ DECLARE t record; BEGIN
                 FOR t IN SELECT tgrelid::regclass AS relid, tgname, tgparentid FROM pg_trigger WHERE tgname LIKE 'pg\\_tviews\\_%' AND tgparentid = 0 LOOP
                     EXECUTE format('DROP TRIGGER %I ON %s', t.tgname, t.relid);
                 END LOOP;
                 FOR t IN SELECT tview FROM pg_tviews_catalog LOOP
                     EXECUTE format('DELETE FROM %s', t.tview);
                 END LOOP;
             END $$;
             RESET session_replication_role",
        )
        .unwrap();
    let errors = "SELECT remedy, object || ': ' || message FROM pg_tviews_health_check() WHERE severity = 'error'";
    let found = client.query(errors, &[]).unwrap();
    assert!(found.len() > 10, "{} findings", found.len());
    for finding in found {
        let remedy: Option<String> = finding.get(0);
        client.batch_execute(&remedy.unwrap()).unwrap();
    }
    let left: Vec<String> = client
        .query(errors, &[])
        .unwrap()
        .iter()
        .map(|row| row.get(1))
        .collect();
    assert!(left.is_empty(), "{left:#?}");
    scene::assert_maintained(&mut client);
}

/// The guard refuses the rows of TVIEWs, which follow from those of their sources.
#[test]
fn data_loaded_with_triggers_enabled_is_followed() {
    let (server, original) = scene::start();
    create_database(&server, "copy");
    dump(&server, &["--schema-only"]);
    restore_well(&server, "copy", &[]);
    server
        .connect_to("copy")
        .batch_execute("ALTER TABLE shop.tb_offer DROP CONSTRAINT tb_offer_fk_product_fkey")
        .unwrap();
    dump(&server, &["--data-only"]);
    for error in restore(&server, "copy", &[]) {
        assert!(error.contains("cannot change table \"tv_"), "{error}");
    }
    let mut client = server.connect_to("copy");
    client
        .batch_execute(
            "ALTER TABLE shop.tb_offer ADD FOREIGN KEY (fk_product) REFERENCES shop.tv_product",
        )
        .unwrap();
    assert_copied(&original, &mut client);
}

#[test]
fn clean_dump_replaces_what_is_there() {
    let (server, original) = scene::start();
    dump(&server, &["--clean", "--if-exists"]);
    scene::assert_maintained(&mut server.connect_to("scene"));
    // Each trigger is to go by itself before its table does, which is refused.
    restore(&server, "scene", &[]);
    assert_copied(&original, &mut server.connect_to("scene"));
}

#[test]
fn clean_dump_restores_without_complaint_once_the_extension_is_dropped() {
    let (server, original) = scene::start();
    dump(&server, &["--clean", "--if-exists"]);
    let mut client = server.connect_to("scene");
    client
        .batch_execute("DROP EXTENSION pg_tviews CASCADE")
        .unwrap();
    // PostgreSQL cannot drop the constraint of a partition by itself.
    client
        .batch_execute("DROP TABLE tb_reading, tv_day CASCADE")
        .unwrap();
    restore_well(&server, "scene", &[]);
    assert_copied(&original, &mut server.connect_to("scene"));
}

#[test]
fn roles_and_databases_of_a_whole_cluster_restore() {
    let (server, original) = scene::start();
    let (other, file) = (Server::start_without_extension(), server.file("dump"));
    server.run_well("pg_dumpall", &["--file", &file]);
    let (told, _) = other.run(
        "psql",
        &[
            "--no-psqlrc",
            "--quiet",
            "--dbname=postgres",
            "--file",
            &file,
        ],
    );
    for error in told.lines().filter(|l| l.contains("ERROR:")) {
        assert!(
            error.contains("role \"postgres\" already exists"),
            "{error}"
        );
    }
    assert_copied(&original, &mut other.connect_to("scene"));
}
