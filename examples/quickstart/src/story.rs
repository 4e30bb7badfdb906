//! The ten steps. None of them knows the engine.

use catamaran::{
    Error, ErrorKind, Expected, IdSource, PageRequest, Query, Result, Scope, Store, Upsert,
    Upserted, UuidV7,
};
use entity::{Device, DeviceDraft, Entry, EntryDraft, Habit, HabitDraft, HabitPatch, habits};

/// Runs all steps with two new owners, so that the output is the same each time.
pub async fn tell(store: &Store) -> Result<()> {
    let ann = Scope::owner(UuidV7.next_id());
    let bob = Scope::owner(UuidV7.next_id());

    scene("Ann writes down six habits. Drafts go in, rows come out.");
    let notebook = store.repository::<Habit>(&ann);
    let drafts = ["run", "read", "row", "rest", "rinse", "repeat"]
        .iter()
        .zip(1..)
        .map(|(name, place)| HabitDraft::new(*name, "daily").sort_order(place))
        .collect();
    let written = notebook.insert_many(drafts).await?;
    for habit in &written {
        line(&format!(
            "{:<7} {} {} version {}",
            habit.name, habit.cadence, habit.color, habit.version
        ));
    }
    let run = &written[0];

    scene("She asks for those with an \"r\" in front and an \"e\" second, two at a time.");
    let query = Habit::NAME.starts_with("re").order_by(Habit::NAME.asc());
    line(&format!("{} in all", notebook.count(&query).await?));
    let first = notebook.list(&query, PageRequest::first(2)).await?;
    line(&format!("first page: {}", names(&first.items)));
    if let Some(next) = first.next {
        let second = notebook.list(&query, PageRequest::after(2, next)).await?;
        line(&format!("next page:  {}", names(&second.items)));
    }

    scene("Two windows show the same habit. The second save is a conflict.");
    let mut early = notebook.get(run.id).await?;
    let mut late = early.clone();
    early.name = "run 5 km".to_owned();
    let saved = notebook.update(early).await?;
    line(&format!("saved: {}, version {}", saved.name, saved.version));
    late.name = "run 10 km".to_owned();
    refused(&notebook.update(late).await.map(drop));

    scene("Bob looks for Ann's habit, and tries to change it.");
    let stranger = store.repository::<Habit>(&bob);
    line(&format!(
        "Bob finds: {}",
        stranger.find(run.id).await?.is_some()
    ));
    line(&format!(
        "Bob counts: {}",
        stranger.count(&Query::all()).await?
    ));
    let mine_now = HabitPatch::new().name("Bob's");
    refused(
        &stranger
            .patch(run.id, Expected::Any, mine_now)
            .await
            .map(drop),
    );

    scene("Ann deletes a habit, misses it, and brings it back.");
    notebook
        .delete(run.id, Expected::Version(saved.version))
        .await?;
    line(&format!(
        "found after delete: {}",
        notebook.find(run.id).await?.is_some()
    ));
    let back = notebook.restore(run.id, Expected::Any).await?;
    line(&format!(
        "restored: {}, version {}",
        back.name, back.version
    ));

    scene("She keeps it for some days. One entry a day, and no two.");
    let diary = store.repository::<Entry>(&ann);
    for day in ["2026-02-27", "2026-02-28", "2026-03-01", "2026-03-05"] {
        diary.insert(entry(run, day)).await?;
    }
    refused(&diary.insert(entry(run, "2026-03-05")).await.map(drop));
    let streak = habits(store, &ann).streak(run.id).await?;
    line(&format!(
        "longest run: {} days, current run: {} day",
        streak.longest, streak.current
    ));

    scene("A unit of work that fails leaves nothing behind.");
    let before = notebook.count(&Query::all()).await?;
    let failed: Result<()> = store
        .write(&ann, async |unit| {
            let habits = unit.repository::<Habit>();
            let dance = habits.insert(HabitDraft::new("dance", "weekly")).await?;
            let entries = unit.repository::<Entry>();
            entries.insert(entry(&dance, "2026-03-06")).await?;
            entries.insert(entry(&dance, "2026-03-06")).await?;
            Ok(())
        })
        .await;
    refused(&failed);
    let after = notebook.count(&Query::all()).await?;
    line(&format!("habits before and after: {before} and {after}"));

    scene("A device is announced twice, and once with news.");
    let devices = store.repository::<Device>(&ann);
    let phone = DeviceDraft::new("ios").id(UuidV7.next_id());
    let mut known = None;
    for _ in 0..2 {
        let outcome = devices.upsert(Upsert::new(phone.clone())).await?;
        line(&format!(
            "{}: {}",
            outcome_name(&outcome),
            outcome.record().platform
        ));
        known = Some(outcome.into_record());
    }
    if let Some(mut device) = known {
        device.platform = "ipados".to_owned();
        let outcome = devices.upsert(Upsert::seen(device)).await?;
        line(&format!(
            "{}: {}",
            outcome_name(&outcome),
            outcome.record().platform
        ));
    }

    scene("What was deleted is purged, and its entries go with it.");
    notebook.delete(run.id, Expected::Any).await?;
    line(&format!(
        "entries before: {}",
        diary.count(&Query::all()).await?
    ));
    let end_of_time = run.created_at + std::time::Duration::from_secs(86_400);
    let purged = notebook.purge(end_of_time, 100).await?;
    line(&format!("habits purged: {purged}"));
    line(&format!(
        "entries after: {}",
        diary.count(&Query::all()).await?
    ));

    scene("Ann cleans up in one call.");
    let gone = notebook.delete_where(&Habit::CADENCE.eq("daily")).await?;
    line(&format!("habits deleted: {gone}"));
    Ok(())
}

fn entry(habit: &Habit, day: &str) -> EntryDraft {
    // The dates are the valid literals above.
    EntryDraft::new(
        habit.id,
        day.parse::<chrono::NaiveDate>().unwrap_or_default(),
    )
}

fn names(habits: &[Habit]) -> String {
    let names: Vec<&str> = habits.iter().map(|habit| habit.name.as_str()).collect();
    names.join(", ")
}

fn outcome_name<R>(outcome: &Upserted<R>) -> &'static str {
    match outcome {
        Upserted::Inserted(_) => "inserted",
        Upserted::Updated(_) => "updated",
        Upserted::Unchanged(_) => "unchanged",
    }
}

/// Prints the reason of a refused call, without the row's id.
fn refused(result: &Result<()>) {
    let why = match result.as_ref().map_err(Error::kind) {
        Ok(()) => "not refused".to_owned(),
        Err(ErrorKind::Conflict { table, reason, .. }) => format!("{table} row {reason}"),
        Err(ErrorKind::NotFound { table, .. }) => format!("no such {table} row"),
        Err(kind) => kind.to_string(),
    };
    line(&format!("refused: {why}"));
}

fn scene(title: &str) {
    println!("\n{title}");
}

fn line(text: &str) {
    println!("    {text}");
}
