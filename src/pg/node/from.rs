//! Owns the borrowed view of a query's FROM: its joins, as written and as the planner reduces them.

use super::{Expr, Query};
use crate::pg::list::pointers;
use crate::pg::version;
use pgrx::pg_sys::{self, NodeTag};
use std::collections::HashSet;

/// What stands in FROM.
#[derive(Clone)]
pub(crate) enum FromItem<'a> {
    Entry(usize),
    List {
        items: Vec<FromItem<'a>>,
        quals: Option<Expr<'a>>,
    },
    Join {
        kind: JoinKind,
        left: Box<FromItem<'a>>,
        right: Box<FromItem<'a>>,
        quals: Option<Expr<'a>>,
    },
}

impl FromItem<'_> {
    /// The range-table indexes below it.
    pub(crate) fn entries(&self) -> Vec<usize> {
        match self {
            FromItem::Entry(index) => vec![*index],
            FromItem::List { items, .. } => items.iter().flat_map(FromItem::entries).collect(),
            FromItem::Join { left, right, .. } => [left.entries(), right.entries()].concat(),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum JoinKind {
    Inner,
    Left,
    Right,
    Full,
}

impl<'a> Query<'a> {
    pub(crate) fn from(&self) -> FromItem<'a> {
        // SAFETY: jointree is a FromExpr.
        unsafe { from_item((*self.raw()).jointree.cast()) }
    }

    /// FROM with every outer join made an inner or one-sided one that conditions elsewhere turn it
    /// into, as PostgreSQL's planner does (`reduce_outer_joins`).
    pub(crate) fn joins(&self) -> FromItem<'a> {
        self.reduce(self.from(), &HashSet::new())
    }

    /// `required` are entries whose row cannot be missing.
    fn reduce(&self, item: FromItem<'a>, required: &HashSet<usize>) -> FromItem<'a> {
        match item {
            FromItem::Entry(index) => FromItem::Entry(index),
            FromItem::List { items, quals } => {
                let required = &(required | &self.required_by(quals));
                FromItem::List {
                    items: items
                        .into_iter()
                        .map(|i| self.reduce(i, required))
                        .collect(),
                    quals,
                }
            }
            FromItem::Join {
                kind,
                left,
                right,
                quals,
            } => {
                let is_required =
                    |i: &FromItem<'_>| i.entries().iter().any(|e| required.contains(e));
                let (needs_left, needs_right) = (is_required(&left), is_required(&right));
                let kind = match kind {
                    JoinKind::Left if needs_right => JoinKind::Inner,
                    JoinKind::Right if needs_left => JoinKind::Inner,
                    JoinKind::Full => match (needs_left, needs_right) {
                        (true, true) => JoinKind::Inner,
                        (true, false) => JoinKind::Left,
                        (false, true) => JoinKind::Right,
                        (false, false) => JoinKind::Full,
                    },
                    kind => kind,
                };
                let by_quals = self.required_by(quals);
                let both = required | &by_quals;
                let nothing = HashSet::new();
                let (in_left, in_right) = match kind {
                    JoinKind::Inner => (&both, &both),
                    JoinKind::Left => (required, &by_quals),
                    JoinKind::Right => (&by_quals, required),
                    JoinKind::Full => (&nothing, &nothing),
                };
                FromItem::Join {
                    kind,
                    left: Box::new(self.reduce(*left, in_left)),
                    right: Box::new(self.reduce(*right, in_right)),
                    quals,
                }
            }
        }
    }

    /// The entries that a condition which must hold needs a row of.
    fn required_by(&self, quals: Option<Expr<'a>>) -> HashSet<usize> {
        let Some(quals) = quals else {
            return HashSet::new();
        };
        let mut found = HashSet::new();
        // SAFETY: an expression of this query; the set and the copy are palloc'd.
        unsafe {
            let flat = version::flatten_join_alias_vars(self.raw(), quals.node());
            let relids = pg_sys::find_nonnullable_rels(flat);
            let mut member = pg_sys::bms_next_member(relids, -1);
            while member >= 0 {
                found.insert(member as usize);
                member = pg_sys::bms_next_member(relids, member);
            }
        }
        found
    }
}

unsafe fn from_item<'a>(node: *mut pg_sys::Node) -> FromItem<'a> {
    let optional = |quals: *mut pg_sys::Node| (!quals.is_null()).then(|| Expr::new(quals));
    // SAFETY: FROM holds these three kinds of nodes.
    unsafe {
        match (*node).type_ {
            NodeTag::T_RangeTblRef => {
                FromItem::Entry((*node.cast::<pg_sys::RangeTblRef>()).rtindex as usize)
            }
            NodeTag::T_JoinExpr => {
                let join = &*node.cast::<pg_sys::JoinExpr>();
                FromItem::Join {
                    kind: match join.jointype {
                        pg_sys::JoinType::JOIN_INNER => JoinKind::Inner,
                        pg_sys::JoinType::JOIN_LEFT => JoinKind::Left,
                        pg_sys::JoinType::JOIN_RIGHT => JoinKind::Right,
                        _ => JoinKind::Full,
                    },
                    left: Box::new(from_item(join.larg)),
                    right: Box::new(from_item(join.rarg)),
                    quals: optional(join.quals),
                }
            }
            _ => {
                let list = &*node.cast::<pg_sys::FromExpr>();
                FromItem::List {
                    items: pointers::<pg_sys::Node>(list.fromlist)
                        .into_iter()
                        .map(|n| from_item(n))
                        .collect(),
                    quals: optional(list.quals),
                }
            }
        }
    }
}
