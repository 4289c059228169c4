//! Owns a switch of test builds: it leaves out one rule, so that the differential test can show that
//! it notices. Only a build with the feature `sabotage` has the setting `pg_tviews.sabotage`; in any
//! other [`breaks`] is a constant.

/// A rule that can be left out.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "sabotage", derive(pgrx::PostgresGucEnum))]
#[cfg_attr(
    not(feature = "sabotage"),
    allow(dead_code, reason = "the setting's default")
)]
pub(crate) enum Rule {
    Nothing,
    /// A changed row leads to keys as it was.
    OldImages,
    /// And as it is.
    NewImages,
    /// Columns that only conditions read are used.
    ConditionColumns,
    /// An outer join's condition restricts its nullable side only.
    OuterJoins,
    /// No restriction goes below LIMIT.
    Limits,
    /// Rows of a partition depend on each other.
    Mates,
    /// NULL differs from nothing.
    NotInNulls,
    /// Every arm of an OR or a coalesce counts.
    Arms,
    /// NULLs are of one group.
    NullGroups,
    /// A NULL does not always lead nowhere.
    NullStarts,
    /// A recursive query leads from row to row.
    Repetition,
    /// Rows that have a part of the key.
    PartsInTable,
    /// Rows that should have it.
    PartsInQuery,
    /// A patch is all that a change makes different: its columns decide about nothing else,
    Decisive,
    /// an outer join finds its row by the links alone,
    Presence,
    /// and they lead to no other row.
    SingleRows,
    /// What computes a leaf alone changes nothing else: nothing but the leaf reads it,
    Readers,
    /// and it gives a row, whatever changes.
    OneRow,
    /// What a savepoint that is rolled back had flushed is owed again.
    Savepoints,
    /// Concurrent writers wait for each other: at all,
    Locks,
    /// by the keys that both refresh,
    KeyLocks,
    /// by the values of changed rows,
    ValueLocks,
    /// by the values that new links lead to,
    ReadSets,
    /// where one of them compares the whole.
    TableLocks,
}

#[cfg(feature = "sabotage")]
static SABOTAGE: pgrx::GucSetting<Rule> = pgrx::GucSetting::<Rule>::new(Rule::Nothing);

#[cfg(feature = "sabotage")]
pub(crate) fn register() {
    pgrx::GucRegistry::define_enum_guc(
        c"pg_tviews.sabotage",
        c"Leaves out a rule, which makes TVIEWs wrong.",
        c"For the proof that the tests notice.",
        &SABOTAGE,
        pgrx::GucContext::Suset,
        pgrx::GucFlags::default(),
    );
}

#[cfg(feature = "sabotage")]
pub(crate) fn breaks(rule: Rule) -> bool {
    SABOTAGE.get() == rule
}

#[cfg(not(feature = "sabotage"))]
pub(crate) const fn breaks(_: Rule) -> bool {
    false
}
