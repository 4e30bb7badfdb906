//! A URL that a driver would not understand is refused before the driver logs it.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use catamaran::{ErrorKind, StoreOptions};
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
        "sqlite://habits.db?mode=S3cr3t",
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
        (
            "postgres://127.0.0.1:1/habits?channel_binding=require",
            "channel_binding",
        ),
        ("sqlite://habits.db?mode=ro&journal=wal", "journal"),
    ] {
        let kind = refused(StoreOptions::new(url).open().await);
        let reason = format!("the parameter {name} is unknown").into();
        assert_eq!(kind, ErrorKind::InvalidUrl { reason });
    }
}
