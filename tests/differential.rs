//! Compares TVIEWs with their queries, over random rows, queries and transactions. Everything of a round follows from its
//! seed. A failing round is shrunk and written to a file for psql, whose name is printed.
//!
//! `make fuzz` and `make fuzz-proof` run the ignored tests, which take their time from `FUZZ_SECONDS` and the first seed
//! from `FUZZ_SEED`.

#[path = "differential/arena.rs"]
mod arena;
#[path = "differential/case.rs"]
mod case;
#[path = "differential/failure.rs"]
mod failure;
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
#[path = "differential/run.rs"]
mod run;
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

use arena::{Arena, LOCK_RULES};
use run::Plan;
use std::env;
use std::time::{Duration, Instant};

/// Rounds of the fixed run, enough for each written query to have its turn.
const ROUNDS: u64 = 72;

#[test]
fn every_tview_equals_its_query_after_every_transaction() {
    let (failures, tally) = run::run(&Plan {
        first: 1,
        rounds: Some(ROUNDS),
        until: None,
        shrinking: Duration::from_secs(60),
    });
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    for what in replay::PATCHES {
        assert!(tally.count(what) > 0, "no {what}");
    }
}

#[test]
#[ignore = "runs as long as it is told: make fuzz"]
fn fuzz() {
    let seconds = number("FUZZ_SECONDS").unwrap_or(600);
    let (failures, _) = run::run(&Plan {
        first: number("FUZZ_SEED").unwrap_or_else(|| fastrand::u64(..)),
        rounds: None,
        until: Some(Instant::now() + Duration::from_secs(seconds)),
        shrinking: Duration::from_secs(300),
    });
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Without one rule of the lineage, some TVIEW has to go wrong: else either the rule or this test would be of no use.
#[test]
#[ignore = "needs an extension built with the feature sabotage: make fuzz-proof"]
fn no_rule_can_be_left_out() {
    let rules = Arena::new("").sabotages();
    if rules.is_empty() {
        println!("skipped: the installed extension has no setting pg_tviews.sabotage");
        return;
    }
    let first = number("FUZZ_SEED").unwrap_or(1);
    let time = Duration::from_secs(number("FUZZ_SECONDS").unwrap_or(120));
    let unnoticed: Vec<&String> = rules
        .iter()
        .filter(|rule| !LOCK_RULES.contains(&rule.as_str()))
        .filter(|rule| !run::notices(rule, first, time))
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
