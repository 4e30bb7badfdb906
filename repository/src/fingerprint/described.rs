//! The application's records, entities and hand-written types, as the schema checks read them.

use super::entity;
use super::schema::Schema;
use crate::model::domain::description::{Description, TableDescription};
use crate::model::domain::{Domain, TableSource};
use crate::model::engine::Engine;

/// The described tables of an application.
#[derive(Clone, Debug)]
pub(crate) struct Described {
    pub(crate) tables: Vec<TableDescription>,
    sqlite: Schema,
    postgres: Schema,
}

impl Described {
    pub(crate) fn by(domain: &Domain) -> Self {
        let mut described = Described {
            tables: Vec::new(),
            sqlite: Schema::new(Engine::Sqlite),
            postgres: Schema::new(Engine::Postgres),
        };
        for source in domain.sources {
            described.add(*source);
        }
        described
    }

    /// Adds the tables of a source. A table that was added before is replaced.
    pub(crate) fn add(&mut self, source: TableSource) {
        for description in source.describe() {
            match description {
                Description::Table(table) => {
                    self.tables.retain(|other| other.table != table.table);
                    self.tables.push(table);
                }
                Description::Entity(Engine::Sqlite, entity) => {
                    entity::add(&mut self.sqlite, entity)
                }
                Description::Entity(Engine::Postgres, entity) => {
                    entity::add(&mut self.postgres, entity);
                }
            }
        }
    }

    pub(crate) fn entities(&self, engine: Engine) -> &Schema {
        match engine {
            Engine::Sqlite => &self.sqlite,
            Engine::Postgres => &self.postgres,
        }
    }

    pub(crate) fn table(&self, name: &str) -> Option<&TableDescription> {
        self.tables.iter().find(|table| table.table == name)
    }
}
