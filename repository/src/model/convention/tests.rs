use crate::__table as table;
use crate::domain::{
    Action, Check, ColumnDefault, DefaultValue, ForeignKey, Index, PrimaryKey, Table, UniqueKey,
};

const ENTRIES: Table = table!(Table {
    name: "entries",
    columns: &["user_id", "id", "parent_id", "day", "note"],
    primary_key: PrimaryKey::over(&["user_id", "id"]),
    owner: Some("user_id"),
    defaults: &[ColumnDefault::new("note", DefaultValue::Text(""))],
    unique_keys: &[
        UniqueKey::over(&["id"]),
        UniqueKey {
            name: "another",
            columns: &["user_id", "day"],
        },
        UniqueKey::over(&["user_id", "note"]),
    ],
    indexes: &[
        Index::over(&["user_id", "day DESC"]),
        Index::over(&["lower(note)"]).named("ix_note"),
        Index::over(&["day"]).unique().only("note <> ''"),
    ],
    foreign_keys: &[
        ForeignKey::over(&["user_id", "parent_id"], "entries", &["user_id", "id"])
            .on_delete(Action::Cascade),
    ],
    checks: &[
        Check::over(&["day", "note"]).holds("day <> note"),
        Check::on_sqlite("ck_of_day").of(&["day"]),
    ],
    ..Table::BLANK
});

#[test]
fn a_part_without_a_name_is_named_by_the_convention_and_another_keeps_its_name() {
    assert_eq!(ENTRIES.primary_key.name, "pk_entries");
    let unique: Vec<&str> = ENTRIES.unique_keys.iter().map(|key| key.name).collect();
    assert_eq!(
        unique,
        ["uq_entries__id", "another", "uq_entries__user_id_note"]
    );
    let indexes: Vec<&str> = ENTRIES.indexes.iter().map(|index| index.name).collect();
    assert_eq!(
        indexes,
        ["ix_entries__user_id_day", "ix_note", "uq_entries__day"]
    );
    let references: Vec<&str> = ENTRIES.foreign_keys.iter().map(|key| key.name).collect();
    assert_eq!(references, ["fk_entries__user_id_parent_id"]);
    let checks: Vec<&str> = ENTRIES.checks.iter().map(|check| check.name).collect();
    assert_eq!(checks, ["ck_entries__day_note", "ck_of_day"]);
}

#[test]
fn what_the_table_states_stays() {
    assert_eq!(ENTRIES.owner, Some("user_id"));
    assert_eq!(ENTRIES.primary_key.columns, ["user_id", "id"]);
    assert_eq!(ENTRIES.indexes[0].columns, ["user_id", "day DESC"]);
    assert_eq!(ENTRIES.indexes[2].predicate, Some("note <> ''"));
    assert_eq!(ENTRIES.foreign_keys[0].on_delete, Action::Cascade);
}

#[test]
fn the_check_of_a_type_is_about_the_column_in_its_name() {
    for (constraint, columns) in [
        ("ck_entries__day", &["day"][..]),
        ("ck_entries__day_note", &["day", "note"]),
        ("ck_of_day", &["day"]),
        ("ck_entries__nothing", &[]),
        ("ck_other__day", &[]),
    ] {
        assert_eq!(ENTRIES.checked_columns(constraint), columns, "{constraint}");
    }
}

const SOLUTIONS: Table = table!(Table {
    name: "solutions",
    columns: &["id", "lösung", "größe"],
    primary_key: PrimaryKey::over(&["id"]),
    unique_keys: &[UniqueKey::over(&["lösung"])],
    indexes: &[Index::over(&["größe DESC", "lösung"])],
    ..Table::BLANK
});

#[test]
fn a_column_may_have_any_letters() {
    assert_eq!(SOLUTIONS.unique_keys[0].name, "uq_solutions__lösung");
    assert_eq!(SOLUTIONS.indexes[0].name, "ix_solutions__größe_lösung");
}
