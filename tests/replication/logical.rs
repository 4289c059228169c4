//! Logical replication, between databases of one server: its workers fire only row triggers that are marked for them, and
//! commit what they apply as other sessions do.

use super::server::{Server, blog};
use postgres::Client;
use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Beside the blog: a partitioned source.
const EVENTS: &str = "
    CREATE TABLE tb_event (pk_event int PRIMARY KEY, id uuid NOT NULL DEFAULT gen_random_uuid(), value int) PARTITION BY RANGE (pk_event);
    CREATE TABLE tb_event_low PARTITION OF tb_event FOR VALUES FROM (0) TO (100);
    CREATE TABLE tb_event_high PARTITION OF tb_event FOR VALUES FROM (100) TO (200);
    INSERT INTO tb_event (pk_event, value) SELECT n, n FROM generate_series(1, 199, 9) n;";
const EMPTY: &str = "TRUNCATE tb_user, tb_post, tb_event";
const EVENT_QUERY: &str =
    "SELECT pk_event, id, jsonb_build_object('value', value) AS data FROM tb_event";

struct Pair {
    publisher: Client,
    subscriber: Client,
    server: Server,
}

impl Pair {
    fn start() -> Self {
        let server = Server::launch(&[
            "--set",
            "wal_level=logical",
            "--set",
            "logical_decoding_work_mem=64kB",
        ]);
        let mut client = server.connect();
        let mut create = |name: &str| {
            client
                .batch_execute(&format!("CREATE DATABASE {name}"))
                .unwrap();
            server.connect_to(name)
        };
        let (publisher, subscriber) = (create("publisher"), create("subscriber"));
        Self {
            publisher,
            subscriber,
            server,
        }
    }

    /// Both have the sources; the subscriber, whose are empty, has TVIEWs over them.
    fn with_sources() -> Self {
        let mut pair = Self::start();
        for client in [&mut pair.publisher, &mut pair.subscriber] {
            blog::create_sources(client);
            client.batch_execute(EVENTS).unwrap();
        }
        let subscriber = &mut pair.subscriber;
        subscriber
            .batch_execute("CREATE EXTENSION pg_tviews")
            .unwrap();
        subscriber.batch_execute(EMPTY).unwrap();
        blog::create_tview(subscriber);
        subscriber
            .batch_execute(&format!("CREATE TABLE tv_event AS {EVENT_QUERY}"))
            .unwrap();
        pair
    }

    /// The slot is made apart, because a server does not make one while it waits for itself.
    fn start_subscription(&mut self, publication: &str, options: &str) {
        self.publisher
            .batch_execute(&format!("CREATE PUBLICATION p {publication}"))
            .unwrap();
        self.publisher
            .batch_execute("SELECT pg_create_logical_replication_slot('s', 'pgoutput')")
            .unwrap();
        let connection = format!(
            "host={} port={} user=postgres dbname=publisher",
            self.server.folder(),
            super::server::PORT
        );
        self.subscriber
            .batch_execute(&format!(
                "CREATE SUBSCRIPTION s CONNECTION '{connection}' PUBLICATION p WITH (create_slot = false{options})"
            ))
            .unwrap();
    }

    fn subscribe(&mut self, publication: &str, options: &str) {
        self.start_subscription(publication, options);
        wait(
            &mut self.subscriber,
            "SELECT NOT EXISTS (SELECT FROM pg_subscription_rel WHERE srsubstate <> 'r')",
        );
    }

    fn publish(&mut self, changes: &str) {
        self.publisher.batch_execute(changes).unwrap();
        let written: String = self
            .publisher
            .query_one("SELECT pg_current_wal_insert_lsn()::text", &[])
            .unwrap()
            .get(0);
        let is_applied = format!(
            "SELECT confirmed_flush_lsn >= '{written}' FROM pg_replication_slots WHERE slot_name = 's'"
        );
        wait(&mut self.publisher, &is_applied);
    }

    fn assert_fresh(&mut self) {
        blog::assert_equals_query(&mut self.subscriber);
        let wrong: i64 = self
            .subscriber
            .query_one(&format!("SELECT count(*) FROM (({EVENT_QUERY} EXCEPT ALL TABLE tv_event) UNION ALL (TABLE tv_event EXCEPT ALL {EVENT_QUERY})) wrong"), &[])
            .unwrap()
            .get(0);
        assert_eq!(wrong, 0, "rows of tv_event that differ from its query");
    }

    fn rows(&mut self) -> (i64, i64) {
        let row = self
            .subscriber
            .query_one(
                "SELECT (SELECT count(*) FROM tv_post), (SELECT count(*) FROM tv_event)",
                &[],
            )
            .unwrap();
        (row.get(0), row.get(1))
    }
}

fn wait(client: &mut Client, condition: &str) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !client.query_one(condition, &[]).unwrap().get::<_, bool>(0) {
        assert!(Instant::now() < deadline, "never came true: {condition}");
        sleep(Duration::from_millis(20));
    }
}

const CHANGES: &str = "
    BEGIN;
    UPDATE tb_user SET name = name || '!';
    UPDATE tb_post SET title = 'changed' WHERE pk_post < 5;
    INSERT INTO tb_post (pk_post, fk_user, title) VALUES (100, 2, 'new');
    DELETE FROM tb_post WHERE pk_post = 7;
    UPDATE tb_event SET value = value + 1;
    UPDATE tb_event SET pk_event = 150 WHERE pk_event = 1;
    COMMIT";

fn assert_follows(pair: &mut Pair) {
    assert_eq!(pair.rows(), (20, 23), "after the initial copy");
    pair.assert_fresh();
    pair.publish(CHANGES);
    assert_eq!(blog::title(&mut pair.subscriber, 4), "changed");
    pair.assert_fresh();
    pair.publish("TRUNCATE tb_event");
    assert_eq!(pair.rows(), (20, 0), "after TRUNCATE");
    pair.publish(
        "INSERT INTO tb_event VALUES (5, gen_random_uuid(), 1); TRUNCATE tb_user, tb_post",
    );
    assert_eq!(pair.rows(), (0, 1), "after TRUNCATE of two tables");
    pair.assert_fresh();
}

#[test]
fn subscriber_keeps_tviews_of_its_own() {
    let mut pair = Pair::with_sources();
    pair.subscribe("FOR ALL TABLES", "");
    assert_follows(&mut pair);
}

#[test]
fn so_does_one_that_knows_partitions_by_their_root() {
    let mut pair = Pair::with_sources();
    pair.subscribe("FOR ALL TABLES WITH (publish_via_partition_root)", "");
    assert_follows(&mut pair);
}

/// A large transaction is sent before it commits, with a savepoint that is rolled back.
#[test]
fn streamed_transaction_is_followed() {
    let mut pair = Pair::with_sources();
    pair.subscribe("FOR ALL TABLES", ", streaming = true");
    pair.publish(
        "BEGIN;
         INSERT INTO tb_post (pk_post, fk_user, title) SELECT n, 1, repeat('long', 20) FROM generate_series(1000, 3000) n;
         SAVEPOINT s;
         UPDATE tb_post SET title = repeat('lost', 20);
         ROLLBACK TO s;
         DELETE FROM tb_post WHERE pk_post BETWEEN 1100 AND 2900;
         COMMIT",
    );
    assert_eq!(pair.rows().0, 20 + 200);
    pair.assert_fresh();
    let streamed: i64 = pair
        .publisher
        .query_one(
            "SELECT sum(stream_txns)::bigint FROM pg_stat_replication_slots",
            &[],
        )
        .unwrap()
        .get(0);
    assert!(streamed > 0, "nothing was streamed");
}

/// Who applies has no right on the TVIEW, whose owner is another role.
#[test]
fn subscription_of_another_owner_needs_rights_on_sources_alone() {
    let mut pair = Pair::with_sources();
    pair.subscriber
        .batch_execute(
            "CREATE ROLE keeper; CREATE ROLE carrier SUPERUSER LOGIN;
             GRANT SELECT, TRIGGER ON tb_user, tb_post TO keeper;
             ALTER TABLE tv_post OWNER TO keeper;
             GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON tb_user, tb_post, tb_event, tb_event_low, tb_event_high TO carrier",
        )
        .unwrap();
    pair.subscribe("FOR ALL TABLES", "");
    // From 16 on an owner has to have a password, and applies as the owners of the tables, unless it is told otherwise.
    let version: i32 = pair
        .subscriber
        .query_one("SELECT current_setting('server_version_num')::int", &[])
        .unwrap()
        .get(0);
    if version >= 160_000 {
        pair.subscriber
            .batch_execute(
                "ALTER SUBSCRIPTION s SET (password_required = false, run_as_owner = true)",
            )
            .unwrap();
    }
    pair.subscriber
        .batch_execute("ALTER SUBSCRIPTION s OWNER TO carrier; ALTER ROLE carrier NOSUPERUSER")
        .unwrap();
    assert_follows(&mut pair);
}

fn publish_tview(pair: &mut Pair) {
    blog::create_sources(&mut pair.publisher);
    pair.publisher
        .batch_execute("CREATE EXTENSION pg_tviews")
        .unwrap();
    blog::create_tview(&mut pair.publisher);
}

#[test]
fn published_tview_is_an_ordinary_table_elsewhere() {
    let mut pair = Pair::start();
    publish_tview(&mut pair);
    pair.subscriber
        .batch_execute("CREATE TABLE tv_post (pk_post int PRIMARY KEY, id uuid, data jsonb)")
        .unwrap();
    pair.subscribe("FOR TABLE tv_post", "");
    pair.publish(
        "UPDATE tb_user SET name = name || '!'; INSERT INTO tb_post (pk_post, fk_user, title) VALUES (100, 2, 'new');
         DELETE FROM tb_post WHERE pk_post = 7",
    );
    let text = "SELECT string_agg(t::text, '|' ORDER BY pk_post) FROM tv_post t";
    let shown: String = pair.publisher.query_one(text, &[]).unwrap().get(0);
    let received: String = pair.subscriber.query_one(text, &[]).unwrap().get(0);
    assert_eq!(received, shown);
}

/// Neither its first copy nor a change later on gets past the guard; the subscription stands still.
#[test]
fn tview_receives_nothing_by_replication() {
    for options in ["", ", copy_data = false"] {
        let mut pair = Pair::start();
        publish_tview(&mut pair);
        let subscriber = &mut pair.subscriber;
        blog::create_sources(subscriber);
        subscriber
            .batch_execute("CREATE EXTENSION pg_tviews")
            .unwrap();
        blog::create_tview(subscriber);
        pair.start_subscription("FOR TABLE tv_post", options);
        let change = "UPDATE tb_post SET title = 'published' WHERE pk_post = 4";
        pair.publisher.batch_execute(change).unwrap();
        let (deadline, log) = (
            Instant::now() + Duration::from_secs(60),
            pair.server.file("server.log"),
        );
        let complaint = "ERROR:  cannot change table \"tv_post\" directly";
        while !fs::read_to_string(&log).unwrap().contains(complaint) {
            assert!(
                Instant::now() < deadline,
                "the subscriber does not complain"
            );
            sleep(Duration::from_millis(20));
        }
        blog::assert_equals_query(&mut pair.subscriber);
    }
}
