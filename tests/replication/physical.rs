//! A physical standby: the same TVIEWs, to read; once promoted, to write.

use super::scene;
use super::server::Server;
use postgres::Client;
use std::thread::sleep;
use std::time::{Duration, Instant};

#[test]
fn standby_shows_tviews_and_maintains_them_once_promoted() {
    let (primary, _) = scene::start();
    let standby = primary.standby();
    let mut writer = primary.connect_to("scene");
    scene::assert_maintained(&mut writer);
    let description = scene::describe(&mut writer);
    catch_up(&mut writer, &standby);

    let mut client = standby.connect_to("scene");
    assert_eq!(scene::describe(&mut client), description);
    for isolation in ["READ COMMITTED", "REPEATABLE READ"] {
        let reads = "TABLE tv_reading; SELECT pg_tviews_flush(); SELECT pg_tviews_verify(); TABLE tv_reading";
        let transaction = format!("BEGIN ISOLATION LEVEL {isolation}; {reads}; COMMIT");
        client.batch_execute(&transaction).unwrap();
    }
    assert_reads_work(&mut client);
    assert_writes_are_refused(&mut client);

    client.batch_execute("SELECT pg_promote()").unwrap();
    scene::assert_maintained(&mut client);
}

fn catch_up(writer: &mut Client, standby: &Server) {
    let written: String = writer
        .query_one("SELECT pg_current_wal_lsn()::text", &[])
        .unwrap()
        .get(0);
    let (deadline, mut client) = (Instant::now() + Duration::from_secs(30), standby.connect());
    let is_behind = format!("SELECT pg_last_wal_replay_lsn() < '{written}'");
    while client.query_one(&is_behind, &[]).unwrap().get(0) {
        assert!(Instant::now() < deadline, "the standby stays behind");
        sleep(Duration::from_millis(20));
    }
}

fn assert_reads_work(client: &mut Client) {
    for read in [
        "SELECT pg_tviews_explain('tv_reading')",
        "SELECT pg_tviews_explain_json('tv_reading')",
        "SELECT pg_tviews_check_query('SELECT id, to_jsonb(value) AS data FROM tb_reading')",
        "SELECT pg_tviews_graph()",
        "SELECT pg_tviews_health_check()",
        "SELECT pg_tviews_version()",
        "TABLE pg_tviews_metadata",
        "TABLE pg_tviews_locks",
        "TABLE pg_tviews_stats",
        "SELECT pg_tviews_stats_reset()",
        "SELECT pg_tviews_refresh('tv_reading')",
    ] {
        client
            .batch_execute(read)
            .unwrap_or_else(|error| panic!("{read}: {error}"));
    }
}

/// As PostgreSQL refuses its own commands.
fn assert_writes_are_refused(client: &mut Client) {
    for write in [
        "CREATE TABLE tv_new AS SELECT pk_reading AS pk_new, id, to_jsonb(value) AS data FROM tb_reading",
        "SELECT pg_tviews_create('tv_new', 'SELECT pk_reading AS pk_new, id, to_jsonb(value) AS data FROM tb_reading')",
        "CALL pg_tviews_create_concurrently('tv_new', 'SELECT pk_reading AS pk_new, id, to_jsonb(value) AS data FROM tb_reading')",
        "SELECT pg_tviews_convert_existing_table('tv_note')",
        "SELECT pg_tviews_alter('tv_reading', 'SELECT pk_reading, id, to_jsonb(value) AS data FROM tb_reading')",
        "SELECT pg_tviews_repair('tv_reading')",
        "SELECT pg_tviews_drop('tv_reading')",
        "DROP TABLE shop.tv_product",
        "CREATE OR REPLACE VIEW v_reading AS SELECT pk_reading, id, to_jsonb(value) AS data FROM tb_reading",
        "UPDATE tb_reading SET value = 0",
    ] {
        let error = client.batch_execute(write).expect_err(write);
        let code = error.as_db_error().map(|e| e.code().code().to_owned());
        assert_eq!(code.as_deref(), Some("25006"), "{write}: {error:?}");
    }
}
