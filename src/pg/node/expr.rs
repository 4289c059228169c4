//! Owns the borrowed view of an expression: its kind, its children, and its text.

use super::query::exprs;
use super::{Query, Tree};
use crate::pg::guard::{c_text, call};
use crate::pg::list::take_text;
use crate::pg::{ffi, function};
use pgrx::FromDatum;
use pgrx::pg_sys::{self, NodeTag, Oid};
use std::collections::HashSet;
use std::ffi::{CStr, c_void};
use std::marker::PhantomData;

/// A borrowed expression node, possibly null inside lists.
#[derive(Clone, Copy)]
pub(crate) struct Expr<'a>(*mut pg_sys::Node, PhantomData<&'a Tree>);

/// A column reference.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Var {
    pub(crate) entry: usize,
    /// Zero is the whole row, negative a system column.
    pub(crate) attribute: i16,
    pub(crate) levels_up: u32,
}

/// The kinds of expression that the analysis tells apart.
pub(crate) enum Kind<'a> {
    Var(Var),
    And(Vec<Expr<'a>>),
    Or(Vec<Expr<'a>>),
    Not(Expr<'a>),
    Operator {
        operator: Oid,
        args: Vec<Expr<'a>>,
        collation: u32,
    },
    /// `args[0] operator ANY (args[1])`, the latter an array.
    AnyElement {
        operator: Oid,
        args: Vec<Expr<'a>>,
        collation: u32,
    },
    /// `IS DISTINCT FROM`, of whose operands the operator tells whether they are equal.
    Distinct {
        operator: Oid,
        args: Vec<Expr<'a>>,
        collation: u32,
    },
    Coalesce(Vec<Expr<'a>>),
    SubLink(SubLink<'a>),
    /// A binary-compatible cast.
    Relabel(Expr<'a>),
    Aggregate,
    /// The n-th column of the subquery of an `IN` or `ANY`, inside its test.
    SubLinkColumn(i16),
    /// A parameter of the statement.
    Parameter,
    /// `CURRENT_TIMESTAMP`, `CURRENT_USER` and the like.
    SqlValue,
    NextValue,
    Other,
}

pub(crate) struct SubLink<'a> {
    pub(crate) query: Query<'a>,
    pub(crate) test: Option<Expr<'a>>,
    pub(crate) kind: SubLinkKind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum SubLinkKind {
    Exists,
    Any,
    All,
    Other,
}

impl<'a> Expr<'a> {
    pub(super) fn new(node: *mut pg_sys::Node) -> Expr<'a> {
        Expr(node, PhantomData)
    }

    pub(crate) fn kind(&self) -> Kind<'a> {
        if self.0.is_null() {
            return Kind::Other;
        }
        // SAFETY: the tag tells the type of the node.
        unsafe {
            match (*self.0).type_ {
                NodeTag::T_Var => {
                    let var = &*self.0.cast::<pg_sys::Var>();
                    Kind::Var(Var {
                        entry: var.varno as usize,
                        attribute: var.varattno,
                        levels_up: var.varlevelsup,
                    })
                }
                NodeTag::T_BoolExpr => {
                    let expr = &*self.0.cast::<pg_sys::BoolExpr>();
                    let mut args = exprs(expr.args);
                    match expr.boolop {
                        pg_sys::BoolExprType::AND_EXPR => Kind::And(args),
                        pg_sys::BoolExprType::OR_EXPR => Kind::Or(args),
                        _ => Kind::Not(args.remove(0)),
                    }
                }
                // The implicit AND of a list of conditions.
                NodeTag::T_List => Kind::And(exprs(self.0.cast())),
                NodeTag::T_OpExpr => {
                    let expr = &*self.0.cast::<pg_sys::OpExpr>();
                    Kind::Operator {
                        operator: expr.opno,
                        args: exprs(expr.args),
                        collation: expr.inputcollid.to_u32(),
                    }
                }
                NodeTag::T_ScalarArrayOpExpr => {
                    let expr = &*self.0.cast::<pg_sys::ScalarArrayOpExpr>();
                    match expr.useOr {
                        true => Kind::AnyElement {
                            operator: expr.opno,
                            args: exprs(expr.args),
                            collation: expr.inputcollid.to_u32(),
                        },
                        false => Kind::Other,
                    }
                }
                // The same struct as OpExpr.
                NodeTag::T_DistinctExpr => {
                    let expr = &*self.0.cast::<pg_sys::OpExpr>();
                    Kind::Distinct {
                        operator: expr.opno,
                        args: exprs(expr.args),
                        collation: expr.inputcollid.to_u32(),
                    }
                }
                NodeTag::T_CoalesceExpr => {
                    Kind::Coalesce(exprs((*self.0.cast::<pg_sys::CoalesceExpr>()).args))
                }
                NodeTag::T_SubLink => Kind::SubLink(self.sublink()),
                NodeTag::T_RelabelType => Kind::Relabel(Expr::new(
                    (*self.0.cast::<pg_sys::RelabelType>()).arg.cast(),
                )),
                NodeTag::T_Aggref | NodeTag::T_WindowFunc | NodeTag::T_GroupingFunc => {
                    Kind::Aggregate
                }
                NodeTag::T_Param => {
                    let param = &*self.0.cast::<pg_sys::Param>();
                    match param.paramkind == pg_sys::ParamKind::PARAM_SUBLINK {
                        true => Kind::SubLinkColumn(param.paramid as i16),
                        false => Kind::Parameter,
                    }
                }
                NodeTag::T_SQLValueFunction => Kind::SqlValue,
                NodeTag::T_NextValueExpr => Kind::NextValue,
                _ => Kind::Other,
            }
        }
    }

    unsafe fn sublink(&self) -> SubLink<'a> {
        // SAFETY: the caller has seen the tag.
        let link = unsafe { &*self.0.cast::<pg_sys::SubLink>() };
        SubLink {
            query: Query::new(link.subselect.cast()),
            test: (!link.testexpr.is_null()).then(|| Expr::new(link.testexpr)),
            kind: match link.subLinkType {
                pg_sys::SubLinkType::EXISTS_SUBLINK => SubLinkKind::Exists,
                pg_sys::SubLinkType::ANY_SUBLINK => SubLinkKind::Any,
                pg_sys::SubLinkType::ALL_SUBLINK => SubLinkKind::All,
                _ => SubLinkKind::Other,
            },
        }
    }

    /// The nodes directly below. A subquery counts as one; see [`Kind::SubLink`].
    pub(crate) fn children(&self) -> Vec<Expr<'a>> {
        unsafe extern "C-unwind" fn visit(node: *mut pg_sys::Node, found: *mut c_void) -> bool {
            if !node.is_null() {
                // SAFETY: `found` is the vector below.
                unsafe { (*found.cast::<Vec<*mut pg_sys::Node>>()).push(node) };
            }
            false
        }
        let mut found: Vec<*mut pg_sys::Node> = Vec::new();
        let context = (&raw mut found).cast();
        if !self.0.is_null() {
            // SAFETY: a valid expression node; the callback does not raise.
            unsafe { call(|| ffi::expression_tree_walker(self.0, visit, context)) };
        }
        found.into_iter().map(Expr::new).collect()
    }

    /// The functions that this node itself calls. Those of a cast by way of text are its types': see [`super::text`].
    pub(crate) fn functions(&self) -> Vec<Oid> {
        unsafe extern "C-unwind" fn visit(function: Oid, found: *mut c_void) -> bool {
            // SAFETY: `found` is the vector below.
            unsafe { (*found.cast::<Vec<Oid>>()).push(function) };
            false
        }
        let mut found: Vec<Oid> = Vec::new();
        let context = (&raw mut found).cast();
        // SAFETY: a valid expression node; the callback does not raise.
        unsafe {
            if !self.0.is_null() && (*self.0).type_ != NodeTag::T_CoerceViaIO {
                call(|| ffi::check_functions_in_node(self.0, visit, context));
            }
        }
        found
    }

    /// The functions of the operators by which an aggregate sorts and tells apart its arguments.
    pub(crate) fn sort_functions(&self) -> Vec<Oid> {
        // SAFETY: the tag tells the type of the node.
        unsafe {
            match !self.0.is_null() && (*self.0).type_ == NodeTag::T_Aggref {
                true => {
                    let aggregate = &*self.0.cast::<pg_sys::Aggref>();
                    super::sort_functions(&[aggregate.aggorder, aggregate.aggdistinct])
                }
                false => Vec::new(),
            }
        }
    }

    /// The type that this node itself brings in: one that no function and no node below it has.
    pub(crate) fn own_type(&self) -> Option<Oid> {
        use NodeTag as Tag;
        // SAFETY: a node, whose tag tells whether it is an expression.
        let brings_in = !self.0.is_null()
            && matches!(
                unsafe { (*self.0).type_ },
                Tag::T_Var
                    | Tag::T_Const
                    | Tag::T_RowExpr
                    | Tag::T_FieldSelect
                    | Tag::T_SubscriptingRef
                    | Tag::T_RelabelType
                    | Tag::T_CoerceViaIO
                    | Tag::T_ArrayCoerceExpr
                    | Tag::T_ConvertRowtypeExpr
                    | Tag::T_CoerceToDomain
            );
        brings_in.then(|| self.type_oid())
    }

    pub(crate) fn type_oid(&self) -> Oid {
        // SAFETY: a valid expression node.
        unsafe { pg_sys::exprType(self.0) }
    }

    pub(crate) fn typmod(&self) -> i32 {
        // SAFETY: a valid expression node.
        unsafe { pg_sys::exprTypmod(self.0) }
    }

    pub(crate) fn collation(&self) -> u32 {
        // SAFETY: a valid expression node.
        unsafe { pg_sys::exprCollation(self.0) }.to_u32()
    }

    /// Whether it calls immutable functions only, as an index asks.
    pub(crate) fn is_immutable(&self) -> bool {
        // SAFETY: a valid expression node; looks functions up in the syscache.
        unsafe { !pg_sys::contain_mutable_functions(self.0) }
    }

    pub(crate) fn returns_set(&self) -> bool {
        // SAFETY: a valid expression node.
        unsafe { pg_sys::expression_returns_set(self.0) }
    }

    /// Whether it is NULL where a column in it is.
    pub(crate) fn is_strict(&self) -> bool {
        // SAFETY: reads the expression.
        unsafe { !pg_sys::contain_nonstrict_functions(self.0) }
    }

    /// The argument of `unnest(array)`.
    pub(crate) fn unnested(&self) -> Option<Expr<'a>> {
        // SAFETY: the tag tells the type of the node.
        unsafe {
            if self.0.is_null() || (*self.0).type_ != NodeTag::T_FuncExpr {
                return None;
            }
            let call = &*self.0.cast::<pg_sys::FuncExpr>();
            match call.funcid.to_u32() == pg_sys::F_UNNEST_ANYARRAY {
                true => exprs(call.args).first().copied(),
                false => None,
            }
        }
    }

    /// The keys and values of `jsonb_build_object('key', value, …)`, where no key is given twice.
    pub(crate) fn built_object(&self) -> Option<Vec<(String, Expr<'a>)>> {
        // SAFETY: the tag tells the type of the node.
        let args = unsafe {
            if self.0.is_null() || (*self.0).type_ != NodeTag::T_FuncExpr {
                return None;
            }
            let call = &*self.0.cast::<pg_sys::FuncExpr>();
            let is_plain = call.funcid.to_u32() == pg_sys::F_JSONB_BUILD_OBJECT_ANY;
            (is_plain && !call.funcvariadic).then(|| exprs(call.args))?
        };
        let pair = |pair: &[Expr<'a>]| match pair {
            [key, value] => Some((key.text_constant()?, *value)),
            _ => None,
        };
        let pairs: Vec<_> = args.chunks(2).map(pair).collect::<Option<_>>()?;
        let keys: HashSet<&String> = pairs.iter().map(|(key, _)| key).collect();
        (keys.len() == pairs.len()).then_some(pairs)
    }

    /// A string as an argument of any type has it (`unknown`), or as text.
    fn text_constant(&self) -> Option<String> {
        // SAFETY: the tag tells the type of the node, and the constant's type how it is stored.
        unsafe {
            if self.0.is_null() || (*self.0).type_ != NodeTag::T_Const {
                return None;
            }
            let constant = &*self.0.cast::<pg_sys::Const>();
            let (value, is_null) = (constant.constvalue, constant.constisnull);
            match constant.consttype {
                pg_sys::TEXTOID => String::from_datum(value, is_null),
                pg_sys::UNKNOWNOID => <&CStr>::from_datum(value, is_null)
                    .and_then(|text| text.to_str().ok())
                    .map(str::to_owned),
                _ => None,
            }
        }
    }

    /// Whether nothing in it is of the users' own, neither a function nor a type.
    pub(crate) fn is_builtin(&self) -> bool {
        let is_own = |oid: Oid| function::is_user_defined(oid.to_u32());
        let has_own = self
            .functions()
            .into_iter()
            .chain(self.own_type())
            .any(is_own);
        !has_own && self.children().iter().all(Expr::is_builtin)
    }

    /// The expression as SQL over one table called `alias`, or without an alias; `attribute_of` tells
    /// which of the table's columns each reference stands for.
    pub(crate) fn deparse_over(
        &self,
        relid: Oid,
        alias: Option<&str>,
        attribute_of: &dyn Fn(Var) -> i16,
    ) -> String {
        let name = c_text(alias.unwrap_or_default());
        // SAFETY: works on a copy; deparse needs references to entry 1 of a made-up range table.
        unsafe {
            let copy: *mut pg_sys::Node = pg_sys::copyObjectImpl(self.0.cast()).cast();
            point_vars(copy, attribute_of);
            let context = pg_sys::deparse_context_for(name.as_ptr(), relid);
            take_text(pg_sys::deparse_expression(
                copy,
                context,
                alias.is_some(),
                false,
            ))
        }
    }

    pub(in crate::pg) fn node(&self) -> *mut pg_sys::Node {
        self.0
    }
}

unsafe fn point_vars(node: *mut pg_sys::Node, attribute_of: &dyn Fn(Var) -> i16) {
    let expr = Expr::new(node);
    if let Kind::Var(reference) = expr.kind() {
        // SAFETY: a Var of our own copy.
        unsafe {
            let var = &mut *node.cast::<pg_sys::Var>();
            var.varattno = attribute_of(reference);
            var.varno = 1;
            var.varlevelsup = 0;
            var.varnosyn = 1;
            var.varattnosyn = var.varattno;
        }
        return;
    }
    for child in expr.children() {
        // SAFETY: nodes of the same copy.
        unsafe { point_vars(child.0, attribute_of) };
    }
}
