use super::*;

fn pieces(engine: Engine, sql: &str) -> Vec<Piece<'_>> {
    let statements = Pieces::of(engine, sql).map(|part| match part {
        Part::Statement(piece) => piece,
        Part::PsqlCommand { text, .. } => panic!("{text}"),
    });
    statements.collect()
}

fn control(engine: Engine, sql: &str) -> Vec<String> {
    let pieces = pieces(engine, sql);
    pieces.iter().filter_map(Piece::control).collect()
}

#[test]
fn transaction_control_is_found_anywhere_in_the_text_of_a_script() {
    for (sql, found) in [
        (
            "CREATE TABLE a (x int); COMMIT; CREATE TABLE b (x int)",
            &["COMMIT"][..],
        ),
        ("BEGIN; SELECT 1; END", &["BEGIN", "END"]),
        (
            "/* ; */ start transaction; -- x\nROLLBACK TO a",
            &["START TRANSACTION", "ROLLBACK"],
        ),
        ("SELECT 1;;\u{feff} ABORT", &["ABORT"]),
        ("SAVEPOINT a; RELEASE a", &["SAVEPOINT", "RELEASE"]),
        (
            "PREPARE TRANSACTION 'x'; COMMIT PREPARED 'x'",
            &["PREPARE TRANSACTION", "COMMIT PREPARED"],
        ),
        ("SELECT 'COMMIT;', \"commit;\" -- ; COMMIT", &[]),
        ("SELECT CASE WHEN 1 THEN 2 END", &[]),
    ] {
        for engine in Engine::ALL {
            assert_eq!(control(engine, sql), found, "{engine}: {sql}");
        }
    }
    for sql in [
        "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
        "SET LOCAL transaction_read_only = on",
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
        "DISCARD ALL",
        "DEALLOCATE ALL",
        "COMMIT AND CHAIN",
    ] {
        assert_eq!(control(Engine::Postgres, sql).len(), 1, "{sql}");
    }
}

#[test]
fn bodies_and_rules_are_part_of_the_statement_that_creates_them() {
    for (engine, sql, count) in [
        (
            Engine::Sqlite,
            "CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT CASE 1 WHEN 1 THEN 2 END; DELETE FROM b; END; SELECT 1",
            2,
        ),
        (
            Engine::Postgres,
            "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 2 END; END; SELECT 1",
            2,
        ),
        (
            Engine::Postgres,
            "CREATE RULE r AS ON INSERT TO a DO ALSO (DELETE FROM b; DELETE FROM c;); SELECT 1",
            2,
        ),
        (
            Engine::Postgres,
            "DO $a$ BEGIN COMMIT; END $a$; SELECT 1;",
            2,
        ),
        (
            Engine::Postgres,
            "DO LANGUAGE plpgsql 'BEGIN COMMIT; END'",
            1,
        ),
    ] {
        let pieces = pieces(engine, sql);
        assert_eq!(pieces.len(), count, "{sql}");
        assert_eq!(control(engine, sql), [""; 0], "{sql}");
    }
}

#[test]
fn settings_of_a_script_end_with_its_transaction() {
    for (sql, sent) in [
        (
            "SET a = 1; SET SESSION b TO 2",
            "SET LOCAL a = 1; SET LOCAL b TO 2",
        ),
        ("SET LOCAL a = 1", "SET LOCAL a = 1"),
        ("set role boss", "SET LOCAL role boss"),
        (
            "SET SESSION AUTHORIZATION x",
            "SET LOCAL SESSION AUTHORIZATION x",
        ),
        ("SET TIME ZONE 'UTC'", "SET LOCAL TIME ZONE 'UTC'"),
        (
            "SET CONSTRAINTS ALL DEFERRED",
            "SET CONSTRAINTS ALL DEFERRED",
        ),
        (
            "SELECT pg_catalog.set_config('search_path', '', false);",
            "SELECT pg_catalog.set_config('search_path', '', true);",
        ),
        ("SELECT 'SET a = 1'", "SELECT 'SET a = 1'"),
    ] {
        let pieces = pieces(Engine::Postgres, sql);
        assert_eq!(text(sql, &pieces, true), sent);
        assert_eq!(text(sql, &pieces, false), sql);
    }
}

#[test]
fn byte_order_marks_between_tokens_are_left_out() {
    let sql = "\u{feff}SELECT '\u{feff}';\r\n\u{feff}-- \u{feff}\nSELECT \"\u{feff}\" \u{feff}, 1\u{feff}";
    for engine in Engine::ALL {
        let sent = text(sql, &pieces(engine, sql), true);
        assert_eq!(sent, "SELECT '\u{feff}';\r\n-- \nSELECT \"\u{feff}\" , 1");
    }
}

#[test]
fn statements_that_no_transaction_may_contain_are_found() {
    for (sql, found) in [
        ("VACUUM (ANALYZE) a", Some("VACUUM")),
        (
            "CREATE UNIQUE INDEX CONCURRENTLY a ON b (c)",
            Some("CREATE .. CONCURRENTLY"),
        ),
        ("DROP INDEX CONCURRENTLY a", Some("DROP .. CONCURRENTLY")),
        (
            "REINDEX (VERBOSE) TABLE CONCURRENTLY a",
            Some("REINDEX .. CONCURRENTLY"),
        ),
        (
            "ALTER TABLE a DETACH PARTITION b CONCURRENTLY",
            Some("ALTER .. CONCURRENTLY"),
        ),
        ("ALTER SYSTEM SET a = 1", Some("ALTER SYSTEM")),
        ("CLUSTER", Some("CLUSTER")),
        ("CLUSTER a", None),
        ("REFRESH MATERIALIZED VIEW CONCURRENTLY a", None),
        ("REINDEX TABLE a", None),
        ("ALTER TYPE a ADD VALUE 'b'", None),
        ("CREATE TABLE a (\"concurrently\" int)", None),
    ] {
        let pieces = pieces(Engine::Postgres, sql);
        assert_eq!(pieces[0].refuses_transactions().as_deref(), found, "{sql}");
    }
    for (sql, found) in [
        ("VACUUM INTO 'x'", Some("VACUUM")),
        (
            "PRAGMA main.journal_mode = DELETE",
            Some("PRAGMA journal_mode"),
        ),
        ("PRAGMA auto_vacuum(1)", Some("PRAGMA auto_vacuum")),
        ("PRAGMA journal_mode", None),
        ("PRAGMA user_version = 5", None),
    ] {
        let pieces = pieces(Engine::Sqlite, sql);
        assert_eq!(pieces[0].refuses_transactions().as_deref(), found, "{sql}");
    }
}

#[test]
fn the_index_of_a_concurrent_statement_is_found_by_its_names() {
    let create = |index: Option<&str>, table: &str| {
        Some(IndexWork::Create {
            index: index.map(str::to_owned),
            table: table.to_owned(),
        })
    };
    let drop = |index: &str| {
        let index = index.to_owned();
        Some(IndexWork::Drop { index })
    };
    let rebuild = |of: Rebuilt| Some(IndexWork::Rebuild(of));
    for (sql, work) in [
        (
            "CREATE INDEX CONCURRENTLY a ON b (c)",
            create(Some("a"), "b"),
        ),
        (
            "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS \"A b\" ON ONLY s.\"T\" USING btree (c)",
            create(Some("\"A b\""), "s.\"T\""),
        ),
        ("CREATE INDEX CONCURRENTLY ON b (c)", create(None, "b")),
        ("DROP INDEX CONCURRENTLY IF EXISTS s.a", drop("s.a")),
        (
            "REINDEX INDEX CONCURRENTLY s.\"A\"",
            rebuild(Rebuilt::Index("s.\"A\"".to_owned())),
        ),
        (
            "REINDEX (VERBOSE, TABLESPACE x) TABLE CONCURRENTLY b",
            rebuild(Rebuilt::Table("b".to_owned())),
        ),
        (
            "REINDEX (CONCURRENTLY) SCHEMA s",
            rebuild(Rebuilt::Schema("s".to_owned())),
        ),
        ("REINDEX DATABASE CONCURRENTLY", rebuild(Rebuilt::Database)),
        ("REINDEX SCHEMA s", None),
        ("CREATE INDEX a ON b (c)", None),
    ] {
        assert_eq!(pieces(Engine::Postgres, sql)[0].index_work(), work, "{sql}");
    }
}

#[test]
fn rows_of_a_copy_are_no_statements() {
    let sql =
        "COPY public.a (b) FROM stdin;\nit's; COMMIT\n\\N\n\\.\n\nSELECT 1;\n\\unrestrict x\n";
    let mut parts = Pieces::of(Engine::Postgres, sql);
    let Some(Part::Statement(copy)) = parts.next() else {
        panic!("a statement");
    };
    assert_eq!(copy.copies_rows_into(), Some("public.a"));
    assert_eq!(parts.skip_copied_rows(), 2);
    let Some(Part::Statement(select)) = parts.next() else {
        panic!("a statement");
    };
    assert_eq!((select.sql(true).as_ref(), select.line()), ("SELECT 1", 6));
    assert!(matches!(
        parts.next(),
        Some(Part::PsqlCommand { line: 7, .. })
    ));
}

#[test]
fn records_of_migrations_are_found_in_a_dump() {
    for sql in [
        "CREATE TABLE public.seaql_migrations (version varchar)",
        "ALTER TABLE ONLY public.seaql_migrations ADD CONSTRAINT a PRIMARY KEY (version)",
        "INSERT INTO seaql_migrations VALUES ('m1', 0)",
        "COPY public.seaql_migrations (version) FROM stdin",
        "CREATE TABLE IF NOT EXISTS \"seaql_migrations\" (a)",
    ] {
        let pieces = pieces(Engine::Postgres, sql);
        assert!(pieces[0].is_about(&["seaql_migrations"]), "{sql}");
    }
    let other = "INSERT INTO a VALUES ('INSERT INTO seaql_migrations')";
    assert!(!pieces(Engine::Postgres, other)[0].is_about(&["seaql_migrations"]));
}
