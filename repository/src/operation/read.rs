//! The calls that read.

use uuid::Uuid;

use super::Context;
use crate::driver::Dialect;
use crate::driver::Twin;
use crate::model::error::Result;
use crate::model::query::{
    Cursor, Direction, OrderKey, Page, PageRequest, Position, Query, Visibility,
};
use crate::model::record::Record;
use crate::model::value::Value;
use crate::session::Session;
use crate::sql::SqlText;
use crate::sql::{self, Output, Selection};

/// The number of rows up to which a page is read in place.
const SHORT_PAGE: usize = 200;

pub(crate) async fn find<D: Dialect, R: Twin<D>>(
    session: &mut Session<D>,
    context: &Context,
    id: Uuid,
    visibility: Visibility,
) -> Result<Option<R>> {
    let (text, values) = select_by_id::<D, R>(context, id, visibility);
    session.fetch_first(&text, values, R::from_row).await
}

/// As [`find`], for a call that writes: several rows with the id are an error.
pub(super) async fn find_unique<D: Dialect, R: Twin<D>>(
    session: &mut Session<D>,
    context: &Context,
    id: Uuid,
    visibility: Visibility,
) -> Result<Option<R>> {
    let (text, values) = select_by_id::<D, R>(context, id, visibility);
    super::at_most_one::<R, R>(session.fetch(&text, values, R::from_row).await?, id)
}

/// The statement that reads a row by its id.
fn select_by_id<D: Dialect, R: Twin<D>>(
    context: &Context,
    id: Uuid,
    visibility: Visibility,
) -> (SqlText, Vec<Value>) {
    let owner = context.owner_of::<R>();
    let text = sql::select_one::<D>(R::statements(), owner.is_some(), visibility);
    let values = [Some(id), owner].into_iter().flatten();
    (text, values.map(Value::Uuid).collect())
}

fn selection<'q, R: Record>(context: &Context, query: &'q Query<R>) -> Selection<'q> {
    Selection {
        condition: &query.filter.condition,
        visibility: query.visibility,
        owner: context.owner_of::<R>(),
    }
}

pub(crate) async fn count<D: Dialect, R: Twin<D>>(
    session: &mut Session<D>,
    context: &Context,
    query: &Query<R>,
) -> Result<u64> {
    let selection = selection(context, query);
    let (text, values) = sql::select::<D>(R::statements(), selection, Output::Count)?;
    let counted = session
        .fetch_first(&text, values, |row| D::get::<i64>(row, 0))
        .await?;
    // count(*) returns one row with a number that is not negative.
    Ok(counted.and_then(|count| count.try_into().ok()).unwrap_or(0))
}

pub(crate) async fn lock<D: Dialect, R: Twin<D>>(
    session: &mut Session<D>,
    context: &Context,
    ids: &[Uuid],
) -> Result<Vec<R>> {
    let owner = context.owner_of::<R>();
    let text = sql::select_for_update::<D>(R::statements(), owner.is_some());
    let values = super::by_ids(ids.iter().copied(), owner);
    let rows = session.fetch(&text, values, R::from_row).await?;
    super::one_each(&rows)?;
    Ok(rows)
}

pub(crate) async fn exists<D: Dialect, R: Twin<D>>(
    session: &mut Session<D>,
    context: &Context,
    query: &Query<R>,
) -> Result<bool> {
    let selection = selection(context, query);
    let (text, values) = sql::select::<D>(R::statements(), selection, Output::Exists)?;
    let found = session.fetch_first(&text, values, |_| Ok(())).await?;
    Ok(found.is_some())
}

pub(crate) async fn list<D: Dialect, R: Twin<D>>(
    session: &mut Session<D>,
    context: &Context,
    query: &Query<R>,
    request: &PageRequest,
) -> Result<Page<R>> {
    let statements = R::statements();
    let size = request.size()?;
    let selection = selection(context, query);
    let order = query.total_order();
    let hash = sql::query_hash(statements, selection, &order)?;
    let types: Vec<_> = order
        .iter()
        .map(|key| statements.specs[key.column].ty)
        .collect();
    let position = request
        .cursor()
        .map(|cursor| cursor.position(hash, &types))
        .transpose()?;

    let read_order: Vec<OrderKey> = match request.direction() {
        Direction::Forwards => order.clone(),
        Direction::Backwards => order.iter().map(|key| key.reversed()).collect(),
    };
    let output = Output::Rows {
        order: &read_order,
        position: position.as_deref(),
        limit: size + 1,
    };
    let (mut text, values) = sql::select::<D>(statements, selection, output)?;
    if size > SHORT_PAGE {
        text = text.with_long_effort();
    }
    let mut items: Vec<R> = session.fetch(&text, values, R::from_row).await?;

    let more = items.len() > size;
    items.truncate(size);
    let has_position = position.is_some();
    let (has_next, has_previous) = match request.direction() {
        Direction::Forwards => (more, has_position),
        Direction::Backwards => {
            items.reverse();
            (has_position, more)
        }
    };
    let cursor_at = |item: &R| {
        let position: Position = order.iter().map(|key| item.value(key.column)).collect();
        Cursor::at(hash, &position)
    };
    Ok(Page {
        next: items.last().filter(|_| has_next).map(cursor_at),
        previous: items.first().filter(|_| has_previous).map(cursor_at),
        items,
    })
}
