//! Owns the checks of a table that is to become a TVIEW, before anything is done to it, and what
//! users are told about them.

use super::triggers::family;
use crate::error::{Error, Result};
use crate::name::{Column, Name, literal};
use crate::pg::function;
use crate::pg::identity::current_user;
use crate::pg::node::Tree;
use crate::pg::relation;
use crate::pg::spi::Session;
use pgrx::pg_sys::{self, Oid};

/// `product` of `tv_product`.
pub(crate) fn entity(name: &Name) -> Option<&str> {
    name.name.strip_prefix("tv_").filter(|e| !e.is_empty())
}

/// What must be known of a table's name and columns before anything else: nothing if they fit.
pub(crate) fn missing_columns<'a>(
    columns: impl Iterator<Item = (&'a str, Oid)> + Clone,
) -> Option<String> {
    let wanted = [
        ("id", pg_sys::UUIDOID, "uuid"),
        ("data", pg_sys::JSONBOID, "jsonb"),
    ];
    let problems: Vec<String> = wanted
        .into_iter()
        .filter_map(
            |(name, type_oid, type_name)| match columns.clone().find(|(n, _)| *n == name) {
                None => Some(format!("Column \"{name}\" of type {type_name} is missing.")),
                Some((_, found)) if found != type_oid => Some(format!(
                    "Column \"{name}\" is of type {}, not {type_name}.",
                    function::type_name(found, -1)
                )),
                Some(_) => None,
            },
        )
        .collect();
    (!problems.is_empty()).then(|| problems.join(" "))
}

/// A relation by a user's text; must be a table that the current user owns.
pub(crate) fn find_owned(text: &str) -> Result<Oid> {
    let relid = relation::find(text).ok_or_else(|| Error::UndefinedTable(text.to_owned()))?;
    let class = relation::class(relid).ok_or_else(|| Error::UndefinedTable(text.to_owned()))?;
    let name = relation::name(relid).map(|n| n.name).unwrap_or_default();
    if !matches!(class.kind, b'r' | b'p') {
        return Err(Error::NotATable {
            name,
            kind: relation::kind_words(class.kind),
        });
    }
    match relation::is_owner(relid, current_user()) {
        true => Ok(relid),
        false => Err(Error::NotOwner(name)),
    }
}

/// What a TVIEW cannot be, and why.
pub(super) const IN_A_TREE: (&str, &str) = (
    "part of an inheritance tree",
    "Rows would be written and read past its query: leave it on its own.",
);

pub(super) const UNDER_ROW_SECURITY: (&str, &str) = (
    "under row security that applies to its owner",
    "Leave FORCE ROW LEVEL SECURITY out: policies bind all others without it.",
);

fn has_relatives(relid: Oid) -> Result<bool> {
    Ok(family(&Session::open(), relid)?.len() > 1)
}

/// Itself or a partition of it.
pub(super) fn is_unlogged(relid: Oid) -> bool {
    let is_unlogged = |m: &Oid| relation::class(*m).is_some_and(|c| c.persistence == b'u');
    relation::with_children(relid).iter().any(is_unlogged)
}

pub(super) fn check_table(relid: Oid) -> Result<Name> {
    let gone = || Error::UndefinedTable(relid.to_u32().to_string());
    let name = relation::name(relid).ok_or_else(gone)?;
    let class = relation::class(relid).ok_or_else(gone)?;
    if entity(&name).is_none() {
        return Err(Error::NameWithoutPrefix(name.name));
    }
    let unfit = match class.persistence {
        b't' => Some(("temporary", "Create the table as an ordinary logged table.")),
        _ if is_unlogged(relid) => Some((
            "unlogged",
            "Create the table and its partitions as ordinary logged ones.",
        )),
        _ if class.kind == b'r' && relation::with_children(relid).len() > 1 => Some((
            "inherited by other tables",
            "Their rows would show in it: run ALTER TABLE ... NO INHERIT.",
        )),
        _ if class.is_partition || class.kind == b'r' && has_relatives(relid)? => Some(IN_A_TREE),
        _ if relation::is_row_security_active(relid, class.owner) => Some(UNDER_ROW_SECURITY),
        _ => None,
    };
    if let Some((state, hint)) = unfit {
        return Err(Error::Unfit {
            table: name.name,
            state,
            hint,
        });
    }
    let columns = relation::columns(relid);
    let described = columns
        .iter()
        .map(|c| (c.name.as_str(), Oid::from(c.type_oid)));
    match missing_columns(described) {
        Some(missing) => Err(Error::Shape {
            table: name.name,
            missing,
        }),
        None => Ok(name),
    }
}

/// Whether a table has what a TVIEW needs.
pub(crate) fn is_convertible(relid: Oid) -> bool {
    check_table(relid).is_ok()
}

/// The query gives the table's columns, position by position.
pub(super) fn check_columns(name: &Name, tree: &Tree, columns: &[Column]) -> Result<()> {
    let fail = |detail| {
        Err(Error::ColumnMismatch {
            table: name.name.clone(),
            detail,
        })
    };
    let targets = tree.query().columns();
    if targets.len() != columns.len() {
        return fail(format!(
            "The table has {} columns, the query gives {}.",
            columns.len(),
            targets.len()
        ));
    }
    for (target, column) in targets.iter().zip(columns) {
        let given = target.expr.type_oid();
        if target.name() != column.name {
            return fail(format!(
                "Column {} is \"{}\" in the table and \"{}\" in the query.",
                target.position,
                column.name,
                target.name()
            ));
        }
        let typmod = target.expr.typmod();
        if given.to_u32() != column.type_oid || typmod != column.typmod {
            return fail(format!(
                "Column \"{}\" is of type {} in the table and of type {} in the query.",
                column.name,
                function::type_name(Oid::from(column.type_oid), column.typmod),
                function::type_name(given, typmod)
            ));
        }
        if column.is_computed {
            return fail(format!(
                "Column \"{}\" is a generated or identity column of the table.",
                column.name
            ));
        }
    }
    Ok(())
}

/// The statement that converts a table, for messages.
pub(crate) fn how_to_convert(name: &Name) -> String {
    let qualified = relation::quote_if_needed(name);
    format!(
        "SELECT pg_tviews_convert_existing_table({});",
        literal(&qualified)
    )
}

/// As [`how_to_convert`], for a table whose query is not known.
pub(crate) fn how_to_convert_with_query(name: &Name) -> String {
    let qualified = relation::quote_if_needed(name);
    format!(
        "SELECT pg_tviews_convert_existing_table({}, 'SELECT ...');",
        literal(&qualified)
    )
}
