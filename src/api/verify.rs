//! Owns the comparison that writes nothing: how many rows of a TVIEW, or of a sample, differ from its query.

use super::find_tview;
use crate::catalog::{self, Tview};
use crate::error::{Error, Result};
use crate::pg::guard::within;
use crate::pg::identity::{Bounds, Identity, current_user};
use crate::pg::relation;
use crate::pg::snapshot::Snapshot;
use crate::pg::spi::{Args, Session};
use crate::refresh;
use pgrx::pg_sys::Oid;
use std::rc::Rc;

type Counts = (Oid, i64, i64, i64);

/// Counts for one TVIEW, or for all that the user may read, in the order of their names.
pub(super) fn verify(name: Option<&str>, sample: Option<i64>) -> Result<Vec<Counts>> {
    let sample = sample.map(u32::try_from).transpose();
    let sample = sample.map_err(|_| Error::Sample)?;
    super::flush()?;
    let session = Session::open();
    let tviews: Vec<Rc<Tview>> = match name {
        Some(name) => {
            let tview = find_tview(name)?;
            if !relation::may_read(tview.oid, current_user()) {
                return Err(Error::NotReadable(tview.name.name.clone()));
            }
            vec![tview]
        }
        None => {
            let mut found = Vec::new();
            let user = current_user();
            for oid in catalog::all(&session)?
                .into_iter()
                .filter(|o| relation::may_read(*o, user))
            {
                found.extend(catalog::tview(oid)?);
            }
            found
        }
    };
    let counted = |tview: &Rc<Tview>| {
        let what = format!("verifying TVIEW \"{}\"", tview.name.name);
        within(what, relation::role_name(tview.owner), || match sample {
            None => count(&session, tview),
            Some(rows) => count_sample(&session, tview, rows),
        })
    };
    tviews.iter().map(counted).collect()
}

fn count_sample(session: &Session, tview: &Tview, rows: u32) -> Result<Counts> {
    match refresh::differences(tview, rows)? {
        Some(found) => Ok((tview.oid, found.missing, found.extra, found.different)),
        None => count(session, tview),
    }
}

fn count(session: &Session, tview: &Tview) -> Result<Counts> {
    let _settings = refresh::pin(tview);
    let _reader = Identity::switch(tview.owner, Bounds::Restricted);
    let text = &tview.table.count_differences();
    let rows = session.run_once(text, &Args::none(), Snapshot::of_statement())?;
    let cell = |column| rows.get::<i64>(0, column).unwrap_or(0);
    Ok((tview.oid, cell(1), cell(2), cell(3)))
}
