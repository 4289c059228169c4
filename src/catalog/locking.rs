//! Owns how a TVIEW's [`crate::lineage::edges`] become something to run: which values of a captured row
//! are locked, the statements that read those further away, and how values are hashed.

use crate::lineage::edges::{self, Edge, End, Test};
use crate::lineage::model::{Form, Graph, Route, tag};
use crate::lineage::sql::{self, edge, key::key_query};
use crate::pg::function;
use crate::pg::hash::{Hasher, mix};
use crate::pg::value::{Row, Storage, Value};
use pgrx::pg_sys::Oid;

/// How writers of a TVIEW lock, as refreshing needs it.
pub(crate) struct Locking {
    /// The parts of the key that are locked.
    pub(crate) parts: Vec<usize>,
    hashers: Vec<Option<Hasher>>,
    pub(crate) edges: Vec<LockedEdge>,
    /// Per source, the edges that begin there, and those that end there.
    pub(crate) up: Vec<Vec<usize>>,
    pub(crate) down: Vec<Vec<usize>>,
    /// Per source, how its rows find the parts, where these are not the whole key.
    pub(crate) lookups: Option<Vec<Lookup>>,
    /// Locking evaluates expressions.
    pub(super) is_computed: bool,
    /// Per source, the attributes that are captured: those that its route starts from come first.
    pub(crate) captured: Vec<Vec<i16>>,
}

/// From captured rows to the parts of the key that are locked.
pub(crate) enum Lookup {
    /// Values at these places of the captured row.
    Captured(Vec<usize>),
    Query(String),
    /// No way: the whole TVIEW is locked.
    Whole,
}

pub(crate) struct LockedEdge {
    pub(crate) number: u16,
    /// The columns of its child, for people.
    pub(crate) label: String,
    pub(crate) child: LockedEnd,
    pub(crate) parent: LockedEnd,
    /// Edges further away from the key, and the statements from values of this one to theirs.
    pub(crate) steps: Vec<(usize, String)>,
}

/// The values of one end of an edge.
pub(crate) struct LockedEnd {
    /// Where they are in a captured row.
    pub(crate) places: Vec<usize>,
    /// Instead, where they are computed or elements of arrays.
    pub(crate) query: Option<String>,
    pub(crate) storage: Vec<Storage>,
    tests: Vec<(Test, Option<Hasher>)>,
}

impl LockedEnd {
    /// The hash to lock; `None` if nothing is linked by such values.
    pub(crate) fn hash(&self, values: &Row) -> Option<u32> {
        let mut hash = None;
        for (value, (test, hasher)) in values.iter().zip(&self.tests) {
            if matches!(
                (test, value.is_null()),
                (Test::NotNull, true) | (Test::Null, false)
            ) {
                return None;
            }
            if let Some(hasher) = hasher {
                hash = Some(add(hash, *hasher, value));
            }
        }
        Some(hash.unwrap_or(0))
    }

    /// What a hash stands for, for people; `None` if more than one value went into it.
    pub(crate) fn describe(&self, hash: u32) -> Option<String> {
        let mut hashers = self.tests.iter().filter_map(|(_, hasher)| *hasher);
        match (hashers.next(), hashers.next()) {
            (Some(only), None) => Some(only.describe(hash)),
            _ => None,
        }
    }
}

fn add(hash: Option<u32>, hasher: Hasher, value: &Value) -> u32 {
    let of_value = match value.is_null() {
        true => u32::MAX,
        false => hasher.hash(value),
    };
    match hash {
        Some(hash) => mix(hash, of_value),
        None => of_value,
    }
}

impl Locking {
    /// The hash of the locked parts of a key.
    pub(crate) fn hash_key(&self, key: &Row) -> u32 {
        let parts: Row = self.parts.iter().map(|p| key[*p].clone()).collect();
        self.hash_parts(&parts)
    }

    pub(crate) fn hash_parts(&self, parts: &Row) -> u32 {
        let pairs = parts.iter().zip(&self.hashers);
        pairs
            .filter_map(|(value, hasher)| Some((value, (*hasher)?)))
            .fold(None, |hash, (value, hasher)| Some(add(hash, hasher, value)))
            .unwrap_or(0)
    }

    /// What a key's hash stands for, for people.
    pub(crate) fn describe_key(&self, hash: u32) -> Option<String> {
        match self.hashers.as_slice() {
            [Some(only)] => Some(only.describe(hash)),
            _ => None,
        }
    }

    /// Whether a changed row of a source can make a link that others must know of.
    pub(crate) fn links(&self, source: usize) -> bool {
        !self.down[source].is_empty()
    }

    /// Every statement that a lock may need, with the types of its parameter: for trying them out.
    pub(crate) fn statements(&self) -> Vec<(&str, &[Storage])> {
        let steps = self.edges.iter().flat_map(|e| {
            let input = e.parent.storage.as_slice();
            e.steps.iter().map(move |(_, sql)| (sql.as_str(), input))
        });
        steps.collect()
    }
}

/// Makes it, once the routes are known.
pub(super) fn locking(graph: &Graph, routes: &[Route], table: &sql::Table) -> Locking {
    let found = edges::locking(graph, routes);
    let sources = graph.sources.len();
    let partial = found.partial.as_ref();
    let captured: Vec<Vec<i16>> = (0..sources)
        .map(|s| {
            captured(
                graph,
                s,
                &routes[s],
                partial.map(|(_, r)| &r[s]),
                &found.edges,
            )
        })
        .collect();
    let of_part = |p: &usize| {
        let part = &graph.key[*p];
        Hasher::of_type(Oid::from(part.type_oid), Oid::from(part.collation))
    };
    let with = |is_of: &dyn Fn(&Edge) -> bool| {
        let edges = found.edges.iter().enumerate();
        edges.filter(|(_, e)| is_of(e)).map(|(n, _)| n).collect()
    };
    // What leads from row to row begins with the same values as the way on to the parent.
    let up = |s: usize| with(&|e| e.child == s && !e.is_repeated);
    let down = |s: usize| with(&|e| e.parent == s);
    Locking {
        hashers: found.parts.iter().map(of_part).collect(),
        edges: (found.edges.iter())
            .map(|e| locked(graph, e, &found.edges, &captured))
            .collect(),
        up: (0..sources).map(up).collect(),
        down: (0..sources).map(down).collect(),
        lookups: partial.map(|(graph, routes)| {
            let lookup = |s: usize| lookup(graph, s, &routes[s], &captured[s], table);
            (0..sources).map(lookup).collect()
        }),
        is_computed: partial.is_some_and(|(_, routes)| routes.iter().any(Route::is_computed)),
        parts: found.parts,
        captured,
    }
}

/// Attributes of a source: its route's first, in their order.
fn captured(
    graph: &Graph,
    source: usize,
    route: &Route,
    partial: Option<&Route>,
    edges: &[Edge],
) -> Vec<i16> {
    let mut found = route.start();
    if route.chains().is_empty() {
        return found;
    }
    found.extend(partial.map(Route::start).unwrap_or_default());
    for edge in edges {
        let mut ends = Vec::new();
        if edge.child == source {
            ends.extend(edge.child_ends());
        }
        if edge.parent == source {
            ends.extend(edge.parent_ends());
        }
        for end in ends {
            found.extend(&end.side.attributes);
            if end.side.form == Form::Computed {
                let conditions = &graph.sources[source].conditions;
                found.extend(conditions.iter().flat_map(|c| &c.attributes));
            }
        }
    }
    let mut seen = std::collections::HashSet::new();
    found.retain(|attribute| seen.insert(*attribute));
    found
}

fn locked(graph: &Graph, edge: &Edge, all: &[Edge], captured: &[Vec<i16>]) -> LockedEdge {
    let next = all
        .iter()
        .enumerate()
        .filter(|(_, n)| n.parent == edge.child);
    let step = |(n, next): (usize, &Edge)| (n, edge::step(graph, edge, next, &type_sql));
    let end = |ends: &[End<'_>], (source, alias): (usize, String)| {
        locked_end(graph, ends, (source, &alias), &captured[source])
    };
    LockedEdge {
        number: edge.number,
        label: label(graph, edge),
        child: end(&edge.child_ends(), (edge.child, tag(edge.child))),
        parent: end(&edge.parent_ends(), (edge.parent, edge.parent_tag())),
        steps: next.map(step).collect(),
    }
}

fn label(graph: &Graph, edge: &Edge) -> String {
    let table = &graph.sources[edge.child].name.name;
    let ends = edge.child_ends();
    let columns: Vec<&str> = ends.iter().map(|e| e.side.indexed.as_str()).collect();
    match columns.as_slice() {
        [] => table.clone(),
        [only] => format!("{table}.{only}"),
        _ => format!("{table}.({})", columns.join(", ")),
    }
}

fn locked_end(
    graph: &Graph,
    ends: &[End<'_>],
    (source, alias): (usize, &str),
    captured: &[i16],
) -> LockedEnd {
    let place = |e: &End<'_>| {
        let attribute = e.side.attributes.first()?;
        captured.iter().position(|a| a == attribute)
    };
    let hasher = |e: &End<'_>| {
        let (equality, types) = e.equality?;
        Hasher::of_side(
            Oid::from(equality.oid),
            types.map(Oid::from),
            Oid::from(e.side.type_oid),
            Oid::from(equality.collation),
        )
    };
    LockedEnd {
        places: ends.iter().filter_map(place).collect(),
        query: edge::values_of_captured(graph, (source, alias), captured, ends, &type_sql),
        storage: (ends.iter())
            .map(|e| Storage::of(Oid::from(e.side.type_oid)))
            .collect(),
        tests: ends.iter().map(|e| (e.test, hasher(e))).collect(),
    }
}

fn lookup(
    graph: &Graph,
    source: usize,
    route: &Route,
    captured: &[i16],
    table: &sql::Table,
) -> Lookup {
    if route.chains().is_empty() {
        return Lookup::Whole;
    }
    match key_query(graph, source, route, captured, table) {
        Some(query) => Lookup::Query(query),
        None => {
            let place = |a: &i16| captured.iter().position(|c| c == a);
            Lookup::Captured(route.start().iter().filter_map(place).collect())
        }
    }
}

fn type_sql(type_oid: u32) -> String {
    function::type_sql(Oid::from(type_oid))
}
