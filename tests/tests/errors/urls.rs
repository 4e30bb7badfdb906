//! A URL that a driver would not understand is refused before the driver logs it.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use catamaran::doctor::{Doctor, Place};
use catamaran::migrate::{pending, up};
use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{Engine, ErrorKind, Result, Store, StoreOptions};
use suite::kind::{refused, shown};
use tracing_subscriber::fmt::MakeWriter;

/// Everything that is logged, at any level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        log.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Log;

    fn make_writer(&self) -> Log {
        self.clone()
    }
}

/// The log of the work on this thread.
fn logged<T>(work: impl Future<Output = T>) -> (T, String) {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .finish();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let done = tracing::subscriber::with_default(subscriber, || {
        tracing::info!("listening");
        runtime.block_on(work)
    });
    let text = log.text();
    assert!(text.contains("listening"), "the log is not heard");
    (done, text)
}

#[test]
fn no_part_of_an_unescaped_password_is_logged_or_shown() {
    for url in [
        "postgres://ann:p?S3cr3t@127.0.0.1:1/habits",
        "postgres://ann:p?S3cr3t=S3cr3t@127.0.0.1:1/habits",
        "postgres://127.0.0.1:1/habits?user=ann&password=p&S3cr3t",
        "postgres://127.0.0.1:1/habits?user=ann&password=p&S3cr3t=S3cr3t",
        "postgres://127.0.0.1:1/habits?pasword=S3cr3t",
        "sqlite://habits.db?key=S3cr3t",
        "postgres://ann:S3cr3t#@127.0.0.1:1/habits",
        "postgres://ann:12/S3cr3t@127.0.0.1:1/habits",
        "postgres://ann@127.0.0.1:1/habits#S3cr3t",
        "postgres:ann:S3cr3t@127.0.0.1:1/habits",
        "postgres:/ann:S3cr3t@127.0.0.1:1/habits",
        "postgres://ann:S3\ncr3t@127.0.0.1:1/habits",
        "sqlite://habits.db?mode=S3cr3t",
        "sqlite://habits.db?mode=rwc&mode=S3cr3t",
        "sqlite://habits.db?vfs=S3cr3t",
    ] {
        for options in [
            StoreOptions::new(url),
            StoreOptions::new(url).migrate::<migration::History>(),
        ] {
            let (opened, log) = logged(options.open());
            let error = opened.expect_err("no such database");
            assert!(
                matches!(error.kind(), ErrorKind::InvalidUrl { .. }),
                "{error:?}"
            );
            for text in [log, shown(&error)] {
                assert!(!text.contains("S3cr3t"), "{url}: {text}");
            }
        }
    }
}

/// The control: the test above does capture the driver's log.
#[test]
fn the_driver_alone_would_log_an_unescaped_password() {
    use std::str::FromStr;

    use sea_orm::sqlx::postgres::PgConnectOptions;

    let url = "postgres://ann@127.0.0.1:1/habits?pasword=S3cr3t";
    let (parsed, log) = logged(async { PgConnectOptions::from_str(url).is_ok() });
    assert!(parsed, "the driver takes it");
    assert!(log.contains("S3cr3t"), "the driver logs no more: {log}");
}

#[tokio::test]
async fn an_unknown_parameter_of_a_url_is_named() {
    for (url, name) in [
        ("postgres://127.0.0.1:1/habits?speed=high", "speed"),
        ("sqlite://habits.db?mode=ro&journal=wal", "journal"),
    ] {
        let kind = refused(StoreOptions::new(url).open().await);
        let reason = format!("the parameter {name} is unknown").into();
        assert_eq!(kind, ErrorKind::InvalidUrl { reason });
    }
}

#[tokio::test]
async fn a_url_that_postgres_drivers_misread_is_refused() {
    for (url, part) in [
        (
            "postgres://ann:p#w@127.0.0.1:1/habits",
            "written %2F %3F %23 and %40",
        ),
        (
            "postgres://ann:12/w@127.0.0.1:1/habits",
            "written %2F %3F %23 and %40",
        ),
        ("postgres:ann@127.0.0.1:1/habits", "it is not of the form"),
        ("postgres:", "it is not of the form"),
        ("postgres://ann@127.0.0.1:1/habits/", "ends with a slash"),
        (
            "postgres://127.0.0.1:1/habits?sslmode=disable&ssl-mode=require",
            "sslmode is given more than once",
        ),
        (
            "postgres://127.0.0.1:1/habits?SSLMODE=disable",
            "write it in lower case",
        ),
        (
            "postgres://ann:p\tw@127.0.0.1:1/habits",
            "control character",
        ),
        ("'postgres://ann@127.0.0.1:1/habits'", "remove the quotes"),
    ] {
        let kind = refused(StoreOptions::new(url).open().await);
        let ErrorKind::InvalidUrl { reason } = &kind else {
            panic!("{url}: {kind:?}");
        };
        assert!(reason.contains(part), "{url}: {reason}");
        let migrated = up::<migration::History>(url).await.expect_err(url);
        assert!(
            migrated.to_string().contains(&**reason),
            "{url}: {migrated}"
        );
    }
}

#[twin_test(migration::Migrator)]
async fn the_case_of_a_scheme_and_white_space_around_a_url_mean_nothing(
    db: &TwinDatabase,
) -> Result<()> {
    let (scheme, rest) = db.url().split_once(':').expect("a scheme");
    for url in [
        format!("{}:{rest}", scheme.to_uppercase()),
        format!("{}\r\n", db.url()),
        format!("\u{feff} \t{} \n\n", db.url()),
    ] {
        Store::open(&url).await?;
        let applied = up::<migration::History>(&url).await.expect("up");
        assert!(applied.applied.is_empty(), "{url:?}");
        let pending = pending::<migration::History>(&url).await.expect("pending");
        assert!(pending.is_empty(), "{url:?}");
        let doctor = Doctor::new(&entity::DOMAIN)
            .without_scratch()
            .database(&url);
        let report = doctor.check().await;
        assert!(
            report.checked.contains(&Place::Database(db.engine())),
            "{report}"
        );
    }
    if db.engine() == Engine::Postgres {
        Store::open(format!("postgresql:{rest}")).await?;
    }
    Ok(())
}
