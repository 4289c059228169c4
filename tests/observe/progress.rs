//! Work that waits in the middle, for an advisory lock that a trigger on the TVIEW asks for, or for a writer. What a second
//! session sees of it meanwhile, and that nothing of it stays.

use super::server::{Server, blog};
use postgres::error::SqlState;
use postgres::{Client, Error};
use std::thread;
use std::time::{Duration, Instant};

const SOON: Duration = Duration::from_secs(30);

/// Of one TVIEW: tview, operation, phase, rows done and in all.
type Seen = (String, String, String, i64, Option<i64>);

/// 8,000 posts, and a trigger that waits at the second statement that writes them for who holds the advisory lock 2.
fn start() -> (Server, Client, Client) {
    let server = Server::start();
    let mut writer = server.connect();
    blog::create_sources(&mut writer);
    writer
        .batch_execute(
            "INSERT INTO tb_post (pk_post, fk_user, title) SELECT n, 1 + n % 2, 'post ' || n FROM generate_series(21, 8000) n",
        )
        .unwrap();
    blog::create_tview(&mut writer);
    writer
        .batch_execute(
            "CREATE SEQUENCE public.statement;
             CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN
                 PERFORM pg_advisory_xact_lock(nextval('public.statement'));
                 RETURN NULL;
             END
             $$;
             CREATE TRIGGER wait AFTER INSERT OR UPDATE ON tv_post FOR EACH STATEMENT EXECUTE FUNCTION wait();
             ANALYZE tv_post;
             SET statement_timeout = '60s'",
        )
        .unwrap();
    let observer = server.connect();
    (server, writer, observer)
}

/// The writer runs a statement that comes to wait; what is seen of it then. The observer does something to end that.
fn while_waiting(
    writer: &mut Client,
    observer: &mut Client,
    statement: &str,
    end: impl FnOnce(&mut Client, i32),
) -> (Vec<Seen>, Result<(), Error>) {
    let pid: i32 = writer
        .query_one("SELECT pg_backend_pid()", &[])
        .unwrap()
        .get(0);
    thread::scope(|scope| {
        let working = scope.spawn(|| writer.batch_execute(statement));
        wait_until(
            observer,
            &format!("EXISTS (SELECT FROM pg_locks WHERE pid = {pid} AND NOT granted)"),
        );
        let seen = observe(observer, pid);
        end(observer, pid);
        (seen, working.join().unwrap())
    })
}

fn observe(observer: &mut Client, pid: i32) -> Vec<Seen> {
    let rows = observer
        .query(
            "SELECT tview::text, operation, phase, rows_done, rows_total FROM pg_tviews_progress
             WHERE pid = $1 AND started_at BETWEEN now() - interval '1 minute' AND clock_timestamp()",
            &[&pid],
        )
        .unwrap();
    let seen = rows.iter();
    seen.map(|r| (r.get(0), r.get(1), r.get(2), r.get(3), r.get(4)))
        .collect()
}

fn wait_until(observer: &mut Client, condition: &str) {
    let deadline = Instant::now() + SOON;
    let query = format!("SELECT {condition}");
    while !observer.query_one(&query, &[]).unwrap().get::<_, bool>(0) {
        assert!(Instant::now() < deadline, "it never came to: {condition}");
        thread::sleep(Duration::from_millis(20));
    }
}

fn hold(observer: &mut Client) {
    observer
        .batch_execute("SELECT pg_advisory_lock(2)")
        .unwrap();
}

fn release(observer: &mut Client, _: i32) {
    observer
        .batch_execute("SELECT pg_advisory_unlock(2)")
        .unwrap();
}

fn assert_nothing_is_left(observer: &mut Client) {
    wait_until(observer, "NOT EXISTS (SELECT FROM pg_tviews_progress)");
}

fn seen(tview: &str, operation: &str, phase: &str, done: i64, total: Option<i64>) -> Vec<Seen> {
    vec![(tview.into(), operation.into(), phase.into(), done, total)]
}

/// More than one statement has keys for, and less than a fifth of the table.
const MANY: &str = "UPDATE tb_post SET title = 'new' WHERE pk_post <= 1500";

#[test]
fn refresh_of_many_keys_counts_them() {
    for (patch, phase) in [("off", "comparing and writing"), ("on", "patching")] {
        let (_server, mut writer, mut observer) = start();
        hold(&mut observer);
        writer
            .batch_execute(&format!("SET pg_tviews.patch = {patch}"))
            .unwrap();

        let (during, result) = while_waiting(&mut writer, &mut observer, MANY, release);

        result.unwrap();
        assert_eq!(during, seen("tv_post", "flush", phase, 1000, Some(1500)));
        assert_nothing_is_left(&mut observer);
        blog::assert_equals_query(&mut observer);
    }
}

#[test]
fn comparison_as_a_whole_counts_rows_that_differ() {
    let (_server, mut writer, mut observer) = start();
    hold(&mut observer);
    let exchange = "BEGIN; TRUNCATE tb_post; INSERT INTO tb_post (pk_post, fk_user, title)
                    SELECT n, 1, 'other ' || n FROM generate_series(1, 3000) n; COMMIT";

    let (during, result) = while_waiting(&mut writer, &mut observer, exchange, release);

    result.unwrap();
    assert_eq!(during.len(), 1, "{during:?}");
    let (tview, operation, phase, done, total) = &during[0];
    assert_eq!((tview.as_str(), operation.as_str()), ("tv_post", "flush"));
    assert_eq!(phase, "comparing and writing");
    // How many of the first rows are to be deleted, for which no trigger waits, is chance.
    assert!(*done >= 1000 && *done < 8000 && done % 1000 == 0, "{done}");
    assert_eq!(*total, None);
    assert_nothing_is_left(&mut observer);
    blog::assert_equals_query(&mut observer);
}

#[test]
fn one_row_is_not_worth_telling() {
    let (_server, mut writer, mut observer) = start();
    writer
        .batch_execute("SELECT nextval('public.statement')")
        .unwrap();
    hold(&mut observer);
    let one = "UPDATE tb_post SET title = 'new' WHERE pk_post = 1";

    let (during, result) = while_waiting(&mut writer, &mut observer, one, release);

    result.unwrap();
    assert_eq!(during, []);
}

#[test]
fn cancelled_work_is_gone() {
    let (_server, mut writer, mut observer) = start();
    hold(&mut observer);

    let (during, result) = while_waiting(&mut writer, &mut observer, MANY, |observer, pid| {
        observer
            .execute("SELECT pg_cancel_backend($1)", &[&pid])
            .unwrap();
    });

    let error = result.unwrap_err();
    assert_eq!(error.code(), Some(&SqlState::QUERY_CANCELED));
    assert_eq!(during.len(), 1);
    assert_nothing_is_left(&mut observer);
}

#[test]
fn terminated_session_leaves_nothing_behind() {
    let (_server, mut writer, mut observer) = start();
    hold(&mut observer);

    let (during, result) = while_waiting(&mut writer, &mut observer, MANY, |observer, pid| {
        observer
            .execute("SELECT pg_terminate_backend($1)", &[&pid])
            .unwrap();
    });

    assert!(result.is_err());
    assert_eq!(during.len(), 1);
    assert_nothing_is_left(&mut observer);
}

#[test]
fn conversion_tells_that_it_waits_for_writers() {
    let (server, mut writer, mut observer) = start();
    writer
        .batch_execute("CREATE TABLE tv_user (pk_user int, id uuid, data jsonb)")
        .unwrap();
    let mut other = server.connect();
    other
        .batch_execute("BEGIN; UPDATE tb_user SET name = name")
        .unwrap();
    let query = "'SELECT pk_user, md5(name)::uuid AS id, jsonb_build_object(''name'', name) AS data FROM tb_user'";

    let convert = format!("SELECT pg_tviews_convert_existing_table('tv_user', {query})");
    let (during, result) = while_waiting(&mut writer, &mut observer, &convert, |_, _| {
        other.batch_execute("COMMIT").unwrap();
    });

    result.unwrap();
    assert_eq!(
        during,
        seen("tv_user", "convert", "locking sources", 0, None)
    );
    assert_nothing_is_left(&mut observer);
}

/// The slot outlives the transactions of a build. A part is one key at first, and then as many as go in its time.
#[test]
fn build_beside_writers_counts_the_keys_filled_in() {
    let (server, mut builder, mut observer) = start();
    let mut other = server.connect();
    builder
        .batch_execute(
            "CREATE FUNCTION doze(n int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS
                 'BEGIN IF n = 3000 THEN PERFORM pg_advisory_xact_lock(2); END IF; RETURN n; END'",
        )
        .unwrap();
    let pid: i32 = builder
        .query_one("SELECT pg_backend_pid()", &[])
        .unwrap()
        .get(0);
    hold(&mut other);
    let create = "CALL pg_tviews_create_concurrently('tv_title',
        'SELECT pk_post AS pk_title, id, jsonb_build_object(''n'', public.doze(pk_post)) AS data FROM tb_post')";

    let seen = thread::scope(|scope| {
        let building = scope.spawn(|| builder.batch_execute(create));
        wait_until(
            &mut observer,
            &format!(
                "EXISTS (SELECT FROM pg_locks WHERE pid = {pid} AND locktype = 'advisory' AND NOT granted)"
            ),
        );
        let seen = observe(&mut observer, pid);
        release(&mut other, 0);
        building.join().unwrap().unwrap();
        seen
    });

    assert_eq!(seen.len(), 1, "{seen:?}");
    let (tview, operation, phase, done, total) = &seen[0];
    assert_eq!(
        (tview.as_str(), operation.as_str(), phase.as_str()),
        ("\"tv_title (building)\"", "build", "comparing and writing")
    );
    assert!((1..8000).contains(done), "{done}");
    assert_eq!(*total, Some(8000));
    assert_nothing_is_left(&mut observer);
}

#[test]
fn altering_tells_that_it_waits_for_writers() {
    let (server, mut writer, mut observer) = start();
    let mut other = server.connect();
    other
        .batch_execute("BEGIN; UPDATE tb_user SET name = name")
        .unwrap();

    let alter = "SELECT pg_tviews_alter('tv_post', 'SELECT pk_post, id, jsonb_build_object(''title'', title, ''by'', name) AS data
        FROM tb_post JOIN tb_user ON pk_user = fk_user')";
    let (during, result) = while_waiting(&mut writer, &mut observer, alter, |_, _| {
        other.batch_execute("COMMIT").unwrap();
    });

    result.unwrap();
    assert_eq!(during, seen("tv_post", "alter", "locking sources", 0, None));
    assert_nothing_is_left(&mut observer);
}

#[test]
fn conversion_is_one_piece_of_work_to_its_end() {
    let (_server, mut writer, mut observer) = start();
    writer
        .batch_execute(
            "CREATE TABLE tv_title (pk_title int PRIMARY KEY, id uuid, data jsonb);
             CREATE TRIGGER wait AFTER INSERT ON tv_title FOR EACH STATEMENT EXECUTE FUNCTION wait()",
        )
        .unwrap();
    hold(&mut observer);

    let convert = "SELECT pg_tviews_convert_existing_table('tv_title',
        'SELECT pk_post AS pk_title, id, jsonb_build_object(''title'', title) AS data FROM tb_post')";
    let (during, result) = while_waiting(&mut writer, &mut observer, convert, release);

    result.unwrap();
    let phase = "comparing and writing";
    assert_eq!(during, seen("tv_title", "convert", phase, 1000, None));
    assert_nothing_is_left(&mut observer);
}

/// Its name is not known to others before the commit.
#[test]
fn table_that_is_being_created_is_shown_by_its_number() {
    let (server, mut writer, mut observer) = start();
    let mut other = server.connect();
    other
        .batch_execute("BEGIN; UPDATE tb_user SET name = name")
        .unwrap();

    let create = "SELECT pg_tviews_create('tv_user', 'SELECT pk_user, md5(name)::uuid AS id, jsonb_build_object() AS data FROM tb_user')";
    let (during, result) = while_waiting(&mut writer, &mut observer, create, |_, _| {
        other.batch_execute("COMMIT").unwrap();
    });

    result.unwrap();
    assert_eq!(during.len(), 1, "{during:?}");
    assert!(during[0].0.parse::<u32>().is_ok(), "{during:?}");
    assert_nothing_is_left(&mut observer);
}
