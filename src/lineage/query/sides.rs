//! Owns the search for the source behind one side of an equality, through joins and subqueries.
//!
//! The two roles differ in what a subquery on the way must promise. A *child* is restricted by the
//! link, so every subquery must let the restriction through ([`Walk::is_open`]). A *parent* is only looked up: any subquery will do whose rows carry the
//! column of a source row unchanged.
//!
//! An expression over columns, unlike a column, can have a value where an outer join gives no row
//! (`coalesce(b.x, 0)`): unless it is strict, it is no side where its source is nullable.

use super::{Item, Walk};
use crate::lineage::model::{Form, Side, row_before, tag};
use crate::pg::function;
use crate::pg::node::{Expr, Kind, Target, Var};
use crate::sabotage::{Rule, breaks};
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

/// The ways in which an expression can be a side: one must hold; each has a side per arm of a set
/// operation.
pub(super) type Alternatives = Vec<Vec<Side>>;

/// The side, if there is just one.
pub(super) fn single(mut found: Alternatives) -> Option<Side> {
    match found.as_slice() {
        [sides] if sides.len() == 1 => found.remove(0).pop(),
        _ => None,
    }
}

impl<'a> Walk<'a> {
    pub(super) fn sides(
        &self,
        block: usize,
        expr: Expr<'a>,
        role: Role<'_>,
    ) -> Option<Alternatives> {
        let bare = strip(expr);
        let found = match bare.kind() {
            Kind::Var(var) => self.column(block, bare, var, role)?,
            Kind::Coalesce(args) => match self.computed(block, bare, role) {
                Some(side) => vec![vec![side]],
                None => {
                    let each = args.into_iter().map(|arg| self.sides(block, arg, role));
                    each.collect::<Option<Vec<_>>>()?.concat()
                }
            },
            _ if bare.returns_set() => vec![vec![self.element(block, bare, role)?]],
            _ => vec![vec![self.computed(block, bare, role)?]],
        };
        let type_oid = expr.type_oid();
        if type_oid == bare.type_oid() {
            return Some(found);
        }
        // As another type, values of a group can differ.
        let is_grouped = found.iter().flatten().any(|s| s.grouped_by.is_some());
        if is_grouped && !function::is_equality_shared(type_oid, bare.type_oid()) {
            return None;
        }
        let cast = |sides: Vec<Side>| sides.into_iter().map(|s| cast(s, type_oid)).collect();
        Some(found.into_iter().map(cast).collect())
    }

    fn column(
        &self,
        block: usize,
        expr: Expr<'a>,
        var: Var,
        role: Role<'_>,
    ) -> Option<Alternatives> {
        if matches!(role, Role::Child(_)) && var.levels_up > 0 {
            return None;
        }
        let level = self.level_up(block, var.levels_up).ok()?;
        match self.blocks[level].items.get(var.entry)? {
            Item::Alias(exprs) => self.sides(level, alias(exprs, var)?, role),
            _ if !role.allows(var) => None,
            Item::Source(source) => Some(vec![vec![self.source_side(
                *source,
                var.attribute,
                expr,
            )?]]),
            Item::Block(nested) => match role {
                Role::Child(_) => self.output_sides(*nested, var.attribute),
                Role::Parent => self.carried(*nested, var.attribute),
            },
            Item::Functions { columns, .. } => {
                let index = usize::try_from(var.attribute).ok()?.checked_sub(1)?;
                let function = columns.get(index).copied().flatten()?;
                Some(vec![vec![self.element(level, function, role)?]])
            }
            _ => None,
        }
    }

    /// A result of a set-returning function: an element of an array.
    fn element(&self, block: usize, function: Expr<'a>, role: Role<'_>) -> Option<Side> {
        let type_oid = function.type_oid();
        let array = match function.unnested() {
            Some(array) => match self.sides(block, array, role)?.as_slice() {
                [sides] if sides.len() == 1 => sides[0].clone(),
                _ => return None,
            },
            None if function.children().iter().any(|c| c.returns_set()) => return None,
            None => {
                let rows = self.computed(block, function, role)?;
                Side {
                    sql: format!("ARRAY(SELECT f.v FROM {} AS f(v))", rows.sql),
                    ..rows
                }
            }
        };
        let is_array_of = function
            .unnested()
            .is_none_or(|a| function::element_type(a.type_oid()) == Some(type_oid));
        let fits = is_array_of && array.element_type.is_none() && array.grouped_by.is_none();
        (fits && function.returns_set()).then(|| elements_of(array, type_oid))
    }

    /// The sources that a restriction on a result column of a block restricts.
    pub(super) fn output_sides(&self, block: usize, position: i16) -> Option<Alternatives> {
        let b = &self.blocks[block];
        if b.is_recursive && b.query.set_operation().is_some() {
            return self.tree_sides(block, position);
        }
        if !self.is_open(block, position) {
            return None;
        }
        let Some(operation) = self.blocks[block].query.set_operation() else {
            let expr = self.target(block, position)?.expr;
            let sides = self.sides(block, expr, Role::Child(None))?;
            return self.group(block, position, sides);
        };
        let mut all: Alternatives = vec![Vec::new()];
        for arm in operation.arms {
            let Item::Block(nested) = self.blocks[block].items[arm] else {
                return None;
            };
            let is_constant = |t: Target<'_>| {
                let mut vars = Vec::new();
                plain_vars(t.expr, &mut vars) && vars.is_empty()
            };
            let more = match self.target(nested, position).is_some_and(is_constant) {
                // It restricts no table; those of its arm find no way.
                true => vec![Vec::new()],
                false => self.output_sides(nested, position)?,
            };
            let with = |sides: &Vec<Side>| {
                let sides = sides.clone();
                more.iter().map(move |m| [sides.as_slice(), m].concat())
            };
            all = all.iter().flat_map(with).collect();
        }
        self.group(block, position, all)
    }

    /// Marks sides that a restriction reaches through grouping, or together with rows beside.
    fn group(&self, block: usize, position: i16, found: Alternatives) -> Option<Alternatives> {
        let expr = self.target(block, position)?.expr;
        let is_mixed = self.is_mixed(block, position) && !breaks(Rule::Mates);
        let mixed = is_mixed.then_some(block);
        let is_grouped = self.is_grouping(block) && !function::is_image_equal(expr.type_oid());
        let mark = |side: Side| Side {
            grouped_by: side.grouped_by.or(is_grouped.then(|| expr.collation())),
            mixes: side.mixes.iter().copied().chain(mixed).collect(),
            ..side
        };
        let mark_all = |sides: Vec<Side>| sides.into_iter().map(mark).collect();
        Some(found.into_iter().map(mark_all).collect())
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
    pub(super) fn carried(&self, block: usize, position: i16) -> Option<Alternatives> {
        let b = &self.blocks[block];
        if let Some(operation) = b.query.set_operation() {
            // A row comes from one of the arms.
            let arm = |index: usize| match b.items[index] {
                Item::Block(nested) => self.carried(nested, position),
                _ => None,
            };
            let each = operation.arms.into_iter().map(arm);
            return Some(each.collect::<Option<Vec<_>>>()?.concat());
        }
        let found = self.sides(block, self.target(block, position)?.expr, Role::Parent)?;
        // Grouping sets make rows in which a grouped column is NULL and an expression of it is not.
        let is_kept =
            !b.shape.has_grouping_sets || found.iter().flatten().all(|s| s.form != Form::Computed);
        is_kept.then_some(found)
    }

    fn tag(&self, source: usize) -> String {
        match self.is_before.get() {
            true => row_before(source),
            false => tag(source),
        }
    }

    /// Whether a restriction on a result column may be applied before the block's own work, at least
    /// if the rows beside those that it names are taken care of: see [`super::mates`].
    pub(super) fn is_open(&self, block: usize, position: i16) -> bool {
        let Some(target) = self.target(block, position) else {
            return false;
        };
        let b = &self.blocks[block];
        let shape = &b.shape;
        // A column that is not grouped by depends on one that is: each group has one value of it.
        let is_column = |t: &Target<'_>| matches!(t.expr.kind(), Kind::Var(_));
        let is_open = !b.is_recursive
            && (!shape.has_limit || breaks(Rule::Limits))
            && !shape.has_grouping_sets
            && (shape.group.is_empty()
                || shape.group.contains(&target.sort_group_ref)
                || is_column(&target))
            && !(shape.has_aggregates && shape.group.is_empty());
        is_open && (!self.is_mixed(block, position) || self.is_mixable(block))
    }

    /// Whether rows with other values of a result column decide about those with one.
    pub(super) fn is_mixed(&self, block: usize, position: i16) -> bool {
        let shape = &self.blocks[block].shape;
        let Some(target) = self.target(block, position) else {
            return true;
        };
        let names = |refs: &Vec<u32>| refs.contains(&target.sort_group_ref);
        !(shape.distinct_on.is_empty() || names(&shape.distinct_on))
            || !shape.partitions.iter().all(names)
    }

    /// Whether a column is one of a source, though the block may mix its rows with others.
    pub(super) fn is_carried(&self, block: usize, expr: Expr<'a>) -> bool {
        self.sides(block, expr, Role::Parent).is_some()
    }

    /// The subquery in FROM whose result column a column is, and which one.
    pub(super) fn block_behind(&self, block: usize, target: Target<'a>) -> Option<(usize, i16)> {
        let Kind::Var(var) = target.expr.kind() else {
            return None;
        };
        match self.blocks[block].items.get(var.entry)? {
            Item::Block(nested) if var.levels_up == 0 => Some((*nested, var.attribute)),
            _ => None,
        }
    }

    pub(super) fn source_side(
        &self,
        source: usize,
        attribute: i16,
        expr: Expr<'a>,
    ) -> Option<Side> {
        let s = &self.sources[source];
        let column = s.column(attribute)?;
        let over =
            |alias: Option<&str>| expr.deparse_over(Oid::from(s.relid), alias, &|_| attribute);
        Some(Side {
            source,
            attributes: vec![attribute],
            sql: over(Some(&self.tag(source))),
            text: over(Some(&s.alias)),
            indexed: over(None),
            type_oid: column.type_oid,
            form: Form::Column,
            element_type: None,
            is_not_null: column.is_not_null,
            mixes: Vec::new(),
            grouped_by: None,
        })
    }

    /// An expression over the columns of one source.
    pub(super) fn computed(&self, block: usize, expr: Expr<'a>, role: Role<'_>) -> Option<Side> {
        let mut vars = Vec::new();
        let is_single = expr.children().iter().all(|c| !c.returns_set());
        if !is_single || !plain_vars(expr, &mut vars) {
            return None;
        }
        let role = (role, expr.is_strict());
        let (source, _) = self.base(block, *vars.first()?, role)?;
        let s = &self.sources[source];
        let mut attributes = Vec::new();
        for var in &vars {
            let (other, attribute) = self.base(block, *var, role)?;
            if other != source {
                return None;
            }
            attributes.push(attribute);
        }
        attributes.sort_unstable();
        attributes.dedup();
        let attribute_of = |var: Var| self.base(block, var, role).map_or(0, |(_, a)| a);
        let over =
            |alias: Option<&str>| expr.deparse_over(Oid::from(s.relid), alias, &attribute_of);
        let sql = over(Some(&self.tag(source)));
        Some(Side {
            source,
            attributes,
            // A function that gives rows stands in FROM, without parentheses.
            sql: match expr.returns_set() {
                true => sql,
                false => format!("({sql})"),
            },
            text: over(Some(&s.alias)),
            indexed: over(None),
            type_oid: expr.type_oid().to_u32(),
            form: Form::Computed,
            element_type: None,
            is_not_null: false,
            mixes: Vec::new(),
            grouped_by: None,
        })
    }

    /// The source column that a reference inside an expression stands for, unchanged and never
    /// made NULL on the way, unless the expression is strict.
    fn base(
        &self,
        block: usize,
        var: Var,
        (role, is_strict): (Role<'_>, bool),
    ) -> Option<(usize, i16)> {
        if matches!(role, Role::Child(_)) && var.levels_up > 0 {
            return None;
        }
        let level = self.level_up(block, var.levels_up).ok()?;
        let b = &self.blocks[level];
        if let Item::Alias(exprs) = b.items.get(var.entry)? {
            let Kind::Var(inner) = alias(exprs, var)?.kind() else {
                return None;
            };
            return self.base(level, inner, (role, is_strict));
        }
        // The condition of a join sees its rows before the join makes them NULL.
        let nullable = match level == block && b.is_in_from {
            true => &b.nullable_so_far,
            false => &b.nullable,
        };
        let is_nullable = nullable.contains(&var.entry) && !is_strict;
        if is_nullable || !role.allows(var) || var.attribute <= 0 {
            return None;
        }
        match b.items[var.entry] {
            Item::Source(source) => Some((source, var.attribute)),
            Item::Block(nested) => {
                let n = &self.blocks[nested];
                let is_open = match role {
                    Role::Child(_) => {
                        self.is_open(nested, var.attribute) && !self.is_mixed(nested, var.attribute)
                    }
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
                        self.base(nested, inner, (role.inside(), is_strict))
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

/// What a reference to a join's column stands for.
pub(super) fn alias<'a>(exprs: &[Expr<'a>], var: Var) -> Option<Expr<'a>> {
    exprs
        .get(usize::try_from(var.attribute).ok()?.checked_sub(1)?)
        .copied()
}

/// The elements of an array as a side; those of a domain as its base type, because a value that they are
/// compared with need not be one of the domain.
pub(super) fn elements_of(array: Side, element: Oid) -> Side {
    let base = function::base_type(element);
    let name = function::type_sql(base);
    Side {
        sql: match base == element {
            true => array.sql,
            false => format!("({})::{name}[]", array.sql),
        },
        type_oid: base.to_u32(),
        element_type: Some(name),
        is_not_null: false,
        ..array
    }
}

fn cast(side: Side, type_oid: Oid) -> Side {
    let type_name = function::type_sql(type_oid);
    if side.element_type.is_some() {
        return match function::is_equality_shared(type_oid, Oid::from(side.type_oid)) {
            // The array stays as it is, for its index; what it is compared with is cast.
            true => Side {
                type_oid: type_oid.to_u32(),
                ..side
            },
            false => Side {
                sql: format!("({})::{type_name}[]", side.sql),
                type_oid: type_oid.to_u32(),
                element_type: Some(type_name),
                form: Form::Computed,
                ..side
            },
        };
    }
    let name = type_name;
    Side {
        sql: format!("({})::{name}", side.sql),
        text: format!("{}::{name}", side.text),
        indexed: format!("({})::{name}", side.indexed),
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

/// Without binary-compatible casts.
pub(super) fn strip(expr: Expr<'_>) -> Expr<'_> {
    match expr.kind() {
        Kind::Relabel(inner) => strip(inner),
        _ => expr,
    }
}

/// Collects the columns of an expression; false if it holds anything but columns, constants and
/// functions of them.
pub(super) fn plain_vars(expr: Expr<'_>, found: &mut Vec<Var>) -> bool {
    match expr.kind() {
        Kind::Var(var) => {
            found.push(var);
            true
        }
        Kind::Other
        | Kind::Operator { .. }
        | Kind::AnyElement { .. }
        | Kind::Distinct { .. }
        | Kind::Coalesce(_)
        | Kind::Relabel(_)
        | Kind::And(_)
        | Kind::Or(_)
        | Kind::Not(_) => expr.children().into_iter().all(|c| plain_vars(c, found)),
        _ => false,
    }
}
