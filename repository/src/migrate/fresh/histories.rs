//! The histories of other programs: `fresh` must not drop what these made.

use std::collections::BTreeSet;

use sea_orm::DatabaseTransaction;

use super::rows;
use crate::migrate::{MigrateError, history::Step, table::HistoryTable};

/// The history of this program.
#[derive(Clone, Copy)]
pub(super) struct Own<'a> {
    pub(super) table: HistoryTable,
    pub(super) history: &'a [Step],
}

/// The columns of a table of SeaORM, under whatever name.
const SEAORM: [&str; 2] = ["applied_at", "version"];

/// Tables that other programs record their migrations in: the name, a column that tells it from another table of that
/// name, and the program.
const PROGRAMS: [(&str, Option<&str>, &str); 33] = [
    ("_sqlx_migrations", None, "sqlx"),
    ("__diesel_schema_migrations", None, "Diesel"),
    ("refinery_schema_history", None, "Refinery"),
    ("flyway_schema_history", None, "Flyway"),
    ("schema_version", Some("installed_rank"), "Flyway"),
    ("databasechangelog", None, "Liquibase"),
    (
        "schema_migrations",
        None,
        "Rails, Ecto, Supabase, dbmate or golang-migrate",
    ),
    ("ar_internal_metadata", None, "Rails"),
    ("alembic_version", None, "Alembic"),
    ("django_migrations", None, "Django"),
    ("south_migrationhistory", None, "South"),
    ("aerich", Some("app"), "Aerich"),
    (
        "migrate_version",
        Some("repository_id"),
        "SQLAlchemy Migrate",
    ),
    ("_yoyo_migration", None, "Yoyo"),
    ("_prisma_migrations", None, "Prisma"),
    ("knex_migrations", None, "Knex"),
    ("sequelizemeta", None, "Sequelize"),
    ("migrations", Some("batch"), "Laravel"),
    ("migrations", Some("timestamp"), "TypeORM"),
    ("mikro_orm_migrations", None, "MikroORM"),
    ("kysely_migration", None, "Kysely"),
    ("__drizzle_migrations", None, "Drizzle"),
    ("pgmigrations", None, "node-pg-migrate"),
    ("doctrine_migration_versions", None, "Doctrine"),
    ("phinxlog", None, "Phinx"),
    ("__efmigrationshistory", None, "Entity Framework"),
    ("goose_db_version", None, "goose"),
    ("gorp_migrations", None, "sql-migrate"),
    ("atlas_schema_revisions", None, "Atlas"),
    ("grdb_migrations", None, "GRDB"),
    ("migrations", Some("previous_hash"), "Graphile Migrate"),
    ("changes", Some("change_id"), "Sqitch"),
    ("room_master_table", None, "Room"),
];

/// A table that may be a history.
pub(super) struct Table {
    /// Its name, as it is.
    name: String,
    /// Its name in SQL.
    sql_name: String,
    columns: Vec<String>,
    /// The role that owns it, if it is another one than the migrating role.
    owner: Option<String>,
}

/// How many names of migrations an error lists.
const SHOWN: usize = 10;

/// Fails if a table is the history of another program, or has migrations that this history lacks.
pub(super) async fn refuse_others(
    tx: &DatabaseTransaction,
    tables: &[Table],
    own: Own<'_>,
) -> Result<(), MigrateError> {
    let mut found = Vec::new();
    for table in tables {
        let sql_name = &table.sql_name;
        let is_own = table.name.eq_ignore_ascii_case(own.table.name());
        found.extend(match (&table.owner, is_own) {
            (Some(owner), true) => Some(format!(
                "{sql_name} belongs to the role {owner}, which has to run `fresh` itself"
            )),
            (None, true) => unknown(tx, table, own.history).await?,
            (_, false) => table
                .program()
                .map(|program| format!("{sql_name} of {program} (DROP TABLE {sql_name})")),
        });
    }
    match found.is_empty() {
        true => Ok(()),
        false => Err(MigrateError::OtherHistory { found }),
    }
}

impl Table {
    /// `columns` are separated by the character 31.
    pub(super) fn new(
        name: String,
        sql_name: String,
        columns: Option<String>,
        owner: Option<String>,
    ) -> Self {
        let columns = columns.unwrap_or_default();
        let mut columns: Vec<String> = columns.split('\u{1f}').map(str::to_owned).collect();
        columns.sort_unstable();
        Table {
            name,
            sql_name,
            columns,
            owner,
        }
    }

    fn has(&self, column: &str) -> bool {
        let mut columns = self.columns.iter();
        columns.any(|other| other.eq_ignore_ascii_case(column))
    }

    /// The program that records its migrations in the table.
    fn program(&self) -> Option<&'static str> {
        if self.columns == SEAORM {
            return Some("another history of SeaORM");
        }
        let is_it = |(name, column, _): &&(&str, Option<&str>, &str)| {
            self.name.eq_ignore_ascii_case(name) && column.is_none_or(|column| self.has(column))
        };
        let found = PROGRAMS.iter().find(is_it);
        found.map(|(_, _, program)| *program)
    }
}

/// The migrations of a table of SeaORM that this history lacks.
async fn unknown(
    tx: &DatabaseTransaction,
    table: &Table,
    history: &[Step],
) -> Result<Option<String>, MigrateError> {
    let known: BTreeSet<&str> = history.iter().map(|step| step.name).collect();
    let sql_name = &table.sql_name;
    if !table.has("version") {
        return Ok(Some(format!(
            "{sql_name} has no column version, so it is no history of SeaORM (DROP TABLE {sql_name})"
        )));
    }
    let sql = format!("SELECT version FROM {sql_name} ORDER BY version");
    let mut unknown = Vec::new();
    for row in rows(tx, &sql).await? {
        let name: String = row.try_get_by_index(0)?;
        if !known.contains(name.as_str()) {
            unknown.push(format!("'{}'", name.replace('\'', "''")));
        }
    }
    let more = match unknown.len() {
        0 => return Ok(None),
        count if count > SHOWN => format!(" and {} more", count - SHOWN),
        _ => String::new(),
    };
    unknown.truncate(SHOWN);
    let names = unknown.join(", ");
    Ok(Some(format!(
        "{sql_name} has migrations that this history lacks, {names}{more} (DELETE FROM {sql_name} WHERE version IN ({names}))"
    )))
}
