//! Owns the rule which tables a defining query may read.

use crate::error::{Error, Result};
use crate::name::Name;
use crate::pg::relation;
use pgrx::pg_sys::Oid;

/// Refuses a table whose changes cannot be followed. Error: 0A000.
pub(super) fn check(relid: Oid, name: &str) -> Result<()> {
    let refuse = |name: &str, kind, hint| {
        Err(Error::Source {
            name: name.to_owned(),
            kind,
            hint,
        })
    };
    if relation::is_system(relid) {
        return refuse(
            name,
            "system catalog",
            "Copy what you need of it into a table.",
        );
    }
    for member in relation::with_children(relid) {
        let (Some(class), Some(Name { name, .. })) =
            (relation::class(member), relation::name(member))
        else {
            continue;
        };
        match (class.kind, class.persistence) {
            (b'f', _) => {
                return refuse(
                    &name,
                    "foreign table",
                    "Its changes cannot be seen here: copy its rows into a table.",
                );
            }
            (b'm', _) => {
                return refuse(
                    &name,
                    "materialized view",
                    "Use its query, or make it a TVIEW.",
                );
            }
            (_, b't') => return refuse(&name, "temporary table", "Use an ordinary table."),
            (_, b'u') => {
                return refuse(
                    &name,
                    "unlogged table",
                    "A crash empties it behind the TVIEW's back: run ALTER TABLE ... SET LOGGED.",
                );
            }
            (b'r' | b'p', _) => {}
            _ => return refuse(&name, "relation", "Use ordinary tables."),
        }
    }
    Ok(())
}
