//! Composes random defining queries whose results follow from the rows alone: whatever picks, numbers or orders rows does so
//! down to something unique, and what a group shows is the same for all its members. Keys are unique and never NULL, unless
//! they are asked to be uncertain.

mod aggregate;
mod derived;
mod form;
mod from;
mod predicate;
mod scalar;
mod scope;

use crate::case::Tview;
use crate::oracle::SETTINGS;
use crate::value::{chance, pick};
use fastrand::Rng;
use scope::{Relation, Term};

/// Makes the queries of one round, each of which can read those made before.
pub struct Generator<'a> {
    rng: &'a mut Rng,
    /// Numbers aliases, so that none hides another.
    aliases: u32,
    tviews: Vec<Readable>,
    /// The names of the TVIEWs that the query being made reads.
    read: Vec<String>,
    /// The WITH queries of the query being made.
    with: Vec<With>,
}

/// Whether a query gives each key once and none NULL, whatever the rows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Keys {
    Certain,
    Uncertain,
}

/// A TVIEW of this round with what a query can do with it.
#[derive(Clone)]
struct Readable {
    name: String,
    columns: Vec<Term>,
    key: Vec<usize>,
    reads: Vec<String>,
}

#[derive(Clone)]
struct With {
    name: String,
    sql: String,
    relation: Relation,
}

impl<'a> Generator<'a> {
    pub fn new(rng: &'a mut Rng) -> Self {
        Self {
            rng,
            aliases: 0,
            tviews: Vec::new(),
            read: Vec::new(),
            with: Vec::new(),
        }
    }

    pub fn tview(&mut self, nth: usize, keys: Keys) -> Tview {
        self.read.clear();
        self.with.clear();
        let entity = format!("g{nth}");
        let form = self.form(&entity, keys);
        let name = format!("tv_{entity}");
        let mut reads = self.read.clone();
        for other in &self.tviews {
            if self.read.contains(&other.name) {
                reads.extend(other.reads.iter().cloned());
            }
        }
        if keys == Keys::Certain {
            self.tviews.push(Readable {
                name: name.clone(),
                columns: form.columns,
                key: form.key,
                reads: reads.clone(),
            });
        }
        Tview {
            name,
            query: form.sql,
            key: form.key_names,
            settings: self.settings(),
            indexes: Vec::new(),
            reads,
            is_key_certain: keys == Keys::Certain,
            is_generated: true,
        }
    }

    fn settings(&mut self) -> Vec<(&'static str, &'static str)> {
        const OTHERS: [&str; 5] = ["Europe/Berlin", "SQL, DMY", "iso_8601", "0", "escape"];
        if !chance(self.rng, 10) {
            return Vec::new();
        }
        let nth = self.rng.usize(..SETTINGS.len());
        vec![(SETTINGS[nth].0, OTHERS[nth])]
    }

    fn alias(&mut self) -> String {
        self.aliases += 1;
        format!("t{}", self.aliases)
    }

    fn chance(&mut self, percent: u32) -> bool {
        chance(self.rng, percent)
    }

    fn pick<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        pick(self.rng, from)
    }
}
