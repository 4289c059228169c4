//! Eight clients write the same few rows at once, in random transactions at every isolation level, and every TVIEW has to
//! equal its query: at any moment for a client that looks, and whenever all clients have stopped.
//!
//! Tables, queries and statements are those of the differential test. A seed decides what the clients do, and not who
//! comes first; so a failing round leaves what its clients have done, with times, in a file whose name is printed.
//!
//! `make torture` and `make torture-proof` run the ignored tests. `TORTURE_SECONDS` and `TORTURE_SEED` reach all of them.

#[path = "differential/arena.rs"]
mod arena;
#[allow(
    dead_code,
    reason = "rounds of this test have no transactions of their own"
)]
#[path = "differential/case.rs"]
mod case;
#[path = "torture/client.rs"]
mod client;
#[allow(dead_code, reason = "keys are always certain here")]
#[path = "differential/failure.rs"]
mod failure;
#[path = "torture/findings.rs"]
mod findings;
#[allow(
    dead_code,
    reason = "a seed does not bring the same failure back, and nothing is shrunk"
)]
#[path = "differential/generate/mod.rs"]
mod generate;
#[path = "torture/hinder.rs"]
mod hinder;
#[path = "torture/judge.rs"]
mod judge;
#[allow(dead_code, reason = "nothing is shrunk")]
#[path = "differential/optional.rs"]
mod optional;
#[allow(dead_code, reason = "keys are always certain here")]
#[path = "differential/oracle.rs"]
mod oracle;
#[path = "torture/round.rs"]
mod round;
#[path = "differential/rows.rs"]
mod rows;
#[path = "torture/run.rs"]
mod run;
#[path = "differential/schema.rs"]
mod schema;
mod server;
#[path = "differential/shapes.rs"]
mod shapes;
#[path = "torture/stage.rs"]
mod stage;
#[path = "torture/summary.rs"]
mod summary;
#[path = "differential/tally.rs"]
mod tally;
#[path = "torture/trail.rs"]
mod trail;
#[path = "differential/value.rs"]
mod value;
#[path = "differential/writes/mod.rs"]
mod writes;

use arena::{Arena, LOCK_RULES};
use run::Plan;
use std::env;
use std::time::Duration;

#[test]
fn concurrent_writers_leave_no_stale_row() {
    torture_for(60, 1);
}

#[test]
#[ignore = "runs as long as it is told: make torture"]
fn torture() {
    torture_for(600, fastrand::u64(..));
}

fn torture_for(seconds: u64, seed: u64) {
    let failures = run::run(&Plan {
        first: number("TORTURE_SEED").unwrap_or(seed),
        time: Duration::from_secs(number("TORTURE_SECONDS").unwrap_or(seconds)),
    });
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Without one kind of lock some TVIEW has to go wrong: else either the lock or this test would be of no use.
#[test]
#[ignore = "needs an extension built with the feature sabotage: make torture-proof"]
fn no_lock_can_be_left_out() {
    let known = Arena::new("").sabotages();
    if known.is_empty() {
        println!("skipped: the installed extension has no setting pg_tviews.sabotage");
        return;
    }
    let plan = Plan {
        first: number("TORTURE_SEED").unwrap_or(1),
        time: Duration::from_secs(number("TORTURE_SECONDS").unwrap_or(120)),
    };
    let unnoticed: Vec<&str> = LOCK_RULES
        .into_iter()
        .filter(|rule| !known.iter().any(|name| name == rule) || !run::notices(rule, &plan))
        .collect();
    assert!(
        unnoticed.is_empty(),
        "nothing goes wrong without {unnoticed:?}"
    );
}

fn number(variable: &str) -> Option<u64> {
    let text = env::var(variable).ok().filter(|text| !text.is_empty())?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{variable} is not a number: {text}")),
    )
}
