//! What the application asks.

use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{ErrorKind, Expected, PageRequest, Query, Result, Scope};
use chrono::{NaiveDate, NaiveTime, TimeDelta};
use uuid::Uuid;
use vault::{
    Event, EventDraft, Folder, FolderDraft, Item, Kind, Price, User, items, questions, users,
};

use crate::people::{ann, bob, everybodys, everyone, item, owned};

#[twin_test(vault::migration::Migrator)]
async fn a_user_is_found_by_the_address_in_any_case(db: &TwinDatabase) -> Result<()> {
    let (ann, _) = ann(db).await?;
    bob(db).await?;
    let users = users(db.store(), &everyone());
    for email in ["Ann@example.org", "ann@example.org", "ANN@EXAMPLE.ORG"] {
        assert_eq!(users.by_email(email).await?.as_ref(), Some(&ann), "{email}");
    }
    assert_eq!(users.by_email("ann@example.com").await?, None);
    // The trait extends the repository.
    assert_eq!(users.count(&User::NAME.eq("Ann").into()).await?, 1);
    Ok(())
}

#[twin_test(vault::migration::Migrator)]
async fn who_registers_has_a_first_folder_or_is_not_registered(db: &TwinDatabase) -> Result<()> {
    let (ann, home) = ann(db).await?;
    assert_eq!(home.owner_id, ann.id);
    assert_eq!(owned::<Folder>(db, ann.id).get(home.id).await?, home);

    let again = questions::register(db.store(), "ANN@example.org", "Anna", "home").await;

    let error = again.expect_err("the address is taken");
    assert!(
        matches!(error.kind(), ErrorKind::Unique { constraint: Some(name), .. } if name == "uq_users__email"),
        "{error:?}"
    );
    assert_eq!(everybodys::<User>(db).count(&Query::all()).await?, 1);
    assert_eq!(everybodys::<Folder>(db).count(&Query::all()).await?, 1);
    Ok(())
}

#[twin_test(vault::migration::Migrator)]
async fn items_are_ordered_by_the_names_of_their_folders(db: &TwinDatabase) -> Result<()> {
    let (ann, home) = ann(db).await?;
    let (bob, _) = bob(db).await?;
    let bank = owned::<Folder>(db, ann.id)
        .insert(FolderDraft::new("bank"))
        .await?;
    let drafts = vec![
        item(Kind::Login, "wifi")
            .folder_id(home.id)
            .price(Price::of_units::<1999>()),
        item(Kind::Note, "note"),
        item(Kind::Card, "card").folder_id(bank.id),
        item(Kind::Login, "alarm")
            .folder_id(home.id)
            .price(Price::of_units::<99_999_999_999>()),
    ];
    owned::<Item>(db, ann.id).insert_many(drafts).await?;
    owned::<Item>(db, bob.id)
        .insert(item(Kind::Login, "bob's"))
        .await?;

    let hers = items(db.store(), &Scope::owner(ann.id));
    let ordered = hers.by_folder_name().await?;

    let ordered: Vec<_> = ordered
        .iter()
        .map(|(folder, item)| (folder.as_deref(), item.name.as_str()))
        .collect();
    assert_eq!(
        ordered,
        [
            (Some("bank"), "card"),
            (Some("home"), "alarm"),
            (Some("home"), "wifi"),
            (None, "note")
        ]
    );
    let names = hers.names().await?;
    let names: Vec<_> = names.iter().map(|item| item.name.as_str()).collect();
    assert_eq!(names, ["alarm", "card", "note", "wifi"]);
    let totals = hers.totals().await?;
    let totals: Vec<_> = totals
        .iter()
        .map(|total| (total.kind, total.items, total.price.to_string()))
        .collect();
    let of = |kind, items, price: &str| (kind, items, price.to_owned());
    assert_eq!(
        totals,
        [
            of(Kind::Login, 2, "1000000019.98"),
            of(Kind::Note, 1, "0.00"),
            of(Kind::Card, 1, "0.00")
        ]
    );
    // The system's scope sees everybody's.
    assert_eq!(items(db.store(), &everyone()).names().await?.len(), 5);
    Ok(())
}

#[twin_test(vault::migration::Migrator)]
async fn an_administrator_counts_everybodys_items(db: &TwinDatabase) -> Result<()> {
    let ((ann, _), (bob, _)) = (ann(db).await?, bob(db).await?);
    for owner in [ann.id, bob.id] {
        owned::<Item>(db, owner)
            .insert(item(Kind::Login, "wifi"))
            .await?;
    }
    assert_eq!(questions::count_everybodys_items(db.store()).await?, 2);
    assert_eq!(owned::<Item>(db, ann.id).count(&Query::all()).await?, 1);
    Ok(())
}

#[twin_test(vault::migration::Migrator)]
async fn an_item_moves_to_another_owner_and_out_of_its_folder(db: &TwinDatabase) -> Result<()> {
    let ((ann, home), (bob, _)) = (ann(db).await?, bob(db).await?);
    let wifi = item(Kind::Login, "wifi").folder_id(home.id);
    let wifi = owned::<Item>(db, ann.id).insert(wifi).await?;

    assert!(questions::move_item(db.store(), wifi.id, bob.id).await?);

    assert_eq!(owned::<Item>(db, ann.id).find(wifi.id).await?, None);
    let moved = owned::<Item>(db, bob.id).get(wifi.id).await?;
    let expected = Item {
        owner_id: bob.id,
        folder_id: None,
        ..wifi
    };
    assert_eq!(moved, expected);
    assert!(!questions::move_item(db.store(), Uuid::from_u128(1), bob.id).await?);
    let nobody = questions::move_item(db.store(), wifi.id, Uuid::from_u128(1)).await;
    let error = nobody.expect_err("there is no such user");
    assert!(
        matches!(error.kind(), ErrorKind::ForeignKey { .. }),
        "{error}"
    );
    Ok(())
}

#[twin_test(vault::migration::Migrator)]
async fn the_items_of_a_deleted_folder_stay(db: &TwinDatabase) -> Result<()> {
    let ((ann, home), (bob, _)) = (ann(db).await?, bob(db).await?);
    let wifi = item(Kind::Login, "wifi").folder_id(home.id);
    let wifi = owned::<Item>(db, ann.id).insert(wifi).await?;
    let theirs = questions::delete_folder(db.store(), bob.id, home.id).await;
    let error = theirs.expect_err("the folder of another owner");
    assert!(
        matches!(error.kind(), ErrorKind::NotFound { .. }),
        "{error}"
    );

    questions::delete_folder(db.store(), ann.id, home.id).await?;

    assert_eq!(owned::<Folder>(db, ann.id).find(home.id).await?, None);
    let expected = Item {
        folder_id: None,
        ..wifi
    };
    assert_eq!(owned::<Item>(db, ann.id).get(expected.id).await?, expected);
    Ok(())
}

#[twin_test(vault::migration::Migrator)]
async fn an_item_is_never_in_the_folder_of_another_owner(db: &TwinDatabase) -> Result<()> {
    let ((_, home), (bob, _)) = (ann(db).await?, bob(db).await?);
    let item = item(Kind::Login, "wifi").folder_id(home.id);
    let refused = owned::<Item>(db, bob.id).insert(item).await;
    let error = refused.expect_err("the folder is Ann's");
    assert!(
        matches!(error.kind(), ErrorKind::ForeignKey { .. }),
        "{error}"
    );
    Ok(())
}

#[twin_test(vault::migration::Migrator)]
async fn the_events_of_a_day_are_paged_the_newest_first(db: &TwinDatabase) -> Result<()> {
    let (ann, _) = ann(db).await?;
    let day = NaiveDate::from_ymd_opt(2026, 11, 26).expect("a day");
    let begin = day.and_time(NaiveTime::MIN).and_utc();
    // One a quarter of an hour, from a quarter before the day to its end, and one after.
    let times = (-1..=96).map(|nth| begin + TimeDelta::minutes(15 * nth));
    let drafts = times.map(|time| EventDraft::new(1, time).user_id(ann.id));
    everybodys::<Event>(db)
        .insert_many(drafts.collect())
        .await?;

    let mut found = Vec::new();
    let mut next = Some(PageRequest::first(40));
    while let Some(request) = next {
        let page = questions::events_of_day(db.store(), day, request).await?;
        found.extend(page.items);
        next = page.next.map(|cursor| PageRequest::after(40, cursor));
    }

    let times: Vec<_> = found.iter().map(|event| event.happened_at).collect();
    let expected = (0..96)
        .rev()
        .map(|nth| begin + TimeDelta::minutes(15 * nth));
    assert_eq!(times, expected.collect::<Vec<_>>());
    // The events of a user who is deleted stay.
    everybodys::<User>(db).delete(ann.id, Expected::Any).await?;
    let event = everybodys::<Event>(db).get(found[0].id).await?;
    assert_eq!(
        event,
        Event {
            user_id: None,
            ..found[0].clone()
        }
    );
    Ok(())
}
