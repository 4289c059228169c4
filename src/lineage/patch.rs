//! Owns the decision which changes of a source can be written to a TVIEW as patches: new values of some
//! [`Part`]s, computed from the changed row alone, with the rest left as it is.
//!
//! That equals computing the rows anew where the changed columns decide about nothing but such parts, and where each row
//! of the result comes from one row of the source, if any: found from the key along links that each lead to one row at most, by a
//! unique index, and that are all there is to whether an outer join finds the row.

use super::model::{Chain, Condition, Form, Graph, Hop, Link, Part, Presence, Route, Side};
use crate::name::{Index, IndexColumn};
use crate::sabotage::{Rule, breaks};
use std::collections::BTreeMap;
use std::rc::Rc;

/// How changes of a source are patched.
#[derive(Clone, Debug)]
pub(crate) struct Patch {
    /// Indexes of the graph's parts.
    pub(crate) parts: Vec<usize>,
    /// For each attribute of which nothing else is made, the places in `parts` that it has, as bits.
    pub(crate) attributes: BTreeMap<i16, u64>,
    /// What tells the changed row from others of its table.
    pub(crate) unique: Vec<i16>,
    /// From the row to those of the TVIEW.
    pub(crate) reach: Reach,
}

/// The end of the way from a changed row to rows of the TVIEW.
#[derive(Clone, Debug)]
pub(crate) enum Reach {
    /// Along the chain, and by the key.
    Key(Chain),
    /// Without the chain's last table, because the TVIEW has the columns that link it: by conditions on these.
    Carried {
        hops: Vec<Hop>,
        /// The links that led to that table, and which of the result's columns has the parent's side.
        links: Vec<(Link, i16)>,
    },
}

/// What the server knows of tables.
pub(crate) struct Tables<'t> {
    pub(crate) indexes_of: &'t dyn Fn(u32) -> Rc<[Index]>,
    /// The indexes of the TVIEW, over positions in the result.
    pub(crate) own_indexes: &'t dyn Fn() -> Vec<Index>,
    /// Positions in the result of columns that a patch may set.
    pub(crate) free: &'t [i16],
}

/// One entry per source; `None` where each change is computed anew.
pub(crate) fn patches(graph: &Graph, routes: &[Route], tables: &Tables<'_>) -> Vec<Option<Patch>> {
    (0..routes.len())
        .map(|source| patch(graph, routes, source, tables))
        .collect()
}

fn patch(graph: &Graph, routes: &[Route], source: usize, tables: &Tables<'_>) -> Option<Patch> {
    if !graph.mates.is_empty() || !graph.scopes.is_empty() || !graph.choices.is_empty() {
        return None;
    }
    let [chain] = routes[source].chains() else {
        return None;
    };
    // An expression on the way can fail for rows that the query leaves out.
    if routes[source].is_computed() {
        return None;
    }
    let is_whole = chain.key.len() == graph.key.len() && chain.filter.is_empty();
    if !is_whole || !is_present(graph, source, chain) && !breaks(Rule::Presence) {
        return None;
    }
    let is_own = |(_, part): &(usize, &Part)| part.source == source;
    let own = graph.parts.iter().enumerate().filter(is_own);
    let parts: Vec<usize> = own.map(|(n, _)| n).collect();
    if parts.len() > MAX_PARTS {
        return None;
    }
    let start = routes[source].start();
    let is_free = |attribute: &i16| {
        let mut reading = parts.iter().map(|p| &graph.parts[*p]);
        let may_set =
            |p: &Part| !p.attributes.contains(attribute) || tables.free.contains(&p.position);
        !start.contains(attribute)
            && (!graph.sources[source].decisive.contains(attribute) || breaks(Rule::Decisive))
            && reading.all(may_set)
    };
    let bits = |attribute: &i16| {
        let reads = |(_, p): &(usize, &usize)| graph.parts[**p].attributes.contains(attribute);
        let places = parts.iter().enumerate().filter(reads);
        (
            *attribute,
            places.fold(0, |bits, (place, _)| bits | 1 << place),
        )
    };
    let used = graph.sources[source].used.iter();
    let attributes: BTreeMap<i16, u64> = used.filter(|a| is_free(a)).map(bits).collect();
    if attributes.is_empty() {
        return None;
    }
    // Last, since it reads indexes.
    let unique = single_rows(graph, source, chain, tables)?;
    Some(Patch {
        reach: reach(graph, chain, tables),
        parts,
        attributes,
        unique,
    })
}

/// Parts of one source that are told apart.
pub(crate) const MAX_PARTS: usize = 63;

/// Whether the rows that the chain leads to from a row of the source are those that have it.
fn is_present(graph: &Graph, source: usize, chain: &Chain) -> bool {
    match graph.sources[source].presence {
        Presence::Always => true,
        Presence::Unknown => false,
        Presence::Where(conditions) => {
            let links = graph.links.iter().filter(|l| l.child.source == source);
            let links: Vec<&Link> = links.collect();
            let is_always = |s: usize| graph.sources[s].presence == Presence::Always;
            let taken = match chain.hops.first() {
                Some(hop) => hop.links.len(),
                None => chain.key.len(),
            };
            // By equalities of rows that are there in any case, the chain may take other tables' columns for equal.
            links.len() == conditions
                && taken == conditions
                && links.iter().all(|l| is_always(l.parent.source))
        }
    }
}

/// Whether each row that has the key has one row of the source at most; gives the columns that tell it from others.
fn single_rows(
    graph: &Graph,
    source: usize,
    chain: &Chain,
    tables: &Tables<'_>,
) -> Option<Vec<i16>> {
    let mut unique = None;
    let mut child = source;
    for hop in &chain.hops {
        let ends = hop.links.iter().map(equality).collect::<Option<Vec<_>>>()?;
        let found = told_apart(graph, child, &ends, tables)?;
        unique.get_or_insert(found);
        if !hop.filter.is_empty() {
            return None;
        }
        child = hop.source;
    }
    let end = |(part, side): &(usize, Side)| {
        let key = &graph.key[*part];
        end(side, &key.families, key.collation)
    };
    let ends = chain.key.iter().map(end).collect::<Option<Vec<_>>>()?;
    let found = told_apart(graph, child, &ends, tables)?;
    Some(unique.unwrap_or(found))
}

/// A column that must equal something, and by which families and collation.
type End<'g> = (i16, &'g [u32], u32);

fn end<'g>(side: &Side, families: &'g [u32], collation: u32) -> Option<End<'g>> {
    let is_bare = side.form == Form::Column && side.element_type.is_none();
    match side.attributes.as_slice() {
        [attribute] if is_bare => Some((*attribute, families, collation)),
        _ => None,
    }
}

fn equality(link: &Link) -> Option<End<'_>> {
    match &link.condition {
        Condition::Equal(e) if link.repeated.is_none() && link.parent.element_type.is_none() => {
            end(&link.child, &e.families, e.collation)
        }
        _ => None,
    }
}

/// The columns of a unique index that all must equal something.
fn told_apart(
    graph: &Graph,
    source: usize,
    ends: &[End<'_>],
    tables: &Tables<'_>,
) -> Option<Vec<i16>> {
    let indexes = (tables.indexes_of)(graph.sources[source].relid);
    let is_met = |column: &IndexColumn| ends.iter().any(|end| answers(column, end));
    if breaks(Rule::SingleRows) {
        return Some(ends.iter().map(|(attribute, ..)| *attribute).collect());
    }
    let mut unique = indexes.iter().filter(|i| i.is_unique);
    let found = unique.find(|i| i.columns.iter().all(is_met))?;
    Some(found.columns.iter().map(|c| c.attribute).collect())
}

fn answers(column: &IndexColumn, (attribute, families, collation): &End<'_>) -> bool {
    column.attribute == *attribute
        && families.contains(&column.family)
        && column.collation == *collation
}

fn reach(graph: &Graph, chain: &Chain, tables: &Tables<'_>) -> Reach {
    let carried = |links: &[Link]| {
        let links: Vec<(Link, i16)> = links
            .iter()
            .map(|link| Some((link.clone(), carrier(graph, &link.parent)?)))
            .collect::<Option<_>>()?;
        let leads = |index: &Index| {
            let first = index.columns.first();
            first.is_some_and(|column| {
                let is_meant = |(link, position): &(Link, i16)| {
                    equality(link).is_some_and(|(_, families, collation)| {
                        answers(column, &(*position, families, collation))
                    })
                };
                links.iter().any(is_meant)
            })
        };
        let own_indexes = (tables.own_indexes)();
        own_indexes.iter().any(leads).then_some(links)
    };
    let last = chain.hops.split_last();
    match last.and_then(|(last, before)| Some((before, carried(&last.links)?))) {
        Some((before, links)) => Reach::Carried {
            hops: before.to_vec(),
            links,
        },
        None => Reach::Key(chain.clone()),
    }
}

/// The result column that is a column of a source and nothing else.
fn carrier(graph: &Graph, side: &Side) -> Option<i16> {
    let is_same = |p: &&Part| {
        p.path.is_empty() && p.source == side.source && p.bare.as_slice() == side.attributes
    };
    let mut parts = graph.parts.iter().filter(|_| side.form == Form::Column);
    parts.find(is_same).map(|p| p.position)
}

#[cfg(test)]
mod tests {
    use super::super::{fixtures, route};
    use super::*;
    use std::collections::BTreeSet;

    fn index(attribute: i16, is_unique: bool) -> Index {
        let column = IndexColumn {
            attribute,
            family: 1976,
            collation: 0,
        };
        Index {
            oid: 0,
            columns: vec![column],
            is_unique,
        }
    }

    fn part(position: i16, source: usize, attribute: i16, path: &[&str]) -> Part {
        Part {
            position,
            path: path.iter().map(|key| (*key).to_owned()).collect(),
            source,
            attributes: BTreeSet::from([attribute]),
            bare: Some(attribute),
            sql: format!("(t{source}.c{attribute})"),
        }
    }

    /// Documents of table 0, found by its column 1, with column 2 of table 1, whose column 1 it names in its column 2.
    fn graph() -> Graph {
        let links = vec![fixtures::link((1, 1), (0, 2))];
        let mut graph = fixtures::graph(2, links, &[(0, 0, 1)]);
        graph.parts = vec![part(2, 0, 2, &[]), part(3, 1, 2, &["author", "name"])];
        graph.sources[1].used = BTreeSet::from([1, 2]);
        graph
    }

    fn of_author(graph: &Graph, is_unique: bool, own_indexes: &[Index]) -> Option<Patch> {
        let tables = Tables {
            indexes_of: &|_| Rc::new([index(1, is_unique)]),
            own_indexes: &|| own_indexes.to_vec(),
            free: &[3],
        };
        let mut found = patches(graph, &route::choose(graph), &tables);
        found.remove(1)
    }

    #[test]
    fn a_shown_column_of_a_joined_row_is_patched() {
        let patch = of_author(&graph(), true, &[]).unwrap();
        assert_eq!(patch.attributes, BTreeMap::from([(2, 1)]));
        assert_eq!(patch.unique, [1]);
        assert!(matches!(patch.reach, Reach::Key(_)));
    }

    #[test]
    fn rows_are_found_by_the_column_that_links_them_where_it_has_an_index() {
        let patch = of_author(&graph(), true, &[index(2, false)]).unwrap();
        assert!(matches!(patch.reach, Reach::Carried { hops, .. } if hops.is_empty()));
    }

    #[test]
    fn a_column_that_decides_about_more_is_not() {
        let mut graph = graph();
        graph.sources[1].decisive = BTreeSet::from([2]);
        assert!(of_author(&graph, true, &[]).is_none());
    }

    #[test]
    fn indexes_are_read_only_where_a_column_may_be_patched() {
        let mut graph = graph();
        graph.sources[1].decisive = BTreeSet::from([2]);
        let tables = Tables {
            indexes_of: &|_| panic!("the source's indexes are read"),
            own_indexes: &|| panic!("the TVIEW's indexes are read"),
            free: &[3],
        };
        assert!(patch(&graph, &route::choose(&graph), 1, &tables).is_none());
    }

    #[test]
    fn one_of_several_rows_with_the_same_link_is_not() {
        assert!(of_author(&graph(), false, &[]).is_none());
    }

    #[test]
    fn a_row_that_more_than_its_link_decides_about_is_not() {
        let mut graph = graph();
        graph.sources[1].presence = Presence::Where(1);
        assert!(of_author(&graph, true, &[]).is_some());
        graph.sources[1].presence = Presence::Where(2);
        assert!(of_author(&graph, true, &[]).is_none());
        graph.sources[1].presence = Presence::Unknown;
        assert!(of_author(&graph, true, &[]).is_none());
    }

    #[test]
    fn a_column_that_may_not_be_set_is_not() {
        let mut graph = graph();
        graph.parts.push(part(4, 1, 2, &[]));
        assert!(of_author(&graph, true, &[]).is_none());
    }
}
