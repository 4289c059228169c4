//! Owns the statements that compute some of what a TVIEW's rows are made of and take the rest as it is: made when they are first
//! needed, since most transactions need none.

use super::{OfKeys, Tview};
use crate::error::Result;
use crate::lineage::model::Route;
use crate::pg::node::Tree;
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

/// So many different choices have statements of their own: each takes memory as long as the backend lives.
const CHOICES: usize = 16;

/// Of the leaves and of the parts of a graph, by their numbers.
type Chosen = (BTreeSet<usize>, BTreeSet<usize>);

pub(super) struct Leaves {
    /// The query may be written down, and computes a key by itself.
    is_possible: bool,
    made: RefCell<HashMap<Chosen, Option<Rc<OfKeys>>>>,
}

impl Leaves {
    pub(super) fn new(is_possible: bool) -> Leaves {
        Leaves {
            is_possible,
            made: RefCell::default(),
        }
    }
}

impl Tview {
    /// The leaves that are all that is made of a source; `None` where more is, or they cannot be set by themselves.
    pub(crate) fn leaves(&self, source: usize) -> Option<BTreeSet<usize>> {
        if !self.leaves.is_possible || matches!(self.routes[source], Route::Full(_)) {
            return None;
        }
        let bits = self.graph.sources[source].leaves;
        let leaves: BTreeSet<usize> = (0..self.graph.leaves.len())
            .filter(|n| bits & (1 << n) != 0)
            .collect();
        let column = |n: &usize| self.table.free_at(self.graph.leaves[*n].position);
        (!leaves.is_empty() && leaves.iter().all(|n| column(n).is_some())).then_some(leaves)
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
        let mut tree = Tree::of_view(self.view)?;
        if !tree.prune(&self.table.key_positions(), &places) {
            return Ok(None);
        }
        let column = |(position, path)| Some((self.table.free_at(position)?, path));
        let places: Option<Vec<_>> = places.into_iter().map(column).collect();
        let made = places.map(|places| self.table.in_part(&tree.deparse(), &places));
        Ok(made.map(|[compute, compare]| OfKeys {
            compute,
            compare,
            is_in_part: true,
        }))
    }
}
