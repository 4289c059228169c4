//! Owns the rule which functions a defining query may call: those whose result can only change
//! when a source row changes.
//!
//! Immutable ones may. So may PostgreSQL's own stable ones whose result depends on settings that
//! a TVIEW pins (TimeZone, DateStyle and so on). Stable functions of others may read tables that
//! nobody watches; what depends on time, user, session or catalogs changes by itself.

use crate::error::{Error, Result};
use crate::pg::function::{Function, function};
use pgrx::pg_sys::{self, Oid};

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

/// What reads values of any type, called by name: a cast is read by those of the types that its type is made of.
const GENERIC_INPUTS: &[&str] = &["array_in", "multirange_in", "range_in", "record_in"];

/// What goes by the rule for daylight saving time that holds today, given an argument of this type.
const CLOCK_CASTS: &[(&str, Oid)] = &[("timetz", pg_sys::TIMEOID), ("timezone", pg_sys::TIMETZOID)];

/// Single functions of the same kind as those with a prefix.
const NAMES: &[&str] = &[
    "anytextcat",
    "cash_in",
    "cash_out",
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
        b's' if function.is_builtin && depends_on_settings(&function.name, &function.takes) => {
            return Ok(());
        }
        b's' => "stable",
        _ => "volatile",
    };
    Err(Error::Function {
        function: function.signature(),
        volatility,
        hint: hint(function),
    })
}

fn hint(function: &Function) -> &'static str {
    match (function.is_builtin, function.volatility) {
        (true, _) if CLOCK_INPUTS.contains(&function.name.as_str()) => {
            "Use to_date(text, format) or to_timestamp(text, format), or a source column of the right type: texts such as 'today' go by the clock."
        }
        (true, _) => "Store the value in a source column, or compute it when the TVIEW is read.",
        (false, b's') => {
            "Use an immutable expression of the source columns, or declare the function IMMUTABLE if it really is."
        }
        (false, _) => {
            "Store the value in a source column, or declare the function IMMUTABLE if it really is."
        }
    }
}

fn depends_on_settings(name: &str, takes: &[Oid]) -> bool {
    let goes_by_clock = CLOCK_INPUTS.contains(&name)
        || CLOCK_CASTS
            .iter()
            .any(|(n, t)| *n == name && takes.contains(t));
    !goes_by_clock && !GENERIC_INPUTS.contains(&name) && is_settings_function(name)
}

fn is_settings_function(name: &str) -> bool {
    NAMES.contains(&name) || PREFIXES.iter().any(|p| name.starts_with(p))
}

#[cfg(test)]
mod tests {
    use super::depends_on_settings;
    use pgrx::pg_sys;

    #[test]
    fn rendering_depends_on_settings_alone() {
        for name in [
            "to_char",
            "jsonb_build_object",
            "timestamptz_out",
            "date_trunc",
            "concat_ws",
        ] {
            assert!(depends_on_settings(name, &[]), "{name}");
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
            "record_in",
            "enum_range",
            "table_to_xml",
        ] {
            assert!(!depends_on_settings(name, &[]), "{name}");
        }
    }

    #[test]
    fn time_of_day_in_a_named_zone_does_not() {
        assert!(depends_on_settings("timetz", &[pg_sys::TIMESTAMPTZOID]));
        assert!(!depends_on_settings("timetz", &[pg_sys::TIMEOID]));
    }
}
