//! The calls that read.

use super::{Context, at_most_one};
use crate::driver::{AnyRecord, Dialect, RecordType, Records};
use crate::model::error::Result;
use crate::model::key::Key;
use crate::model::query::{
    Cursor, Direction, OrderKey, PageRequest, Position, QueryParts, Visibility,
};
use crate::model::value::Value;
use crate::session::Session;
use crate::sql::{self, Output, Selection, SqlText, Statements};

/// The number of rows up to which a page is read in place.
const SHORT_PAGE: usize = 200;

/// Reads the first row with the id.
pub(crate) async fn find<D: Dialect>(
    session: &mut Session<D>,
    context: &Context,
    record: RecordType<D>,
    id: Result<Key>,
) -> Result<Box<dyn Records>> {
    let id = &context.id(record.statements, id)?;
    let (text, values) = select_by_id::<D>(context, record.statements, id, Visibility::Live);
    session.fetch_first_record(&text, values, record).await
}

/// As [`find`], for a call that writes: several rows with the id are an error.
pub(super) async fn find_unique<D: Dialect>(
    session: &mut Session<D>,
    context: &Context,
    record: RecordType<D>,
    id: &Key,
    visibility: Visibility,
) -> Result<Box<dyn Records>> {
    let (text, values) = select_by_id::<D>(context, record.statements, id, visibility);
    let found = session.fetch_records(&text, values, record).await?;
    at_most_one(record.statements, found.len(), id)?;
    Ok(found)
}

/// The statement that reads a row by its id.
fn select_by_id<D: Dialect>(
    context: &Context,
    statements: &Statements,
    id: &Key,
    visibility: Visibility,
) -> (SqlText, Vec<Value>) {
    let owner = context.owner_of(statements);
    let text = sql::select_one::<D>(statements, owner.is_some(), visibility);
    let owner = owner.map(Value::Uuid);
    (text, id.to_values().chain(owner).collect())
}

fn selection<'q>(
    context: &Context,
    statements: &Statements,
    query: QueryParts<'q>,
) -> Selection<'q> {
    Selection {
        condition: query.condition,
        visibility: query.visibility,
        owner: context.owner_of(statements),
    }
}

pub(crate) async fn count<D: Dialect>(
    session: &mut Session<D>,
    context: &Context,
    statements: &Statements,
    query: QueryParts<'_>,
) -> Result<u64> {
    let selection = selection(context, statements, query);
    let (text, values) = sql::select::<D>(statements, selection, Output::Count)?;
    let counted = session
        .fetch_first(&text, values, |row| D::get::<i64>(row, 0))
        .await?;
    // count(*) returns one row with a number that is not negative.
    Ok(counted.and_then(|count| count.try_into().ok()).unwrap_or(0))
}

pub(crate) async fn lock<D: Dialect>(
    session: &mut Session<D>,
    context: &Context,
    record: RecordType<D>,
    ids: Vec<Result<Key>>,
) -> Result<Box<dyn Records>> {
    let keys = ids.into_iter().map(|id| context.key(record.statements, id));
    let keys: Vec<Key> = keys.collect::<Result<_>>()?;
    let owner = context.owner_of(record.statements);
    let text = sql::select_for_update::<D>(record.statements, owner.is_some());
    let values = super::by_keys::<D>(record.statements, &keys, owner);
    let rows = session.fetch_records(&text, values, record).await?;
    super::one_each(record.statements, &*rows)?;
    Ok(rows)
}

pub(crate) async fn exists<D: Dialect>(
    session: &mut Session<D>,
    context: &Context,
    statements: &Statements,
    query: QueryParts<'_>,
) -> Result<bool> {
    let selection = selection(context, statements, query);
    let (text, values) = sql::select::<D>(statements, selection, Output::Exists)?;
    let found = session.fetch_first(&text, values, |_| Ok(())).await?;
    Ok(found.is_some())
}

/// A page of any record.
pub(crate) struct ListedPage {
    pub(crate) items: Box<dyn Records>,
    pub(crate) next: Option<Cursor>,
    pub(crate) previous: Option<Cursor>,
}

pub(crate) async fn list<D: Dialect>(
    session: &mut Session<D>,
    context: &Context,
    record: RecordType<D>,
    query: QueryParts<'_>,
    request: &PageRequest,
) -> Result<ListedPage> {
    let statements = record.statements;
    let size = request.size()?;
    let selection = selection(context, statements, query);
    let order = query.total_order(statements.managed.key);
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
    let mut items = session.fetch_records(&text, values, record).await?;

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
    let cursor_at = |item: &dyn AnyRecord| {
        let position: Position = order.iter().map(|key| item.value(key.column)).collect();
        Cursor::at(hash, &position)
    };
    let last = items.len().checked_sub(1).and_then(|last| items.get(last));
    let next = last.filter(|_| has_next).map(cursor_at);
    let previous = items.get(0).filter(|_| has_previous).map(cursor_at);
    Ok(ListedPage {
        items,
        next,
        previous,
    })
}
