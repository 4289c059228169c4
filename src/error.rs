//! Owns every error this extension raises itself: one enum whose variants carry data, each with
//! its SQLSTATE, DETAIL and HINT. Errors that PostgreSQL raises inside our statements never become
//! one of these; they pass through [`crate::pg::guard`] untouched.

use pgrx::PgSqlErrorCode as Code;

pub(crate) type Result<T> = std::result::Result<T, Error>;

#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Error {
    #[error("relation \"{0}\" does not exist")]
    UndefinedTable(String),
    #[error("\"{name}\" is not a table")]
    NotATable { name: String, kind: &'static str },
    #[error("must be owner of table {0}")]
    NotOwner(String),
    #[error("table name \"{0}\" is not of the form tv_<entity>")]
    NameWithoutPrefix(String),
    #[error("table \"{table}\" cannot become a TVIEW")]
    Shape { table: String, missing: String },
    #[error("table \"{table}\" cannot be a TVIEW because it is {state}")]
    Unfit {
        table: String,
        state: &'static str,
        hint: &'static str,
    },
    #[error("\"{0}\" is not a TVIEW")]
    NotTview(String),
    #[error("no defining query is known for table \"{table}\"")]
    NoDefinition {
        table: String,
        view: String,
        how: String,
    },
    #[error("the defining query does not match the columns of table \"{table}\"")]
    ColumnMismatch { table: String, detail: String },
    #[error("invalid defining query for \"{0}\"")]
    NotASelect(String),
    #[error("function {function} cannot be used in the query of a TVIEW")]
    Function {
        function: String,
        volatility: &'static str,
        hint: &'static str,
    },
    #[error("{construct} cannot be used in the query of a TVIEW")]
    Construct {
        construct: &'static str,
        detail: &'static str,
        hint: &'static str,
    },
    #[error("{kind} \"{name}\" cannot be a source of a TVIEW")]
    Source {
        name: String,
        kind: &'static str,
        hint: &'static str,
    },
    #[error("TVIEW \"{0}\" cannot read itself")]
    Circle(String),
    #[error("permission denied for table {table}")]
    NoRight {
        table: String,
        role: String,
        grant: String,
    },
    #[error("permission denied for table {0}")]
    NotReadable(String),
    #[error(
        "row security of table \"{table}\" applies to role \"{role}\", the owner of TVIEW \"{tview}\""
    )]
    RowSecurity {
        table: String,
        role: String,
        tview: String,
    },
    #[error(
        "every change of table \"{table}\" would compare the whole TVIEW \"{tview}\", because {reason}"
    )]
    FullRoute {
        table: String,
        tview: String,
        reason: &'static str,
        remedy: &'static str,
    },
    #[error("the size of a sample must be between 0 and 4294967295")]
    Sample,
    #[error("graph format \"{0}\" is not known")]
    UnknownFormat(String),
    #[error("trigger \"{trigger}\" cannot be kept on TVIEW \"{table}\"")]
    RowTrigger { table: String, trigger: String },
    #[error("rule \"{rule}\" cannot be kept on TVIEW \"{table}\"")]
    Rule { table: String, rule: String },
    #[error(
        "cannot drop trigger \"{trigger}\" on table \"{table}\" because TVIEW \"{tview}\" needs it"
    )]
    NeededTrigger {
        trigger: String,
        table: String,
        tview: String,
    },
    #[error("trigger \"{trigger}\" on table \"{table}\" would be mistaken for one of pg_tviews")]
    StrangeTrigger { trigger: String, table: String },
    #[error("a trigger kept rows of TVIEW \"{0}\" from being written")]
    Suppressed(String),
    #[error("could not find a key for TVIEW \"{table}\"")]
    NoKey { table: String },
    #[error("key of table \"{table}\" is not unique")]
    DuplicateKey { table: String, detail: String },
    #[error("key of table \"{table}\" contains null values")]
    NullKey {
        table: String,
        columns: String,
        /// The table has such a row.
        is_stored: bool,
    },
    #[error("cannot change table \"{0}\" directly")]
    DirectWrite(String),
    #[error("the query of TVIEW \"{table}\" returns more than one row for one key")]
    Ambiguous { table: String, key: Option<String> },
    #[error(
        "a statement that runs while TVIEWs are refreshed at commit cannot access foreign table \"{0}\""
    )]
    ForeignTable(String),
    #[error("a source of table \"{table}\" was dropped after the table was created")]
    SourceGone { table: String },
    #[error("{0} was dropped by another transaction")]
    Dropped(String),
    #[error("{0} has come to stand for another one in the query of a TVIEW")]
    Displaced(String),
    #[error("{0} cannot be used in the query of a TVIEW because it is temporary")]
    Temporary(String),
    #[error("could not serialize access to TVIEW \"{0}\" due to concurrent update")]
    Outdated(String),
    #[error("TVIEWs did not settle after {0} rounds of refreshing")]
    Unsettled(u32),
    #[error("TVIEW \"{table}\" has lost its {part}")]
    Damaged { table: String, part: &'static str },
    #[error("TVIEW \"{0}\" cannot be without a primary key over columns of its query")]
    Keyless(String),
    #[error("columns of TVIEW \"{table}\" cannot differ from those of its backing view \"{view}\"")]
    Columns {
        table: String,
        view: String,
        detail: String,
    },
    #[error("TVIEW \"{table}\" cannot be {state}")]
    TviewState {
        table: String,
        state: &'static str,
        hint: &'static str,
    },
    #[error("table \"{0}\" is just being created by another session")]
    BeingCreated(String),
    #[error("{0} cannot run inside a transaction block")]
    InTransaction(&'static str),
    #[error("extension \"pg_tviews\" is not created in this database")]
    NotCreated,
    #[error("function was not called as a trigger")]
    NotATrigger,
    #[error("{0}")]
    Internal(String),
}

impl Error {
    /// The SQLSTATE the client sees.
    pub(crate) fn sqlstate(&self) -> Code {
        match self {
            Error::UndefinedTable(_) => Code::ERRCODE_UNDEFINED_TABLE,
            Error::NotATable { .. } | Error::NotTview(_) => Code::ERRCODE_WRONG_OBJECT_TYPE,
            Error::NotOwner(_) | Error::NoRight { .. } | Error::NotReadable(_) => {
                Code::ERRCODE_INSUFFICIENT_PRIVILEGE
            }
            Error::NameWithoutPrefix(_) => Code::ERRCODE_INVALID_NAME,
            Error::Shape { .. }
            | Error::Unfit { .. }
            | Error::TviewState { .. }
            | Error::NoKey { .. } => Code::ERRCODE_INVALID_TABLE_DEFINITION,
            Error::NoDefinition { .. } => Code::ERRCODE_UNDEFINED_OBJECT,
            Error::Circle(_) | Error::Temporary(_) => Code::ERRCODE_INVALID_TABLE_DEFINITION,
            Error::ColumnMismatch { .. } => Code::ERRCODE_DATATYPE_MISMATCH,
            Error::NotASelect(_) => Code::ERRCODE_SYNTAX_ERROR,
            Error::Function { .. }
            | Error::Construct { .. }
            | Error::Source { .. }
            | Error::ForeignTable(_)
            | Error::RowSecurity { .. }
            | Error::FullRoute { .. } => Code::ERRCODE_FEATURE_NOT_SUPPORTED,
            Error::UnknownFormat(_) | Error::Sample => Code::ERRCODE_INVALID_PARAMETER_VALUE,
            Error::DuplicateKey { .. } => Code::ERRCODE_UNIQUE_VIOLATION,
            Error::NullKey { .. } => Code::ERRCODE_NOT_NULL_VIOLATION,
            Error::RowTrigger { .. } | Error::Rule { .. } | Error::Suppressed(_) => {
                Code::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE
            }
            Error::DirectWrite(_) | Error::NotCreated | Error::Damaged { .. } => {
                Code::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE
            }
            Error::SourceGone { .. } | Error::Keyless(_) | Error::Columns { .. } => {
                Code::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE
            }
            Error::Ambiguous { .. } => Code::ERRCODE_CARDINALITY_VIOLATION,
            Error::Dropped(_) => Code::ERRCODE_UNDEFINED_OBJECT,
            Error::Displaced(_) => Code::ERRCODE_AMBIGUOUS_FUNCTION,
            Error::Outdated(_) => Code::ERRCODE_T_R_SERIALIZATION_FAILURE,
            Error::Unsettled(_) => Code::ERRCODE_PROGRAM_LIMIT_EXCEEDED,
            Error::NeededTrigger { .. } => Code::ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST,
            Error::BeingCreated(_) => Code::ERRCODE_OBJECT_IN_USE,
            Error::InTransaction(_) => Code::ERRCODE_ACTIVE_SQL_TRANSACTION,
            Error::StrangeTrigger { .. } => Code::ERRCODE_RESERVED_NAME,
            Error::NotATrigger => Code::ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED,
            Error::Internal(_) => Code::ERRCODE_INTERNAL_ERROR,
        }
    }

    /// What exactly is wrong, where the message does not say it all.
    pub(crate) fn detail(&self) -> Option<String> {
        Some(match self {
            Error::NotATable { kind, .. } => format!("It is {kind}."),
            Error::Shape { missing, .. } => missing.clone(),
            Error::ColumnMismatch { detail, .. }
            | Error::Columns { detail, .. }
            | Error::DuplicateKey { detail, .. } => detail.clone(),
            Error::Keyless(_) => "Rows are found by it when they are refreshed.".into(),
            Error::NoDefinition { view, .. } => format!(
                "No query was given, none was recorded when the table was created, and there is no view \"{view}\"."
            ),
            Error::NotASelect(_) => "It must be one SELECT statement without parameters.".into(),
            Error::Function { volatility, .. } => format!(
                "The function is {volatility}: its result can change without any change of the source tables."
            ),
            Error::Construct { detail, .. } => (*detail).into(),
            Error::RowTrigger { .. } => {
                "A row-level BEFORE trigger could make the rows differ from the query.".into()
            }
            Error::StrangeTrigger { .. } => {
                "Names that begin with \"pg_tviews_\" and the extension's trigger functions are for its own triggers, which stay as they are made.".into()
            }
            Error::Rule { .. } => "PostgreSQL would rewrite by it what a refresh writes.".into(),
            Error::Suppressed(_) => "Its rows would differ from its query.".into(),
            Error::SourceGone { .. } => "Its query reads a table that no longer exists.".into(),
            Error::NoRight { role, .. } => {
                format!(
                    "A TVIEW needs the privileges SELECT and TRIGGER on its source tables, which role \"{role}\" lacks."
                )
            }
            Error::RowSecurity { .. } => {
                "What policies show can change without any change of the rows.".into()
            }
            Error::NoKey { .. } => {
                "It has no primary key, no column pk_<entity> and no column id.".into()
            }
            Error::Circle(_) => {
                "Its query reads the table or its backing view, directly or through another TVIEW.".into()
            }
            Error::NullKey { columns, .. } => format!("Key column: {columns}."),
            Error::Ambiguous { key, .. } => format!("Key: {}.", key.as_ref()?),
            Error::ForeignTable(_) => {
                "Another server's part of the transaction may already be committed at that point."
                    .into()
            }
            Error::FullRoute { .. } => "pg_tviews.full_refresh is set to error.".into(),
            Error::Outdated(_) => {
                "Rows that this transaction refreshes would be others under its snapshot than under the latest.".into()
            }
            Error::DirectWrite(_) => {
                "The table is a TVIEW: its rows are maintained by its defining query.".into()
            }
            _ => return None,
        })
    }

    /// The way out.
    pub(crate) fn hint(&self) -> Option<String> {
        Some(match self {
            Error::NameWithoutPrefix(_) => {
                "Call it tv_<entity>, with a lower-case tv_: for example tv_product.".into()
            }
            Error::NotATable { .. } => {
                "Give the name of an ordinary or partitioned table tv_<entity>.".into()
            }
            Error::Shape { .. } => {
                "A TVIEW needs a column \"id\" of type uuid and a column \"data\" of type jsonb.".into()
            }
            Error::Unfit { hint, .. } | Error::TviewState { hint, .. } => (*hint).into(),
            Error::NotTview(_) => {
                "pg_tviews_metadata lists the TVIEWs of this database. What CREATE TABLE AS makes is one from its COMMIT on.".into()
            }
            Error::NoDefinition { how, .. } => format!("Pass the query: {how}"),
            Error::ColumnMismatch { .. } => {
                "The query must give the same column names and types as the table, in any order for a view and in the table's order for a query.".into()
            }
            Error::Function { hint, .. }
            | Error::Source { hint, .. }
            | Error::Construct { hint, .. } => (*hint).into(),
            Error::RowTrigger { .. } => {
                "Drop it, or make it an AFTER trigger; put what it computes into the query.".into()
            }
            Error::Rule { .. } => "Use an AFTER trigger.".into(),
            Error::StrangeTrigger { .. } => "Choose another name and another function.".into(),
            Error::NeededTrigger { .. } => "It goes with the TVIEW: run pg_tviews_drop().".into(),
            Error::Suppressed(_) => "Drop the trigger that returns NULL.".into(),
            Error::Circle(_) => "Read the sources of the other TVIEW instead.".into(),
            Error::Temporary(_) => "Create it in an ordinary schema.".into(),
            Error::Displaced(_) => "Rename the new one, or create the TVIEW again to mean it.".into(),
            Error::NotASelect(_) => "Give one complete SELECT statement.".into(),
            Error::NoRight { grant, .. } => format!("Run {grant}."),
            Error::RowSecurity { .. } => {
                "Let the owner of the table own the TVIEW, without FORCE ROW LEVEL SECURITY, or a role with BYPASSRLS.".into()
            }
            Error::NoKey { .. } => "Add a primary key with ALTER TABLE first.".into(),
            Error::DuplicateKey { .. } => {
                "The query must give one row per key: group by the key, or add a primary key over more columns in the transaction of CREATE TABLE AS. Remove rows that are not the query's first.".into()
            }
            Error::Ambiguous { .. } => {
                "The query must give one row per key: group by the key, or give the table a primary key over more columns.".into()
            }
            Error::NullKey { is_stored: true, .. } => {
                "Exclude rows without a key in the query's WHERE clause. Remove rows that are not the query's first.".into()
            }
            Error::NullKey { .. } => "Exclude rows without a key in the query's WHERE clause.".into(),
            Error::DirectWrite(_) => {
                "Change the source tables; pg_tviews_metadata shows the query.".into()
            }
            Error::ForeignTable(_) => {
                "Read the TVIEW or call pg_tviews_flush() before COMMIT, or move this work out of the trigger.".into()
            }
            Error::SourceGone { .. } => {
                "Create the table and drop the source in separate transactions.".into()
            }
            Error::Outdated(_) => "The transaction might succeed if retried.".into(),
            Error::Unsettled(_) => {
                "A trigger on a TVIEW probably changes a source of the same TVIEW again and again.".into()
            }
            Error::Keyless(_) => {
                "To replace it, drop it and add another one in the same ALTER TABLE command.".into()
            }
            Error::Damaged { .. } => {
                "Unregister it with pg_tviews_drop() and create it again.".into()
            }
            Error::Columns { .. } => {
                "Run pg_tviews_alter(), which changes the query, the view and the table together.".into()
            }
            Error::FullRoute { remedy, .. } => (*remedy).into(),
            Error::UnknownFormat(_) => "Use mermaid or dot.".into(),
            Error::NotCreated => "Run CREATE EXTENSION pg_tviews;".into(),
            Error::Internal(_) => "This is a bug in pg_tviews; please report it.".into(),
            _ => return None,
        })
    }
}
