//! Owns the knowledge of how a change of a source row reaches the rows of a TVIEW: an analysed
//! query becomes a [`model::Graph`] ([`query`]), the graph gives each source a route ([`route`]),
//! routes become SQL ([`sql`]), tell where concurrent writers must meet ([`edges`]) and tell which indexes they go through ([`indexes`]). What has no
//! selective route has a reason, and a [`remedy`]. Past `query` everything is pure and tested
//! without a server.

pub(crate) mod edges;
#[cfg(test)]
mod fixtures;
pub(crate) mod indexes;
pub(crate) mod model;
pub(crate) mod patch;
pub(crate) mod query;
mod remedy;
pub(crate) mod route;
pub(crate) mod sql;
mod volatility;
