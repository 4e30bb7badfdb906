//! Decimal numbers.

use catamaran::query::{Comparison, TextMatch};
use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{
    Engine, ErrorKind, Expected, Filter, Numeric, PageRequest, Query, Result, Upsert, Upserted,
    Value,
};
use sea_orm::{ActiveModelTrait, EntityTrait, Set};
use suite::exhibit::{Exhibit, ExhibitDraft, ExhibitPatch};
use suite::kind::refused;
use suite::pages::{backwards, forwards};
use suite::raw;
use suite::users::everybodys;

type Price = Numeric<12, 2>;

fn price(text: &str) -> Price {
    text.parse().expect("a price")
}

/// Prices in order, which differs from that of their texts.
const PRICES: [&str; 9] = [
    "-9999999999.99",
    "-100",
    "-9.5",
    "-0.01",
    "0",
    "0.01",
    "1.50",
    "10",
    "9999999999.99",
];

fn drafts() -> Vec<ExhibitDraft> {
    let prices = PRICES.iter().rev();
    prices
        .map(|text| ExhibitDraft::new(*text).price(price(text)))
        .collect()
}

#[twin_test(suite::exhibit::Migrator, everywhere)]
async fn numbers_are_written_read_compared_and_ordered_as_numbers(db: &TwinDatabase) -> Result<()> {
    let exhibits = everybodys::<Exhibit>(db);
    let mut made = exhibits.insert_many(drafts()).await?;
    made.reverse();
    for exhibit in &made {
        assert_eq!(exhibits.get(exhibit.id).await?, *exhibit);
        let equal = Query::all().filter(Exhibit::PRICE.eq(exhibit.price));
        assert_eq!(
            forwards(&*exhibits, &equal, 2).await?,
            std::slice::from_ref(exhibit)
        );
    }
    let query = Query::all().order_by(Exhibit::PRICE.asc());
    assert_eq!(forwards(&*exhibits, &query, 2).await?, made);
    assert_eq!(backwards(&*exhibits, &query, 2).await?, made);
    for (filter, rows) in [
        (Exhibit::PRICE.eq(price("1.5")), 1),
        (Exhibit::PRICE.ne(price("1.500")), 8),
        (Exhibit::PRICE.eq(price("-0")), 1),
        (Exhibit::PRICE.lt(price("-9")), 3),
        (Exhibit::PRICE.ge(Price::MAX), 1),
        (
            Exhibit::PRICE.is_in([price("10"), Price::MIN, price("7")]),
            2,
        ),
        (Exhibit::PRICE.is_in(made.iter().map(|one| one.price)), 9),
        (Exhibit::BALANCE.is_null(), 9),
    ] {
        assert_eq!(exhibits.count(&filter.into()).await?, rows);
    }
    Ok(())
}

#[twin_test(suite::exhibit::Migrator, everywhere)]
async fn numbers_of_the_most_digits_are_exact_in_every_write(db: &TwinDatabase) -> Result<()> {
    let exhibits = everybodys::<Exhibit>(db);
    let made = exhibits.insert(ExhibitDraft::new("x")).await?;
    assert_eq!(made.price.to_string(), "1.50");
    let patch = ExhibitPatch::new()
        .balance(Numeric::MIN)
        .share(Numeric::of_units::<1>())
        .price(price("-0.05"));
    let patched = exhibits.patch(made.id, Expected::Any, patch).await?;
    assert_eq!(exhibits.get(made.id).await?, patched);
    assert_eq!(
        patched.share.map(|share| share.to_string()).as_deref(),
        Some("0.000000000000000001")
    );
    let seen = exhibits.upsert(Upsert::seen(patched.clone())).await?;
    assert_eq!(seen, Upserted::Unchanged(patched.clone()));
    let whole = Exhibit {
        balance: Some(Numeric::MAX),
        share: Some(Numeric::MIN),
        price: Price::MAX,
        ..patched
    };
    let updated = exhibits.update(whole.clone()).await?;
    assert_eq!(updated, whole);
    assert_eq!(exhibits.get(made.id).await?, whole);
    let everything = ExhibitPatch::new().balance(None).share(Numeric::MAX);
    exhibits.patch_where(&Filter::all(), everything).await?;
    let read = exhibits.get(made.id).await?;
    assert_eq!((read.balance, read.share), (None, Some(Numeric::MAX)));

    // On Postgres by COPY.
    let most = 2000_i64;
    let numbers = || (0..most).map(|number| number * 499_999_999_999_999 - 499_999_999_999_999_999);
    let drafts = numbers().map(|units| {
        let draft =
            ExhibitDraft::new("y").price(Price::from_units(units / 1_000_000).expect("a price"));
        draft
            .balance(Numeric::from_units(units))
            .share(Numeric::from_units(-units))
    });
    exhibits.insert_many(drafts.collect()).await?;
    let query = Query::all()
        .filter(Exhibit::TITLE.eq("y"))
        .order_by(Exhibit::BALANCE.asc());
    let stored = forwards(&*exhibits, &query, 500).await?;
    let read = stored.iter().map(|one| {
        let units = one.balance.map_or(0, Numeric::units);
        assert_eq!(one.share.map(Numeric::units), Some(-units));
        assert_eq!(one.price.units(), units / 1_000_000);
        units
    });
    assert!(read.eq(numbers()));
    Ok(())
}

#[twin_test(suite::exhibit::Migrator, everywhere)]
async fn a_sum_in_custom_sql_is_exact(db: &TwinDatabase) -> Result<()> {
    let exhibits = everybodys::<Exhibit>(db);
    let drafts = (0..10).map(|_| ExhibitDraft::new("x").price(price("0.10")));
    exhibits.insert_many(drafts.collect()).await?;
    let sum = |expected| {
        format!(
            "UPDATE exhibits SET title = 'sum' WHERE (SELECT sum(price) FROM exhibits) = {expected}"
        )
    };
    raw::execute_on(db, &sum("100"), &sum("1.00")).await?;
    let summed = Query::all().filter(Exhibit::TITLE.eq("sum"));
    assert_eq!(exhibits.count(&summed).await?, 10);
    Ok(())
}

#[twin_test(suite::exhibit::Migrator, everywhere)]
async fn a_number_of_another_type_is_no_value_of_the_column(db: &TwinDatabase) -> Result<()> {
    let exhibits = everybodys::<Exhibit>(db);
    exhibits.insert(ExhibitDraft::new("x")).await?;
    let position = Exhibit::PRICE.index();
    let other = Value::from(Numeric::<12, 1>::of_units::<15>());
    let compared = Filter::<Exhibit>::compare(position, Comparison::Equal, other);
    let reason = "the column price is numeric(12,2), and the value is numeric(12,1)";
    let kind = ErrorKind::InvalidQuery {
        reason: reason.into(),
    };
    assert_eq!(compared.expect_err("another type").kind(), &kind);
    assert!(Filter::<Exhibit>::matches(position, TextMatch::Contains, "1").is_err());
    let same = Value::from(price("1.5"));
    let compared = Filter::<Exhibit>::compare(position, Comparison::Equal, same.clone())?;
    assert_eq!(exhibits.count(&compared.into()).await?, 1);
    let listed = Filter::<Exhibit>::is_in(position, [same])?;
    assert_eq!(exhibits.count(&listed.into()).await?, 1);
    Ok(())
}

#[twin_test(suite::exhibit::Migrator, everywhere)]
async fn a_stored_number_that_the_type_does_not_have_is_a_decode_error(
    db: &TwinDatabase,
) -> Result<()> {
    let exhibits = everybodys::<Exhibit>(db);
    let made = exhibits.insert(ExhibitDraft::new("x")).await?;
    let free = "ALTER TABLE exhibits DROP CONSTRAINT ck_exhibits__price, ALTER price TYPE numeric";
    let values: &[&str] = match db.engine() {
        Engine::Sqlite => &["1000000000000", "-9223372036854775808"],
        Engine::Postgres => {
            raw::execute(db.store(), free).await?;
            &["'NaN'", "1.005", "10000000000", "1e400", "1e-400"]
        }
    };
    for value in values {
        let update = format!("UPDATE exhibits SET price = {value}");
        let unchecked = format!(
            "PRAGMA ignore_check_constraints = ON; {update}; PRAGMA ignore_check_constraints = OFF"
        );
        raw::execute_on(db, &unchecked, &update).await?;
        let unreadable = ErrorKind::Decode {
            column: "price".into(),
        };
        assert_eq!(refused(exhibits.find(made.id).await), unreadable, "{value}");
        let page = exhibits.list(&Query::all(), PageRequest::first(5)).await;
        assert_eq!(refused(page), unreadable, "{value}");
    }
    Ok(())
}

#[twin_test(suite::exhibit::Migrator)]
async fn the_database_refuses_a_number_that_the_type_does_not_have(
    db: &TwinDatabase,
) -> Result<()> {
    let exhibits = everybodys::<Exhibit>(db);
    exhibits.insert(ExhibitDraft::new("x")).await?;
    let set = |value: &str| format!("UPDATE exhibits SET price = {value}");
    let values = match db.engine() {
        Engine::Sqlite => ["1000000000000", "1.5", "'one'"],
        Engine::Postgres => ["'NaN'", "10000000000", "'Infinity'"],
    };
    for value in values {
        assert!(
            raw::execute(db.store(), &set(value)).await.is_err(),
            "{value}"
        );
    }
    Ok(())
}

#[twin_test(suite::exhibit::Migrator)]
async fn seaorm_writes_and_reads_the_entities_of_both_engines(db: &TwinDatabase) -> Result<()> {
    let exhibits = everybodys::<Exhibit>(db);
    let made = exhibits
        .insert(ExhibitDraft::new("x").price(price("2")))
        .await?;
    let scope = catamaran::Scope::system("the entity of the engine");
    let unit = db.store().begin_write(&scope).await?;
    match &unit {
        catamaran::Unit::Sqlite(unit) => {
            use suite::exhibit::sqlite::{ActiveModel, Entity};
            let connection = unit.seaorm();
            let found = Entity::find().all(&connection).await?;
            assert_eq!(found[0].price.0, made.price);
            let mut active: ActiveModel = found[0].clone().into();
            active.balance = Set(Some(catamaran::sqlite::IntegerNumeric(Numeric::MAX)));
            let updated = active.update(&connection).await?;
            assert_eq!(updated.balance.map(|balance| balance.0), Some(Numeric::MAX));
        }
        catamaran::Unit::Postgres(unit) => {
            use suite::exhibit::postgres::{ActiveModel, Entity};
            let connection = unit.seaorm();
            let found = Entity::find().all(&connection).await?;
            assert_eq!(found[0].price, made.price);
            let mut active: ActiveModel = found[0].clone().into();
            active.balance = Set(Some(Numeric::MAX));
            let updated = active.update(&connection).await?;
            assert_eq!(updated.balance, Some(Numeric::MAX));
        }
    }
    unit.commit().await?;
    let read = exhibits.get(made.id).await?;
    assert_eq!(read.balance, Some(Numeric::MAX));
    Ok(())
}
