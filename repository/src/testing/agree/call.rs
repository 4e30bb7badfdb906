//! Makes one call on a repository, whatever its record.

use std::marker::PhantomData;

use super::operation::{Asked, Draft, Filter, Id, Method, Row, Seen, Tamper};
use super::outcome::{Answer, How, Outcome, PageOf};
use super::shape::Shape;
use crate::driver::Stored;
use crate::model::error::{InvalidReason, Result};
use crate::model::key::{Key, KeyValue};
use crate::model::query::{Cursor, Filter as Typed, Order, Page, PageRequest, Query};
use crate::model::record::{Record, invalid};
use crate::model::repository::{Expected, Repository, Upsert, Upserted};
use crate::model::scope::Scope;
use crate::model::value::Value;
use crate::store::Store;
use crate::unit::{AnyRepository, Unit};
use async_trait::async_trait;
use chrono::SecondsFormat;
use futures_util::TryStreamExt;

/// The pages of one walk. More rows than that are only in tables that a run of inserts has just filled.
const MOST_PAGES: usize = 40;

/// A repository of a store or of a unit.
#[async_trait]
pub(super) trait Calls: Send + Sync {
    async fn call(&self, method: &Method) -> Outcome;
}

/// A record of the run.
pub(super) trait Tested: Send + Sync {
    /// A repository of the store.
    fn of_store(&self, store: &Store, scope: &Scope) -> Box<dyn Calls>;
    /// A repository of the unit.
    fn of_unit(&self, unit: &Unit) -> Box<dyn Calls>;
}

pub(super) struct Tables<R>(PhantomData<fn() -> R>);

impl<R> Tables<R> {
    pub(super) const fn new() -> Self {
        Tables(PhantomData)
    }
}

impl<R: Stored> Tested for Tables<R> {
    fn of_store(&self, store: &Store, scope: &Scope) -> Box<dyn Calls> {
        Box::new(store.native::<R>(scope))
    }

    fn of_unit(&self, unit: &Unit) -> Box<dyn Calls> {
        Box::new(unit.native::<R>())
    }
}

#[async_trait]
impl<R: Stored> Calls for AnyRepository<R> {
    async fn call(&self, method: &Method) -> Outcome {
        let answer = match self {
            AnyRepository::Sqlite(repository) => call::<R>(repository, self, method).await,
            AnyRepository::Postgres(repository) => call::<R>(repository, self, method).await,
        };
        Outcome::of(answer)
    }
}

async fn call<R: Stored>(
    rows: &dyn Repository<R>,
    native: &AnyRepository<R>,
    method: &Method,
) -> Result<Answer> {
    Ok(match method {
        Method::Find(id) => Answer::Maybe(rows.find(id_of::<R>(id)?).await?.as_ref().map(row)),
        Method::Get(id) => Answer::Row(row(&rows.get(id_of::<R>(id)?).await?)),
        Method::Lock(ids) => {
            let ids = ids.iter().map(id_of::<R>).collect::<Result<Vec<_>>>()?;
            Answer::Rows(rows.lock(&ids).await?.iter().map(row).collect())
        }
        Method::Exists(asked) => Answer::Flag(rows.exists(&query(asked)?).await?),
        Method::Count(asked) => Answer::Number(rows.count(&query(asked)?).await?),
        Method::Pages {
            query: asked,
            size,
            backwards,
        } => Answer::Pages(pages(rows, &query(asked)?, *size, *backwards).await?),
        Method::Follow {
            first,
            tamper,
            then,
            size,
            backwards,
        } => {
            let page = rows.list(&query(first)?, PageRequest::first(1)).await?;
            let request = follow(page.next.as_ref(), tamper, *size, *backwards);
            let page = rows.list(&query(then)?, request).await?;
            Answer::Pages(vec![page_of(&page)])
        }
        Method::Stream(asked) => {
            let all: Vec<R> = rows.stream(query(asked)?).try_collect().await?;
            Answer::Rows(all.iter().map(row).collect())
        }
        Method::Insert(new) => Answer::Row(row(&rows.insert(draft::<R>(new)?).await?)),
        Method::InsertMany(new) => {
            let drafts = new.iter().map(draft::<R>).collect::<Result<_>>()?;
            Answer::Rows(rows.insert_many(drafts).await?.iter().map(row).collect())
        }
        Method::InsertRun {
            draft: new,
            rows: n,
        } => {
            let drafts = run::<R>(new, *n)?;
            Answer::Rows(rows.insert_many(drafts).await?.iter().map(row).collect())
        }
        Method::Update(values) => {
            Answer::Row(row(&rows.update(R::from_values(values.clone())?).await?))
        }
        Method::Patch {
            id,
            expected,
            changes,
        } => {
            let patch = R::patch_from(changes.clone())?;
            Answer::Row(row(&rows
                .patch(id_of::<R>(id)?, version(*expected), patch)
                .await?))
        }
        Method::Upsert(seen) => {
            Answer::Upserted(vec![upserted(&rows.upsert(upsert::<R>(seen)?).await?)])
        }
        Method::UpsertMany(seen) => {
            let seen = seen.iter().map(upsert::<R>).collect::<Result<_>>()?;
            let outcomes = rows.upsert_many(seen).await?;
            Answer::Upserted(outcomes.iter().map(upserted).collect())
        }
        Method::UpsertRun {
            draft: new,
            rows: n,
        } => {
            let seen = run::<R>(new, *n)?.into_iter().map(Upsert::new);
            let outcomes = rows.upsert_many(seen.collect()).await?;
            Answer::Upserted(outcomes.iter().map(upserted).collect())
        }
        Method::Delete { id, expected } => {
            rows.delete(id_of::<R>(id)?, version(*expected)).await?;
            Answer::Done
        }
        Method::Restore { id, expected } => {
            let id = id_of::<R>(id)?;
            Answer::Row(row(&rows.restore(id, version(*expected)).await?))
        }
        Method::Purge { before, limit } => Answer::Number(rows.purge(*before, *limit).await?),
        Method::PatchWhere {
            filter: of,
            changes,
        } => {
            let patch = R::patch_from(changes.clone())?;
            Answer::Number(rows.patch_where(&filter(of)?, patch).await?)
        }
        Method::DeleteWhere(of) => Answer::Number(rows.delete_where(&filter(of)?).await?),
        Method::Plant { key, column, value } => {
            let sql = plant(&Shape::of::<R>(), key, *column, value);
            Answer::Number(custom(native, sql).await?)
        }
    })
}

/// The statement of [`Method::Plant`], which is the same on both engines.
pub(super) fn plant(shape: &Shape, key: &Id, column: usize, value: &Value) -> String {
    let parts = shape.managed.key.iter().zip(key);
    let is_row = parts.map(|(column, value)| {
        let name = shape.columns[*column];
        format!("\"{name}\" = {}", literal(value))
    });
    let is_row: Vec<String> = is_row.collect();
    let (table, column, value) = (shape.table.name, shape.columns[column], literal(value));
    let is_row = is_row.join(" AND ");
    format!("UPDATE \"{table}\" SET \"{column}\" = {value} WHERE {is_row}")
}

/// A canonical value of a key as a literal of both engines.
fn literal(value: &Value) -> String {
    match value {
        Value::BigInt(number) => number.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        Value::Uuid(id) => format!("'{id}'"),
        Value::Text(text) => format!("'{}'", text.replace('\'', "''")),
        Value::Date(day) => format!("'{day}'"),
        // As SQLite stores it.
        Value::Timestamp(at) => format!("'{}'", at.to_rfc3339_opts(SecondsFormat::Micros, true)),
        _ => "NULL".to_owned(),
    }
}

/// Runs a statement without parameters that is the same on both engines; returns how many rows it changed.
pub(super) async fn custom<R: Stored>(native: &AnyRepository<R>, sql: String) -> Result<u64> {
    // Custom SQL is `'static`, so that no application builds it from its input. A run has few of them.
    let sql: &'static str = sql.leak();
    match native {
        AnyRepository::Sqlite(repository) => repository.execute(sql, Vec::new()).await,
        AnyRepository::Postgres(repository) => repository.execute(sql, Vec::new()).await,
    }
}

pub(super) fn row<R: Record>(record: &R) -> Row {
    (0..R::COLUMNS.len())
        .map(|index| record.value(index))
        .collect()
}

fn version(expected: Option<i64>) -> Expected {
    expected.map_or(Expected::Any, Expected::Version)
}

/// The id of these values.
fn id_of<R: Record>(values: &Id) -> Result<R::Id> {
    let parts = values.iter().cloned().map(KeyValue::of);
    let key = parts.collect::<Option<Vec<_>>>().map(Key::of);
    let field = R::MANAGED.id.first().map(|id| R::COLUMNS[*id].field);
    let refused = || invalid(field.unwrap_or_default(), InvalidReason::OtherType);
    key.and_then(|key| key.id()).ok_or_else(refused)
}

fn draft<R: Record>(draft: &Draft) -> Result<R::Draft> {
    let id = draft.id.as_ref().map(id_of::<R>).transpose()?;
    R::draft_from(id, draft.values.clone())
}

/// The drafts of a run of inserts.
fn run<R: Stored>(of: &Draft, rows: usize) -> Result<Vec<R::Draft>> {
    let shape = Shape::of::<R>();
    let drafts = shape.run(of, rows);
    drafts.map(|of| draft::<R>(&of)).collect()
}

fn upsert<R: Record>(seen: &Seen) -> Result<Upsert<R>> {
    Ok(match seen {
        Seen::New(new) => Upsert::new(draft::<R>(new)?),
        Seen::Seen(values) => Upsert::seen(R::from_values(values.clone())?),
    })
}

fn upserted<R: Record>(outcome: &Upserted<R>) -> (How, Row) {
    let how = match outcome {
        Upserted::Inserted(_) => How::Inserted,
        Upserted::Updated(_) => How::Updated,
        Upserted::Unchanged(_) => How::Unchanged,
    };
    (how, row(outcome.record()))
}

pub(super) fn filter<R: Record>(of: &Filter) -> Result<Typed<R>> {
    Ok(match of {
        Filter::All => Typed::all(),
        Filter::None => Typed::none(),
        Filter::Compare(column, how, value) => Typed::compare(*column, *how, value.clone())?,
        Filter::IsIn(column, values) => Typed::is_in(*column, values.iter().cloned())?,
        Filter::Ids(_, ids) => Typed::ids(ids.iter().map(id_of::<R>).collect::<Result<Vec<_>>>()?),
        Filter::IsNull(column) => Typed::is_null(*column)?,
        Filter::Text(column, how, needle) => Typed::matches(*column, *how, needle.as_str())?,
        Filter::Not(inner) => filter(inner)?.not(),
        Filter::And(left, right) => filter(left)?.and(filter(right)?),
        Filter::Or(left, right) => filter(left)?.or(filter(right)?),
        Filter::Chain { link, links, or } => {
            let link = filter::<R>(link)?;
            let join = if *or { Typed::or } else { Typed::and };
            (1..*links).fold(link.clone(), |chain, _| join(chain, link.clone()))
        }
    })
}

pub(super) fn query<R: Record>(asked: &Asked) -> Result<Query<R>> {
    let mut query = Query::from(filter::<R>(&asked.filter)?).visibility(asked.visibility);
    for key in &asked.order {
        let order = Order::by(key.column)?;
        let order = if key.descending {
            order.reversed()
        } else {
            order
        };
        query = query.order_by(match key.nulls() {
            crate::model::query::Nulls::First => order.nulls_first(),
            crate::model::query::Nulls::Last => order.nulls_last(),
        });
    }
    Ok(query)
}

pub(super) async fn pages<R: Record>(
    rows: &dyn Repository<R>,
    query: &Query<R>,
    size: u32,
    backwards: bool,
) -> Result<Vec<PageOf>> {
    let mut request = match backwards {
        false => PageRequest::first(size),
        true => PageRequest::last(size),
    };
    let mut pages = Vec::new();
    loop {
        let page = rows.list(query, request).await?;
        pages.push(page_of(&page));
        let cursor = match backwards {
            false => page.next,
            true => page.previous,
        };
        match cursor {
            Some(cursor) if pages.len() < MOST_PAGES => {
                request = match backwards {
                    false => PageRequest::after(size, cursor),
                    true => PageRequest::before(size, cursor),
                };
            }
            _ => return Ok(pages),
        }
    }
}

fn follow(cursor: Option<&Cursor>, tamper: &Tamper, size: u32, backwards: bool) -> PageRequest {
    let cursor = tamper.apply(cursor.map_or("", Cursor::as_str));
    // Reading a cursor from a text cannot fail: the query checks it.
    let Ok(cursor) = cursor.parse::<Cursor>();
    match backwards {
        false => PageRequest::after(size, cursor),
        true => PageRequest::before(size, cursor),
    }
}

fn page_of<R: Record>(page: &Page<R>) -> PageOf {
    PageOf {
        rows: page.items.iter().map(row).collect(),
        next: page.next.as_ref().map(ToString::to_string),
        previous: page.previous.as_ref().map(ToString::to_string),
    }
}
