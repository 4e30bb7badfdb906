use super::*;
use crate::fingerprint::statement::Phase;

fn on(work: Work, tables: &[&str]) -> Statement {
    let statement = Statement::new(Phase::AlterColumn, "..").doing(work);
    tables.iter().fold(statement, |all, table| all.on(table))
}

fn postgres_notes(statements: &[Statement]) -> Vec<String> {
    let statements: Vec<&Statement> = statements.iter().collect();
    let reviewed = review(Engine::Postgres, &statements).into_iter();
    reviewed.map(|one| one.note).collect()
}

#[test]
fn a_lock_is_kept_until_the_end_if_a_later_statement_is_slow() {
    let notes = postgres_notes(&[
        on(Work::Alter, &["notes"]),
        on(Work::AddIndex, &["notes"]),
        on(Work::Alter, &["users"]),
    ]);
    assert_eq!(
        notes,
        [
            "ACCESS EXCLUSIVE on notes until the end of the migration",
            "SHARE on notes; writers wait while the index is built; meanwhile readers and writers of notes wait, for \
             the lock of an earlier statement",
            "ACCESS EXCLUSIVE on users for a moment",
        ]
    );
}

#[test]
fn a_slow_statement_keeps_the_readers_of_another_table_waiting() {
    let rename_then_index = [on(Work::Alter, &["notes"]), on(Work::AddIndex, &["events"])];
    let notes = postgres_notes(&rename_then_index);
    assert!(
        notes[1].contains("readers and writers of notes wait"),
        "{notes:?}"
    );

    let two_indexes = [
        on(Work::AddIndex, &["notes"]),
        on(Work::AddIndex, &["events"]),
        on(Work::AddIndex, &["events"]),
    ];
    let notes = postgres_notes(&two_indexes);
    assert!(
        notes[0].contains("until the end of the migration"),
        "{notes:?}"
    );
    for later in &notes[1..] {
        assert!(later.contains("meanwhile writers of notes wait"), "{later}");
    }
}

#[test]
fn only_a_statement_behind_the_lock_of_another_one_is_to_be_moved() {
    let alone = on(Work::AddCheck, &["notes"]);
    let [one] = &review(Engine::Postgres, &[&alone])[..] else {
        panic!("one statement");
    };
    let way = one.way_around.as_deref().expect("a way around");
    assert!(
        way.contains("NOT VALID") && !way.contains("--num 1"),
        "{way}"
    );
    assert!(!one.note.contains("meanwhile"), "{}", one.note);

    let behind = review(Engine::Postgres, &[&on(Work::Alter, &["users"]), &alone]);
    let way = behind[1].way_around.as_deref().expect("a way around");
    assert!(
        way.contains("NOT VALID") && way.contains("--num 1"),
        "{way}"
    );
}

#[test]
fn a_table_that_the_migration_creates_keeps_nobody_waiting() {
    let statements = [
        on(Work::CreateTable, &["notes", "users"]),
        on(Work::AddIndex, &["notes"]),
        on(Work::AddForeignKey, &["notes", "notes"]),
        on(Work::AddForeignKey, &["notes", "users"]),
    ];
    let statements: Vec<&Statement> = statements.iter().collect();
    let reviewed = review(Engine::Postgres, &statements);
    let costs: Vec<Cost> = reviewed.iter().map(|one| one.cost).collect();
    assert_eq!(
        costs,
        [Cost::Catalog, Cost::NewTable, Cost::NewTable, Cost::Scan]
    );
    assert!(
        reviewed[0]
            .note
            .starts_with("SHARE ROW EXCLUSIVE on users until"),
        "{}",
        reviewed[0].note
    );
    assert!(reviewed[3].note.starts_with("SHARE ROW EXCLUSIVE on users"));
}

#[test]
fn what_reads_or_writes_rows_has_a_way_around_on_postgres() {
    for work in [
        Work::AddRequired,
        Work::AddFilled,
        Work::AddComputed,
        Work::SetNotNull,
        Work::Retype,
        Work::AddKey,
        Work::AddCheck,
        Work::AddForeignKey,
        Work::AddIndex,
    ] {
        let one = on(work, &["notes"]);
        let reviewed = review(Engine::Postgres, &[&one]);
        assert!(reviewed[0].cost >= Cost::Scan, "{work:?}");
        assert!(reviewed[0].way_around.is_some(), "{work:?}");
    }
}
