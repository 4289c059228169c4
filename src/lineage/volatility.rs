//! Owns the rule which functions a defining query may call: those whose result can only change
//! when a source row changes.
//!
//! Immutable ones may. So may PostgreSQL's own stable ones whose result depends on settings that
//! a TVIEW pins (TimeZone, DateStyle and so on). Stable functions of others may read tables that
//! nobody watches; what depends on time, user, session or catalogs changes by itself.

use crate::error::{Error, Result};
use crate::pg::function::{Function, function};
use pgrx::pg_sys::Oid;

/// Families of PostgreSQL's stable functions that depend on pinned settings alone.
const PREFIXES: &[&str] = &[
    "array_",
    "concat",
    "convert",
    "date",
    "interval_",
    "json",
    "multirange_",
    "quote_",
    "range_",
    "record_",
    "time",
    "ts_headline",
    "ts_match",
    "xml",
];

/// What reads texts such as 'today': to_date() and to_timestamp() do not.
const CLOCK_INPUTS: &[&str] = &[
    "date_in",
    "time_in",
    "timestamp_in",
    "timestamptz_in",
    "timetz_in",
];

/// Single functions of the same kind.
const NAMES: &[&str] = &[
    "anytextcat",
    "cash_in",
    "cash_out",
    "domain_in",
    "enum_in",
    "enum_out",
    "extract",
    "format",
    "generate_series",
    "in_range",
    "length",
    "make_timestamptz",
    "money",
    "numeric",
    "overlaps",
    "phraseto_tsquery",
    "plainto_tsquery",
    "row_to_json",
    "textanycat",
    "to_char",
    "to_date",
    "to_json",
    "to_jsonb",
    "to_number",
    "to_timestamp",
    "to_tsquery",
    "to_tsvector",
    "websearch_to_tsquery",
];

/// Refuses a function whose result can change by itself.
pub(super) fn check(oid: Oid) -> Result<()> {
    let function = function(oid);
    check_one(&function)?;
    if !function.is_builtin {
        for support in &function.support {
            check(*support)?;
        }
    }
    Ok(())
}

fn check_one(function: &Function) -> Result<()> {
    let volatility = match function.volatility {
        b'i' => return Ok(()),
        b's' if function.is_builtin && depends_on_settings(&function.name) => return Ok(()),
        b's' => "stable",
        _ => "volatile",
    };
    Err(Error::Function {
        function: function.signature.clone(),
        volatility,
        is_builtin: function.is_builtin,
    })
}

fn depends_on_settings(name: &str) -> bool {
    !CLOCK_INPUTS.contains(&name) && is_settings_function(name)
}

fn is_settings_function(name: &str) -> bool {
    NAMES.contains(&name) || PREFIXES.iter().any(|p| name.starts_with(p))
}

#[cfg(test)]
mod tests {
    use super::depends_on_settings;

    #[test]
    fn rendering_depends_on_settings_alone() {
        for name in [
            "to_char",
            "jsonb_build_object",
            "timestamptz_out",
            "date_trunc",
            "concat_ws",
        ] {
            assert!(depends_on_settings(name), "{name}");
        }
    }

    #[test]
    fn clock_user_and_catalog_do_not() {
        for name in [
            "now",
            "current_setting",
            "to_regclass",
            "age",
            "pg_typeof",
            "timestamptz_in",
            "enum_range",
            "table_to_xml",
        ] {
            assert!(!depends_on_settings(name), "{name}");
        }
    }
}
