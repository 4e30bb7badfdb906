//! Databases for one test each. An absent Postgres fails the test; it is never skipped.

pub mod given;
pub mod history;

use std::{
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use catamaran::migrate::{History, Migrator, Script, TwinMigration};
use catamaran::testing::EphemeralDatabase;
use catamaran::{Clock, SystemClock};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};

/// A SQLite file in a folder of its own, which is removed on drop.
pub struct SqliteFile {
    folder: tempfile::TempDir,
}

impl SqliteFile {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self { folder }
    }

    pub fn path(&self) -> String {
        self.folder.path().join("test.db").display().to_string()
    }

    pub fn url(&self) -> String {
        format!("sqlite://{}", self.path())
    }
}

/// How many migrations the reference domain has.
pub fn migrations() -> usize {
    migration::History::migrations().len()
}

/// A migration from its name and its SQL up and down, the same on both engines.
pub struct Same(pub &'static str, pub &'static str, pub &'static str);

impl TwinMigration for Same {
    fn name(&self) -> &'static str {
        self.0
    }
    fn sqlite_up(&self) -> Script {
        Script::new().sql(self.1)
    }
    fn sqlite_down(&self) -> Script {
        Script::new().sql(self.2)
    }
    fn postgres_up(&self) -> Script {
        Script::new().sql(self.1)
    }
    fn postgres_down(&self) -> Script {
        Script::new().sql(self.2)
    }
}

/// Declares a history of such migrations, with a table of its own if one is named.
#[macro_export]
macro_rules! history {
    ($name:ident $(in $table:literal)?: $($step:expr),+ $(,)?) => {
        struct $name;
        impl catamaran::migrate::History for $name {
            fn migrations() -> Vec<Box<dyn catamaran::migrate::TwinMigration>> {
                vec![$(Box::new($step)),+]
            }
            $(fn table() -> &'static str {
                $table
            })?
        }
    };
}

/// Runs the body with the URL of an empty SQLite file, then with that of an empty Postgres database.
pub async fn on_both(body: impl AsyncFn(&str)) {
    let file = SqliteFile::new();
    body(&format!("{}?mode=rwc", file.url())).await;
    let database = PostgresDatabase::new().await;
    body(&database.url()).await;
}

/// The tables of the current schema, in order.
pub async fn tables(db: &DatabaseConnection) -> Vec<String> {
    let sql = match db.get_database_backend() {
        DbBackend::Sqlite => "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name",
        _ => {
            "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace \
             ORDER BY relname::text COLLATE \"C\""
        }
    };
    texts(db, sql).await
}

/// A history without migrations: its database is empty.
struct Nothing;

impl History for Nothing {
    fn migrations() -> Vec<Box<dyn TwinMigration>> {
        Vec::new()
    }
}

/// An empty Postgres database, which is dropped with the value.
pub struct PostgresDatabase {
    database: EphemeralDatabase,
}

impl PostgresDatabase {
    pub async fn new() -> Self {
        let database = EphemeralDatabase::postgres::<Migrator<Nothing>>()
            .await
            .expect("a Postgres server: these tests do not skip");
        Self { database }
    }

    /// The URL of the database for the superuser.
    pub fn url(&self) -> String {
        self.url_with(|_| {})
    }

    /// The URL for another role.
    pub fn url_as(&self, role: &str) -> String {
        self.url_with(|url| {
            url.set_username(role).expect("a user name");
            url.set_password(Some("secret")).expect("a password");
        })
    }

    fn url_with(&self, change: impl FnOnce(&mut url::Url)) -> String {
        let mut url = url::Url::parse(self.database.url()).expect("a URL");
        change(&mut url);
        url.to_string()
    }
}

/// A name that no other test uses, in this process or another.
pub fn unique(what: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let now = SystemClock.now().timestamp_micros();
    format!("{what}_{}_{count}_{now}", std::process::id())
}

/// One connection, so that what a test sets stays set.
pub async fn connect(url: &str) -> DatabaseConnection {
    let mut options = sea_orm::ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    // The driver's task that looks at idle connections may read their number while it is below zero, and never end.
    options.idle_timeout(None).max_lifetime(None);
    Database::connect(options).await.expect("a connection")
}

pub async fn run(db: &DatabaseConnection, sql: &str) {
    if let Err(error) = db.execute_unprepared(sql).await {
        panic!("{sql}: {error}");
    }
}

/// A role that may migrate, with CREATEROLE. Since Postgres 16 a role cannot join a role that another one created, so
/// there it is granted the application's role, which is created first.
pub async fn create_migrator(db: &DatabaseConnection, role: &str) {
    let create = format!("CREATE ROLE {role} LOGIN CREATEROLE PASSWORD 'secret'");
    run(db, &create).await;
    let version = texts(db, "SELECT current_setting('server_version_num')").await;
    let version: i32 = version[0].parse().expect("a number");
    if version >= 160_000 {
        let migrated = EphemeralDatabase::postgres::<migration::Migrator>().await;
        drop(migrated.expect("a database"));
        let grant = format!("GRANT catamaran_app TO {role} WITH ADMIN OPTION");
        run(db, &grant).await;
    }
}

/// The first column of every row, as text.
pub async fn texts(db: &DatabaseConnection, sql: &str) -> Vec<String> {
    try_texts(db, sql)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
}

pub async fn try_texts(db: &DatabaseConnection, sql: &str) -> Result<Vec<String>, sea_orm::DbErr> {
    db.query_all_raw(Statement::from_string(db.get_database_backend(), sql))
        .await?
        .iter()
        .map(|row| row.try_get_by_index(0))
        .collect()
}

/// Every object of the schema, one line each.
pub async fn schema(db: &DatabaseConnection) -> Vec<String> {
    match db.get_database_backend() {
        DbBackend::Sqlite => {
            texts(
                db,
                "SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_master ORDER BY type, name",
            )
            .await
        }
        _ => texts(db, POSTGRES_SCHEMA).await,
    }
}

/// Waits until `check` holds, for longer than that takes on the slowest machine.
pub async fn eventually<F: AsyncFnMut() -> bool>(what: &str, mut check: F) {
    const PLENTY: Duration = Duration::from_secs(15 * 60);
    let wait = async {
        while !check().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    if tokio::time::timeout(PLENTY, wait).await.is_err() {
        panic!("never came: {what}");
    }
}

const POSTGRES_SCHEMA: &str = r#"
SELECT format('column %s.%s %s %s notnull=%s default=%s collation=%s', c.relname, a.attname, a.attnum,
    format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid), l.collname)
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN pg_collation l ON l.oid = a.attcollation
WHERE a.attnum > 0
UNION ALL SELECT format('constraint %s.%s %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
FROM pg_constraint WHERE connamespace = current_schema()::regnamespace
UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = current_schema()
UNION ALL SELECT format('policy %s.%s %s %s %s using %s check %s', tablename, policyname, permissive, roles, cmd, qual, with_check)
FROM pg_policies WHERE schemaname = current_schema()
UNION ALL SELECT format('table %s rls=%s force=%s owner=%s acl=%s', relname, relrowsecurity, relforcerowsecurity, relowner::regrole, relacl)
FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace
UNION ALL SELECT format('schema acl=%s', nspacl) FROM pg_namespace WHERE oid = current_schema()::regnamespace
ORDER BY 1
"#;

/// Runs one of these tests in a process of its own, with a variable that says that it is one.
pub fn child(test: &str, variable: &str, value: &str) -> Child {
    Command::new(std::env::current_exe().expect("this binary"))
        .args([test, "--exact"])
        .env(variable, value)
        .stdout(Stdio::null())
        .spawn()
        .expect("a child process")
}

/// `Child::kill` is SIGKILL on Unix: no destructor runs, and the connection is not closed properly.
pub fn kill(mut child: Child) {
    assert!(
        child.try_wait().expect("its state").is_none(),
        "it still runs"
    );
    child.kill().expect("kill");
    child.wait().expect("reap");
}
