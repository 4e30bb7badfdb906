//! Every call of a repository, and what each one returned.

use catamaran::{
    AnyRepository, Error, Expected, Filter, Page, PageRequest, Query, Result, Scope, Store, Upsert,
    Value, Visibility,
};
use chrono::{DateTime, NaiveDate, Utc};
use entity::{Habit, HabitDraft, HabitPatch};
use futures_util::TryStreamExt;
use uuid::Uuid;

use crate::keys::{Counter, Day, Folder, Keyed, Label, Moment, Octet, Parcel, Rank, Seat, Shelf};
use crate::pages::forwards;
use crate::specimen::{Specimen, SpecimenDraft, SpecimenPatch};
use crate::users::{ADA, scope};

/// A habit without what differs from run to run.
fn plain(habit: &Habit) -> String {
    let Habit {
        name,
        color,
        sort_order,
        is_archived,
        version,
        ..
    } = habit;
    let deleted = habit.deleted_at.is_some();
    let order = habit.updated_at >= habit.created_at;
    format!("{name} {color} {sort_order} {is_archived} v{version} {deleted} {order}")
}

fn lines(habits: &[Habit]) -> String {
    habits.iter().map(plain).collect::<Vec<_>>().join(", ")
}

/// The custom query of the names of a tag, as text and as a number.
async fn custom(store: &Store, who: &Scope, tag: &str) -> Result<Vec<(String, i64)>> {
    match store.native::<Habit>(who) {
        AnyRepository::Sqlite(habits) => {
            let sql = "SELECT name, length(name) FROM habits WHERE cadence = ?1 ORDER BY name";
            habits.query_as(sql, vec![tag.to_owned().into()]).await
        }
        AnyRepository::Postgres(habits) => {
            let sql =
                "SELECT name, length(name)::int8 FROM habits WHERE cadence = $1 ORDER BY name";
            habits.query_as(sql, vec![tag.to_owned().into()]).await
        }
    }
}

/// A custom write to the rows of a tag.
async fn custom_write(store: &Store, who: &Scope, tag: &str) -> Result<u64> {
    let values = vec![Value::from(tag.to_owned())];
    match store.native::<Habit>(who) {
        AnyRepository::Sqlite(habits) => {
            let sql = "UPDATE habits SET color = '#000000' WHERE cadence = ?1";
            habits.execute(sql, values).await
        }
        AnyRepository::Postgres(habits) => {
            let sql = "UPDATE habits SET color = '#000000' WHERE cadence = $1";
            habits.execute(sql, values).await
        }
    }
}

/// Every call on habits of Ada, by Ada or by the system, and what each returned. `tag` marks the rows of this run.
///
/// # Errors
/// That of the first call that fails.
pub async fn on_habits(store: &Store, who: &Scope, tag: &str) -> Result<Vec<String>> {
    let mut said = Vec::new();
    let own = store.repository::<Habit>(&scope(ADA));
    let habits = store.repository::<Habit>(who);
    let draft = |name: &str| HabitDraft::new(name, tag);
    let of_tag = || Query::from(Habit::CADENCE.eq(tag)).order_by(Habit::NAME.asc());

    let made = own.insert(draft("b")).await?;
    said.push(format!("insert: {}", plain(&made)));
    let many = ["d", "a", "c"].map(draft).to_vec();
    said.push(format!(
        "insert_many: {}",
        lines(&own.insert_many(many).await?)
    ));
    let upserted = own.upsert(Upsert::new(draft("e"))).await?;
    said.push(format!("upsert: {}", plain(upserted.record())));
    let mut seen = habits.get(made.id).await?;
    said.push(format!("get: {}", plain(&seen)));
    seen.sort_order = 7;
    let upserted = habits.upsert_many(vec![Upsert::seen(seen)]).await?;
    said.push(format!("upsert_many: {}", plain(upserted[0].record())));
    let found = habits.find(made.id).await?;
    said.push(format!("find: {}", lines(found.as_slice())));
    said.push(format!("exists: {}", habits.exists(&of_tag()).await?));
    said.push(format!("count: {}", habits.count(&of_tag()).await?));
    let page: Page<Habit> = habits.list(&of_tag(), PageRequest::first(2)).await?;
    said.push(format!("list: {}", lines(&page.items)));
    let cursor = page.next.expect("a second page");
    let next = habits
        .list(&of_tag(), PageRequest::after(2, cursor))
        .await?;
    said.push(format!("next page: {}", lines(&next.items)));
    let streamed: Vec<Habit> = habits.stream(of_tag()).try_collect().await?;
    said.push(format!("stream: {}", lines(&streamed)));
    let mut changed = habits.get(made.id).await?;
    changed.is_archived = true;
    let updated = habits.update(changed).await?;
    said.push(format!("update: {}", plain(&updated)));
    let patch = || HabitPatch::new().color("#ffffff");
    let patched = habits.patch(made.id, Expected::Any, patch()).await?;
    said.push(format!("patch: {}", plain(&patched)));
    let stale = habits.patch(made.id, Expected::Version(1), patch()).await;
    said.push(format!(
        "stale patch: {:?}",
        stale.map_err(|error| error.kind().name())
    ));
    let stale = habits.delete(made.id, Expected::Version(1)).await;
    said.push(format!(
        "stale delete: {:?}",
        stale.map_err(|error| error.kind().name())
    ));
    habits.delete(made.id, Expected::Any).await?;
    said.push(format!("delete: {}", habits.count(&of_tag()).await?));
    let restored = habits.restore(made.id, Expected::Any).await?;
    said.push(format!("restore: {}", plain(&restored)));
    let a = || Habit::NAME.starts_with("a").and(Habit::CADENCE.eq(tag));
    said.push(format!(
        "patch_where: {}",
        habits.patch_where(&a(), patch()).await?
    ));
    said.push(format!(
        "delete_where: {}",
        habits.delete_where(&a()).await?
    ));
    said.push(format!(
        "purge: {}",
        habits.purge(DateTime::UNIX_EPOCH, 10).await?
    ));
    let all = of_tag().visibility(Visibility::All);
    said.push(format!("deleted rows too: {}", habits.count(&all).await?));
    said.push(format!(
        "custom query: {:?}",
        custom(store, who, tag).await?
    ));
    said.push(format!(
        "custom write: {}",
        custom_write(store, who, tag).await?
    ));

    let read = store.read(who, async |unit| {
        let habits = unit.repository::<Habit>();
        Ok::<_, Error>((habits.get(made.id).await?, habits.count(&of_tag()).await?))
    });
    said.push(format!(
        "read unit: {:?}",
        read.await.map(|(habit, count)| (plain(&habit), count))?
    ));
    let patched = store.writing(who).run(async |unit| {
        let habits = unit.repository::<Habit>();
        habits.lock(&[made.id]).await?;
        habits
            .patch(made.id, Expected::Any, HabitPatch::new().sort_order(9))
            .await?;
        habits.get(made.id).await
    });
    said.push(format!("write unit: {}", plain(&patched.await?)));
    let serial = store
        .writing(who)
        .serializable()
        .run(async |unit| unit.repository::<Habit>().count(&of_tag()).await);
    said.push(format!("serializable unit: {}", serial.await?));
    Ok(said)
}

const BLOB: [u8; 5] = [0, 1, 92, 39, 255];

fn day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2024, 2, 3).expect("a day of chrono's")
}

fn at() -> DateTime<Utc> {
    DateTime::from_timestamp(1_234_567_890, 123_456_000).expect("an instant of chrono's")
}

/// A row with a value of every type, and one with none.
fn specimens(tag: &str) -> Vec<SpecimenDraft> {
    let all = SpecimenDraft::new("it's \\ 'ü' \"x\" -- 😀")
        .note(tag.to_owned())
        .small(-7)
        .whole(i64::MIN)
        .ratio(0.1 + 0.2)
        .reading(1e-300)
        .flag(false)
        .day(day())
        .at(at())
        .link(Uuid::nil())
        .blob(BLOB.to_vec());
    let none = SpecimenDraft::new("").note(tag.to_owned());
    vec![all, none]
}

/// Every type of column: written by a call and by a bulk of rows, found by each value, and read back.
///
/// # Errors
/// That of the first call that fails.
pub async fn on_specimens(store: &Store, tag: &str) -> Result<Vec<String>> {
    let mut said = Vec::new();
    let rows = store.repository::<Specimen>(&Scope::system("every type"));
    let shown = |mut row: Specimen| {
        row.id = Uuid::nil();
        format!("{row:?}")
    };
    for draft in specimens(tag) {
        let row = rows.insert(draft).await?;
        let stored = rows.get(row.id).await?;
        assert_eq!(stored, row);
        said.push(format!("insert: {}", shown(stored)));
    }
    let made = rows.insert_many(specimens(tag)).await?;
    let link = made[1].id;
    let patch = SpecimenPatch::new().link(link).ratio(2.5);
    said.push(format!(
        "patch: {}",
        rows.patch(made[0].id, Expected::Any, patch).await?.ratio
    ));
    let of_tag = || Specimen::NOTE.eq(tag);
    let filters = [
        Specimen::LABEL.contains("\\ '"),
        Specimen::LABEL.contains_ignore_ascii_case("IT'S"),
        Specimen::SMALL.lt(0),
        Specimen::WHOLE.eq(i64::MIN),
        Specimen::RATIO.eq(0.1 + 0.2),
        Specimen::READING.le(1e-300),
        Specimen::FLAG.eq(false),
        Specimen::DAY.eq(day()),
        Specimen::AT.ge(at()),
        Specimen::LINK.eq(link),
        Specimen::BLOB.eq(BLOB.to_vec()),
        Specimen::DAY.is_null(),
        Specimen::SMALL.is_in([-7, 8]),
    ];
    for (number, filter) in filters.into_iter().enumerate() {
        let count = rows.count(&Query::from(of_tag().and(filter))).await?;
        said.push(format!("filter {number}: {count}"));
    }
    let query = Query::from(of_tag());
    for (name, order) in [
        ("label", Specimen::LABEL.asc()),
        ("ratio", Specimen::RATIO.desc()),
        ("small", Specimen::SMALL.asc()),
    ] {
        let all: Vec<Specimen> = rows
            .stream(query.clone().order_by(order))
            .try_collect()
            .await?;
        let values: Vec<_> = all
            .iter()
            .map(|row| (&row.label, row.ratio, row.small))
            .collect();
        said.push(format!("by {name}: {values:?}"));
    }
    Ok(said)
}

/// Calls by id on a row with each kind of key, in the scope of an owner, and what each returned.
///
/// # Errors
/// That of the first call that fails.
pub async fn on_keys(store: &Store) -> Result<Vec<String>> {
    let mut said = Vec::new();
    said.extend(on_key::<Label>(store).await?);
    said.extend(on_key::<Counter>(store).await?);
    said.extend(on_key::<Rank>(store).await?);
    said.extend(on_key::<Parcel>(store).await?);
    said.extend(on_key::<Seat>(store).await?);
    said.extend(on_key::<Folder>(store).await?);
    said.extend(on_key::<Day>(store).await?);
    said.extend(on_key::<Moment>(store).await?);
    said.extend(on_key::<Octet>(store).await?);
    said.extend(on_key::<Shelf>(store).await?);
    Ok(said)
}

async fn on_key<R: Keyed>(store: &Store) -> Result<Vec<String>> {
    let rows = store.repository::<R>(&scope(ADA));
    let draft = |number| R::draft(R::nth(number), "a note");
    let mut said = Vec::new();
    let mut say = |call: &str, found: &[R]| {
        let found = found.iter().map(|row| (row.id(), row.note().to_owned()));
        said.push(format!(
            "{} {call}: {:?}",
            R::TABLE.name,
            found.collect::<Vec<_>>()
        ));
    };
    say("insert", &[rows.insert(draft(4)).await?]);
    let many = [2, 0, 3, 1].map(draft).to_vec();
    say("insert_many", &rows.insert_many(many).await?);
    let upserted = rows.upsert(Upsert::new(draft(5))).await?;
    say("upsert", &[upserted.into_record()]);
    let seen = rows.get(R::nth(1)).await?.noted("seen");
    let upserted = rows
        .upsert_many(vec![Upsert::seen(seen), Upsert::new(draft(6))])
        .await?;
    let upserted: Vec<R> = upserted.into_iter().map(|one| one.into_record()).collect();
    say("upsert_many", &upserted);
    say("find", rows.find(R::nth(2)).await?.as_slice());
    say("find nothing", rows.find(R::nth(9)).await?.as_slice());
    let by_ids = || Query::from(Filter::ids([R::nth(5), R::nth(0), R::nth(9)]));
    say(
        "by ids",
        &rows.list(&by_ids(), PageRequest::first(10)).await?.items,
    );
    say("pages", &forwards(&*rows, &Query::all(), 2).await?);
    let by_note = Query::all().order_by(R::NOTE.desc());
    say(
        "by note",
        &rows.stream(by_note).try_collect::<Vec<_>>().await?,
    );
    let changed = rows.get(R::nth(3)).await?.noted("updated");
    say("update", &[rows.update(changed).await?]);
    say(
        "patch",
        &[rows
            .patch(R::nth(4), Expected::Any, R::patch("patched"))
            .await?],
    );
    let unit = store.begin_write(&scope(ADA)).await?;
    say(
        "lock",
        &unit.repository::<R>().lock(&[R::nth(6), R::nth(0)]).await?,
    );
    unit.commit().await?;
    let twice = rows
        .insert(draft(4))
        .await
        .map_err(|error| error.kind().clone());
    rows.delete(R::nth(2), Expected::Any).await?;
    say(
        "delete",
        &rows
            .list(&Query::all(), PageRequest::first(10))
            .await?
            .items,
    );
    let patched = rows
        .patch_where(&Filter::ids([R::nth(0), R::nth(1)]), R::patch("some"))
        .await?;
    said.push(format!("twice: {twice:?}, patch_where: {patched}"));
    Ok(said)
}
