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
    assert_eq!(script.statements().collect::<Vec<_>>(), ["SELECT 1"]);
}
