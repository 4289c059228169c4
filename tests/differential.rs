//! Compares TVIEWs with their queries over random schemas of rows, queries and transactions. Everything follows from a seed,
//! which is printed; a failing case is shrunk and written down for psql.

#[path = "differential/arena.rs"]
mod arena;
#[path = "differential/case.rs"]
mod case;
#[path = "differential/generate/mod.rs"]
mod generate;
#[path = "differential/optional.rs"]
mod optional;
#[path = "differential/oracle.rs"]
mod oracle;
#[path = "differential/replay.rs"]
mod replay;
#[path = "differential/round.rs"]
mod round;
#[path = "differential/rows.rs"]
mod rows;
#[path = "differential/schema.rs"]
mod schema;
mod server;
#[path = "differential/shapes.rs"]
mod shapes;
#[path = "differential/shrink.rs"]
mod shrink;
#[path = "differential/tally.rs"]
mod tally;
#[path = "differential/value.rs"]
mod value;
#[path = "differential/writes/mod.rs"]
mod writes;

use arena::Arena;
use tally::Tally;

#[test]
fn every_tview_equals_its_query_after_every_transaction() {
    let mut arena = Arena::new("");
    let mut tally = Tally::default();
    for seed in 1..=20 {
        let case = round::case(seed);
        if let Some(failure) = replay::replay(&mut arena, &case, &mut tally) {
            println!("seed {seed}: {failure}");
            let (case, failure) = shrink::shrink(
                &mut arena,
                case,
                failure,
                std::time::Duration::from_secs(20),
            );
            println!("shrunk: {failure}");
            std::fs::write(format!("/tmp/wt/fail_{seed}.sql"), case.script()).unwrap();
        }
    }
    println!("{tally}");
}
