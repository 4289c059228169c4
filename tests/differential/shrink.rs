//! Makes a failing case small: leaves out whatever it can, as long as a replay still fails in the same way.

use crate::arena::Arena;
use crate::case::{Case, End, Step};
use crate::failure::Failure;
use crate::optional::{optional, smaller};
use crate::replay::replay;
use crate::schema;
use crate::tally::Tally;
use std::ops::Range;
use std::time::{Duration, Instant};

/// The smallest case found within the time, and how it fails.
pub fn shrink(arena: &mut Arena, case: Case, failure: Failure, time: Duration) -> (Case, Failure) {
    let mut shrinker = Shrinker {
        arena,
        best: case,
        failure,
        deadline: Instant::now() + time,
    };
    // What one pass takes out lets another take out more.
    while shrinker.pass() {}
    (shrinker.best, shrinker.failure)
}

struct Shrinker<'a> {
    arena: &'a mut Arena,
    best: Case,
    failure: Failure,
    deadline: Instant,
}

impl Shrinker<'_> {
    /// Whether it has made anything smaller.
    fn pass(&mut self) -> bool {
        let mut has_shrunk = self.drop_runs(
            |case| case.transactions.len(),
            |case, run| drop(case.transactions.drain(run)),
        );
        has_shrunk |= self.drop_runs(
            |case| case.tviews.len(),
            |case, run| drop(case.tviews.drain(run)),
        );
        has_shrunk |= self.drop_steps();
        has_shrunk |= self.simplify();
        has_shrunk |= self.drop_runs(
            |case| case.rows.len(),
            |case, run| drop(case.rows.drain(run)),
        );
        has_shrunk |= self.cut_texts();
        has_shrunk | self.drop_schema()
    }

    fn accept(&mut self, candidate: Case) -> bool {
        if Instant::now() > self.deadline {
            return false;
        }
        match replay(self.arena, &candidate, &mut Tally::default()) {
            Some(failure) if failure.is_like(&self.failure) => {
                self.best = candidate;
                self.failure = failure;
                true
            }
            _ => false,
        }
    }

    /// Takes runs out of a list, long ones first and from its end.
    fn drop_runs(
        &mut self,
        length: impl Fn(&Case) -> usize,
        remove: impl Fn(&mut Case, Range<usize>),
    ) -> bool {
        let mut has_shrunk = false;
        let mut size = length(&self.best).div_ceil(2);
        while size > 0 {
            let mut end = length(&self.best);
            while end > 0 {
                let start = end.saturating_sub(size);
                let mut candidate = self.best.clone();
                remove(&mut candidate, start..end);
                has_shrunk |= self.accept(candidate);
                end = start;
            }
            size = if size == 1 { 0 } else { size.div_ceil(2) };
        }
        has_shrunk
    }

    fn drop_steps(&mut self) -> bool {
        let mut has_shrunk = false;
        let mut nth = 0;
        while nth < count_lists(&self.best) {
            has_shrunk |= self.drop_runs(
                |case| nth_steps(&mut case.clone(), nth).map_or(0, |list| list.len()),
                |case, run| {
                    nth_steps(case, nth).expect("it was counted").drain(run);
                },
            );
            nth += 1;
        }
        has_shrunk
    }

    /// Plainer transactions, savepoints and TVIEWs.
    fn simplify(&mut self) -> bool {
        let mut has_shrunk = false;
        for index in 0..self.best.transactions.len() {
            for end in [End::Each, End::Commit] {
                let is_plainer = self.best.transactions[index].end != End::Each
                    && self.best.transactions[index].end != end;
                has_shrunk |= is_plainer && self.change(|case| case.transactions[index].end = end);
            }
            if self.best.transactions[index].begin != "BEGIN" {
                has_shrunk |= self.change(|case| case.transactions[index].begin = "BEGIN");
            }
        }
        for index in 0..self.best.tviews.len() {
            if !self.best.tviews[index].settings.is_empty() {
                has_shrunk |= self.change(|case| case.tviews[index].settings.clear());
            }
        }
        let mut nth = 0;
        while nth < count_lists(&self.best) {
            has_shrunk |= self.change(|case| hoist(nth_steps(case, nth).expect("it was counted")));
            nth += 1;
        }
        has_shrunk
    }

    fn change(&mut self, change: impl Fn(&mut Case)) -> bool {
        let mut candidate = self.best.clone();
        change(&mut candidate);
        format!("{candidate:?}") != format!("{:?}", self.best) && self.accept(candidate)
    }

    /// Takes marked parts out of every text.
    fn cut_texts(&mut self) -> bool {
        let mut has_shrunk = false;
        let count = texts(&mut self.best.clone()).len();
        for nth in 0..count {
            let mut at = 0;
            while let Some(text) = smaller(texts(&mut self.best.clone())[nth]).nth(at) {
                let mut candidate = self.best.clone();
                *texts(&mut candidate)[nth] = text;
                if self.accept(candidate) {
                    has_shrunk = true;
                } else {
                    at += 1;
                }
            }
        }
        has_shrunk
    }

    fn drop_schema(&mut self) -> bool {
        if self.best.schema.is_none() {
            let statements = schema::statements();
            let marked = statements.iter().map(|statement| mark_columns(statement));
            self.change(|case| case.schema = Some(marked.clone().collect()));
        }
        // The extensions stay: they are in the template.
        self.drop_runs(
            |case| case.schema.as_ref().map_or(0, |schema| schema.len() - 2),
            |case, run| {
                let schema = case.schema.as_mut().expect("it was counted");
                schema.drain(run.start + 2..run.end + 2);
            },
        )
    }
}

/// Each column that is not the last line of its table's definition can be left out.
fn mark_columns(statement: &str) -> String {
    statement
        .split_inclusive('\n')
        .map(|line| {
            if line.starts_with("    ") && line.ends_with(",\n") {
                optional(line)
            } else {
                line.to_owned()
            }
        })
        .collect()
}

/// The nth list of steps, those of savepoints after those they are in.
fn nth_steps(case: &mut Case, nth: usize) -> Option<&mut Vec<Step>> {
    let mut left = nth;
    case.transactions
        .iter_mut()
        .find_map(|transaction| nth_inside(&mut transaction.steps, &mut left))
}

fn nth_inside<'a>(steps: &'a mut Vec<Step>, left: &mut usize) -> Option<&'a mut Vec<Step>> {
    if *left == 0 {
        return Some(steps);
    }
    *left -= 1;
    steps.iter_mut().find_map(|step| match step {
        Step::Savepoint { steps, .. } => nth_inside(steps, left),
        _ => None,
    })
}

fn count_lists(case: &Case) -> usize {
    fn inside(steps: &[Step]) -> usize {
        1 + steps
            .iter()
            .map(|step| match step {
                Step::Savepoint { steps, .. } => inside(steps),
                _ => 0,
            })
            .sum::<usize>()
    }
    case.transactions
        .iter()
        .map(|transaction| inside(&transaction.steps))
        .sum()
}

/// Puts the steps of the first savepoint, or the statements of the first message, in its place.
fn hoist(list: &mut Vec<Step>) {
    let first = list
        .iter()
        .position(|step| matches!(step, Step::Savepoint { .. } | Step::Message(_)));
    let Some(at) = first else { return };
    let steps = match list.remove(at) {
        Step::Savepoint { steps, .. } => steps,
        Step::Message(statements) => statements
            .into_iter()
            .map(|sql| Step::Statement {
                kind: "of a message",
                sql,
            })
            .collect(),
        other => vec![other],
    };
    list.splice(at..at, steps);
}

/// Every text that can have marks.
fn texts(case: &mut Case) -> Vec<&mut String> {
    let mut texts: Vec<&mut String> = case.rows.iter_mut().collect();
    texts.extend(case.tviews.iter_mut().map(|tview| &mut tview.query));
    for transaction in &mut case.transactions {
        add_texts(&mut transaction.steps, &mut texts);
    }
    texts.extend(case.schema.iter_mut().flatten());
    texts
}

fn add_texts<'a>(steps: &'a mut [Step], texts: &mut Vec<&'a mut String>) {
    for step in steps {
        match step {
            Step::Statement { sql, .. } => texts.push(sql),
            Step::Message(statements) => texts.extend(statements),
            Step::Savepoint { steps, .. } => add_texts(steps, texts),
            Step::Copy { .. } | Step::Compare(_) => {}
        }
    }
}
