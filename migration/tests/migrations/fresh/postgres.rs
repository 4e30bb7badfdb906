//! The schemas of a Postgres database.

use catamaran::migrate::Migrator;
use sea_orm_migration::MigratorTrait;

use super::{fresh, notes};
use crate::support::history::{Given, given, step};
use crate::support::{PostgresDatabase, connect, run, texts, unique};

/// What people and programs leave in a schema: for a role without special powers.
const IN_A_SCHEMA: &[&str] = &[
    "CREATE TYPE mood AS ENUM ('a', 'b')",
    "CREATE TYPE pair AS (x integer, y mood)",
    "CREATE DOMAIN short AS text CHECK (length(value) < 9)",
    "CREATE TYPE span AS RANGE (subtype = integer)",
    "CREATE SEQUENCE counter",
    "CREATE TABLE \"Ünï \"\"quoted\"\"\" (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, m mood, p pair[], s short,
        n bigint DEFAULT nextval('counter'), old serial)",
    "CREATE TABLE loud (id integer PRIMARY KEY)",
    "CREATE TABLE silent (id integer PRIMARY KEY REFERENCES loud)",
    "ALTER TABLE loud ADD FOREIGN KEY (id) REFERENCES silent",
    "CREATE TABLE parts (id integer, at date) PARTITION BY RANGE (at)",
    "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')",
    "CREATE INDEX ON parts (at)",
    "CREATE TABLE elder (id integer)",
    "CREATE TABLE heir (more text) INHERITS (elder)",
    "CREATE UNLOGGED TABLE quick (id integer)",
    "CREATE VIEW v AS SELECT 1 AS x",
    "CREATE VIEW w AS SELECT v.x, loud.id FROM v, loud",
    "CREATE MATERIALIZED VIEW m AS SELECT * FROM w",
    "CREATE UNIQUE INDEX ON m (id)",
    "CREATE FUNCTION twice(integer) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT $1 * 2'",
    "CREATE FUNCTION twice(text, VARIADIC integer[]) RETURNS integer LANGUAGE sql AS 'SELECT 2'",
    "CREATE FUNCTION of_rows(loud) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT 1'",
    "ALTER TABLE loud ADD CHECK (of_rows(loud) = 1)",
    "CREATE PROCEDURE tidy(INOUT n integer) LANGUAGE sql AS 'SELECT 1'",
    "CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'",
    "CREATE TRIGGER touch BEFORE UPDATE ON loud FOR EACH ROW EXECUTE FUNCTION touched()",
    "CREATE RULE ignored AS ON DELETE TO silent DO INSTEAD NOTHING",
    "ALTER TABLE silent ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
    "CREATE POLICY few ON silent USING (twice(id) > 0)",
    "CREATE AGGREGATE total(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '0')",
    "CREATE AGGREGATE every_one(*) (SFUNC = int8inc, STYPE = bigint, INITCOND = '0')",
    "CREATE FUNCTION alike(mood, mood) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT true'",
    "CREATE OPERATOR === (LEFTARG = mood, RIGHTARG = mood, FUNCTION = alike, COMMUTATOR = ===)",
    "CREATE FUNCTION as_number(mood) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT 1'",
    "CREATE CAST (mood AS integer) WITH FUNCTION as_number(mood)",
    "CREATE COLLATION plain FROM \"C\"",
    "CREATE TABLE collated (t text COLLATE plain)",
    "CREATE TEXT SEARCH DICTIONARY dict (TEMPLATE = simple)",
    "CREATE TEXT SEARCH CONFIGURATION config (COPY = simple)",
    "ALTER TEXT SEARCH CONFIGURATION config ALTER MAPPING FOR word WITH dict",
    "CREATE STATISTICS both_of ON id, at FROM parts_1",
    "CREATE CONVERSION latin FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8",
    "COMMENT ON TABLE loud IS 'of ours'",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT ON TABLES TO PUBLIC",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT EXECUTE ON FUNCTIONS TO pg_monitor",
];

/// What only a superuser creates.
const BY_A_SUPERUSER: &[&str] = &[
    "CREATE OPERATOR CLASS backwards FOR TYPE integer USING btree AS OPERATOR 1 <, FUNCTION 1 btint4cmp(integer, integer)",
    "CREATE OPERATOR FAMILY empty USING hash",
    "CREATE AGGREGATE share(float8 ORDER BY anyelement) (SFUNC = ordered_set_transition, STYPE = internal,
        FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA)",
    "CREATE FOREIGN DATA WRAPPER nowhere",
    "CREATE SERVER away FOREIGN DATA WRAPPER nowhere",
    "CREATE FOREIGN TABLE far (id integer) SERVER away",
    "CREATE PUBLICATION published FOR TABLE loud",
    "CREATE CAST (bigint AS mood) WITH INOUT",
];

/// Every object of a schema, and what it has, but for names that Postgres gives.
const OBJECTS: &str = "
    SELECT i.type || ' ' || i.identity FROM (
        SELECT 'pg_class'::regclass, oid, relnamespace FROM pg_class
        UNION ALL SELECT 'pg_type'::regclass, oid, typnamespace FROM pg_type
        UNION ALL SELECT 'pg_proc'::regclass, oid, pronamespace FROM pg_proc
        UNION ALL SELECT 'pg_operator'::regclass, oid, oprnamespace FROM pg_operator
        UNION ALL SELECT 'pg_opclass'::regclass, oid, opcnamespace FROM pg_opclass
        UNION ALL SELECT 'pg_opfamily'::regclass, oid, opfnamespace FROM pg_opfamily
        UNION ALL SELECT 'pg_collation'::regclass, oid, collnamespace FROM pg_collation
        UNION ALL SELECT 'pg_conversion'::regclass, oid, connamespace FROM pg_conversion
        UNION ALL SELECT 'pg_ts_config'::regclass, oid, cfgnamespace FROM pg_ts_config
        UNION ALL SELECT 'pg_ts_dict'::regclass, oid, dictnamespace FROM pg_ts_dict
        UNION ALL SELECT 'pg_statistic_ext'::regclass, oid, stxnamespace FROM pg_statistic_ext
        UNION ALL SELECT 'pg_default_acl'::regclass, oid, defaclnamespace FROM pg_default_acl) o (class, id, namespace)
    JOIN pg_namespace n ON n.oid = o.namespace
    CROSS JOIN LATERAL pg_identify_object(class, id, 0) i
    WHERE n.nspname IN ('public', 'other', 'Second \"one\"') ORDER BY 1";

#[tokio::test]
async fn postgres_starts_anew_whatever_is_in_the_schemas() {
    notes();
    let database = PostgresDatabase::new().await;
    let admin = connect(&database.url()).await;
    let role = unique("owner");
    run(
        &admin,
        &format!("CREATE ROLE {role} LOGIN PASSWORD 'secret'"),
    )
    .await;
    run(&admin, &format!("GRANT CREATE ON SCHEMA public TO {role}")).await;
    run(
        &admin,
        &format!("CREATE SCHEMA \"Second \"\"one\"\"\" AUTHORIZATION {role}"),
    )
    .await;
    run(&admin, &format!("CREATE SCHEMA other AUTHORIZATION {role}")).await;
    // Of an extension, and of another role.
    run(&admin, "CREATE EXTENSION hstore").await;
    run(&admin, "CREATE TABLE theirs (id integer)").await;
    run(&admin, "CREATE VIEW their_view AS SELECT id FROM theirs").await;
    let owners = [database.url_as(&role), database.url()];
    for (url, by_hand) in owners.iter().zip([&[][..], BY_A_SUPERUSER]) {
        let is_superuser = !by_hand.is_empty();
        let db = connect(url).await;
        if is_superuser {
            run(&db, "DROP VIEW their_view; DROP TABLE theirs").await;
        }
        run(&db, "SET search_path = public, \"Second \"\"one\"\"\"").await;
        run(&db, "CREATE TABLE IF NOT EXISTS other.kept (id integer)").await;
        Migrator::<Given>::up(&db, None).await.expect("up");
        let before = texts(&db, OBJECTS).await;
        for schema in ["public", "\"Second \"\"one\"\"\""] {
            if schema != "public" && is_superuser {
                continue;
            }
            run(&db, &format!("SET search_path = {schema}")).await;
            for sql in IN_A_SCHEMA.iter().chain(by_hand) {
                run(&db, &sql.replace("{schema}", schema)).await;
            }
        }
        run(&db, "SET search_path = public, \"Second \"\"one\"\"\"").await;
        assert!(texts(&db, OBJECTS).await.len() > before.len() + 60);
        for time in ["the first time", "again"] {
            fresh(&db).await.expect(time);
            assert_eq!(texts(&db, OBJECTS).await, before, "{time}");
        }
        Migrator::<Given>::reset(&db).await.expect("reset");
    }
    run(&admin, &format!("DROP OWNED BY {role}")).await;
    run(&admin, &format!("DROP ROLE {role}")).await;
}

#[tokio::test]
async fn postgres_what_depends_on_a_dropped_object_and_is_not_dropped_is_named() {
    notes();
    let database = PostgresDatabase::new().await;
    let admin = connect(&database.url()).await;
    let role = unique("owner");
    run(
        &admin,
        &format!("CREATE ROLE {role} LOGIN PASSWORD 'secret'"),
    )
    .await;
    run(&admin, &format!("GRANT CREATE ON SCHEMA public TO {role}")).await;
    run(&admin, "CREATE SCHEMA reports").await;
    run(
        &admin,
        "CREATE TABLE public.theirs (id integer PRIMARY KEY, n integer)",
    )
    .await;
    let db = connect(&database.url_as(&role)).await;
    Migrator::<Given>::up(&db, None).await.expect("up");
    for sql in [
        "CREATE TYPE mood AS ENUM ('a')",
        "CREATE SEQUENCE counter",
        "CREATE FUNCTION one() RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT 1'",
        "CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'",
        "CREATE FUNCTION watched() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'",
        "CREATE TABLE parts (id integer) PARTITION BY LIST (id)",
        "INSERT INTO note VALUES (1, 'kept')",
    ] {
        run(&db, sql).await;
    }
    let before = texts(&admin, OBJECTS).await;
    for (create, drop, named) in [
        (
            "CREATE VIEW reports.ours AS SELECT id FROM public.note",
            "DROP VIEW reports.ours",
            "view reports.ours of the role ",
        ),
        (
            "CREATE MATERIALIZED VIEW \"A b\" AS SELECT id FROM note_view",
            "DROP MATERIALIZED VIEW \"A b\"",
            "materialized view public.\"A b\" of the role ",
        ),
        (
            "ALTER TABLE theirs ADD CONSTRAINT to_ours FOREIGN KEY (n) REFERENCES note (id)",
            "ALTER TABLE theirs DROP CONSTRAINT to_ours",
            "table constraint to_ours on public.theirs of the role ",
        ),
        (
            "ALTER TABLE theirs ADD moods mood[]",
            "ALTER TABLE theirs DROP moods",
            "table column public.theirs.moods of the role ",
        ),
        (
            "ALTER TABLE theirs ALTER n SET DEFAULT nextval('counter')",
            "ALTER TABLE theirs ALTER n DROP DEFAULT",
            "default value for public.theirs.n",
        ),
        (
            "CREATE INDEX their_index ON theirs ((n + one()))",
            "DROP INDEX their_index",
            "index public.their_index of the role ",
        ),
        (
            "CREATE TRIGGER touch BEFORE INSERT ON theirs FOR EACH ROW EXECUTE FUNCTION touched()",
            "DROP TRIGGER touch ON theirs",
            "trigger touch on public.theirs",
        ),
        (
            "CREATE POLICY few ON theirs USING (one() = 1)",
            "DROP POLICY few ON theirs",
            "policy few on public.theirs",
        ),
        (
            "CREATE RULE copied AS ON DELETE TO theirs DO ALSO DELETE FROM note",
            "DROP RULE copied ON theirs",
            "rule copied on public.theirs of the role ",
        ),
        (
            "CREATE FUNCTION reports.first() RETURNS note STABLE LANGUAGE sql AS 'SELECT * FROM public.note'",
            "DROP FUNCTION reports.first()",
            "function reports.first()",
        ),
        (
            "CREATE TABLE reports.part PARTITION OF parts FOR VALUES IN (1)",
            "DROP TABLE reports.part",
            "table reports.part of the role ",
        ),
        (
            "CREATE EVENT TRIGGER watch ON ddl_command_end WHEN TAG IN ('SECURITY LABEL') EXECUTE FUNCTION watched()",
            "DROP EVENT TRIGGER watch",
            "event trigger watch",
        ),
    ] {
        run(&admin, create).await;
        let error = fresh(&db).await.expect_err(create);
        assert!(
            error.contains(named) && error.contains(&role) && error.contains("nothing was changed"),
            "{create}: {error}"
        );
        assert_eq!(texts(&db, "SELECT body FROM note").await, ["kept"]);
        run(&admin, drop).await;
        assert_eq!(texts(&admin, OBJECTS).await, before, "{drop}");
    }
    fresh(&db).await.expect("fresh");
    assert_eq!(texts(&db, "SELECT body FROM note").await, [""; 0]);
    assert_eq!(
        texts(
            &admin,
            "SELECT oid::regclass::text FROM pg_class WHERE relname = 'theirs'"
        )
        .await,
        ["theirs"]
    );
    run(&admin, &format!("DROP OWNED BY {role}")).await;
    run(&admin, &format!("DROP ROLE {role}")).await;
}

#[tokio::test]
async fn postgres_a_history_of_another_role_is_refused() {
    notes();
    let database = PostgresDatabase::new().await;
    let admin = connect(&database.url()).await;
    Migrator::<Given>::up(&admin, None).await.expect("up");
    let role = unique("owner");
    run(
        &admin,
        &format!("CREATE ROLE {role} LOGIN PASSWORD 'secret'"),
    )
    .await;
    run(
        &admin,
        &format!(
            "GRANT CREATE ON SCHEMA public TO {role}; GRANT ALL ON seaql_migrations TO {role}"
        ),
    )
    .await;
    let db = connect(&database.url_as(&role)).await;
    let error = fresh(&db).await.expect_err("of another role");
    assert!(
        error.contains("public.seaql_migrations belongs to the role "),
        "{error}"
    );
    run(&admin, &format!("DROP OWNED BY {role}")).await;
    run(&admin, &format!("DROP ROLE {role}")).await;
}

#[tokio::test]
async fn postgres_a_failure_after_the_drop_leaves_everything() {
    let database = PostgresDatabase::new().await;
    let db = connect(&database.url()).await;
    for sql in IN_A_SCHEMA {
        run(&db, &sql.replace("{schema}", "public")).await;
    }
    let before = texts(&db, OBJECTS).await;
    given(&[step(
        "m1_fails",
        &["CREATE TABLE half (id integer)", "SELECT nonsense"],
    )]);
    let error = Migrator::<Given>::fresh(&db)
        .await
        .expect_err("nonsense")
        .to_string();
    assert!(error.contains("m1_fails"), "{error}");
    assert_eq!(texts(&db, OBJECTS).await, before);
}

#[tokio::test]
async fn postgres_reset_drops_the_history_of_its_own_schema_and_nothing_that_depends_on_it() {
    notes();
    let database = PostgresDatabase::new().await;
    let db = connect(&database.url()).await;
    Migrator::<Given>::up(&db, None).await.expect("up");
    // The history of the second schema is that of another program.
    run(&db, "CREATE SCHEMA first; SET search_path = first, public").await;
    Migrator::<Given>::reset(&db)
        .await
        .expect("nothing to roll back");
    let histories = "SELECT schemaname::text FROM pg_tables WHERE tablename = 'seaql_migrations'";
    assert_eq!(texts(&db, histories).await, ["public"]);

    run(
        &db,
        "SET search_path = public; CREATE VIEW applied AS SELECT version FROM seaql_migrations",
    )
    .await;
    let error = Migrator::<Given>::reset(&db)
        .await
        .expect_err("a view reads it");
    assert!(
        error.to_string().contains("other objects depend on it"),
        "{error}"
    );
    assert_eq!(texts(&db, "SELECT version FROM applied").await, ["m1_note"]);
}
