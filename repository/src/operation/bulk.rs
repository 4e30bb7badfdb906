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
        super::accept::<D, R>(&mut record)?;
        records.push(record);
    }
    let sorted = write_order::sorted::<D, R, _>(&records, |record| record);

    let statements = R::statements();
    let types = sql::insert_types(statements);
    for chunk in sql::chunks::<D, _>(&sorted, types.len(), 0) {
        let text = sql::bulk_insert::<D>(statements, Bulk::Refuse, chunk.len());
        let rows = chunk.iter().map(|record| values(*record)).collect();
        let written = session
            .execute(&text, D::row_parameters(&types, rows))
            .await;
        let inserted = match written {
            Ok(inserted) => inserted,
            Err(error) => return Err(diagnose::of_rows(session, context, error, chunk).await),
        };
        super::check_count(inserted, chunk.len())?;
    }
    Ok(records)
}
