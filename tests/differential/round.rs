//! A round: one case, wholly made from its seed.

use crate::case::Case;
use crate::rows::rows;
use crate::shapes::SHAPES;
use crate::writes::{Readable, transaction};
use fastrand::Rng;

/// Written queries in each round; consecutive seeds go through all of them.
const WRITTEN: usize = 10;

const TRANSACTIONS: usize = 40;

pub fn case(seed: u64) -> Case {
    let mut rng = Rng::with_seed(seed);
    let rows = rows(&mut rng);
    let first = seed as usize % SHAPES.len() * WRITTEN;
    let tviews: Vec<_> = (0..WRITTEN.min(SHAPES.len()))
        .map(|nth| SHAPES[(first + nth) % SHAPES.len()].clone())
        .collect();
    let names: Vec<String> = tviews
        .iter()
        .filter(|tview| tview.is_key_certain)
        .map(|tview| tview.name.clone())
        .collect();
    let readable = Readable { tviews: &names };
    let transactions = (0..TRANSACTIONS)
        .map(|_| transaction(&mut rng, &readable))
        .collect();
    Case {
        seed,
        schema: None,
        rows,
        tviews,
        transactions,
    }
}
