//! What the vault asks, on a SQLite file or on the database of a URL: `cargo run -p vault -- URL`.

use std::process::ExitCode;

use catamaran::{
    Clock, IdSource, PageRequest, Result, Scope, Store, StoreOptions, SystemClock, UuidV7,
};
use clap::Parser;
use serde_json::json;
use vault::{
    Collection, CollectionDraft, CollectionItem, CollectionItemDraft, CollectionUser,
    CollectionUserDraft, Event, EventDraft, Folder, FolderDraft, Item, ItemDraft, Kind,
    Organization, OrganizationDraft, Price, Reprompt, User, items, questions, users,
};

/// Fill a vault for two new users, and ask what the application asks
#[derive(Parser)]
#[command(name = "vault")]
struct Arguments {
    /// The database: sqlite://file?mode=rwc or postgres://user:password@host/database
    #[arg(default_value = "sqlite://vault.db?mode=rwc")]
    url: String,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Arguments { url } = Arguments::parse();
    match run(url).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("vault: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(url: String) -> Result<()> {
    catamaran::migrate::up::<vault::migration::History>(&url).await?;
    let options = StoreOptions::new(url).domain(&vault::DOMAIN);
    let store = options.application_name("vault").open().await?;
    tour(&store).await?;
    store.close();
    Ok(())
}

/// Each run has users of its own, so that its output is the same.
async fn tour(store: &Store) -> Result<()> {
    let address = |name: &str| format!("{name}.{}@example.org", UuidV7.next_id());
    let (anns, bobs) = (address("Ann"), address("Bob"));
    let (ann, home) = questions::register(store, &anns, "Ann", "home").await?;
    let (bob, _) = questions::register(store, &bobs, "Bob", "work").await?;
    println!("registered: {} and {}", ann.name, bob.name);
    let (hers, his) = (Scope::owner(ann.id), Scope::owner(bob.id));
    let found = users(store, &hers).by_email(&anns.to_uppercase()).await?;
    println!(
        "found by address in capitals: {:?}",
        found.map(|user| user.name)
    );

    let folders = store.repository::<Folder>(&hers);
    let bank = folders.insert(FolderDraft::new("bank")).await?;
    let items_of_ann = items(store, &hers);
    let drafts = vec![
        item(Kind::Login, "wifi")
            .folder_id(home.id)
            .price(Price::of_units::<1250>()),
        item(Kind::Card, "card").folder_id(bank.id).favourite(true),
        item(Kind::Note, "diary").reprompt(Reprompt::Password),
    ];
    let kept = items_of_ann.insert_many(drafts).await?;
    for (folder, item) in items_of_ann.by_folder_name().await? {
        println!(
            "in {}: {}",
            folder.as_deref().unwrap_or("no folder"),
            item.name
        );
    }
    for total in items_of_ann.totals().await? {
        println!(
            "of kind {:?}: {}, for {}",
            total.kind, total.items, total.price
        );
    }

    let event = share(store, &kept[0], &bob).await?;
    let names: Vec<String> = items(store, &his)
        .visible()
        .await?
        .into_iter()
        .map(|item| item.name)
        .collect();
    println!("Bob sees: {}", names.join(", "));

    questions::delete_folder(store, ann.id, home.id).await?;
    let outside = items_of_ann
        .count(&Item::FOLDER_ID.is_null().into())
        .await?;
    println!("without a folder, after one was deleted: {outside}");
    let moved = questions::move_item(store, kept[0].id, bob.id).await?;
    println!(
        "moved to Bob: {moved}, and left to Ann: {}",
        items_of_ann.names().await?.len()
    );
    let everybodys = questions::count_everybodys_items(store).await?;
    println!("an administrator sees at least three: {}", everybodys >= 3);

    let today = event.happened_at.date_naive();
    let page = questions::events_of_day(store, today, PageRequest::first(1)).await?;
    println!(
        "the last event of the day is of kind {:?}",
        page.items.first().map(|event| event.kind)
    );
    Ok(())
}

fn item(kind: Kind, name: &str) -> ItemDraft {
    ItemDraft::new(kind, name, json!({ "notes": "from the tour" }))
}

/// Puts an item into a collection of which somebody is a user, and returns the event of that.
async fn share(store: &Store, item: &Item, with: &User) -> Result<Event> {
    let now = SystemClock.now();
    // None of these tables has an owner.
    let scope = Scope::system("an item is shared");
    let unit = store.write(&scope, async |unit| {
        let team = OrganizationDraft::new("team");
        let team = unit.repository::<Organization>().insert(team).await?;
        let office = CollectionDraft::new(team.id, "office");
        let office = unit.repository::<Collection>().insert(office).await?;
        let shared = CollectionItemDraft::new(office.id, item.id);
        unit.repository::<CollectionItem>().insert(shared).await?;
        let user = CollectionUserDraft::new(office.id, with.id).read_only(true);
        unit.repository::<CollectionUser>().insert(user).await?;
        let event = EventDraft::new(7, now).user_id(with.id);
        unit.repository::<Event>().insert(event).await
    });
    unit.await
}
