use catamaran::migrate::data::v1::{Batch, Error, Next};

pub async fn step(batch: &mut Batch<'_>) -> Result<Next, Error> {
    let after = batch.cursor::<i64>()?.unwrap_or(0);
    let rows = batch
        .select(
            "SELECT id, city FROM person WHERE id > $1 ORDER BY id LIMIT 300",
            [after.into()],
        )
        .await?;
    let Some(last) = rows.last() else {
        return Ok(Next::Done);
    };
    let next = Next::after(last.get::<i64>("id")?);
    let mut cities = Vec::new();
    for row in &rows {
        let (id, city): (i64, String) = (row.get("id")?, row.get("city")?);
        cities.push([id.into(), city.to_uppercase().into()]);
    }
    batch
        .insert("address", ["person_id", "city"], cities)
        .await?;
    Ok(next)
}
