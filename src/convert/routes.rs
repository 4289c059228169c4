//! Owns what is said of a TVIEW's routes when its definition is accepted: sources without a
//! selective one, which `pg_tviews.full_refresh` may refuse, and indexes that the others lack.

use crate::catalog::{self, Tview};
use crate::error::{Error, Result};
use crate::guc::{self, FullRefresh};
use crate::lineage::model::{Reason, Route, Source};
use crate::pg::guard::{Level, tell};
use crate::pg::spi::Session;
use crate::refresh;

/// Runs what writes will run, which may fail. Errors: those of the query.
pub(super) fn try_out(tview: &Tview) -> Result<()> {
    let _settings = refresh::pin(tview);
    if !refresh::try_out(&Session::open(), tview)? {
        let warning = format!(
            "every change compares the whole TVIEW \"{}\", because {FAILING}",
            tview.name.name
        );
        let hint = "Join on columns, or let the expression be NULL for such rows.";
        tell(Level::Warning, &warning, None, Some(hint));
    }
    Ok(())
}

/// Why rows cannot be compared by their keys.
pub(crate) const FAILING: &str = "an expression fails for rows that its query leaves out";

/// Tells of both, once per table. Error: 0A000.
pub(super) fn judge(tview: &Tview) -> Result<()> {
    for (source, reason) in full(tview) {
        match guc::full_refresh() {
            FullRefresh::Warn => warn(tview, source, reason),
            FullRefresh::Error => return Err(refusal(tview, source, reason)),
        }
    }
    tell_missing_indexes(tview)
}

/// Tables without a selective route, each once for each reason.
pub(crate) fn full(tview: &Tview) -> Vec<(&Source, Reason)> {
    let mut found: Vec<(&Source, Reason)> = Vec::new();
    for (source, route) in tview.graph.sources.iter().zip(&tview.routes) {
        let Route::Full(reason) = route else { continue };
        let is_same = |(s, r): &(&Source, Reason)| s.relid == source.relid && r == reason;
        if !found.iter().any(is_same) {
            found.push((source, *reason));
        }
    }
    found
}

fn warn(tview: &Tview, source: &Source, reason: Reason) {
    let warning = format!(
        "every change of table \"{}\" compares the whole TVIEW \"{}\", because {}",
        source.name.name,
        tview.name.name,
        reason.text()
    );
    let hint = "pg_tviews_explain() shows the routes of all sources.";
    tell(Level::Warning, &warning, None, Some(hint));
}

fn refusal(tview: &Tview, source: &Source, reason: Reason) -> Error {
    Error::FullRoute {
        table: source.name.name.clone(),
        tview: tview.name.name.clone(),
        reason: reason.text(),
        remedy: reason.remedy(),
    }
}

fn tell_missing_indexes(tview: &Tview) -> Result<()> {
    for missing in catalog::missing_indexes(tview)? {
        let notice = format!(
            "table \"{}\" has no index for looking up rows of TVIEW \"{}\" by ({})",
            missing.table.name, tview.name.name, missing.columns
        );
        let detail = "An index on an expression evaluates it for every row of the table, also for those that the query leaves out.";
        let detail = missing.has_expression.then_some(detail);
        tell(Level::Notice, &notice, detail, Some(&missing.statement));
    }
    Ok(())
}
