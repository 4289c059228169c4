//! Owns the settings and gives typed access to them. Registered once, by `_PG_init`.

use pgrx::{GucContext, GucFlags, GucRegistry, GucSetting, PostgresGucEnum};
use std::time::Duration;

/// What becomes of a definition that has a source without a selective route.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PostgresGucEnum)]
pub(crate) enum FullRefresh {
    #[name = c"warn"]
    Warn,
    #[name = c"error"]
    Error,
}

static AUTO_CONVERT: GucSetting<bool> = GucSetting::<bool>::new(true);
static FULL_REFRESH: GucSetting<FullRefresh> = GucSetting::<FullRefresh>::new(FullRefresh::Warn);
static LOCK_LIMIT: GucSetting<i32> = GucSetting::<i32>::new(64);
static LOG_MIN_DURATION: GucSetting<i32> = GucSetting::<i32>::new(-1);
static PATCH: GucSetting<bool> = GucSetting::<bool>::new(true);
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
    GucRegistry::define_enum_guc(
        c"pg_tviews.full_refresh",
        c"What becomes of a TVIEW whose whole a change of some source would compare.",
        c"Such a definition is accepted with a warning, or refused.",
        &FULL_REFRESH,
        GucContext::Userset,
        GucFlags::default(),
    );
    GucRegistry::define_int_guc(
        c"pg_tviews.lock_limit",
        c"Keys and values of one TVIEW that a refresh locks each by itself.",
        c"With more it locks the whole TVIEW against other writers until its transaction ends.",
        &LOCK_LIMIT,
        0,
        i32::MAX,
        GucContext::Userset,
        GucFlags::default(),
    );
    GucRegistry::define_int_guc(
        c"pg_tviews.log_min_duration",
        c"Duration of a flush from which on it is logged, with what it did to each TVIEW.",
        c"-1 logs none, 0 logs all.",
        &LOG_MIN_DURATION,
        -1,
        i32::MAX,
        GucContext::Suset,
        GucFlags::UNIT_MS,
    );
    GucRegistry::define_bool_guc(
        c"pg_tviews.patch",
        c"Computes no more of a document than a change can make different.",
        c"When off, every document that a change concerns is computed anew, with the same result.",
        &PATCH,
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

pub(crate) fn full_refresh() -> FullRefresh {
    FULL_REFRESH.get()
}

pub(crate) fn lock_limit() -> usize {
    LOCK_LIMIT.get().max(0) as usize
}

/// `None` while no flush is logged.
pub(crate) fn log_min_duration() -> Option<Duration> {
    u64::try_from(LOG_MIN_DURATION.get())
        .ok()
        .map(Duration::from_millis)
}

pub(crate) fn patch() -> bool {
    PATCH.get()
}

pub(crate) fn pending_limit() -> usize {
    PENDING_LIMIT.get().max(1) as usize
}
