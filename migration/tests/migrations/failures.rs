//! A refused batch of migrations changes nothing.

use catamaran::migrate::{Direction, History, MigrateError, Migrator, Script, TwinMigration, up};
use futures_util::FutureExt;
use sea_orm::{DatabaseConnection, TransactionTrait};
use sea_orm_migration::MigratorTrait;

use crate::support;

/// A migration from its name and its four scripts.
struct Step(&'static str, fn() -> Script, fn() -> Script);

impl TwinMigration for Step {
    fn name(&self) -> &'static str {
        self.0
    }
    fn sqlite_up(&self) -> Script {
        self.1()
    }
    fn sqlite_down(&self) -> Script {
        Script::nothing("not tested here")
    }
    fn postgres_up(&self) -> Script {
        self.2()
    }
    fn postgres_down(&self) -> Script {
        Script::nothing("not tested here")
    }
}

fn nothing() -> Script {
    Script::nothing("not tested here")
}

fn family() -> Script {
    Script::new()
        .sql("CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT) STRICT")
        .sql("CREATE TABLE child (id INTEGER PRIMARY KEY, parent_id INTEGER NOT NULL REFERENCES parent (id) ON DELETE CASCADE) STRICT")
        .sql("INSERT INTO parent VALUES (1, 'one'), (2, 'two')")
        .sql("INSERT INTO child VALUES (10, 1), (20, 2)")
}

/// The rebuild that SQLite's documentation prescribes, https://sqlite.org/lang_altertable.html#otheralter.
fn rebuild() -> Script {
    Script::new()
        .sql("CREATE TABLE parent_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT")
        .sql("INSERT INTO parent_new SELECT id, name FROM parent")
        .sql("DROP TABLE parent")
        .sql("ALTER TABLE parent_new RENAME TO parent")
}

/// The same, but one parent is forgotten.
fn lossy_rebuild() -> Script {
    Script::new()
        .sql("CREATE TABLE parent_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT")
        .sql("INSERT INTO parent_new SELECT id, name FROM parent WHERE id = 1")
        .sql("DROP TABLE parent")
        .sql("ALTER TABLE parent_new RENAME TO parent")
}

macro_rules! history {
    ($name:ident: $($step:expr),+ $(,)?) => {
        struct $name;
        impl History for $name {
            fn migrations() -> Vec<Box<dyn TwinMigration>> {
                vec![$(Box::new($step)),+]
            }
        }
    };
}

history!(Family: Step("m1_family", family, nothing));
history!(Rebuilt: Step("m1_family", family, nothing), Step("m2_rebuild", rebuild, nothing));
history!(Lossy: Step("m1_family", family, nothing), Step("m2_rebuild", lossy_rebuild, nothing));
history!(Broken:
    Step("m1_family", family, || Script::new().sql("CREATE TABLE parent (id integer)")),
    Step("m2_broken", || Script::new().sql("CREATE TABLE half (id INTEGER) STRICT").sql("SELECT nonsense"),
        || Script::new().sql("CREATE TABLE half (id integer)").sql("SELECT nonsense")),
);
history!(Empty: Step("m1_empty", Script::new, nothing));
history!(Committing: Step("m1_commit", || Script::new().sql("COMMIT"), nothing));
history!(Twice: Step("m1_family", family, nothing), Step("m1_family", family, nothing));

async fn rows(db: &DatabaseConnection) -> Vec<String> {
    support::texts(
        db,
        "SELECT parent.name || ' ' || child.id FROM child JOIN parent ON parent.id = parent_id ORDER BY 1",
    )
    .await
}

#[tokio::test]
async fn sqlite_rebuilding_a_table_keeps_the_rows_that_refer_to_it() {
    let file = support::SqliteFile::new();
    up::<Rebuilt>(&file.url()).await.expect("up");
    let db = support::connect(&file.url()).await;
    assert_eq!(rows(&db).await, ["one 10", "two 20"]);
    let error = support::try_texts(&db, "INSERT INTO child VALUES (30, 3) RETURNING 'x'")
        .await
        .expect_err("the rebuilt table is still the parent");
    assert!(error.to_string().contains("FOREIGN KEY"), "{error}");
}

#[tokio::test]
async fn sqlite_rebuilding_a_table_is_rolled_back_if_it_orphans_rows() {
    let file = support::SqliteFile::new();
    up::<Family>(&file.url()).await.expect("up");
    let db = support::connect(&file.url()).await;
    let before = support::schema(&db).await;

    let error = up::<Lossy>(&file.url())
        .await
        .expect_err("a row would be orphaned");
    let MigrateError::ForeignKeys {
        total, violations, ..
    } = &error
    else {
        panic!("{error}");
    };
    assert_eq!(*total, 1);
    assert_eq!(violations[0].to_string(), "child (rowid 20) -> parent");

    assert_eq!(support::schema(&db).await, before);
    assert_eq!(rows(&db).await, ["one 10", "two 20"]);
    // The next binary, which is correct, succeeds.
    up::<Rebuilt>(&file.url()).await.expect("up");
    assert_eq!(rows(&db).await, ["one 10", "two 20"]);
}

#[tokio::test]
async fn sqlite_memory_enforces_foreign_keys_after_every_migration() {
    let db = support::connect("sqlite::memory:").await;
    Migrator::<Family>::up(&db, None).await.expect("up");
    assert_eq!(
        support::texts(&db, "SELECT foreign_keys || '' FROM pragma_foreign_keys").await,
        ["1"]
    );
    Migrator::<Lossy>::up(&db, None).await.expect_err("orphans");
    assert_eq!(
        support::texts(&db, "SELECT foreign_keys || '' FROM pragma_foreign_keys").await,
        ["1"]
    );
    assert_eq!(rows(&db).await, ["one 10", "two 20"]);

    // Also if the caller drops the call.
    let cut = Migrator::<Rebuilt>::up(&db, None).now_or_never();
    assert!(cut.is_none(), "it waits for the connection");
    Migrator::<Rebuilt>::up(&db, None).await.expect("up");
    // The first one may have committed and be about to turn them on again.
    support::eventually("foreign keys are on", async || {
        support::texts(&db, "SELECT foreign_keys || '' FROM pragma_foreign_keys").await == ["1"]
    })
    .await;
    assert_eq!(rows(&db).await, ["one 10", "two 20"]);
}

#[tokio::test]
async fn sqlite_migrating_inside_a_transaction_with_foreign_keys_on_is_refused() {
    let file = support::SqliteFile::new();
    up::<Family>(&file.url()).await.expect("up");
    let db = support::connect(&file.url()).await;
    #[expect(
        clippy::disallowed_methods,
        reason = "the test is about a transaction of the caller's"
    )]
    let tx = db.begin().await.expect("begin");
    Migrator::<Family>::up(&tx, None)
        .await
        .expect("nothing to do");
    let error = Migrator::<Rebuilt>::up(&tx, None)
        .await
        .expect_err("foreign keys are on");
    assert!(error.to_string().contains("PRAGMA foreign_keys"), "{error}");
    tx.rollback().await.expect("rollback");

    support::run(&db, "PRAGMA foreign_keys = OFF").await;
    #[expect(
        clippy::disallowed_methods,
        reason = "the test is about a transaction of the caller's"
    )]
    let tx = db.begin().await.expect("begin");
    Migrator::<Rebuilt>::up(&tx, None).await.expect("up");
    tx.commit().await.expect("commit");
    assert_eq!(rows(&db).await, ["one 10", "two 20"]);
}

#[tokio::test]
async fn postgres_migrations_run_inside_the_callers_transaction() {
    let database = support::PostgresDatabase::new().await;
    let db = support::connect(&database.url()).await;
    #[expect(
        clippy::disallowed_methods,
        reason = "the test is about a transaction of the caller's"
    )]
    let tx = db.begin().await.expect("begin");
    Migrator::<migration::History>::up(&tx, None)
        .await
        .expect("up");
    tx.rollback().await.expect("rollback");
    let count = Migrator::<migration::History>::get_pending_migrations(&db)
        .await
        .expect("pending")
        .len();
    assert_eq!(count, support::migrations());
}

/// The whole batch is rolled back, not only the failing migration.
async fn a_failure_leaves_nothing(url: &str) {
    let error = up::<Broken>(url).await.expect_err("nonsense");
    let MigrateError::Statement {
        migration,
        direction,
        statement,
        ..
    } = &error
    else {
        panic!("{error}");
    };
    assert_eq!(
        (migration.as_str(), *direction, *statement),
        ("m2_broken", Direction::Up, 2)
    );
    let db = support::connect(url).await;
    let left = support::schema(&db).await;
    assert!(
        !left.iter().any(|line| line.starts_with("table")),
        "{left:#?}"
    );
}

#[tokio::test]
async fn sqlite_a_failing_statement_rolls_back_the_whole_batch() {
    let file = support::SqliteFile::new();
    a_failure_leaves_nothing(&file.url()).await;
}

#[tokio::test]
async fn postgres_a_failing_statement_rolls_back_the_whole_batch() {
    let database = support::PostgresDatabase::new().await;
    a_failure_leaves_nothing(&database.url()).await;
}

#[tokio::test]
async fn an_unsound_history_is_refused_before_anything_runs() {
    let file = support::SqliteFile::new();
    for (error, expected) in [
        (
            up::<Empty>(&file.url()).await,
            "migration `m1_empty`: sqlite_up: the script is empty",
        ),
        (
            up::<Committing>(&file.url()).await,
            "migration `m1_commit`: sqlite_up: statement 1 is COMMIT",
        ),
        (
            up::<Twice>(&file.url()).await,
            "migration `m1_family`: its name occurs twice",
        ),
    ] {
        let message = error.expect_err(expected).to_string();
        assert!(message.starts_with(expected), "{message}");
    }
}

#[tokio::test]
async fn sqlite_a_migration_that_this_binary_lacks_is_an_error() {
    let file = support::SqliteFile::new();
    up::<Rebuilt>(&file.url()).await.expect("up");
    let error = up::<Family>(&file.url()).await.expect_err("m2 is applied");
    let MigrateError::UnknownMigrations { table, names } = &error else {
        panic!("{error}");
    };
    assert_eq!(
        (table.as_str(), names.as_slice()),
        ("seaql_migrations", &["m2_rebuild".to_owned()][..])
    );
}

#[tokio::test]
async fn errors_about_urls_do_not_show_the_password() {
    let message = |error: Result<_, MigrateError>| error.expect_err("an error").to_string();
    assert!(
        message(up::<Family>("mysql://u:hunter2@h/d").await)
            .contains("the scheme mysql: is unknown")
    );
    assert!(message(up::<Family>("u_:hunter2@h/d").await).contains("no scheme"));
    assert!(message(up::<Family>("").await).contains("no scheme"));
    let file = support::SqliteFile::new();
    let error = up::<Family>(&format!("{}?mode=rw", file.url()))
        .await
        .expect_err("missing");
    assert!(matches!(error, MigrateError::MissingFile { .. }), "{error}");
    for url in [
        "postgres://u:hunter2@127.0.0.1:1/d",
        "postgres://u:hunter2@127.0.0.1:port/d",
    ] {
        let text = message(up::<Family>(url).await);
        assert!(!text.contains("hunter2"), "{text}");
    }
}
