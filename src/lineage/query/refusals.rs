//! Owns what happens where a query cannot be maintained at all: the analysis ends with the error, or
//! goes on where everything that is wrong is wanted.

use super::Walk;
use crate::error::{Error, Result};
use crate::lineage::model::Graph;
use crate::pg::node::Query;

/// As [`super::analyse`], with what a definition would be refused for beside the graph.
pub(crate) fn survey(query: Query<'_>, key: &[(i16, String)]) -> Result<(Graph, Vec<Error>)> {
    let mut walk = Walk::new();
    walk.refusals = Some(Vec::new());
    let graph = super::graph(&mut walk, query, key);
    let mut refusals = walk.refusals.unwrap_or_default();
    match graph {
        Ok(graph) => Ok((graph, refusals)),
        Err(error @ (Error::Construct { .. } | Error::Function { .. } | Error::Source { .. })) => {
            refusals.push(error);
            Ok((Graph::default(), refusals))
        }
        Err(other) => Err(other),
    }
}

impl Walk<'_> {
    pub(super) fn refuse(&mut self, error: Error) -> Result<()> {
        match &mut self.refusals {
            Some(found) => {
                found.push(error);
                Ok(())
            }
            None => Err(error),
        }
    }

    /// Goes on after a refusal.
    pub(super) fn require(&mut self, checked: Result<()>) -> Result<()> {
        checked.or_else(|error| self.refuse(error))
    }
}
