use sea_orm::EntityTrait;

use super::description::{Description, EntityDescription, TableDescription};
use crate::model::engine::Engine;

/// A description of a table in the application's code. The schema checks read it.
///
/// ```
/// # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/note.rs")); }
/// # use demo::{Note, domain::NOTES};
/// use catamaran::domain::{Domain, TableSource};
///
/// const DOMAIN: Domain = Domain {
///     tables: &[NOTES],
///     sources: &[TableSource::record::<Note>()],
///     ..Domain::BLANK
/// };
/// # let _ = DOMAIN;
/// ```
#[derive(Clone, Copy, Debug)]
pub struct TableSource {
    source: Source,
}

#[derive(Clone, Copy, Debug)]
enum Source {
    Code(fn() -> Vec<Description>),
    Types(&'static TableTypes),
}

impl TableSource {
    pub(crate) const fn code(describe: fn() -> Vec<Description>) -> Self {
        TableSource {
            source: Source::Code(describe),
        }
    }

    /// A SQLite entity without a record.
    pub const fn sqlite<E: EntityTrait>() -> Self {
        Self::code(|| {
            vec![Description::Entity(
                Engine::Sqlite,
                EntityDescription::of::<E>(),
            )]
        })
    }

    /// A Postgres entity without a record.
    pub const fn postgres<E: EntityTrait>() -> Self {
        Self::code(|| {
            vec![Description::Entity(
                Engine::Postgres,
                EntityDescription::of::<E>(),
            )]
        })
    }

    /// The column types of a table without a record.
    pub const fn types(types: &'static TableTypes) -> Self {
        TableSource {
            source: Source::Types(types),
        }
    }

    pub(crate) fn describe(self) -> Vec<Description> {
        match self.source {
            Source::Code(describe) => describe(),
            Source::Types(types) => vec![Description::Table(TableDescription::by_hand(types))],
        }
    }
}

/// The column types of a table without a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableTypes {
    /// The table.
    pub table: &'static str,
    /// Its columns, in the order of the table.
    pub columns: &'static [TypedColumn],
}

/// A column of [`TableTypes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TypedColumn {
    /// Its name.
    pub name: &'static str,
    /// The name of its logical type in the [matrix](super::MATRIX).
    pub ty: &'static str,
    /// Whether it accepts NULL.
    pub nullable: bool,
}

impl TypedColumn {
    /// A column that does not accept NULL.
    pub const fn new(name: &'static str, ty: &'static str) -> Self {
        TypedColumn {
            name,
            ty,
            nullable: false,
        }
    }

    /// A column that accepts NULL.
    pub const fn nullable(name: &'static str, ty: &'static str) -> Self {
        TypedColumn {
            name,
            ty,
            nullable: true,
        }
    }
}
