//! Random values: few of each kind, so that rows meet, and among them the ones that are equal and look different.

use crate::schema::{Column, Kind};
use fastrand::Rng;
use std::cell::Cell;

thread_local! {
    static GREATEST: Cell<u32> = const { Cell::new(12) };
}

/// The greatest of the numbers that this thread makes from now on, from 1: the smaller it is, the more rows meet.
#[allow(dead_code, reason = "the differential test leaves it as it is")]
pub fn set_greatest(number: u32) {
    GREATEST.set(number);
}

/// Whether something happens that happens in `percent` of all cases.
pub fn chance(rng: &mut Rng, percent: u32) -> bool {
    rng.u32(..100) < percent
}

pub fn pick<'a, T>(rng: &mut Rng, from: &'a [T]) -> &'a T {
    &from[rng.usize(..from.len())]
}

/// The text of a value, as COPY and quoted literals take it.
pub fn text(rng: &mut Rng, kind: Kind) -> String {
    let from: &[&str] = match kind {
        Kind::Int | Kind::Big => return rng.u32(1..=GREATEST.get()).to_string(),
        Kind::Uuid => return uuid(rng),
        Kind::Ints => return ints(rng),
        Kind::Numeric => &[
            "1", "1.0", "1.00", "2", "2.0", "2.50", "2.5", "3", "-1.00", "10", "0",
        ],
        Kind::Text => &["a", "b", "c", "A", "ä", "", "x y", "it's", "3"],
        Kind::Anycase => &["a", "A", "b", "B", "ä", "Ä", "c", "C", "d"],
        Kind::Citext => &["a", "A", "b", "B", "c", "Ann", "ANN"],
        Kind::Time => &[
            "2026-03-29 00:30:00+00",
            "2026-03-29 01:30:00+00",
            "2026-07-01 22:30:00+00",
            "2025-12-31 23:59:59.5+00",
            "infinity",
        ],
        Kind::Date => &["2026-03-29", "2026-02-28", "2024-02-29"],
        Kind::Interval => &[
            "1 day",
            "24 hours",
            "1 mon",
            "30 days",
            "-00:00:01.5",
            "1 year 2 mons",
        ],
        Kind::Mood => &["low", "mid", "high"],
        Kind::Percent => &["0", "1", "2", "3", "50", "100"],
        Kind::Json => &[
            r#"{"n": 1.0, "t": "a", "links": [1, 2]}"#,
            r#"{"n": 1.00, "t": "A", "links": [2, 2, null]}"#,
            r#"{"n": 2, "t": null, "links": []}"#,
            r#"{"links": [3, 11, 1]}"#,
            "[]",
            "null",
            "7",
        ],
        Kind::Bytes => &["\\x00ff", "\\x", "\\x41"],
        Kind::Float => &["0.1", "1e-7", "3", "0.30000000000000004"],
        Kind::Bool => &["t", "f"],
    };
    (*pick(rng, from)).to_owned()
}

fn uuid(rng: &mut Rng) -> String {
    let digits = format!("{:032x}", rng.u128(..));
    let parts = [
        &digits[..8],
        &digits[8..12],
        &digits[12..16],
        &digits[16..20],
        &digits[20..],
    ];
    parts.join("-")
}

fn ints(rng: &mut Rng) -> String {
    let members: Vec<String> = (0..rng.u32(0..=4))
        .map(|_| match rng.u32(..6) {
            0 => "NULL".to_owned(),
            _ => rng.u32(1..=GREATEST.get()).to_string(),
        })
        .collect();
    format!("{{{}}}", members.join(","))
}

pub fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A literal whose type is left to its surroundings.
pub fn literal(rng: &mut Rng, kind: Kind) -> String {
    let text = text(rng, kind);
    match kind {
        Kind::Int | Kind::Big | Kind::Percent if !text.starts_with('-') => text,
        _ => quote(&text),
    }
}

/// A literal of that type, wherever it stands.
pub fn typed(rng: &mut Rng, kind: Kind) -> String {
    let name = match kind {
        Kind::Int => "int",
        Kind::Big => "bigint",
        Kind::Numeric => "numeric",
        Kind::Text => "text",
        Kind::Anycase => "text COLLATE anycase",
        Kind::Citext => "citext",
        Kind::Uuid => "uuid",
        Kind::Time => "timestamptz",
        Kind::Date => "date",
        Kind::Interval => "interval",
        Kind::Mood => "mood",
        Kind::Percent => "percent",
        Kind::Ints => "int[]",
        Kind::Json => "jsonb",
        Kind::Bytes => "bytea",
        Kind::Float => "double precision",
        Kind::Bool => "boolean",
    };
    format!("{}::{name}", quote(&text(rng, kind)))
}

/// NULL in a good part of the columns that allow it.
pub fn is_null(rng: &mut Rng, column: &Column) -> bool {
    column.is_nullable && chance(rng, 25)
}
