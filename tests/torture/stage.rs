//! The database of one round: its TVIEWs, what its clients have to know of them, and the look at everything once the
//! clients have stopped.

use crate::arena::Arena;
use crate::case::Tview;
use crate::failure::{Failure, unexpected};
use crate::oracle::{self, Pinning};
use crate::round::Round;
use crate::tally::Tally;
use postgres::Client;

pub struct Stage {
    pub database: String,
    /// The TVIEWs of the round but those that are refused.
    pub tviews: Vec<String>,
    /// The tables that they read, as the tester's statements write their names.
    sources: Vec<String>,
    /// Whether the extension has a limit of locks.
    pub has_lock_limit: bool,
}

/// A lock of ours that nobody should hold any more, and what is still prepared.
const LEFTOVERS: &str = "
    SELECT format('lock %s of %s by process %s', objid, classid::regclass, pid) FROM pg_locks
    WHERE locktype = 'advisory' AND objsubid >= 16
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    UNION ALL SELECT format('prepared transaction %s', gid) FROM pg_prepared_xacts WHERE database = current_database()
    UNION ALL SELECT format('pg_tviews_verify: %s', v) FROM pg_tviews_verify() v WHERE missing + extra + different <> 0";

/// With the tables that inherit from them, and those that they refer to, whose changes cascade; not TVIEWs, which nobody
/// writes.
const SOURCES: &str = "
    WITH source AS (SELECT DISTINCT unnest(sources) AS name FROM pg_tviews_metadata)
    SELECT name::text FROM source WHERE name::text NOT LIKE 'tv\\_%'
    UNION SELECT inhrelid::regclass::text FROM pg_inherits JOIN source ON name = inhparent
    UNION SELECT confrelid::regclass::text FROM pg_constraint JOIN source ON name = conrelid WHERE contype = 'f'";

impl Stage {
    /// A fresh database with rows and TVIEWs, and a client for it.
    pub fn set(arena: &mut Arena, round: &Round, tally: &mut Tally) -> (Self, Client) {
        let (mut client, database) = arena
            .prepare(&round.case)
            .expect("the whole schema is ready");
        let mut tviews = Vec::new();
        for tview in &round.case.tviews {
            // Why a query is refused is the differential test's affair.
            if create(&mut client, round, tview) {
                tviews.push(tview.name.clone());
                tally.add("TVIEWs");
            } else {
                tally.add("TVIEWs refused");
            }
        }
        let stage = Self {
            database,
            tviews,
            sources: names(&mut client, SOURCES),
            has_lock_limit: !names(
                &mut client,
                "SELECT name FROM pg_settings WHERE name = 'pg_tviews.lock_limit'",
            )
            .is_empty(),
        };
        (stage, client)
    }

    pub fn is_about_sources(&self, sql: &str) -> bool {
        self.sources
            .iter()
            .any(|source| sql.contains(source.as_str()))
    }

    /// What is wrong when nobody writes any more.
    pub fn failures(&self, client: &mut Client) -> Vec<Failure> {
        let mut failures = Vec::new();
        let names: Vec<&str> = self.tviews.iter().map(String::as_str).collect();
        match compare(client, &names) {
            Ok(None) => {}
            Ok(Some(rows)) => failures.push(Failure::Mismatch { rows }),
            Err(error) => failures.push(unexpected(&error, "a comparison")),
        }
        match client.query(LEFTOVERS, &[]) {
            Ok(rows) if rows.is_empty() => {}
            Ok(rows) => failures.push(Failure::Verify {
                rows: rows.iter().map(|row| row.get(0)).collect(),
            }),
            Err(error) => failures.push(unexpected(&error, LEFTOVERS)),
        }
        failures
    }

    /// How often somebody waited for a lock of ours in this round.
    pub fn waits(&self, client: &mut Client) -> u64 {
        let sql = "SELECT coalesce(sum(lock_waits), 0)::bigint, pg_tviews_stats_reset()::text FROM pg_tviews_stats";
        client
            .query_one(sql, &[])
            .map_or(0, |row| row.get::<_, i64>(0) as u64)
    }

    /// As comments: the rows of all tables with who wrote them and when, by the clock of the trail.
    pub fn rows(&self, client: &mut Client) -> String {
        let mut text = String::new();
        for table in self.tviews.iter().chain(&self.sources) {
            let sql = format!(
                "SELECT format('-- %s by %s at %s: %s\n', '{table}', t.xmin,
                     round((extract(epoch FROM pg_xact_commit_timestamp(t.xmin)) % 1000)::numeric, 6), t)
                 FROM {table} t ORDER BY t::text"
            );
            let rows = client.query(&sql, &[]).unwrap_or_default();
            text.extend(rows.iter().map(|row| row.get::<_, String>(0)));
        }
        text
    }

    /// Whether a query gives other rows when it is planned otherwise, which is a fault of the generator.
    pub fn is_open(client: &mut Client, tview: &str) -> bool {
        let digest = oracle::digest(tview);
        let mut digests = Vec::new();
        for plan in oracle::PLANS {
            let _ = client.batch_execute(&format!("RESET ALL; SET {plan}; DISCARD PLANS"));
            if let Ok(row) = client.query_one(&digest, &[]) {
                digests.push(row.get::<_, String>(0));
            }
        }
        digests.windows(2).any(|pair| pair[0] != pair[1])
    }
}

fn create(client: &mut Client, round: &Round, tview: &Tview) -> bool {
    for sql in tview.creation() {
        if client.batch_execute(&sql).is_err() {
            client
                .batch_execute("ROLLBACK; RESET ALL")
                .expect("roll back");
            return false;
        }
    }
    // Clients change settings. STABLE, so that the query and the TVIEW are read under one snapshot, the comparison's.
    let wanted = oracle::wanted(tview, &round.case.expanded(tview), Pinning::All);
    client
        .batch_execute(&format!(
            "{wanted}; ALTER FUNCTION oracle.{}() STABLE",
            tview.name
        ))
        .unwrap_or_else(|error| panic!("{error:?} in {wanted}"));
    true
}

fn names(client: &mut Client, sql: &str) -> Vec<String> {
    let rows = client.query(sql, &[]).expect("read the catalog");
    rows.iter().map(|row| row.get(0)).collect()
}

/// The rows in which TVIEWs differ from their queries; None where there are none.
pub fn compare(
    client: &mut Client,
    tviews: &[&str],
) -> Result<Option<Vec<String>>, postgres::Error> {
    if tviews.is_empty() {
        return Ok(None);
    }
    let rows = client.query(&oracle::comparison(tviews), &[])?;
    let rows: Vec<String> = rows
        .iter()
        .map(|row| {
            let [tview, what, image]: [String; 3] = [row.get(0), row.get(1), row.get(2)];
            format!("{tview} {what} {image}")
        })
        .collect();
    Ok((!rows.is_empty()).then_some(rows))
}

/// Whether the transaction's snapshot shows two rows with one primary key, as PostgreSQL lets it after `INSERT … ON CONFLICT DO
/// NOTHING` of a key that another transaction has deleted since: what queries give then depends on their plans.
pub fn shows_a_key_twice(client: &mut Client) -> Result<bool, postgres::Error> {
    let twice = "SELECT string_agg(format('EXISTS (SELECT FROM ONLY %s GROUP BY %s HAVING count(*) > 1)', conrelid::regclass,
                     (SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute WHERE attrelid = conrelid AND attnum = ANY (conkey))), ' OR ')
                 FROM pg_constraint JOIN pg_class c ON c.oid = conrelid WHERE contype = 'p' AND relname LIKE 'tb\\_%'";
    let condition: String = client.query_one(twice, &[])?.get(0);
    Ok(client
        .query_one(&format!("SELECT {condition}"), &[])?
        .get(0))
}
