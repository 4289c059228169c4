//! Updates from every older version whose SQL the folder `sql` keeps: the objects are then those of a fresh installation, and
//! TVIEWs are maintained before (old objects, this library), while and after. A change of the extension's SQL without a
//! statement in the update script fails here.

mod server;

use postgres::Client;
use postgres::error::SqlState;
use server::{Server, blog};
use std::collections::{BTreeMap, BTreeSet};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const MEMBERS: &str = include_str!("update/members.sql");
const FUNCTIONS: &str = include_str!("update/functions.sql");

/// By object, and then by property.
type Members = BTreeMap<String, BTreeMap<String, Option<String>>>;

#[test]
fn objects_are_those_of_a_fresh_installation() {
    for version in old_versions() {
        let server = Server::start_without_extension();
        let mut client = server.connect();
        client
            .batch_execute("CREATE SCHEMA \"Odd schema\"")
            .unwrap();
        create_extension(&mut client, &version, "\"Odd schema\"");
        update(&mut client);
        let updated = members(&mut client);

        client
            .batch_execute(
                "DROP EXTENSION pg_tviews; CREATE EXTENSION pg_tviews SCHEMA \"Odd schema\"",
            )
            .unwrap();
        let differences = differences(&updated, &members(&mut client));

        assert!(
            differences.is_empty(),
            "ALTER EXTENSION pg_tviews UPDATE from {version} leaves other objects than CREATE EXTENSION makes; \
             what is missing in the update script:\n{}",
            differences.join("\n")
        );
    }
}

#[test]
fn tviews_are_maintained_before_while_and_after() {
    for version in old_versions() {
        let server = Server::start_without_extension();
        let mut client = server.connect();
        create_extension(&mut client, &version, "public");
        blog::create_sources(&mut client);
        blog::create_tview(&mut client);
        let mut writer = server.connect();
        assert_follows(&mut client, "before");
        assert_follows(&mut writer, "before, elsewhere");

        client.batch_execute("BEGIN").unwrap();
        client
            .batch_execute("UPDATE tb_post SET title = 'owed' WHERE pk_post = 4")
            .unwrap();
        update(&mut client);
        assert_eq!(blog::title(&mut client, 4), "owed");
        client
            .batch_execute("UPDATE tb_user SET name = 'Ada Lovelace' WHERE pk_user = 1; COMMIT")
            .unwrap();
        blog::assert_equals_query(&mut client);

        assert_follows(&mut client, "after");
        assert_follows(&mut writer, "after, elsewhere");
        let findings: String = client
            .query_one(
                "SELECT coalesce(string_agg(object || ': ' || message, E'\\n'), '') FROM pg_tviews_health_check() WHERE severity <> 'notice'",
                &[],
            )
            .unwrap()
            .get(0);
        assert_eq!(findings, "", "after the update");
        server.crash_and_restart();
        assert_follows(&mut server.connect(), "after a restart");
    }
}

/// What the packages leave: the new library's file, and databases whose objects nobody has updated yet.
#[test]
fn functions_of_the_old_version_work_before_and_after() {
    for version in old_versions() {
        let server = Server::start_without_extension();
        let mut client = server.connect();
        create_extension(&mut client, &version, "public");
        blog::create_sources(&mut client);
        blog::create_tview(&mut client);
        let calls = std::fs::read_to_string(format!("{ROOT}/tests/update/{version}.sql"))
            .expect("the calls of an old version");
        for object in members(&mut client).keys() {
            let name = object.split([' ', '(']).nth(1).unwrap_or(object);
            let is_called = calls.contains(name.trim_start_matches("public."));
            let internal = [
                "pg_tviews_capture",
                "pg_tviews_guard",
                "pg_tviews_on_",
                "pg_tviews_stats_counted",
            ];
            let is_for_users = !internal.iter().any(|name| object.contains(name));
            assert!(
                is_called || !object.starts_with("function") || !is_for_users,
                "tests/update/{version}.sql does not call {object}"
            );
        }

        for when in ["before", "after"] {
            client
                .batch_execute(&calls)
                .unwrap_or_else(|error| panic!("{when} the update from {version}: {error:?}"));
            blog::assert_equals_query(&mut client);
            update(&mut client);
        }
    }
}

/// A function of the old objects calls the library by its symbol, with the old arguments. Arguments that it does not pass and
/// columns that it does not expect would be read from beyond what there is.
#[test]
fn symbols_keep_their_arguments() {
    for version in old_versions() {
        let server = Server::start_without_extension();
        let mut client = server.connect();
        create_extension(&mut client, &version, "public");
        let old: BTreeMap<_, _> = functions(&mut client).into_iter().collect();
        update(&mut client);

        for (symbol, new) in functions(&mut client) {
            let Some(old) = old.get(&symbol) else {
                continue;
            };
            assert!(
                old.arguments == new.arguments
                    && new.results.starts_with(&old.results)
                    && (old.is_strict || !new.is_strict),
                "{version} calls symbol {symbol} as {old:?}, now it is {new:?}: \
                 give the new function a symbol of its own, and keep this one"
            );
        }
    }
}

#[test]
fn views_and_privileges_of_users_survive() {
    for version in old_versions() {
        let server = Server::start_without_extension();
        let mut client = server.connect();
        create_extension(&mut client, &version, "public");
        let views = objects(&mut client, "view ");
        for (number, view) in views.iter().enumerate() {
            client
                .batch_execute(&format!("CREATE VIEW mine_{number} AS TABLE {view}"))
                .unwrap();
        }
        client
            .batch_execute(
                "CREATE ROLE monitor; GRANT EXECUTE ON FUNCTION pg_tviews_stats_reset() TO monitor",
            )
            .unwrap();

        update(&mut client);

        for number in 0..views.len() {
            client
                .batch_execute(&format!("TABLE mine_{number}"))
                .unwrap();
        }
        client
            .batch_execute("SET ROLE monitor; SELECT pg_tviews_stats_reset()")
            .unwrap();
    }
}

#[test]
fn update_is_refused_while_the_server_runs_an_older_library() {
    for version in old_versions() {
        let server = Server::start_without_extension();
        let mut client = server.connect();
        create_extension(&mut client, &version, "public");
        let original: String = client
            .query_one(
                "SELECT pg_get_functiondef('pg_tviews_version()'::regprocedure)",
                &[],
            )
            .unwrap()
            .get(0);
        client
            .batch_execute(&format!(
                "CREATE OR REPLACE FUNCTION pg_tviews_version() RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ''{version}'''"
            ))
            .unwrap();

        let error = client
            .batch_execute("ALTER EXTENSION pg_tviews UPDATE")
            .expect_err("an old library");

        assert_eq!(
            error.code(),
            Some(&SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE),
            "{error:?}"
        );
        client.batch_execute(&original).unwrap();
        update(&mut client);
    }
}

/// Those of the files `pg_tviews--VERSION.sql`.
fn old_versions() -> Vec<String> {
    let versions: Vec<_> = std::fs::read_dir(format!("{ROOT}/sql"))
        .expect("read the folder sql")
        .filter_map(|entry| {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let version = name.strip_prefix("pg_tviews--")?.strip_suffix(".sql")?;
            (!version.contains("--")).then(|| version.to_owned())
        })
        .collect();
    assert!(!versions.is_empty(), "no old version in the folder sql");
    versions
}

fn create_extension(client: &mut Client, version: &str, schema: &str) {
    client
        .batch_execute(&format!(
            "CREATE EXTENSION pg_tviews SCHEMA {schema} VERSION '{version}'"
        ))
        .unwrap_or_else(|error| panic!("create the objects of {version}: {error:?}"));
}

fn update(client: &mut Client) {
    client
        .batch_execute("ALTER EXTENSION pg_tviews UPDATE")
        .unwrap_or_else(|error| panic!("update the extension: {error:?}"));
    let version: String = client
        .query_one(
            "SELECT extversion FROM pg_extension WHERE extname = 'pg_tviews'",
            &[],
        )
        .unwrap()
        .get(0);
    assert_eq!(version, env!("CARGO_PKG_VERSION"));
}

fn members(client: &mut Client) -> Members {
    client
        .batch_execute("SET search_path = pg_catalog")
        .unwrap();
    let mut members = Members::new();
    for row in client.query(MEMBERS, &[]).expect("read the members") {
        members
            .entry(row.get(0))
            .or_default()
            .insert(row.get(1), row.get(2));
    }
    client.batch_execute("RESET search_path").unwrap();
    members
}

fn differences(updated: &Members, fresh: &Members) -> Vec<String> {
    let objects: BTreeSet<_> = updated.keys().chain(fresh.keys()).collect();
    let mut found = Vec::new();
    for object in objects {
        match (updated.get(object), fresh.get(object)) {
            (None, _) => found.push(format!("{object}: CREATE EXTENSION alone makes it")),
            (_, None) => found.push(format!("{object}: the update alone leaves it")),
            (Some(updated), Some(fresh)) => {
                let properties: BTreeSet<_> = updated.keys().chain(fresh.keys()).collect();
                found.extend(
                    properties
                        .into_iter()
                        .filter(|p| updated.get(*p) != fresh.get(*p))
                        .map(|p| {
                            let shown = |side: &BTreeMap<_, Option<String>>| {
                                side.get(p)
                                    .cloned()
                                    .flatten()
                                    .unwrap_or("nothing".to_owned())
                            };
                            format!(
                                "{object}, {p}:\n    updated {}\n    fresh   {}",
                                shown(updated),
                                shown(fresh)
                            )
                        }),
                );
            }
        }
    }
    found
}

/// The names of the members that are described so.
fn objects(client: &mut Client, kind: &str) -> Vec<String> {
    members(client)
        .keys()
        .filter_map(|object| object.strip_prefix(kind).map(str::to_owned))
        .collect()
}

#[derive(Debug)]
#[allow(dead_code, reason = "the name is for the message")]
struct Function {
    name: String,
    is_strict: bool,
    arguments: String,
    results: Vec<String>,
}

/// With their symbols, which several may share.
fn functions(client: &mut Client) -> Vec<(String, Function)> {
    let rows = client.query(FUNCTIONS, &[]).expect("read the functions");
    rows.iter()
        .map(|row| {
            let function = Function {
                name: row.get("function"),
                is_strict: row.get("is_strict"),
                arguments: row.get("arguments"),
                results: row.get("results"),
            };
            (row.get("symbol"), function)
        })
        .collect()
}

fn assert_follows(client: &mut Client, title: &str) {
    client
        .execute(
            "UPDATE tb_post SET title = $1 WHERE pk_post IN (4, 5)",
            &[&title],
        )
        .unwrap();
    client
        .batch_execute("UPDATE tb_user SET name = name || '!' WHERE pk_user = 2")
        .unwrap();
    assert_eq!(blog::title(client, 4), title);
    blog::assert_equals_query(client);
}
