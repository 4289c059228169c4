//! A round: one case, wholly made from its seed.

use crate::case::{Case, Tview};
use crate::generate::{Generator, Keys};
use crate::rows::rows;
use crate::shapes::SHAPES;
use crate::writes::{Readable, transaction};
use fastrand::Rng;

/// Written queries in each round; consecutive seeds go through all of them.
const WRITTEN: usize = 6;

const GENERATED: usize = 10;

/// Of so many rounds one has a query whose keys may repeat or be NULL.
const UNCERTAIN: u64 = 4;

/// Of so many rounds one has patches off.
const UNPATCHED: u64 = 5;

const TRANSACTIONS: usize = 40;

pub fn case(seed: u64) -> Case {
    let mut rng = Rng::with_seed(seed);
    let rows = rows(&mut rng);
    let mut tviews = written(seed);
    let mut generator = Generator::new(&mut rng);
    tviews.extend((1..=GENERATED).map(|nth| generator.tview(nth, Keys::Certain)));
    // Where keys repeat a transaction fails, and nothing else comes of it: not in every round.
    if seed.is_multiple_of(UNCERTAIN) {
        tviews.push(generator.tview(GENERATED + 1, Keys::Uncertain));
    }
    let names: Vec<String> = tviews
        .iter()
        .filter(|tview| tview.is_key_certain)
        .map(|tview| tview.name.clone())
        .collect();
    let readable = Readable {
        tviews: &names,
        are_keys_certain: names.len() == tviews.len(),
    };
    let transactions = (0..TRANSACTIONS)
        .map(|_| transaction(&mut rng, &readable))
        .collect();
    Case {
        schema: None,
        is_patched: !seed.is_multiple_of(UNPATCHED),
        rows,
        tviews,
        transactions,
    }
}

/// Those whose turn it is, and what they read.
fn written(seed: u64) -> Vec<Tview> {
    let first = (seed % SHAPES.len() as u64) as usize * WRITTEN;
    let turn: Vec<&Tview> = (first..first + WRITTEN)
        .map(|nth| &SHAPES[nth % SHAPES.len()])
        .collect();
    SHAPES
        .iter()
        .filter(|shape| {
            turn.iter()
                .any(|tview| tview.name == shape.name || tview.reads.contains(&shape.name))
        })
        .cloned()
        .collect()
}
