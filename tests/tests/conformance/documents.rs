//! JSON documents: what a column keeps, and what it refuses.

use std::collections::BTreeMap;

use catamaran::query::Comparison;
use catamaran::record::{Json, MAX_BYTES, MAX_JSON_DEPTH};
use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{
    Engine, ErrorKind, Expected, Filter, InvalidReason, Order, PageRequest, Query, Result, Upsert,
    Value,
};
use serde_json::json;
use suite::exhibit::{Paper, PaperDraft, PaperPatch, Settings};
use suite::kind::{invalid, refused};
use suite::raw;
use suite::users::everybodys;

fn settings(zoom: f64) -> Json<Settings> {
    Json(Settings {
        zoom,
        language: "é'\"\\".to_owned(),
        limits: BTreeMap::from([("size".to_owned(), u64::MAX)]),
        session: String::new(),
    })
}

fn draft(data: serde_json::Value) -> PaperDraft {
    PaperDraft::new(data, settings(1.0))
}

/// Documents in canonical form.
fn documents() -> Vec<serde_json::Value> {
    let nested = (0..MAX_JSON_DEPTH).fold(json!(1), |inner, _| json!([inner]));
    vec![
        json!(null),
        json!(true),
        json!(""),
        json!("'\\ \" \u{1} \u{7f} \u{2028} 😀 \u{10ffff} é e\u{301}"),
        json!([]),
        json!({}),
        json!({"": {"b": [], "aa": 1, "a": null, "é": {"z": [1, "1", 1.5]}}}),
        json!([i64::MIN, i64::MAX, u64::MAX, 0, -1]),
        json!([0.1, 0.1 + 0.2, 1e300, 5e-324, f64::MAX, 1e20, -1.5, 1e-7]),
        json!("x".repeat(MAX_BYTES - 2)),
        nested,
    ]
}

#[twin_test(suite::exhibit::Migrator, everywhere)]
async fn a_document_is_kept_by_every_write(db: &TwinDatabase) -> Result<()> {
    let papers = everybodys::<Paper>(db);
    let drafts = documents().into_iter().map(|document| {
        let earlier = vec![settings(0.1 + 0.2).0, settings(2.0).0];
        draft(document.clone())
            .extra(document)
            .earlier(Json(earlier))
    });
    let drafts: Vec<PaperDraft> = drafts.collect();
    let many = papers.insert_many(drafts.clone()).await?;
    for (draft, made) in drafts.into_iter().zip(many) {
        assert_eq!((&made.data, &made.extra), (&draft.data, &draft.extra));
        assert_eq!(papers.get(made.id).await?, made);
        let one = papers.insert(draft.clone()).await?;
        assert_eq!(papers.get(one.id).await?, Paper { id: one.id, ..made });
        let same = papers.upsert(Upsert::new(draft.clone().id(one.id))).await?;
        assert_eq!(same, catamaran::Upserted::Unchanged(one.clone()));
        let patch = PaperPatch::new().data(json!({"a": 1})).extra(None);
        let patched = papers.patch(one.id, Expected::Any, patch).await?;
        assert_eq!(papers.get(one.id).await?, patched);
        let update = Paper {
            data: draft.data,
            ..patched
        };
        assert_eq!(papers.update(update.clone()).await?, update);
    }
    Ok(())
}

#[twin_test(suite::exhibit::Migrator, everywhere)]
async fn many_documents_are_copied(db: &TwinDatabase) -> Result<()> {
    let papers = everybodys::<Paper>(db);
    let is_short = |document: &serde_json::Value| document.to_string().len() < 1000;
    let short: Vec<_> = documents()
        .into_iter()
        .filter(is_short)
        .map(draft)
        .collect();
    let many: Vec<_> = short.into_iter().cycle().take(1_000).collect();
    let made = papers.insert_many(many.clone()).await?;
    for (draft, made) in many.into_iter().zip(&made) {
        assert_eq!((&made.data, &made.settings), (&draft.data, &draft.settings));
    }
    let all = Query::all().order_by(Paper::ID.asc());
    let page = papers.list(&all, PageRequest::first(1_000)).await?;
    let mut sorted = made;
    sorted.sort_by_key(|paper| paper.id);
    assert_eq!(page.items, sorted);
    Ok(())
}

#[twin_test(suite::exhibit::Migrator, everywhere)]
async fn what_jsonb_writes_otherwise_is_canonicalised(db: &TwinDatabase) -> Result<()> {
    let papers = everybodys::<Paper>(db);
    for (given, kept) in [
        (json!(1.0), json!(1)),
        (json!(-0.0), json!(0)),
        (
            json!([1e16, 1e19]),
            json!([10_000_000_000_000_000_u64, 10_000_000_000_000_000_000_u64]),
        ),
        (json!({"b": 2.0, "a": 1.5}), json!({"a": 1.5, "b": 2})),
    ] {
        let made = papers.insert(draft(given.clone()).extra(given)).await?;
        assert_eq!((&made.data, made.extra.as_ref()), (&kept, Some(&kept)));
        assert_eq!(papers.get(made.id).await?, made);
    }
    // What serde does not store is not in the record that an insert returns.
    let mut lost = settings(1.0);
    lost.0.session = "secret".to_owned();
    let made = papers.insert(PaperDraft::new(json!(1), lost)).await?;
    assert_eq!(made.settings, settings(1.0));
    assert_eq!(papers.get(made.id).await?, made);
    Ok(())
}

#[twin_test(suite::exhibit::Migrator, everywhere)]
async fn null_and_the_document_null_are_two_values(db: &TwinDatabase) -> Result<()> {
    let papers = everybodys::<Paper>(db);
    let none = papers.insert(draft(json!(null))).await?;
    let null = papers.insert(draft(json!(null)).extra(json!(null))).await?;
    assert_eq!((none.extra, null.extra), (None, Some(json!(null))));
    let missing = Query::from(Paper::EXTRA.is_null());
    let page = papers.list(&missing, PageRequest::first(5)).await?;
    let found: Vec<_> = page.items.iter().map(|paper| paper.id).collect();
    assert_eq!(found, [none.id]);
    assert_eq!(papers.count(&Paper::EXTRA.is_not_null().into()).await?, 1);
    Ok(())
}

#[twin_test(suite::exhibit::Migrator, everywhere)]
async fn a_document_that_an_engine_could_not_return_is_refused(db: &TwinDatabase) -> Result<()> {
    let papers = everybodys::<Paper>(db);
    let max_depth = MAX_JSON_DEPTH;
    let deep = (0..=MAX_JSON_DEPTH).fold(json!(1), |inner, _| json!({"a": inner}));
    let max_bytes = MAX_BYTES;
    let long = json!("x".repeat(MAX_BYTES - 1));
    for (document, reason) in [
        (json!("a\0b"), InvalidReason::NulCharacter),
        (json!([{"a\0": 1}]), InvalidReason::NulCharacter),
        (deep, InvalidReason::TooDeep { max_depth }),
        (long, InvalidReason::TooLong { max_bytes }),
    ] {
        let inserted = papers.insert(draft(document.clone())).await;
        assert_eq!(refused(inserted), invalid("data", reason.clone()));
        let extra = vec![draft(json!(1)).extra(document)];
        let inserted = papers.insert_many(extra).await;
        assert_eq!(refused(inserted), invalid("extra", reason));
    }
    let nan = PaperDraft::new(json!(1), settings(f64::NAN));
    let shown = papers.insert(nan).await.expect_err("JSON has no NaN");
    assert_eq!(
        shown.to_string(),
        "invalid value for settings: invalid type: null, expected f64"
    );
    assert_eq!(papers.count(&Query::all()).await?, 0);
    Ok(())
}

#[twin_test(suite::exhibit::Migrator, everywhere)]
async fn a_stored_document_that_cannot_be_read_is_a_decode_error(db: &TwinDatabase) -> Result<()> {
    let papers = everybodys::<Paper>(db);
    let made = papers.insert(draft(json!(1))).await?;
    let garbage: &[(&str, &str)] = match db.engine() {
        Engine::Postgres => &[
            ("settings", "'{}'"),
            ("settings", "'null'"),
            ("earlier", "'{}'"),
            ("data", "'1e400'"),
        ],
        Engine::Sqlite => &[
            ("settings", "'{}'"),
            ("settings", "'null'"),
            ("earlier", "'[1]'"),
            ("data", "'1e400'"),
            ("data", "''"),
            ("extra", "'{'"),
            ("extra", "'{a: 1}'"),
        ],
    };
    raw::execute(db.store(), "CREATE TABLE kept AS SELECT * FROM papers").await?;
    for (column, value) in garbage {
        let set = |value: &str| format!("UPDATE papers SET {column} = {value}");
        let bypass = format!(
            "PRAGMA ignore_check_constraints = ON; {}; PRAGMA ignore_check_constraints = OFF",
            set(value)
        );
        raw::execute_on(db, &bypass, &set(value)).await?;
        let unreadable = ErrorKind::Decode {
            column: (*column).into(),
        };
        assert_eq!(refused(papers.find(made.id).await), unreadable, "{value}");
        let page = papers.list(&Query::all(), PageRequest::first(5)).await;
        assert_eq!(refused(page), unreadable, "{value}");
        let whole = format!("(SELECT {column} FROM kept)");
        raw::execute(db.store(), &set(&whole)).await?;
        assert_eq!(papers.get(made.id).await?, made);
    }
    Ok(())
}

#[test]
fn generic_code_neither_compares_nor_orders_documents() {
    let index = Paper::DATA.index();
    let value = || Value::Json(json!(1));
    for refusal in [
        refused(Filter::<Paper>::compare(index, Comparison::Equal, value())),
        refused(Filter::<Paper>::is_in(index, [value()])),
        refused(Order::<Paper>::by(index)),
    ] {
        let ErrorKind::InvalidQuery { reason } = refusal else {
            panic!("{refusal:?}");
        };
        assert_eq!(
            reason,
            "the column data is JSON, which has neither equality nor an order"
        );
    }
}
