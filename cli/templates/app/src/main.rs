//! Adds a note to a database, and lists the notes.

use std::process::ExitCode;

use catamaran::{PageRequest, Query, Scope, StoreOptions};
use entity::{Note, NoteDraft};
use uuid::Uuid;

#[tokio::main]
async fn main() -> ExitCode {
    let url = std::env::var("DATABASE_URL");
    let url = url.unwrap_or_else(|_| "sqlite://app.db?mode=rwc".to_owned());
    match run(url).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{{name}}: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(url: String) -> catamaran::Result<()> {
    catamaran::migrate::up::<migration::History>(&url).await?;
    let store = StoreOptions::new(url)
        .domain(&entity::DOMAIN)
        .application_name("{{name}}")
        .open()
        .await?;
    // The id of the user who is logged in.
    let user = Uuid::from_u128(1);
    let notes = store.repository::<Note>(&Scope::owner(user));

    let number = notes.count(&Query::all()).await? + 1;
    let draft = NoteDraft::new(format!("note {number}"));
    notes.insert(draft).await?;

    let query = Query::all().order_by(Note::CREATED_AT.asc());
    for note in notes.list(&query, PageRequest::first(100)).await?.items {
        println!("{} ({} stars)", note.title, note.stars);
    }
    store.close();
    Ok(())
}
