//! Units whose Tokio runtime ends before their rollback has run.

use catamaran::testing::{Target, TwinDatabase};
use catamaran::{Query, Result, Unit};
use entity::{Habit, HabitDraft};
use suite::users::{ADA, adas, habit_of, scope};
use tokio::runtime::Builder;

fn a_unit_that_its_runtime_outruns_leaves_nothing(target: Target) -> Result<()> {
    // A multi-thread runtime drives its connections on threads of its own.
    let lasting = Builder::new_multi_thread().enable_all().build();
    let lasting = lasting.expect("a runtime");
    let made = lasting.block_on(TwinDatabase::create::<migration::Migrator>(target));
    let db = made.expect("a database");

    let passing = Builder::new_current_thread().enable_all().build();
    let passing = passing.expect("another runtime");
    let begun: Result<Unit> = passing.block_on(async {
        let unit = db.store().begin_write(&scope(ADA)).await?;
        unit.repository::<Habit>()
            .insert(HabitDraft::new("never", "daily"))
            .await?;
        Ok(unit)
    });
    // The rollback is given to a task that never runs.
    passing.block_on(async move { begun.map(drop) })?;
    drop(passing);

    lasting.block_on(async {
        let kept = habit_of(db.store(), ADA, "run").await?;
        let another = db.open_another().await?;
        let seen = another.repository::<Habit>(&scope(ADA));
        assert_eq!(seen.find(kept.id).await?, Some(kept));
        assert_eq!(seen.count(&Query::all()).await?, 1);
        assert_eq!(adas::<Habit>(&db).count(&Query::all()).await?, 1);
        Ok(())
    })
}

#[test]
fn a_unit_that_its_runtime_outruns_leaves_nothing_on_sqlite() -> Result<()> {
    a_unit_that_its_runtime_outruns_leaves_nothing(Target::SqliteFile)
}

#[test]
fn a_unit_that_its_runtime_outruns_leaves_nothing_on_postgres() -> Result<()> {
    a_unit_that_its_runtime_outruns_leaves_nothing(Target::Postgres)
}
