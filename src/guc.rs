//! Owns the settings and gives typed access to them. Registered once, by `_PG_init`.

use pgrx::{GucContext, GucFlags, GucRegistry, GucSetting};

static AUTO_CONVERT: GucSetting<bool> = GucSetting::<bool>::new(true);
static PENDING_LIMIT: GucSetting<i32> = GucSetting::<i32>::new(100_000);

pub(crate) fn register() {
    GucRegistry::define_bool_guc(
        c"pg_tviews.auto_convert",
        c"Converts a table created by CREATE TABLE tv_... AS into a TVIEW at commit.",
        c"When off, such a table stays an ordinary one until pg_tviews_convert_existing_table() is called.",
        &AUTO_CONVERT,
        GucContext::Userset,
        GucFlags::default(),
    );
    GucRegistry::define_int_guc(
        c"pg_tviews.pending_limit",
        c"Changed rows or keys of one TVIEW per transaction beyond which the TVIEW is compared as a whole.",
        c"Bounds the memory that a transaction uses for what it has changed.",
        &PENDING_LIMIT,
        1,
        i32::MAX,
        GucContext::Userset,
        GucFlags::default(),
    );
}

pub(crate) fn auto_convert() -> bool {
    AUTO_CONVERT.get()
}

pub(crate) fn pending_limit() -> usize {
    PENDING_LIMIT.get().max(1) as usize
}
