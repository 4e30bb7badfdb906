//! The contents of attachments.

use catamaran::record::MAX_BYTES;
use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{ErrorKind, Expected, Result};
use vault::{Attachment, AttachmentDraft, Item, Kind};

use crate::people::{ann, everybodys, item, owned};

#[twin_test(vault::migration::Migrator)]
async fn an_attachment_has_at_most_a_mebibyte(db: &TwinDatabase) -> Result<()> {
    let (ann, _) = ann(db).await?;
    let diary = owned::<Item>(db, ann.id)
        .insert(item(Kind::Note, "diary"))
        .await?;
    let attachments = everybodys::<Attachment>(db);
    let draft = |id: &str, bytes| AttachmentDraft::new(id, diary.id, "page.pdf", vec![0xff; bytes]);

    let largest = attachments.insert(draft("a", MAX_BYTES)).await?;
    let larger = attachments.insert(draft("b", MAX_BYTES + 1)).await;

    assert_eq!(attachments.get("a".to_owned()).await?, largest);
    let error = larger.expect_err("it is too long");
    assert!(
        matches!(error.kind(), ErrorKind::InvalidValue { .. }),
        "{error}"
    );
    // It goes with its item.
    owned::<Item>(db, ann.id)
        .delete(diary.id, Expected::Any)
        .await?;
    assert_eq!(attachments.find("a".to_owned()).await?, None);
    Ok(())
}
