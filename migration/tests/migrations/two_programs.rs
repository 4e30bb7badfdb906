//! Two programs with migrations in one database, each with a table of its own.

use catamaran::doctor::{Code, Doctor, Fix};
use catamaran::migrate::{MigrateError, Migrator, pending, up};
use catamaran::testing::{Target, TwinDatabase};
use catamaran::{ErrorKind, StoreOptions};
use sea_orm_migration::MigratorTrait;

use crate::history;
use crate::support::{self, Same, on_both};

const INVOICES: Same = Same(
    "m1_invoices",
    "CREATE TABLE invoices (id INTEGER)",
    "DROP TABLE invoices",
);
const INVOICES_EDITED: Same = Same(
    "m1_invoices",
    "CREATE TABLE invoices (id BIGINT)",
    "DROP TABLE invoices",
);
const PAYMENTS: Same = Same(
    "m2_payments",
    "CREATE TABLE payments (id INTEGER)",
    "DROP TABLE payments",
);
const NOTES: Same = Same(
    "m1_notes",
    "CREATE TABLE notes (id INTEGER)",
    "DROP TABLE notes",
);

history!(Billing in "billing_migrations": INVOICES, PAYMENTS);
history!(BillingEdited in "billing_migrations": INVOICES_EDITED, PAYMENTS);
history!(Notes: NOTES);
history!(Reserved in "order": NOTES);
history!(Invalid in "Billing; DROP TABLE notes": INVOICES);

#[tokio::test]
async fn each_program_sees_only_its_own_migrations() {
    on_both(async |url| {
        assert_eq!(up::<Notes>(url).await.expect("up").applied, ["m1_notes"]);
        assert_eq!(
            pending::<Billing>(url).await.expect("pending"),
            ["m1_invoices", "m2_payments"]
        );
        assert_eq!(
            up::<Billing>(url).await.expect("up").applied,
            ["m1_invoices", "m2_payments"]
        );
        assert!(up::<Notes>(url).await.expect("up").is_empty());
        let db = support::connect(url).await;
        assert_eq!(
            support::tables(&db).await,
            [
                "billing_migrations",
                "billing_migrations_checksums",
                "invoices",
                "notes",
                "payments",
                "seaql_migrations",
                "seaql_migrations_checksums",
            ]
        );
        type B = Migrator<Billing>;
        let applied = B::get_applied_migrations(&db).await.expect("applied");
        let names: Vec<&str> = applied.iter().map(|migration| migration.name()).collect();
        assert_eq!(names, ["m1_invoices", "m2_payments"]);
        B::status(&db).await.expect("status");
        B::down(&db, Some(1)).await.expect("down");
        B::refresh(&db).await.expect("refresh");
        B::reset(&db).await.expect("reset");
        assert_eq!(
            support::tables(&db).await,
            ["notes", "seaql_migrations", "seaql_migrations_checksums"]
        );
    })
    .await;
}

#[tokio::test]
async fn without_a_table_of_its_own_the_second_program_is_told_of_one() {
    history!(Shared: INVOICES);
    on_both(async |url| {
        up::<Notes>(url).await.expect("up");
        let error = up::<Shared>(url).await.expect_err("m1_notes is unknown");
        let text = error.to_string();
        assert!(
            text.contains("`m1_notes`") && text.contains("History::table"),
            "{text}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_store_opens_on_the_history_of_its_own_program() {
    on_both(async |url| {
        let options = StoreOptions::new(url).migrate::<Billing>();
        options.open().await.expect("a store that migrates").close();
        let options = StoreOptions::new(url).history_table("billing_migrations");
        options.open().await.expect("a store").close();
        let error = StoreOptions::new(url)
            .open()
            .await
            .map(drop)
            .expect_err("no history");
        let ErrorKind::NotMigrated { reason } = error.kind() else {
            panic!("{error:?}");
        };
        assert_eq!(reason, "there is no table seaql_migrations");
    })
    .await;
}

#[tokio::test]
async fn a_store_refuses_an_invalid_history_table_and_another_one_than_its_migrations_have() {
    history!(Capital in "Billing": INVOICES);
    on_both(async |url| {
        up::<Billing>(url).await.expect("up");
        let named = |name: &'static str| StoreOptions::new(url).history_table(name);
        for (options, words) in [
            (
                named("Billing"),
                "the option history_table is \"Billing\", not ",
            ),
            (named("Billing"), "use lower-case letters, digits and _"),
            (named("a_checksums"), "are for other tables of a history"),
            (
                named("other").migrate::<Billing>(),
                "not billing_migrations",
            ),
            (
                StoreOptions::new(url)
                    .migrate::<Billing>()
                    .history_table("other"),
                "the table of the history that the store migrates",
            ),
        ] {
            let error = options.open().await.map(drop).expect_err(words);
            let kind = error.kind();
            assert!(
                matches!(
                    kind,
                    ErrorKind::Setting {
                        name: "history_table",
                        ..
                    }
                ),
                "{error:?}"
            );
            assert!(error.to_string().contains(words), "{error}");
        }
        let options = StoreOptions::new(url).migrate::<Capital>();
        let error = options
            .open()
            .await
            .map(drop)
            .expect_err("a capital letter");
        assert!(
            matches!(error.kind(), ErrorKind::Migration { .. }),
            "{error:?}"
        );
        // The same name twice is no conflict.
        let options = named("billing_migrations").migrate::<Billing>();
        options.open().await.expect("a store").close();
    })
    .await;
}

#[tokio::test]
async fn the_test_kit_opens_a_database_of_a_history_with_its_own_table() {
    for target in [Target::SqliteMemory, Target::SqliteFile, Target::Postgres] {
        let database = TwinDatabase::create::<Billing>(target).await;
        let database = database.expect("a database");
        if database.is_shared() {
            database.open_another().await.expect("a store").close();
        }
    }
}

#[tokio::test]
async fn the_name_of_a_history_table_is_quoted_and_an_invalid_one_is_refused() {
    on_both(async |url| {
        up::<Reserved>(url).await.expect("up");
        let db = support::connect(url).await;
        assert_eq!(
            support::tables(&db).await,
            ["notes", "order", "order_checksums"]
        );
        let doctor = Doctor::new(&entity::DOMAIN)
            .migrations::<Reserved>()
            .without_scratch();
        let report = doctor.database(url).check().await;
        assert!(report.skipped.is_empty(), "{report}");
        let mut findings = report.findings.iter();
        assert!(
            !findings.any(|one| one.table.starts_with("order")),
            "{report}"
        );
        Migrator::<Reserved>::reset(&db).await.expect("reset");
        assert_eq!(support::tables(&db).await, [""; 0]);

        let error = up::<Invalid>(url).await.expect_err("a semicolon");
        assert!(
            matches!(error, MigrateError::HistoryTable { .. }),
            "{error}"
        );
        assert!(
            error
                .to_string()
                .contains("use lower-case letters, digits and _"),
            "{error}"
        );
        pending::<Invalid>(url).await.expect_err("a semicolon");
        assert_eq!(support::tables(&db).await, [""; 0]);
    })
    .await;
}

/// `CREATE TABLE IF NOT EXISTS` would accept it.
#[tokio::test]
async fn a_table_of_the_application_is_not_taken_for_a_history() {
    history!(Taken in "notes": INVOICES);
    on_both(async |url| {
        up::<Notes>(url).await.expect("up");
        for error in [
            up::<Taken>(url).await.map(drop).expect_err("another table"),
            pending::<Taken>(url).await.map(drop).expect_err("another table"),
        ] {
            assert_eq!(
                error.to_string(),
                "`notes` cannot be the table of the migrations: the database has another table of that name, without the \
                 columns version and applied_at"
            );
        }
        let db = support::connect(url).await;
        assert!(!support::tables(&db).await.contains(&"invoices".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn the_doctor_of_one_program_names_the_history_of_the_other_and_suggests_no_drop() {
    on_both(async |url| {
        up::<migration::History>(url).await.expect("up");
        up::<Billing>(url).await.expect("up");
        let doctor = Doctor::new(&entity::DOMAIN)
            .migrations::<migration::History>()
            .without_scratch();
        let report = doctor.database(url).check().await;
        let findings = report.findings.iter();
        let found: Vec<_> = findings
            .map(|one| (one.code, one.table.as_str(), one.found.as_str()))
            .collect();
        let other = "the migration history of another program";
        assert_eq!(
            found,
            [
                (Code::TableExtra, "billing_migrations", other),
                (Code::TableExtra, "billing_migrations_checksums", other),
                (Code::TableExtra, "invoices", "the table"),
                (Code::TableExtra, "payments", "the table"),
            ],
            "{report}"
        );
        for finding in &report.findings[..2] {
            assert!(
                matches!(&finding.fix, Fix::Words(words) if words.starts_with("keep it")),
                "{report}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn the_doctor_reads_the_history_of_its_own_program() {
    on_both(async |url| {
        up::<Notes>(url).await.expect("up");
        up::<Billing>(url).await.expect("up");
        let codes = async |doctor: Doctor| {
            let report = doctor.without_scratch().database(url).check().await;
            let findings = report.findings.into_iter();
            let named = findings.filter(|one| one.table.ends_with("_migrations"));
            named
                .map(|one| (one.code, one.subject()))
                .collect::<Vec<_>>()
        };
        let doctor = Doctor::new(&entity::DOMAIN);
        let other = (Code::TableExtra, "seaql_migrations".to_owned());
        assert_eq!(
            codes(doctor.clone().migrations::<Billing>()).await,
            std::slice::from_ref(&other)
        );
        let edited = (
            Code::MigrationEdited,
            "billing_migrations: m1_invoices".to_owned(),
        );
        assert_eq!(
            codes(doctor.migrations::<BillingEdited>()).await,
            [edited, other]
        );
    })
    .await;
}
