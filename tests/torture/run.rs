//! Plays round after round on one server, a database each, and sums up.

use crate::arena::Arena;
use crate::client::Client;
use crate::failure::Failure;
use crate::findings::Findings;
use crate::hinder::Hinder;
use crate::judge::{Level, judge};
use crate::round::Round;
use crate::stage::{Stage, compare};
use crate::summary::Summary;
use crate::tally::Tally;
use crate::trail::{Entry, Trail, write_down};
use crate::value::pick;
use fastrand::Rng;
use std::thread;
use std::time::{Duration, Instant};

const CLIENTS: usize = 8;

const ROUND: Duration = Duration::from_secs(3);

/// A deadlock is found soon. Nothing that goes well waits as long as the arena's other limits.
const OPTIONS: &str = "-c deadlock_timeout=50ms";

pub struct Plan {
    /// The seed of the first round; each further one has the next.
    pub first: u64,
    pub time: Duration,
}

/// What failed, a line each.
pub fn run(plan: &Plan) -> Vec<String> {
    println!("seed {}", plan.first);
    let mut arena = Arena::new(OPTIONS);
    let until = Instant::now() + plan.time;
    let mut tally = Tally::default();
    let mut failures = Vec::new();
    let mut seed = plan.first;
    while Instant::now() < until {
        let round = Round::new(seed);
        for failure in play(&mut arena, &round, &mut tally) {
            println!("seed {seed} fails: {failure}");
            failures.push(format!("seed {seed}: {failure}"));
        }
        seed = seed.wrapping_add(1);
    }
    println!("\n{}{:>10}  failures", Summary(&tally), failures.len());
    failures
}

/// Whether a TVIEW goes wrong within the time while one kind of lock is left out.
pub fn notices(rule: &str, plan: &Plan) -> bool {
    let mut arena = Arena::new(&format!("{OPTIONS} -c pg_tviews.sabotage={rule}"));
    let begun = Instant::now();
    let mut seed = plan.first;
    while begun.elapsed() < plan.time {
        let failures = play(&mut arena, &Round::new(seed), &mut Tally::default());
        for failure in failures {
            if let Failure::Mismatch { rows } = failure {
                let time = begun.elapsed().as_secs_f64();
                println!(
                    "without {rule}, seed {seed}, after {time:.1} s: {}",
                    rows[0]
                );
                return true;
            }
        }
        seed = seed.wrapping_add(1);
    }
    println!("without {rule}: nothing goes wrong");
    false
}

fn play(arena: &mut Arena, round: &Round, tally: &mut Tally) -> Vec<Failure> {
    tally.add("rounds");
    let (stage, mut client) = Stage::set(arena, round, tally);
    let findings = Findings::new(Instant::now() + ROUND);
    let entries = let_clients_write(arena, round, &stage, &findings, tally);
    tally.add_many("waits for a lock of ours", stage.waits(&mut client));
    let mut failures = findings.failures();
    failures.extend(stage.failures(&mut client));
    let log = arena.crashes();
    if !log.is_empty() {
        failures.push(Failure::Crash { log });
    }
    if !failures.is_empty() {
        let file = write_down(round, &failures, entries, &stage.rows(&mut client));
        println!("What the clients did: {}", file.display());
        excuse(&mut failures, &mut client);
    }
    drop(client);
    arena.drop(&stage.database);
    failures
}

fn let_clients_write(
    arena: &Arena,
    round: &Round,
    stage: &Stage,
    findings: &Findings,
    tally: &mut Tally,
) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut clients: Vec<Client> = (1..=CLIENTS)
        .map(|number| Client {
            session: arena.connect(&stage.database),
            number,
            round,
            stage,
            findings,
            rng: Rng::with_seed(round.seed ^ (number as u64) << 32),
            tally: Tally::default(),
            trail: Trail::new(number),
        })
        .collect();
    let processes: Vec<i32> = clients.iter_mut().map(Client::process).collect();
    thread::scope(|scope| {
        let hinder = round.hinders.then(|| Hinder::start(&processes));
        let clients: Vec<_> = clients
            .into_iter()
            .map(|client| scope.spawn(|| client.run()))
            .collect();
        let looks = observe(&mut arena.connect(&stage.database), round, stage, findings);
        drop(hinder);
        tally.add_many("comparisons beside transactions", looks);
        for client in clients {
            let (counts, trail) = client.join().expect("no client panicked");
            tally.merge(&counts);
            entries.extend(trail.entries());
        }
    });
    entries
}

/// Looks at one TVIEW after the other, and tells how often: whoever looks must see it equal, at any moment.
fn observe(
    session: &mut postgres::Client,
    round: &Round,
    stage: &Stage,
    findings: &Findings,
) -> u64 {
    let mut rng = Rng::with_seed(round.seed);
    let mut looks = 0;
    while !findings.is_over() && !stage.tviews.is_empty() {
        looks += 1;
        match compare(session, &[pick::<String>(&mut rng, &stage.tviews)]) {
            Ok(Some(mut rows)) if !round.truncates => {
                rows.push("as somebody saw it who writes nothing".to_owned());
                findings.add(Failure::Mismatch { rows });
            }
            Ok(_) => {}
            Err(error) => {
                if let Err(failure) =
                    judge(&error, "a comparison", round.mode, Level::ReadCommitted)
                {
                    findings.add(failure);
                }
            }
        }
        thread::sleep(Duration::from_millis(15));
    }
    looks
}

/// A query that leaves its result open proves nothing about its TVIEW.
fn excuse(failures: &mut [Failure], client: &mut postgres::Client) {
    for failure in failures {
        if let Failure::Mismatch { rows } = failure {
            let tview = rows[0].split(' ').next().unwrap_or_default().to_owned();
            if Stage::is_open(client, &tview) {
                *failure = Failure::OpenQuery { tview };
            }
        }
    }
}
