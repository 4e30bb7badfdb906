//! Fields of types that are the application's own.

use catamaran::query::Comparison;
use catamaran::record::{Field, Twin};
use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{
    ErrorKind, Expected, Filter, InvalidReason, PageRequest, Postgres, Query, Record, Result,
    Sqlite, Upsert, Value,
};
use suite::exhibit::{
    Access, Address, Email, Exhibit, ExhibitDraft, ExhibitPatch, Floor, Grade, Loan, Title,
};
use suite::kind::{invalid, refused};
use suite::pages::{backwards, forwards};
use suite::raw;
use suite::users::everybodys;

fn email(text: &str) -> Email {
    Email::try_from(text.to_owned()).expect("an address")
}

fn address(text: &str) -> Address {
    Address(text.parse().expect("an address"))
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn no_at(field: &'static str) -> ErrorKind {
    let reason = "it has no @".into();
    invalid(field, InvalidReason::Application { reason })
}

#[twin_test(suite::exhibit::Migrator, everywhere)]
async fn newtypes_are_written_read_compared_and_ordered(db: &TwinDatabase) -> Result<()> {
    let exhibits = everybodys::<Exhibit>(db);
    let drafts = ["c@x", "a@x", "b@x"].map(|name| {
        ExhibitDraft::new(name)
            .subtitle(Title::from("é'"))
            .email(email(name))
            .address(address("::1"))
    });
    let made = exhibits.insert_many(drafts.to_vec()).await?;
    assert_eq!(exhibits.get(made[0].id).await?, made[0]);
    assert_eq!(made[0].email, email("c@x"));
    let query = Query::all().order_by(Exhibit::EMAIL.asc());
    let sorted = [made[1].clone(), made[2].clone(), made[0].clone()];
    assert_eq!(forwards(&*exhibits, &query, 1).await?, sorted);
    assert_eq!(backwards(&*exhibits, &query, 1).await?, sorted);

    for (filter, rows) in [
        (Exhibit::EMAIL.eq(email("A@X")), 1),
        (Exhibit::EMAIL.is_in([email("a@x"), email("c@x")]), 2),
        (Exhibit::EMAIL.gt(email("a@x")), 2),
        (Exhibit::EMAIL.starts_with("a"), 1),
        (Exhibit::SUBTITLE.contains("é'"), 3),
        (Exhibit::ADDRESS.eq(address("0:0::1")), 3),
        (Exhibit::REPLY_TO.is_null(), 3),
    ] {
        assert_eq!(exhibits.count(&filter.into()).await?, rows);
    }
    let patch = ExhibitPatch::new().reply_to(email("z@x")).address(None);
    let patched = exhibits.patch(made[0].id, Expected::Any, patch).await?;
    assert_eq!(patched.reply_to, Some(email("z@x")));
    let seen = exhibits.upsert(Upsert::seen(patched.clone())).await?;
    assert_eq!(seen, catamaran::Upserted::Unchanged(patched));
    Ok(())
}

#[twin_test(suite::exhibit::Migrator, everywhere)]
async fn what_the_conversion_changes_is_changed_in_what_is_stored(db: &TwinDatabase) -> Result<()> {
    let exhibits = everybodys::<Exhibit>(db);
    let draft = ExhibitDraft::new("x").email(Email::unchecked("ADA@X"));
    let made = exhibits.insert(draft).await?;
    assert_eq!(made.email.as_str(), "ada@x");
    assert_eq!(exhibits.get(made.id).await?, made);
    let filter = Exhibit::EMAIL.eq(Email::unchecked("ADA@X"));
    assert_eq!(exhibits.count(&filter.into()).await?, 1);
    Ok(())
}

#[twin_test(suite::exhibit::Migrator, everywhere)]
async fn a_value_that_does_not_convert_is_refused_in_the_words_of_the_application(
    db: &TwinDatabase,
) -> Result<()> {
    let exhibits = everybodys::<Exhibit>(db);
    let made = exhibits.insert(ExhibitDraft::new("x")).await?;
    let bad = || Email::unchecked("nobody");
    let refusal = exhibits.insert(ExhibitDraft::new("y").email(bad())).await;
    let shown = refusal.expect_err("no @").to_string();
    assert_eq!(shown, "invalid value for email: it has no @");
    let drafts = vec![ExhibitDraft::new("y").reply_to(bad())];
    assert_eq!(
        refused(exhibits.insert_many(drafts).await),
        no_at("reply_to")
    );
    let patch = || ExhibitPatch::new().email(bad());
    let everything = Filter::all();
    assert_eq!(
        refused(exhibits.patch(made.id, Expected::Any, patch()).await),
        no_at("email")
    );
    assert_eq!(
        refused(exhibits.patch_where(&everything, patch()).await),
        no_at("email")
    );
    let seen = Exhibit {
        email: bad(),
        ..made.clone()
    };
    assert_eq!(refused(exhibits.update(seen.clone()).await), no_at("email"));
    assert_eq!(
        refused(exhibits.upsert(Upsert::seen(seen)).await),
        no_at("email")
    );
    for filter in [Exhibit::EMAIL.eq(bad()), Exhibit::EMAIL.is_in([bad()])] {
        assert_eq!(
            refused(exhibits.count(&filter.into()).await),
            no_at("email")
        );
    }
    // What is refused as a text is refused first.
    let nul = exhibits.insert(ExhibitDraft::new("y").email(Email::unchecked("\0")));
    assert_eq!(
        refused(nul.await),
        invalid("email", InvalidReason::NulCharacter)
    );
    assert_eq!(exhibits.count(&Query::all()).await?, 1);
    Ok(())
}

#[twin_test(suite::exhibit::Migrator, everywhere)]
async fn a_stored_value_that_does_not_convert_is_a_decode_error_with_its_column(
    db: &TwinDatabase,
) -> Result<()> {
    let exhibits = everybodys::<Exhibit>(db);
    let made = exhibits.insert(ExhibitDraft::new("x")).await?;
    for (column, value, whole) in [
        ("email", "'nobody'", "'nobody@example.org'"),
        ("reply_to", "''", "NULL"),
        ("address", "'localhost'", "NULL"),
    ] {
        let set = |value| format!("UPDATE exhibits SET {column} = {value}");
        raw::execute(db.store(), &set(value)).await?;
        let unreadable = ErrorKind::Decode {
            column: column.into(),
        };
        assert_eq!(refused(exhibits.find(made.id).await), unreadable);
        let page = exhibits.list(&Query::all(), PageRequest::first(5)).await;
        assert_eq!(refused(page), unreadable);
        raw::execute(db.store(), &set(whole)).await?;
    }
    assert_eq!(exhibits.get(made.id).await?, made);
    Ok(())
}

#[test]
fn a_record_from_values_or_models_that_do_not_convert_is_an_error() {
    let position = Exhibit::EMAIL.index();
    let draft = |value: &str| {
        let values = vec![(Exhibit::TITLE.index(), text("x")), (position, text(value))];
        Exhibit::draft_from(None, values)
    };
    assert_eq!(
        draft("A@x").map(|draft| draft.email).ok(),
        Some(email("a@x"))
    );
    assert_eq!(refused(draft("nobody")), no_at("email"));
    let other = Email::from_value(Value::Int(1));
    assert_eq!(other, Err(InvalidReason::OtherType));
    let filter = Filter::<Exhibit>::compare(position, Comparison::Equal, text("A@X"));
    assert!(filter.is_ok());

    let whole = Exhibit {
        id: uuid::Uuid::nil(),
        price: catamaran::Numeric::of_units::<150>(),
        balance: None,
        share: None,
        title: Title::from("x"),
        subtitle: None,
        email: email("a@x"),
        reply_to: None,
        address: Some(address("127.0.0.1")),
        access: Access::Nobody,
        shown_to: None,
        grade: Grade::High,
        goal: None,
        loan: Loan::Out,
        last_loan: None,
        floor: Some(Floor::Cellar),
    };
    let mut model = <Exhibit as Twin<Sqlite>>::into_model(whole.clone());
    model.reply_to = Some("nobody".to_owned());
    let unreadable = |column: &'static str| ErrorKind::Decode {
        column: column.into(),
    };
    assert_eq!(
        refused(<Exhibit as Twin<Sqlite>>::from_model(model)),
        unreadable("reply_to")
    );
    let mut model = <Exhibit as Twin<Postgres>>::into_model(whole);
    model.address = Some("localhost".to_owned());
    assert_eq!(
        refused(<Exhibit as Twin<Postgres>>::from_model(model)),
        unreadable("address")
    );
}

#[twin_test(suite::exhibit::Migrator, everywhere)]
async fn enums_are_written_read_compared_and_ordered_by_what_is_stored(
    db: &TwinDatabase,
) -> Result<()> {
    let exhibits = everybodys::<Exhibit>(db);
    let accesses = [Access::Nobody, Access::ReadOnly, Access::Everybodys];
    let grades = [Grade::High, Grade::Low, Grade::Middle];
    let drafts = accesses.into_iter().zip(grades).map(|(access, grade)| {
        ExhibitDraft::new("x")
            .access(access)
            .shown_to(access)
            .grade(grade)
            .goal(grade)
            .loan(Loan::Out)
            .last_loan(Loan::In)
            .floor(Floor::Cellar)
    });
    let made = exhibits.insert_many(drafts.collect()).await?;
    for row in &made {
        assert_eq!(exhibits.get(row.id).await?, *row);
    }
    let plain = exhibits.insert(ExhibitDraft::new("y")).await?;
    assert_eq!(
        (plain.access, plain.grade, plain.loan, plain.goal),
        (Access::Everybodys, Grade::Low, Loan::In, None)
    );
    let query = Query::from(Exhibit::TITLE.eq(Title::from("x")));
    // `everybody's`, `nobody`, `read-only`; -1, 2, 10.
    let by_access = query.clone().order_by(Exhibit::SHOWN_TO.asc());
    let by_grade = query.order_by(Exhibit::GOAL.asc());
    let ids = |order: [usize; 3]| order.map(|index| made[index].id);
    for (query, order) in [(by_access, ids([2, 0, 1])), (by_grade, ids([1, 2, 0]))] {
        let found = forwards(&*exhibits, &query, 1).await?;
        assert_eq!(found.iter().map(|row| row.id).collect::<Vec<_>>(), order);
        assert_eq!(backwards(&*exhibits, &query, 1).await?, found);
    }
    for (filter, rows) in [
        (Exhibit::ACCESS.eq(Access::Everybodys), 2),
        (Exhibit::SHOWN_TO.ne(Access::Everybodys), 2),
        (Exhibit::GRADE.is_in([Grade::Low, Grade::High]), 3),
        (Exhibit::GOAL.lt(Grade::High), 2),
        (Exhibit::LOAN.is_in([Loan::Out]), 3),
        (Exhibit::LAST_LOAN.is_null(), 1),
        (Exhibit::FLOOR.eq(Floor::Cellar), 3),
    ] {
        assert_eq!(exhibits.count(&filter.into()).await?, rows);
    }
    let patch = ExhibitPatch::new().loan(Loan::Out).goal(Grade::Middle);
    let patched = exhibits.patch(plain.id, Expected::Any, patch).await?;
    assert_eq!(
        (patched.loan, patched.goal),
        (Loan::Out, Some(Grade::Middle))
    );
    let seen = exhibits.upsert(Upsert::seen(patched.clone())).await?;
    assert_eq!(seen, catamaran::Upserted::Unchanged(patched));
    Ok(())
}

#[twin_test(suite::exhibit::Migrator, everywhere)]
async fn a_stored_value_that_is_no_variant_is_a_decode_error_with_its_column(
    db: &TwinDatabase,
) -> Result<()> {
    let exhibits = everybodys::<Exhibit>(db);
    let made = exhibits.insert(ExhibitDraft::new("x")).await?;
    for (column, value, whole) in [
        ("access", "'Nobody'", "'everybody''s'"),
        ("shown_to", "''", "NULL"),
        ("grade", "11", "-1"),
        ("goal", "0", "NULL"),
        ("loan", "'lost'", "'in'"),
        ("last_loan", "'IN'", "NULL"),
        ("floor", "-2", "NULL"),
    ] {
        let set = |value| format!("UPDATE exhibits SET {column} = {value}");
        let refusal = refused(raw::execute(db.store(), &set(value)).await);
        assert!(
            matches!(&refusal, ErrorKind::Check { constraint: Some(name), .. } if *name == format!("ck_exhibits__{column}")),
            "{refusal:?}"
        );
        raw::execute_on(
            db,
            &format!(
                "PRAGMA ignore_check_constraints = ON; {}; PRAGMA ignore_check_constraints = OFF",
                set(value)
            ),
            &format!(
                "ALTER TABLE exhibits DROP CONSTRAINT ck_exhibits__{column}; {}",
                set(value)
            ),
        )
        .await?;
        let unreadable = ErrorKind::Decode {
            column: column.into(),
        };
        assert_eq!(refused(exhibits.find(made.id).await), unreadable);
        let page = exhibits.list(&Query::all(), PageRequest::first(5)).await;
        assert_eq!(refused(page), unreadable);
        raw::execute(db.store(), &set(whole)).await?;
    }
    assert_eq!(exhibits.get(made.id).await?, made);
    Ok(())
}

#[test]
fn a_value_that_is_no_variant_is_refused_with_the_list_of_those() {
    let unknown = |value: Value| {
        let reason = Access::from_value(value).expect_err("no variant");
        reason.to_string()
    };
    assert_eq!(
        unknown(text("ReadOnly")),
        r#"it is none of "nobody", "read-only", "everybody's""#
    );
    let reason = Floor::from_value(Value::Int(7)).expect_err("no variant");
    assert_eq!(reason.to_string(), "it is none of -1, 0");
    assert_eq!(
        Grade::from_value(Value::BigInt(2)),
        Err(InvalidReason::OtherType)
    );
}
