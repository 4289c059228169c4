//! Owns what happens in the trigger on a source table: which TVIEWs a changed row concerns, and
//! the values from which their keys will be found. Called by PostgreSQL through [`crate::pg`];
//! runs no SQL except to fill the catalog's cache, and touches no TVIEW.

use crate::catalog::{self, Capture, Captures};
use crate::error::Result;
use crate::pg::trigger::{Event, Firing, Tuple};
use crate::pg::value::Row;
use crate::queue::{self, Adding, Effect};
use crate::sabotage::{Rule, breaks};

/// Notes a statement's (or, under replication, a row's) changes.
pub(crate) fn capture(firing: &Firing<'_>) -> Result<()> {
    let captures = catalog::captures(firing.relid())?;
    if captures.list.is_empty() {
        return Ok(());
    }
    // What the trigger is told of assigned columns (tg_updatedcols) is not to be trusted: where a
    // statement updates a table twice (by WITH, or by actions of foreign keys), only the last counts.
    queue::add(|adding| match firing.event() {
        Event::Truncate => captures
            .list
            .iter()
            .for_each(|c| adding.whole(c.start.tview)),
        _ => firing.each_row(|old, new| note(&captures, old, new, adding)),
    });
    Ok(())
}

/// Notes a row of a TVIEW that was written without a statement, whose trigger would.
pub(crate) fn note_row(captures: &Captures, old: Option<Tuple<'_>>, new: Option<Tuple<'_>>) {
    queue::add(|adding| note(captures, old, new, adding));
}

fn note(
    captures: &Captures,
    old: Option<Tuple<'_>>,
    new: Option<Tuple<'_>>,
    adding: &mut Adding<'_>,
) {
    let changed = match (&old, &new) {
        (Some(old), Some(new)) => Some(changed_columns(captures, old, new)),
        _ => None,
    };
    for capture in &captures.list {
        let concerns = match &changed {
            Some(changed) if !capture.is_below => capture.used.iter().any(|a| changed.contains(a)),
            _ => true,
        };
        if !concerns || adding.is_whole(capture.start.tview) {
            continue;
        }
        if capture.is_full {
            adding.whole(capture.start.tview);
            continue;
        }
        let places = changed.as_deref().and_then(|c| places(capture, c));
        if let (Some(places), Some(new)) = (places, &new) {
            adding.row(
                &capture.start,
                values(capture, new),
                Effect::Patches(places),
            );
            continue;
        }
        if let Some(old) = old.as_ref().filter(|_| !breaks(Rule::OldImages)) {
            let effect = match new {
                Some(_) => Effect::Shows,
                None => Effect::Goes,
            };
            adding.row(&capture.start, values(capture, old), effect);
        }
        if let Some(new) = new.as_ref().filter(|_| !breaks(Rule::NewImages)) {
            let effect = effect(capture, changed.as_deref());
            adding.row(&capture.start, values(capture, new), effect);
        }
    }
}

/// The parts of the TVIEW's rows that such changes concern; `None` if they concern more.
fn places(capture: &Capture, changed: &[i16]) -> Option<u64> {
    let places_of = |attribute: &i16| {
        let mut known = capture.patched.iter();
        known
            .find(|(a, _)| a == attribute)
            .map(|(_, places)| places)
    };
    let shown = changed.iter().filter(|a| capture.used.contains(a));
    let mut places = shown.map(places_of);
    let all = places.try_fold(0, |all, places| Some(all | places?))?;
    // Where nothing that is shown has changed, the row may have come from another table or gone there.
    (all > 0).then_some(all)
}

/// What a new row does whose columns have changed so, or which was not there before.
fn effect(capture: &Capture, changed: Option<&[i16]>) -> Effect {
    let is_new = |changed: &[i16]| {
        capture.is_below || capture.values.iter().any(|(a, _)| changed.contains(a))
    };
    match capture.makes_links && changed.is_none_or(is_new) {
        true => Effect::Links,
        false => Effect::Shows,
    }
}

/// The n-th old and the n-th new row need not be the same row: what counts is that a pair with
/// equal used columns leaves the rows that the query sees as they were.
fn changed_columns(captures: &Captures, old: &Tuple<'_>, new: &Tuple<'_>) -> Vec<i16> {
    captures
        .used
        .iter()
        .filter(|(attribute, storage)| !old.is_same(new, *attribute, *storage))
        .map(|(attribute, _)| *attribute)
        .collect()
}

fn values(capture: &Capture, tuple: &Tuple<'_>) -> Row {
    capture
        .values
        .iter()
        .map(|(attribute, storage)| tuple.value(*attribute, *storage))
        .collect()
}
