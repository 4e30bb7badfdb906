//! Settings of the database or the role that would change answers. `docs/src/settings.md` has the list, and is read here.

use std::path::Path;

use catamaran::doctor::Doctor;
use catamaran::migrate::MigrateError;
use catamaran::testing::{DatabaseOptions, PostgresServer, Target, TwinDatabase};
use catamaran::{Error, ErrorKind, Expected, Result, Store, StoreOptions};
use entity::domain::DOMAIN;
use entity::{Habit, HabitPatch};
use futures_util::future::try_join_all;
use sea_orm::{ConnectionTrait, DatabaseConnection};
use suite::every_call;
use suite::kind::refused;
use suite::login::Role;
use suite::observer::{connect, texts, texts_in};
use suite::pgbouncer::{PgBouncer, Setup};
use suite::users::{ADA, everyone, habit_of, scope};

/// A row of a table of the page.
#[derive(Clone, Debug)]
struct Listed {
    name: String,
    value: String,
    tested_with: String,
}

/// The rows of the table below a heading, without the quotes of code.
fn table(heading: &str) -> Vec<Vec<String>> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/src/settings.md");
    let page = std::fs::read_to_string(page).expect("docs/src/settings.md");
    let (_, section) = page
        .split_once(&format!("## {heading}\n"))
        .expect("the heading");
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let cells = row.trim_matches('|').split('|');
        cells.map(|cell| cell.trim().to_owned()).collect()
    })
    .collect()
}

fn listed(heading: &str) -> Vec<Listed> {
    let plain = |cell: &String| cell.trim_matches('`').to_owned();
    let rows = table(heading);
    let listed = rows.iter().map(|row| Listed {
        name: plain(&row[0]),
        value: plain(&row[1]),
        tested_with: plain(&row[2]),
    });
    listed.collect()
}

/// A database, and a connection to it that keeps the settings that it had at first.
struct Server {
    db: TwinDatabase,
    first: DatabaseConnection,
}

impl Server {
    async fn of(made: Result<TwinDatabase, catamaran::testing::TestError>) -> Self {
        let db = made.expect("a database on Postgres");
        db.store().close();
        let first = connect(db.url()).await.expect("a connection");
        Server { db, first }
    }

    async fn run(&self, sql: &str) {
        let done = self.first.execute_unprepared(sql).await;
        done.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    async fn texts(&self, sql: &str) -> Vec<String> {
        let read = texts(&self.first, sql).await;
        read.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// Whether the server's version has the setting. Custom ones it accepts always.
    async fn has(&self, setting: &Listed) -> bool {
        let sql = format!(
            "SELECT name::text FROM pg_settings WHERE lower(name) = lower('{}')",
            setting.name
        );
        setting.name.contains('.') || setting.name == "role" || !self.texts(&sql).await.is_empty()
    }

    async fn database(&self) -> String {
        let name = self.texts("SELECT quote_ident(current_database())").await;
        format!("DATABASE {}", name[0])
    }

    async fn set(&self, whose: &str, setting: &Listed) {
        let value = setting.tested_with.replace('\'', "''");
        // A list of values is not one text.
        let value = match setting.name.as_str() {
            "search_path" => value,
            _ => format!("'{value}'"),
        };
        self.run(&format!("ALTER {whose} SET {} = {value}", setting.name))
            .await;
    }

    async fn reset(&self, whose: &str) {
        self.run(&format!("ALTER {whose} RESET ALL")).await;
    }
}

async fn habits() -> Server {
    Server::of(TwinDatabase::create::<migration::Migrator>(Target::Postgres).await).await
}

/// A database of habits, one of specimens, and one of rows with each kind of key.
async fn servers() -> [Server; 3] {
    [
        habits().await,
        Server::of(TwinDatabase::create::<suite::specimen::Migrator>(Target::Postgres).await).await,
        Server::of(TwinDatabase::create::<suite::keys::Migrator>(Target::Postgres).await).await,
    ]
}

/// What custom SQL returns in a unit: texts of every format, and who the connection is.
const FORMATS: &str = r"SELECT unnest(ARRAY['1 day 2:03:04'::interval::text, '2024-02-03'::date::text,
    '2024-02-03 04:05:06+00'::timestamptz::text, '\x00ff5c'::bytea::text, (0.1::float8 + 0.2::float8)::text,
    coalesce(('{NULL}'::text[])[1], 'null'), coalesce((NULL::int = NULL)::text, 'null'), length('a\b')::text,
    E'it\'s', '12:00 EST'::timetz::text, pg_get_indexdef('pk_habits'::regclass), current_user::text,
    coalesce(nullif(current_setting('request.jwt.claims', true), ''), 'none'),
    current_setting('transaction_isolation'), current_setting('row_security')])";

/// Every call of the stores of [`servers`], and what it returned.
async fn answers([habits, specimens, keys]: &[StoreOptions; 3]) -> Result<Vec<String>> {
    let mut said = Vec::new();
    let store = habits.clone().connections(2).open().await?;
    for who in [scope(ADA), everyone()] {
        said.extend(every_call::on_habits(&store, &who, "daily").await?);
        let unit = store.begin_write(&who).await?;
        let formats = texts_in(&unit, FORMATS).await.map_err(Error::from)?;
        said.extend(formats);
        unit.rollback().await?;
        // The same rows for the next one.
        delete_from(&store, "habits").await?;
    }
    let store = specimens.clone().connections(2).open().await?;
    let rows = every_call::on_specimens(&store, "tag").await?;
    said.extend(rows);
    delete_from(&store, "specimens").await?;
    let store = keys.clone().connections(2).open().await?;
    said.extend(every_call::on_keys(&store).await?);
    for table in suite::keys::DOMAIN.tables {
        delete_from(&store, table.name).await?;
    }
    Ok(said)
}

async fn delete_from(store: &Store, table: &str) -> Result<u64> {
    let rows = store.native::<Habit>(&everyone());
    let catamaran::AnyRepository::Postgres(rows) = rows else {
        panic!("the database is on Postgres")
    };
    // Custom SQL is a constant, so that no value gets into it.
    let sql = format!("DELETE FROM {table}").leak();
    rows.execute(sql, Vec::new()).await
}

#[track_caller]
fn assert_same(found: Result<Vec<String>>, wanted: &[String], what: &str) {
    let found = found.unwrap_or_else(|error| {
        panic!(
            "{what}: {error} {:?} {:?}",
            error.code(),
            error.driver_message()
        )
    });
    for (found, wanted) in found.iter().zip(wanted) {
        assert_eq!(found, wanted, "{what}");
    }
    assert_eq!(found.len(), wanted.len(), "{what}");
}

/// A role of the test that may do what the server's owner may.
async fn superuser(server: &Server) -> Role {
    Role::make(
        &server.db,
        &["CREATE ROLE {role} LOGIN SUPERUSER PASSWORD 'secret'"],
    )
    .await
}

/// The URL of a role at a database.
fn url_at(role: &Role, server: &Server) -> String {
    let mut url = url::Url::parse(&role.url()).expect("a URL");
    let other = url::Url::parse(server.db.url()).expect("a URL");
    url.set_path(other.path());
    url.into()
}

fn at(role: &Role, server: &Server) -> StoreOptions {
    StoreOptions::new(url_at(role, server))
}

#[tokio::test]
async fn a_setting_of_the_database_or_the_role_changes_no_answer() -> Result<()> {
    let servers = servers().await;
    let habits = &servers[0];
    let role = superuser(habits).await;
    let stores = servers.each_ref().map(|server| at(&role, server));
    let clean = answers(&stores).await?;
    for setting in listed("Set on each connection") {
        if !habits.has(&setting).await {
            continue;
        }
        let of_role = format!("ROLE {}", role.name());
        let mut of_databases = Vec::new();
        for server in &servers {
            of_databases.push(server.database().await);
        }
        for whose in [of_databases, vec![of_role]] {
            for whose in &whose {
                habits.set(whose, &setting).await;
            }
            let found = answers(&stores).await;
            assert_same(found, &clean, &format!("{whose:?} {setting:?}"));
            for whose in &whose {
                habits.reset(whose).await;
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_setting_that_a_store_cannot_change_is_refused_with_what_to_run() -> Result<()> {
    let server = habits().await;
    let role = superuser(&server).await;
    for setting in listed("Refused") {
        let of_role = format!("ROLE {}", role.name());
        let of_database = server.database().await;
        let of_both = format!("ROLE {} IN {of_database}", role.name());
        for whose in [&of_role, &of_database, &of_both] {
            server.set(whose, &setting).await;
            let options = at(&role, &server);
            let kind = refused(options.clone().open().await.map(drop));
            let remedy = format!("ALTER {whose} RESET {}", setting.name);
            let expected = ErrorKind::Setting {
                name: match setting.name.as_str() {
                    "session_replication_role" => "session_replication_role",
                    "zero_damaged_pages" => "zero_damaged_pages",
                    _ => "ignore_checksum_failure",
                },
                wanted: format!("{} (run {remedy})", setting.value),
                found: setting.tested_with.clone(),
            };
            assert_eq!(kind, expected);
            // The migrator and the doctor refuse it as well.
            let url = url_at(&role, &server);
            let migrated = catamaran::migrate::up::<migration::History>(&url).await;
            let Err(MigrateError::Connect(error)) = migrated else {
                panic!("{setting:?}: {migrated:?}")
            };
            assert_eq!(*error.kind(), expected);
            server.run(&remedy).await;
            options.open().await?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn the_page_lists_each_setting_of_the_server_and_each_one_that_a_store_sets() -> Result<()> {
    let server = habits().await;
    let names = |rows: Vec<Listed>| rows.into_iter().map(|row| row.name).collect::<Vec<_>>();
    let set = names(listed("Set on each connection"));
    let refused = names(listed("Refused"));
    let left: Vec<String> = table("Left alone")
        .iter()
        .flat_map(|row| row[0].split(", "))
        .map(|name| name.trim_matches('`').to_owned())
        .collect();
    let all = server
        .texts("SELECT name::text FROM pg_settings WHERE context IN ('user', 'superuser')")
        .await;
    for name in all {
        let of = |list: &[String]| list.iter().filter(|listed| matches(listed, &name)).count();
        assert_eq!(of(&set) + of(&refused) + of(&left).min(1), 1, "{name}");
    }
    let store = StoreOptions::new(server.db.url()).open().await?;
    let unit = store.begin_read(&everyone()).await?;
    let sql = "SELECT name::text FROM pg_settings WHERE source IN ('client', 'session') \
        AND name NOT IN ('application_name', 'transaction_isolation', 'transaction_read_only')";
    for name in texts_in(&unit, sql).await.map_err(Error::from)? {
        assert!(
            set.contains(&name),
            "a store sets {name}, which is not on the page"
        );
    }
    for setting in listed("Set on each connection") {
        if setting.value.contains("::") || !server.has(&setting).await {
            continue;
        }
        let sql = format!(
            "SELECT coalesce(current_setting('{}', true), '')",
            setting.name
        );
        let found = texts_in(&unit, &sql).await.map_err(Error::from)?;
        assert_eq!(found.first(), Some(&setting.value), "{setting:?}");
    }
    Ok(())
}

/// Whether a name is the listed one, which may begin or end with `*`, or have one within.
fn matches(listed: &str, name: &str) -> bool {
    match listed.split_once('*') {
        Some((start, end)) => {
            name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end)
        }
        None => listed.eq_ignore_ascii_case(name),
    }
}

#[tokio::test]
async fn writes_of_one_row_wait_for_each_other_whatever_the_default_isolation() -> Result<()> {
    let server = habits().await;
    let of_database = server.database().await;
    for isolation in ["repeatable read", "serializable"] {
        let sql = format!("ALTER {of_database} SET default_transaction_isolation = '{isolation}'");
        server.run(&sql).await;
        let store = StoreOptions::new(server.db.url()).open().await?;
        let habit = habit_of(&store, ADA, "run").await?;
        for who in [scope(ADA), everyone()] {
            let habits = store.repository::<Habit>(&who);
            let patches = (0..8).map(|task| {
                let habits = habits.clone();
                async move {
                    for round in 0..25 {
                        let patch = HabitPatch::new().name(format!("{task} {round}"));
                        habits.patch(habit.id, Expected::Any, patch).await?;
                    }
                    Ok::<_, Error>(())
                }
            });
            try_join_all(patches).await?;
        }
    }
    Ok(())
}

/// What an operator sets so that nothing is written is kept.
#[tokio::test]
async fn a_database_that_is_read_only_by_default_is_read_and_not_written() -> Result<()> {
    let server = habits().await;
    let before = StoreOptions::new(server.db.url()).open().await?;
    let habit = habit_of(&before, ADA, "run").await?;
    let of_database = server.database().await;
    server
        .run(&format!(
            "ALTER {of_database} SET default_transaction_read_only = on"
        ))
        .await;
    let store: Store = StoreOptions::new(server.db.url()).open().await?;
    for who in [scope(ADA), everyone()] {
        let habits = store.repository::<Habit>(&who);
        assert_eq!(habits.get(habit.id).await?, habit);
        let patch = HabitPatch::new().name("walk");
        let written = habits.patch(habit.id, Expected::Any, patch).await;
        let kind = refused(written.map(drop));
        assert!(matches!(kind, ErrorKind::ReadOnly { .. }), "{kind:?}");
        let unit = store.begin_write(&who).await?;
        let deleted = unit
            .repository::<Habit>()
            .delete(habit.id, Expected::Any)
            .await;
        let kind = refused(deleted);
        assert!(matches!(kind, ErrorKind::ReadOnly { .. }), "{kind:?}");
    }
    Ok(())
}

/// Behind a pooler each transaction sets what differs, and a role is refused.
#[tokio::test]
async fn a_setting_changes_no_answer_behind_a_transaction_pooler() -> Result<()> {
    let servers = servers().await;
    let habits = &servers[0];
    let urls = servers.each_ref().map(|server| server.db.url());
    let pooled = |pooler: &PgBouncer| {
        urls.map(|url| StoreOptions::new(pooler.url(url)).transaction_pooler(true))
    };
    let pooler = PgBouncer::start(&Setup::default(), &urls);
    let clean = answers(&pooled(&pooler)).await?;
    drop(pooler);
    for setting in listed("Set on each connection") {
        let is_timeout = setting.name.ends_with("timeout");
        if is_timeout || setting.name == "role" || !habits.has(&setting).await {
            // A timeout of a few milliseconds may pass before the transaction sets its own.
            continue;
        }
        for server in &servers {
            server.set(&server.database().await, &setting).await;
        }
    }
    let pooler = PgBouncer::start(&Setup::default(), &urls);
    assert_same(answers(&pooled(&pooler)).await, &clean, "all");
    drop(pooler);

    let of_database = habits.database().await;
    habits.reset(&of_database).await;
    habits
        .run(&format!("ALTER {of_database} SET role = 'catamaran_app'"))
        .await;
    let pooler = PgBouncer::start(&Setup::default(), &urls);
    let [on_habits, ..] = pooled(&pooler);
    let kind = refused(on_habits.open().await.map(drop));
    let ErrorKind::Setting { name, wanted, .. } = kind else {
        panic!("{kind:?}")
    };
    assert_eq!(name, "role");
    assert_eq!(wanted, format!("none (run ALTER {of_database} RESET role)"));
    Ok(())
}

/// Migrations build the same schema, and the doctor reads it in the same way.
#[tokio::test]
async fn a_setting_changes_neither_what_migrations_build_nor_what_the_doctor_says() -> Result<()> {
    let server = habits().await;
    let postgres = PostgresServer::at(server.db.url()).expect("the server");
    let empty = DatabaseOptions::new().empty_postgres_on(&postgres).await;
    let empty = empty.expect("an empty database");
    let first = connect(empty.url()).await.expect("a connection");
    let name = texts(&first, "SELECT quote_ident(current_database())").await;
    let of_empty = format!("DATABASE {}", name.map_err(Error::from)?[0]);
    for setting in listed("Set on each connection") {
        // The role decides who owns the tables. A time limit is kept.
        let is_kept = setting.name == "role" || setting.name.ends_with("timeout");
        if !is_kept && server.has(&setting).await {
            server.set(&of_empty, &setting).await;
        }
    }
    let migrated = catamaran::migrate::up::<migration::History>(empty.url()).await;
    migrated.map_err(Error::from)?;
    let doctor = Doctor::new(&DOMAIN).migrations::<migration::History>();
    let doctor = doctor.server(server.db.url()).database(empty.url());
    let report = doctor.check().await;
    assert!(report.is_clean(), "{report}");
    Ok(())
}
