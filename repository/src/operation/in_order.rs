//! Bulk writes that answer as if their rows were written one after another.
//!
//! A bulk call first writes all of its rows with few statements. If a row is refused, its statements are undone, and
//! smaller and smaller parts of the rows are written in order. So the first refused row is found, and the error does not
//! depend on how the rows were split into statements.

use std::ops::Range;

use crate::driver::Dialect;
use crate::model::error::{Error, ErrorKind, Result};
use crate::session::Session;

/// A write of several rows.
pub(crate) trait BulkWrite<D: Dialect>: Send + Sync {
    /// What the write returns.
    type Output: Send;

    /// Whether the error may depend on the order in which the rows are written.
    fn is_ordered(&self) -> bool;

    /// Whether the success may depend on the order as well, so that the rows are written in order from the start.
    fn starts_in_order(&self) -> bool {
        false
    }

    /// Writes all rows with few statements.
    fn write_at_once(
        &self,
        session: &mut Session<D>,
    ) -> impl Future<Output = Result<Self::Output>> + Send;

    /// Writes all rows in order, at the start or after a write of them was refused and undone.
    fn write_in_order(
        &self,
        session: &mut Session<D>,
    ) -> impl Future<Output = Result<Self::Output>> + Send;
}

/// The parts of a bulk write, in their order.
pub(super) trait Parts<D: Dialect>: Send + Sync {
    /// What the write of some parts returns.
    type Outcome: Send;

    /// The number of parts.
    fn count(&self) -> usize;

    /// Writes some of the parts. The error of a single part is complete, unless it is a circle.
    ///
    /// If it succeeds, its effects are those of writing the parts one by one.
    fn write(
        &self,
        session: &mut Session<D>,
        parts: Range<usize>,
    ) -> impl Future<Output = Result<Vec<Self::Outcome>>> + Send;

    /// Whether the rows of this part reference each other, so that its error depends on the engine.
    fn is_circle(&self, part: usize) -> bool;

    /// The error of a circle that was refused and undone: that of its first refused row.
    fn circle_error(
        &self,
        session: &mut Session<D>,
        part: usize,
        refused: Error,
    ) -> impl Future<Output = Error> + Send;
}

/// Whether the database refused a row, so that the other rows may be written without it.
pub(crate) fn is_refusal(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Unique { .. }
            | ErrorKind::ForeignKey { .. }
            | ErrorKind::NotNull { .. }
            | ErrorKind::Check { .. }
            | ErrorKind::InvalidValue { .. }
            | ErrorKind::Conflict { .. }
            | ErrorKind::Permission { .. }
    )
}

/// Writes all parts in order. Each statement writes as many of them as are accepted.
pub(super) async fn write_parts<D: Dialect, P: Parts<D>>(
    session: &mut Session<D>,
    parts: &P,
) -> Result<Vec<P::Outcome>> {
    let mut outcomes = Vec::new();
    // The last element is the next to be written.
    let mut waiting: Vec<Range<usize>> = halves(0..parts.count()).collect();
    while let Some(range) = waiting.pop() {
        if range.len() == 1 {
            outcomes.extend(write_part(session, parts, range.start).await?);
            continue;
        }
        let savepoint = session.savepoint().await?;
        match parts.write(session, range.clone()).await {
            Ok(written) => {
                session.release(savepoint).await?;
                outcomes.extend(written);
            }
            Err(error) if is_refusal(&error) => {
                session.rollback_to(savepoint).await?;
                waiting.extend(halves(range));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(outcomes)
}

/// Writes one part. Its error is complete.
async fn write_part<D: Dialect, P: Parts<D>>(
    session: &mut Session<D>,
    parts: &P,
    part: usize,
) -> Result<Vec<P::Outcome>> {
    if !parts.is_circle(part) {
        return parts.write(session, part..part + 1).await;
    }
    let savepoint = session.savepoint().await?;
    match parts.write(session, part..part + 1).await {
        Ok(written) => {
            session.release(savepoint).await?;
            Ok(written)
        }
        Err(error) if is_refusal(&error) => {
            session.rollback_to(savepoint).await?;
            Err(parts.circle_error(session, part, error).await)
        }
        Err(error) => Err(error),
    }
}

/// The second half and the first half; of one part or none, itself.
fn halves(range: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let middle = range.start + range.len() / 2;
    [middle..range.end, range.start..middle]
        .into_iter()
        .filter(|half| !half.is_empty())
}
