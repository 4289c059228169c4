//! Owns the data of the analysis: sources, the links between them and the key, and routes.
//! Plain owned data; made by `query`, completed by `route`, read by everything above.

use crate::name::{Column, Name};
use crate::sabotage::{Rule, breaks};
use std::collections::BTreeSet;

/// One occurrence of a table in the defining query.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) relid: u32,
    pub(crate) name: Name,
    /// What the query calls it.
    pub(crate) alias: String,
    pub(crate) columns: Vec<Column>,
    /// Attributes the query uses anywhere.
    pub(crate) used: BTreeSet<i16>,
    /// The query reads rows of it as a whole, so that a new column shows.
    pub(crate) is_read_whole: bool,
    /// Where the query makes its rows depend on rows that no link reaches.
    pub(crate) obstacle: Option<Reason>,
    /// Read by a recursive query.
    pub(crate) is_recursive: bool,
    /// Conditions on its columns alone without which a row does not matter.
    pub(crate) conditions: Vec<Side>,
    /// Attributes that decide about more than [`Graph::parts`].
    pub(crate) decisive: BTreeSet<i16>,
    pub(crate) presence: Presence,
    /// What its rows decide about, as bits over [`Graph::leaves`]; 0 where that is more.
    pub(crate) leaves: u64,
}

/// Which rows of the result have a row of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    /// All.
    Always,
    /// Those for which so many conditions of an outer join hold; in the others its columns are NULL.
    Where(usize),
    Unknown,
}

/// A part of a result that is computed from one row of a source: a column, or what stands at a path of nested
/// `jsonb_build_object()`.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    /// Of the result column, from 1.
    pub(crate) position: i16,
    /// Keys of objects, the outermost first; none for the whole column.
    pub(crate) path: Vec<String>,
    pub(crate) source: usize,
    /// What it reads of the source.
    pub(crate) attributes: BTreeSet<i16>,
    /// The only one of these, where it is the column as it is.
    pub(crate) bare: Option<i16>,
    /// SQL over the source's [`tag`].
    pub(crate) sql: String,
}

/// A part of a result that has nothing to do with the others: what stands at a path of nested `jsonb_build_object()`, and is
/// computed from more than one row of one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Leaf {
    /// As of a [`Part`].
    pub(crate) position: i16,
    pub(crate) path: Vec<String>,
}

impl Source {
    pub(crate) fn column(&self, attribute: i16) -> Option<&Column> {
        self.columns.iter().find(|c| c.attribute == attribute)
    }
}

/// What a source is called inside the statements made here.
pub(crate) fn tag(source: usize) -> String {
    format!("t{source}")
}

/// What the row before is called in a recursive query, beside the row itself.
pub(crate) fn row_before(source: usize) -> String {
    format!("b{source}")
}

/// One side of a link: an expression over columns of one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Side {
    pub(crate) source: usize,
    /// The columns it reads, in ascending order.
    pub(crate) attributes: Vec<i16>,
    /// SQL over the source's [`tag`].
    pub(crate) sql: String,
    /// The same over the query's own alias, for people.
    pub(crate) text: String,
    /// The same without an alias, as an index is defined.
    pub(crate) indexed: String,
    pub(crate) type_oid: u32,
    pub(crate) form: Form,
    /// `sql` is an array, any element of which is the side; the elements' type as SQL.
    pub(crate) element_type: Option<String>,
    /// A column that is never NULL.
    pub(crate) is_not_null: bool,
    /// Levels of the query, as the analysis numbers them, where the rows beside those that are
    /// restricted count too.
    pub(crate) mixes: Vec<usize>,
    /// Reached through grouping (or DISTINCT, PARTITION BY, a set operation) by this collation: rows
    /// that are equal there may look different, so only the same equality may restrict them.
    pub(crate) grouped_by: Option<u32>,
}

/// What a side makes of its columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// The column and nothing else.
    Column,
    /// The column in another type: NULL where the column is.
    Cast,
    /// Anything else, which may have a value where a column is NULL.
    Computed,
}

/// A condition that must hold for a row of `child` to matter to a row of `parent`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) child: Side,
    pub(crate) parent: Side,
    pub(crate) condition: Condition,
    /// Set where it need not hold by itself: see [`Choice`].
    pub(crate) choice: Option<Choice>,
    /// Where a recursive query leads from row to row of the child before it leads to the parent: what
    /// takes the parent's place in the row before, over [`row_before`].
    pub(crate) repeated: Option<Side>,
}

/// How the two sides of a link must relate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    Equal(Equality),
    /// Equal or both NULL, as rows of one group are.
    Same(Equality),
    /// The child is NULL, whatever the parent is.
    ChildIsNull,
    /// The parent is NULL, whatever the child is.
    ParentIsNull,
}

/// An equality between a child and a parent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Equality {
    pub(crate) oid: u32,
    /// `OPERATOR(schema.=)`.
    pub(crate) operator: String,
    /// The same with its operands exchanged.
    pub(crate) commutator: Option<String>,
    pub(crate) child_is_left: bool,
    /// It is what `@>` and `&&` of arrays compare elements by.
    pub(crate) is_default: bool,
    /// Operator families that make it an equality; two links with a common one are transitive.
    pub(crate) families: Vec<u32>,
    pub(crate) collation: u32,
    /// The collation by name, quoted and qualified; `None` where the type has none.
    pub(crate) collation_sql: Option<String>,
}

impl Equality {
    /// The operator with the child, or the parent, on its left.
    pub(crate) fn from(&self, has_child_left: bool) -> &str {
        match (has_child_left == self.child_is_left, &self.commutator) {
            (false, Some(commutator)) => commutator,
            _ => &self.operator,
        }
    }
}

/// One of several ways in which a condition can hold: an arm of an OR, an argument of coalesce().
/// Rows that matter by one arm at least are all that matter; so every arm has a tree of routes of
/// its own, and a source takes its routes from all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Choice {
    pub(crate) point: usize,
    pub(crate) arm: usize,
}

/// A source that holds a part of the key, restricted by it.
#[derive(Clone, Debug)]
pub(crate) struct Root {
    /// Which key column, from 0.
    pub(crate) part: usize,
    pub(crate) side: Side,
    pub(crate) choice: Option<Choice>,
}

/// A column by which a part of the query must be restricted for a refresh, because PostgreSQL's
/// planner does not carry a restriction on the key so far down.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    /// [`crate::pg::node::Query::address`] of the part.
    pub(crate) query: usize,
    /// Which of its columns, hidden ones included.
    pub(crate) position: i16,
    /// Restrictions of one part with the same number hold together; those with others, as well.
    pub(crate) group: usize,
    pub(crate) by: ScopeBy,
}

/// Where the values come from.
#[derive(Clone, Debug)]
pub(crate) enum ScopeBy {
    /// A key column, from 0.
    Key(usize),
    /// A column that the rows of a key have.
    Rows(Side),
    /// A column that the rows of a key have, and those above them in a tree.
    Tree {
        row: Side,
        /// What names it in the rows below.
        parent: Side,
        operator: String,
        parent_is_left: bool,
    },
}

/// What the analysis of a defining query gives.
#[derive(Clone, Debug, Default)]
pub(crate) struct Graph {
    pub(crate) sources: Vec<Source>,
    pub(crate) links: Vec<Link>,
    pub(crate) roots: Vec<Root>,
    pub(crate) key: Vec<KeyPart>,
    /// Why a key column has no root.
    pub(crate) key_obstacle: Option<Reason>,
    /// The number of arms of each choice.
    pub(crate) choices: Vec<usize>,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) parts: Vec<Part>,
    /// At most 64.
    pub(crate) leaves: Vec<Leaf>,
    /// Sources that stand for the rows beside those of another: of one window partition or DISTINCT ON
    /// group.
    pub(crate) mates: BTreeSet<usize>,
    /// The functions that the query calls.
    pub(crate) functions: BTreeSet<u32>,
    /// The types of its values, but for those that only these functions bring in.
    pub(crate) types: BTreeSet<u32>,
}

impl Graph {
    /// The tables that the query reads, in the order of their OIDs.
    pub(crate) fn tables(&self) -> Vec<u32> {
        let mut relids: Vec<u32> = self.sources.iter().map(|s| s.relid).collect();
        relids.sort_unstable();
        relids.dedup();
        relids
    }
}

/// A key column of the TVIEW.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyPart {
    pub(crate) name: String,
    pub(crate) type_oid: u32,
    /// Families of the type's default equality.
    pub(crate) families: Vec<u32>,
    pub(crate) collation: u32,
}

/// Why a source has no selective route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    Recursive,
    KeyIsComputed,
    KeyIsNullable,
    RowsDepend,
    RowSecurity,
    NoLink,
}

impl Reason {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Reason::Recursive => "it is read by a recursive query",
            Reason::KeyIsComputed => "the key is not a column of a source table",
            Reason::KeyIsNullable => "an outer join can make the key NULL",
            Reason::RowsDepend => {
                "rows of different keys depend on each other (LIMIT, or a window, grouping or set operation apart from the key)"
            }
            Reason::RowSecurity => {
                "row security hides rows of it from the owner, which a view of another owner shows"
            }
            Reason::NoLink => "no equality that must hold leads from it to the key",
        }
    }
}

/// How a changed row of a source finds the keys it affects.
#[derive(Clone, Debug)]
pub(crate) enum Route {
    /// The keys that any of these leads to.
    Keys(Vec<Chain>),
    /// By comparing the whole TVIEW.
    Full(Reason),
}

/// From a row to the key, through other tables or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chain {
    /// What must hold of the row that it starts from; only where an expression of its columns could
    /// fail otherwise.
    pub(crate) filter: Vec<Side>,
    /// Nearest first; the source at the end, or the one it starts from without any, holds the key.
    pub(crate) hops: Vec<Hop>,
    /// Key columns and their sides: all of them, or those that one source has.
    pub(crate) key: Vec<(usize, Side)>,
}

/// A step of a chain: to rows of `source` for which all conditions hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hop {
    pub(crate) source: usize,
    /// As [`Chain::filter`].
    pub(crate) filter: Vec<Side>,
    pub(crate) links: Vec<Link>,
}

impl Chain {
    /// What the chain reads of the row that it starts from.
    pub(crate) fn start_sides(&self) -> Vec<&Side> {
        match self.hops.first() {
            Some(hop) => {
                let reads_child = |l: &&Link| l.condition != Condition::ParentIsNull;
                let links = hop.links.iter().filter(reads_child);
                links.map(|l| &l.child).collect()
            }
            None => self.key.iter().map(|(_, side)| side).collect(),
        }
    }

    /// Whether it leads nowhere from a row in which the column is NULL.
    fn is_strict(&self, attribute: i16) -> bool {
        let is_bare = |s: &Side| s.form != Form::Computed && s.attributes.contains(&attribute);
        match self.hops.first() {
            Some(hop) => hop
                .links
                .iter()
                .any(|l| matches!(l.condition, Condition::Equal(_)) && is_bare(&l.child)),
            None => self.key.iter().any(|(_, side)| is_bare(side)),
        }
    }
}

impl Route {
    /// Whether it evaluates expressions, which can fail for rows that the query leaves out.
    pub(crate) fn is_computed(&self) -> bool {
        let is_computed = |s: &Side| s.form == Form::Computed;
        self.chains().iter().any(|c| {
            let links = c.hops.iter().flat_map(|h| &h.links);
            c.key.iter().any(|(_, side)| is_computed(side))
                || links.flat_map(|l| [&l.child, &l.parent]).any(is_computed)
        })
    }

    pub(crate) fn word(&self) -> &'static str {
        match self {
            Route::Keys(chains) if chains.iter().all(|c| c.hops.is_empty()) => "direct",
            Route::Keys(_) => "lookup",
            Route::Full(_) => "full",
        }
    }

    pub(crate) fn chains(&self) -> &[Chain] {
        match self {
            Route::Keys(chains) => chains,
            Route::Full(_) => &[],
        }
    }

    /// The attributes of the changed row that the route starts from; empty for full.
    pub(crate) fn start(&self) -> Vec<i16> {
        let mut found: Vec<i16> = Vec::new();
        for chain in self.chains() {
            let sides = chain.start_sides().into_iter().chain(&chain.filter);
            for attribute in sides.flat_map(|s| &s.attributes) {
                if !found.contains(attribute) {
                    found.push(*attribute);
                }
            }
        }
        found
    }

    /// For each attribute of [`Route::start`], whether the route leads nowhere if it is NULL.
    pub(crate) fn is_strict(&self) -> Vec<bool> {
        let is_strict =
            |a: &i16| breaks(Rule::NullStarts) || self.chains().iter().all(|c| c.is_strict(*a));
        self.start().iter().map(is_strict).collect()
    }

    /// For each attribute of [`Route::start`], whether the row's own key is made of it.
    pub(crate) fn is_key(&self) -> Vec<bool> {
        let own = |c: &&Chain| c.hops.is_empty();
        let is_key = |a: &i16| {
            let mut own = self.chains().iter().filter(own);
            own.any(|c| c.key.iter().any(|(_, s)| s.attributes.contains(a)))
        };
        self.start().iter().map(is_key).collect()
    }
}
