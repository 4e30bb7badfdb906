//! A note, on both engines.

use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{ErrorKind, Expected, Result, Scope};
use entity::{Note, NoteDraft};
use migration::Migrator;
use uuid::Uuid;

/// A draft with the values that it must have.
fn draft() -> NoteDraft {
    NoteDraft::new("text")
}

#[twin_test(Migrator)]
async fn a_new_note_is_found_by_its_owner_only(db: &TwinDatabase) -> Result<()> {
    let scope = Scope::owner(Uuid::from_u128(1));
    let repository = db.store().repository::<Note>(&scope);
    let row = repository.insert(draft()).await?;

    assert_eq!(repository.find(row.id).await?.as_ref(), Some(&row));
    let of_another = db
        .store()
        .repository::<Note>(&Scope::owner(Uuid::from_u128(2)));
    assert_eq!(of_another.find(row.id).await?, None);
    Ok(())
}

#[twin_test(Migrator)]
async fn a_second_note_with_the_same_values_is_refused_until_the_first_one_is_deleted(
    db: &TwinDatabase,
) -> Result<()> {
    let scope = Scope::owner(Uuid::from_u128(1));
    let repository = db.store().repository::<Note>(&scope);
    let row = repository.insert(draft()).await?;

    let again = repository.insert(draft()).await;

    let error = again.expect_err("the first one has the values");
    assert!(matches!(error.kind(), ErrorKind::Unique { .. }), "{error}");
    repository.delete(row.id, Expected::Any).await?;
    repository.insert(draft()).await?;
    Ok(())
}
