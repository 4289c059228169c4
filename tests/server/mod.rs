//! A private server for one test: `scripts/server` starts it, drop stops it, and a watcher of that script stops it where a
//! killed test runs no drop. Every out-of-process test declares this module; none of them links the extension's crate, whose
//! symbols only a server has.

#![allow(dead_code, reason = "each test binary uses the part it needs")]

pub mod blog;

use postgres::error::DbError;
use postgres::{Client, Config, NoTls};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// The port that `scripts/server` gives every private server; only part of the socket's name.
pub const PORT: u16 = 54415;
const POOL_PORT: u16 = 6432;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/server");

pub struct Server {
    folder: PathBuf,
}

impl Server {
    /// The library is preloaded and the extension created in database `postgres`.
    pub fn start() -> Self {
        Self::launch(&[]).with_extension()
    }

    /// The extension is created; the library loads only where one of its functions is called.
    pub fn start_without_preload() -> Self {
        Self::launch(&["--no-preload"]).with_extension()
    }

    /// The library is preloaded and the extension created nowhere.
    pub fn start_without_extension() -> Self {
        Self::launch(&[])
    }

    /// `options` are those of `scripts/server start`, such as `--set work_mem=1MB`.
    pub fn launch(options: &[&str]) -> Self {
        let owner = std::process::id().to_string();
        let arguments = [&["start", "--owner", &owner], options].concat();
        Self {
            folder: PathBuf::from(script(&arguments)),
        }
    }

    /// A hot standby that streams from this server.
    pub fn standby(&self) -> Self {
        let owner = std::process::id().to_string();
        Self {
            folder: PathBuf::from(script(&["standby", self.folder(), "--owner", &owner])),
        }
    }

    /// PgBouncer before the server, with one connection that its clients share. `lines` are of its configuration.
    pub fn pool(&self, lines: &[&str]) {
        script(&[&["pool", self.folder()], lines].concat());
    }

    /// Runs a program of the server's installation, such as `psql`, against it. Gives what it told and whether it succeeded.
    pub fn run(&self, program: &str, arguments: &[&str]) -> (String, bool) {
        let output = Command::new(SCRIPT)
            .args([&["run", self.folder(), program], arguments].concat())
            .output()
            .expect("run scripts/server");
        let told = [output.stdout, output.stderr].concat();
        let told = String::from_utf8(told).expect("output in UTF-8");
        (told, output.status.success())
    }

    /// The same for a program that must succeed.
    pub fn run_well(&self, program: &str, arguments: &[&str]) {
        let (told, is_success) = self.run(program, arguments);
        assert!(
            is_success,
            "{program} {} failed: {told}",
            arguments.join(" ")
        );
    }

    /// Runs a script in psql, each statement in a transaction of its own; all must succeed.
    pub fn psql(&self, database: &str, script: &str) {
        let file = self.file("script.sql");
        fs::write(&file, script).expect("write a script");
        self.run_well(
            "psql",
            &[
                "--no-psqlrc",
                "--quiet",
                "--set=ON_ERROR_STOP=1",
                "--dbname",
                database,
                "--file",
                &file,
            ],
        );
    }

    /// A file in the server's folder.
    pub fn file(&self, name: &str) -> String {
        self.folder
            .join(name)
            .to_str()
            .expect("a file name in UTF-8")
            .to_owned()
    }

    fn with_extension(self) -> Self {
        self.connect()
            .batch_execute("CREATE EXTENSION pg_tviews")
            .expect("create the extension");
        self
    }

    pub fn connect(&self) -> Client {
        self.config()
            .connect(NoTls)
            .expect("connect to the private server")
    }

    pub fn connect_to(&self, database: &str) -> Client {
        self.config()
            .dbname(database)
            .connect(NoTls)
            .expect("connect to the private server")
    }

    /// A client, and the messages that the server has sent it besides results, oldest first.
    pub fn connect_and_listen(&self) -> (Client, Arc<Mutex<Vec<DbError>>>) {
        let messages = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&messages);
        let mut config = self.config();
        config.notice_callback(move |message| sink.lock().unwrap().push(message));
        (
            config
                .connect(NoTls)
                .expect("connect to the private server"),
            messages,
        )
    }

    /// Waits for a server that is just recovering from a crash.
    pub fn reconnect(&self) -> Client {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            match self.config().connect(NoTls) {
                Ok(client) => return client,
                Err(error) if Instant::now() > deadline => {
                    panic!("the server did not recover: {error}")
                }
                Err(_) => std::thread::sleep(Duration::from_millis(50)),
            }
        }
    }

    /// Stops the server as a power cut would, and starts it again.
    pub fn crash_and_restart(&self) {
        script(&["restart", self.folder(), "immediate"]);
    }

    /// The folder of the server's socket.
    pub fn folder(&self) -> &str {
        self.folder.to_str().expect("a folder name in UTF-8")
    }

    /// A client of PgBouncer: see [`Server::pool`].
    pub fn connect_to_pool(&self) -> Client {
        self.config_at(POOL_PORT)
            .connect(NoTls)
            .expect("connect to PgBouncer")
    }

    /// For a client that connects in a way of its own.
    pub fn config(&self) -> Config {
        self.config_at(PORT)
    }

    fn config_at(&self, port: u16) -> Config {
        let mut config = Config::new();
        config
            .host_path(&self.folder)
            .port(port)
            .user("postgres")
            .dbname("postgres");
        config
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        script(&["stop", self.folder()]);
    }
}

/// Runs `scripts/server` and gives what it printed. Its complaints go to the test's own output.
fn script(arguments: &[&str]) -> String {
    let output = Command::new(SCRIPT)
        .args(arguments)
        .stderr(Stdio::inherit())
        .output()
        .expect("run scripts/server");
    assert!(
        output.status.success(),
        "scripts/server {} failed",
        arguments.join(" ")
    );
    String::from_utf8(output.stdout)
        .expect("output in UTF-8")
        .trim()
        .to_owned()
}
