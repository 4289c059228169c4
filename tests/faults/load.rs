//! Eight sessions that write at random until they are told to stop or the server throws them out, over three TVIEWs: one that
//! joins, one that aggregates, and one that reads the first. Any error besides the server's own end fails the test.

use super::server::{Server, blog};
use fastrand::Rng;
use postgres::error::SqlState;
use postgres::{Client, Error};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

const SESSIONS: i32 = 8;

/// What the sessions have to write before the load counts as one.
const WARM: usize = 200;

/// The TVIEWs and their queries, as the oracle runs them.
const TVIEWS: [(&str, &str); 3] = [
    ("tv_post", blog::QUERY),
    (
        "tv_user",
        "SELECT u.pk_user, md5(u.pk_user::text)::uuid AS id, jsonb_build_object('name', u.name, 'posts',
                (SELECT jsonb_agg(p.title ORDER BY p.pk_post) FROM public.tb_post p WHERE p.fk_user = u.pk_user)) AS data
         FROM public.tb_user u",
    ),
    (
        "tv_line",
        "SELECT t.pk_post AS pk_line, t.id, jsonb_build_object('line', (t.data ->> 'author') || ': ' || (t.data ->> 'title')) AS data
         FROM public.tv_post t",
    ),
];

pub struct Load {
    is_over: Arc<AtomicBool>,
    written: Arc<AtomicUsize>,
    sessions: Vec<JoinHandle<()>>,
}

impl Load {
    /// Returns once all of it is under way. `tv_post` exists; the other TVIEWs are made here.
    pub fn start(server: &Server) -> Self {
        let mut client = server.connect();
        for (table, query) in &TVIEWS[1..] {
            client
                .batch_execute(&format!("CREATE TABLE {table} AS {query}"))
                .unwrap();
        }
        let is_over = Arc::new(AtomicBool::new(false));
        let written = Arc::new(AtomicUsize::new(0));
        let session = |number| {
            let (client, is_over, written) = (server.connect(), is_over.clone(), written.clone());
            thread::spawn(move || write(client, number, &is_over, &written))
        };
        let sessions = (1..=SESSIONS).map(session).collect();
        let load = Self {
            is_over,
            written,
            sessions,
        };
        load.wait_for(WARM);
        load
    }

    /// Returns once the sessions have written that much more.
    pub fn wait_for(&self, transactions: usize) {
        let wanted = self.written.load(Ordering::Relaxed) + transactions;
        let deadline = Instant::now() + Duration::from_secs(60);
        while self.written.load(Ordering::Relaxed) < wanted {
            assert!(Instant::now() < deadline, "the sessions stopped writing");
            thread::sleep(Duration::from_millis(10));
        }
    }

    pub fn end(self) {
        self.is_over.store(true, Ordering::Relaxed);
        for session in self.sessions {
            session.join().expect("a session that only the fault ended");
        }
    }
}

/// Each TVIEW equals its query.
pub fn assert_all_right(client: &mut Client) {
    for (table, query) in TVIEWS {
        let wrong: i64 = client
            .query_one(
                &format!(
                    "WITH present AS (SELECT t::text FROM {table} t), wanted AS (SELECT q::text FROM ({query}) q)
                     SELECT (SELECT count(*) FROM (TABLE present EXCEPT ALL TABLE wanted) extra)
                          + (SELECT count(*) FROM (TABLE wanted EXCEPT ALL TABLE present) missing)"
                ),
                &[],
            )
            .unwrap()
            .get(0);
        assert_eq!(wrong, 0, "rows of {table} that differ from its query");
    }
}

fn write(mut client: Client, number: i32, is_over: &AtomicBool, written: &AtomicUsize) {
    let mut random = Rng::with_seed(number as u64);
    while !is_over.load(Ordering::Relaxed) {
        match client.batch_execute(&transaction(&mut random, number)) {
            Ok(()) => written.fetch_add(1, Ordering::Relaxed),
            Err(error) if is_end_of_server(&client, &error) => return,
            Err(error) => panic!("session {number}: {error:?}"),
        };
    }
}

/// Rows are written one per table, so that sessions cannot deadlock by themselves. Post 1 belongs to the test.
fn transaction(random: &mut Rng, number: i32) -> String {
    let (post, user, mark) = (random.i32(2..=20), random.i32(1..=2), random.u16(..));
    let own = number * 1000 + random.i32(0..5);
    match random.u8(0..10) {
        0..=2 => format!("UPDATE tb_post SET title = 'title {mark}' WHERE pk_post = {post}"),
        3 | 4 => format!("UPDATE tb_user SET name = 'name {mark}' WHERE pk_user = {user}"),
        5 | 6 => format!("UPDATE tb_post SET fk_user = {user} WHERE pk_post = {post}"),
        7 => format!("DELETE FROM tb_post WHERE pk_post = {own}"),
        8 => insertion(own, user),
        _ => format!(
            "BEGIN; {}; UPDATE tb_post SET title = 'both {mark}' WHERE pk_post = {post}; COMMIT",
            insertion(own, user)
        ),
    }
}

fn insertion(post: i32, user: i32) -> String {
    format!(
        "INSERT INTO tb_post (pk_post, fk_user, title) VALUES ({post}, {user}, 'own') ON CONFLICT DO NOTHING"
    )
}

fn is_end_of_server(client: &Client, error: &Error) -> bool {
    const ENDS: [SqlState; 3] = [
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CANNOT_CONNECT_NOW,
    ];
    client.is_closed() || error.code().is_some_and(|code| ENDS.contains(code))
}
