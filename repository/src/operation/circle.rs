//! Rows that reference each other in a circle: their foreign keys are checked when all of them are written.

use super::diagnose;
use crate::driver::Dialect;
use crate::driver::Twin;
use crate::model::error::Result;
use crate::session::Session;
use crate::sql;

/// Begins the write of a circle. An engine that cannot defer its checks writes a circle with one statement.
pub(super) async fn begin<D: Dialect>(session: &mut Session<D>) -> Result<()> {
    match D::DEFER_FOREIGN_KEYS {
        "" => Ok(()),
        _ => session.defer_foreign_keys(true).await,
    }
}

/// Ends the write of a circle with this outcome: checks the foreign keys of the rows.
pub(super) async fn end<D: Dialect, R: Twin<D>, T>(
    session: &mut Session<D>,
    written: Result<T>,
    rows: &[&R],
) -> Result<T> {
    if D::DEFER_FOREIGN_KEYS.is_empty() {
        return written;
    }
    let written = match written {
        Ok(written) => {
            let checked = diagnose::check_references(session, rows).await;
            checked.map(|()| written)
        }
        refused => refused,
    };
    session.defer_foreign_keys(false).await?;
    written
}

/// As [`sql::chunks`]. A `whole` circle is one chunk, unless its checks are deferred.
pub(super) fn chunks<D: Dialect, T>(
    rows: &[T],
    columns: usize,
    before: usize,
    whole: bool,
) -> impl Iterator<Item = &[T]> {
    let is_one = whole && D::DEFER_FOREIGN_KEYS.is_empty() && !rows.is_empty();
    let (one, several) = if is_one {
        (rows, &[][..])
    } else {
        (&[][..], rows)
    };
    let one = std::iter::once(one).filter(|rows| !rows.is_empty());
    one.chain(sql::chunks::<D, _>(several, columns, before))
}
