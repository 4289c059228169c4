//! Owns the report on a definition before it is one: a row for each thing that creation would refuse
//! it for, and a row per source.

use super::explain::{Entry, entries};
use crate::catalog;
use crate::convert;
use crate::error::{Error, Result};
use crate::guc::{self, FullRefresh};

/// One row: a refusal, or a source.
#[derive(Default)]
pub(super) struct Finding {
    /// What creation would say: `ok` for nothing.
    pub(super) severity: &'static str,
    pub(super) source: Option<String>,
    pub(super) alias: Option<String>,
    pub(super) route: Option<&'static str>,
    pub(super) path: Option<String>,
    pub(super) columns_used: Option<Vec<String>>,
    pub(super) reason: Option<String>,
    pub(super) remedy: Option<String>,
    pub(super) missing_indexes: Option<Vec<String>>,
}

/// Refusals first.
pub(super) fn check_query(query: &str, name: Option<&str>) -> Result<Vec<Finding>> {
    let survey = convert::survey(query, name)?;
    let missing = catalog::missing_indexes_of(&survey.graph, &survey.routes, None)?;
    let refusals = survey.refusals.iter().map(refusal);
    let entries = entries(&survey.graph, &survey.routes, &missing);
    Ok(refusals.chain(entries.into_iter().map(source)).collect())
}

fn refusal(error: &Error) -> Finding {
    let reason = match error.detail() {
        Some(detail) => format!("{error}. {detail}"),
        None => error.to_string(),
    };
    Finding {
        severity: "error",
        reason: Some(reason),
        remedy: error.hint(),
        ..Finding::default()
    }
}

fn source(entry: Entry) -> Finding {
    let severity = match (entry.reason, guc::full_refresh()) {
        (Some(_), FullRefresh::Error) => "error",
        (Some(_), FullRefresh::Warn) => "warning",
        (None, _) if entry.missing_indexes.is_empty() => "ok",
        (None, _) => "notice",
    };
    Finding {
        severity,
        source: Some(entry.source),
        alias: Some(entry.alias),
        route: Some(entry.route),
        path: Some(entry.path),
        columns_used: Some(entry.columns_used),
        reason: entry.reason.map(str::to_owned),
        remedy: entry.remedy.map(str::to_owned),
        missing_indexes: Some(entry.missing_indexes),
    }
}
