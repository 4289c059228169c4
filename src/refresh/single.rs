//! Owns the refresh of one key by itself: its row is computed, compared with the one that the TVIEW has, and written. What
//! [`super::apply`] does for any number of keys by statements, one needs less for.

use super::{as_reader, directly_allowed, take_snapshot};
use crate::capture;
use crate::catalog::{self, OfKeys, Single, Tview};
use crate::error::{Error, Result};
use crate::pg::direct::{Lookup, Target};
use crate::pg::guard::Discreet;
use crate::pg::snapshot::{Freshness, Snapshot};
use crate::pg::spi::{Args, Rows, Session};
use crate::pg::trigger::Tuple;
use crate::pg::value::Row;
use crate::stats::{Counter, Tally};

/// How it is done, where it can be: with one key there is no other row that its could clash with on the way.
pub(super) fn of<'t>(tview: &'t Tview, keys: &[Row], freshness: Freshness) -> Option<&'t Single> {
    let single = tview.single.as_ref().filter(|_| keys.len() == 1)?;
    let is_fit = !freshness.is_kept() && !tview.is_computed && tview.scopes.is_empty();
    (is_fit && directly_allowed(tview)).then_some(single)
}

/// Computes the row of a key and writes it if it differs.
pub(super) fn refresh(
    session: &Session,
    tview: &Tview,
    single: &Single,
    by: &OfKeys,
    key: &Row,
    tally: &Tally,
) -> Result<()> {
    let active = take_snapshot(Freshness::Latest);
    let snapshot = active.snapshot();
    let fresh = {
        let _reader = as_reader(tview);
        let args = Args::none().with_value(&key[0], tview.key[0]);
        session.run(&by.compute, &args, snapshot)?
    };
    if fresh.len() > 1 {
        return Err(Error::Ambiguous {
            table: tview.name.name.clone(),
            key: (!Discreet::is_on()).then(|| fresh.text(0, single.key_column)),
        });
    }
    let mut stored = Lookup::open(single.access, snapshot);
    let mut is_stored = false;
    stored.each(&key[0], |old| {
        is_stored = true;
        let counter = match fresh.len() {
            0 => Counter::Deleted,
            _ if fresh.is_row(&old, &single.columns) => Counter::Unchanged,
            _ => Counter::Updated,
        };
        tally.lap(Counter::Comparing);
        tally.add(counter, 1);
        if by.is_in_part && counter == Counter::Updated {
            tally.add(Counter::Patched, 1);
        }
        match counter {
            Counter::Unchanged => Ok(()),
            _ => write(tview, single, Some(&old), &fresh, snapshot),
        }
    })?;
    if !is_stored && fresh.len() == 1 {
        tally.lap(Counter::Comparing);
        tally.add(Counter::Inserted, 1);
        write(tview, single, None, &fresh, snapshot)?;
    }
    tally.lap(Counter::Writing);
    Ok(())
}

fn write(
    tview: &Tview,
    single: &Single,
    old: Option<&Tuple<'_>>,
    fresh: &Rows<'_>,
    snapshot: Snapshot<'_>,
) -> Result<()> {
    let above = catalog::captures_above(tview)?;
    let mut target = Target::open(tview.oid, snapshot);
    let new = match (fresh.len(), old) {
        (0, Some(old)) => {
            target.delete(old);
            None
        }
        _ => Some(target.replace(old, fresh, &single.columns)),
    };
    if let Some(above) = &above {
        capture::note_row(above, old.copied(), new);
    }
    Ok(())
}
