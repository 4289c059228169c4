//! Owns the walk through an analysed query that gives the [`Graph`]: which tables it reads as
//! sources, which of their columns it uses, which equalities link them, and where the key is.
//! Called with views already expanded; refuses what cannot be maintained at all.
//!
//! Every query level is a [`Block`]. The walk starts at the outermost one and visits only what
//! its result needs: a view of thirty columns of which three are read contributes three.
//!
//! Two directions of looking through a subquery must be told apart. A *child* is restricted by
//! a link, so the link must go through every subquery on the way as PostgreSQL's planner would
//! push the restriction ([`Walk::child_sides`]). A *parent* is only looked up: any subquery whose
//! rows carry the column of a source row unchanged will do ([`Walk::parent_side`]).

use super::model::{Graph, KeyPart, Link, Reason, Root, Side, Source, tag};
use super::volatility;
use crate::error::{Error, Result};
use crate::pg::function;
use crate::pg::node::{
    Entry, Expr, FromItem, JoinKind, Kind, Query, Shape, SubLink, SubLinkKind, Target, Var,
};
use crate::pg::relation;
use pgrx::pg_sys::Oid;
use std::collections::{BTreeSet, HashMap, HashSet};

/// A query level.
struct Block<'a> {
    query: Query<'a>,
    shape: Shape,
    targets: Vec<Target<'a>>,
    /// What each range-table entry stands for; index 0 is unused.
    items: Vec<Item<'a>>,
    outer: Option<usize>,
    is_recursive: bool,
    /// Entries on the nullable side of an outer join.
    nullable: HashSet<usize>,
    is_visited: bool,
    needed: BTreeSet<i16>,
}

#[derive(Clone)]
enum Item<'a> {
    Source(usize),
    Block(usize),
    Alias(Vec<Expr<'a>>),
    Computed(Vec<Expr<'a>>),
    Unused,
}

struct Walk<'a> {
    blocks: Vec<Block<'a>>,
    sources: Vec<Source>,
    links: Vec<Link>,
    /// Blocks of subqueries in expressions, by the address of their query.
    sublinks: HashMap<usize, usize>,
}

/// Analyses a query whose result columns at `key` (positions from 1, with names) identify a row.
pub(crate) fn analyse(query: Query<'_>, key: &[(i16, String)]) -> Result<Graph> {
    let mut walk = Walk {
        blocks: Vec::new(),
        sources: Vec::new(),
        links: Vec::new(),
        sublinks: HashMap::new(),
    };
    let top = walk.block(query, None, false)?;
    walk.need_all(top)?;
    let mut roots = Vec::new();
    let mut parts = Vec::new();
    for (part, (position, name)) in key.iter().enumerate() {
        let target = walk.target(top, *position).ok_or_else(|| {
            Error::Internal(format!("the defining query has no column {position}"))
        })?;
        parts.push(key_part(target.expr, name));
        let sides = walk.output_sides(top, *position).unwrap_or_default();
        roots.extend(sides.into_iter().map(|side| Root { part, side }));
    }
    Ok(Graph { sources: walk.sources, links: walk.links, roots, key: parts })
}

fn key_part(expr: Expr<'_>, name: &str) -> KeyPart {
    let type_oid = expr.type_oid();
    let families = function::default_equality(type_oid).map(|(e, _)| e.families).unwrap_or_default();
    KeyPart { name: name.to_owned(), type_oid: type_oid.to_u32(), families, collation: expr.collation() }
}

impl<'a> Walk<'a> {
    /// Registers a query level and everything in its FROM.
    fn block(&mut self, query: Query<'a>, outer: Option<usize>, recursive: bool) -> Result<usize> {
        let shape = query.shape();
        if !shape.is_select {
            return Err(Error::Construct {
                construct: "a data-modifying statement in WITH",
                detail: "A defining query only reads.",
            });
        }
        if shape.has_row_locks {
            return Err(Error::Construct {
                construct: "FOR UPDATE",
                detail: "Refreshing would lock the source rows.",
            });
        }
        let is_recursive = recursive || outer.is_some_and(|o| self.blocks[o].is_recursive);
        let id = self.blocks.len();
        self.blocks.push(Block {
            query,
            shape,
            targets: query.targets(),
            items: vec![Item::Unused; query.entry_count() + 1],
            outer,
            is_recursive,
            nullable: HashSet::new(),
            is_visited: false,
            needed: BTreeSet::new(),
        });
        let from: HashSet<usize> = query.from_indexes().into_iter().collect();
        for index in 1..=query.entry_count() {
            let item = match query.entry(index)? {
                Entry::Alias(exprs) => Item::Alias(exprs),
                _ if !from.contains(&index) => Item::Unused,
                Entry::Relation { relid, alias } => Item::Source(self.source(relid, alias, id)?),
                Entry::Subquery(nested) => Item::Block(self.block(nested, Some(id), false)?),
                Entry::Computed(exprs) => Item::Computed(exprs),
                Entry::With { is_self_reference: true, .. } => Item::Computed(Vec::new()),
                Entry::With { name, levels_up, .. } => self.with_block(id, &name, levels_up)?,
            };
            self.blocks[id].items[index] = item;
        }
        Ok(id)
    }

    /// Each reference to a WITH query reads its tables anew, as an inlined one does.
    fn with_block(&mut self, block: usize, name: &str, levels_up: u32) -> Result<Item<'a>> {
        let owner = self.level_up(block, levels_up)?;
        let with = self.blocks[owner]
            .query
            .with_query(name)
            .ok_or_else(|| Error::Internal(format!("WITH query \"{name}\" not found")))?;
        Ok(Item::Block(self.block(with.query, Some(owner), with.is_recursive)?))
    }

    fn source(&mut self, relid: Oid, alias: String, block: usize) -> Result<usize> {
        let name = relation::name(relid)
            .ok_or_else(|| Error::Internal(format!("relation {} vanished", relid.to_u32())))?;
        check_source(relid, &name.name)?;
        let obstacle = self.blocks[block].is_recursive.then_some(Reason::Recursive);
        self.sources.push(Source {
            relid: relid.to_u32(),
            name,
            alias,
            columns: relation::columns(relid),
            used: BTreeSet::new(),
            obstacle,
        });
        Ok(self.sources.len() - 1)
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
        self.blocks[block].targets.iter().find(|t| t.position == position).copied()
    }

    // ---- What is used -------------------------------------------------------------------------

    fn need_all(&mut self, block: usize) -> Result<()> {
        let positions: Vec<i16> =
            self.blocks[block].targets.iter().filter(|t| !t.is_junk).map(|t| t.position).collect();
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
        for item in self.blocks[block].items.clone() {
            match item {
                Item::Block(nested) => self.visit(nested)?,
                Item::Computed(exprs) => {
                    exprs.into_iter().try_for_each(|e| self.expr(block, e))?;
                }
                Item::Source(_) | Item::Alias(_) | Item::Unused => {}
            }
        }
        self.from(block, &query.from())?;
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
                operation.arms.into_iter().try_for_each(|arm| {
                    match self.blocks[block].items[arm] {
                        Item::Block(nested) => self.need_all(nested),
                        _ => Ok(()),
                    }
                })
            }
            _ => Ok(()),
        }
    }

    fn expr(&mut self, block: usize, expr: Expr<'a>) -> Result<()> {
        expr.functions().into_iter().try_for_each(volatility::check)?;
        match expr.kind() {
            Kind::Var(var) => self.use_var(block, var),
            Kind::SubLink(link) => self.sublink(block, &link),
            Kind::SqlValue | Kind::NextValue => Err(Error::Construct {
                construct: "CURRENT_TIMESTAMP, CURRENT_USER and the like",
                detail: "Their value changes without any change of the source tables.",
            }),
            Kind::Parameter => Err(Error::Construct {
                construct: "a parameter",
                detail: "A defining query must be complete.",
            }),
            _ => expr.children().into_iter().try_for_each(|c| self.expr(block, c)),
        }
    }

    fn use_var(&mut self, block: usize, var: Var) -> Result<()> {
        let level = self.level_up(block, var.levels_up)?;
        match self.blocks[level].items.get(var.entry).cloned() {
            Some(Item::Source(source)) => self.use_column(source, var.attribute),
            Some(Item::Block(nested)) if var.attribute == 0 => self.need_all(nested),
            Some(Item::Block(nested)) => self.need(nested, var.attribute),
            Some(Item::Alias(exprs)) if var.attribute == 0 => {
                exprs.into_iter().try_for_each(|e| self.expr(level, e))
            }
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
            0 => source.used.extend(source.columns.iter().map(|c| c.attribute)),
            a if a > 0 => {
                source.used.insert(a);
            }
            _ => {
                return Err(Error::Construct {
                    construct: "a system column",
                    detail: "Its value changes without a change of the row.",
                });
            }
        }
        Ok(())
    }

    fn sublink(&mut self, block: usize, link: &SubLink<'a>) -> Result<()> {
        let nested = self.sublink_block(block, link)?;
        match link.kind {
            SubLinkKind::Exists => self.visit(nested)?,
            _ => self.need_all(nested)?,
        }
        match link.test {
            Some(test) => self.expr(block, test),
            None => Ok(()),
        }
    }

    fn sublink_block(&mut self, block: usize, link: &SubLink<'a>) -> Result<usize> {
        if let Some(known) = self.sublinks.get(&link.query.address()) {
            return Ok(*known);
        }
        let nested = self.block(link.query, Some(block), false)?;
        self.sublinks.insert(link.query.address(), nested);
        Ok(nested)
    }

    // ---- Links --------------------------------------------------------------------------------

    /// Walks FROM and WHERE; gives the entries below `item`.
    fn from(&mut self, block: usize, item: &FromItem<'a>) -> Result<Vec<usize>> {
        match item {
            FromItem::Entry(index) => Ok(vec![*index]),
            FromItem::List { items, quals } => {
                let mut below = Vec::new();
                for item in items {
                    below.extend(self.from(block, item)?);
                }
                self.quals(block, *quals, &below)?;
                Ok(below)
            }
            FromItem::Join { kind, left, right, quals } => {
                let mut left = self.from(block, left)?;
                let right = self.from(block, right)?;
                // Whose rows the condition restricts: an outer join keeps the preserved side.
                let restricted: Vec<usize> = match kind {
                    JoinKind::Inner => left.iter().chain(&right).copied().collect(),
                    JoinKind::Left => right.clone(),
                    JoinKind::Right => left.clone(),
                    JoinKind::Full => Vec::new(),
                };
                self.quals(block, *quals, &restricted)?;
                let nullable = &mut self.blocks[block].nullable;
                if matches!(kind, JoinKind::Left | JoinKind::Full) {
                    nullable.extend(&right);
                }
                if matches!(kind, JoinKind::Right | JoinKind::Full) {
                    nullable.extend(&left);
                }
                left.extend(right);
                Ok(left)
            }
        }
    }

    fn quals(&mut self, block: usize, quals: Option<Expr<'a>>, restricted: &[usize]) -> Result<()> {
        match quals {
            Some(quals) => {
                self.expr(block, quals)?;
                self.conjunct(block, quals, restricted)
            }
            None => Ok(()),
        }
    }

    /// Takes links from a condition that must hold.
    fn conjunct(&mut self, block: usize, expr: Expr<'a>, restricted: &[usize]) -> Result<()> {
        match expr.kind() {
            Kind::And(parts) => {
                parts.into_iter().try_for_each(|p| self.conjunct(block, p, restricted))
            }
            Kind::Operator { operator, args, collation } if args.len() == 2 => {
                self.equality(block, operator, &args, collation, restricted);
                Ok(())
            }
            Kind::SubLink(link) if link.kind == SubLinkKind::Any && !restricted.is_empty() => {
                let nested = self.sublink_block(block, &link)?;
                match link.test {
                    Some(test) => {
                        self.membership(block, nested, test);
                        Ok(())
                    }
                    None => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    fn equality(
        &mut self,
        block: usize,
        operator: Oid,
        args: &[Expr<'a>],
        collation: u32,
        restricted: &[usize],
    ) {
        let Some(equality) = function::equality(operator) else { return };
        for (child, parent, child_is_left) in [(0, 1, true), (1, 0, false)] {
            let Some(children) = self.child_sides(block, args[child], Some(restricted)) else {
                continue;
            };
            let Some(parent) = self.parent_side(block, args[parent]) else { continue };
            self.add_links(children, &parent, &equality, child_is_left, collation);
        }
    }

    /// `outer IN (SELECT inner …)` that must hold: the inner rows are restricted.
    fn membership(&mut self, block: usize, nested: usize, test: Expr<'a>) {
        match test.kind() {
            Kind::And(parts) => parts.into_iter().for_each(|p| self.membership(block, nested, p)),
            Kind::Operator { operator, args, collation } if args.len() == 2 => {
                let Some(equality) = function::equality(operator) else { return };
                for (child, parent, child_is_left) in [(0, 1, true), (1, 0, false)] {
                    let Kind::SubLinkColumn(position) = strip(args[child]).kind() else { continue };
                    let Some(children) = self.output_sides(nested, position) else { continue };
                    let Some(parent) = self.parent_side(block, args[parent]) else { continue };
                    self.add_links(children, &parent, &equality, child_is_left, collation);
                }
            }
            _ => {}
        }
    }

    fn add_links(
        &mut self,
        children: Vec<Side>,
        parent: &Side,
        equality: &function::Equality,
        child_is_left: bool,
        collation: u32,
    ) {
        for child in children.into_iter().filter(|c| c.source != parent.source) {
            self.links.push(Link {
                child,
                parent: parent.clone(),
                operator: equality.sql.clone(),
                child_is_left,
                families: equality.families.clone(),
                collation,
            });
        }
    }

    /// The sources that a restriction on `expr` restricts: one, or one per arm of a set operation.
    fn child_sides(
        &self,
        block: usize,
        expr: Expr<'a>,
        restricted: Option<&[usize]>,
    ) -> Option<Vec<Side>> {
        let expr = strip(expr);
        let Kind::Var(var) = expr.kind() else {
            return self.computed_side(block, expr, restricted).map(|s| vec![s]);
        };
        if var.levels_up > 0 {
            return None;
        }
        match self.blocks[block].items.get(var.entry)? {
            Item::Alias(exprs) => {
                let expr = *exprs.get(usize::try_from(var.attribute).ok()?.checked_sub(1)?)?;
                self.child_sides(block, expr, restricted)
            }
            _ if restricted.is_some_and(|r| !r.contains(&var.entry)) => None,
            Item::Source(source) => Some(vec![self.column_side(*source, var.attribute, expr)?]),
            Item::Block(nested) => self.output_sides(*nested, var.attribute),
            _ => None,
        }
    }

    /// The sources that a restriction on a result column of a block restricts.
    fn output_sides(&self, block: usize, position: i16) -> Option<Vec<Side>> {
        if !self.is_pushable(block, position) {
            return None;
        }
        if let Some(operation) = self.blocks[block].query.set_operation() {
            let mut sides = Vec::new();
            for arm in operation.arms {
                let Item::Block(nested) = self.blocks[block].items[arm] else { return None };
                sides.extend(self.output_sides(nested, position)?);
            }
            return Some(sides);
        }
        self.child_sides(block, self.target(block, position)?.expr, None)
    }

    /// Whether a restriction on a result column may be applied before the block's own work:
    /// the cases in which PostgreSQL's planner pushes one down (`subquery_is_pushdown_safe`).
    fn is_pushable(&self, block: usize, position: i16) -> bool {
        let b = &self.blocks[block];
        let Some(target) = self.target(block, position) else { return false };
        let names = |refs: &Vec<u32>| refs.contains(&target.sort_group_ref);
        let shape = &b.shape;
        !b.is_recursive
            && !shape.has_limit
            && !shape.has_grouping_sets
            && !target.expr.returns_set()
            && b.query.set_operation().is_none_or(|s| !s.has_except)
            && (shape.group.is_empty() || names(&shape.group))
            && (shape.distinct_on.is_empty() || names(&shape.distinct_on))
            && shape.partitions.iter().all(names)
            && !(shape.has_aggregates && shape.group.is_empty())
    }

    /// The source whose rows carry the value of `expr`, at this level or an outer one.
    fn parent_side(&self, block: usize, expr: Expr<'a>) -> Option<Side> {
        let expr = strip(expr);
        let Kind::Var(var) = expr.kind() else { return self.computed_side(block, expr, None) };
        let level = self.level_up(block, var.levels_up).ok()?;
        match self.blocks[level].items.get(var.entry)? {
            Item::Source(source) => self.column_side(*source, var.attribute, expr),
            Item::Alias(exprs) => {
                let expr = *exprs.get(usize::try_from(var.attribute).ok()?.checked_sub(1)?)?;
                self.parent_side(level, expr)
            }
            Item::Block(nested) if self.blocks[*nested].query.set_operation().is_none() => {
                self.parent_side(*nested, self.target(*nested, var.attribute)?.expr)
            }
            _ => None,
        }
    }

    fn column_side(&self, source: usize, attribute: i16, expr: Expr<'a>) -> Option<Side> {
        let s = &self.sources[source];
        let column = s.column(attribute)?;
        Some(Side {
            source,
            attributes: vec![attribute],
            sql: expr.deparse_over(Oid::from(s.relid), &tag(source), &|_| attribute),
            text: expr.deparse_over(Oid::from(s.relid), &s.alias, &|_| attribute),
            type_oid: column.type_oid,
            is_column: true,
        })
    }

    /// An expression over the columns of one source of this level, not nullable by an outer join
    /// (`coalesce(b.x, 0)` has a value where there is no row of b). `restricted` as for a child.
    fn computed_side(
        &self,
        block: usize,
        expr: Expr<'a>,
        restricted: Option<&[usize]>,
    ) -> Option<Side> {
        let mut vars = Vec::new();
        if expr.returns_set() || !plain_vars(expr, &mut vars) {
            return None;
        }
        let first = *vars.first()?;
        let level = self.level_up(block, first.levels_up).ok()?;
        let Item::Source(source) = *self.blocks[level].items.get(first.entry)? else {
            return None;
        };
        let is_same = |v: &Var| v.entry == first.entry && v.levels_up == first.levels_up;
        let is_child = restricted.is_some();
        if !vars.iter().all(|v| is_same(v) && v.attribute > 0)
            || self.blocks[level].nullable.contains(&first.entry)
            || is_child && first.levels_up > 0
            || restricted.is_some_and(|r| !r.contains(&first.entry))
        {
            return None;
        }
        let mut attributes: Vec<i16> = vars.iter().map(|v| v.attribute).collect();
        attributes.sort_unstable();
        attributes.dedup();
        let s = &self.sources[source];
        let over = |alias: &str| expr.deparse_over(Oid::from(s.relid), alias, &|v| v.attribute);
        Some(Side {
            source,
            attributes,
            sql: format!("({})", over(&tag(source))),
            text: over(&s.alias),
            type_oid: expr.type_oid().to_u32(),
            is_column: false,
        })
    }
}

/// Without binary-compatible casts.
fn strip(expr: Expr<'_>) -> Expr<'_> {
    match expr.kind() {
        Kind::Relabel(inner) => strip(inner),
        _ => expr,
    }
}

/// Collects the columns of an expression; false if it holds anything but columns, constants and
/// functions of them.
fn plain_vars(expr: Expr<'_>, found: &mut Vec<Var>) -> bool {
    match expr.kind() {
        Kind::Var(var) => {
            found.push(var);
            true
        }
        Kind::Other | Kind::Operator { .. } | Kind::Relabel(_) | Kind::And(_) => {
            expr.children().into_iter().all(|c| plain_vars(c, found))
        }
        _ => false,
    }
}

fn check_source(relid: Oid, name: &str) -> Result<()> {
    let refuse = |kind, hint| Err(Error::Source { name: name.to_owned(), kind, hint });
    if relation::is_system(relid) {
        return refuse("system catalog", "Copy what you need of it into a table.");
    }
    for member in relation::with_children(relid) {
        let Some(class) = relation::class(member) else { continue };
        match (class.kind, class.persistence) {
            (b'f', _) => {
                return refuse("foreign table", "Its changes cannot be seen here: copy its rows into a table.");
            }
            (b'm', _) => return refuse("materialized view", "Use its query, or make it a TVIEW."),
            (_, b't') => return refuse("temporary table", "Use an ordinary table."),
            (_, b'u') => {
                return refuse(
                    "unlogged table",
                    "A crash empties it behind the TVIEW's back: run ALTER TABLE ... SET LOGGED.",
                );
            }
            (b'r' | b'p', _) => {}
            _ => return refuse("relation", "Use ordinary tables."),
        }
    }
    Ok(())
}
