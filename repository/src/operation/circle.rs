//! New rows that reference each other in a circle: their foreign keys are checked when all of them are inserted.

use super::diagnose;
use crate::driver::Dialect;
use crate::driver::Twin;
use crate::model::error::Result;
use crate::session::Session;
use crate::sql;

/// Begins the insert of a circle. An engine that cannot defer its checks inserts a circle with one statement.
pub(super) async fn begin<D: Dialect>(session: &mut Session<D>) -> Result<()> {
    match D::DEFER_FOREIGN_KEYS {
        "" => Ok(()),
        _ => session.defer_foreign_keys(true).await,
    }
}

/// Ends the insert of a circle with this outcome: checks the foreign keys of the inserted rows.
pub(super) async fn end<'r, D: Dialect, R: Twin<D>, T>(
    session: &mut Session<D>,
    written: Result<T>,
    rows: impl FnOnce(&T) -> Vec<&'r R>,
) -> Result<T> {
    if D::DEFER_FOREIGN_KEYS.is_empty() {
        return written;
    }
    let written = match written {
        Ok(written) => {
            let checked = diagnose::check_references(session, &rows(&written)).await;
            checked.map(|()| written)
        }
        refused => refused,
    };
    session.defer_foreign_keys(false).await?;
    written
}

/// As [`sql::chunks`], of rows with this number of columns. A `whole` circle is one chunk, unless its checks are deferred.
pub(super) fn chunks<D: Dialect, T>(
    rows: &[T],
    columns: usize,
    whole: bool,
) -> impl Iterator<Item = &[T]> {
    let is_one = whole && D::DEFER_FOREIGN_KEYS.is_empty() && !rows.is_empty();
    let (one, several) = if is_one {
        (rows, &[][..])
    } else {
        (&[][..], rows)
    };
    let one = std::iter::once(one).filter(|rows| !rows.is_empty());
    one.chain(sql::chunks::<D, _>(several, columns, 0))
}
