//! pg_tviews: tables that always equal their defining query, kept up row by row inside the
//! writing transactions. `docs/architecture.md` tells the concepts and where each lives.
//!
//! From the ground up: `error`, `name`, settings in `guc`, the server in `pg`, counters in `stats`, `progress` of long
//! work, what a transaction owes in `queue`, the analysis of queries in `lineage`, `catalog`, then `capture`,
//! `convert` and `refresh`, then what PostgreSQL and users call: `ddl`, `commit`, `api`.

mod api;
mod capture;
mod catalog;
mod commit;
mod convert;
mod ddl;
mod error;
mod guc;
mod lineage;
mod name;
mod pg;
mod progress;
mod queue;
mod refresh;
mod sabotage;
mod stats;

use crate::error::{Error, Result};
use crate::pg::handlers::{self, Handlers};
use crate::pg::hooks;
use crate::pg::trigger::Firing;

::pgrx::pg_module_magic!(name, version);

pgrx::extension_sql_file!("../sql/catalog.sql", name = "catalog");
pgrx::extension_sql_file!(
    "../sql/functions.sql",
    name = "functions",
    requires = ["catalog"]
);

/// Called when the library is loaded: by the postmaster, or by a session that meets one of its
/// functions first.
#[pgrx::pg_guard]
pub extern "C-unwind" fn _PG_init() {
    guc::register();
    #[cfg(feature = "sabotage")]
    sabotage::register();
    if handlers::is_preloading() {
        ddl::set_preloaded();
        stats::register();
        progress::register();
    }
    hooks::register(Handlers {
        before_create: ddl::before_create,
        after_create: ddl::after_create,
        before_change: convert::lock_ahead,
        rows_were_left: queue::rows_were_left,
        before_read: commit::before_read,
        is_idle: commit::is_idle,
        pre_commit: commit::pre_commit,
        transaction_end: commit::transaction_end,
        subtransaction_commit: queue::subtransaction_committed,
        subtransaction_abort: commit::subtransaction_abort,
        invalidate: catalog::invalidate,
        capture: capture::capture,
        guard,
        on_command: ddl::on_command,
        on_drop: ddl::on_drop,
    });
}

/// Refuses what writes a TVIEW and is not a refresh. Error: 55000.
fn guard(firing: &Firing<'_>) -> Result<()> {
    let table = firing.relid();
    // Logical replication writes row by row, outside of any statement.
    let is_own = match firing.is_row_level() {
        true => pg::spi::is_running(),
        false => refresh::is_own_write(table),
    };
    if is_own || !catalog::is_in_tview(table)? {
        return Ok(());
    }
    Err(Error::DirectWrite(
        pg::relation::name(table)
            .map(|n| n.name)
            .unwrap_or_default(),
    ))
}
