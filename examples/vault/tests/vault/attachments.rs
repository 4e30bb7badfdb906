//! The contents of attachments.

use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{ErrorKind, Expected, InvalidReason, Query, Result};
use futures_util::TryStreamExt;
use vault::{Attachment, AttachmentDraft, Item, Kind, MAX_ATTACHMENT};

use crate::people::{ann, everybodys, item, owned};

/// Contents that do not compress.
fn noise(bytes: usize, mut seed: u64) -> Vec<u8> {
    let mut content = Vec::with_capacity(bytes + 8);
    while content.len() < bytes {
        // <https://www.jstatsoft.org/article/view/v008i14>
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        content.extend(seed.to_le_bytes());
    }
    content.truncate(bytes);
    content
}

#[twin_test(vault::migration::Migrator)]
async fn an_attachment_has_at_most_ten_mebibytes(db: &TwinDatabase) -> Result<()> {
    let (ann, _) = ann(db).await?;
    let diary = owned::<Item>(db, ann.id)
        .insert(item(Kind::Note, "diary"))
        .await?;
    let attachments = everybodys::<Attachment>(db);
    let draft = |id: &str, bytes| AttachmentDraft::new(id, diary.id, "page.pdf", noise(bytes, 7));

    let largest = attachments.insert(draft("a", MAX_ATTACHMENT)).await?;
    let larger = attachments.insert(draft("b", MAX_ATTACHMENT + 1)).await;

    assert!(attachments.get("a".to_owned()).await? == largest);
    let error = larger.expect_err("it is too long");
    let max_bytes = MAX_ATTACHMENT;
    assert!(
        matches!(error.kind(), ErrorKind::InvalidValue { reason, .. } if *reason == InvalidReason::TooLong { max_bytes }),
        "{error}"
    );
    // It goes with its item.
    owned::<Item>(db, ann.id)
        .delete(diary.id, Expected::Any)
        .await?;
    assert_eq!(attachments.count(&Query::all()).await?, 0);
    Ok(())
}

/// So many rows are copied on Postgres: here in several copies, each of several rows.
#[twin_test(vault::migration::Migrator)]
async fn many_attachments_are_more_than_one_message(db: &TwinDatabase) -> Result<()> {
    const ROWS: u64 = 208;
    const BYTES: usize = 256 * 1024;
    let (ann, _) = ann(db).await?;
    let diary = owned::<Item>(db, ann.id)
        .insert(item(Kind::Note, "diary"))
        .await?;
    let attachments = everybodys::<Attachment>(db);
    let drafts = (1..=ROWS).map(|nth| {
        AttachmentDraft::new(format!("{nth:03}"), diary.id, "page.pdf", noise(BYTES, nth))
    });
    let expected = attachments.insert_many(drafts.collect()).await?;
    let mut stored: Vec<Attachment> = attachments.stream(Query::all()).try_collect().await?;
    stored.sort_by(|one, other| one.id.cmp(&other.id));
    assert!(stored == expected);
    Ok(())
}
