//! SQL of an application's own against the rows of other owners: what the schema itself and the policies
//! forbid, without any predicate of the library's.

use catamaran::testing::{Target, TwinDatabase, twin_test};
use catamaran::{AnyRepository, Error, ErrorKind, Expected, Record, Result, StoreOptions};
use entity::{Device, Entry, EntryDraft, Habit, Reminder};
use suite::kind::refused;
use suite::login::Role;
use suite::native_client::NativeClient;
use suite::observer::texts_in;
use suite::raw::{execute, execute_in};
use suite::sample::{Sample, day};
use suite::users::{ADA, BOB, OwnerRows, everyone, habit_of, scope};
use uuid::Uuid;

/// Rows of both owners, of every record.
async fn estates(db: &TwinDatabase) -> Result<[[Uuid; 2]; 4]> {
    async fn of<R: Sample + Record<Id = Uuid>>(db: &TwinDatabase) -> Result<[Uuid; 2]> {
        let ada: OwnerRows<R> = OwnerRows::make(db.store(), ADA).await?;
        let bob: OwnerRows<R> = OwnerRows::make(db.store(), BOB).await?;
        Ok([ada.living.id(), bob.living.id()])
    }
    Ok([
        of::<Habit>(db).await?,
        of::<Entry>(db).await?,
        of::<Reminder>(db).await?,
        of::<Device>(db).await?,
    ])
}

/// In the order of [`estates`].
const OWNED: [&str; 4] = ["habits", "habit_entries", "reminders", "devices"];

/// The schema refuses a reference to another owner's row, also to the superuser.
#[twin_test(migration::Migrator)]
async fn no_foreign_key_crosses_owners(db: &TwinDatabase) -> Result<()> {
    let [
        [adas_habit, bobs_habit],
        [adas_entry, bobs_entry],
        [_, bobs_reminder],
        _,
    ] = estates(db).await?;
    let witness = NativeClient::of(db).await;
    let before = witness.dump().await;
    let stamp = "'2026-01-01T00:00:00.000000Z', '2026-01-01T00:00:00.000000Z', 1";
    let id = Uuid::from_u128(0x0189_0000_0000_7000_8000_0000_0000_00ff);
    for (attempt, sql) in [
        (
            "an entry of Bob's on Ada's habit",
            format!(
                "INSERT INTO habit_entries (id, user_id, habit_id, date, created_at, updated_at, version) \
                 VALUES ('{id}', '{BOB}', '{adas_habit}', '2026-05-05', {stamp})"
            ),
        ),
        (
            "a reminder of Bob's on Ada's habit",
            format!(
                "INSERT INTO reminders (id, user_id, habit_id, time_local, days_of_week, timezone, \
                 created_at, updated_at, version) \
                 VALUES ('{id}', '{BOB}', '{adas_habit}', '07:00', 127, 'UTC', {stamp})"
            ),
        ),
        (
            "Bob's entry moved to Ada's habit",
            format!("UPDATE habit_entries SET habit_id = '{adas_habit}' WHERE id = '{bobs_entry}'"),
        ),
        (
            "Bob's reminder moved to Ada's habit",
            format!("UPDATE reminders SET habit_id = '{adas_habit}' WHERE id = '{bobs_reminder}'"),
        ),
        (
            "Ada's entry given to Bob, on her habit",
            format!("UPDATE habit_entries SET user_id = '{BOB}' WHERE id = '{adas_entry}'"),
        ),
        (
            "Ada's habit given to Bob, with her entries on it",
            format!(
                "UPDATE habits SET user_id = '{BOB}' WHERE id = \
                 (SELECT habit_id FROM habit_entries WHERE id = '{adas_entry}')"
            ),
        ),
    ] {
        match execute(db.store(), &sql)
            .await
            .map_err(|error| error.kind().clone())
        {
            Err(ErrorKind::ForeignKey { .. }) => {}
            outcome => panic!("{attempt}: {outcome:?}"),
        }
        assert_eq!(witness.dump().await, before, "{attempt}");
    }
    // The cascade removes only Ada's rows.
    let kept = async || {
        let mut rows = witness.dump().await;
        rows.retain(|row| row.contains(&BOB.to_string()));
        rows
    };
    let bobs = kept().await;
    assert!(bobs.iter().any(|row| row.contains(&bobs_habit.to_string())));
    execute(
        db.store(),
        &format!("DELETE FROM habits WHERE user_id = '{ADA}'"),
    )
    .await?;
    assert_eq!(kept().await, bobs);
    assert_eq!(
        witness
            .count("habit_entries", &format!("user_id = '{ADA}'"))
            .await,
        0
    );
    Ok(())
}

/// What each statement gives to Bob, with `ADAS` and `BOBS` standing for the ids of a living row of each.
const STATEMENTS: [(&str, &str); 12] = [
    (
        "SELECT id::text FROM TABLE WHERE user_id <> 'BOB'",
        "0 rows",
    ),
    ("SELECT id::text FROM TABLE WHERE id = 'ADAS'", "0 rows"),
    (
        "SELECT t.id::text FROM TABLE AS t JOIN TABLE AS o ON o.user_id <> t.user_id",
        "0 rows",
    ),
    (
        "SELECT id::text FROM TABLE WHERE id = 'ADAS' FOR UPDATE",
        "0 rows",
    ),
    (
        "SELECT count(*)::text FROM TABLE HAVING count(*) FILTER (WHERE user_id <> 'BOB') > 0",
        "0 rows",
    ),
    (
        "UPDATE TABLE SET version = 9 WHERE id = 'ADAS' RETURNING id::text",
        "0 rows",
    ),
    (
        "UPDATE TABLE SET version = 9 WHERE user_id <> 'BOB' RETURNING id::text",
        "0 rows",
    ),
    (
        "UPDATE TABLE SET user_id = 'ADA' WHERE id = 'BOBS' RETURNING id::text",
        "Permission",
    ),
    (
        "DELETE FROM TABLE WHERE id = 'ADAS' RETURNING id::text",
        "0 rows",
    ),
    (
        "DELETE FROM TABLE WHERE user_id <> 'BOB' RETURNING id::text",
        "0 rows",
    ),
    (
        "UPDATE TABLE SET id = 'ADAS' WHERE id = 'BOBS' RETURNING id::text",
        "Unique",
    ),
    (
        "WITH gone AS (DELETE FROM TABLE WHERE user_id <> 'BOB' RETURNING id) SELECT id::text FROM gone",
        "0 rows",
    ),
];

#[tokio::test]
async fn custom_sql_in_an_owners_scope_is_bound_by_policies() -> Result<()> {
    let made = TwinDatabase::create::<migration::Migrator>(Target::Postgres).await;
    let db = made.expect("a database on Postgres");
    let rows = estates(&db).await?;
    let (member, granted) = (Role::member(&db).await, Role::granted(&db).await);
    let witness = NativeClient::of(&db).await;
    let before = witness.dump().await;
    for url in [db.url().to_owned(), member.url(), granted.url()] {
        let store = StoreOptions::new(url).connections(2).open().await?;
        for (table, [adas, bobs]) in OWNED.iter().zip(rows) {
            for (sql, gives) in STATEMENTS {
                let sql = sql
                    .replace("TABLE", table)
                    .replace("ADAS", &adas.to_string());
                let sql = sql.replace("BOBS", &bobs.to_string());
                let sql = sql
                    .replace("BOB", &BOB.to_string())
                    .replace("ADA", &ADA.to_string());
                let unit = store.begin_write(&scope(BOB)).await?;
                let told = match texts_in(&unit, &sql).await {
                    Ok(rows) => format!("{} rows", rows.len()),
                    Err(error) => format!("{:?}", Error::from(error).kind()),
                };
                assert!(told.starts_with(gives), "{sql}: {told}");
                unit.rollback().await?;
            }
        }
        store.close();
    }
    assert_eq!(witness.dump().await, before);
    Ok(())
}

#[tokio::test]
async fn custom_queries_and_statements_are_bound_by_policies() -> Result<()> {
    let made = TwinDatabase::create::<migration::Migrator>(Target::Postgres).await;
    let db = made.expect("a database on Postgres");
    let rows = estates(&db).await?;
    let granted = Role::granted(&db).await;
    let store = granted.options().open().await?;
    let AnyRepository::Postgres(habits) = store.native::<Habit>(&scope(BOB)) else {
        panic!("the database is on Postgres");
    };
    let seen = habits
        .query("SELECT user_id FROM habits", Vec::new(), |row| {
            row.get::<Uuid>(0)
        })
        .await?;
    assert!(
        !seen.is_empty() && seen.iter().all(|owner| *owner == BOB),
        "{seen:?}"
    );
    let adas = || vec![catamaran::Value::Uuid(rows[0][0])];
    let changed = habits.execute("UPDATE habits SET name = 'stolen' WHERE id = $1", adas());
    assert_eq!(changed.await?, 0);
    let deleted = habits.execute("DELETE FROM habits WHERE id = $1", adas());
    assert_eq!(deleted.await?, 0);
    let given = habits.execute("UPDATE habits SET user_id = gen_random_uuid()", Vec::new());
    assert!(matches!(refused(given.await), ErrorKind::Permission { .. }));
    // An insert with an id that another owner has learns only that the id is taken.
    let insert = "INSERT INTO devices (id, user_id, platform, created_at, updated_at, version) \
         SELECT $1, (current_setting('request.jwt.claims')::jsonb ->> 'sub')::uuid, 'x', now(), now(), 1";
    let device = || vec![catamaran::Value::Uuid(rows[3][0])];
    let taken = refused(habits.execute(insert, device()).await);
    assert!(matches!(taken, ErrorKind::Unique { .. }), "{taken:?}");
    let nothing: &'static str = format!("{insert} ON CONFLICT DO NOTHING").leak();
    assert_eq!(habits.execute(nothing, device()).await?, 0);
    let update: &'static str =
        format!("{insert} ON CONFLICT (id) DO UPDATE SET platform = 'stolen'").leak();
    let stolen = refused(habits.execute(update, device()).await);
    assert!(matches!(stolen, ErrorKind::Permission { .. }), "{stolen:?}");
    let witness = NativeClient::of(&db).await;
    assert_eq!(witness.count("devices", "platform = 'stolen'").await, 0);
    Ok(())
}

/// A soft-deleted parent still exists for the foreign key, and still belongs to its owner.
#[twin_test(migration::Migrator)]
async fn a_soft_deleted_parent_still_belongs_to_its_owner(db: &TwinDatabase) -> Result<()> {
    let habit = habit_of(db.store(), ADA, "run").await?;
    let habits = db.store().repository::<Habit>(&scope(ADA));
    habits.delete(habit.id, Expected::Any).await?;
    let bobs = db.store().repository::<Entry>(&scope(BOB));
    let strayed = bobs.insert(EntryDraft::new(habit.id, day(1))).await;
    assert!(matches!(refused(strayed), ErrorKind::ForeignKey { .. }));
    let unit = db.store().begin_write(&everyone()).await?;
    execute_in(&unit, "DELETE FROM habits").await?;
    unit.commit().await?;
    assert_eq!(
        NativeClient::of(db)
            .await
            .count(Habit::TABLE.name, "1 = 1")
            .await,
        0
    );
    Ok(())
}
