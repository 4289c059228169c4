//! Owns the comparison of some rows: a random sample of the TVIEW's own, and of those that the query should give.

use super::apply::compare;
use super::{KEYS_AT_ONCE, as_reader, pin, take_snapshot};
use crate::catalog::Tview;
use crate::error::Result;
use crate::lineage::model::Route;
use crate::lineage::sql::{ACTION, COPIES, sample};
use crate::name::Name;
use crate::pg::snapshot::{Freshness, Snapshot};
use crate::pg::spi::{Args, Session};
use crate::pg::value::Row;
use std::collections::HashSet;

/// Rows of a sample that differ.
#[derive(Default)]
pub(crate) struct Differences {
    /// Given by the query, and not in the table.
    pub(crate) missing: i64,
    /// In the table, and not given by the query.
    pub(crate) extra: i64,
    pub(crate) different: i64,
}

/// Compares up to `count` rows that the TVIEW has, and as many that its query gives. `None` if that cannot be done for
/// keys alone.
pub(crate) fn differences(tview: &Tview, count: u32) -> Result<Option<Differences>> {
    let session = Session::open();
    let pinned = pin(tview);
    pinned.prefer_indexes();
    let active = take_snapshot(Freshness::Statement);
    let _reader = as_reader(tview);
    let mut keys: HashSet<Row> = HashSet::new();
    let of_table: Vec<&str> = tview.graph.key.iter().map(|k| k.name.as_str()).collect();
    let mut samples = vec![sample(&tview.name, &of_table)];
    samples.extend(roots(tview));
    // Without a source that has the keys, whatever the query gives first.
    if samples.len() == 1 {
        samples.push(tview.table.some_keys());
    }
    for text in samples {
        let args = Args::none().with(i64::from(count));
        let rows = session.run_once(&text, &args, active.snapshot())?;
        let found = (0..rows.len()).map(|r| rows.row(r, &tview.key));
        keys.extend(found.filter(|k| k.iter().all(|v| !v.is_null())));
    }
    let keys: Vec<Row> = keys.into_iter().collect();
    count_differences(&session, tview, &keys, active.snapshot())
}

/// Samples of the keys that rows of sources hold.
fn roots(tview: &Tview) -> impl Iterator<Item = String> {
    let sources = tview.graph.sources.iter().enumerate();
    sources.filter_map(|(n, source)| {
        let is_direct = matches!(tview.routes[n], Route::Keys(_)) && tview.key_queries[n].is_none();
        let name = |attribute: &i16| source.column(*attribute).map(|c| c.name.as_str());
        let key = tview.locking.captured[n].iter().take(tview.key.len());
        let columns: Option<Vec<&str>> = key.map(name).collect();
        let columns = columns.filter(|_| is_direct)?;
        let table: &Name = &source.name;
        Some(sample(table, &columns))
    })
}

fn count_differences(
    session: &Session,
    tview: &Tview,
    keys: &[Row],
    snapshot: Snapshot<'_>,
) -> Result<Option<Differences>> {
    let mut found = Differences::default();
    for some in keys.chunks(KEYS_AT_ONCE) {
        let Some(rows) = compare(session, tview, &tview.statements().of_keys, some, snapshot)?
        else {
            return Ok(None);
        };
        for row in 0..rows.len() {
            let is_double = rows.get::<i64>(row, COPIES).is_some_and(|n| n > 1);
            match rows.get::<String>(row, ACTION).as_deref() {
                Some("i") if !is_double => found.missing += 1,
                Some("d") => found.extra += 1,
                _ => found.different += 1,
            }
        }
    }
    Ok(Some(found))
}
