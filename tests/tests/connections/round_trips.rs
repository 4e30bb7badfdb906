//! How many round trips to Postgres each call takes, counted by a proxy.

use catamaran::testing::{Target, TwinDatabase};
use catamaran::{
    AnyRepository, Expected, IdSource, Page, PageRequest, PostgresRepository, Query, Result, Scope,
    Store, StoreOptions, Upsert, UuidV7,
};
use entity::{Habit, HabitDraft, HabitPatch};
use sea_orm::sqlx::{self, Connection, Executor, PgConnection};
use suite::proxy::Proxy;
use suite::users::{ADA, everyone, habit_of, scope};

/// Counts the round trips of a store with one connection.
struct Counter<'s> {
    store: &'s Store,
    wire: &'s Proxy,
}

impl Counter<'_> {
    /// The round trips of the second run of the work. The first run prepares its statements.
    async fn of<T>(&self, work: impl AsyncFn() -> Result<T>) -> Result<usize> {
        let before = self.settled().await?;
        let waiting = self.settled().await? - before;
        work().await?;
        let before = self.settled().await?;
        work().await?;
        Ok(self.settled().await? - before - waiting)
    }

    /// The count after the only connection is free: the end of a read does not make its caller wait.
    async fn settled(&self) -> Result<usize> {
        let unit = self.store.begin_write(&everyone()).await?;
        unit.rollback().await?;
        Ok(self.wire.round_trips())
    }
}

async fn set_up() -> (TwinDatabase, Proxy) {
    let made = TwinDatabase::create::<migration::Migrator>(Target::Postgres).await;
    let db = made.expect("a database on Postgres");
    let wire = Proxy::start(db.url()).await;
    (db, wire)
}

fn on_postgres(store: &Store, scope: &Scope) -> PostgresRepository<Habit> {
    match store.native(scope) {
        AnyRepository::Postgres(habits) => habits,
        AnyRepository::Sqlite(_) => panic!("the database is on Postgres"),
    }
}

/// Each call with its round trips, in that scope of that store.
async fn calls(store: &Store, wire: &Proxy, who: &Scope) -> Result<Vec<(&'static str, usize)>> {
    let habit = habit_of(store, ADA, "run").await?;
    let habits = store.repository::<Habit>(who);
    let own = on_postgres(store, who);
    let counter = Counter { store, wire };
    let id = habit.id;
    let patch = || HabitPatch::new().cadence(UuidV7.next_id().to_string());
    let mut counts = vec![
        ("find", counter.of(async || habits.find(id).await).await?),
        (
            "count",
            counter
                .of(async || habits.count(&Query::all()).await)
                .await?,
        ),
        (
            "list",
            counter
                .of(async || -> Result<Page<Habit>> {
                    habits.list(&Query::all(), PageRequest::first(5)).await
                })
                .await?,
        ),
        (
            "patch",
            counter
                .of(async || habits.patch(id, Expected::Any, patch()).await)
                .await?,
        ),
        (
            "own query",
            counter
                .of(async || {
                    own.query("SELECT 1::int4", Vec::new(), |row| row.get::<i32>(0))
                        .await
                })
                .await?,
        ),
        (
            "unit of five reads",
            counter
                .of(async || {
                    let unit = store.begin_read(who).await?;
                    for _ in 0..5 {
                        unit.repository::<Habit>().find(id).await?;
                    }
                    unit.commit().await
                })
                .await?,
        ),
    ];
    if who.owner_id().is_some() {
        let draft = || HabitDraft::new("run", "daily");
        counts.push((
            "insert",
            counter.of(async || habits.insert(draft()).await).await?,
        ));
        counts.push((
            "unit of one insert",
            counter
                .of(async || {
                    let unit = store.begin_write(who).await?;
                    unit.repository::<Habit>().insert(draft()).await?;
                    unit.commit().await
                })
                .await?,
        ));
        let upsert = || Upsert::new(draft());
        counts.push((
            "upsert",
            counter.of(async || habits.upsert(upsert()).await).await?,
        ));
    }
    Ok(counts)
}

#[tokio::test]
async fn a_scoped_call_takes_one_round_trip() -> Result<()> {
    let (_db, wire) = set_up().await;
    let store = StoreOptions::new(wire.url()).connections(1).open().await?;
    assert_eq!(
        calls(&store, &wire, &scope(ADA)).await?,
        [
            ("find", 1),
            ("count", 1),
            ("list", 1),
            // The row is read before the commit.
            ("patch", 2),
            // Its rows are withheld until the commit.
            ("own query", 3),
            ("unit of five reads", 7),
            ("insert", 1),
            // The begin is sent with the insert.
            ("unit of one insert", 2),
            // One statement finds the rows that differ, another one inserts.
            ("upsert", 3),
        ]
    );
    Ok(())
}

#[tokio::test]
async fn a_call_of_the_system_takes_one_round_trip() -> Result<()> {
    let (_db, wire) = set_up().await;
    let store = StoreOptions::new(wire.url()).connections(1).open().await?;
    assert_eq!(
        calls(&store, &wire, &everyone()).await?,
        [
            ("find", 1),
            ("count", 1),
            ("list", 1),
            ("patch", 1),
            // A read-only transaction; its end also resets the connection.
            ("own query", 3),
            ("unit of five reads", 7),
        ]
    );
    Ok(())
}

#[tokio::test]
async fn a_call_behind_a_pooler_takes_one_round_trip_more() -> Result<()> {
    let (_db, wire) = set_up().await;
    let options = StoreOptions::new(wire.url()).transaction_pooler(true);
    let store = options.connections(1).open().await?;
    assert_eq!(
        calls(&store, &wire, &scope(ADA)).await?,
        [
            ("find", 4),
            ("count", 4),
            ("list", 4),
            ("patch", 4),
            ("own query", 4),
            ("unit of five reads", 12),
            ("insert", 4),
            ("unit of one insert", 4),
            ("upsert", 6),
        ]
    );
    Ok(())
}

/// A scoped read with one statement for each step, as written by hand on a driver.
#[tokio::test]
async fn a_scoped_call_written_by_hand_takes_four_or_five_round_trips() -> Result<()> {
    let (_db, wire) = set_up().await;
    let mut connection = PgConnection::connect(wire.url())
        .await
        .expect("a connection");
    let claims = format!("{{\"sub\":\"{ADA}\"}}");
    let mut by_hand = async |with_role: bool| -> Result<usize, sqlx::Error> {
        let before = wire.round_trips();
        connection.execute(sqlx::raw_sql("BEGIN")).await?;
        if with_role {
            connection
                .execute(sqlx::raw_sql("SET LOCAL ROLE catamaran_app"))
                .await?;
        }
        let set = sqlx::query("SELECT set_config('request.jwt.claims', $1, true)");
        connection.execute(set.bind(&claims)).await?;
        connection
            .execute(sqlx::query("SELECT id FROM habits"))
            .await?;
        connection.execute(sqlx::raw_sql("COMMIT")).await?;
        Ok(wire.round_trips() - before)
    };
    by_hand(true).await.expect("the statements are made");
    assert_eq!(by_hand(false).await.expect("a read"), 4);
    assert_eq!(by_hand(true).await.expect("a read"), 5);
    Ok(())
}
