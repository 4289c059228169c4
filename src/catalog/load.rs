//! Owns how a TVIEW's catalog row becomes a [`Tview`]: its columns and key, the lineage of its
//! backing view, and what its statements are made from.

use super::leaves::Leaves;
use super::locking::locking;
use super::registry::Registered;
use super::{Tview, patching};
use crate::error::{Error, Result};
use crate::lineage::model::{Graph, Reason, Route, Scope};
use crate::lineage::{query, route, sql};
use crate::name::{Column, Name};
use crate::pg::identity::{SEARCH_PATH, Settings};
use crate::pg::node::{Restriction, Tree};
use crate::pg::table::{self, TableIndex};
use crate::pg::value::Storage;
use crate::pg::{function, relation};
use pgrx::pg_sys::Oid;
use std::cell::OnceCell;
use std::collections::HashSet;
use std::rc::Rc;

pub(super) fn load(oid: Oid, row: Registered, known: &mut HashSet<Oid>) -> Result<Tview> {
    let gone = || Error::Damaged {
        table: oid.to_u32().to_string(),
        part: "table",
    };
    let class = relation::class(oid).ok_or_else(gone)?;
    let name = relation::name(oid).ok_or_else(gone)?;
    let view_name = relation::name(row.view).ok_or_else(|| Error::Damaged {
        table: name.name.clone(),
        part: "backing view",
    })?;
    let members = relation::with_children(oid);
    check_writes(&members, &name)?;
    let all = relation::columns(oid);
    let given = relation::columns(row.view);
    let columns = shown_columns(&name, &view_name, &given, row.owns_view, &all)?;
    let indexes = table::indexes(oid);
    let key = key_columns(&indexes, &columns).ok_or_else(|| Error::Keyless(name.name.clone()))?;
    // What is deparsed now is parsed again under these settings.
    let settings = Settings::start();
    settings.set("search_path", SEARCH_PATH);
    row.settings
        .iter()
        .for_each(|(name, value)| settings.set(name, value));
    let (mut tree, mut graph, views) = analyse_view(row.view, &key)?;
    let calls = Rc::new(tree.calls());
    // Spelt out, a view's query runs with the rights of the TVIEW's owner.
    let is_own = |v: &Oid| relation::class(*v).is_some_and(|c| c.owner == class.owner);
    let may_spell_out = views.iter().chain([&row.view]).all(is_own);
    if !may_spell_out {
        obstruct_hidden(&mut graph, class.owner);
    }
    let routes = route::choose(&graph);
    // To delete and insert a row would lose what the user keeps in it, or rows that refer to it.
    let has_own = all.iter().any(|c| !c.is_computed && !columns.contains(c));
    let unique = match has_own {
        true => Vec::new(),
        false => unique_columns(oid, &indexes, &columns),
    };
    let equals = equalities(&key)?;
    let position = |c: &Column| {
        let same = given.iter().find(|g| g.name == c.name);
        same.map(|g| g.attribute)
    };
    let table = sql::Table {
        name: name.clone(),
        view: view_name,
        positions: columns.iter().filter_map(position).collect(),
        columns,
        all,
        equals,
        unique,
        has_loose_key: key
            .iter()
            .any(|c| !function::is_image_equal(Oid::from(c.type_oid))),
        key,
    };
    let locking = locking(&graph, &routes, &table);
    let key_query =
        |s: usize| sql::key::key_query(&graph, s, &routes[s], &locking.captured[s], &table);
    let key_queries = (0..routes.len()).map(key_query).collect();
    // A domain of a column of the user's own may have a default, and may refuse the NULL that stands for none.
    let is_own_domain = |c: &Column| {
        let type_oid = Oid::from(c.type_oid);
        !table.columns.contains(c) && function::base_type(type_oid) != type_oid
    };
    let runs_code = table.all.iter().any(is_own_domain)
        || members.iter().any(|member| table::runs_code(*member));
    let own = patching::Own {
        table: oid,
        may_write_directly: !runs_code && members.len() == 1 && class.kind == b'r',
        indexes: patching::Indexes::default(),
    };
    let patches = match may_spell_out {
        true => patching::patches(&graph, &routes, &locking, &table, &own),
        false => routes.iter().map(|_| None).collect(),
    };
    let restricted = restrict(may_spell_out.then_some(&mut tree), &graph, &routes, &table);
    let (restricted, scopes) = restricted.map(|r| (r.query, r.scopes)).unzip();
    // Where a part of it must be restricted, it computes no key by itself.
    let leaves = Leaves::new(may_spell_out && graph.scopes.is_empty());
    let row_type = relation::row_type(oid);
    let row_storage = Storage::of(row_type);
    known.insert(row.view);
    known.extend(&members);
    known.extend(row.related.iter().copied());
    known.extend(views.iter().copied());
    let tables = graph.tables().into_iter();
    let mut reads: Vec<Oid> = tables
        .flat_map(|t| relation::with_children(Oid::from(t)))
        .collect();
    known.extend(reads.iter().copied());
    reads.extend(views.iter().copied().chain([row.view]));
    Ok(Tview {
        oid,
        owner: class.owner,
        view: row.view,
        owns_view: row.owns_view,
        settings: row.settings,
        depth: row.depth,
        above: row.above,
        key: (table.key.iter())
            .map(|c| Storage::of(Oid::from(c.type_oid)))
            .collect(),
        row_array: row_storage.array_type().ok_or_else(|| Error::Damaged {
            table: name.name.clone(),
            part: "array type",
        })?,
        row: row_storage,
        key_queries,
        patches,
        single: own
            .may_write_directly
            .then(|| patching::single(&own, &table))
            .flatten(),
        scopes: scopes.unwrap_or_default(),
        has_other_unique: !table.unique.is_empty(),
        runs_code,
        is_computed: routes.iter().any(Route::is_computed) || locking.is_computed,
        locking,
        reads,
        views,
        graph,
        calls,
        routes,
        statements: OnceCell::new(),
        restricted,
        leaves,
        table,
        name,
    })
}

/// Nothing on the table and its partitions may alter what a refresh writes.
fn check_writes(members: &[Oid], name: &Name) -> Result<()> {
    let table = || name.name.clone();
    for member in members {
        if let Some(trigger) = table::row_trigger(*member) {
            return Err(Error::RowTrigger {
                table: table(),
                trigger,
            });
        }
        if let Some(rule) = table::rule(*member) {
            return Err(Error::Rule {
                table: table(),
                rule,
            });
        }
    }
    Ok(())
}

/// The columns that the backing view gives. A table may have more where the view is ours (then
/// they are the user's), and fewer where the view is the user's; any other difference would leave
/// a column unmaintained.
fn shown_columns(
    table: &Name,
    view: &Name,
    given: &[Column],
    owns_view: bool,
    all: &[Column],
) -> Result<Vec<Column>> {
    let is_same = |a: &Column, b: &Column| {
        a.name == b.name && a.type_oid == b.type_oid && a.typmod == b.typmod
    };
    let has = |columns: &[Column], of: &Column| columns.iter().any(|c| is_same(c, of));
    let lone = match owns_view {
        true => given.iter().find(|c| !has(all, c)),
        false => all.iter().find(|c| !has(given, c)),
    };
    let Some(lone) = lone else {
        return Ok(all.iter().filter(|c| has(given, c)).cloned().collect());
    };
    let type_in = |columns: &[Column]| {
        let column = columns.iter().find(|c| c.name == lone.name)?;
        Some(function::type_name(
            Oid::from(column.type_oid),
            column.typmod,
        ))
    };
    let column = &lone.name;
    let detail = match (type_in(all), type_in(given)) {
        (Some(is), Some(given)) => {
            format!(
                "Column \"{column}\" would be of type {is} in the table and of type {given} in the view."
            )
        }
        (None, _) => format!("Column \"{column}\" would be in the view alone."),
        (_, None) => format!("Column \"{column}\" would be in the table alone."),
    };
    Err(Error::Columns {
        table: table.name.clone(),
        view: view.name.clone(),
        detail,
    })
}

/// The columns of the primary key; `None` without one, or with one over other columns too.
pub(crate) fn key_columns(indexes: &[TableIndex], columns: &[Column]) -> Option<Vec<Column>> {
    let primary = indexes.iter().find(|i| i.is_primary)?;
    let of = |a: &i16| columns.iter().find(|c| c.attribute == *a).cloned();
    primary.attributes[..primary.key_len]
        .iter()
        .map(of)
        .collect()
}

/// The columns of the table's unique indexes and exclusion constraints beside the primary key;
/// all columns where one is over an expression. None where other tables refer to its rows.
fn unique_columns(relid: Oid, indexes: &[TableIndex], columns: &[Column]) -> Vec<Column> {
    let exclusive = indexes.iter().filter(|i| i.is_exclusive && !i.is_primary);
    let attributes: Vec<i16> = exclusive.flat_map(|i| i.attributes.clone()).collect();
    if attributes.is_empty() || table::is_referenced(relid) {
        return Vec::new();
    }
    // An expression, or a column of the user's own that may be computed from the others.
    let is_given = |a: &i16| columns.iter().any(|c| c.attribute == *a);
    let is_any = !attributes.iter().all(is_given);
    let is_unique = |c: &&Column| is_any || attributes.contains(&c.attribute);
    columns.iter().filter(is_unique).cloned().collect()
}

/// A backing view's query, the lineage of its columns, and the views inside it.
fn analyse_view(view: Oid, key: &[Column]) -> Result<(Tree, Graph, Vec<Oid>)> {
    let mut tree = Tree::of_view(view)?;
    let views = tree.expand_views();
    let targets = tree.query().targets();
    let positions: Vec<(i16, String)> = key
        .iter()
        .filter_map(|k| {
            let target = targets.iter().find(|t| !t.is_junk && t.name() == k.name)?;
            Some((target.position, k.name.clone()))
        })
        .collect();
    if positions.len() != key.len() {
        let name = relation::name(view).map(|n| n.name).unwrap_or_default();
        return Err(Error::ColumnMismatch {
            table: name,
            detail: "The backing view lacks a key column.".into(),
        });
    }
    let graph = query::analyse(tree.query(), &positions)?;
    Ok((tree, graph, views))
}

/// Rows that the owner cannot read lead to no keys, though a view of another owner shows them.
fn obstruct_hidden(graph: &mut Graph, owner: Oid) {
    for source in &mut graph.sources {
        if relation::is_row_security_active(Oid::from(source.relid), owner) {
            source.obstacle = Some(Reason::RowSecurity);
        }
    }
}

/// A query with restrictions inside, and the statements that give their parameters.
struct Restricted {
    query: String,
    scopes: Vec<String>,
}

/// Puts restrictions where the planner would carry none; `None` where none are needed.
fn restrict(
    tree: Option<&mut Tree>,
    graph: &Graph,
    routes: &[Route],
    table: &sql::Table,
) -> Option<Restricted> {
    if graph.scopes.is_empty() {
        return None;
    }
    let scope_query = |s: &Scope| sql::key::scope_query(graph, routes, s, table);
    let scopes: Option<Vec<String>> = graph.scopes.iter().map(scope_query).collect();
    let restriction = |(n, scope): (usize, &Scope)| Restriction {
        query: scope.query,
        position: scope.position,
        group: scope.group,
        parameter: 2 + 2 * n as i32,
    };
    let restrictions: Vec<Restriction> = graph.scopes.iter().enumerate().map(restriction).collect();
    // Without: the query is still better run once for many keys than once for each.
    let restricted = tree.and_then(|t| t.restrict(&restrictions).then(|| t.deparse()));
    Some(match (restricted, scopes) {
        (Some(query), Some(scopes)) => Restricted { query, scopes },
        _ => Restricted {
            query: format!("SELECT * FROM {}", table.view.sql()),
            scopes: Vec::new(),
        },
    })
}

/// The equality of each key column, as SQL.
fn equalities(key: &[Column]) -> Result<Vec<String>> {
    let equality = |column: &Column| {
        let type_oid = Oid::from(column.type_oid);
        let found = function::default_equality(type_oid);
        found.map(|(equality, _)| equality.sql).ok_or_else(|| {
            let type_name = function::type_name(type_oid, -1);
            Error::Internal(format!("type {type_name} has no equality"))
        })
    };
    key.iter().map(equality).collect()
}
