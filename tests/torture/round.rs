//! A round: few TVIEWs, the rows that it starts with, and the transactions that its clients draw. All but the order of
//! events follows from its seed.

use crate::case::{Case, End, Step, Transaction, Tview};
use crate::generate::{Generator, Keys};
use crate::rows::rows;
use crate::shapes::SHAPES;
use crate::stage::Stage;
use crate::value::{chance, pick, set_greatest};
use crate::writes::{Readable, transaction};
use fastrand::Rng;

/// Written queries in each wide round; consecutive ones go through all of them.
const WRITTEN: usize = 5;

const GENERATED: usize = 3;

/// When the transactions of a round bring TVIEWs up to date.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// At their end alone: nothing reads a TVIEW before.
    AtCommit,
    /// Also in between, where they read TVIEWs; then they go on writing.
    Mixed,
}

pub struct Round {
    pub seed: u64,
    pub mode: Mode,
    /// Whether tables are truncated. That takes their rows from those who look with an older snapshot too, so that
    /// nobody can compare before all have stopped.
    pub truncates: bool,
    /// Whether the server's processes are held up.
    pub hinders: bool,
    /// See [`set_greatest`].
    pub greatest: u32,
    /// It has no transactions.
    pub case: Case,
}

impl Round {
    pub fn new(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let greatest = *pick(&mut rng, &[4, 6, 12]);
        set_greatest(greatest);
        let rows = rows(&mut rng);
        // One in two is narrow: so few TVIEWs that many more transactions pass through each.
        let is_wide = seed.is_multiple_of(2);
        let mut tviews = if is_wide {
            in_turn(seed / 2)
        } else {
            let one = pick::<Tview>(&mut rng, &SHAPES);
            with_read(&[one])
        };
        let mut generator = Generator::new(&mut rng);
        let generated = if is_wide { GENERATED } else { 1 };
        tviews.extend((1..=generated).map(|nth| generator.tview(nth, Keys::Certain)));
        Self {
            seed,
            mode: if chance(&mut rng, 50) {
                Mode::AtCommit
            } else {
                Mode::Mixed
            },
            truncates: chance(&mut rng, 25),
            hinders: chance(&mut rng, 50),
            greatest,
            case: Case {
                schema: None,
                is_patched: true,
                rows,
                tviews,
                transactions: Vec::new(),
            },
        }
    }

    /// One that writes something that the TVIEWs show.
    pub fn transaction(&self, rng: &mut Rng, stage: &Stage) -> Transaction {
        let readable = Readable {
            tviews: match self.mode {
                Mode::AtCommit => &[],
                Mode::Mixed => &stage.tviews,
            },
            are_keys_certain: true,
        };
        loop {
            let mut transaction = transaction(rng, &readable);
            self.keep_useful(&mut transaction.steps, stage);
            if !writes(&transaction.steps) {
                continue;
            }
            open_block_for_copy(&mut transaction);
            // What is prepared keeps others waiting, or misses what they do, for longer than what is committed at once.
            if transaction.end == End::Commit && chance(rng, 25) {
                transaction.end = End::CommitPrepared;
            }
            return transaction;
        }
    }

    fn keep_useful(&self, steps: &mut Vec<Step>, stage: &Stage) {
        steps.retain_mut(|step| match step {
            Step::Savepoint { steps, .. } => {
                self.keep_useful(steps, stage);
                !steps.is_empty()
            }
            Step::Compare(_) | Step::Statement { kind: "flush", .. } => self.mode == Mode::Mixed,
            Step::Statement { kind, .. } if !is_write(kind) => true,
            Step::Statement { sql, .. } => self.is_useful(sql, stage),
            Step::Message(statements) => {
                statements.retain(|sql| self.is_useful(sql, stage));
                !statements.is_empty()
            }
            Step::Copy { target, .. } => self.is_useful(target, stage),
        });
    }

    fn is_useful(&self, sql: &str, stage: &Stage) -> bool {
        stage.is_about_sources(sql) && (self.truncates || !sql.contains("TRUNCATE"))
    }
}

/// A client copies in a transaction block, which plpgsql cannot end.
fn open_block_for_copy(transaction: &mut Transaction) {
    let is_copy = |step: &Step| matches!(step, Step::Copy { .. });
    if transaction.end == End::Each && transaction.steps.iter().any(is_copy) {
        transaction.end = End::Commit;
        transaction.steps.retain(|step| {
            !matches!(
                step,
                Step::Statement {
                    kind: "plpgsql with COMMIT",
                    ..
                }
            )
        });
    }
}

fn writes(steps: &[Step]) -> bool {
    steps.iter().any(|step| match step {
        Step::Savepoint { steps, .. } => writes(steps),
        Step::Statement { kind, .. } => is_write(kind),
        Step::Message(_) | Step::Copy { .. } => true,
        Step::Compare(_) => false,
    })
}

fn is_write(kind: &str) -> bool {
    !matches!(kind, "SET" | "SET CONSTRAINTS" | "cursor" | "flush")
}

/// Those whose turn it is, of the written queries.
fn in_turn(nth: u64) -> Vec<Tview> {
    let first = (nth % SHAPES.len() as u64) as usize * WRITTEN;
    let turn: Vec<&Tview> = (first..first + WRITTEN)
        .map(|nth| &SHAPES[nth % SHAPES.len()])
        .collect();
    with_read(&turn)
}

/// Those whose keys are certain, and what they read.
fn with_read(chosen: &[&Tview]) -> Vec<Tview> {
    let is_wanted = |shape: &Tview| {
        chosen.iter().any(|tview| {
            tview.is_key_certain && (tview.name == shape.name || tview.reads.contains(&shape.name))
        })
    };
    SHAPES
        .iter()
        .filter(|shape| is_wanted(shape))
        .cloned()
        .collect()
}
