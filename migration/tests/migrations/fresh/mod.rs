//! `fresh` drops whatever the application has in a database, and nothing else.

mod histories;
mod postgres;
mod sqlite;

use catamaran::migrate::Migrator;
use sea_orm::DatabaseConnection;
use sea_orm_migration::MigratorTrait;

use crate::cli::succeeds;
use crate::support::history::{Given, given, step};
use crate::support::{PostgresDatabase, SqliteFile, connect, run};

fn notes() {
    given(&[step(
        "m1_note",
        &[
            "CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT NOT NULL)",
            "CREATE VIEW note_view AS SELECT id FROM note",
        ],
    )
    .down(&["DROP VIEW note_view", "DROP TABLE note"])]);
}

async fn fresh(db: &DatabaseConnection) -> Result<(), String> {
    let done = Migrator::<Given>::fresh(db).await;
    done.map_err(|error| error.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_lists_what_it_drops_before_it_does() {
    let file = SqliteFile::new();
    let database = PostgresDatabase::new().await;
    for url in [format!("{}?mode=rwc", file.url()), database.url()] {
        succeeds(&["up", "-u", &url]);
        let db = connect(&url).await;
        run(&db, "CREATE VIEW \"A view\" AS SELECT name FROM habits").await;
        let output = succeeds(&["fresh", "-u", &url]);
        let place = |what: &str| {
            output
                .find(what)
                .unwrap_or_else(|| panic!("{what}: {output}"))
        };
        let (count, table) = (place(" object(s)"), place("Dropping table "));
        let view = place("A view");
        assert!(count < table && count < view, "{output}");
        assert!(
            table < place("Applying") && view < place("Applying"),
            "{output}"
        );
    }
}
