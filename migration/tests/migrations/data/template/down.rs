use catamaran::migrate::data::v1::{Batch, Error, Next};

/// Reverts the rows of one batch. Return `Ok(Next::Done)` if there is nothing to revert, and an error that says why if
/// there is no way back.
pub async fn step(batch: &mut Batch<'_>) -> Result<Next, Error> {
    let _ = batch;
    Err(Error::new("not written yet: write the way back in down.rs"))
}
