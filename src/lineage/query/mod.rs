//! Owns the walk through an analysed query that gives the [`Graph`]: which tables it reads as
//! sources, which of their columns it uses, which equalities link them, and where the key is.
//! Called with views already expanded; refuses what cannot be maintained at all.
//!
//! Every query level is a [`Block`]. The walk starts at the outermost one and visits only what
//! its result needs: a view of thirty columns of which three are read contributes three.
//!
//! [`blocks`] registers levels and sources, [`source`] says which tables there may be, [`links`] finds the equalities, [`sides`] the sources
//! behind them, [`nullable`] what an outer join makes NULL, [`mates`] the rows that a window
//! or DISTINCT ON makes depend on each other, [`recursion`] the links of recursive queries, [`tree`] restricts them,
//! [`scopes`] where a refresh must restrict the query itself, [`refusals`] what cannot be maintained.

mod blocks;
mod links;
mod mates;
mod nullable;
mod parts;
mod recursion;
mod refusals;
mod scopes;
mod sides;
mod source;
mod text;
mod tree;

pub(crate) use refusals::survey;

use super::model::{Choice, Graph, KeyPart, Leaf, Link, Part, Reason, Root, Scope, Side, Source};
use super::volatility;
use crate::error::{Error, Result};
use crate::pg::function;
use crate::pg::node::{Expr, FromItem, Kind, Query, Shape, SubLink, SubLinkKind, Target, Var};
use crate::sabotage::{Rule, breaks};
use pgrx::pg_sys::Oid;
use std::cell::Cell;
use std::collections::{BTreeSet, HashMap, HashSet};

/// A query level.
struct Block<'a> {
    query: Query<'a>,
    shape: Shape,
    targets: Vec<Target<'a>>,
    /// What each range-table entry stands for; index 0 is unused.
    items: Vec<Item<'a>>,
    outer: Option<usize>,
    /// The level that reads it.
    within: Option<usize>,
    is_recursive: bool,
    /// Walked again for the sake of the rows beside those that a restriction names.
    is_mate: bool,
    from: FromItem<'a>,
    /// Entries on the nullable side of an outer join.
    nullable: HashSet<usize>,
    /// Those of them whose outer joins have been walked; complete once FROM has been.
    nullable_so_far: HashSet<usize>,
    is_in_from: bool,
    is_visited: bool,
    needed: BTreeSet<i16>,
}

#[derive(Clone)]
enum Item<'a> {
    Source(usize),
    Block(usize),
    Alias(Vec<Expr<'a>>),
    Functions {
        all: Vec<Expr<'a>>,
        columns: Vec<Option<Expr<'a>>>,
        read: Vec<Oid>,
    },
    Computed(Vec<Expr<'a>>),
    /// A recursive query's reference to itself: what its block, a set operation, gave before.
    Recursion(usize),
    Unused,
}

struct Walk<'a> {
    blocks: Vec<Block<'a>>,
    sources: Vec<Source>,
    /// The block of each source.
    levels: Vec<usize>,
    links: Vec<Link>,
    /// Blocks of subqueries in expressions, by the block around them (a WITH query is walked once
    /// per reference) and the address of their query.
    sublinks: HashMap<(usize, usize), usize>,
    /// Sides are wanted over the row before: see [`crate::lineage::model::row_before`].
    is_before: Cell<bool>,
    /// Blocks of subqueries whose `IN` must hold.
    strict_sublinks: HashSet<usize>,
    /// How recursive queries go on.
    steps: Vec<tree::Step<'a>>,
    /// The number of arms of each choice met so far.
    choices: Vec<usize>,
    /// The walk is inside a level that is walked again.
    is_mate_walk: bool,
    scopes: Vec<Scope>,
    mates: BTreeSet<usize>,
    functions: BTreeSet<u32>,
    types: BTreeSet<u32>,
    parts: Vec<Part>,
    /// The walk is inside one of these.
    is_in_part: bool,
    leaves: Vec<Leaf>,
    /// The walk is inside this one, at a level that its columns are walked at for each place that shows them.
    leaf: Option<Leaf>,
    /// The leaves, as bits, that are all that reads a block; 0 where something else does.
    readers: HashMap<usize, u64>,
    /// What the definition would be refused for, where the analysis goes on all the same.
    refusals: Option<Vec<Error>>,
}

/// Analyses a query whose result columns at `key` (positions from 1, with names) identify a row.
pub(crate) fn analyse(query: Query<'_>, key: &[(i16, String)]) -> Result<Graph> {
    graph(&mut Walk::new(), query, key)
}

fn graph<'a>(walk: &mut Walk<'a>, query: Query<'a>, key: &[(i16, String)]) -> Result<Graph> {
    let top = walk.block(query, None, false)?;
    walk.need_result(top)?;
    let mut graph = Graph::default();
    for (part, (position, name)) in key.iter().enumerate() {
        let target = walk.target(top, *position).ok_or_else(|| {
            Error::Internal(format!("the defining query has no column {position}"))
        })?;
        graph.key.push(key_part(target.expr, name));
        match walk.roots(top, part, *position, target.expr) {
            Ok(roots) => graph.roots.extend(roots),
            Err(obstacle) => graph.key_obstacle = Some(obstacle),
        }
    }
    walk.add_mates(&graph.roots)?;
    let rooted = |part: &usize| graph.roots.iter().any(|r| r.part == *part);
    let parts = key.iter().map(|(position, _)| *position).enumerate();
    let parts: Vec<(usize, i16)> = parts.filter(|(part, _)| rooted(part)).collect();
    walk.add_scopes(top, &parts);
    walk.note_leaves();
    graph.sources = std::mem::take(&mut walk.sources);
    graph.links = std::mem::take(&mut walk.links);
    graph.choices = std::mem::take(&mut walk.choices);
    graph.scopes = std::mem::take(&mut walk.scopes);
    graph.parts = std::mem::take(&mut walk.parts);
    graph.leaves = std::mem::take(&mut walk.leaves);
    graph.mates = std::mem::take(&mut walk.mates);
    graph.functions = std::mem::take(&mut walk.functions);
    graph.types = std::mem::take(&mut walk.types);
    Ok(graph)
}

fn key_part(expr: Expr<'_>, name: &str) -> KeyPart {
    let type_oid = expr.type_oid();
    let families = function::default_equality(type_oid)
        .map(|(e, _)| e.families)
        .unwrap_or_default();
    KeyPart {
        name: name.to_owned(),
        type_oid: type_oid.to_u32(),
        families,
        collation: expr.collation(),
    }
}

impl<'a> Walk<'a> {
    fn new() -> Walk<'a> {
        Walk {
            blocks: Vec::new(),
            sources: Vec::new(),
            levels: Vec::new(),
            links: Vec::new(),
            sublinks: HashMap::new(),
            strict_sublinks: HashSet::new(),
            is_before: Cell::new(false),
            steps: Vec::new(),
            choices: Vec::new(),
            is_mate_walk: false,
            scopes: Vec::new(),
            mates: BTreeSet::new(),
            functions: BTreeSet::new(),
            types: BTreeSet::new(),
            parts: Vec::new(),
            is_in_part: false,
            leaves: Vec::new(),
            leaf: None,
            readers: HashMap::new(),
            refusals: None,
        }
    }

    /// The sources that hold a key column.
    fn roots(
        &mut self,
        top: usize,
        part: usize,
        position: i16,
        expr: Expr<'a>,
    ) -> std::result::Result<Vec<Root>, Reason> {
        if self.is_output_nullable(top, position) && !self.blocks[top].shape.has_grouping_sets {
            return Err(Reason::KeyIsNullable);
        }
        let type_oid = expr.type_oid();
        // A key that is cast from a grouped column has another equality than its groups.
        let fits = |s: &Side| {
            s.grouped_by.is_none() || function::is_equality_shared(type_oid, Oid::from(s.type_oid))
        };
        let alternatives = self.output_sides(top, position).unwrap_or_default();
        if alternatives.iter().all(Vec::is_empty) || !alternatives.iter().flatten().all(fits) {
            return Err(match self.is_carried(top, expr) {
                true => Reason::RowsDepend,
                false => Reason::KeyIsComputed,
            });
        }
        let point = (alternatives.len() > 1).then(|| self.choice(alternatives.len()));
        let mut roots = Vec::new();
        for (arm, sides) in alternatives.into_iter().enumerate() {
            roots.extend(sides.into_iter().map(|side| Root {
                part,
                side: sides::coerce(side, type_oid),
                choice: point.map(|point| Choice { point, arm }),
            }));
        }
        Ok(roots)
    }

    fn choice(&mut self, arms: usize) -> usize {
        self.choices.push(arms);
        self.choices.len() - 1
    }

    fn level_up(&self, block: usize, levels: u32) -> Result<usize> {
        let mut current = block;
        for _ in 0..levels {
            current = self.blocks[current]
                .outer
                .ok_or_else(|| Error::Internal("a reference leads out of the query".into()))?;
        }
        Ok(current)
    }

    fn target(&self, block: usize, position: i16) -> Option<Target<'a>> {
        self.blocks[block]
            .targets
            .iter()
            .find(|t| t.position == position)
            .copied()
    }

    fn need_all(&mut self, block: usize) -> Result<()> {
        let positions: Vec<i16> = self.blocks[block]
            .targets
            .iter()
            .filter(|t| !t.is_junk)
            .map(|t| t.position)
            .collect();
        self.visit(block)?;
        positions.into_iter().try_for_each(|p| self.need(block, p))
    }

    /// A column of the block's result is read.
    fn need(&mut self, block: usize, position: i16) -> Result<()> {
        self.visit(block)?;
        if !self.blocks[block].needed.insert(position) {
            return Ok(());
        }
        if let Some(operation) = self.blocks[block].query.set_operation() {
            for arm in operation.arms {
                self.need_item(block, arm, position)?;
            }
        }
        match self.target(block, position) {
            Some(target) => self.expr(block, target.expr),
            None => Ok(()),
        }
    }

    fn need_item(&mut self, block: usize, index: usize, position: i16) -> Result<()> {
        match self.blocks[block].items[index] {
            Item::Block(nested) => self.need(nested, position),
            _ => Ok(()),
        }
    }

    /// Everything that decides which rows a block gives, whichever columns are read.
    fn visit(&mut self, block: usize) -> Result<()> {
        if std::mem::replace(&mut self.blocks[block].is_visited, true) {
            return Ok(());
        }
        let query = self.blocks[block].query;
        self.functions
            .extend(query.sort_functions().into_iter().map(Oid::to_u32));
        for item in self.blocks[block].items.clone() {
            match item {
                Item::Block(nested) => self.visit(nested)?,
                Item::Computed(exprs) => self.exprs(block, exprs)?,
                Item::Functions { all, read, .. } => {
                    let inputs = read.into_iter().flat_map(function::input_functions);
                    self.call(inputs.collect())?;
                    self.exprs(block, all)?;
                }
                Item::Source(_) | Item::Alias(_) | Item::Recursion(_) | Item::Unused => {}
            }
        }
        self.blocks[block].is_in_from = true;
        let from = self.blocks[block].from.clone();
        self.from(block, &from)?;
        self.blocks[block].is_in_from = false;
        for expr in query.other_exprs() {
            self.expr(block, expr)?;
        }
        let decides = |t: &Target<'a>| t.sort_group_ref != 0 || t.expr.returns_set();
        let targets: Vec<i16> = self.blocks[block]
            .targets
            .iter()
            .filter(|t| decides(t))
            .map(|t| t.position)
            .collect();
        targets.into_iter().try_for_each(|p| self.need(block, p))?;
        match query.set_operation() {
            Some(operation) if !operation.is_union_all => {
                operation
                    .arms
                    .into_iter()
                    .try_for_each(|arm| match self.blocks[block].items[arm] {
                        Item::Block(nested) => self.need_all(nested),
                        _ => Ok(()),
                    })
            }
            _ => Ok(()),
        }
    }

    fn expr(&mut self, block: usize, expr: Expr<'a>) -> Result<()> {
        self.note(block, expr)?;
        match expr.kind() {
            Kind::Var(var) => self.use_var(block, var),
            Kind::SubLink(link) => self.sublink(block, &link),
            Kind::SqlValue | Kind::NextValue => self.refuse(Error::Construct {
                construct: "CURRENT_TIMESTAMP, CURRENT_USER and the like",
                detail: "Their value changes without any change of the source tables.",
                hint: "Store the value in a source column, or compute it when the TVIEW is read.",
            }),
            Kind::Parameter => Err(Error::Construct {
                construct: "a parameter",
                detail: "A defining query must be complete.",
                hint: "Write the value into the query.",
            }),
            _ => self.exprs(block, expr.children()),
        }
    }

    fn exprs(&mut self, block: usize, exprs: Vec<Expr<'a>>) -> Result<()> {
        exprs.into_iter().try_for_each(|e| self.expr(block, e))
    }

    /// What a node of an expression calls and brings in by itself.
    fn note(&mut self, block: usize, expr: Expr<'a>) -> Result<()> {
        let mut functions = expr.functions();
        functions.extend(self.text_functions(block, expr)?);
        self.call(functions)?;
        self.functions
            .extend(expr.sort_functions().into_iter().map(Oid::to_u32));
        self.types.extend(expr.own_type().map(Oid::to_u32));
        Ok(())
    }

    fn call(&mut self, functions: Vec<Oid>) -> Result<()> {
        for function in functions {
            self.require(volatility::check(function))?;
            self.functions.insert(function.to_u32());
        }
        Ok(())
    }

    fn use_var(&mut self, block: usize, var: Var) -> Result<()> {
        let level = self.level_up(block, var.levels_up)?;
        match self.blocks[level].items.get(var.entry).cloned() {
            Some(Item::Source(_))
                if self.blocks[level].is_in_from && breaks(Rule::ConditionColumns) =>
            {
                Ok(())
            }
            Some(Item::Source(source)) => self.use_column(source, var.attribute),
            Some(Item::Block(nested) | Item::Recursion(nested)) => {
                self.read(nested, |walk| match var.attribute {
                    0 => walk.need_all(nested),
                    attribute => walk.need(nested, attribute),
                })
            }
            Some(Item::Alias(exprs)) if var.attribute == 0 => self.exprs(level, exprs),
            Some(Item::Alias(exprs)) => match exprs.get(var.attribute as usize - 1) {
                Some(expr) => self.expr(level, *expr),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn use_column(&mut self, source: usize, attribute: i16) -> Result<()> {
        let source = &mut self.sources[source];
        match attribute {
            0 => {
                source.is_read_whole = true;
                let all = source.columns.iter().map(|c| c.attribute);
                source.used.extend(all.clone());
                source.decisive.extend(all);
            }
            a if a > 0 => {
                source.used.insert(a);
                if !self.is_in_part {
                    source.decisive.insert(a);
                }
            }
            _ => {
                return self.refuse(Error::Construct {
                    construct: "a system column",
                    detail: "Its value changes without a change of the row.",
                    hint: "Use a column of the table.",
                });
            }
        }
        Ok(())
    }

    fn sublink(&mut self, block: usize, link: &SubLink<'a>) -> Result<()> {
        let nested = self.sublink_block(block, link)?;
        self.read(nested, |walk| match link.kind {
            SubLinkKind::Exists => walk.visit(nested),
            _ => walk.need_all(nested),
        })?;
        if let Some(test) = link.test {
            self.expr(block, test)?;
            if !self.strict_sublinks.contains(&nested) {
                self.loose_membership(block, nested, link.kind, test);
            }
        }
        Ok(())
    }

    fn sublink_block(&mut self, block: usize, link: &SubLink<'a>) -> Result<usize> {
        if let Some(known) = self.sublinks.get(&(block, link.query.address())) {
            return Ok(*known);
        }
        let nested = self.block(link.query, Some(block), false)?;
        self.sublinks.insert((block, link.query.address()), nested);
        Ok(nested)
    }
}
