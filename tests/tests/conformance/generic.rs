//! Records, drafts, patches, filters and orders of code that knows a column only by its position.

use catamaran::query::{Comparison, TextMatch};
use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{ErrorKind, Expected, Filter, InvalidReason, Order, Query, Record, Result, Value};
use suite::kind::invalid;
use suite::pages::forwards;
use suite::specimen::{Specimen, SpecimenDraft};
use suite::users::everybodys;

fn position(field: &str) -> usize {
    let column = Specimen::COLUMNS
        .iter()
        .position(|column| column.field == field);
    column.expect("a field of the specimen")
}

fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
}

fn kind<T>(outcome: Result<T>) -> ErrorKind {
    match outcome {
        Ok(_) => panic!("it was accepted"),
        Err(error) => error.kind().clone(),
    }
}

#[twin_test(suite::specimen::Migrator)]
async fn rows_are_written_and_found_by_positions_and_values(db: &TwinDatabase) -> Result<()> {
    let specimens = everybodys::<Specimen>(db);
    for label in ["b", "a", "ab"] {
        let draft = Specimen::draft_from(None, vec![(position("label"), text(label))])?;
        assert_eq!(draft, SpecimenDraft::new(label));
        let made = specimens.insert(draft).await?;
        let values = (0..Specimen::COLUMNS.len()).map(|index| made.value(index));
        assert_eq!(Specimen::from_values(values.collect())?, made);
    }
    let filter = Filter::matches(position("label"), TextMatch::Contains, "a")?
        .and(Filter::is_null(position("note"))?)
        .and(Filter::compare(
            position("small"),
            Comparison::Less,
            Value::Int(1),
        )?);
    let query = Query::from(filter).order_by(Order::by(position("label"))?.reversed());
    let found = forwards(&*specimens, &query, 9).await?;
    let labels: Vec<_> = found.iter().map(|row| row.label.as_str()).collect();
    assert_eq!(labels, ["ab", "a"]);

    let patch = Specimen::patch_from(vec![(position("note"), text("seen"))])?;
    let patched = specimens.patch(found[0].id, Expected::Any, patch).await?;
    assert_eq!(patched.note.as_deref(), Some("seen"));
    let listed = Filter::is_in(position("note"), [text("seen"), text("other")])?;
    assert_eq!(specimens.count(&listed.into()).await?, 1);
    Ok(())
}

#[test]
fn a_value_or_a_position_that_does_not_fit_is_an_error_at_the_call() {
    let (label, small) = (position("label"), position("small"));
    let beyond = Specimen::COLUMNS.len();
    let refused: [ErrorKind; 8] = [
        kind(Filter::<Specimen>::compare(
            label,
            Comparison::Equal,
            Value::Int(1),
        )),
        kind(Filter::<Specimen>::compare(
            beyond,
            Comparison::Equal,
            Value::Int(1),
        )),
        kind(Filter::<Specimen>::compare(
            label,
            Comparison::Equal,
            Value::Null(Specimen::COLUMNS[label].ty),
        )),
        kind(Filter::<Specimen>::is_in(label, [text("a"), Value::Int(1)])),
        kind(Filter::<Specimen>::matches(small, TextMatch::Contains, "a")),
        kind(Order::<Specimen>::by(beyond)),
        kind(Specimen::from_values(vec![text("a")])),
        kind(Specimen::patch_from(vec![(
            Specimen::MANAGED.id[0],
            text("a"),
        )])),
    ];
    for kind in refused {
        assert_eq!(kind.name(), "InvalidQuery", "{kind:?}");
    }
    let other = kind(Specimen::draft_from(None, vec![(label, Value::Int(1))]));
    assert_eq!(other, invalid("label", InvalidReason::OtherType));
    let missing = kind(Specimen::draft_from(None, Vec::new()));
    assert_eq!(missing, invalid("label", InvalidReason::OtherType));
    let twice = vec![(label, text("a")), (label, text("b"))];
    assert_eq!(kind(Specimen::patch_from(twice)).name(), "InvalidQuery");
}
