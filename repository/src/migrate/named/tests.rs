use std::fmt::Write;

use super::*;
use crate::migrate::hash;
use crate::model::domain::{Equivalence, MATRIX};

/// Every name of version 1, and what it stands for on each engine.
fn version_1() -> String {
    let mut text = String::new();
    for name in v1::names() {
        let arguments: &[&str] = match name {
            "caller" => &[""],
            "numeric" => &["x, 1", "x, 18"],
            _ => &["x"],
        };
        for arguments in arguments {
            writeln!(text, "{name}({arguments})").expect("a text");
            for engine in Engine::ALL {
                let call = format!("catamaran_v1.{name}({arguments})");
                let sql = expanded(engine, &call);
                let sql = sql.unwrap_or_else(|_| "refused".into());
                writeln!(text, "    {engine}: {sql}").expect("a text");
            }
        }
    }
    for name in ["create_application_role", "revoke_application_role"] {
        let call = format!("CALL catamaran_v1.{name}(\"it's\")");
        let sql = expanded(Engine::Postgres, &call).expect("a statement");
        let digest = hash::of_statements([sql]);
        writeln!(text, "{call}\n    postgres: sha256 {digest}").expect("a text");
    }
    text
}

#[test]
fn version_1_never_changes() {
    assert_eq!(
        version_1(),
        include_str!("v1.txt"),
        "the checksums of migrations that have run cover these texts: never change a line of the file; a new text is a new name or a v2"
    );
}

#[test]
fn each_check_of_a_type_has_a_name() {
    let digits = [(1, 0), (12, 2), (18, 18)];
    let numbers = digits.map(|(precision, scale)| Equivalence::numeric(precision, scale));
    let numbers = numbers.map(|row| row.expect("a type"));
    for row in MATRIX.iter().copied().chain(numbers.into_iter().copied()) {
        for engine in Engine::ALL {
            let Some(form) = row.on(engine).form else {
                continue;
            };
            let sql = format!("CHECK ({})", form.replace("{c}", "\"a b\""));
            let short = abbreviated(engine, &sql);
            let is_number = row.name.starts_with("numeric") && engine == Engine::Postgres;
            assert_eq!(
                short.contains("catamaran_v1"),
                !is_number,
                "{engine} {}: {short}",
                row.name
            );
            assert_eq!(expanded(engine, &short).as_deref(), Ok(&*sql));
        }
    }
}

#[test]
fn names_outside_of_literals_are_replaced() {
    let text = "CREATE TABLE a (b TEXT, CONSTRAINT ck CHECK (catamaran_v1.boolean(b) OR b = 'catamaran_v1.uuid(b)'))";
    let expected =
        "CREATE TABLE a (b TEXT, CONSTRAINT ck CHECK (b IN (0, 1) OR b = 'catamaran_v1.uuid(b)'))";
    assert_eq!(expanded(Engine::Sqlite, text).as_deref(), Ok(expected));
    for same in [
        "SELECT 1",
        "SELECT other.uuid(id)",
        "-- catamaran_v1.nothing(b)",
    ] {
        assert!(
            matches!(expanded(Engine::Sqlite, same), Ok(Cow::Borrowed(_))),
            "{same}"
        );
    }
}

#[test]
fn a_name_that_stands_for_nothing_is_refused() {
    for (engine, call, reason) in [
        (
            Engine::Sqlite,
            "catamaran_v1.uid(id)",
            "catamaran_v1.uid is none of uuid, text,",
        ),
        (
            Engine::Sqlite,
            "catamaran_v1.uuid(id, b)",
            "catamaran_v1.uuid takes one column",
        ),
        (
            Engine::Sqlite,
            "catamaran_v1.numeric(id)",
            "takes a column and the number of its digits",
        ),
        (
            Engine::Sqlite,
            "catamaran_v1.numeric(id, 19)",
            "takes 1 to 18 digits",
        ),
        (Engine::Sqlite, "catamaran_v1.caller()", "SQLite has none"),
        (
            Engine::Sqlite,
            "CALL catamaran_v1.create_application_role(a)",
            "SQLite has no roles",
        ),
        (
            Engine::Postgres,
            "CALL catamaran_v1.uuid(id)",
            "catamaran_v1.uuid is none of create_application_role,",
        ),
        (
            Engine::Postgres,
            "catamaran_v1.create_application_role(a)",
            "is none of uuid,",
        ),
        (
            Engine::Postgres,
            "CALL catamaran_v1.revoke_application_role()",
            "takes the name of a role",
        ),
        (
            Engine::Postgres,
            "catamaran_v1.uuid(id)",
            "catamaran_v1.uuid is not needed on postgres",
        ),
        (
            Engine::Postgres,
            "catamaran_v99.date(id)",
            "is of a version that this library does not have",
        ),
    ] {
        let error = expanded(engine, call).expect_err(call);
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn a_statement_that_creates_a_role_has_a_name() {
    for role in ["catamaran_app", "App", "it's $$ \"odd\" $1"] {
        let sql = v1::create_application_role(role);
        assert_eq!(sql.matches("$$").count(), 2, "{sql}");
        let short = abbreviated(Engine::Postgres, &sql);
        assert!(short.starts_with("CALL catamaran_v1."), "{short}");
        assert_eq!(expanded(Engine::Postgres, &short).as_deref(), Ok(&*sql));
    }
    let policy = format!("CREATE POLICY p ON a USING (b = {})", v1::CALLER);
    let short = "CREATE POLICY p ON a USING (b = catamaran_v1.caller())";
    assert_eq!(abbreviated(Engine::Postgres, &policy), short);
}

#[test]
fn only_a_whole_condition_has_a_name() {
    for other in [
        "CHECK (a IN (0, 1) OR a IS NULL)",
        "CHECK (a IN (0, 1, 2))",
        "CHECK (a BETWEEN -32768 AND 32766)",
        "CHECK (json_valid(a + b))",
        "a IN (0, 1)",
    ] {
        assert_eq!(abbreviated(Engine::Sqlite, other), other);
    }
    let both = "CHECK (a IN (0, 1)), CHECK (b BETWEEN -999 AND 999)";
    let short = "CHECK (catamaran_v1.boolean(a)), CHECK (catamaran_v1.numeric(b, 3))";
    assert_eq!(abbreviated(Engine::Sqlite, both), short);
}
