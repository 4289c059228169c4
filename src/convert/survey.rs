//! Owns the look ahead: which lineage a definition would have, and what creation would refuse it
//! for. Makes nothing, locks nothing against anybody, and asks for no right of the caller.

use super::definition::check_definition;
use super::install::check_no_circle;
use super::shape::{entity, missing_columns};
use crate::error::{Error, Result};
use crate::lineage::model::{Graph, Route};
use crate::lineage::{query, route};
use crate::name::Name;
use crate::pg::identity::{Settings, current_user};
use crate::pg::node::{Target, Tree};
use crate::pg::relation;
use crate::pg::spi::Session;
use crate::refresh;
use pgrx::pg_sys::Oid;

/// What messages call a TVIEW that has no name yet.
const UNNAMED: &str = "tv_<entity>";

#[derive(Default)]
pub(crate) struct Survey {
    /// Without sources where the query cannot be followed at all.
    pub(crate) graph: Graph,
    pub(crate) routes: Vec<Route>,
    pub(crate) refusals: Vec<Error>,
}

impl Survey {
    /// Each thing once, however often the query has it.
    fn refuse(&mut self, checked: Result<()>) {
        if let Err(error) = checked {
            let text = error.to_string();
            if self.refusals.iter().all(|known| known.to_string() != text) {
                self.refusals.push(error);
            }
        }
    }
}

/// Surveys a query as the definition of the table that `name` names, whether there is one or not.
pub(crate) fn survey(text: &str, name: Option<&str>) -> Result<Survey> {
    let mut survey = Survey::default();
    let label = match name.map(relation::name_parts) {
        Some(mut parts) => parts.pop().unwrap_or_default(),
        None => UNNAMED.to_owned(),
    };
    let mut tree = match Tree::parse(text, &label) {
        Err(error @ Error::NotASelect(_)) => {
            survey.refuse(Err(error));
            return Ok(survey);
        }
        other => other?,
    };
    let table = Name {
        schema: String::new(),
        name: label,
    };
    if name.is_some() && entity(&table).is_none() {
        survey.refuse(Err(Error::NameWithoutPrefix(table.name.clone())));
    }
    survey.refuse(check_columns(&tree, &table));
    let settings = Settings::start();
    refresh::pin_execution(&settings);
    let views = tree.expand_views();
    let key = key(&tree.query().columns(), name.and(entity(&table)));
    let (graph, refusals) = query::survey(tree.query(), key.as_slice())?;
    refusals.into_iter().for_each(|r| survey.refuse(Err(r)));
    survey.refuse(check_definition(&Session::open(), &graph));
    // Without a key there is nothing that routes could lead to.
    if key.is_some() {
        survey.routes = route::choose(&graph);
        survey.graph = graph;
    }
    check_rights(&mut survey, &table.name, &views);
    drop(settings);
    if let Some(relid) = name.and_then(relation::find) {
        check_circle(&mut survey, relid, &table)?;
    }
    Ok(survey)
}

fn check_columns(tree: &Tree, table: &Name) -> Result<()> {
    let columns = tree.query().columns();
    let names: Vec<String> = columns.iter().map(Target::name).collect();
    let described = names.iter().map(String::as_str);
    let described = described.zip(columns.iter().map(|t| t.expr.type_oid()));
    match missing_columns(described) {
        Some(missing) => Err(Error::Shape {
            table: table.name.clone(),
            missing,
        }),
        None => Ok(()),
    }
}

/// The column that creation would make the key: `pk_<entity>`, or any `pk_…` for a table without a
/// name, or `id`.
fn key(columns: &[Target<'_>], entity: Option<&str>) -> Option<(i16, String)> {
    let preferred = |name: &str| match entity {
        Some(entity) => name.strip_prefix("pk_") == Some(entity),
        None => name.starts_with("pk_"),
    };
    let named = |fits: &dyn Fn(&str) -> bool| {
        let target = columns.iter().find(|t| fits(&t.name()))?;
        Some((target.position, target.name()))
    };
    named(&preferred).or_else(|| named(&|name| name == "id"))
}

fn check_rights(survey: &mut Survey, table: &str, views: &[Oid]) {
    let role = current_user();
    let check = |s| super::check_right(s, role);
    let checked: Vec<Result<()>> = survey.graph.sources.iter().map(check).collect();
    checked.into_iter().for_each(|c| survey.refuse(c));
    survey.refuse(super::check_row_security(table, &survey.graph, views, role));
}

fn check_circle(survey: &mut Survey, relid: Oid, table: &Name) -> Result<()> {
    let sources: Vec<Oid> = survey.graph.tables().into_iter().map(Oid::from).collect();
    match check_no_circle(&Session::open(), relid, table, &sources) {
        Err(error @ Error::Circle(_)) => survey.refuse(Err(error)),
        other => other?,
    }
    Ok(())
}
