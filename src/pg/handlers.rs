//! Owns what the rooms above do at each entry point of PostgreSQL's, as `_PG_init` hands it over, so that nothing here looks
//! up to them; and whether they are to be asked at all.

use super::list::schema_name;
use super::node::Tree;
use super::scan::{Cells, Index};
use super::snapshot::Freshness;
use super::trigger::Firing;
use crate::error::Result;
use pgrx::pg_sys::{self, Oid};
use std::sync::OnceLock;

/// What the rooms above do at each entry point.
pub(crate) struct Handlers {
    /// True if the statement was told apart and [`Handlers::after_create`] wants to hear of its end.
    pub(crate) before_create: fn(&Create) -> Result<bool>,
    pub(crate) after_create: fn(Option<Oid>) -> Result<()>,
    /// Relations are about to be replaced or dropped.
    pub(crate) before_change: fn(&[Oid], Change) -> Result<()>,
    /// A statement that began at this command is done, and nothing has changed rows meanwhile.
    pub(crate) rows_were_left: fn(command: u32),
    /// What a plan's or COPY's snapshot must be exchanged for, if it must.
    pub(crate) before_read: fn(&Reading) -> Result<Option<Freshness>>,
    /// True while [`Handlers::before_read`] has nothing to do, whatever is read.
    pub(crate) is_idle: fn() -> bool,
    pub(crate) pre_commit: fn(is_prepare: bool) -> Result<()>,
    pub(crate) transaction_end: fn(),
    pub(crate) subtransaction_commit: fn(nest: i32),
    pub(crate) subtransaction_abort: fn(nest: i32),
    pub(crate) invalidate: fn(relid: Oid),
    pub(crate) capture: fn(&Firing<'_>) -> Result<()>,
    pub(crate) guard: fn(&Firing<'_>) -> Result<()>,
    pub(crate) on_command: fn() -> Result<()>,
    pub(crate) on_drop: fn() -> Result<()>,
}

/// A `CREATE TABLE AS` or `SELECT INTO`.
pub(crate) struct Create {
    pub(crate) name: String,
    /// As written; `None` where the statement leaves it to search_path.
    pub(crate) schema: Option<String>,
    pub(crate) persistence: u8,
    pub(crate) if_not_exists: bool,
    /// Names given in parentheses, for the first columns.
    pub(crate) column_names: Vec<String>,
    pub(crate) has_parameters: bool,
    /// Without WITH NO DATA.
    pub(crate) is_filled: bool,
    /// `None` for `EXECUTE`.
    pub(crate) query: Option<Tree>,
}

/// What a statement is about to do to relations.
#[derive(Clone, Copy)]
pub(crate) enum Change {
    /// A view gets another query, other names of columns, another owner or other options.
    Replace,
    Drop,
}

/// A statement that is about to read or write.
pub(crate) struct Reading {
    pub(crate) relations: Vec<Oid>,
    pub(crate) foreign_tables: Vec<Oid>,
    pub(crate) wants_workers: bool,
    /// The command its snapshot sees up to.
    pub(crate) snapshot_command: u32,
    /// False for a snapshot that the server chose for a purpose of its own.
    pub(crate) may_exchange: bool,
}

static HANDLERS: OnceLock<Handlers> = OnceLock::new();

/// Keeps the handlers; false if they are there already.
pub(super) fn set(all: Handlers) -> bool {
    HANDLERS.set(all).is_ok()
}

/// The handlers; registered before any hook is.
pub(super) fn handlers() -> &'static Handlers {
    HANDLERS
        .get()
        .expect("handlers are registered before hooks")
}

/// True while the postmaster loads `shared_preload_libraries`.
pub(crate) fn is_preloading() -> bool {
    // SAFETY: a global of this process.
    unsafe { pg_sys::process_shared_preload_libraries_in_progress }
}

/// The extension exists here, is not just being created or updated, and this is no pg_upgrade.
pub(crate) fn extension() -> Option<Oid> {
    // SAFETY: reads globals; missing_ok.
    unsafe {
        if pg_sys::IsBinaryUpgrade {
            return None;
        }
        let oid = pg_sys::get_extension_oid(c"pg_tviews".as_ptr(), true);
        let is_changing = is_in_script() && pg_sys::CurrentExtensionObject == oid;
        (oid != pg_sys::InvalidOid && !is_changing).then_some(oid)
    }
}

/// The schema of the extension, while [`extension`] exists.
pub(crate) fn extension_schema() -> Option<String> {
    const BY_OID: Index = Index {
        table: pg_sys::ExtensionRelationId,
        oid: Oid::from_u32(pg_sys::ExtensionOidIndexId),
        attribute: pg_sys::Anum_pg_extension_oid as i16,
    };
    let schema = |row: &Cells| row.get(pg_sys::Anum_pg_extension_extnamespace as i16);
    let found = BY_OID.rows(extension()?, schema);
    found.first().and_then(|schema| schema_name(*schema))
}

/// The script of an extension runs.
pub(super) fn is_in_script() -> bool {
    // SAFETY: reads a global.
    unsafe { pg_sys::creating_extension }
}
