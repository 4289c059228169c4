//! The oracle: a TVIEW against its query as the tester wrote it, row by row by their text, both ways.

use crate::case::Tview;

/// What a document's text depends on, with the defaults of the private server.
pub const SETTINGS: [(&str, &str); 5] = [
    ("TimeZone", "UTC"),
    ("DateStyle", "ISO, MDY"),
    ("IntervalStyle", "postgres"),
    ("extra_float_digits", "1"),
    ("bytea_output", "hex"),
];

/// Whether anything in a case changes settings, so that the query has to be kept from them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Pinning {
    All,
    None,
}

/// Creates a function that evaluates the query under the settings of the TVIEW's creation, whatever the session has.
/// It is VOLATILE, so that it sees what the transaction has done so far.
pub fn wanted(tview: &Tview, query: &str, pinning: Pinning) -> String {
    let settings: String = SETTINGS
        .iter()
        .filter(|_| pinning == Pinning::All)
        .map(|(name, default)| {
            let value = tview
                .settings
                .iter()
                .find(|(set, _)| set == name)
                .map_or(default, |(_, value)| value);
            format!(" SET {name} = '{value}'")
        })
        .collect();
    let name = &tview.name;
    format!(
        "CREATE FUNCTION oracle.{name}() RETURNS SETOF public.{name} LANGUAGE plpgsql SET search_path = 'public'{settings} AS $oracle$\n\
         BEGIN RETURN QUERY\n{query};\nEND $oracle$"
    )
}

/// One row for each row that a TVIEW lacks or has too many. Reads the TVIEW at the top level, as a client does.
pub fn comparison(tviews: &[&str]) -> String {
    let arms: Vec<String> = tviews.iter().map(|name| one(name)).collect();
    arms.join("\nUNION ALL\n")
}

fn one(name: &str) -> String {
    format!(
        "SELECT '{name}' AS tview, d.* FROM (\n\
         WITH wanted AS MATERIALIZED (SELECT w::text AS image FROM oracle.{name}() w),\n     \
         found AS MATERIALIZED (SELECT t::text AS image FROM public.{name} t)\n\
         SELECT 'missing' AS what, a.image FROM (TABLE wanted EXCEPT ALL TABLE found) a\n\
         UNION ALL SELECT 'extra', b.image FROM (TABLE found EXCEPT ALL TABLE wanted) b) d"
    )
}

/// Counts what no TVIEW may have: keys that the query gives twice or NULL. `key` are columns of the query.
pub fn bad_keys(query: &str, key: &str) -> String {
    let is_null: Vec<String> = key
        .split(',')
        .map(|column| format!("{} IS NULL", column.trim()))
        .collect();
    format!(
        "SELECT count(*) FROM (SELECT {key} FROM (\n{query}\n) q GROUP BY {key} HAVING count(*) > 1 OR bool_or({})) k",
        is_null.join(" OR ")
    )
}

/// Plans that read rows in another order. A query that gives other rows under one of them leaves its result open.
pub const PLANS: [&str; 6] = [
    "enable_hashagg = off",
    "enable_hashjoin = off",
    "enable_mergejoin = off",
    "enable_nestloop = off",
    "enable_seqscan = off",
    "enable_sort = off",
];

/// One text for all the rows that a TVIEW should have.
pub fn digest(name: &str) -> String {
    format!(
        "SELECT coalesce(string_agg(w::text, ' ' ORDER BY w::text COLLATE \"C\"), '') FROM oracle.{name}() w"
    )
}
