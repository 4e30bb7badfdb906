//! Short forms of keys, indexes, checks and defaults. Their names follow the convention, see
//! [`table!`](crate::table).

use super::{Action, Check, ColumnDefault, DefaultValue, ForeignKey, Index, PrimaryKey, UniqueKey};
use crate::model::engine::Engine;

impl PrimaryKey {
    /// A key over these columns, named `pk_<table>`.
    pub const fn over(columns: &'static [&'static str]) -> Self {
        PrimaryKey { name: "", columns }
    }
}

impl UniqueKey {
    /// A key over these columns, named `uq_<table>__<columns>`.
    pub const fn over(columns: &'static [&'static str]) -> Self {
        UniqueKey { name: "", columns }
    }
}

impl Index {
    /// An index over these columns, named `ix_<table>__<columns>`.
    ///
    /// An expression has no name by convention: use [`named`](Self::named).
    pub const fn over(columns: &'static [&'static str]) -> Self {
        Index {
            name: "",
            columns,
            unique: false,
            predicate: None,
        }
    }

    /// Makes the index unique. By convention its name begins with `uq_`.
    #[must_use]
    pub const fn unique(self) -> Self {
        Index {
            unique: true,
            ..self
        }
    }

    /// Limits the index to the rows for which this holds, as SQL with the same meaning on both engines.
    #[must_use]
    pub const fn only(self, predicate: &'static str) -> Self {
        Index {
            predicate: Some(predicate),
            ..self
        }
    }

    /// Gives the index another name than that of the convention.
    #[must_use]
    pub const fn named(self, name: &'static str) -> Self {
        Index { name, ..self }
    }
}

impl ForeignKey {
    /// A key of these columns, named `fk_<table>__<columns>`, that references these columns of another table.
    ///
    /// A delete or an update of a parent that has children fails at the end of the statement ([`Action::NoAction`]).
    pub const fn over(
        columns: &'static [&'static str],
        references: &'static str,
        referenced_columns: &'static [&'static str],
    ) -> Self {
        ForeignKey {
            name: "",
            columns,
            references,
            referenced_columns,
            on_delete: Action::NoAction,
            on_update: Action::NoAction,
        }
    }

    /// Sets the action on a delete of the parent.
    #[must_use]
    pub const fn on_delete(self, action: Action) -> Self {
        ForeignKey {
            on_delete: action,
            ..self
        }
    }
}

impl Check {
    /// A check of these columns on both engines, named `ck_<table>__<columns>`. State its condition with
    /// [`holds`](Self::holds) or [`holds_natively`](Self::holds_natively).
    pub const fn over(columns: &'static [&'static str]) -> Self {
        Check {
            name: "",
            engines: &[Engine::Sqlite, Engine::Postgres],
            columns,
            sqlite: None,
            postgres: None,
        }
    }
}

impl ColumnDefault {
    /// The default of a column.
    pub const fn new(column: &'static str, value: DefaultValue) -> Self {
        ColumnDefault { column, value }
    }
}
