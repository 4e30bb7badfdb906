//! Migrations behind pgbouncer.

use catamaran::ErrorKind;
use catamaran::migrate::{History, MigrateError, Script, TwinMigration, apply, up};
use catamaran::testing::{Target, TwinDatabase};
use suite::observer::Observer;
use suite::pgbouncer::{Mode, PgBouncer, Setup};

/// A migration in a transaction, and one outside.
struct Notes;

impl History for Notes {
    fn migrations() -> Vec<Box<dyn TwinMigration>> {
        let table = Script::new().sql("CREATE TABLE note (body text)");
        let index = Script::new()
            .sql("SET lock_timeout = '3s'")
            .sql("CREATE INDEX CONCURRENTLY ix_note__body ON note (body)")
            .outside_transaction();
        vec![
            Box::new(OnPostgres("m1", table)),
            Box::new(OnPostgres("m2", index)),
        ]
    }

    fn table() -> &'static str {
        "note_migrations"
    }
}

struct OnPostgres(&'static str, Script);

impl TwinMigration for OnPostgres {
    fn name(&self) -> &'static str {
        self.0
    }
    fn sqlite_up(&self) -> Script {
        Script::nothing("not tested here")
    }
    fn sqlite_down(&self) -> Script {
        Script::nothing("not tested here")
    }
    fn postgres_up(&self) -> Script {
        self.1.clone()
    }
    fn postgres_down(&self) -> Script {
        Script::nothing("not tested here")
    }
}

/// A session lock would stay on the pooler's connection, and the next migrator would wait for it.
#[tokio::test]
async fn a_migration_outside_of_a_transaction_is_refused_behind_a_pooler() {
    for mode in [Mode::Transaction, Mode::Session] {
        for ignored in ["extra_float_digits", "extra_float_digits,options"] {
            let db = TwinDatabase::create::<migration::Migrator>(Target::Postgres).await;
            let db = db.expect("a database on Postgres");
            let setup = Setup {
                mode,
                ignored,
                // In a transaction pooler the clients share it.
                pool_size: if mode == Mode::Transaction { 1 } else { 3 },
                ..Setup::default()
            };
            let pooler = PgBouncer::start(&setup, &[db.url()]);
            // One client, as the prepared statements of two would have the same names.
            let mut options = sea_orm::ConnectOptions::new(pooler.url(db.url()));
            options.max_connections(1).sqlx_logging(false);
            let pooled = sea_orm::Database::connect(options).await.expect("a client");
            let error = apply::<Notes>(&pooled).await;
            let error = error.expect_err("a pooler stands between");
            let MigrateError::PartlyCommitted { committed, source } = &error else {
                panic!("{error}");
            };
            assert_eq!(committed.applied, ["m1"]);
            let MigrateError::Connect(connect) = &**source else {
                panic!("{error}");
            };
            assert!(
                matches!(connect.kind(), ErrorKind::Pooler { .. }),
                "{error}"
            );
            let words = "migrate over a direct connection to the server";
            assert!(error.to_string().contains(words), "{error}");
            let observer = Observer::of(&db).await;
            let here = "locktype = 'advisory' AND database = (SELECT oid FROM pg_database \
                 WHERE datname = current_database())";
            assert_eq!(
                observer.count("pg_locks", here).await,
                0,
                "{mode:?} {ignored}"
            );
            assert_eq!(observer.count("note_migrations", "true").await, 1);

            let report = up::<Notes>(db.url()).await.expect("a direct connection");
            assert_eq!(report.applied, ["m2"]);
        }
    }
}
