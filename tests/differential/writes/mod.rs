//! Random transactions: what they are made of and how they end. Statements do not depend on what the tables hold, so that a
//! case can lose any part and still runs.

mod rows;
mod statement;

use crate::case::{End, SavepointEnd, Step, Transaction};
use crate::optional::optional;
use crate::value::{chance, pick};
use fastrand::Rng;

/// What transactions may name besides tables.
pub struct Readable<'a> {
    /// TVIEWs that can be read anywhere, since reading them never fails.
    pub tviews: &'a [String],
    /// Where a TVIEW's keys may repeat, what failed has to be done again up to that point, which is not found inside of
    /// blocks and messages.
    pub are_keys_certain: bool,
}

const BEGINS: [&str; 8] = [
    "BEGIN",
    "BEGIN",
    "BEGIN",
    "BEGIN",
    "BEGIN",
    "BEGIN",
    "BEGIN ISOLATION LEVEL REPEATABLE READ",
    "BEGIN ISOLATION LEVEL SERIALIZABLE",
];

const SETTINGS: [&str; 17] = [
    "pg_tviews.patch = off",
    "pg_tviews.patch = on",
    "pg_tviews.pending_limit = 1",
    "pg_tviews.pending_limit = 5",
    "TimeZone = 'America/New_York'",
    "TimeZone = 'Asia/Kolkata'",
    "DateStyle = 'German'",
    "DateStyle = 'SQL, DMY'",
    "IntervalStyle = 'iso_8601'",
    "IntervalStyle = 'sql_standard'",
    "extra_float_digits = 0",
    "extra_float_digits = -3",
    "bytea_output = 'escape'",
    "search_path = 'shadow', 'public'",
    "search_path = 'shadow', 'pg_catalog', 'public'",
    "search_path = 'public', 'shadow'",
    "enable_hashagg = off",
];

pub fn transaction(rng: &mut Rng, readable: &Readable) -> Transaction {
    let end = match rng.u32(..100) {
        0..30 => End::Each,
        30..82 => End::Commit,
        82..92 => End::Rollback,
        92..98 => End::CommitPrepared,
        _ => End::RollbackPrepared,
    };
    let steps = if end == End::Each && chance(rng, 30) {
        // Where nothing but single columns changes, documents are patched.
        let changes = (0..rng.u32(4..=12)).map(|_| statement::change(rng));
        let step = |(kind, sql)| Step::Statement { kind, sql };
        changes.map(step).collect()
    } else if end == End::Each {
        (0..rng.u32(1..=3))
            .map(|_| match rng.u32(..10) {
                _ if !readable.are_keys_certain => write(rng, readable),
                0 => message(rng, readable),
                1 => committing_block(rng, readable),
                _ => write(rng, readable),
            })
            .filter(|step| !matches!(step, Step::Statement { kind: "cursor", .. }))
            .collect()
    } else {
        let count = if chance(rng, 5) { 15 } else { rng.u32(1..=6) };
        steps(rng, readable, count, 0)
    };
    Transaction {
        begin: pick::<&'static str>(rng, &BEGINS),
        steps,
        end,
    }
}

fn steps(rng: &mut Rng, readable: &Readable, count: u32, depth: u32) -> Vec<Step> {
    let mut steps = Vec::new();
    for _ in 0..count {
        if depth < 3 && chance(rng, 15) {
            let inner = rng.u32(1..=4);
            steps.push(Step::Savepoint {
                steps: self::steps(rng, readable, inner, depth + 1),
                end: *pick(
                    rng,
                    &[
                        SavepointEnd::Release,
                        SavepointEnd::Rollback,
                        SavepointEnd::Rollback,
                        SavepointEnd::RollbackAndRelease,
                    ],
                ),
            });
        } else {
            steps.push(write(rng, readable));
        }
        if chance(rng, 8) {
            steps.push(Step::Compare(None));
        } else if !readable.tviews.is_empty() && chance(rng, 10) {
            steps.push(Step::Compare(Some(pick(rng, readable.tviews).clone())));
        }
    }
    steps
}

fn message(rng: &mut Rng, readable: &Readable) -> Step {
    let count = rng.u32(2..=4);
    Step::Message(
        (0..count)
            .map(|_| statement::any(rng, readable).1)
            .collect(),
    )
}

/// plpgsql that ends transactions.
fn committing_block(rng: &mut Rng, readable: &Readable) -> Step {
    let parts: String = (0..rng.u32(2..=4))
        .map(|_| {
            let statement = statement::any(rng, readable).1;
            let end = *pick(rng, &["", "COMMIT;\n", "COMMIT;\n", "ROLLBACK;\n"]);
            optional(format!("EXECUTE $sql${statement}$sql$;\n{end}"))
        })
        .collect();
    Step::Statement {
        kind: "plpgsql with COMMIT",
        sql: format!("DO $do$ BEGIN\n{parts}END $do$"),
    }
}

fn write(rng: &mut Rng, readable: &Readable) -> Step {
    let (kind, sql) = match rng.u32(..100) {
        0..5 => return statement::copy(rng),
        5..10 => session(rng, readable),
        10..16 if readable.are_keys_certain => block(rng, readable),
        _ => statement::any(rng, readable),
    };
    Step::Statement { kind, sql }
}

/// What changes the session or the transaction rather than rows.
fn session(rng: &mut Rng, readable: &Readable) -> (&'static str, String) {
    match rng.u32(..6) {
        0 | 1 => {
            let local = *pick(rng, &["", "", "LOCAL "]);
            ("SET", format!("SET {local}{}", pick(rng, &SETTINGS)))
        }
        2 => ("SET", "RESET ALL".to_owned()),
        3 => ("SET CONSTRAINTS", "SET CONSTRAINTS ALL DEFERRED".to_owned()),
        4 => (
            "SET CONSTRAINTS",
            "SET CONSTRAINTS ALL IMMEDIATE".to_owned(),
        ),
        _ => match readable.tviews {
            [] => ("flush", "SELECT pg_tviews_flush()".to_owned()),
            tviews => ("cursor", {
                let name = rng.u32(..);
                let tview = pick(rng, tviews);
                format!(
                    "DECLARE c{name} CURSOR FOR SELECT * FROM public.{tview}; FETCH 2 FROM c{name}"
                )
            }),
        },
    }
}

/// plpgsql with a part whose EXCEPTION clause may take it back.
fn block(rng: &mut Rng, readable: &Readable) -> (&'static str, String) {
    // A query whose rows nobody takes has to be PERFORMed; EXECUTE takes any statement.
    let statement =
        |rng: &mut Rng| format!("EXECUTE $sql${}$sql$;\n", statement::any(rng, readable).1);
    let read = |rng: &mut Rng| match readable.tviews {
        [] => String::new(),
        tviews => format!("PERFORM count(*) FROM public.{};\n", pick(rng, tviews)),
    };
    let parts = [
        optional(statement(rng)),
        "BEGIN\n".to_owned(),
        optional(statement(rng)),
        if chance(rng, 40) {
            optional(read(rng))
        } else {
            String::new()
        },
        if chance(rng, 50) {
            optional("RAISE EXCEPTION 'taken back';\n")
        } else {
            String::new()
        },
        optional(statement(rng)),
        "EXCEPTION WHEN raise_exception OR integrity_constraint_violation THEN\n".to_owned(),
        optional(statement(rng)),
        "END;\n".to_owned(),
        if chance(rng, 30) {
            optional(read(rng))
        } else {
            String::new()
        },
    ];
    (
        "plpgsql with EXCEPTION",
        format!("DO $do$ BEGIN\n{}END $do$", parts.concat()),
    )
}
