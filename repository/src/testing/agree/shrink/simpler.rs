//! Simpler forms of a step.

use super::super::operation::{
    Action, Asked, Call, Draft, End, Filter, How, Inner, Method, Row, Seen, Step, UnitPlan, Values,
};
use super::super::shape::Shape;
use super::super::source::ordinary_time;
use crate::model::query::Visibility;
use crate::model::value::{AnyNumeric, Type, Value};

/// Simpler steps, the simplest first.
pub(super) fn steps(step: &Step) -> Vec<Step> {
    let mut all: Vec<Step> = actions(&step.action)
        .into_iter()
        .map(|action| Step {
            turn: step.turn,
            action,
        })
        .collect();
    let plain = ordinary_time(step.turn.number);
    if step.turn.now != plain {
        let mut simpler = step.clone();
        simpler.turn.now = plain;
        all.push(simpler);
    }
    all
}

/// Whether every draft of the step has an id and a value for each column that must have one.
pub(super) fn is_complete(shapes: &[Shape], step: &Step) -> bool {
    step.action.calls().into_iter().all(|call| {
        let drafts: Vec<&Draft> = match &call.method {
            Method::Insert(draft)
            | Method::InsertRun { draft, .. }
            | Method::UpsertRun { draft, .. }
            | Method::Upsert(Seen::New(draft)) => vec![draft],
            Method::InsertMany(drafts) => drafts.iter().collect(),
            Method::UpsertMany(seen) => seen
                .iter()
                .filter_map(|seen| match seen {
                    Seen::New(draft) => Some(draft),
                    Seen::Seen(_) => None,
                })
                .collect(),
            _ => Vec::new(),
        };
        drafts.is_empty() || {
            let shape = &shapes[call.table];
            let required = shape
                .user_columns()
                .filter(|column| !shape.is_optional(*column));
            let required: Vec<usize> = required.collect();
            let has =
                |draft: &Draft, column| draft.values.iter().any(|(given, _)| *given == column);
            drafts.iter().all(|draft| {
                let has_id = shape.makes_id || draft.id.is_some();
                has_id && required.iter().all(|column| has(draft, *column))
            })
        }
    })
}

fn actions(action: &Action) -> Vec<Action> {
    match action {
        Action::Call { who, call } => calls(call)
            .into_iter()
            .map(|call| Action::Call { who: *who, call })
            .collect(),
        Action::Unit(plan) => units(plan),
        Action::WasDone { .. } | Action::ForgetKeys { .. } => Vec::new(),
    }
}

fn units(plan: &UnitPlan) -> Vec<Action> {
    let mut all = Vec::new();
    if let [Inner::Call(call)] = plan.body.as_slice()
        && plan.after.is_none()
    {
        let (who, call) = (plan.who, call.clone());
        all.push(Action::Call { who, call });
    }
    let mut with = |change: &dyn Fn(&mut UnitPlan)| {
        let mut simpler = plan.clone();
        change(&mut simpler);
        all.push(Action::Unit(simpler));
    };
    if plan.after.is_some() {
        with(&|plan| plan.after = None);
    }
    for body in bodies(&plan.body) {
        with(&|plan| plan.body = body.clone());
    }
    if plan.how != How::Write && !plan.how.reads() {
        with(&|plan| plan.how = How::Write);
    }
    if plan.end != End::Commit {
        with(&|plan| plan.end = End::Commit);
    }
    if let Some(after) = &plan.after {
        for call in calls(after) {
            with(&|plan| plan.after = Some(call.clone()));
        }
    }
    all
}

fn bodies(body: &[Inner]) -> Vec<Vec<Inner>> {
    let mut all = Vec::new();
    for at in 0..body.len() {
        let mut without = body.to_vec();
        without.remove(at);
        all.push(without);
        if let Inner::Savepoint { body: inner, .. } = &body[at] {
            let mut flat = body.to_vec();
            flat.splice(at..=at, inner.clone());
            all.push(flat);
        }
    }
    for (at, inner) in body.iter().enumerate() {
        for simpler in inners(inner) {
            let mut changed = body.to_vec();
            changed[at] = simpler;
            all.push(changed);
        }
    }
    all
}

fn inners(inner: &Inner) -> Vec<Inner> {
    match inner {
        Inner::Call(call) => calls(call).into_iter().map(Inner::Call).collect(),
        Inner::Outside { who, call } => calls(call)
            .into_iter()
            .map(|call| Inner::Outside { who: *who, call })
            .collect(),
        Inner::Savepoint { body, release } => bodies(body)
            .into_iter()
            .map(|body| Inner::Savepoint {
                body,
                release: *release,
            })
            .collect(),
    }
}

fn calls(call: &Call) -> Vec<Call> {
    let table = call.table;
    methods(&call.method)
        .into_iter()
        .map(|method| Call { table, method })
        .collect()
}

fn methods(method: &Method) -> Vec<Method> {
    match method {
        Method::Lock(ids) => shorter(ids).into_iter().map(Method::Lock).collect(),
        Method::Exists(asked) => queries(asked).into_iter().map(Method::Exists).collect(),
        Method::Count(asked) => queries(asked).into_iter().map(Method::Count).collect(),
        Method::Stream(asked) => queries(asked).into_iter().map(Method::Stream).collect(),
        Method::Pages {
            query,
            size,
            backwards,
        } => queries(query)
            .into_iter()
            .map(|query| Method::Pages {
                query,
                size: *size,
                backwards: *backwards,
            })
            .collect(),
        Method::Follow {
            first,
            tamper,
            then,
            size,
            backwards,
        } => {
            let follow = |first: Asked, then: Asked| Method::Follow {
                first,
                tamper: tamper.clone(),
                then,
                size: *size,
                backwards: *backwards,
            };
            // The same change of both keeps a cursor of the same query.
            let pairs = queries(first).into_iter().zip(queries(then));
            let mut all: Vec<Method> = pairs.map(|(first, then)| follow(first, then)).collect();
            all.extend(
                queries(first)
                    .into_iter()
                    .map(|first| follow(first, then.clone())),
            );
            all.extend(
                queries(then)
                    .into_iter()
                    .map(|then| follow(first.clone(), then)),
            );
            all
        }
        Method::Insert(draft) => drafts(draft).into_iter().map(Method::Insert).collect(),
        Method::InsertMany(many) => {
            let mut all: Vec<Method> = match many.as_slice() {
                [draft] => vec![Method::Insert(draft.clone())],
                _ => Vec::new(),
            };
            all.extend(shorter(many).into_iter().map(Method::InsertMany));
            all.extend(each(many, drafts).into_iter().map(Method::InsertMany));
            all
        }
        Method::InsertRun { draft, rows } => {
            let mut all = counts(*rows, |rows| Method::InsertRun {
                draft: draft.clone(),
                rows,
            });
            all.extend(
                drafts(draft)
                    .into_iter()
                    .map(|draft| Method::InsertRun { draft, rows: *rows }),
            );
            all
        }
        Method::UpsertRun { draft, rows } => {
            let mut all = counts(*rows, |rows| Method::UpsertRun {
                draft: draft.clone(),
                rows,
            });
            all.extend(
                drafts(draft)
                    .into_iter()
                    .map(|draft| Method::UpsertRun { draft, rows: *rows }),
            );
            all
        }
        Method::Update(row) => rows(row).into_iter().map(Method::Update).collect(),
        Method::Patch {
            id,
            expected,
            changes,
        } => {
            let patch = |expected: Option<i64>, changes: Values| Method::Patch {
                id: id.clone(),
                expected,
                changes,
            };
            let mut all = Vec::new();
            if expected.is_some() {
                all.push(patch(None, changes.clone()));
            }
            all.extend(
                shorter(changes)
                    .into_iter()
                    .map(|changes| patch(*expected, changes)),
            );
            all.extend(
                each(changes, pairs)
                    .into_iter()
                    .map(|changes| patch(*expected, changes)),
            );
            all
        }
        Method::Upsert(seen) => seens(seen).into_iter().map(Method::Upsert).collect(),
        Method::UpsertMany(many) => {
            let mut all: Vec<Method> = match many.as_slice() {
                [seen] => vec![Method::Upsert(seen.clone())],
                _ => Vec::new(),
            };
            all.extend(shorter(many).into_iter().map(Method::UpsertMany));
            all.extend(each(many, seens).into_iter().map(Method::UpsertMany));
            all
        }
        Method::Delete {
            id,
            expected: Some(_),
        } => vec![Method::Delete {
            id: id.clone(),
            expected: None,
        }],
        Method::Restore {
            id,
            expected: Some(_),
        } => vec![Method::Restore {
            id: id.clone(),
            expected: None,
        }],
        Method::PatchWhere { filter, changes } => {
            let patch = |filter: Filter, changes: Values| Method::PatchWhere { filter, changes };
            let mut all: Vec<Method> = filters(filter)
                .into_iter()
                .map(|filter| patch(filter, changes.clone()))
                .collect();
            all.extend(
                shorter(changes)
                    .into_iter()
                    .map(|changes| patch(filter.clone(), changes)),
            );
            all.extend(
                each(changes, pairs)
                    .into_iter()
                    .map(|changes| patch(filter.clone(), changes)),
            );
            all
        }
        Method::DeleteWhere(filter) => filters(filter)
            .into_iter()
            .map(Method::DeleteWhere)
            .collect(),
        Method::Find(_)
        | Method::Get(_)
        | Method::Delete { .. }
        | Method::Restore { .. }
        | Method::Purge { .. }
        | Method::Plant { .. } => Vec::new(),
    }
}

fn counts(rows: usize, with: impl Fn(usize) -> Method) -> Vec<Method> {
    let smaller = [rows / 2, rows.saturating_sub(100), rows.saturating_sub(1)];
    let smaller = smaller
        .into_iter()
        .filter(|fewer| *fewer < rows && *fewer > 0);
    smaller.map(with).collect()
}

/// The list without one of its elements.
fn shorter<T: Clone>(list: &[T]) -> Vec<Vec<T>> {
    let without = |at: usize| {
        let mut shorter = list.to_vec();
        shorter.remove(at);
        shorter
    };
    (0..list.len()).map(without).collect()
}

/// The list with one of its elements made simpler.
fn each<T: Clone>(list: &[T], simpler: fn(&T) -> Vec<T>) -> Vec<Vec<T>> {
    let replaced = |at: usize| {
        simpler(&list[at]).into_iter().map(move |element| {
            let mut changed = list.to_vec();
            changed[at] = element;
            changed
        })
    };
    (0..list.len()).flat_map(replaced).collect()
}

fn drafts(draft: &Draft) -> Vec<Draft> {
    let id = &draft.id;
    let with = |values: Values| Draft {
        id: id.clone(),
        values,
    };
    let mut all = Vec::new();
    if id.is_some() {
        all.push(Draft {
            id: None,
            values: draft.values.clone(),
        });
    }
    all.extend(shorter(&draft.values).into_iter().map(with));
    all.extend(each(&draft.values, pairs).into_iter().map(with));
    all
}

fn seens(seen: &Seen) -> Vec<Seen> {
    match seen {
        Seen::New(draft) => drafts(draft).into_iter().map(Seen::New).collect(),
        Seen::Seen(row) => rows(row).into_iter().map(Seen::Seen).collect(),
    }
}

fn rows(row: &[Value]) -> Vec<Row> {
    each(row, values)
}

fn pairs(pair: &(usize, Value)) -> Vec<(usize, Value)> {
    let (column, value) = pair;
    values(value)
        .into_iter()
        .map(|value| (*column, value))
        .collect()
}

fn values(value: &Value) -> Vec<Value> {
    match value {
        Value::Text(text) if text != "a" && !text.is_empty() => {
            let characters: Vec<char> = text.chars().collect();
            let half: String = characters[..characters.len() / 2].iter().collect();
            let less: String = characters[..characters.len() - 1].iter().collect();
            let mut all = vec![Value::Text("a".to_owned()), Value::Text(half)];
            all.push(Value::Text(less));
            all
        }
        Value::Bytes(bytes) if !bytes.is_empty() => {
            vec![
                Value::Bytes(Vec::new()),
                Value::Bytes(bytes[..bytes.len() / 2].to_vec()),
            ]
        }
        Value::SmallInt(number) if *number != 0 => vec![Value::SmallInt(0)],
        Value::Int(number) if *number != 0 => vec![Value::Int(0)],
        Value::BigInt(number) if *number > 1 => vec![Value::BigInt(1)],
        Value::Float(number) if *number != 0.0 => vec![Value::Float(0.0)],
        Value::Double(number) if *number != 0.0 => vec![Value::Double(0.0)],
        Value::Numeric(number) if number.units() != 0 => zero(*number).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn zero(number: AnyNumeric) -> Option<Value> {
    let Type::Numeric { precision, scale } = number.ty() else {
        return None;
    };
    AnyNumeric::from_units(0, precision, scale).map(Value::Numeric)
}

fn queries(asked: &Asked) -> Vec<Asked> {
    let mut all: Vec<Asked> = filters(&asked.filter)
        .into_iter()
        .map(|filter| Asked {
            filter,
            ..asked.clone()
        })
        .collect();
    all.extend(shorter(&asked.order).into_iter().map(|order| Asked {
        order,
        ..asked.clone()
    }));
    if asked.visibility != Visibility::Live {
        all.push(Asked {
            visibility: Visibility::Live,
            ..asked.clone()
        });
    }
    all
}

fn filters(filter: &Filter) -> Vec<Filter> {
    let mut all = match filter {
        Filter::All => return Vec::new(),
        Filter::None => return vec![Filter::All],
        Filter::IsNull(_) => Vec::new(),
        Filter::Compare(column, how, value) => {
            let simpler = values(value).into_iter();
            simpler
                .map(|value| Filter::Compare(*column, *how, value))
                .collect()
        }
        Filter::IsIn(column, list) => {
            let simpler = shorter(list).into_iter();
            simpler.map(|list| Filter::IsIn(*column, list)).collect()
        }
        Filter::Ids(columns, ids) => {
            let simpler = shorter(ids).into_iter();
            simpler.map(|ids| Filter::Ids(columns, ids)).collect()
        }
        Filter::Text(column, how, needle) => values(&Value::Text(needle.clone()))
            .into_iter()
            .filter_map(|value| match value {
                Value::Text(needle) => Some(Filter::Text(*column, *how, needle)),
                _ => None,
            })
            .collect(),
        Filter::Not(inner) => {
            let mut all = vec![(**inner).clone()];
            all.extend(
                filters(inner)
                    .into_iter()
                    .map(|inner| Filter::Not(Box::new(inner))),
            );
            all
        }
        Filter::And(left, right) | Filter::Or(left, right) => {
            let joined = |left: Filter, right: Filter| match filter {
                Filter::And(..) => Filter::And(Box::new(left), Box::new(right)),
                _ => Filter::Or(Box::new(left), Box::new(right)),
            };
            let mut all = vec![(**left).clone(), (**right).clone()];
            let simpler = filters(left).into_iter();
            all.extend(simpler.map(|left| joined(left, (**right).clone())));
            let simpler = filters(right).into_iter();
            all.extend(simpler.map(|right| joined((**left).clone(), right)));
            all
        }
        Filter::Chain { link, links, or } => {
            let mut all = vec![(**link).clone()];
            let simpler = filters(link).into_iter();
            all.extend(simpler.map(|link| Filter::Chain {
                link: Box::new(link),
                links: *links,
                or: *or,
            }));
            all
        }
    };
    all.insert(0, Filter::All);
    all
}
