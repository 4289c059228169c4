//! Runs rounds on as many servers as there are processors, and sums up. A failure is shrunk where it was found.

use crate::arena::Arena;
use crate::failure::Failure;
use crate::replay::replay;
use crate::round;
use crate::shrink::shrink;
use crate::tally::Tally;
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// More are counted, and not shrunk.
const SHRUNK: usize = 6;

pub struct Plan {
    /// The seed of the first round; each further one has the next.
    pub first: u64,
    pub rounds: Option<u64>,
    pub until: Option<Instant>,
    /// The time to make one failing case small.
    pub shrinking: Duration,
}

impl Plan {
    fn is_over(&self, round: u64) -> bool {
        self.rounds.is_some_and(|rounds| round >= rounds)
            || self.until.is_some_and(|until| Instant::now() >= until)
    }
}

/// What failed, a line each, and what was counted.
pub fn run(plan: &Plan) -> (Vec<String>, Tally) {
    println!("seed {}", plan.first);
    let next = AtomicU64::new(0);
    let total = Mutex::new(Tally::default());
    let failures = Mutex::new(Vec::new());
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                let mut arena = Arena::new("");
                let mut tally = Tally::default();
                loop {
                    let round = next.fetch_add(1, Ordering::Relaxed);
                    if plan.is_over(round) {
                        break;
                    }
                    let seed = plan.first.wrapping_add(round);
                    tally.add("rounds, a seed each");
                    let case = round::case(seed);
                    if let Some(failure) = replay(&mut arena, &case, &mut tally) {
                        println!("seed {seed} fails: {failure}");
                        let nth = {
                            let mut failures = failures.lock().expect("no worker panicked");
                            failures.push(format!("seed {seed}: {failure}"));
                            failures.len()
                        };
                        if nth <= SHRUNK {
                            let (case, failure) = shrink(&mut arena, case, failure, plan.shrinking);
                            write_down(seed, &case.script(), &failure);
                        }
                    }
                }
                total.lock().expect("no worker panicked").merge(&tally);
            });
        }
    });
    let failures = failures.into_inner().expect("no worker panicked");
    let tally = total.into_inner().expect("no worker panicked");
    println!(
        "\n{tally}{:>10}  failures, from seed {}",
        failures.len(),
        plan.first
    );
    (failures, tally)
}

fn write_down(seed: u64, script: &str, failure: &Failure) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("differential");
    let file = folder.join(format!("{seed}.sql"));
    let comment = format!("seed {seed}: {failure}").replace('\n', "\n-- ");
    fs::create_dir_all(&folder).expect("create the folder of failing cases");
    fs::write(&file, format!("-- {comment}\n{script}")).expect("write the failing case");
    println!(
        "seed {seed} in short: {failure}\nFor psql: {}",
        file.display()
    );
}

/// Whether a TVIEW goes wrong within the time while one rule of the lineage is off.
pub fn notices(rule: &str, first: u64, time: Duration) -> bool {
    let mut arena = Arena::new(&format!("-c pg_tviews.sabotage={rule}"));
    let until = Instant::now() + time;
    let mut tally = Tally::default();
    let mut seed = first;
    while Instant::now() < until {
        if let Some(Failure::Mismatch { rows }) = replay(&mut arena, &round::case(seed), &mut tally)
        {
            println!("without {rule}, seed {seed}: {}", rows[0]);
            return true;
        }
        seed = seed.wrapping_add(1);
    }
    println!(
        "without {rule}: nothing goes wrong in {} rounds",
        seed.wrapping_sub(first)
    );
    false
}
