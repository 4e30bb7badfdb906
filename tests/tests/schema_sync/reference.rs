//! The reference domain, and databases that its migrations have really built.

use catamaran::testing::EphemeralDatabase;
use catamaran::{Type, Value};
use entity::{DOMAIN, Device, Entry, Habit, Reminder, postgres, sqlite};
use migration::Migrator;
use sea_orm::{ConnectOptions, Database, DatabaseConnection};
use suite::schema_sync::{RecordShape, SchemaSync};

/// The records, their twins, and the one table that has no record.
pub fn sync() -> SchemaSync {
    SchemaSync::of(&DOMAIN)
        .record::<Habit>()
        .record::<Entry>()
        .record::<Reminder>()
        .record::<Device>()
        .table(outbox())
        .sqlite_entity::<sqlite::outbox::Entity>()
        .table(operation_keys())
        .sqlite_entity::<sqlite::operation_key::Entity>()
        .postgres_entity::<postgres::operation_key::Entity>()
}

fn operation_keys() -> RecordShape {
    let columns = [
        ("user_id", Type::Uuid),
        ("id", Type::Uuid),
        ("created_at", Type::Timestamp),
    ];
    RecordShape::by_hand(catamaran::OPERATION_KEYS.name, &columns).owner_and_key(&["user_id", "id"])
}

fn outbox() -> RecordShape {
    let columns = [
        ("id", Type::Uuid),
        ("table_name", Type::Text),
        ("row_id", Type::Uuid),
        ("operation", Type::Text),
        ("payload", Type::Text),
        ("attempts", Type::Int),
        ("created_at", Type::Timestamp),
        ("updated_at", Type::Timestamp),
        ("version", Type::BigInt),
    ];
    RecordShape::by_hand("outbox", &columns)
        .default("attempts", Value::Int(0))
        .version("version")
}

/// A migrated database with one connection to it.
pub struct Migrated {
    pub connection: DatabaseConnection,
    _database: EphemeralDatabase,
}

pub async fn migrated_sqlite() -> Migrated {
    connect(EphemeralDatabase::sqlite_file::<Migrator>().await).await
}

pub async fn migrated_postgres() -> Migrated {
    connect(EphemeralDatabase::postgres::<Migrator>().await).await
}

async fn connect(database: Result<EphemeralDatabase, catamaran::testing::TestError>) -> Migrated {
    let database = database.expect("a migrated database");
    // One connection: what a test alters in a transaction has to be seen by what reads the schema.
    let mut options = ConnectOptions::new(database.url());
    options.max_connections(1).sqlx_logging(false);
    let connection = Database::connect(options).await.expect("a connection");
    Migrated {
        connection,
        _database: database,
    }
}
