//! The insert of many rows.

use super::{Context, diagnose, values, write_order};
use crate::driver::Dialect;
use crate::driver::Twin;
use crate::model::error::Result;
use crate::session::Session;
use crate::sql::{self, Bulk};

pub(crate) async fn insert_many<D: Dialect, R: Twin<D>>(
    session: &mut Session<D>,
    context: &Context,
    drafts: Vec<R::Draft>,
) -> Result<Vec<R>> {
    let now = context.now();
    let mut records = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let stamp = context.stamp::<R>(&draft, None, now)?;
        let mut record = R::from_draft(draft, stamp);
        super::normalise::<D, R>(&mut record)?;
        records.push(record);
    }
    let ordered = write_order::sorted::<D, R, _>(&records, |record| record);

    let statements = R::statements();
    let types = sql::insert_types(statements);
    for chunk in sql::chunks::<D, _>(&ordered, types.len(), 0) {
        let text = sql::bulk_insert::<D>(statements, Bulk::Refuse, chunk.len());
        let rows = chunk.iter().map(|record| values(*record)).collect();
        let result = session
            .execute(&text, D::row_parameters(&types, rows))
            .await;
        let inserted = match result {
            Ok(inserted) => inserted,
            Err(error) => return Err(diagnose::row_error(session, context, error, chunk).await),
        };
        super::check_count(inserted, chunk.len())?;
    }
    Ok(records)
}
