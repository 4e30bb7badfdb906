//! Row level security on Postgres: who a transaction runs as, what it may see, and what is left on the
//! connection. SQLite has no roles; there the predicate of the statements is all there is.

mod privileges;
mod search_path;

use catamaran::testing::{Target, TwinDatabase};
use catamaran::{Error, ErrorKind, Filter, IdSource, Result, Store, StoreOptions, Unit, UuidV7};
use chrono::{DateTime, Datelike, Utc};
use entity::{Device, Entry, Habit, Reminder, habits};
use sea_orm::ConnectionTrait;
use suite::cross_owner::{Through, assert_no_access};
use suite::kind::refused;
use suite::login::Role;
use suite::observer::{Observer, connect, texts, texts_in};
use suite::users::{ADA, BOB, OwnerRows, everyone, everything, scope};
use uuid::Uuid;

async fn postgres() -> TwinDatabase {
    let made = TwinDatabase::create::<migration::Migrator>(Target::Postgres).await;
    made.expect("a database on Postgres")
}

/// The current role, the login role, the claims and the connection of a unit.
async fn identity(unit: &Unit) -> Vec<String> {
    let sql = "SELECT unnest(ARRAY[current_user::text, session_user::text, \
         coalesce(current_setting('request.jwt.claims', true), ''), pg_backend_pid()::text])";
    texts_in(unit, sql).await.expect("who we are")
}

async fn assert_no_access_to_any_table(db: &TwinDatabase, store: &Store) -> Result<()> {
    for through in [Through::Store, Through::Unit] {
        let one = UuidV7.next_id();
        let two = UuidV7.next_id();
        assert_no_access::<Habit>(db, store, [one, two], through).await?;
        assert_no_access::<Entry>(db, store, [two, one], through).await?;
        assert_no_access::<Reminder>(db, store, [one, two], through).await?;
        assert_no_access::<Device>(db, store, [two, one], through).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_member_of_the_application_role_reaches_no_one_elses_rows() -> Result<()> {
    let db = postgres().await;
    let role = Role::member(&db).await;
    let store = role.options().open().await?;
    assert_no_access_to_any_table(&db, &store).await
}

#[tokio::test]
async fn a_role_with_grants_of_its_own_reaches_no_one_elses_rows() -> Result<()> {
    let db = postgres().await;
    let role = Role::granted(&db).await;
    let store = role.options().open().await?;
    assert_no_access_to_any_table(&db, &store).await
}

/// One connection, asked inside of scoped units and after them.
async fn identities(options: StoreOptions) -> Result<(Vec<String>, Vec<String>)> {
    let store = options.connections(1).open().await?;
    let inside = store
        .write(&scope(ADA), async |unit| {
            let inside = identity(unit).await;
            Ok::<_, catamaran::Error>(inside)
        })
        .await?;
    for _ in 0..2 {
        let after = identity(&store.begin_write(&everyone()).await?).await;
        assert_eq!(after[2], "", "the claims are left on the connection");
        assert_eq!(after[0], after[1], "the role is left on the connection");
        assert_eq!(after[3], inside[3], "another connection proves nothing");
        // The next check follows a dropped unit and a failed call.
        drop(store.begin_write(&scope(BOB)).await?);
        let missing = store.repository::<Habit>(&scope(BOB)).get(BOB).await;
        assert!(missing.is_err_and(|error| error.is_not_found()));
    }
    let read = identity(&store.begin_read(&scope(BOB)).await?).await;
    assert_eq!(read[3], inside[3], "another connection proves nothing");
    Ok((inside, read))
}

#[tokio::test]
async fn the_superusers_scoped_work_runs_as_the_application_role() -> Result<()> {
    let db = postgres().await;
    let (write, read) = identities(StoreOptions::new(db.url())).await?;
    assert_eq!(write[0], "catamaran_app");
    assert_ne!(write[1], "catamaran_app");
    assert_eq!(write[2], format!(r#"{{"sub":"{ADA}"}}"#));
    assert_eq!(read[0], "catamaran_app");
    assert_eq!(read[2], format!(r#"{{"sub":"{BOB}"}}"#));
    Ok(())
}

#[tokio::test]
async fn a_members_scoped_work_runs_as_the_application_role() -> Result<()> {
    let db = postgres().await;
    let role = Role::member(&db).await;
    let (write, read) = identities(role.options()).await?;
    assert_eq!([&write[0], &write[1]], ["catamaran_app", role.name()]);
    assert_eq!(write[2], format!(r#"{{"sub":"{ADA}"}}"#));
    assert_eq!([&read[0], &read[1]], ["catamaran_app", role.name()]);
    Ok(())
}

#[tokio::test]
async fn a_plain_roles_scoped_work_runs_as_itself() -> Result<()> {
    let db = postgres().await;
    let role = Role::granted(&db).await;
    let (write, _) = identities(role.options()).await?;
    assert_eq!([&write[0], &write[1]], [role.name(), role.name()]);
    assert_eq!(write[2], format!(r#"{{"sub":"{ADA}"}}"#));
    Ok(())
}

#[tokio::test]
async fn raw_sql_of_a_plain_role_sees_no_rows_without_claims() -> Result<()> {
    let db = postgres().await;
    OwnerRows::<Entry>::make(db.store(), ADA).await?;
    OwnerRows::<Reminder>::make(db.store(), ADA).await?;
    OwnerRows::<Device>::make(db.store(), ADA).await?;
    let outside = Observer::of(&db).await;
    let before = outside.dump().await;
    for role in [Role::member(&db).await, Role::granted(&db).await] {
        let naked = connect(&role.url()).await.expect("the role logs in");
        for table in ["habits", "habit_entries", "reminders", "devices"] {
            assert!(outside.count(table, "true").await > 0, "{table}");
            for sql in [
                format!("SELECT id::text FROM {table}"),
                format!("UPDATE {table} SET version = version + 1 RETURNING id::text"),
                format!("DELETE FROM {table} RETURNING id::text"),
            ] {
                let seen = texts(&naked, &sql).await.expect("an answer");
                assert_eq!(seen, [""; 0], "{sql}");
            }
        }
        let forged = "INSERT INTO devices (id, user_id, platform, created_at, updated_at, version) \
             SELECT gen_random_uuid(), gen_random_uuid(), 'x', now(), now(), 1";
        let refused = naked.execute_unprepared(forged).await;
        let refused = refused.expect_err("a row of somebody's").to_string();
        assert!(refused.contains("row-level security"), "{refused}");
    }
    assert_eq!(outside.dump().await, before);
    Ok(())
}

/// SeaORM adds no predicate for the owner: only row level security applies.
#[tokio::test]
async fn raw_sql_of_a_unit_sees_its_owners_rows_only() -> Result<()> {
    let db = postgres().await;
    OwnerRows::<Habit>::make(db.store(), ADA).await?;
    OwnerRows::<Habit>::make(db.store(), BOB).await?;
    let unit = db.store().begin_write(&scope(ADA)).await?;
    let owners = texts_in(&unit, "SELECT DISTINCT user_id::text FROM habits").await?;
    assert_eq!(owners, [ADA.to_string()]);
    let changed = "UPDATE habits SET name = 'mine' RETURNING user_id::text";
    assert_eq!(
        texts_in(&unit, changed).await?,
        [ADA.to_string(), ADA.to_string()]
    );
    unit.commit().await?;
    let outside = Observer::of(&db).await;
    let bobs = format!("user_id = '{BOB}' AND name = 'mine'");
    assert_eq!(outside.count("habits", &bobs).await, 0);
    Ok(())
}

#[tokio::test]
async fn the_system_is_refused_to_a_role_that_policies_bind() -> Result<()> {
    let db = postgres().await;
    let habit = OwnerRows::<Habit>::make(db.store(), ADA).await?.living;
    for role in [Role::member(&db).await, Role::granted(&db).await] {
        let store = role.options().open().await?;
        let rows = store.repository::<Habit>(&everyone());
        let unit = store.begin_write(&everyone()).await?;
        let streak = habits(&store, &everyone()).streak(habit.id).await;
        for (call, refused) in [
            ("find", rows.find(habit.id).await.err()),
            ("count", rows.count(&everything()).await.err()),
            ("update", rows.update(habit.clone()).await.err()),
            ("streak", streak.err()),
            (
                "unit",
                unit.repository::<Habit>().find(habit.id).await.err(),
            ),
        ] {
            let error = refused.unwrap_or_else(|| panic!("{call} was answered"));
            let ErrorKind::Permission { reason } = error.kind() else {
                panic!("{call}: {error:?}");
            };
            assert!(reason.contains("row level security"), "{reason}");
        }
    }
    let rows = db.store().repository::<Habit>(&everyone());
    assert_eq!(rows.get(habit.id).await?, habit);
    Ok(())
}

#[tokio::test]
async fn the_system_sees_everybodys_rows_as_a_role_that_bypasses_policies() -> Result<()> {
    let db = postgres().await;
    let ada = OwnerRows::<Habit>::make(db.store(), ADA).await?.living;
    let bob = OwnerRows::<Habit>::make(db.store(), BOB).await?.living;
    let role = Role::make(
        &db,
        &[
            "CREATE ROLE {role} LOGIN BYPASSRLS PASSWORD 'secret' IN ROLE catamaran_app",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
        ],
    )
    .await;
    let store = role.options().open().await?;
    let rows = store.repository::<Habit>(&everyone());
    assert_eq!(rows.get(ada.id).await?, ada);
    assert_eq!(rows.get(bob.id).await?, bob);
    assert_eq!(rows.count(&everything()).await?, 4);
    // Its scoped work is bound by policies.
    let (write, _) = identities(role.options()).await?;
    assert_eq!([&write[0], &write[1]], ["catamaran_app", role.name()]);
    assert_no_access::<Device>(&db, &store, [ADA, BOB], Through::Unit).await
}

/// The reason for which scoped work is refused, the same for every kind of call.
async fn refusal(store: &Store) -> String {
    let rows = store.repository::<Habit>(&scope(ADA));
    let unit = store.begin_write(&scope(ADA)).await;
    let read = store.begin_read(&scope(ADA)).await;
    let mut reasons: Vec<String> = [
        rows.find(ADA).await.err(),
        rows.delete(ADA, catamaran::Expected::Any).await.err(),
        habits(store, &scope(ADA)).streak(ADA).await.err(),
        unit.err(),
        read.err(),
    ]
    .into_iter()
    .map(|refused| match refused.expect("a refusal").kind() {
        ErrorKind::Permission { reason } => reason.to_string(),
        kind => panic!("{kind:?}"),
    })
    .collect();
    reasons.dedup();
    assert_eq!(reasons.len(), 1, "{reasons:?}");
    reasons.remove(0)
}

#[tokio::test]
async fn a_table_owner_outside_the_application_role_is_told_to_join_it() -> Result<()> {
    let db = postgres().await;
    let owner = Role::make(
        &db,
        &[
            "CREATE ROLE {role} LOGIN PASSWORD 'secret'",
            "ALTER TABLE devices OWNER TO {role}",
        ],
    )
    .await;
    let reason = refusal(&owner.options().open().await?).await;
    let remedy = format!("GRANT catamaran_app TO {}", owner.name());
    assert!(reason.contains("owns tables"), "{reason}");
    assert!(reason.contains(&remedy), "{reason}");

    // After the remedy the role may work.
    let admin = connect(db.url()).await?;
    admin.execute_unprepared(&remedy).await?;
    let store = owner.options().open().await?;
    assert_no_access::<Device>(&db, &store, [ADA, BOB], Through::Store).await
}

#[tokio::test]
async fn an_application_role_that_bypasses_policies_is_refused() -> Result<()> {
    let db = postgres().await;
    let wide = Role::make(&db, &["CREATE ROLE {role} BYPASSRLS"]).await;
    let reason = {
        let options = StoreOptions::new(db.url()).application_role(wide.name());
        refusal(&options.open().await?).await
    };
    assert!(reason.contains(wide.name()), "{reason}");
    assert!(reason.contains("BYPASSRLS"), "{reason}");
    Ok(())
}

#[tokio::test]
async fn an_application_role_that_owns_a_table_is_refused() -> Result<()> {
    let db = postgres().await;
    let wide = Role::make(
        &db,
        &[
            "CREATE ROLE {role}",
            "GRANT USAGE, CREATE ON SCHEMA public TO {role}",
            "ALTER TABLE devices OWNER TO {role}",
        ],
    )
    .await;
    let options = StoreOptions::new(db.url()).application_role(wide.name());
    let reason = refusal(&options.open().await?).await;
    assert!(reason.contains(wide.name()), "{reason}");
    assert!(reason.contains("owns tables"), "{reason}");
    Ok(())
}

#[tokio::test]
async fn an_application_role_that_does_not_exist_is_refused_with_a_remedy() -> Result<()> {
    let db = postgres().await;
    let options = StoreOptions::new(db.url()).application_role("suite_nobody");
    let reason = refusal(&options.open().await?).await;
    assert!(reason.contains("suite_nobody"), "{reason}");
    assert!(reason.contains("run the migrations"), "{reason}");
    Ok(())
}

#[tokio::test]
async fn a_role_that_may_become_one_that_bypasses_policies_is_refused() -> Result<()> {
    let db = postgres().await;
    let wide = Role::make(&db, &["CREATE ROLE {role} BYPASSRLS"]).await;
    let between = Role::make(&db, &["CREATE ROLE {role}"]).await;
    let admin = connect(db.url()).await?;
    let chain = format!("GRANT {} TO {}", wide.name(), between.name());
    admin.execute_unprepared(&chain).await?;

    // Through another role.
    let login = Role::granted(&db).await;
    let join = format!("GRANT {} TO {}", between.name(), login.name());
    admin.execute_unprepared(&join).await?;
    let reason = refusal(&login.options().open().await?).await;
    assert!(reason.contains(login.name()), "{reason}");
    assert!(reason.contains("member of a role"), "{reason}");

    // A role to switch to.
    let options = StoreOptions::new(db.url()).application_role(between.name());
    let reason = refusal(&options.open().await?).await;
    assert!(reason.contains(between.name()), "{reason}");

    // Such a login does its scoped work as the application's role, if it may.
    let remedy = format!("GRANT catamaran_app TO {}", login.name());
    admin.execute_unprepared(&remedy).await?;
    let store = login.options().open().await?;
    assert_no_access::<Device>(&db, &store, [ADA, BOB], Through::Unit).await
}

#[tokio::test]
async fn a_table_without_row_level_security_refuses_scoped_work() -> Result<()> {
    let db = postgres().await;
    let habit = OwnerRows::<Habit>::make(db.store(), ADA).await?.living;
    let admin = connect(db.url()).await?;
    admin
        .execute_unprepared("ALTER TABLE devices DISABLE ROW LEVEL SECURITY")
        .await?;

    // With the domain, all scoped work is refused: custom SQL may read any table.
    let store = StoreOptions::new(db.url()).domain(&entity::DOMAIN);
    let reason = refusal(&store.open().await?).await;
    assert_eq!(reason, "row level security of the table devices is off");

    // Without the domain, only work on the table is refused.
    let store = StoreOptions::new(db.url()).open().await?;
    let rows = store.repository::<Device>(&scope(ADA));
    for refused in [
        rows.find(ADA).await.err(),
        rows.count(&everything()).await.err(),
        rows.delete(ADA, catamaran::Expected::Any).await.err(),
    ] {
        match refused.expect("a refusal").kind() {
            ErrorKind::Permission { reason } => assert!(reason.contains("devices"), "{reason}"),
            kind => panic!("{kind:?}"),
        }
    }
    let habits = store.repository::<Habit>(&scope(ADA));
    assert_eq!(habits.get(habit.id).await?, habit);
    // In a unit a refused read leaves it as it was, and a refused write ends it.
    let unit = store.begin_write(&scope(ADA)).await?;
    let devices = unit.repository::<Device>();
    assert!(devices.find(ADA).await.is_err());
    let habits = unit.repository::<Habit>();
    assert_eq!(habits.get(habit.id).await?, habit);
    assert!(devices.delete_where(&Filter::none()).await.is_err());
    for ended in [
        devices.find(ADA).await.err(),
        devices.insert_many(vec![]).await.err(),
        habits.find(ADA).await.err(),
        unit.commit().await.err(),
    ] {
        let kind = ended.expect("the unit has ended").kind().clone();
        assert!(matches!(kind, ErrorKind::UnitEnded { .. }), "{kind:?}");
    }
    // The system's scope is allowed.
    let devices = store.repository::<Device>(&everyone());
    assert_eq!(devices.count(&everything()).await?, 0);
    Ok(())
}

#[tokio::test]
async fn an_owner_whose_table_is_not_forced_does_its_scoped_work_as_another() -> Result<()> {
    let db = postgres().await;
    let owner = Role::make(
        &db,
        &[
            "CREATE ROLE {role} LOGIN PASSWORD 'secret'",
            "GRANT USAGE ON SCHEMA public TO {role}",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
            "ALTER TABLE devices OWNER TO {role}",
            "ALTER TABLE devices NO FORCE ROW LEVEL SECURITY",
        ],
    )
    .await;
    let store = owner.options().domain(&entity::DOMAIN).open().await?;
    let reason = refusal(&store).await;
    assert!(reason.contains("owns tables"), "{reason}");
    let admin = connect(db.url()).await?;
    let remedy = format!("GRANT catamaran_app TO {}", owner.name());
    admin.execute_unprepared(&remedy).await?;
    let store = owner.options().domain(&entity::DOMAIN).open().await?;
    assert_no_access::<Device>(&db, &store, [ADA, BOB], Through::Store).await
}

/// Row level security hides the keys of all owners from it, so that a count of 0 would be wrong.
#[tokio::test]
async fn the_system_of_a_plain_role_cannot_forget_keys() -> Result<()> {
    let db = postgres().await;
    let role = Role::granted(&db).await;
    let store = role.options().open().await?;
    let key = Uuid::from_u128(7);
    let done = store
        .writing(&scope(ADA))
        .once(key, async |_| Ok::<_, Error>(()));
    done.await?;
    let later = DateTime::<Utc>::MAX_UTC.with_year(9_000).expect("a year");
    let forgotten = refused(store.forget_keys(&everyone(), later).await);
    assert!(
        matches!(forgotten, ErrorKind::Permission { .. }),
        "{forgotten:?}"
    );
    let looked_up = refused(store.was_done(&everyone(), key).await);
    assert!(
        matches!(looked_up, ErrorKind::Permission { .. }),
        "{looked_up:?}"
    );
    assert_eq!(store.forget_keys(&scope(ADA), later).await?, 1);
    Ok(())
}
