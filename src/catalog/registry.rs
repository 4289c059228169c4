//! Owns what the extension's own tables say of TVIEWs and of the tables that they read, as capture and refresh need it.

use crate::error::{Error, Result};
use crate::pg::relation::{self, Lock};
use crate::pg::scan::Index;
use crate::pg::{handlers, table};
use pgrx::pg_sys::Oid;
use std::collections::HashSet;

/// What is registered of a TVIEW.
pub(super) struct Registered {
    pub(super) view: Oid,
    pub(super) owns_view: bool,
    pub(super) settings: Vec<(String, String)>,
    /// How many TVIEWs lie below it in a chain.
    pub(super) depth: i32,
    /// TVIEWs that read it, directly or not, and itself.
    pub(super) above: Vec<Oid>,
    /// TVIEWs below, above and itself.
    pub(super) related: Vec<Oid>,
}

/// The extension's tables, each by the index through which it is read.
pub(super) struct Registry {
    tviews: Index,
    sources: Index,
    readers: Index,
}

// Of both tables.
const TVIEW: i16 = 1;
// Of pg_tviews_catalog.
const VIEW: i16 = 2;
const OWNS_VIEW: i16 = 3;
const SETTINGS: i16 = 4;
// Of pg_tviews_source.
const SOURCE: i16 = 2;

impl Registry {
    pub(super) fn open() -> Result<Registry> {
        let schema = handlers::extension_schema().ok_or(Error::NotCreated)?;
        let find = |name| relation::find_in(&schema, name).ok_or(Error::NotCreated);
        let index = |table, index, attribute| -> Result<Index> {
            let table = find(table)?;
            // An index that is found now stays: REINDEX CONCURRENTLY waits with the old one for who has locked the table.
            relation::lock(table, Lock::Definition);
            Ok(Index {
                table,
                oid: find(index)?,
                attribute,
            })
        };
        Ok(Registry {
            tviews: index("pg_tviews_catalog", "pg_tviews_catalog_pkey", TVIEW)?,
            sources: index("pg_tviews_source", "pg_tviews_source_pkey", TVIEW)?,
            readers: index("pg_tviews_source", "pg_tviews_source_source", SOURCE)?,
        })
    }

    pub(super) fn is_tview(&self, oid: Oid) -> bool {
        !self.tviews.rows(oid, |_| Some(())).is_empty()
    }

    pub(super) fn tview(&self, oid: Oid) -> Option<Registered> {
        let row = self.tviews.rows(oid, |row| {
            let settings: Vec<String> = row.get(SETTINGS)?;
            let settings = settings.iter().filter_map(|s| s.split_once('='));
            let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
            Some((row.get(VIEW)?, row.get(OWNS_VIEW)?, settings.collect()))
        });
        let (view, owns_view, settings) = row.into_iter().next()?;
        let above = reached(oid, |t| self.readers_of(t));
        let below = levels(oid, |t| self.tviews_below(t));
        let depth = below.len() as i32 - 1;
        let below: HashSet<Oid> = below.into_iter().flatten().collect();
        Some(Registered {
            view,
            owns_view,
            settings,
            depth,
            related: above.union(&below).copied().collect(),
            above: above.into_iter().collect(),
        })
    }

    fn readers_of(&self, source: Oid) -> Vec<Oid> {
        self.readers.rows(source, |row| row.get(TVIEW))
    }

    fn tviews_below(&self, tview: Oid) -> Vec<Oid> {
        let mut sources = self.sources.rows(tview, |row| row.get(SOURCE));
        sources.retain(|source| self.is_tview(*source));
        sources
    }
}

/// What can be reached in no step, in one, and so on.
fn levels(start: Oid, next: impl Fn(Oid) -> Vec<Oid>) -> Vec<HashSet<Oid>> {
    let mut levels = Vec::new();
    let mut level = HashSet::from([start]);
    while !level.is_empty() {
        let further = level.iter().flat_map(|oid| next(*oid)).collect();
        levels.push(std::mem::replace(&mut level, further));
    }
    levels
}

/// A TVIEW whose query names a table, and so reads rows of those below it.
pub(crate) struct Reader {
    pub(crate) tview: Oid,
    pub(crate) named: Oid,
    /// The named table lies below the one that was asked for.
    pub(crate) is_below: bool,
}

/// The TVIEWs that read a table, one above it or one below it.
pub(crate) fn readers(relid: Oid) -> Result<Vec<Reader>> {
    let registry = Registry::open()?;
    let of = |named: Oid, is_below: bool| {
        let readers = registry.readers_of(named).into_iter();
        readers.map(move |tview| Reader {
            tview,
            named,
            is_below,
        })
    };
    let up = reached(relid, table::parents);
    let down = reached(relid, table::children);
    let below = down.into_iter().filter(|named| *named != relid);
    let above = up.into_iter().flat_map(|named| of(named, false));
    Ok(above
        .chain(below.flat_map(|named| of(named, true)))
        .collect())
}

fn reached(start: Oid, next: impl Fn(Oid) -> Vec<Oid>) -> HashSet<Oid> {
    levels(start, next).into_iter().flatten().collect()
}
