//! The answers to a statement, or to the statements of one message.

use futures_util::TryStreamExt;
use futures_util::stream::BoxStream;
use sqlx::Either;
use sqlx::postgres::{PgQueryResult, PgRow};

use crate::model::error::{Error, Result};

/// Reads the answers to their end, also after a row that `on_row` refuses: an error in the rest would be that of the next
/// statement, perhaps of another caller. Returns how many rows were changed or returned.
///
/// # Errors
/// That of the database; otherwise the first one of `on_row`.
pub(super) async fn read(
    mut answers: BoxStream<'_, Result<Either<PgQueryResult, PgRow>, sqlx::Error>>,
    mut on_row: impl FnMut(PgRow) -> Result<()> + Send,
    classify: impl Fn(sqlx::Error) -> Error + Send,
) -> Result<u64> {
    let mut rows = 0;
    let mut unreadable = None;
    while let Some(answer) = answers.try_next().await.map_err(&classify)? {
        match answer {
            Either::Left(done) => rows += done.rows_affected(),
            Either::Right(row) if unreadable.is_none() => unreadable = on_row(row).err(),
            Either::Right(_) => {}
        }
    }
    unreadable.map_or(Ok(rows), Err)
}
