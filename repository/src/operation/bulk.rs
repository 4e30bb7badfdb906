use super::{Context, values};
use crate::dialect::Dialect;
use crate::error::Result;
use crate::record::Twin;
use crate::session::Session;
use crate::statement::{self, Bulk};

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
        record.canonicalise()?;
        records.push(record);
    }
    // In the order of ids, so that two calls with the same ids wait for each other instead of in a circle.
    let mut sorted: Vec<&R> = records.iter().collect();
    sorted.sort_unstable_by_key(|record| record.id());

    let statements = R::statements();
    let types = statement::insert_types(statements);
    for chunk in statement::chunks::<D, _>(&sorted, types.len(), 0) {
        let text = statement::bulk_insert::<D>(statements, Bulk::Refuse, chunk.len());
        let rows = chunk.iter().map(|record| values(*record)).collect();
        let inserted = session
            .execute(&text, D::row_parameters(&types, rows))
            .await?;
        super::check_count(inserted, chunk.len())?;
    }
    Ok(records)
}
