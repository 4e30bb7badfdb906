use super::*;

fn refused(engine: Engine, owned: bool, sql: &str) -> Option<String> {
    CustomSql::read(engine, sql).validate(owned).err()
}

#[test]
fn transaction_control_is_found_after_comments_and_other_statements() {
    for (sql, found) in [
        ("commit", Some("COMMIT")),
        ("  -- done\n /* really */ commit;", Some("COMMIT")),
        ("DELETE FROM a; rollback", Some("ROLLBACK")),
        ("SELECT 'x; COMMIT'", None),
        (";/*;*/COMMIT", Some("COMMIT")),
        ("SET LOCAL ROLE boss", Some("SET ROLE")),
        ("SET SESSION ROLE boss", Some("SET ROLE")),
        ("SET \"role\" = 'boss'", Some("SET ROLE")),
        (
            "SET SESSION AUTHORIZATION boss",
            Some("SET SESSION AUTHORIZATION"),
        ),
        (
            "SET LOCAL SESSION AUTHORIZATION boss",
            Some("SET SESSION AUTHORIZATION"),
        ),
        (
            "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
            Some("SET SESSION CHARACTERISTICS"),
        ),
        (
            "SET LOCAL transaction_timeout = 5",
            Some("SET TRANSACTION_TIMEOUT"),
        ),
        ("SET session_replication_role = replica", None),
        ("start transaction", Some("START TRANSACTION")),
        ("SET TRANSACTION READ WRITE", Some("SET TRANSACTION")),
        (
            "SET LOCAL transaction_read_only = off",
            Some("SET TRANSACTION_READ_ONLY"),
        ),
        ("SET Request.jwt.claims = ''", Some("SET REQUEST.")),
        (
            "SET \"request.jwt.claims\" TO ''",
            Some("SET REQUEST.JWT.CLAIMS"),
        ),
        ("reset role", Some("RESET ROLE")),
        ("SET LOCAL lock_timeout = 5", None),
        ("DO $$ BEGIN NULL; END IF; END $$", None),
        ("SELECT 1", None),
        ("", None),
    ] {
        for engine in [Engine::Postgres, Engine::Sqlite] {
            let sqlite_reads_on = engine == Engine::Sqlite && sql.contains("$$");
            if !sqlite_reads_on {
                assert_eq!(
                    refused(engine, false, sql).as_deref(),
                    found,
                    "{engine}: {sql}"
                );
            }
        }
    }
}

#[test]
fn the_body_of_a_trigger_or_routine_is_part_of_the_statement_that_creates_it() {
    let sqlite = [
        (
            "CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT CASE 1 WHEN 1 THEN 2 END; END;",
            None,
        ),
        (
            "CREATE TEMP TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; END; COMMIT",
            Some("COMMIT"),
        ),
        (
            "CREATE TRIGGER begin AFTER INSERT ON a BEGIN SELECT 1; END; END",
            Some("END"),
        ),
        ("CREATE TABLE trigger (a); COMMIT", Some("COMMIT")),
        (
            "CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; \"end\"; END; END",
            Some("END"),
        ),
    ];
    let postgres = [
        (
            "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END",
            None,
        ),
        (
            "CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC END; COMMIT",
            Some("COMMIT"),
        ),
        (
            "CREATE FUNCTION f(begin atomic) RETURNS int RETURN 1; COMMIT; SELECT 1; END",
            Some("COMMIT"),
        ),
        (
            "CREATE FUNCTION f() RETURNS int RETURN 1; BEGIN ATOMIC; END",
            Some("BEGIN"),
        ),
        (
            "CREATE TRIGGER t AFTER INSERT ON a EXECUTE FUNCTION f(); END",
            Some("END"),
        ),
    ];
    for (engine, texts) in [(Engine::Sqlite, sqlite), (Engine::Postgres, postgres)] {
        for (sql, found) in texts {
            assert_eq!(refused(engine, false, sql).as_deref(), found, "{sql}");
        }
    }
}

#[test]
fn the_statements_of_a_custom_text_are_counted() {
    for (sql, count) in [
        ("", 0),
        (" ; -- SELECT 1", 0),
        (";; SELECT ';' /* ; */ ;; -- ;", 1),
        ("SELECT 1; SELECT 2", 2),
        ("UPDATE a SET b = 1; /* */ UPDATE a SET b = 1;", 2),
    ] {
        for engine in Engine::ALL {
            let counted = CustomSql::read(engine, sql).statements();
            assert_eq!(counted, count, "{engine}: {sql}");
        }
    }
    let trigger = "CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; END;";
    assert_eq!(CustomSql::read(Engine::Sqlite, trigger).statements(), 1);
}

#[test]
fn custom_sql_in_an_owners_scope_may_only_read_and_write_rows() {
    for (sql, found) in [
        ("DO $$ BEGIN PERFORM 1; END $$", Some("DO")),
        (
            "CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            Some("CREATE"),
        ),
        (
            "ALTER ROLE CURRENT_USER SET request.jwt.claims = ''",
            Some("ALTER"),
        ),
        ("RESET ALL", Some("RESET")),
        ("SET lock_timeout = 5", Some("SET without LOCAL")),
        ("SET LOCAL lock_timeout = 5", None),
        (
            "SELECT 1; SELECT pg_catalog . \"set_config\" ('a', 'b', true)",
            Some("set_config"),
        ),
        (
            "WITH x AS (SELECT Set_Config('a', 'b', false)) SELECT 1 FROM x",
            Some("set_config"),
        ),
        ("SELECT U&\"set\\005fconfig\"('a', 'b', true)", Some("U&")),
        (
            "SELECT query_to_xml('SELECT 1', true, true, '')",
            Some("query_to_xml"),
        ),
        ("SELECT 'set_config' -- set_config", None),
        ("SELECT 1 AS a INTO TEMP habits", Some("INTO")),
        ("SELECT 1 insert INTO habits", Some("INTO")),
        (
            "WITH insert AS (SELECT 1) SELECT (2) merge INTO habits",
            Some("INTO"),
        ),
        ("WITH a AS (SELECT 1) INSERT INTO t SELECT 1", None),
        (
            "WITH a AS (INSERT INTO t VALUES (1) RETURNING id) SELECT id FROM a",
            None,
        ),
        (
            "MERGE INTO t USING s ON true WHEN NOT MATCHED THEN INSERT VALUES (1)",
            None,
        ),
        ("EXPLAIN ANALYZE CREATE TABLE a AS SELECT 1", Some("CREATE")),
        (
            "EXPLAIN (ANALYZE, FORMAT json) CREATE TABLE a AS SELECT 1",
            Some("CREATE"),
        ),
        ("EXPLAIN VERBOSE EXECUTE a", Some("EXECUTE")),
        ("EXPLAIN EXPLAIN SELECT 1", Some("EXPLAIN")),
        ("EXPLAIN ANALYZE SELECT 1 INTO a", Some("INTO")),
        ("EXPLAIN (COSTS off) SELECT 1", None),
        ("EXPLAIN (SELECT 1)", None),
        (
            "UPDATE pg_settings SET setting = 'x' WHERE name = 'role'",
            Some("pg_settings"),
        ),
        ("SELECT crosstab2('SELECT 1')", Some("crosstab2")),
        ("SELECT connectby('a', 'b', 'c', 'd', 1)", Some("connectby")),
        (
            "SELECT xpath_table('a', 'b', 'c', 'd', 'e')",
            Some("xpath_table"),
        ),
        ("SELECT dblink_exec('SELECT 1')", Some("dblink_exec")),
        ("(SELECT 1)", None),
    ] {
        assert_eq!(
            refused(Engine::Postgres, true, sql).as_deref(),
            found,
            "{sql}"
        );
    }
    for (sql, found) in [
        ("PRAGMA query_only = 0", Some("PRAGMA")),
        ("INSERT OR IGNORE INTO t VALUES (1)", None),
        ("REPLACE INTO t VALUES (1)", None),
        ("EXPLAIN QUERY PLAN SELECT 1", None),
        ("EXPLAIN QUERY PLAN DROP TABLE t", Some("DROP")),
    ] {
        assert_eq!(
            refused(Engine::Sqlite, true, sql).as_deref(),
            found,
            "{sql}"
        );
    }
}

#[test]
fn statements_that_leave_state_on_a_sqlite_connection_are_found() {
    for (sql, trace) in [
        ("PRAGMA foreign_keys = OFF", Trace::Left),
        ("SELECT 1; ATTACH 'x' AS y", Trace::Left),
        ("CREATE TEMP TABLE habits (id)", Trace::Left),
        ("CREATE TABLE temp (id)", Trace::None),
        ("PRAGMA foreign_keys", Trace::None),
    ] {
        assert_eq!(
            CustomSql::read(Engine::Sqlite, sql).validate(false),
            Ok(trace),
            "{sql}"
        );
    }
    assert_eq!(
        CustomSql::read(Engine::Postgres, "PRAGMA x").validate(false),
        Ok(Trace::None)
    );
}
