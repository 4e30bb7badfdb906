//! What pgbouncer does to a store that is open, and to one that opens: each of its modes, its limits, the commands of its
//! console, and a server that is not there. With 1.21 and newer also prepared statements that it keeps.

use std::process::Command;
use std::time::Duration;

use catamaran::doctor::Doctor;
use catamaran::migrate::up;
use catamaran::testing::{Target, TwinDatabase};
use catamaran::{Error, ErrorKind, Result, Store, StoreOptions};
use entity::{Habit, HabitDraft};
use suite::pace::scaled;
use suite::pgbouncer::{Mode, PgBouncer, Setup, version};
use suite::raw;
use suite::users::{ADA, BOB, scope};
use url::Url;

async fn postgres() -> TwinDatabase {
    let made = TwinDatabase::create::<migration::Migrator>(Target::Postgres).await;
    made.expect("a database on Postgres")
}

/// Gives up soon on a server that does not respond.
fn hasty(more: &str) -> Setup {
    Setup {
        wait_timeout: 2,
        more: format!("server_connect_timeout = 1\nserver_login_retry = 1\n{more}"),
        ..Setup::default()
    }
}

async fn open(url: &str) -> Result<Store> {
    let options = StoreOptions::new(url).transaction_pooler(true);
    options
        .acquire_timeout(scaled(Duration::from_secs(10)))
        .open()
        .await
}

async fn refused(url: &str) -> Error {
    open(url).await.expect_err("a refusal")
}

/// A read, a write, and a unit with custom SQL.
async fn use_store(store: &Store) -> Result<()> {
    let habits = store.repository::<Habit>(&scope(ADA));
    let habit = habits.insert(HabitDraft::new("run", "daily")).await?;
    assert_eq!(habits.find(habit.id).await?, Some(habit));
    let unit = store.begin_write(&scope(BOB)).await?;
    let drafts = unit.repository::<Habit>();
    drafts.insert(HabitDraft::new("run", "daily")).await?;
    raw::execute_in(&unit, "SELECT 1").await?;
    unit.commit().await
}

/// As [`use_store`], again while the pooler replaces its connections. It then refuses a client, as if a login had failed.
async fn use_after_change(store: &Store) {
    for _ in 0..20 {
        match use_store(store).await {
            Ok(()) => return,
            Err(error) => {
                let kind = error.kind();
                let is_temporary = matches!(
                    kind,
                    ErrorKind::Unavailable { .. } | ErrorKind::ConnectionLost
                );
                assert!(is_temporary, "{error}");
            }
        }
        tokio::time::sleep(scaled(Duration::from_millis(200))).await;
    }
    panic!("the store did not recover");
}

/// The URL with another user.
fn as_user(url: &str, user: &str, password: &str) -> String {
    let mut url = Url::parse(url).expect("a URL");
    url.set_username(user).expect("a user");
    url.set_password(Some(password)).expect("a password");
    url.into()
}

fn database(url: &str) -> String {
    let url = Url::parse(url).expect("a URL");
    url.path().trim_start_matches('/').to_owned()
}

#[tokio::test]
async fn each_mode_of_a_pooler_works_in_the_safe_mode_or_is_named() -> Result<()> {
    let db = postgres().await;
    // Since 1.21 the pooler gives prepared statements names of its own.
    let kept: &[&str] = match version() >= (1, 21) {
        true => &[
            "max_prepared_statements = 0",
            "max_prepared_statements = 100",
        ],
        false => &[""],
    };
    for mode in [Mode::Transaction, Mode::Session, Mode::Statement] {
        for more in kept {
            let setup = Setup {
                mode,
                more: (*more).to_owned(),
                ..Setup::default()
            };
            let pooler = PgBouncer::start(&setup, &[db.url()]);
            let url = pooler.url(db.url());
            let by_default = Store::open(&url)
                .await
                .expect_err("a pooler stands between");
            assert_eq!(by_default.kind().name(), "Pooler", "{mode:?}: {by_default}");
            if mode == Mode::Statement {
                let error = refused(&url).await;
                assert_eq!(error.kind().name(), "Pooler", "{error}");
                let shown = error.to_string();
                assert!(shown.contains("set pool_mode = transaction"), "{shown}");
            } else {
                use_store(&open(&url).await?).await?;
            }
        }
    }
    Ok(())
}

/// pgbouncer before 1.21 mixes up the prepared statements of the two connections of a migrator.
#[tokio::test]
async fn migrations_and_the_doctor_work_behind_a_pooler_or_name_it() {
    let fresh = TwinDatabase::create::<migration::Migrator>(Target::Postgres).await;
    let fresh = fresh.expect("a database on Postgres");
    for mode in [Mode::Session, Mode::Transaction] {
        let more = match version() >= (1, 21) {
            true => "max_prepared_statements = 100",
            false => "",
        };
        let setup = Setup {
            mode,
            ignored: "extra_float_digits",
            more: more.to_owned(),
            // The connections of the migrator and of the doctor share it.
            pool_size: if mode == Mode::Transaction { 1 } else { 3 },
            ..Setup::default()
        };
        let pooler = PgBouncer::start(&setup, &[fresh.url()]);
        let url = pooler.url(fresh.url());
        let works = mode == Mode::Session || version() >= (1, 21);
        let words = "mixes up prepared statements";
        for _ in 0..2 {
            match up::<migration::Migrator>(&url).await {
                Ok(_) => {}
                Err(error) => assert!(!works && error.to_string().contains(words), "{error}"),
            }
            let mut doctor = Doctor::new(&entity::DOMAIN).migrations::<migration::Migrator>();
            doctor = doctor.database(url.clone());
            let report = doctor.check().await;
            assert!(report.findings.is_empty(), "{report}");
            let skipped = format!("{:?}", report.skipped);
            assert!(
                report.skipped.is_empty() || !works && skipped.contains(words),
                "{skipped}"
            );
        }
    }
}

#[tokio::test]
async fn a_pooler_that_refuses_a_client_is_quoted() {
    let db = postgres().await;
    let pooler = PgBouncer::start(&hasty(""), &[db.url()]);
    let url = pooler.url(db.url());
    let name = database(&url);
    let user = Url::parse(&url).expect("a URL").username().to_owned();
    let console = url.replace(&name, "pgbouncer");

    let missing = refused(&format!("{url}_not")).await;
    let expected = ErrorKind::DatabaseMissing {
        name: format!("{name}_not"),
    };
    assert_eq!(*missing.kind(), expected);
    for user in ["nobody", &user] {
        let error = refused(&as_user(&url, user, "wrong")).await;
        let expected = ErrorKind::Authentication {
            user: user.to_owned(),
        };
        assert_eq!(*error.kind(), expected);
    }
    let error = refused(&console).await;
    assert_eq!(error.kind().name(), "Permission", "{error}");
    assert!(error.to_string().contains("not allowed"), "{error}");
    let admin = as_user(&console, suite::pgbouncer::ADMIN, suite::pgbouncer::ADMIN);
    let error = refused(&admin).await;
    assert_eq!(error.kind().name(), "Pooler", "{error}");
    assert!(
        error
            .to_string()
            .contains("the console of its administrator"),
        "{error}"
    );

    let rejected = match version() >= (1, 21) {
        true => "no authentication method is found",
        false => "login rejected",
    };
    for (more, kind, words) in [
        ("max_client_conn = 0", "Unavailable", "max_client_conn"),
        (
            "auth_type = hba\nauth_hba_file = /dev/null",
            "Permission",
            rejected,
        ),
    ] {
        let pooler = PgBouncer::start(&hasty(more), &[db.url()]);
        let error = refused(&pooler.url(db.url())).await;
        assert_eq!(error.kind().name(), kind, "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[tokio::test]
async fn a_pooler_without_its_server_is_temporary() {
    let db = postgres().await;
    for server in ["host=127.0.0.1 port=1", "host=no-such-host.invalid"] {
        let setup = Setup {
            server: Some(server.to_owned()),
            ..hasty("")
        };
        let pooler = PgBouncer::start(&setup, &[db.url()]);
        let url = pooler.url(db.url());
        for _ in 0..2 {
            let error = refused(&url).await;
            let kind = error.kind();
            let is_temporary =
                matches!(kind, ErrorKind::Unavailable { .. } | ErrorKind::PoolTimeout);
            assert!(is_temporary, "{error}");
            // The pooler responds: it is not said that nothing does.
            assert!(
                !error.to_string().contains("no Postgres server responds"),
                "{error}"
            );
        }
    }
    // The user of `auth_query` cannot log in at the server.
    let query = hasty(
        "auth_query = SELECT usename, passwd FROM pg_shadow WHERE usename = $1\nauth_user = nobody",
    );
    let pooler = PgBouncer::start(&query, &[db.url()]);
    let error = refused(&as_user(&pooler.url(db.url()), "someone", "x")).await;
    let kinds = ["Unavailable", "PoolTimeout", "Pooler", "Authentication"];
    assert!(kinds.contains(&error.kind().name()), "{error}");
}

/// A store stays usable through all that an operator does with the pooler.
#[tokio::test]
async fn an_open_store_survives_the_commands_of_the_console() -> Result<()> {
    let db = postgres().await;
    let pooler = PgBouncer::start(&hasty(""), &[db.url()]);
    let url = pooler.url(db.url());
    let name = database(&url);
    let store = open(&url).await?;
    use_store(&store).await?;

    pooler.command(&format!("RECONNECT \"{name}\"")).await;
    use_after_change(&store).await;
    pooler.reload("server_lifetime = 1").await;
    use_after_change(&store).await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    use_after_change(&store).await;

    pooler.command(&format!("DISABLE \"{name}\"")).await;
    use_after_change(&store).await;
    let error = refused(&url).await;
    assert_eq!(error.kind().name(), "Permission", "{error}");
    assert!(error.to_string().contains("is disabled"), "{error}");
    pooler.command(&format!("ENABLE \"{name}\"")).await;
    use_after_change(&store).await;

    pooler.command(&format!("PAUSE \"{name}\"")).await;
    let error = use_store(&store).await.expect_err("a paused database");
    assert_eq!(*error.kind(), ErrorKind::PoolTimeout);
    let error = refused(&url).await;
    assert_eq!(*error.kind(), ErrorKind::PoolTimeout);
    pooler.command(&format!("RESUME \"{name}\"")).await;
    use_after_change(&store).await;

    // It ends all connections, and pauses the database.
    pooler.command(&format!("KILL \"{name}\"")).await;
    let error = use_store(&store).await.expect_err("a killed database");
    let kind = error.kind();
    let is_temporary = matches!(kind, ErrorKind::ConnectionLost | ErrorKind::PoolTimeout);
    assert!(is_temporary, "{error}");
    pooler.command(&format!("RESUME \"{name}\"")).await;
    use_after_change(&store).await;

    drop(pooler);
    let error = use_store(&store).await.expect_err("no pooler");
    assert_eq!(*error.kind(), ErrorKind::ConnectionLost);
    let error = use_store(&store).await.expect_err("no pooler");
    assert_eq!(error.kind().name(), "Unavailable", "{error}");
    Ok(())
}

#[tokio::test]
async fn a_pooler_that_demands_tls_says_so() {
    let db = postgres().await;
    let folder = tempfile::Builder::new().prefix("catamaran-tls-").tempdir();
    let folder = folder.expect("a folder");
    let (key, certificate) = (folder.path().join("key"), folder.path().join("certificate"));
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-subj",
            "/CN=localhost",
            "-keyout",
        ])
        .args([key.as_path(), "-out".as_ref(), &certificate])
        .output();
    assert!(made.expect("the program `openssl`").status.success());
    // The pooler runs under another account.
    let everyone = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(folder.path(), everyone).expect("access");
    let readable = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(&key, readable).expect("access");
    let setup = hasty(&format!(
        "client_tls_sslmode = require\nclient_tls_key_file = {}\nclient_tls_cert_file = {}",
        key.display(),
        certificate.display()
    ));
    let pooler = PgBouncer::start(&setup, &[db.url()]);
    let mut url = Url::parse(&pooler.url(db.url())).expect("a URL");
    url.set_query(Some("sslmode=disable"));
    let error = refused(url.as_str()).await;
    assert_eq!(error.kind().name(), "Permission", "{error}");
    assert!(error.to_string().contains("requires TLS"), "{error}");
    assert!(error.to_string().contains("sslmode=require"), "{error}");
    url.set_query(Some("sslmode=require"));
    let store = open(url.as_str()).await.expect("a connection with TLS");
    use_store(&store).await.expect("a store");
}
