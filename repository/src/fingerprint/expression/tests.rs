use super::*;

fn postgres(sql: &str) -> Expression {
    Expression::condition(Engine::Postgres, sql)
}

fn sqlite(sql: &str) -> Expression {
    Expression::condition(Engine::Sqlite, sql)
}

#[test]
fn an_expression_equals_what_postgres_prints_for_it() {
    for (written, printed) in [
        ("deleted_at IS NULL", "(deleted_at IS NULL)"),
        (
            "user_id = (SELECT nullif(current_setting('a', true), '')::uuid)",
            "(user_id = ( SELECT (NULLIF(current_setting('a'::text, true), ''::text))::uuid AS \"nullif\"))",
        ),
        ("n BETWEEN -1 AND 7", "((n >= '-1'::integer) AND (n <= 7))"),
        ("a AND (b OR c)", "(((b OR c)) AND a)"),
        (
            "op IN ('insert', 'update')",
            "(op = ANY (ARRAY['insert'::text, 'update'::text]))",
        ),
        (
            "op::text IN ('insert', 'update')",
            "((op)::text = ANY ((ARRAY['update'::character varying, 'insert'::character varying])::text[]))",
        ),
        (
            "op NOT IN ('a', 'b')",
            "(op <> ALL (ARRAY['a'::text, 'b'::text]))",
        ),
        ("char_length(name) <= 3", "(char_length(name) <= 3)"),
        ("name LIKE 'a%'", "(name ~~ 'a%'::text)"),
        ("NOT (a = 1 OR b IS NULL)", "((a <> 1) AND (b IS NOT NULL))"),
        ("is_on", "is_on = true"),
        ("NOT is_on", "(is_on = false)"),
        (
            "at >= '0001-01-01 00:00:00+00'",
            "(at >= '0001-01-01 00:00:00+00'::timestamp with time zone)",
        ),
        ("\"Order\" > 1", "(\"Order\" > 1)"),
        ("5 < a", "(a > 5)"),
    ] {
        assert_eq!(postgres(written), postgres(printed), "{written}");
    }
    let scalar = |sql| Expression::scalar(Engine::Postgres, sql);
    assert_eq!(scalar("'local'"), scalar("'local'::text"));
    assert_eq!(scalar("0"), scalar("'0'::bigint"));
    assert_eq!(scalar("-5"), scalar("'-5'::integer"));
    assert_ne!(scalar("user_id"), scalar("(user_id)::text"));
}

#[test]
fn equivalent_conditions_of_the_two_engines_are_equal() {
    for (here, there) in [
        ("is_on = 1", "is_on"),
        ("is_on = 0", "NOT is_on"),
        (
            "is_on = 0 OR due IS NOT NULL",
            "NOT (is_on AND due IS NULL)",
        ),
        ("`order` IS NULL", "\"order\" IS NULL"),
        (
            "length(platform) BETWEEN 1 AND 64",
            "((char_length(platform) >= 1) AND (char_length(platform) <= 64))",
        ),
        (
            "op IN ('a', 'b')",
            "(op = ANY (ARRAY['b'::text, 'a'::text]))",
        ),
        (
            "op = 'a' OR op = 'b'",
            "(op = ANY (ARRAY['b'::text, 'a'::text]))",
        ),
        ("n NOT BETWEEN 1 AND 3", "((n < 1) OR (n > 3))"),
    ] {
        assert_eq!(sqlite(here), postgres(there), "{here}");
    }
    assert_eq!(
        Expression::scalar(Engine::Sqlite, "0"),
        Expression::scalar(Engine::Postgres, "false")
    );
}

#[test]
fn expressions_with_different_meanings_are_not_equal() {
    for (one, other) in [
        ("(a OR b) AND c", "a OR (b AND c)"),
        ("a = 'X'", "a = 'x'"),
        ("a IS NULL", "a IS NOT NULL"),
        ("a = b::uuid", "a = b"),
        ("a = b", "a = b OR true"),
        ("a < b", "b < a"),
        ("NOT (n = 1)", "n = 0"),
        ("a - b > 0", "b - a > 0"),
        ("a IS TRUE", "a IS NOT FALSE"),
        ("lower(a) = 'x'", "upper(a) = 'x'"),
        ("n = 1.5::integer", "n = 1.5"),
        ("n = 0.1::real", "n = 0.1"),
        ("a = 'abc'::varchar(2)", "a = 'abc'"),
        ("day::text >= '0001'", "day >= '0001'"),
        ("(op)::varchar = 'a'", "op = 'a'"),
        ("n > '1.5'::double precision", "n > '2.5'::double precision"),
        ("substring(a FROM 2) = 'x'", "substring(a FOR 2) = 'x'"),
        (
            "CASE WHEN NOT (a IS NULL) THEN b END",
            "CASE WHEN (NOT a) IS NULL THEN b END",
        ),
        (
            "EXISTS (SELECT 1 FROM t WHERE (NOT a) IS NULL)",
            "EXISTS (SELECT 1 FROM t WHERE NOT (a IS NULL))",
        ),
        (
            "CASE WHEN (a IN (1, 2)) = b THEN c END",
            "CASE WHEN a IN ((1, 2) = b) THEN c END",
        ),
        ("a IS DISTINCT FROM b", "a IS NOT DISTINCT FROM b"),
        ("a = (SELECT b)", "a = (SELECT b HAVING false)"),
        ("a = (SELECT b)", "a = (SELECT b GROUP BY ())"),
        ("nullif(a, b) = c", "\"nullif\"(a, b) = c"),
        (
            "EXISTS (SELECT 1 FROM t WHERE t.a = 1)",
            "EXISTS (SELECT 1 FROM t WHERE t.a = 2)",
        ),
    ] {
        assert_ne!(postgres(one), postgres(other), "{one}");
    }
}

#[test]
fn sqlite_operators_bind_as_in_its_grammar() {
    for (one, same) in [
        ("a NOT GLOB 'x*'", "NOT (a GLOB 'x*')"),
        ("a IS b", "b IS NOT DISTINCT FROM a"),
        ("a IS NOT b", "NOT (a IS b)"),
        ("a IS NOT NULL", "NOT (a IS NULL)"),
        ("a IS (NULL)", "a IS NULL"),
        ("a IS b AND c = 1", "(a IS b) AND (c = 1)"),
        ("a IS b < c", "a IS (b < c)"),
        ("a IS b = c", "(a IS b) = c"),
        ("a = b < c", "a = (b < c)"),
        ("a * b || c = d", "(a * (b || c)) = d"),
        ("a LIKE b = c", "(a LIKE b) = c"),
        ("a << 2 > b", "(a << 2) > b"),
        ("-a || b = c", "((-a) || b) = c"),
        ("a ->> '$.b' = 'c'", "(a ->> '$.b') = 'c'"),
        ("NOT a = b", "NOT (a = b)"),
        ("a ISNULL", "a IS NULL"),
        ("a NOT GLOB b IS NULL", "(a NOT GLOB b) IS NULL"),
        ("n & 0xff = n", "(n & 255) = n"),
        ("n = 0xFFFFFFFFFFFFFFFF", "n = -1"),
    ] {
        assert_eq!(sqlite(one), sqlite(same), "{one}");
        assert!(
            !matches!(sqlite(one).node(), Node::Opaque(_)),
            "not read: {one}"
        );
    }
    for (one, other) in [
        ("a IS b < c", "(a IS b) < c"),
        ("a IS NOT b", "a IS b"),
        ("a NOT GLOB 'x*'", "a GLOB 'x*'"),
        ("a = b < c", "(a = b) < c"),
        ("a NOT GLOB b IS NULL", "a NOT GLOB (b IS NULL)"),
        ("n = 0xff", "n = X'ff'"),
        ("+a = 'x'", "a = 'x'"),
        ("n IN (0, CAST('yes' AS boolean))", "n IN (0, 1)"),
    ] {
        assert_ne!(sqlite(one), sqlite(other), "{one}");
    }
    assert_eq!(sqlite("a IS b"), postgres("a IS NOT DISTINCT FROM b"));
}

#[test]
fn a_narrower_condition_implies_a_wider_one() {
    let int = postgres("n BETWEEN -2147483648 AND 2147483647");
    assert!(postgres("n BETWEEN 1 AND 127").implies(&int));
    assert!(postgres("n >= 1 AND n <= 127 AND n <> 5").implies(&int));
    assert!(postgres("n IN (1, 2)").implies(&postgres("n IN (1, 2, 3)")));
    assert!(postgres("n = 2").implies(&postgres("n IN (1, 2, 3)")));
    assert!(!postgres("n >= 1").implies(&int));
    assert_eq!(postgres("n >= 1 AND n >= 0"), postgres("n >= 1"));
    assert!(!postgres("m BETWEEN 1 AND 127").implies(&int));
    assert!(!postgres("n BETWEEN 1 AND 127 OR true").implies(&int));
    assert!(!postgres("n IN (1, 4)").implies(&postgres("n IN (1, 2, 3)")));
    assert!(!postgres("n NOT IN (1)").implies(&postgres("n IN (1, 2)")));
}

#[test]
fn an_expression_that_cannot_be_parsed_equals_only_itself() {
    assert_eq!(sqlite("a  ??? b"), sqlite("a ???\n b"));
    assert_ne!(sqlite("a ??? b"), sqlite("a ??? c"));
}

#[test]
fn of_two_conditions_that_imply_each_other_one_stays() {
    for column in ["n", "m"] {
        let twice = postgres(&format!(
            "{column} >= 1 AND ({column} >= 1 OR {column} >= 2)"
        ));
        assert_eq!(twice, postgres(&format!("{column} >= 1")));
    }
    assert_ne!(postgres("n >= 1 AND (n >= 1 OR n >= 2)"), postgres("TRUE"));
}

#[test]
fn a_text_casts_to_a_boolean_only_in_the_spellings_of_postgres() {
    let scalar = |sql: &str| Expression::scalar(Engine::Postgres, sql);
    for (text, value) in [
        ("yes", "true"),
        ("ON", "true"),
        ("1", "true"),
        ("off", "false"),
    ] {
        assert_eq!(
            scalar(&format!("'{text}'::boolean")),
            scalar(value),
            "{text}"
        );
    }
    assert_ne!(scalar("'maybe'::boolean"), scalar("false"));
}

#[test]
fn a_hexadecimal_number_in_an_index_survives_a_rename() {
    let index = "CREATE INDEX ix ON things (n) WHERE n & 0xff = 1";
    let renamed = names::with_column_renamed(index, "n", "m");
    assert_eq!(renamed, "CREATE INDEX ix ON things(m) WHERE m & 255 = 1");
}

#[test]
fn conditions_that_the_engines_evaluate_differently_are_found() {
    for sql in [
        "a LIKE 'x%'",
        "NOT (b = 1 OR a LIKE lower(b))",
        "CASE WHEN a LIKE 'x%' THEN b END = 1",
        "CAST(a AS INTEGER) = 1",
        "created_at < CURRENT_TIMESTAMP",
        "date(created_at)",
        "a LIKE '\\_%'",
        "substr(a, -1) = '.'",
        "nonsense((",
    ] {
        assert!(read_in_two_ways(sql).is_some(), "{sql}");
    }
    for sql in [
        "a LIKE '%@%'",
        "a LIKE '\\_%' ESCAPE '\\'",
        "substr(a, 1, 2) = '12'",
        "CAST(a AS TEXT) = 'x'",
        "length(a) BETWEEN 1 AND 64",
        "lower(a)",
        "deleted_at IS NULL",
    ] {
        assert_eq!(read_in_two_ways(sql), None, "{sql}");
    }
}
