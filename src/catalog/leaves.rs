//! Owns the statements that compute some of what a TVIEW's rows are made of and take the rest as it is: made when they are first
//! needed, since most transactions need none.

use super::{OfKeys, Tview};
use crate::error::Result;
use crate::lineage::model::Route;
use crate::lineage::sql::Table;
use crate::name::Column;
use crate::pg::node::Tree;
use crate::pg::relation;
use pgrx::pg_sys::Oid;
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

/// So many different choices have statements of their own: each takes memory as long as the backend lives.
const CHOICES: usize = 16;

/// Of the leaves and of the parts of a graph, by their numbers.
type Chosen = (BTreeSet<usize>, BTreeSet<usize>);

pub(super) struct Leaves {
    /// The table's columns that may be set by themselves, by their positions in the query's result.
    free: HashMap<i16, Column>,
    made: RefCell<HashMap<Chosen, Option<Rc<OfKeys>>>>,
}

impl Leaves {
    /// None may be set where `may_leave_out` is false: the query must not be written down, or computes no key by itself.
    pub(super) fn new(view: Oid, table: &Table, may_leave_out: bool) -> Leaves {
        let bound: Vec<&Column> = table.key.iter().chain(&table.unique).collect();
        let free = |given: Column| {
            let mut columns = table.columns.iter();
            let column = columns.find(|c| c.name == given.name && !bound.contains(c))?;
            Some((given.attribute, column.clone()))
        };
        let given = relation::columns(view).into_iter();
        Leaves {
            free: given.filter(|_| may_leave_out).filter_map(free).collect(),
            made: RefCell::default(),
        }
    }
}

impl Tview {
    /// The leaves that are all that is made of a source; `None` where more is, or they cannot be set by themselves.
    pub(crate) fn leaves(&self, source: usize) -> Option<BTreeSet<usize>> {
        if let Route::Full(_) = self.routes[source] {
            return None;
        }
        let bits = self.graph.sources[source].leaves;
        let leaves: BTreeSet<usize> = (0..self.graph.leaves.len())
            .filter(|n| bits & (1 << n) != 0)
            .collect();
        let is_free = |n: &usize| {
            self.leaves
                .free
                .contains_key(&self.graph.leaves[*n].position)
        };
        (!leaves.is_empty() && leaves.iter().all(is_free)).then_some(leaves)
    }

    /// What computes some leaves, and some parts, and nothing else; `None` where that is not to be had.
    pub(crate) fn of_leaves(&self, chosen: Chosen) -> Result<Option<Rc<OfKeys>>> {
        if let Some(known) = self.leaves.made.borrow().get(&chosen) {
            return Ok(known.clone());
        }
        if self.leaves.made.borrow().len() >= CHOICES {
            return Ok(None);
        }
        let made = self.make(&chosen)?.map(Rc::new);
        self.leaves.made.borrow_mut().insert(chosen, made.clone());
        Ok(made)
    }

    fn make(&self, (leaves, parts): &Chosen) -> Result<Option<OfKeys>> {
        let leaves = leaves.iter().map(|n| &self.graph.leaves[*n]);
        let leaves = leaves.map(|l| (l.position, l.path.as_slice()));
        let parts = parts.iter().map(|n| &self.graph.parts[*n]);
        let parts = parts.map(|p| (p.position, p.path.as_slice()));
        let places: Vec<(i16, &[String])> = leaves.chain(parts).collect();
        let given = relation::columns(self.view);
        let position = |name: &str| given.iter().find(|c| c.name == name).map(|c| c.attribute);
        let key: Option<Vec<i16>> = self.table.key.iter().map(|c| position(&c.name)).collect();
        let mut tree = Tree::of_view(self.view)?;
        if !key.is_some_and(|key| tree.prune(&key, &places)) {
            return Ok(None);
        }
        let column = |(position, path)| Some((self.leaves.free.get(&position)?, path));
        let places: Option<Vec<_>> = places.into_iter().map(column).collect();
        let made = places.map(|places| self.table.in_part(&tree.deparse(), &places));
        Ok(made.map(|[compute, compare]| OfKeys {
            compute,
            compare,
            is_in_part: true,
        }))
    }
}
