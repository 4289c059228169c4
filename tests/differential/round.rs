//! A round: one case, wholly made from its seed.

use crate::case::{Case, Tview};
use crate::generate::Generator;
use crate::rows::rows;
use crate::shapes::SHAPES;
use crate::writes::{Readable, transaction};
use fastrand::Rng;

/// Written queries in each round; consecutive seeds go through all of them.
const WRITTEN: usize = 6;

const GENERATED: usize = 10;

const TRANSACTIONS: usize = 40;

pub fn case(seed: u64) -> Case {
    let mut rng = Rng::with_seed(seed);
    let rows = rows(&mut rng);
    let mut tviews = written(seed);
    let mut generator = Generator::new(&mut rng);
    tviews.extend((1..=GENERATED).map(|nth| generator.tview(nth)));
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
        schema: None,
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
