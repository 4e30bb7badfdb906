use catamaran::migrate::data::v1::{Batch, Error, Next};

/// Changes the rows of one batch. Databases record the checksum of this file, so use nothing of other files that may
/// change: no entity, no record, no constant.
pub async fn step(batch: &mut Batch<'_>) -> Result<Next, Error> {
    // let after = batch.cursor::<Uuid>()?.unwrap_or_default();
    // let rows = batch
    //     .select(
    //         "SELECT id, name FROM people WHERE id > $1 ORDER BY id LIMIT 1000",
    //         [after.into()],
    //     )
    //     .await?;
    // let Some(last) = rows.last() else {
    //     return Ok(Next::Done);
    // };
    // let next = Next::after(last.get::<Uuid>("id")?);
    // for row in &rows {
    //     let (id, name): (Uuid, String) = (row.get("id")?, row.get("name")?);
    //     batch
    //         .execute("UPDATE people SET given = $2 WHERE id = $1", [id.into(), name.into()])
    //         .await?;
    // }
    // Ok(next)
    let _ = batch;
    Err(Error::new("not written yet: write the step in up.rs"))
}
