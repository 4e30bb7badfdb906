//! What the statements of a generated migration cost, whatever names and texts they contain.

use catamaran::Engine;
use catamaran::doctor::{Cost, Reviewed};
use catamaran::domain::{DefaultValue, TypedColumn};

use super::sketch::{Sketch, base, default, index};
use super::{built, generate};

/// The statements on Postgres that lead from a sketch to another one.
async fn reviewed(before: fn(&mut Sketch), after: fn(&mut Sketch)) -> Vec<Reviewed> {
    let mut sketch = base();
    before(&mut sketch);
    let so_far = built(sketch.clone().domain()).await;
    after(&mut sketch);
    let generated = generate(so_far, sketch.domain(), |doctor| doctor).await;
    let generated = generated.expect("no refusal").expect("a change");
    let mut review = generated.review.into_iter();
    let on_postgres = review.find(|(engine, _)| *engine == Engine::Postgres);
    on_postgres.expect("a review").1
}

#[tokio::test]
async fn names_and_texts_that_look_like_keywords_cost_nothing() {
    type Step = fn(&mut Sketch);
    let changes: [(Step, Step); 3] = [
        (
            |s| s.notes().add(TypedColumn::nullable("type", "text")),
            |s| {
                let value = DefaultValue::Text("x");
                s.notes().defaults.push(default("type", value));
            },
        ),
        (
            |_| {},
            |s| s.notes().add(TypedColumn::nullable("generated", "boolean")),
        ),
        (
            |_| {},
            |s| {
                let value = DefaultValue::Text("a SET NOT NULL b");
                s.notes().defaults.push(default("title", value));
            },
        ),
    ];
    for (before, after) in changes {
        let reviewed = reviewed(before, after).await;
        let costs: Vec<Cost> = reviewed.iter().map(|one| one.cost).collect();
        assert_eq!(costs, [Cost::Catalog], "{reviewed:?}");
    }
}

#[tokio::test]
async fn an_index_behind_a_new_column_keeps_the_readers_of_the_table_waiting() {
    let reviewed = reviewed(
        |_| {},
        |s| {
            s.notes().add(TypedColumn::nullable("color", "text"));
            let color = index("ix_notes__color", &["color"]);
            s.notes().indexes.push(color);
        },
    );
    let reviewed = reviewed.await;
    let [column, index] = reviewed.as_slice() else {
        panic!("two statements: {reviewed:?}");
    };
    assert_eq!(
        column.note,
        "ACCESS EXCLUSIVE on notes until the end of the migration"
    );
    assert!(
        index.note.contains("readers and writers of notes wait"),
        "{index:?}"
    );
    let way = index.way_around.as_deref().expect("a way around");
    assert!(way.contains("a migration of its own"), "{way}");
}
