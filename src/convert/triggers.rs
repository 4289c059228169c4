//! Owns the triggers on sources and TVIEWs, and which tables they belong on.

use super::own::OwnCommand;
use crate::catalog;
use crate::error::{Error, Result};
use crate::name::{Name, quote};
use crate::pg::identity::Superuser;
use crate::pg::relation;
use crate::pg::snapshot::Snapshot;
use crate::pg::spi::{Args, Session};
use pgrx::pg_sys::Oid;

/// A table and all through which its rows can be written, parents first.
pub(super) fn family(session: &Session, table: Oid) -> Result<Vec<Oid>> {
    let levels = levels(session, table)?;
    Ok(levels.into_iter().map(|(_, member)| member).collect())
}

/// The same, each with how many lie above it.
pub(super) fn levels(session: &Session, table: Oid) -> Result<Vec<(i32, Oid)>> {
    let text = include_str!("../../sql/statements/family.sql");
    let rows = catalog::run(session, text, &Args::none().with(table))?;
    let member = |row| Some((rows.get(row, 1)?, rows.get(row, 2)?));
    Ok((0..rows.len()).filter_map(member).collect())
}

/// How many triggers capture_triggers.sql makes.
const CAPTURING_STATEMENTS: usize = 4;

/// Triggers are placed as the superuser: the TRIGGER right was checked, and a trigger's firing
/// mode may be set by the table's owner alone.
pub(super) fn place_capture(session: &Session, table: Oid) -> Result<()> {
    let (Some(class), Some(name)) = (relation::class(table), relation::name(table)) else {
        return Ok(());
    };
    let placed = triggers(session, table, "pg_tviews_capture")?;
    // Somebody may have made some of them, as a restore does.
    let (of_rows, of_statements): (Vec<_>, Vec<_>) = placed.iter().partition(|t| t.is_row);
    if of_statements.len() < CAPTURING_STATEMENTS {
        for trigger in of_statements {
            drop_trigger(session, &name, trigger)?;
        }
        let script = include_str!("../../sql/statements/capture_triggers.sql");
        run_script(session, script, &name)?;
    }
    // PostgreSQL gives partitions a copy of the row trigger above them. The one that a table had
    // before it became a partition would note every row twice.
    let mut own_row = of_rows.into_iter().filter(|t| !t.is_inherited);
    match class.is_partition {
        true => own_row.try_for_each(|t| drop_trigger(session, &name, t)),
        false if own_row.next().is_some() => Ok(()),
        false => {
            let script = include_str!("../../sql/statements/replica_trigger.sql")
                .replace("{oid}", &table.to_u32().to_string());
            run_script(session, &script, &name)
        }
    }
}

/// Refuses what whoever may create triggers could put in the place of ours, and other names for these.
pub(super) fn check_triggers(session: &Session, tables: &[Oid]) -> Result<()> {
    let text = include_str!("../../sql/statements/strange_trigger.sql");
    let strange = catalog::run(session, text, &Args::none().with(tables.to_vec()))?;
    match (strange.get(0, 1), strange.get(0, 2)) {
        (Some(trigger), Some(table)) => Err(Error::StrangeTrigger { trigger, table }),
        _ => Ok(()),
    }
}

/// Makes another role the owner of a view of ours.
pub(super) fn give_view(session: &Session, view: Oid, owner: Oid) -> Result<()> {
    let Some(name) = relation::name(view) else {
        return Ok(());
    };
    let role = quote(&relation::role_name(owner));
    let alter = ["ALTER VIEW ", &name.sql(), " OWNER TO ", &role].concat();
    run_as_superuser(session, &alter)
}

/// Puts our triggers on some tables back into their modes, which ENABLE TRIGGER changes; true if
/// writes may have passed a source's triggers before then.
pub(super) fn restore_modes(session: &Session, tables: &[Oid]) -> Result<bool> {
    let text = include_str!("../../sql/statements/misfiring.sql");
    let rows = catalog::run(session, text, &Args::none().with(tables.to_vec()))?;
    let mut was_unwatched = false;
    for row in 0..rows.len() {
        let Some(name) = rows.get::<Oid>(row, 1).and_then(relation::name) else {
            continue;
        };
        let trigger: String = rows.get(row, 2).unwrap_or_default();
        let mode: String = rows.get(row, 3).unwrap_or_default();
        was_unwatched |= rows.get(row, 4).unwrap_or(false);
        let parts = [
            "ALTER TABLE ONLY ",
            &name.sql(),
            " ENABLE ",
            &mode,
            " TRIGGER ",
            &quote(&trigger),
        ];
        run_as_superuser(session, &parts.concat())?;
    }
    Ok(was_unwatched)
}

pub(super) fn place_guard(session: &Session, table: Oid) -> Result<()> {
    let Some(name) = relation::name(table) else {
        return Ok(());
    };
    let placed = triggers(session, table, "pg_tviews_guard")?;
    if !placed.iter().any(|t| !t.is_row) {
        let script = include_str!("../../sql/statements/guard_trigger.sql");
        run_script(session, script, &name)?;
    }
    // Partitions get a copy of it.
    let is_partition = relation::class(table).is_some_and(|c| c.is_partition);
    match is_partition || placed.iter().any(|t| t.is_row) {
        true => Ok(()),
        false => {
            let script = include_str!("../../sql/statements/guard_row_trigger.sql");
            run_script(session, script, &name)
        }
    }
}

/// A trigger of ours that does not fire as it should.
pub(crate) struct Faulty {
    pub(crate) table: Oid,
    /// What it is for: `insert`, `row`, `guard` and so on.
    pub(crate) kind: String,
    /// Its name; `None` if it is missing.
    pub(crate) trigger: Option<String>,
    mode: String,
    function: String,
    /// What is wrong with it, as words.
    pub(crate) state: String,
}

/// The triggers of a TVIEW and its sources that do not fire as they should.
pub(crate) fn faulty(session: &Session, tview: Oid) -> Result<Vec<Faulty>> {
    let text = include_str!("../../sql/statements/faulty_triggers.sql");
    let rows = catalog::run(session, text, &Args::none().with(tview))?;
    let faulty = |row| {
        Some(Faulty {
            table: rows.get(row, 1)?,
            kind: rows.get(row, 2)?,
            trigger: rows.get(row, 3),
            mode: rows.get(row, 4)?,
            function: rows.get(row, 5)?,
            state: rows.get(row, 6)?,
        })
    };
    Ok((0..rows.len()).filter_map(faulty).collect())
}

/// Puts a trigger that is there into its mode.
pub(super) fn enable(session: &Session, fault: &Faulty) -> Result<()> {
    let (Some(name), Some(trigger)) = (relation::name(fault.table), &fault.trigger) else {
        return Ok(());
    };
    let (mode, trigger) = (&fault.mode, quote(trigger));
    let alter = [
        "ALTER TABLE ONLY {table} ENABLE ",
        mode,
        " TRIGGER ",
        &trigger,
    ];
    run_script(session, &alter.concat(), &name)
}

/// Places all triggers of one function anew.
pub(super) fn replace(session: &Session, fault: &Faulty) -> Result<()> {
    drop_triggers(session, fault.table, &fault.function)?;
    match fault.function.as_str() {
        "pg_tviews_guard" => place_guard(session, fault.table),
        _ => place_capture(session, fault.table),
    }
}

struct Placed {
    name: String,
    /// A partition's copy of a trigger above it, which comes and goes with that one.
    is_inherited: bool,
    is_row: bool,
}

fn triggers(session: &Session, table: Oid, function: &str) -> Result<Vec<Placed>> {
    let text = include_str!("../../sql/statements/triggers_of.sql");
    let args = Args::none().with(table).with(function.to_owned());
    let rows = catalog::run(session, text, &args)?;
    let placed = |row| {
        Some(Placed {
            name: rows.get(row, 1)?,
            is_inherited: rows.get(row, 2).unwrap_or(false),
            is_row: rows.get(row, 3).unwrap_or(false),
        })
    };
    Ok((0..rows.len()).filter_map(placed).collect())
}

fn run_script(session: &Session, script: &str, table: &Name) -> Result<()> {
    let text = fill(script, &catalog::schema()?, &table.sql());
    run_as_superuser(session, &text)
}

/// Puts names into a script of ours. Braces inside a name are part of the name.
fn fill(script: &str, schema: &str, table: &str) -> String {
    let parts = script.split("{table}");
    let filled: Vec<String> = parts.map(|p| p.replace("{schema}", schema)).collect();
    filled.join(table)
}

fn run_as_superuser(session: &Session, text: &str) -> Result<()> {
    let _superuser = Superuser::start();
    let _own = OwnCommand::start();
    session.run_once(text, &Args::none(), Snapshot::of_statement())?;
    Ok(())
}

pub(super) fn release_source(session: &Session, source: Oid) -> Result<()> {
    if relation::class(source).is_none() {
        return Ok(());
    }
    for member in family(session, source)? {
        relation::invalidate(member);
        if catalog::readers(member)?.is_empty() {
            drop_triggers(session, member, "pg_tviews_capture")?;
        }
    }
    Ok(())
}

pub(super) fn drop_triggers(session: &Session, table: Oid, function: &str) -> Result<()> {
    let Some(name) = relation::name(table) else {
        return Ok(());
    };
    triggers(session, table, function)?
        .iter()
        .filter(|t| !t.is_inherited)
        .try_for_each(|t| drop_trigger(session, &name, t))
}

fn drop_trigger(session: &Session, table: &Name, trigger: &Placed) -> Result<()> {
    let text = ["DROP TRIGGER ", &quote(&trigger.name), " ON ", &table.sql()].concat();
    run_as_superuser(session, &text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_braces_are_not_read_as_places_for_names() {
        let script =
            "CREATE TRIGGER t ON {table} EXECUTE FUNCTION {schema}.f(); ALTER TABLE {table}";
        let filled = fill(script, "\"{table}\"", "\"{schema}\".\"{table}\"");
        assert_eq!(
            filled,
            "CREATE TRIGGER t ON \"{schema}\".\"{table}\" EXECUTE FUNCTION \"{table}\".f(); \
             ALTER TABLE \"{schema}\".\"{table}\""
        );
    }
}
