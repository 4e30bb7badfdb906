//! Where names are looked up: in the catalog, in the application's schemas, and last among temporary tables.

use catamaran::doctor::{Doctor, Fingerprint};
use catamaran::migrate::{ConnectOptions, up_with};
use catamaran::testing::{DatabaseOptions, EphemeralDatabase, PostgresServer};
use catamaran::{Error, ErrorKind, Result, Store, StoreOptions, Unit};
use entity::{Device, Habit, HabitDraft};
use sea_orm::ConnectionTrait;
use suite::cross_owner::{Through, assert_no_access};
use suite::kind::refused;
use suite::login::Role;
use suite::observer::{connect, texts_in};
use suite::pgbouncer::{PgBouncer, Setup};
use suite::raw::execute_in;
use suite::users::{ADA, BOB, OwnerRows, everyone, everything, scope};

use super::postgres;

/// An empty database.
async fn empty() -> EphemeralDatabase {
    let server = PostgresServer::shared().await.expect("a server");
    let made = DatabaseOptions::new().empty_postgres_on(server).await;
    made.expect("a database on Postgres")
}

async fn run(url: &str, statements: &[&str]) {
    let admin = connect(url).await.expect("the superuser");
    for sql in statements {
        let done = admin.execute_unprepared(sql).await;
        done.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
}

/// The name of the database, as an identifier.
fn name(url: &str) -> String {
    let url = url::Url::parse(url).expect("a URL");
    format!("\"{}\"", url.path().trim_start_matches('/'))
}

/// The owners whose habits custom SQL sees in Ada's scope, in both kinds of unit.
async fn owners_seen(store: &Store) -> Result<Vec<String>> {
    const SEEN: &str = "SELECT DISTINCT user_id::text FROM habits ORDER BY 1";
    let unit = store.begin_write(&scope(ADA)).await?;
    let mut seen = texts_in(&unit, SEEN).await?;
    unit.commit().await?;
    let unit = store.begin_read(&scope(ADA)).await?;
    seen.extend(texts_in(&unit, SEEN).await?);
    unit.commit().await?;
    seen.dedup();
    Ok(seen)
}

async fn path_of(unit: &Unit) -> String {
    let path = texts_in(unit, "SELECT pg_catalog.current_setting('search_path')").await;
    path.expect("a path").remove(0)
}

/// Statements of a user who may create schemas, or change the settings of a role or a database.
const TRAPS: &[(&str, &[&str])] = &[
    (
        "a schema called like the application's role",
        &[
            "CREATE SCHEMA catamaran_app",
            "CREATE VIEW catamaran_app.habits AS SELECT * FROM public.habits",
            "GRANT USAGE ON SCHEMA catamaran_app TO PUBLIC",
            "GRANT SELECT ON catamaran_app.habits TO PUBLIC",
        ],
    ),
    (
        "functions and operators of public before those of the catalog",
        &[
            "CREATE FUNCTION public.current_setting(text, boolean) RETURNS text LANGUAGE sql AS \
             $$ SELECT '{\"sub\":\"00000000-0000-0000-0000-000000000bad\"}' $$",
            "CREATE FUNCTION public.current_setting(text) RETURNS text LANGUAGE sql AS $$ SELECT 'on' $$",
            "CREATE FUNCTION public.pg_has_role(oid, oid, text) RETURNS boolean LANGUAGE sql AS $$ SELECT false $$",
            "CREATE FUNCTION public.never(uuid, uuid) RETURNS boolean LANGUAGE sql AS $$ SELECT false $$",
            "CREATE OPERATOR public.= (LEFTARG = uuid, RIGHTARG = uuid, FUNCTION = public.never)",
            "CREATE VIEW public.pg_class AS SELECT * FROM pg_catalog.pg_class WHERE false",
            "CREATE VIEW public.pg_settings AS SELECT * FROM pg_catalog.pg_settings WHERE false",
            "ALTER DATABASE {database} SET search_path = public, pg_catalog",
        ],
    ),
    (
        "a database that is set to another schema",
        &[
            "CREATE SCHEMA elsewhere",
            "CREATE TABLE elsewhere.habits (LIKE public.habits)",
            "INSERT INTO elsewhere.habits SELECT * FROM public.habits",
            "GRANT USAGE ON SCHEMA elsewhere TO PUBLIC",
            "GRANT ALL ON elsewhere.habits TO PUBLIC",
            "ALTER DATABASE {database} SET search_path = elsewhere, public",
        ],
    ),
];

#[tokio::test]
async fn scoped_work_sees_its_own_rows_although_others_shadow_the_tables() -> Result<()> {
    for (trap, statements) in TRAPS {
        let db = postgres().await;
        OwnerRows::<Habit>::make(db.store(), ADA).await?;
        OwnerRows::<Habit>::make(db.store(), BOB).await?;
        let member = Role::member(&db).await;
        let granted = Role::granted(&db).await;
        let of_role = format!(
            "ALTER ROLE {} SET search_path = public, pg_catalog",
            member.name()
        );
        run(db.url(), &[&of_role]).await;
        for sql in *statements {
            run(db.url(), &[&sql.replace("{database}", &name(db.url()))]).await;
        }
        let pooler = PgBouncer::start(&Setup::default(), &[db.url(), &member.url()]);
        let stores = [
            StoreOptions::new(db.url()),
            StoreOptions::new(member.url()),
            StoreOptions::new(granted.url()),
            StoreOptions::new(member.url()).transaction_pooler(true),
            StoreOptions::new(pooler.url(db.url())).transaction_pooler(true),
            StoreOptions::new(pooler.url(&member.url())).transaction_pooler(true),
        ];
        for options in stores {
            let store = options
                .connections(1)
                .domain(&entity::DOMAIN)
                .open()
                .await?;
            assert_eq!(owners_seen(&store).await?, [ADA.to_string()], "{trap}");
            let habits = store.repository::<Habit>(&scope(ADA));
            habits.insert(HabitDraft::new("run", "daily")).await?;
            store.close();
        }
        let everybodys = db.store().repository::<Habit>(&everyone());
        assert_eq!(everybodys.count(&everything()).await?, 10, "{trap}");
    }
    Ok(())
}

#[tokio::test]
async fn every_transaction_has_the_search_path_of_its_store() -> Result<()> {
    let db = postgres().await;
    let pooler = PgBouncer::start(&Setup::default(), &[db.url()]);
    for options in [
        StoreOptions::new(db.url()),
        StoreOptions::new(db.url()).transaction_pooler(true),
        StoreOptions::new(pooler.url(db.url())).transaction_pooler(true),
    ] {
        let store = options.connections(2).open().await?;
        for scope in [scope(ADA), everyone()] {
            let (write, read) = (
                store.begin_write(&scope).await?,
                store.begin_read(&scope).await?,
            );
            assert_eq!(path_of(&write).await, "\"public\", pg_temp");
            assert_eq!(path_of(&read).await, "\"public\", pg_temp");
        }
    }
    Ok(())
}

/// Temporary tables with the names of the domain's tables, created by custom SQL in the same session.
#[tokio::test]
async fn a_temporary_table_does_not_shadow_a_table() -> Result<()> {
    let db = postgres().await;
    OwnerRows::<Habit>::make(db.store(), ADA).await?;
    let store = StoreOptions::new(db.url()).connections(1).open().await?;
    let unit = store.begin_write(&everyone()).await?;
    execute_in(
        &unit,
        "CREATE TEMP TABLE habits AS SELECT * FROM public.habits WHERE false",
    )
    .await?;
    execute_in(&unit, "CREATE TEMP TABLE own AS SELECT 1 AS one").await?;
    let habits = unit.repository::<Habit>();
    assert_eq!(habits.count(&everything()).await?, 2);
    assert_eq!(texts_in(&unit, "SELECT one::text FROM own").await?, ["1"]);
    unit.commit().await?;
    assert_eq!(owners_seen(&store).await?, [ADA.to_string()]);
    Ok(())
}

/// SQL of an owner, and the same inside a function of the database, where the validation does not see it.
#[tokio::test]
async fn custom_sql_in_an_owners_scope_cannot_change_the_search_path() -> Result<()> {
    let db = postgres().await;
    OwnerRows::<Habit>::make(db.store(), ADA).await?;
    let before = super::Observer::of(&db).await.dump().await;
    run(
        db.url(),
        &[
            "CREATE SCHEMA elsewhere",
            "GRANT USAGE ON SCHEMA elsewhere TO PUBLIC",
            // Functions that would hide the change.
            "CREATE FUNCTION elsewhere.current_setting(text) RETURNS text LANGUAGE sql AS \
             $$ SELECT '\"public\", pg_temp' $$",
            "CREATE FUNCTION elsewhere.yes(text, text) RETURNS boolean LANGUAGE sql AS $$ SELECT true $$",
            "CREATE OPERATOR elsewhere.= (LEFTARG = text, RIGHTARG = text, FUNCTION = elsewhere.yes)",
            "CREATE FUNCTION public.wander() RETURNS text LANGUAGE sql AS \
             $$ SELECT pg_catalog.set_config('search_path', 'elsewhere, pg_catalog, public', true) $$",
            "CREATE FUNCTION public.wander_for_good() RETURNS text LANGUAGE sql AS \
             $$ SELECT pg_catalog.set_config('search_path', 'elsewhere, pg_catalog, public', false) $$",
        ],
    )
    .await;
    let pooler = PgBouncer::start(
        &Setup {
            pool_size: 1,
            ..Setup::default()
        },
        &[db.url()],
    );
    for options in [
        StoreOptions::new(db.url()),
        StoreOptions::new(pooler.url(db.url())).transaction_pooler(true),
    ] {
        let store = options.connections(1).open().await?;
        for sql in [
            "SET LOCAL search_path = elsewhere",
            "SET LOCAL \"Search_Path\" TO elsewhere",
            "set local SCHEMA 'elsewhere'",
            "SET search_path = elsewhere",
            "SET SESSION SCHEMA 'elsewhere'",
            "RESET search_path",
        ] {
            let unit = store.begin_write(&scope(ADA)).await?;
            let refused = refused(execute_in(&unit, sql).await);
            assert!(
                matches!(refused, ErrorKind::InvalidQuery { .. }),
                "{sql}: {refused:?}"
            );
        }
        for sql in ["SELECT public.wander()", "SELECT public.wander_for_good()"] {
            let unit = store.begin_write(&scope(ADA)).await?;
            texts_in(&unit, "UPDATE habits SET name = 'mine' RETURNING id::text").await?;
            texts_in(&unit, sql).await?;
            match refused(unit.commit().await) {
                ErrorKind::Permission { reason } => {
                    assert!(reason.contains("search path"), "{reason}")
                }
                kind => panic!("{sql}: {kind:?}"),
            }
            let after = store.begin_read(&scope(ADA)).await?;
            assert_eq!(path_of(&after).await, "\"public\", pg_temp", "{sql}");
        }
        store.close();
    }
    assert_eq!(super::Observer::of(&db).await.dump().await, before);
    Ok(())
}

/// The migrations, the store with its fingerprint, the doctor, a second owner: in these schemas.
async fn lives_in(url: &str, schemas: &[&str]) -> Result<()> {
    let quoted = |schema: &&str| format!("\"{}\"", schema.replace('"', "\"\""));
    let list: Vec<String> = schemas.iter().map(quoted).collect();
    for schema in &list {
        run(url, &[&format!("CREATE SCHEMA {schema}")]).await;
    }
    let list = list.join(", ");
    let options = ConnectOptions {
        schema: Some(&list),
        ..ConnectOptions::default()
    };
    up_with::<migration::Migrator>(url, options).await?;
    let fingerprint = Fingerprint::of(&entity::DOMAIN).migrations::<migration::Migrator>();
    let pooler = PgBouncer::start(&Setup::default(), &[url]);
    for options in [
        StoreOptions::new(url),
        StoreOptions::new(pooler.url(url)).transaction_pooler(true),
    ] {
        let options = options.schemas(schemas.iter().copied());
        let store = options.fingerprint(fingerprint.clone()).open().await?;
        OwnerRows::<Habit>::make(&store, BOB).await?;
        OwnerRows::<Device>::make(&store, ADA).await?;
        let seen = store
            .repository::<Habit>(&scope(ADA))
            .count(&everything())
            .await?;
        assert_eq!(seen, 0);
        store.close();
    }
    let report = Doctor::new(&entity::DOMAIN)
        .migrations::<migration::Migrator>()
        .only(catamaran::Engine::Postgres)
        .schemas(list.as_str())
        .database(url)
        .database_schema(url, list)
        .check()
        .await;
    assert!(report.is_clean(), "{report}");
    let of_public = StoreOptions::new(url).domain(&entity::DOMAIN).open().await;
    let of_public = refused(of_public);
    assert!(
        matches!(of_public, ErrorKind::NotMigrated { .. }),
        "{of_public:?}"
    );
    Ok(())
}

#[tokio::test]
async fn an_application_can_use_a_schema_other_than_public() -> Result<()> {
    lives_in(empty().await.url(), &["app"]).await
}

#[tokio::test]
async fn a_schema_can_have_any_name() -> Result<()> {
    lives_in(
        empty().await.url(),
        &["Ada's \"app\", or so", "SELECT", "back\\slash"],
    )
    .await
}

/// Disabled row level security is reported in a schema other than public too.
#[tokio::test]
async fn a_table_in_a_schema_other_than_public_needs_row_level_security() -> Result<()> {
    let db = empty().await;
    lives_in(db.url(), &["App"]).await?;
    run(
        db.url(),
        &["ALTER TABLE \"App\".devices DISABLE ROW LEVEL SECURITY"],
    )
    .await;
    let store = StoreOptions::new(db.url())
        .schemas(["App"])
        .domain(&entity::DOMAIN);
    let scoped = store.open().await?.begin_read(&scope(ADA)).await;
    match refused(scoped.map(drop)) {
        ErrorKind::Permission { reason } => assert!(reason.contains("devices"), "{reason}"),
        kind => panic!("{kind:?}"),
    }
    Ok(())
}

/// An extension in a schema of its own: a type with an operator.
#[tokio::test]
async fn migrations_create_tables_in_the_first_schema_of_the_store() -> Result<()> {
    let db = empty().await;
    run(
        db.url(),
        &[
            "CREATE SCHEMA \"Own\"",
            "CREATE SCHEMA extensions",
            "GRANT USAGE ON SCHEMA extensions TO PUBLIC",
            "CREATE TYPE extensions.loudness AS ENUM ('low', 'high')",
            "CREATE FUNCTION extensions.louder(extensions.loudness, extensions.loudness) RETURNS boolean \
             LANGUAGE sql AS $$ SELECT $1 > $2 $$",
            "CREATE OPERATOR extensions.>>> (LEFTARG = extensions.loudness, RIGHTARG = extensions.loudness, \
             FUNCTION = extensions.louder)",
        ],
    )
    .await;
    let store = StoreOptions::new(db.url())
        .schemas(["Own", "extensions"])
        .domain(&entity::DOMAIN)
        .migrate::<migration::Migrator>()
        .open()
        .await?;
    let unit = store.begin_read(&scope(ADA)).await?;
    let schema =
        "SELECT relnamespace::regnamespace::text FROM pg_class WHERE oid = 'habits'::regclass";
    assert_eq!(texts_in(&unit, schema).await?, ["\"Own\""]);
    let louder = "SELECT ('high'::loudness >>> 'low'::loudness)::text";
    assert_eq!(texts_in(&unit, louder).await?, ["true"]);
    Ok(())
}

#[tokio::test]
async fn a_missing_schema_is_named() -> Result<()> {
    let db = postgres().await;
    for pooled in [false, true] {
        let options = StoreOptions::new(db.url()).transaction_pooler(pooled);
        match refused(options.schemas(["public", "Nowhere"]).open().await) {
            ErrorKind::NotMigrated { reason } => {
                assert!(reason.contains("\"Nowhere\" does not exist"), "{reason}");
            }
            kind => panic!("{kind:?}"),
        }
    }
    for unusable in [vec!["$user"], vec!["pg_temp"], vec![""], vec![]] {
        let options = StoreOptions::new(db.url()).schemas(unusable.clone());
        let kind = refused(options.open().await);
        assert!(
            matches!(
                kind,
                ErrorKind::Setting {
                    name: "search_path",
                    ..
                }
            ),
            "{unusable:?}: {kind:?}"
        );
    }
    let migrated = up_with::<migration::Migrator>(
        db.url(),
        ConnectOptions {
            schema: Some("nowhere, public"),
            ..ConnectOptions::default()
        },
    );
    let told = migrated
        .await
        .expect_err("a schema that is not there")
        .to_string();
    assert!(told.contains("schema `nowhere` does not exist"), "{told}");
    Ok(())
}

/// Otherwise one of the two search paths would be ignored silently.
#[tokio::test]
async fn a_search_path_in_the_url_is_refused_with_the_option_to_use() {
    let db = postgres().await;
    for option in [
        "options=-c%20search_path=app",
        "options=--search-path%3Dapp",
        "options[search_path]=app",
    ] {
        let url = format!("{}?{option}", db.url());
        match refused(Store::open(url.clone()).await) {
            ErrorKind::InvalidUrl { reason } => {
                assert!(reason.contains("StoreOptions::schemas"), "{reason}")
            }
            kind => panic!("{option}: {kind:?}"),
        }
        let migrated = up_with::<migration::Migrator>(&url, ConnectOptions::default()).await;
        let told: Error = migrated.expect_err("two paths").into();
        assert!(
            matches!(told.kind(), ErrorKind::InvalidUrl { .. }),
            "{told:?}"
        );
    }
}

/// A role whose own settings hide the tables works like any other.
#[tokio::test]
async fn a_role_with_another_search_path_reaches_no_other_owners_rows() -> Result<()> {
    let db = postgres().await;
    let role = Role::member(&db).await;
    let sql = format!("ALTER ROLE {} SET search_path = pg_catalog", role.name());
    run(db.url(), &[&sql]).await;
    let store = role.options().open().await?;
    assert_no_access::<Device>(&db, &store, [ADA, BOB], Through::Unit).await
}
