//! Owns the advice for sources without a selective route: what to write instead.

use super::model::Reason;

impl Reason {
    pub(crate) fn remedy(self) -> &'static str {
        match self {
            Reason::Recursive => {
                "Let the recursive query start from one row of the outer query, in a subquery that is correlated to it, or keep the path in a column, such as an ltree."
            }
            Reason::KeyIsComputed => {
                "Take the key from a column of a source table, and keep an identifier that is computed in such a column."
            }
            Reason::KeyIsNullable => {
                "Start FROM the table that holds the key, and join the others to it."
            }
            Reason::RowsDepend => {
                "Leave LIMIT, ranks and totals over all rows to the query that reads the TVIEW, or partition and group by the key."
            }
            Reason::RowSecurity => {
                "Let the owner of the view own the TVIEW, or exempt the owner of the TVIEW from row security."
            }
            Reason::NoLink => {
                "Join or correlate it by an equality of columns that must hold, and leave what is the same for all rows to the query that reads the TVIEW."
            }
        }
    }
}
