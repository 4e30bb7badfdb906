//! What the application's code says, as the schema checks read it: records, entities, and types by hand.

use super::entity;
use super::schema::Schema;
use crate::model::domain::description::{Description, TableDescription};
use crate::model::domain::{Domain, TableSource};
use crate::model::engine::Engine;

/// What was read of an application's code.
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

    /// A later one of the same table takes the place of an earlier one.
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
