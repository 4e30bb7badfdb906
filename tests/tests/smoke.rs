use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::*;
use entity::*;
use uuid::Uuid;

#[twin_test(migration::Migrator, everywhere)]
async fn smoke(db: &TwinDatabase) -> Result<()> {
    let owner = Scope::owner(Uuid::from_u128(7));
    let habits = db.store().repository::<Habit>(&owner);
    let h = habits.insert(HabitDraft::new("run", "daily")).await?;
    assert_eq!(habits.get(h.id).await?, h);
    let mut u = h.clone();
    u.name = "walk".into();
    let u = habits.update(u).await?;
    assert_eq!(u.version, 2);
    let e = habits.update(h.clone()).await.unwrap_err();
    assert!(e.is_conflict(), "{e:?}");
    let many = habits
        .insert_many(
            (0..1234)
                .map(|i| HabitDraft::new(format!("n{i}"), "x").sort_order(i % 7))
                .collect(),
        )
        .await?;
    assert_eq!(habits.count(&Query::all()).await?, 1235);
    let mut ups: Vec<_> = many
        .iter()
        .take(3)
        .cloned()
        .map(|mut h| {
            h.color = "red".into();
            Upsert::seen(h)
        })
        .collect();
    ups.push(Upsert::seen(many[5].clone()));
    ups.push(Upsert::new(HabitDraft::new("new", "daily")));
    let done = habits.upsert_many(ups).await?;
    assert!(matches!(done[0], Upserted::Updated(_)));
    assert!(matches!(done[3], Upserted::Unchanged(_)));
    assert!(matches!(done[4], Upserted::Inserted(_)));
    let q = Habit::NAME
        .starts_with("n")
        .and(Habit::SORT_ORDER.is_in([1, 2, 3]))
        .order_by(Habit::SORT_ORDER.desc());
    let mut seen = 0;
    let mut page = habits.list(&q, PageRequest::first(100)).await?;
    loop {
        seen += page.items.len();
        let Some(next) = page.next else { break };
        page = habits.list(&q, PageRequest::after(100, next)).await?;
    }
    assert_eq!(seen as u64, habits.count(&q).await?);
    habits.delete(u.id, Expected::Any).await?;
    assert!(habits.find(u.id).await?.is_none());
    let r = habits.restore(u.id, Expected::Any).await?;
    assert_eq!(r.version, 4);
    let other = db
        .store()
        .repository::<Habit>(&Scope::owner(Uuid::from_u128(8)));
    assert!(other.find(u.id).await?.is_none());
    let sys = db.store().repository::<Habit>(&Scope::system("test"));
    assert!(sys.find(u.id).await?.is_some());
    let n = habits
        .patch_where(
            &Habit::SORT_ORDER.eq(1),
            HabitPatch::new().is_archived(true),
        )
        .await?;
    assert!(n > 10);
    let n = habits.delete_where(&Habit::IS_ARCHIVED.eq(true)).await?;
    assert!(n > 10);
    assert!(
        habits
            .purge("2100-01-01T00:00:00Z".parse().unwrap(), 5)
            .await?
            == 5
    );
    Ok(())
}
