//! Schema sync: whether everything that describes the schema says the same.
//!
//! Five places do: DOMAIN with the records, the SQLite entities, the Postgres entities, and what the
//! migrations really build on either engine. From DOMAIN and the records follows what each of the other
//! four has to say (`expected`), by a written table of equivalent types ([`types`]); each of them is read
//! into the same simple [`schema`]; and `compare` tells the differences as [`Finding`]s, with how to mend
//! them.
//!
//! What it cannot see: the meaning of a check beyond the form that its column's type needs (DOMAIN has
//! only the name of `ck_devices__platform`), privileges of roles other than the application's and PUBLIC,
//! and anything about data. The order of columns is compared for entities and records only: a column that
//! is added to a real table comes last, and no statement of the library depends on it.

mod compare;
mod domain;
mod entity;
mod expected;
mod expression;
mod finding;
mod mend;
mod postgres;
mod record;
pub mod schema;
mod sqlite;
mod sqlite_text;
pub mod types;

use catamaran::{Domain, Postgres, Record, Sqlite, Twin};
use sea_orm::{DatabaseConnection, DbErr, EntityTrait};

pub use finding::{Aspect, Finding, Mend, Part, Place, report};
pub use record::{RecordColumn, RecordShape};
use schema::Schema;

/// What is compared, as far as it is written in Rust. The databases are given one by one.
#[derive(Clone, Debug)]
pub struct SchemaSync {
    /// The names.
    pub domain: &'static Domain,
    /// The types.
    pub records: Vec<RecordShape>,
    /// The entities of SQLite.
    pub sqlite: Schema,
    /// The entities of Postgres.
    pub postgres: Schema,
}

impl SchemaSync {
    /// A domain, so far without records and entities.
    pub fn of(domain: &'static Domain) -> Self {
        SchemaSync {
            domain,
            records: Vec::new(),
            sqlite: Schema::default(),
            postgres: Schema::default(),
        }
    }

    /// Adds a record and its twins.
    #[must_use]
    pub fn record<R: Twin<Sqlite> + Twin<Postgres> + Record>(mut self) -> Self {
        self.records.push(RecordShape::of::<R>());
        self.sqlite_entity::<<R as Twin<Sqlite>>::Entity>()
            .postgres_entity::<<R as Twin<Postgres>>::Entity>()
    }

    /// Adds a table that has no record, by the types that a record of it would have.
    #[must_use]
    pub fn table(mut self, shape: RecordShape) -> Self {
        self.records.push(shape);
        self
    }

    /// Adds an entity of SQLite, or puts it in the place of the one of the same table.
    #[must_use]
    pub fn sqlite_entity<E: EntityTrait>(mut self) -> Self {
        entity::add::<E>(&mut self.sqlite, Place::SqliteEntities);
        self
    }

    /// As [`sqlite_entity`](Self::sqlite_entity), for Postgres.
    #[must_use]
    pub fn postgres_entity<E: EntityTrait>(mut self) -> Self {
        entity::add::<E>(&mut self.postgres, Place::PostgresEntities);
        self
    }

    /// What DOMAIN and the records disagree on, and what the entities say against them.
    pub fn check_code(&self) -> Vec<Finding> {
        let mut findings = domain::check(self.domain, &self.records);
        findings.extend(self.check(Place::SqliteEntities, &self.sqlite));
        findings.extend(self.check(Place::PostgresEntities, &self.postgres));
        findings
    }

    /// What a place says against DOMAIN and the records.
    pub fn check(&self, place: Place, actual: &Schema) -> Vec<Finding> {
        let expected = expected::schema(self.domain, &self.records, place);
        compare::compare(place, &expected, actual)
    }
}

/// The schema of a migrated SQLite database.
///
/// # Errors
/// When a catalog cannot be read.
pub async fn read_sqlite(db: &DatabaseConnection) -> Result<Schema, DbErr> {
    sqlite::read(db).await
}

/// The schema of a migrated Postgres database: the current schema of the connection, whose time zone it
/// sets to UTC so that literals are printed alike.
///
/// # Errors
/// When a catalog cannot be read.
pub async fn read_postgres(db: &DatabaseConnection) -> Result<Schema, DbErr> {
    postgres::read(db).await
}
