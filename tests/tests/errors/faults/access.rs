//! Faults of scopes, roles and read-only databases.

use catamaran::testing::Target;
use catamaran::{Engine, Result, Store, Upsert};
use entity::{Habit, HabitDraft};
use suite::raw;
use suite::users::{ADA, BOB, adas, habit_of, scope};

use super::{ADAS, Fault, MARKER, Provoked, faults, habits, told};

pub(super) fn faults() -> Vec<Fault> {
    faults! {
        Permission: "A row of another owner is written" by anothers_row;
        Permission: "The role lacks a right on the table" by no_grant;
        Permission: "A policy refuses the row" by policy;
        ReadOnly: "A read unit writes" by reading_unit;
        ReadOnly: "A database that is opened for reading is written" by reading_store;
    }
}

fn draft() -> HabitDraft {
    HabitDraft::new(MARKER, "daily")
}

async fn anothers_row(at: Target) -> Result<Provoked> {
    let db = habits(at).await;
    let theirs = habit_of(db.store(), BOB, MARKER).await?;
    told(adas::<Habit>(&db).upsert(Upsert::seen(theirs)).await)
}

async fn no_grant(at: Target) -> Result<Provoked> {
    let db = habits(at).await;
    if db.engine() == Engine::Sqlite {
        return Ok(Provoked::Not("a file has no roles"));
    }
    raw::execute(db.store(), "REVOKE INSERT ON habits FROM catamaran_app").await?;
    told(adas::<Habit>(&db).insert(draft()).await)
}

async fn policy(at: Target) -> Result<Provoked> {
    let db = habits(at).await;
    if db.engine() == Engine::Sqlite {
        return Ok(Provoked::Not(
            "it has no policies; the owner's predicate is in each statement",
        ));
    }
    let sql = "CREATE POLICY not_today ON habits AS RESTRICTIVE FOR INSERT WITH CHECK (false)";
    raw::execute(db.store(), sql).await?;
    told(adas::<Habit>(&db).insert(draft()).await)
}

async fn reading_unit(at: Target) -> Result<Provoked> {
    let db = habits(at).await;
    let unit = db.store().begin_read(&ADAS).await?;
    told(unit.repository::<Habit>().insert(draft()).await)
}

async fn reading_store(at: Target) -> Result<Provoked> {
    let db = habits(at).await;
    let url = match db.engine() {
        Engine::Sqlite => format!("{}?mode=ro", db.url()),
        Engine::Postgres => format!(
            "{}?options=-c%20default_transaction_read_only%3Don",
            db.url()
        ),
    };
    let store = Store::open(url).await?;
    told(store.repository::<Habit>(&scope(ADA)).insert(draft()).await)
}
