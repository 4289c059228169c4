//! Names are only names: quotes, braces, keywords, comment marks and whatever else may stand in an identifier, in every place
//! where one can be. Each round makes a database whose names all follow from its seed, creates TVIEWs by each way, writes,
//! runs what `pg_tviews_explain` prints, renames everything, writes again and drops it.
//!
//! `NAMES_SECONDS=600` goes on for as long, from the seed `NAMES_SEED` or another one each time.

#[path = "names/names.rs"]
mod names;
#[path = "names/round.rs"]
mod round;
mod server;

use server::Server;
use std::env;
use std::time::{Duration, Instant};

const ROUNDS: u64 = 12;

#[test]
fn every_name_is_taken_for_what_it_is() {
    let server = Server::launch(&[]);
    let seconds = number("NAMES_SECONDS");
    let until = seconds.map(|s| Instant::now() + Duration::from_secs(s));
    let first = match seconds {
        Some(_) => number("NAMES_SEED").unwrap_or_else(|| fastrand::u64(..u64::MAX / 2)),
        None => 1,
    };
    for seed in first.. {
        let is_over = until.map_or(seed == first + ROUNDS, |until| Instant::now() > until);
        if is_over {
            println!("{} rounds from seed {first}", seed - first);
            return;
        }
        round::run(&server, seed);
    }
}

fn number(variable: &str) -> Option<u64> {
    let text = env::var(variable).ok().filter(|text| !text.is_empty())?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{variable} is not a number: {text}")),
    )
}
