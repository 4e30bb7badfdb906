use super::*;
use crate::migrate::table::HistoryTable;
use crate::model::engine::Engine;

fn fault(script: &Script) -> Option<String> {
    let table = HistoryTable::default();
    script.prepared(Engine::Postgres, table).err()
}

#[test]
fn empty_script_without_a_reason_is_invalid() {
    assert!(fault(&Script::new()).is_some());
    assert_eq!(fault(&Script::nothing("a server has no outbox")), None);
}

#[test]
fn script_with_transaction_control_after_a_comment_is_invalid() {
    let script = Script::new().sql("SELECT 1").sql("-- done\n commit;");
    assert_eq!(
        fault(&script).as_deref(),
        Some("statement 2 is COMMIT: remove it, as the migrations run in one transaction")
    );
}

#[test]
fn script_with_a_block_that_contains_begin_is_valid() {
    assert_eq!(fault(&Script::new().sql("DO $$ BEGIN NULL; END $$")), None);
}

#[test]
fn final_semicolon_is_not_part_of_the_statement() {
    let script = Script::new().sql("  SELECT 1 ;\n");
    let statements = script.statements(Engine::Postgres);
    assert_eq!(statements.collect::<Vec<_>>(), ["SELECT 1"]);
}

#[test]
fn what_no_engine_could_run_as_it_stands_is_invalid() {
    for (text, expected) in [
        (
            "CREATE TABLE a (x);\0",
            "statement 1 contains a NUL character",
        ),
        (
            "INSERT INTO a VALUES (':no', :foo)",
            "statement 1 is one with the parameter :foo, which would be NULL: write the value",
        ),
    ] {
        let script = Script::new().sql(text);
        let read = script.prepared(Engine::Sqlite, HistoryTable::default());
        assert_eq!(read.err().as_deref(), Some(expected));
    }
    let script = Script::new().sql("COPY (SELECT 1) TO STDOUT (FORMAT csv)");
    assert_eq!(
        fault(&script).as_deref(),
        Some("statement 1 is COPY .. TO stdout, whose rows nobody reads: remove it")
    );
}
