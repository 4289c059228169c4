//! `pg_tviews_create_concurrently` beside writers: nothing is lost, nobody waits long, and nothing is left behind.

mod server;

use fastrand::Rng;
use postgres::Client;
use postgres::error::SqlState;
use server::{Server, blog};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

const POSTS: u32 = 2000;

/// Far above what a busy machine needs.
const SOON: Duration = Duration::from_secs(60);

/// A definition whose rows take their time, so that there is a "while it is being created".
fn slow_query(milliseconds: f64) -> String {
    format!(
        "SELECT p.pk_post, p.id, jsonb_build_object('title', slow(p.title, {milliseconds}), 'author', u.name) AS data \
         FROM tb_post p JOIN tb_user u ON u.pk_user = p.fk_user"
    )
}

fn call(milliseconds: f64) -> String {
    format!(
        "CALL pg_tviews_create_concurrently('tv_post', $q${}$q$)",
        slow_query(milliseconds)
    )
}

fn start() -> Server {
    let server = Server::start();
    let mut client = server.connect();
    blog::create_sources(&mut client);
    client
        .batch_execute(&format!(
            "CREATE FUNCTION slow(title text, milliseconds float8) RETURNS text LANGUAGE plpgsql IMMUTABLE AS
             $$ BEGIN PERFORM pg_catalog.pg_sleep(milliseconds / 1000); RETURN title; END $$;
             INSERT INTO tb_user SELECT n, 'user ' || n FROM generate_series(3, 50) n;
             INSERT INTO tb_post (pk_post, fk_user, title)
             SELECT n, 1 + n % 50, 'post ' || n FROM generate_series(21, {POSTS}) n;"
        ))
        .unwrap();
    server
}

fn wait_until(observer: &mut Client, condition: &str) {
    let deadline = Instant::now() + SOON;
    let query = format!("SELECT {condition}");
    while !observer.query_one(&query, &[]).unwrap().get::<_, bool>(0) {
        assert!(Instant::now() < deadline, "it never came to: {condition}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

const IS_BEING_CREATED: &str = "to_regclass('\"tv_post (building)\"') IS NOT NULL";

fn assert_nothing_is_left(observer: &mut Client) {
    let left: i64 = observer
        .query_one(
            "SELECT (SELECT count(*) FROM pg_tviews_metadata)
                  + (SELECT count(*) FROM pg_class WHERE relname LIKE '%_post (building)' OR relname = 'v_post')
                  + (SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'pg_tviews%')
                  + (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory')",
            &[],
        )
        .unwrap()
        .get(0);
    assert_eq!(left, 0, "what a failed creation left");
}

/// Changes that insert, delete and move rows as well as changing them; gives the longest time one took.
fn write_until(client: &mut Client, seed: u64, is_done: &AtomicBool) -> Duration {
    let mut rng = Rng::with_seed(seed);
    let mut longest = Duration::ZERO;
    for n in 0.. {
        if is_done.load(Relaxed) {
            break;
        }
        let (post, user) = (rng.u32(1..=POSTS), rng.u32(1..=50));
        let new = 1_000_000 * (seed as u32 + 1) + n;
        let change = match rng.u32(0..6) {
            0 => format!(
                "INSERT INTO tb_post (pk_post, fk_user, title) VALUES ({new}, {user}, 'new {new}')"
            ),
            1 => format!("DELETE FROM tb_post WHERE pk_post = {post}"),
            2 => format!("UPDATE tb_post SET fk_user = {user} WHERE pk_post = {post}"),
            3 => format!("UPDATE tb_post SET pk_post = {new} WHERE pk_post = {post}"),
            4 => format!(
                "UPDATE tb_user SET name = name || '+' WHERE pk_user = {user} AND length(name) < 40"
            ),
            _ => format!("UPDATE tb_post SET title = 'title {new}' WHERE pk_post = {post}"),
        };
        let start = Instant::now();
        client.batch_execute(&change).unwrap();
        longest = longest.max(start.elapsed());
        std::thread::sleep(Duration::from_millis(5));
    }
    longest
}

#[test]
fn nothing_is_lost_beside_writers_and_nobody_waits_for_the_whole() {
    let server = start();
    let is_done = AtomicBool::new(false);
    let (took, longest) = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|seed| {
                let mut client = server.connect();
                let is_done = &is_done;
                scope.spawn(move || write_until(&mut client, seed, is_done))
            })
            .collect();
        let start = Instant::now();
        let created = server.connect().batch_execute(&call(0.5));
        let took = start.elapsed();
        is_done.store(true, Relaxed);
        let longest = writers.into_iter().map(|w| w.join().unwrap()).max();
        created.unwrap();
        (took, longest.unwrap())
    });
    let mut client = server.connect();
    blog::assert_equals_query(&mut client);
    client
        .batch_execute("UPDATE tb_user SET name = 'after' WHERE pk_user = 7")
        .unwrap();
    blog::assert_equals_query(&mut client);
    assert!(
        took > Duration::from_secs(1),
        "{POSTS} rows of half a millisecond each took {took:?}: was this beside anything?"
    );
    assert!(
        longest < took / 2,
        "a write took {longest:?} of the {took:?} of the creation"
    );
}

#[test]
fn the_table_has_no_name_for_readers_until_it_is_complete() {
    let server = start();
    let mut observer = server.connect();
    std::thread::scope(|scope| {
        let mut client = server.connect();
        let creation = scope.spawn(move || client.batch_execute(&call(0.2)));
        wait_until(&mut observer, IS_BEING_CREATED);
        let absent: bool = observer
            .query_one("SELECT to_regclass('tv_post') IS NULL", &[])
            .unwrap()
            .get(0);
        assert!(absent);
        creation.join().unwrap().unwrap();
    });
    blog::assert_equals_query(&mut observer);
}

#[test]
fn others_leave_one_alone_that_is_being_created() {
    let server = start();
    let (mut observer, messages) = server.connect_and_listen();
    let mut client = server.connect();
    let cancel = client.cancel_token();
    std::thread::scope(|scope| {
        let creation = scope.spawn(|| client.batch_execute(&call(2.0)));
        wait_until(&mut observer, IS_BEING_CREATED);
        std::thread::sleep(Duration::from_millis(200));
        let query = "SELECT count(*) FROM pg_tviews_health_check() WHERE object LIKE '%building%'";
        assert_eq!(observer.query_one(query, &[]).unwrap().get::<_, i64>(0), 0);
        let error = observer.batch_execute(&call(0.0)).unwrap_err();
        assert_eq!(error.code(), Some(&SqlState::OBJECT_IN_USE));
        cancel.cancel_query(postgres::NoTls).unwrap();
        creation.join().unwrap().unwrap_err();
    });
    let warnings: Vec<String> = (messages.lock().unwrap().iter())
        .filter(|m| m.severity() == "WARNING")
        .map(|m| m.message().to_owned())
        .collect();
    assert!(warnings.is_empty(), "{warnings:?}");
}

#[test]
fn a_cancelled_creation_leaves_nothing() {
    let server = start();
    let mut observer = server.connect();
    let mut client = server.connect();
    let pid: i32 = client
        .query_one("SELECT pg_backend_pid()", &[])
        .unwrap()
        .get(0);
    let error = std::thread::scope(|scope| {
        let creation = scope.spawn(|| client.batch_execute(&call(2.0)));
        wait_until(&mut observer, IS_BEING_CREATED);
        std::thread::sleep(Duration::from_millis(200));
        // A cancel request of the protocol could still arrive when the next statement runs.
        observer
            .execute("SELECT pg_cancel_backend($1)", &[&pid])
            .unwrap();
        creation.join().unwrap().unwrap_err()
    });
    assert_eq!(error.code(), Some(&SqlState::QUERY_CANCELED));
    assert_nothing_is_left(&mut observer);
    // The session goes on.
    client.batch_execute(&call(0.0)).unwrap();
    blog::assert_equals_query(&mut observer);
}

#[test]
fn a_key_given_twice_ends_the_creation_and_leaves_nothing() {
    let server = start();
    let mut client = server.connect();
    let error = client
        .batch_execute("CALL pg_tviews_create_concurrently('tv_post', 'SELECT fk_user AS pk_post, id, to_jsonb(title) AS data FROM tb_post')")
        .unwrap_err();
    assert_eq!(error.code(), Some(&SqlState::CARDINALITY_VIOLATION));
    assert_nothing_is_left(&mut client);
}

#[test]
fn a_null_key_ends_the_creation_and_leaves_nothing() {
    let server = start();
    let mut client = server.connect();
    let error = client
        .batch_execute("CALL pg_tviews_create_concurrently('tv_post', 'SELECT nullif(pk_post, 1500) AS pk_post, id, to_jsonb(title) AS data FROM tb_post')")
        .unwrap_err();
    assert_eq!(error.code(), Some(&SqlState::NOT_NULL_VIOLATION));
    assert_nothing_is_left(&mut client);
}

#[test]
fn what_a_terminated_session_left_goes_when_the_next_creation_begins() {
    let server = start();
    let (mut observer, told) = server.connect_and_listen();
    let mut client = server.connect();
    let pid: i32 = client
        .query_one("SELECT pg_backend_pid()", &[])
        .unwrap()
        .get(0);
    std::thread::scope(|scope| {
        let creation = scope.spawn(|| client.batch_execute(&call(2.0)));
        wait_until(&mut observer, IS_BEING_CREATED);
        let busy = observer.batch_execute(&call(0.0)).unwrap_err();
        assert_eq!(busy.code(), Some(&SqlState::OBJECT_IN_USE));
        assert!(told.lock().unwrap().is_empty(), "more than the error");
        observer
            .execute("SELECT pg_terminate_backend($1, 30000)", &[&pid])
            .unwrap();
        creation.join().unwrap().unwrap_err();
    });
    wait_until(&mut observer, IS_BEING_CREATED);
    // Writers go on meanwhile.
    observer
        .batch_execute("UPDATE tb_user SET name = 'meanwhile' WHERE pk_user = 3")
        .unwrap();
    observer.batch_execute(&call(0.0)).unwrap();
    blog::assert_equals_query(&mut observer);
    let left: bool = observer
        .query_one(&format!("SELECT {IS_BEING_CREATED}"), &[])
        .unwrap()
        .get(0);
    assert!(!left);
    let is_named_as_usual: bool = observer
        .query_one(
            "SELECT to_regclass('tv_post_pkey') IS NOT NULL AND to_regclass('v_post') IS NOT NULL",
            &[],
        )
        .unwrap()
        .get(0);
    assert!(is_named_as_usual);
}

#[test]
fn a_table_that_another_session_drops_is_not_said_to_be_left() {
    let server = start();
    let mut observer = server.connect();
    let (mut client, messages) = server.connect_and_listen();
    std::thread::scope(|scope| {
        let creation = scope.spawn(move || client.batch_execute(&call(2.0)));
        wait_until(&mut observer, IS_BEING_CREATED);
        // The two wait for each other, and it is the creation that finds out.
        observer
            .batch_execute("SET deadlock_timeout = '1min'; DROP TABLE \"tv_post (building)\"")
            .unwrap();
        let error = creation.join().unwrap().unwrap_err();
        assert_eq!(error.code(), Some(&SqlState::T_R_DEADLOCK_DETECTED));
    });
    assert_nothing_is_left(&mut observer);
    let messages = messages.lock().unwrap();
    let of_it = messages
        .iter()
        .find(|m| m.message().contains("left behind"));
    assert!(of_it.is_none(), "{of_it:?}");
}

#[test]
fn a_commit_that_fails_ends_the_creation_and_leaves_nothing() {
    let server = start();
    let (mut client, messages) = server.connect_and_listen();
    // A deferred trigger, which only what runs within CREATE TABLE can place.
    client
        .batch_execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN IF new.pk_post = 1500 THEN RAISE 'refused' USING ERRCODE = 'ZZ001'; END IF; RETURN NULL; END $$;
             CREATE FUNCTION place() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
                 CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON tv_post DEFERRABLE INITIALLY DEFERRED
                 FOR EACH ROW EXECUTE FUNCTION refuse(); END $$;
             CREATE EVENT TRIGGER place ON ddl_command_end WHEN TAG IN ('CREATE TABLE AS') EXECUTE FUNCTION place()",
        )
        .unwrap();
    let error = client.batch_execute(&call(0.0)).unwrap_err();
    assert_eq!(error.code().map(SqlState::code), Some("ZZ001"), "{error}");
    assert_nothing_is_left(&mut client);
    let messages = messages.lock().unwrap();
    let warning = messages.iter().find(|m| m.severity() == "WARNING");
    assert!(warning.is_none(), "{warning:?}");
}

#[test]
fn keys_for_which_there_is_no_room_on_disk_end_the_creation_alone() {
    let server = start();
    let mut client = server.connect();
    client
        .batch_execute(
            "INSERT INTO tb_post (pk_post, fk_user, title) SELECT n, 1, 'more' FROM generate_series(10001, 60000) n;
             SET work_mem = '64kB'; SET temp_file_limit = '64kB'",
        )
        .unwrap();
    let error = client.batch_execute(&call(0.0)).unwrap_err();
    assert_eq!(
        error.code(),
        Some(&SqlState::CONFIGURATION_LIMIT_EXCEEDED),
        "{error}"
    );
    assert_nothing_is_left(&mut client);
    let files: i64 = client
        .query_one("SELECT count(*) FROM pg_ls_tmpdir()", &[])
        .unwrap()
        .get(0);
    assert_eq!(files, 0);
}

#[test]
fn writers_do_not_queue_behind_a_creation_that_waits_for_a_long_transaction() {
    let server = start();
    let mut observer = server.connect();
    let mut long = server.connect();
    long.batch_execute("BEGIN; UPDATE tb_post SET title = 'long' WHERE pk_post = 1")
        .unwrap();
    std::thread::scope(|scope| {
        let mut client = server.connect();
        let creation = scope.spawn(move || client.batch_execute(&call(0.0)));
        let deadline = Instant::now() + Duration::from_secs(2);
        let mut longest = Duration::ZERO;
        while Instant::now() < deadline {
            let start = Instant::now();
            observer
                .batch_execute("UPDATE tb_post SET title = title || '.' WHERE pk_post = 2")
                .unwrap();
            longest = longest.max(start.elapsed());
        }
        assert!(
            !creation.is_finished(),
            "the creation waits for the transaction"
        );
        assert!(longest < Duration::from_secs(1), "a write took {longest:?}");
        long.batch_execute("COMMIT").unwrap();
        creation.join().unwrap().unwrap();
    });
    blog::assert_equals_query(&mut observer);
}

#[test]
fn writers_do_not_queue_behind_a_part_that_waits_for_a_long_transaction() {
    let server = start();
    let mut observer = server.connect();
    let mut long = server.connect();
    std::thread::scope(|scope| {
        let mut client = server.connect();
        let creation = scope.spawn(move || client.batch_execute(&call(1.0)));
        wait_until(&mut observer, IS_BEING_CREATED);
        // It holds the lock of a row of the TVIEW.
        long.batch_execute(
            "BEGIN; UPDATE tb_post SET title = 'long' WHERE pk_post = 1; SELECT pg_tviews_flush()",
        )
        .unwrap();
        wait_until(
            &mut observer,
            "EXISTS (SELECT FROM pg_tviews_locks WHERE tview::text LIKE '%(building)%' AND NOT granted)",
        );
        let deadline = Instant::now() + Duration::from_secs(2);
        let mut longest = Duration::ZERO;
        while Instant::now() < deadline {
            let start = Instant::now();
            observer
                .batch_execute("UPDATE tb_post SET title = title || '.' WHERE pk_post = 2")
                .unwrap();
            longest = longest.max(start.elapsed());
        }
        assert!(
            !creation.is_finished(),
            "the creation waits for the transaction"
        );
        assert!(longest < Duration::from_secs(1), "a write took {longest:?}");
        long.batch_execute("COMMIT").unwrap();
        creation.join().unwrap().unwrap();
    });
    blog::assert_equals_query(&mut observer);
}

#[test]
fn a_transaction_block_and_a_function_are_refused() {
    let server = start();
    let mut client = server.connect();
    client.batch_execute("BEGIN").unwrap();
    let error = client.batch_execute(&call(0.0)).unwrap_err();
    assert_eq!(error.code(), Some(&SqlState::ACTIVE_SQL_TRANSACTION));
    client.batch_execute("ROLLBACK").unwrap();
    let error = client
        .batch_execute(&format!(
            "CREATE FUNCTION create_it() RETURNS void LANGUAGE plpgsql AS $f$ BEGIN {}; END $f$; SELECT create_it()",
            call(0.0)
        ))
        .unwrap_err();
    assert_eq!(error.code(), Some(&SqlState::ACTIVE_SQL_TRANSACTION));
    assert_nothing_is_left(&mut client);
    // Procedures and DO blocks may end transactions.
    client
        .batch_execute(&format!("DO $d$ BEGIN {}; END $d$", call(0.0)))
        .unwrap();
    blog::assert_equals_query(&mut client);
}

#[test]
fn every_isolation_level_will_do() {
    let server = start();
    let mut client = server.connect();
    for level in ["repeatable read", "serializable"] {
        client
            .batch_execute(&format!("SET default_transaction_isolation = '{level}'"))
            .unwrap();
        client.batch_execute(&call(0.0)).unwrap();
        blog::assert_equals_query(&mut client);
        client.batch_execute("DROP TABLE tv_post").unwrap();
    }
}
