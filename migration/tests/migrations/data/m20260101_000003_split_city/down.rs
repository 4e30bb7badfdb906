use catamaran::migrate::data::v1::{Batch, Error, Next};

pub async fn step(batch: &mut Batch<'_>) -> Result<Next, Error> {
    let before = batch.cursor::<i64>()?.unwrap_or(i64::MAX);
    let rows = batch
        .select(
            "SELECT person_id FROM address WHERE person_id < $1 ORDER BY person_id DESC LIMIT 300",
            [before.into()],
        )
        .await?;
    let Some(last) = rows.last() else {
        return Ok(Next::Done);
    };
    let least: i64 = last.get("person_id")?;
    batch
        .execute(
            "DELETE FROM address WHERE person_id >= $1 AND person_id < $2",
            [least.into(), before.into()],
        )
        .await?;
    Ok(Next::after(least))
}
