//! Two writers of one TVIEW: the holder has refreshed in a transaction that stays open, and what the writer does then needs
//! a lock that the holder has, and no row. With an observer beside them.

use super::server::{Server, blog};
use super::watch;
use postgres::{Client, Error};
use std::thread;

/// How a test's sessions end that wait although nobody ends their wait.
const LIMIT: &str = "SET statement_timeout = '60s'";

/// What the holder has.
pub enum Held {
    /// The value by which the posts of user 1 are linked, shared: a post is being inserted.
    Value,
    /// The key of post 4, whose title is being changed.
    Key,
}

pub struct Scene {
    // Before the server, so that the sessions are closed when it is stopped.
    pub holder: Client,
    pub writer: Client,
    pub observer: Client,
    pub server: Server,
}

impl Scene {
    pub fn start(held: Held) -> Self {
        Self::start_with(held, "")
    }

    /// `further` is run on the TVIEW before anybody holds something.
    pub fn start_with(held: Held, further: &str) -> Self {
        let server = Server::start();
        let mut holder = connect(&server);
        blog::create_sources(&mut holder);
        blog::create_tview(&mut holder);
        holder.batch_execute(further).unwrap();
        holder
            .batch_execute(match held {
                Held::Value => {
                    "BEGIN; INSERT INTO tb_post (pk_post, fk_user, title) VALUES (100, 1, 'held')"
                }
                Held::Key => "BEGIN; UPDATE tb_post SET title = 'held' WHERE pk_post = 4",
            })
            .unwrap();
        let post = match held {
            Held::Value => 100,
            Held::Key => 4,
        };
        assert_eq!(blog::title(&mut holder, post), "held");
        Self {
            writer: connect(&server),
            observer: connect(&server),
            holder,
            server,
        }
    }

    /// The writer runs a statement that has to wait for the holder. Meanwhile the holder, or the observer with the writer's
    /// process id, does something about it; what it came to for the writer.
    pub fn while_queued(
        &mut self,
        statement: &str,
        meanwhile: impl FnOnce(&mut Client, &mut Client, i32),
    ) -> Result<(), Error> {
        let pid = watch::pid_of(&mut self.writer);
        let writer = &mut self.writer;
        thread::scope(|scope| {
            let waiting = scope.spawn(move || writer.batch_execute(statement));
            watch::wait_until_queued(&mut self.observer, pid);
            meanwhile(&mut self.holder, &mut self.observer, pid);
            waiting.join().unwrap()
        })
    }

    /// The writer's transaction has failed: it left no trace, its session goes on, and the holder never noticed.
    pub fn assert_only_the_writer_failed(&mut self) {
        assert_eq!(name_of_first_user(&mut self.writer), "Ada");
        watch::assert_refreshes(&mut self.writer);
        self.assert_all_can_end();
    }

    /// Holder and then writer go on to a table that equals its query, and nothing is left locked.
    pub fn assert_all_can_end(&mut self) {
        self.holder.batch_execute("COMMIT").unwrap();
        watch::assert_no_lock_is_left(&mut self.observer);
        blog::assert_equals_query(&mut self.observer);
        self.writer
            .batch_execute(&format!("{LIMIT}; RESET lock_timeout"))
            .unwrap();
        self.writer.batch_execute(RENAME).unwrap();
        assert_eq!(name_of_first_user(&mut self.writer), "Ada Lovelace");
        blog::assert_equals_query(&mut self.writer);
        watch::assert_no_lock_is_left(&mut self.observer);
    }
}

/// Concerns all documents of user 1, among them the one that the holder is about.
pub const RENAME: &str = "UPDATE tb_user SET name = 'Ada Lovelace' WHERE pk_user = 1";

pub fn name_of_first_user(client: &mut Client) -> String {
    client
        .query_one("SELECT name FROM tb_user WHERE pk_user = 1", &[])
        .unwrap()
        .get(0)
}

pub fn connect(server: &Server) -> Client {
    let mut client = server.connect();
    client.batch_execute(LIMIT).unwrap();
    client
}

/// For the observer, whose token would stop itself.
pub fn cancel(observer: &mut Client, pid: i32) {
    observer
        .execute("SELECT pg_cancel_backend($1)", &[&pid])
        .unwrap();
}
