//! Owns the search for the source behind one side of an equality, through joins and subqueries.
//!
//! The two roles differ in what a subquery on the way must promise. A *child* is restricted by the
//! link, so every subquery must let the restriction through as PostgreSQL's planner would push it
//! ([`Walk::is_pushable`]). A *parent* is only looked up: any subquery will do whose rows carry the
//! column of a source row unchanged.
//!
//! An expression over columns, unlike a column, can have a value where an outer join gives no row
//! (`coalesce(b.x, 0)`): it is no side where its source is nullable.

use super::{Item, Walk};
use crate::lineage::model::{Form, Side, tag};
use crate::pg::function;
use crate::pg::node::{Expr, Kind, Var};
use crate::pg::value::Storage;
use pgrx::pg_sys::Oid;

#[derive(Clone, Copy)]
pub(super) enum Role<'r> {
    /// Restricted by the link; only these entries of the block are, or all.
    Child(Option<&'r [usize]>),
    Parent,
}

impl Role<'_> {
    /// Whether a reference to an entry, so many levels up, can have the role.
    fn allows(self, var: Var) -> bool {
        match self {
            Role::Child(restricted) => {
                var.levels_up == 0 && restricted.is_none_or(|r| r.contains(&var.entry))
            }
            Role::Parent => true,
        }
    }

    /// The same role inside a subquery, all of whose rows it concerns.
    fn inside(self) -> Role<'static> {
        match self {
            Role::Child(_) => Role::Child(None),
            Role::Parent => Role::Parent,
        }
    }
}

impl<'a> Walk<'a> {
    /// The sides that an expression can be: one, or for a child one per arm of a set operation.
    pub(super) fn sides(&self, block: usize, expr: Expr<'a>, role: Role<'_>) -> Option<Vec<Side>> {
        let bare = strip(expr);
        let sides = match bare.kind() {
            Kind::Var(var) => self.column(block, bare, var, role)?,
            _ => vec![self.computed(block, bare, role)?],
        };
        let type_oid = expr.type_oid();
        match type_oid == bare.type_oid() {
            true => Some(sides),
            false if sides.iter().any(|s| s.grouped_by.is_some()) => None,
            false => Some(sides.into_iter().map(|s| cast(s, type_oid)).collect()),
        }
    }

    fn column(&self, block: usize, expr: Expr<'a>, var: Var, role: Role<'_>) -> Option<Vec<Side>> {
        if matches!(role, Role::Child(_)) && var.levels_up > 0 {
            return None;
        }
        let level = self.level_up(block, var.levels_up).ok()?;
        match self.blocks[level].items.get(var.entry)? {
            Item::Alias(exprs) => self.sides(level, alias(exprs, var)?, role),
            _ if !role.allows(var) => None,
            Item::Source(source) => Some(vec![self.source_side(*source, var.attribute, expr)?]),
            Item::Block(nested) => match role {
                Role::Child(_) => self.output_sides(*nested, var.attribute),
                Role::Parent => self.carried(*nested, var.attribute),
            },
            _ => None,
        }
    }

    /// The sources that a restriction on a result column of a block restricts.
    pub(super) fn output_sides(&self, block: usize, position: i16) -> Option<Vec<Side>> {
        if !self.is_pushable(block, position) {
            return None;
        }
        if let Some(operation) = self.blocks[block].query.set_operation() {
            let mut sides = Vec::new();
            for arm in operation.arms {
                let Item::Block(nested) = self.blocks[block].items[arm] else {
                    return None;
                };
                sides.extend(self.output_sides(nested, position)?);
            }
            return self.group(block, position, sides);
        }
        let sides = self.sides(block, self.target(block, position)?.expr, Role::Child(None))?;
        self.group(block, position, sides)
    }

    /// Marks sides that a restriction reaches through grouping.
    fn group(&self, block: usize, position: i16, sides: Vec<Side>) -> Option<Vec<Side>> {
        let expr = self.target(block, position)?.expr;
        let is_grouped = self.is_grouping(block) && !function::is_image_equal(expr.type_oid());
        let mark = |side: Side| Side {
            grouped_by: side.grouped_by.or(is_grouped.then(|| expr.collation())),
            ..side
        };
        Some(sides.into_iter().map(mark).collect())
    }

    /// Whether a block takes rows together that are equal, though they may look different.
    fn is_grouping(&self, block: usize) -> bool {
        let b = &self.blocks[block];
        !b.shape.group.is_empty()
            || b.shape.has_distinct
            || !b.shape.partitions.is_empty()
            || b.query.set_operation().is_some_and(|s| !s.is_union_all)
    }

    /// The source whose column a block's result column carries.
    fn carried(&self, block: usize, position: i16) -> Option<Vec<Side>> {
        let b = &self.blocks[block];
        if b.query.set_operation().is_some() {
            return None;
        }
        let sides = self.sides(block, self.target(block, position)?.expr, Role::Parent)?;
        // Grouping sets make rows in which a grouped column is NULL and an expression of it is not.
        let is_kept = !b.shape.has_grouping_sets || sides.iter().all(|s| s.form != Form::Computed);
        is_kept.then_some(sides)
    }

    /// Whether a restriction on a result column may be applied before the block's own work:
    /// the cases in which PostgreSQL's planner pushes one down (`subquery_is_pushdown_safe`).
    fn is_pushable(&self, block: usize, position: i16) -> bool {
        let b = &self.blocks[block];
        let Some(target) = self.target(block, position) else {
            return false;
        };
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

    /// Whether a column is one of a source, though the block may mix its rows with others.
    pub(super) fn is_carried(&self, block: usize, expr: Expr<'a>) -> bool {
        self.sides(block, expr, Role::Parent).is_some()
    }

    /// Whether an outer join can make a result column NULL.
    pub(super) fn is_nullable(&self, block: usize, expr: Expr<'a>) -> bool {
        let Kind::Var(var) = strip(expr).kind() else {
            return false;
        };
        let b = &self.blocks[block];
        if var.levels_up > 0 || b.nullable.contains(&var.entry) {
            return true;
        }
        match b.items.get(var.entry) {
            Some(Item::Alias(exprs)) => {
                alias(exprs, var).is_none_or(|e| self.is_nullable(block, e))
            }
            Some(Item::Block(nested)) => self.is_output_nullable(*nested, var.attribute),
            _ => false,
        }
    }

    /// As [`Walk::is_nullable`], for a result column of a block or any arm of a set operation.
    pub(super) fn is_output_nullable(&self, block: usize, position: i16) -> bool {
        let b = &self.blocks[block];
        match b.query.set_operation() {
            Some(operation) => operation.arms.into_iter().any(|arm| match b.items[arm] {
                Item::Block(nested) => self.is_output_nullable(nested, position),
                _ => true,
            }),
            None => self
                .target(block, position)
                .is_none_or(|t| self.is_nullable(block, t.expr)),
        }
    }

    fn source_side(&self, source: usize, attribute: i16, expr: Expr<'a>) -> Option<Side> {
        let s = &self.sources[source];
        let column = s.column(attribute)?;
        is_capturable(Oid::from(column.type_oid)).then(|| Side {
            source,
            attributes: vec![attribute],
            sql: expr.deparse_over(Oid::from(s.relid), &tag(source), &|_| attribute),
            text: expr.deparse_over(Oid::from(s.relid), &s.alias, &|_| attribute),
            type_oid: column.type_oid,
            form: Form::Column,
            grouped_by: None,
        })
    }

    /// An expression over the columns of one source.
    fn computed(&self, block: usize, expr: Expr<'a>, role: Role<'_>) -> Option<Side> {
        let mut vars = Vec::new();
        if expr.returns_set() || !plain_vars(expr, &mut vars) {
            return None;
        }
        let (source, _) = self.base(block, *vars.first()?, role)?;
        let s = &self.sources[source];
        let mut attributes = Vec::new();
        for var in &vars {
            let (other, attribute) = self.base(block, *var, role)?;
            let column = s.column(attribute)?;
            if other != source || !is_capturable(Oid::from(column.type_oid)) {
                return None;
            }
            attributes.push(attribute);
        }
        attributes.sort_unstable();
        attributes.dedup();
        let attribute_of = |var: Var| self.base(block, var, role).map_or(0, |(_, a)| a);
        let over = |alias: &str| expr.deparse_over(Oid::from(s.relid), alias, &attribute_of);
        Some(Side {
            source,
            attributes,
            sql: format!("({})", over(&tag(source))),
            text: over(&s.alias),
            type_oid: expr.type_oid().to_u32(),
            form: Form::Computed,
            grouped_by: None,
        })
    }

    /// The source column that a reference inside an expression stands for, unchanged and never
    /// made NULL on the way.
    fn base(&self, block: usize, var: Var, role: Role<'_>) -> Option<(usize, i16)> {
        if matches!(role, Role::Child(_)) && var.levels_up > 0 {
            return None;
        }
        let level = self.level_up(block, var.levels_up).ok()?;
        let b = &self.blocks[level];
        if let Item::Alias(exprs) = b.items.get(var.entry)? {
            let Kind::Var(inner) = alias(exprs, var)?.kind() else {
                return None;
            };
            return self.base(level, inner, role);
        }
        // The condition of a join sees its rows before the join makes them NULL.
        let nullable = match level == block && b.is_in_from {
            true => &b.nullable_so_far,
            false => &b.nullable,
        };
        if nullable.contains(&var.entry) || !role.allows(var) || var.attribute <= 0 {
            return None;
        }
        match b.items[var.entry] {
            Item::Source(source) => Some((source, var.attribute)),
            Item::Block(nested) => {
                let n = &self.blocks[nested];
                let is_open = match role {
                    Role::Child(_) => self.is_pushable(nested, var.attribute),
                    Role::Parent => !n.shape.has_grouping_sets,
                };
                let target = self.target(nested, var.attribute)?;
                if matches!(role, Role::Child(_))
                    && self.is_grouping(nested)
                    && !function::is_image_equal(target.expr.type_oid())
                {
                    return None;
                }
                match target.expr.kind() {
                    Kind::Var(inner) if is_open && n.query.set_operation().is_none() => {
                        self.base(nested, inner, role.inside())
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

/// What a reference to a join's column stands for.
fn alias<'a>(exprs: &[Expr<'a>], var: Var) -> Option<Expr<'a>> {
    exprs
        .get(usize::try_from(var.attribute).ok()?.checked_sub(1)?)
        .copied()
}

fn cast(side: Side, type_oid: Oid) -> Side {
    let name = function::type_sql(type_oid);
    Side {
        sql: format!("({})::{name}", side.sql),
        text: format!("{}::{name}", side.text),
        type_oid: type_oid.to_u32(),
        form: match side.form {
            Form::Column => Form::Cast,
            form => form,
        },
        ..side
    }
}

/// The side as a value of another type, to which PostgreSQL coerces it by itself.
pub(super) fn coerce(side: Side, type_oid: Oid) -> Side {
    match side.type_oid == type_oid.to_u32() {
        true => side,
        false => cast(side, type_oid),
    }
}

/// Captured values travel as arrays, which not every type has; an array of rows would fall apart
/// into columns.
fn is_capturable(type_oid: Oid) -> bool {
    Storage::of(type_oid).array_type().is_some() && !function::is_row_type(type_oid)
}

/// Without binary-compatible casts.
pub(super) fn strip(expr: Expr<'_>) -> Expr<'_> {
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
