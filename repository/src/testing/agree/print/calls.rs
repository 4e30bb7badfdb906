//! Calls as Rust code.

use super::super::call::plant;
use super::super::operation::{Asked, Draft, Filter, Id, Key, Method, Row, Seen, Tamper, Values};
use super::super::shape::{FIRST_OF_A_RUN, Shape};
use super::literal::{field, instant, numbered, operand, owned_operand, text};
use crate::model::query::{Comparison, Nulls, TextMatch, Visibility};
use crate::model::value::Value;

/// The lines of one call.
pub(super) fn call(shape: &Shape, rows: &str, method: &Method) -> Vec<String> {
    let saw = |arguments: String| {
        vec![format!(
            "replay.saw({rows}.{}({arguments}).await);",
            method.name()
        )]
    };
    match method {
        Method::Find(key) | Method::Get(key) => saw(id(shape, key)),
        Method::Lock(ids) => {
            let ids: Vec<String> = ids.iter().map(|key| id(shape, key)).collect();
            saw(format!("&[{}]", ids.join(", ")))
        }
        Method::Exists(asked) | Method::Count(asked) => saw(format!("&{}", query(shape, asked))),
        Method::Stream(asked) => vec![format!(
            "replay.saw_all({rows}.stream({})).await;",
            query(shape, asked)
        )],
        Method::Pages {
            query: asked,
            size,
            backwards,
        } => vec![format!(
            "replay.saw_pages(&*{rows}, &{}, {size}, {backwards}).await;",
            query(shape, asked)
        )],
        Method::Follow {
            first,
            tamper,
            then,
            size,
            backwards,
        } => {
            let direction = if *backwards { "before" } else { "after" };
            let mut lines = vec![
                format!("let rows = {rows};"),
                format!(
                    "let page = rows.list(&{}, catamaran::PageRequest::first(1)).await;",
                    query(shape, first)
                ),
                "if let Some(page) = replay.ok(page) {".to_owned(),
                "    let cursor = page.next.map_or(String::new(), |cursor| cursor.to_string());"
                    .to_owned(),
            ];
            lines.extend(tampered(tamper));
            lines.extend([
                "    let Ok(cursor) = cursor.parse::<catamaran::Cursor>();".to_owned(),
                format!(
                    "    replay.saw(rows.list(&{}, catamaran::PageRequest::{direction}({size}, cursor)).await);",
                    query(shape, then)
                ),
                "}".to_owned(),
            ]);
            lines
        }
        Method::Insert(new) => saw(draft(shape, new)),
        Method::InsertMany(new) => {
            let drafts: Vec<String> = new.iter().map(|new| draft(shape, new)).collect();
            saw(format!("vec![{}]", drafts.join(", ")))
        }
        Method::InsertRun {
            draft: new,
            rows: n,
        } => saw(run(shape, new, *n, &|draft| draft)),
        Method::Update(row) => saw(record(shape, row)),
        Method::Patch {
            id: key,
            expected: version,
            changes,
        } => saw(format!(
            "{}, {}, {}",
            id(shape, key),
            expected(*version),
            patch(shape, changes)
        )),
        Method::Upsert(seen) => saw(upsert(shape, seen)),
        Method::UpsertMany(seen) => {
            let seen: Vec<String> = seen.iter().map(|seen| upsert(shape, seen)).collect();
            saw(format!("vec![{}]", seen.join(", ")))
        }
        Method::UpsertRun {
            draft: new,
            rows: n,
        } => saw(run(shape, new, *n, &|draft| {
            format!("catamaran::Upsert::new({draft})")
        })),
        Method::Delete {
            id: key,
            expected: version,
        }
        | Method::Restore {
            id: key,
            expected: version,
        } => saw(format!("{}, {}", id(shape, key), expected(*version))),
        Method::Purge { before, limit } => saw(format!("{}, {limit}", instant(*before))),
        Method::PatchWhere {
            filter: of,
            changes,
        } => saw(format!("&{}, {}", filter(shape, of), patch(shape, changes))),
        Method::DeleteWhere(of) => saw(format!("&{}", filter(shape, of))),
        Method::Plant {
            key,
            column,
            value: planted,
        } => vec![format!(
            "replay.saw_custom(&{rows}, {:?}).await;",
            plant(shape, key, *column, planted)
        )],
    }
}

fn tampered(tamper: &Tamper) -> Option<String> {
    let changed = match tamper {
        Tamper::None => return None,
        Tamper::Byte(share) => format!("catamaran::testing::with_other_byte(&cursor, {share})"),
        Tamper::Cut(share) => format!("cursor[..cursor.len() * {share} / 256].to_owned()"),
        Tamper::Text(cursor) => format!("{}.to_string()", text(cursor)),
    };
    Some(format!("    let cursor = {changed};"))
}

fn expected(version: Option<i64>) -> String {
    match version {
        None => "catamaran::Expected::Any".to_owned(),
        Some(version) => format!("catamaran::Expected::Version({version})"),
    }
}

/// An id: one value, or a tuple.
fn id(shape: &Shape, values: &Id) -> String {
    one_or_tuple(id_parts(shape, values))
}

fn id_parts(shape: &Shape, values: &Id) -> Vec<String> {
    let parts = shape.managed.id.iter().zip(values);
    let parts = parts.map(|(column, value)| owned_operand(&shape.specs[*column], value));
    parts.collect()
}

fn one_or_tuple(parts: Vec<String>) -> String {
    match parts.as_slice() {
        [one] => one.clone(),
        several => format!("({})", several.join(", ")),
    }
}

/// Drafts that differ in their ids, each of them in another expression.
fn run(shape: &Shape, of: &Draft, rows: usize, each: &dyn Fn(String) -> String) -> String {
    let (Some(id), Some(part)) = (&of.id, shape.numbered_part()) else {
        return format!("vec![{}; {rows}]", each(draft(shape, of)));
    };
    let spec = &shape.specs[shape.managed.id[part]];
    let mut id = id_parts(shape, id);
    id[part] = numbered(spec);
    let end = FIRST_OF_A_RUN as usize + rows;
    format!(
        "({FIRST_OF_A_RUN}_u32..{end}).map(|number| {}).collect()",
        each(draft_with(shape, of, id))
    )
}

/// A draft by its constructor, which takes what has no default, and its setters.
fn draft(shape: &Shape, draft: &Draft) -> String {
    let id = draft.id.as_ref().map(|id| id_parts(shape, id));
    draft_with(shape, draft, id.unwrap_or_default())
}

/// A draft whose id has these parts; none for one that the library makes.
fn draft_with(shape: &Shape, draft: &Draft, id: Vec<String>) -> String {
    let given = |column: usize| draft.values.iter().find(|(index, _)| *index == column);
    let required = shape
        .user_columns()
        .filter(|column| !shape.is_optional(*column));
    let required = required
        .filter_map(given)
        .map(|(column, given)| operand(&shape.specs[*column], given));
    let needed = id.iter().filter(|_| !shape.makes_id).cloned();
    let arguments: Vec<String> = needed.chain(required).collect();
    let mut text = format!("{}::new({})", shape.draft, arguments.join(", "));
    if shape.makes_id {
        for (column, id) in shape.managed.id.iter().zip(&id) {
            text += &format!(".{}({id})", shape.specs[*column].field);
        }
    }
    let optional = draft
        .values
        .iter()
        .filter(|(column, _)| shape.is_optional(*column));
    text + &setters(shape, optional)
}

fn patch(shape: &Shape, changes: &Values) -> String {
    format!("{}::new()", shape.patch) + &setters(shape, changes.iter())
}

fn setters<'v>(shape: &Shape, values: impl Iterator<Item = &'v (usize, Value)>) -> String {
    let setter = |(column, value): &(usize, Value)| {
        let spec = &shape.specs[*column];
        format!(".{}({})", spec.field, field(spec, value))
    };
    values.map(setter).collect()
}

/// A record, with its fields.
fn record(shape: &Shape, row: &Row) -> String {
    let fields = shape.specs.iter().zip(row).map(|(spec, value)| {
        let value = match value {
            Value::Text(_) if !spec.nullable => owned_operand(spec, value),
            value => field(spec, value),
        };
        format!("{}: {value}", spec.field)
    });
    let fields: Vec<String> = fields.collect();
    format!("{} {{ {} }}", shape.record, fields.join(", "))
}

fn upsert(shape: &Shape, seen: &Seen) -> String {
    match seen {
        Seen::New(new) => format!("catamaran::Upsert::new({})", draft(shape, new)),
        Seen::Seen(row) => format!("catamaran::Upsert::seen({})", record(shape, row)),
    }
}

fn query(shape: &Shape, asked: &Asked) -> String {
    let mut text = format!(
        "catamaran::Query::<{}>::from({})",
        shape.record,
        filter(shape, &asked.filter)
    );
    for key in &asked.order {
        text += &format!(".order_by({})", order(shape, *key));
    }
    match asked.visibility {
        Visibility::Live => {}
        other => text += &format!(".visibility(catamaran::Visibility::{other:?})"),
    }
    text
}

fn order(shape: &Shape, key: Key) -> String {
    let direction = if key.descending { "desc" } else { "asc" };
    let nulls = match key.nulls {
        None => "",
        Some(Nulls::First) => ".nulls_first()",
        Some(Nulls::Last) => ".nulls_last()",
    };
    format!("{}.{direction}(){nulls}", column(shape, key.column))
}

fn column(shape: &Shape, column: usize) -> String {
    format!(
        "{}::{}",
        shape.record,
        shape.specs[column].field.to_uppercase()
    )
}

fn filter(shape: &Shape, of: &Filter) -> String {
    let record = shape.record;
    match of {
        Filter::All => format!("catamaran::Filter::<{record}>::all()"),
        Filter::None => format!("catamaran::Filter::<{record}>::none()"),
        Filter::Compare(index, how, with) => {
            let method = match how {
                Comparison::Equal => "eq",
                Comparison::NotEqual => "ne",
                Comparison::Less => "lt",
                Comparison::LessOrEqual => "le",
                Comparison::Greater => "gt",
                Comparison::GreaterOrEqual => "ge",
            };
            let with = operand(&shape.specs[*index], with);
            format!("{}.{method}({with})", column(shape, *index))
        }
        Filter::IsIn(index, values) if values.is_empty() => {
            let spec = &shape.specs[*index];
            let empty = operand(spec, &Value::Null(spec.ty));
            format!("{}.is_in({})", column(shape, *index), empty)
        }
        Filter::IsIn(index, values) => {
            let spec = &shape.specs[*index];
            let values = values.iter().map(|value| owned_operand(spec, value));
            let values: Vec<String> = values.collect();
            format!("{}.is_in([{}])", column(shape, *index), values.join(", "))
        }
        Filter::Ids(_, ids) => {
            let ids: Vec<String> = ids.iter().map(|key| id(shape, key)).collect();
            format!("catamaran::Filter::<{record}>::ids([{}])", ids.join(", "))
        }
        Filter::IsNull(index) => {
            format!("catamaran::Filter::<{record}>::is_null({index}).expect(\"a column\")")
        }
        Filter::Text(index, how, needle) => {
            let method = match how {
                TextMatch::Contains => "contains",
                TextMatch::ContainsFolded => "contains_ignore_ascii_case",
                TextMatch::StartsWith => "starts_with",
                TextMatch::EndsWith => "ends_with",
            };
            format!("{}.{method}({})", column(shape, *index), text(needle))
        }
        Filter::Not(inner) => format!("{}.not()", filter(shape, inner)),
        Filter::And(left, right) => {
            format!("{}.and({})", filter(shape, left), filter(shape, right))
        }
        Filter::Or(left, right) => format!("{}.or({})", filter(shape, left), filter(shape, right)),
        Filter::Chain { link, links, or } => {
            let (link, join) = (filter(shape, link), if *or { "or" } else { "and" });
            format!("(1..{links}).fold({link}, |chain, _| chain.{join}({link}))")
        }
    }
}
