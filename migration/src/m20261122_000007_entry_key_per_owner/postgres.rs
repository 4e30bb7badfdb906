use catamaran::migrate::Script;

pub fn up() -> Script {
    Script::new()
        .sql("CREATE UNIQUE INDEX uq_habit_entries__user_id_habit_id_date ON habit_entries (user_id, habit_id, date) WHERE deleted_at IS NULL")
        .sql("DROP INDEX uq_habit_entries__habit_id_date")
}

pub fn down() -> Script {
    Script::new()
        .sql("CREATE UNIQUE INDEX uq_habit_entries__habit_id_date ON habit_entries (habit_id, date) WHERE deleted_at IS NULL")
        .sql("DROP INDEX uq_habit_entries__user_id_habit_id_date")
}
