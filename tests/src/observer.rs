//! A connection beside the store, to see what the store has committed.

use catamaran::testing::TwinDatabase;
use catamaran::{Store, Unit};
use entity::domain::{DEVICES, HABIT_ENTRIES, HABITS, REMINDERS};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbErr, Statement};

use crate::users::everyone;

/// Reads the tables through a connection of its own, on Postgres as the superuser. A database in
/// memory has no second connection: it is read by a unit of the system's scope.
pub enum Observer {
    /// A connection beside the store's.
    Connection(DatabaseConnection),
    /// The store itself.
    Store(Store),
}

/// One connection to that URL, without a pool's second.
///
/// # Errors
/// Those of connecting.
pub async fn connect(url: &str) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    Database::connect(options).await
}

/// The first column of a query's rows, as text.
///
/// # Errors
/// Those of the query.
pub async fn texts(connection: &impl ConnectionTrait, sql: &str) -> Result<Vec<String>, DbErr> {
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    let rows = connection.query_all_raw(statement).await?;
    rows.iter().map(|row| row.try_get_by_index(0)).collect()
}

/// As [`texts`], inside a unit of work.
///
/// # Errors
/// Those of the query.
pub async fn texts_in(unit: &Unit, sql: &str) -> Result<Vec<String>, DbErr> {
    match unit {
        Unit::Sqlite(native) => texts(&native.seaorm(), sql).await,
        Unit::Postgres(native) => texts(&native.seaorm(), sql).await,
    }
}

/// Every row of every owned table, each as a line.
///
/// # Errors
/// Those of the query.
pub async fn dump_of(connection: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
    texts(connection, &dump_query()).await
}

/// The query of every row of every owned table, each as a `line`.
pub fn dump_query() -> String {
    let tables = [HABITS, HABIT_ENTRIES, REMINDERS, DEVICES].map(|table| {
        let columns = table.columns.join(", ");
        format!(
            "SELECT concat_ws(' | ', '{}', {columns}) AS line FROM {}",
            table.name, table.name
        )
    });
    format!("{} ORDER BY 1", tables.join(" UNION ALL "))
}

impl Observer {
    /// The one for that database.
    pub async fn of(db: &TwinDatabase) -> Self {
        if db.is_shared() {
            Observer::Connection(connect(db.url()).await.expect("a second connection"))
        } else {
            Observer::Store(db.store().clone())
        }
    }

    /// The first column of a query's rows, as text.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        let read = match self {
            Observer::Connection(connection) => texts(connection, sql).await,
            Observer::Store(store) => {
                let unit = store.begin_read(&everyone()).await.expect("a unit");
                texts_in(&unit, sql).await
            }
        };
        read.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// The number of rows of a table that match the condition.
    pub async fn count(&self, table: &str, condition: &str) -> u64 {
        let sql = format!("SELECT CAST(count(*) AS text) FROM {table} WHERE {condition}");
        let counted = self.texts(&sql).await;
        counted[0].parse().expect("a number")
    }

    /// Every row of every owned table, each as a line.
    pub async fn dump(&self) -> Vec<String> {
        self.texts(&dump_query()).await
    }
}
