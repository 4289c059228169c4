//! Owns as whom and under which settings our statements run: guards that restore on drop.
//!
//! Code of users runs below them, too: whatever it sets there is gone with the guard.

use super::guard::{c_text, call};
use pgrx::pg_sys;
use std::ffi::CStr;

/// In force whenever a statement of ours is parsed or runs.
pub(crate) const SEARCH_PATH: &str = "pg_catalog, pg_temp";

/// What a switched user may not do.
#[derive(Clone, Copy)]
pub(crate) enum Bounds {
    /// As the owner's own queries, without side effects that outlive them: what evaluates the
    /// defining query (`SECURITY_RESTRICTED_OPERATION`).
    Restricted,
    /// As foreign-key actions write: triggers may queue deferred work.
    LocalUser,
}

/// Another current user until dropped.
pub(crate) struct Identity {
    user: pg_sys::Oid,
    context: i32,
}

impl Identity {
    pub(crate) fn switch(user: pg_sys::Oid, bounds: Bounds) -> Identity {
        let mut saved = Identity {
            user: pg_sys::InvalidOid,
            context: 0,
        };
        let flag = match bounds {
            Bounds::Restricted => pg_sys::SECURITY_RESTRICTED_OPERATION,
            Bounds::LocalUser => pg_sys::SECURITY_LOCAL_USERID_CHANGE,
        };
        // SAFETY: plain assignments to this backend's state; an abort resets them by itself.
        unsafe {
            pg_sys::GetUserIdAndSecContext(&mut saved.user, &mut saved.context);
            pg_sys::SetUserIdAndSecContext(user, saved.context | flag as i32);
        }
        saved
    }
}

impl Drop for Identity {
    fn drop(&mut self) {
        // SAFETY: restores what `switch` saved.
        unsafe { pg_sys::SetUserIdAndSecContext(self.user, self.context) };
    }
}

/// The role that owns what the extension owns, until dropped: for its catalog, and for triggers and views of
/// others. Never under a search_path in which operators of others stand before PostgreSQL's.
pub(crate) struct Superuser {
    _identity: Identity,
    _settings: Settings,
}

impl Superuser {
    pub(crate) fn start() -> Superuser {
        let settings = Settings::start();
        settings.set("search_path", SEARCH_PATH);
        Superuser {
            _identity: Identity::switch(pg_sys::BOOTSTRAP_SUPERUSERID.into(), Bounds::LocalUser),
            _settings: settings,
        }
    }
}

/// The current user.
pub(crate) fn current_user() -> pg_sys::Oid {
    // SAFETY: reads this backend's state.
    unsafe { pg_sys::GetUserId() }
}

/// Whether `user` has the rights of a role, as a superuser has.
pub(crate) fn has_rights_of(user: pg_sys::Oid, role: pg_sys::Oid) -> bool {
    // SAFETY: a catalog lookup.
    unsafe { pg_sys::has_privs_of_role(user, role) }
}

/// May read the statistics of others (`pg_read_all_stats`).
pub(crate) fn may_read_all_statistics(user: pg_sys::Oid) -> bool {
    has_rights_of(user, pg_sys::ROLE_PG_READ_ALL_STATS.into())
}

/// Triggers that fire as usual do so here (`session_replication_role`).
pub(crate) fn is_origin() -> bool {
    // SAFETY: reads a global of this backend.
    unsafe { pg_sys::SessionReplicationRole == pg_sys::SESSION_REPLICATION_ROLE_ORIGIN as i32 }
}

/// Settings changed until dropped, by us and by what runs meanwhile.
pub(crate) struct Settings(i32);

impl Settings {
    pub(crate) fn start() -> Settings {
        // SAFETY: AtEOXact_GUC in Drop ends the level.
        Settings(unsafe { pg_sys::NewGUCNestLevel() })
    }

    /// Sets one setting unless it already has the value.
    pub(crate) fn set(&self, name: &str, value: &str) {
        let (name, text) = (c_text(name), c_text(value));
        // SAFETY: both texts outlive the calls; an unknown or invalid setting raises an ERROR.
        unsafe {
            let current = pg_sys::GetConfigOption(name.as_ptr(), true, false);
            if !current.is_null() && CStr::from_ptr(current) == text.as_c_str() {
                return;
            }
            pg_sys::set_config_option(
                name.as_ptr(),
                text.as_ptr(),
                pg_sys::GucContext::PGC_USERSET,
                pg_sys::GucSource::PGC_S_SESSION,
                pg_sys::GucAction::GUC_ACTION_SAVE,
                true,
                0,
                false,
            );
        }
    }
}

impl Drop for Settings {
    fn drop(&mut self) {
        // An abort restores settings by itself.
        if !std::thread::panicking() {
            // SAFETY: ends the level that `start` began; nothing set in it is kept.
            unsafe { pg_sys::AtEOXact_GUC(false, self.0) };
        }
    }
}

/// A setting's value as text, now.
pub(crate) fn setting(name: &str) -> Option<String> {
    let name = c_text(name);
    // SAFETY: missing_ok; the result points at memory of the setting.
    unsafe {
        let value = pg_sys::GetConfigOption(name.as_ptr(), true, false);
        (!value.is_null()).then(|| CStr::from_ptr(value).to_string_lossy().into_owned())
    }
}

/// `statement_timeout` counts again until dropped: PostgreSQL disarms it before COMMIT.
pub(crate) struct StatementTimeout(bool);

impl StatementTimeout {
    pub(crate) fn rearm() -> StatementTimeout {
        use super::ffi::{STATEMENT_TIMEOUT, enable_timeout_after, get_timeout_active};
        // SAFETY: reads and arms this backend's timer.
        unsafe {
            let arm = pg_sys::StatementTimeout > 0 && !get_timeout_active(STATEMENT_TIMEOUT);
            if arm {
                call(|| enable_timeout_after(STATEMENT_TIMEOUT, pg_sys::StatementTimeout));
            }
            StatementTimeout(arm)
        }
    }
}

impl Drop for StatementTimeout {
    fn drop(&mut self) {
        if self.0 {
            // SAFETY: disarms what `rearm` armed; after an error PostgreSQL disarms all timers.
            unsafe { super::ffi::disable_timeout(super::ffi::STATEMENT_TIMEOUT, false) };
        }
    }
}

/// Lifts a `SET TRANSACTION READ ONLY` that came after the writes it would now keep from
/// reaching the TVIEWs; until dropped.
pub(crate) struct ReadWrite(bool);

impl ReadWrite {
    pub(crate) fn lift() -> ReadWrite {
        // SAFETY: a global of this backend.
        unsafe {
            let was = pg_sys::XactReadOnly;
            pg_sys::XactReadOnly = false;
            ReadWrite(was)
        }
    }
}

impl Drop for ReadWrite {
    fn drop(&mut self) {
        // SAFETY: as above.
        unsafe { pg_sys::XactReadOnly = self.0 };
    }
}
