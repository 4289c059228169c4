//! Owns leaving out of a query's result what is not wanted of it.

use super::{Expr, Inside, Target, Tree};
use crate::pg::guard::c_text;
use crate::pg::list::list_len;
use pgrx::pg_sys;
use std::ptr::null_mut;

impl Tree {
    /// Leaves the columns at some positions, as k0, k1, …, and what stands at paths of nested `jsonb_build_object()` in
    /// columns, as p0, p1, …; in no order. False, and nothing of use, where something of it is not there.
    pub(crate) fn prune(&mut self, key: &[i16], leaves: &[(i16, &[String])]) -> bool {
        let targets = self.query().targets();
        let at = |position: i16| targets.iter().find(|t| t.position == position);
        let leaf = |(position, path): &(i16, &[String])| {
            let start = at(*position)?.expr;
            path.iter().try_fold(start, |expr, key| {
                let mut pairs = expr.built_object()?.into_iter();
                pairs.find(|(k, _)| k == key).map(|(_, value)| value)
            })
        };
        let keys: Option<Vec<&Target<'_>>> = key.iter().map(|p| at(*p)).collect();
        let leaves: Option<Vec<Expr<'_>>> = leaves.iter().map(leaf).collect();
        let (Some(keys), Some(leaves)) = (keys, leaves) else {
            return false;
        };
        // GROUP BY names them.
        let named = |t: &&Target<'_>| t.sort_group_ref != 0 && !key.contains(&t.position);
        let hidden = targets.iter().filter(named);
        // SAFETY: nodes of the tree in new entries, made in its memory.
        unsafe {
            let _inside = Inside::switch(self.memory);
            let mut list = null_mut();
            let mut add = |expr: &Expr<'_>, name: &str, is_junk: bool, group: u32| {
                let name = pg_sys::pstrdup(c_text(name).as_ptr());
                let number = list_len(list) as i16 + 1;
                let made = pg_sys::makeTargetEntry(expr.node().cast(), number, name, is_junk);
                (*made).ressortgroupref = group;
                list = pg_sys::lappend(list, made.cast());
            };
            for (n, target) in keys.iter().enumerate() {
                let name = format!("k{n}");
                add(&target.expr, &name, false, target.sort_group_ref);
            }
            for (n, expr) in leaves.iter().enumerate() {
                add(expr, &format!("p{n}"), false, 0);
            }
            for target in hidden {
                add(&target.expr, &target.name(), true, target.sort_group_ref);
            }
            (*self.root).targetList = list;
            (*self.root).sortClause = null_mut();
        }
        true
    }
}
