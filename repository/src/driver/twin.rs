//! The mapping between a record and its entities.

use sea_orm::EntityTrait;

use super::Dialect;
#[cfg(feature = "postgres")]
use super::postgres::Postgres;
#[cfg(feature = "sqlite")]
use super::sqlite::Sqlite;
use crate::model::domain::TableSource;
use crate::model::domain::description::{Description, EntityDescription, TableDescription};
use crate::model::engine::Engine;
use crate::model::error::Result;
use crate::model::record::Record;
use crate::sql::Statements;

/// The mapping between a record and its entity in one dialect. Implemented by `#[derive(Record)]`.
///
/// A field that only one side has, or that has another native type, does not compile.
#[diagnostic::on_unimplemented(
    message = "the record `{Self}` has no twin in the dialect `{D}`",
    note = "name the entity's module in `#[record(sqlite = .., postgres = ..)]`"
)]
pub trait Twin<D: Dialect>: Record {
    /// The hand-written SeaORM entity.
    type Entity: EntityTrait;

    /// Converts the entity's model to the record.
    ///
    /// # Errors
    /// [`Decode`](crate::ErrorKind::Decode), naming the first field whose value is none of the record's type.
    fn from_model(model: <Self::Entity as EntityTrait>::Model) -> Result<Self>;

    /// Converts the record to the entity's model.
    fn into_model(self) -> <Self::Entity as EntityTrait>::Model;

    /// Reads the record from a row with the columns in the order of [`Record::COLUMNS`].
    ///
    /// # Errors
    /// [`Decode`](crate::ErrorKind::Decode), naming the column whose stored value does not have its type.
    fn from_row(row: &D::Row<'_>) -> Result<Self>;

    /// The SQL texts of this record in this dialect, each built once.
    #[doc(hidden)]
    fn statements() -> &'static Statements;
}

/// A record that every compiled-in engine can store: one with a twin in each dialect.
#[cfg(all(feature = "sqlite", feature = "postgres"))]
pub trait Stored: Twin<Sqlite> + Twin<Postgres> {}
#[cfg(all(feature = "sqlite", feature = "postgres"))]
impl<R: Twin<Sqlite> + Twin<Postgres>> Stored for R {}

/// A record that every compiled-in engine can store: one with a twin in each dialect.
#[cfg(all(feature = "sqlite", not(feature = "postgres")))]
pub trait Stored: Twin<Sqlite> {}
#[cfg(all(feature = "sqlite", not(feature = "postgres")))]
impl<R: Twin<Sqlite>> Stored for R {}

/// A record that every compiled-in engine can store: one with a twin in each dialect.
#[cfg(all(feature = "postgres", not(feature = "sqlite")))]
pub trait Stored: Twin<Postgres> {}
#[cfg(all(feature = "postgres", not(feature = "sqlite")))]
impl<R: Twin<Postgres>> Stored for R {}

#[cfg(any(feature = "sqlite", feature = "postgres"))]
impl TableSource {
    /// A record, with its entities.
    pub const fn record<R: Stored>() -> Self {
        Self::code(|| {
            vec![
                Description::Table(TableDescription::of::<R>()),
                #[cfg(feature = "sqlite")]
                Description::Entity(
                    Engine::Sqlite,
                    EntityDescription::of::<<R as Twin<Sqlite>>::Entity>(),
                ),
                #[cfg(feature = "postgres")]
                Description::Entity(
                    Engine::Postgres,
                    EntityDescription::of::<<R as Twin<Postgres>>::Entity>(),
                ),
            ]
        })
    }
}
