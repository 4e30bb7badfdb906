//! Statements of SeaORM inside a unit of work.

use catamaran::testing::{Target, TwinDatabase, twin_test};
use catamaran::{Engine, Error, ErrorKind, Query, Result, Scope, Unit};
use entity::{Habit, HabitDraft, postgres, sqlite};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExecResult,
    IntoActiveModel, PaginatorTrait, QueryFilter, Set,
};
use suite::kind::refused;
use suite::observer::{Observer, texts_in};
use suite::raw;
use suite::users::{ADA, BOB, OwnerRows, everyone, habit_of, scope};

fn draft(name: &str) -> HabitDraft {
    HabitDraft::new(name, "daily")
}

async fn execute(unit: &Unit, sql: &str) -> Result<ExecResult, DbErr> {
    match unit {
        Unit::Sqlite(native) => native.seaorm().execute_unprepared(sql).await,
        Unit::Postgres(native) => native.seaorm().execute_unprepared(sql).await,
    }
}

#[twin_test(migration::Migrator, everywhere)]
async fn seaorm_entities_are_read_and_written_inside_the_unit(db: &TwinDatabase) -> Result<()> {
    let unit = db.store().begin_write(&scope(ADA)).await?;
    let habits = unit.repository::<Habit>();
    let habit = habits.insert(draft("run")).await?;
    match &unit {
        Unit::Sqlite(native) => {
            let connection = native.seaorm();
            let found = sqlite::habit::Entity::find()
                .filter(sqlite::habit::Column::Name.eq("run"))
                .one(&connection)
                .await?;
            let mut model = found
                .expect("what the repository wrote")
                .into_active_model();
            model.color = Set("red".to_owned());
            model.update(&connection).await?;
            assert_eq!(sqlite::habit::Entity::find().count(&connection).await?, 1);
        }
        Unit::Postgres(native) => {
            let connection = native.seaorm();
            let found = postgres::habit::Entity::find()
                .filter(postgres::habit::Column::Name.eq("run"))
                .one(&connection)
                .await?;
            let mut model = found
                .expect("what the repository wrote")
                .into_active_model();
            model.color = Set("red".to_owned());
            model.update(&connection).await?;
            assert_eq!(postgres::habit::Entity::find().count(&connection).await?, 1);
        }
    }
    assert_eq!(habits.get(habit.id).await?.color, "red");
    unit.commit().await?;
    let habits = db.store().repository::<Habit>(&scope(ADA));
    assert_eq!(habits.get(habit.id).await?.color, "red");
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn unprepared_sql_is_part_of_the_unit(db: &TwinDatabase) -> Result<()> {
    let habit = habit_of(db.store(), ADA, "run").await?;
    let outside = Observer::of(db).await;
    let script = "UPDATE habits SET color = 'red'; UPDATE habits SET cadence = 'weekly'";
    for keep in [false, true] {
        let unit = db.store().begin_write(&scope(ADA)).await?;
        execute(&unit, script).await?;
        let seen = unit.repository::<Habit>().get(habit.id).await?;
        assert_eq!((&*seen.color, &*seen.cadence), ("red", "weekly"));
        match keep {
            true => unit.commit().await?,
            false => unit.rollback().await?,
        }
        let kept = outside
            .count("habits", "color = 'red' AND cadence = 'weekly'")
            .await;
        assert_eq!(kept, u64::from(keep));
    }
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_failed_statement_of_seaorm_ends_the_unit(db: &TwinDatabase) -> Result<()> {
    let habit = habit_of(db.store(), ADA, "run").await?;
    let outside = Observer::of(db).await;
    let before = outside.dump().await;
    let twice = format!(
        "INSERT INTO habits (id, user_id, name, cadence, created_at, updated_at, version) \
         SELECT id, user_id, name, cadence, created_at, updated_at, version FROM habits \
         WHERE id = '{}'",
        habit.id
    );
    let orphan = "UPDATE habits SET version = 0";
    let typo = "SELECT 1 FRUM habits h";
    for (sql, kind) in [
        (&*twice, "Unique"),
        (orphan, "Check"),
        (typo, "SchemaMismatch"),
    ] {
        let unit = db.store().begin_write(&scope(ADA)).await?;
        unit.repository::<Habit>().insert(draft("lost")).await?;
        let failed = execute(&unit, sql).await.expect_err(sql);
        let error = Error::from(failed);
        assert_eq!(error.kind().name(), kind, "{sql}");

        let next = unit.repository::<Habit>().count(&Query::all()).await;
        let error = next.expect_err("the unit is over");
        assert!(
            matches!(error.kind(), ErrorKind::UnitEnded { .. }),
            "{error:?}"
        );
        // SeaORM's error keeps the kind.
        let next = execute(&unit, "UPDATE habits SET color = 'late'").await;
        let error = Error::from(next.expect_err("the unit is over"));
        assert!(
            matches!(error.kind(), ErrorKind::UnitEnded { .. }),
            "{error:?}"
        );
        let error = unit.commit().await.expect_err("the unit is over");
        assert!(
            matches!(error.kind(), ErrorKind::UnitEnded { .. }),
            "{error:?}"
        );
        assert_eq!(outside.dump().await, before, "{sql}");
    }
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_seaorm_connection_that_outlives_its_unit_is_closed(db: &TwinDatabase) -> Result<()> {
    let unit = db.store().begin_write(&scope(ADA)).await?;
    let late = match &unit {
        Unit::Sqlite(native) => {
            let connection = native.seaorm();
            unit.commit().await?;
            connection
                .execute_unprepared("UPDATE habits SET color = 'x'")
                .await
        }
        Unit::Postgres(native) => {
            let connection = native.seaorm();
            unit.commit().await?;
            connection
                .execute_unprepared("UPDATE habits SET color = 'x'")
                .await
        }
    };
    let error = Error::from(late.expect_err("the unit is over"));
    assert!(
        matches!(error.kind(), ErrorKind::UnitEnded { .. }),
        "{error:?}"
    );
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_read_unit_refuses_writes_through_seaorm(db: &TwinDatabase) -> Result<()> {
    habit_of(db.store(), ADA, "run").await?;
    let outside = Observer::of(db).await;
    let before = outside.dump().await;
    let owner = scope(ADA);
    let scopes: [&Scope; 2] = [&owner, &everyone()];
    for scope in scopes {
        let unit = db.store().begin_read(scope).await?;
        let refused = execute(&unit, "UPDATE habits SET color = 'red'").await;
        let error = Error::from(refused.expect_err("a write in a reading unit"));
        assert!(
            matches!(error.kind(), ErrorKind::ReadOnly { .. }),
            "{error:?}"
        );
        drop(unit);
        assert_eq!(outside.dump().await, before);
    }
    // The connection that served it may write again.
    habit_of(db.store(), ADA, "after").await?;
    Ok(())
}

/// As documented, these statements are custom SQL. On Postgres row level
/// security still applies; SQLite has none.
#[twin_test(migration::Migrator, everywhere)]
async fn only_postgres_scopes_statements_of_seaorm(db: &TwinDatabase) -> Result<()> {
    OwnerRows::<Habit>::make(db.store(), ADA).await?;
    OwnerRows::<Habit>::make(db.store(), BOB).await?;
    let unit = db.store().begin_read(&scope(ADA)).await?;
    let sql = "SELECT DISTINCT CAST(user_id AS text) AS owner FROM habits ORDER BY owner";
    let owners = texts_in(&unit, sql).await?;
    match db.engine() {
        Engine::Sqlite => assert_eq!(owners, [ADA.to_string(), BOB.to_string()]),
        Engine::Postgres => assert_eq!(owners, [ADA.to_string()]),
    }
    Ok(())
}

/// Only Postgres has triggers that run at the commit. They may fail with any code of an application.
#[tokio::test]
async fn what_a_deferred_trigger_refuses_at_the_commit_was_rolled_back() -> Result<()> {
    let db = TwinDatabase::create::<migration::Migrator>(Target::Postgres).await;
    let db = db.expect("a database on Postgres");
    let trigger = "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         IF NEW.name = 'division' THEN PERFORM 1 / 0; END IF; \
         RAISE EXCEPTION 'refused' USING ERRCODE = NEW.name; END $$; \
         CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON habits DEFERRABLE INITIALLY DEFERRED \
         FOR EACH ROW EXECUTE FUNCTION refuse()";
    raw::execute(db.store(), trigger).await?;
    for (name, expected) in [
        ("ZZ001", "Internal"),
        ("U0001", "Internal"),
        ("23505", "Unique"),
        ("40001", "Serialization"),
        ("division", "InvalidValue"),
        ("42P01", "SchemaMismatch"),
    ] {
        let unit = db.store().begin_write(&scope(ADA)).await?;
        unit.repository::<Habit>().insert(draft(name)).await?;
        execute(&unit, "SELECT 1").await?;
        let kind = refused(unit.commit().await);
        assert_eq!(kind.name(), expected, "{name}");
    }
    let habits = db.store().repository::<Habit>(&scope(ADA));
    assert_eq!(habits.count(&Query::all()).await?, 0);
    Ok(())
}
