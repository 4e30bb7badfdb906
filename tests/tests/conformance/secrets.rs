//! Passwords: a wrong one is its own kind, and none is ever shown.

use catamaran::testing::{PostgresServer, TwinDatabase, twin_test};
use catamaran::{Engine, ErrorKind, Result, Store, StoreOptions};
use suite::kind::{refused, shown};
use suite::raw;

const SECRET: &str = "S3cr3t";

/// A URL of the test's database for another role.
fn as_role(url: &str, role: &str, password: &str) -> String {
    let mut url: url::Url = url.parse().expect("the test's own URL");
    url.set_username(role).expect("a URL with a host");
    url.set_password(Some(password)).expect("a URL with a host");
    url.into()
}

fn shows_no_secret(what: &str, text: &str) {
    for part in [SECRET, "S3cr", "s3cr3t", "S3c%72"] {
        assert!(!text.contains(part), "{what} shows {part}: {text}");
    }
}

#[twin_test(migration::Migrator)]
async fn a_wrong_password_or_user_is_an_authentication_error(db: &TwinDatabase) -> Result<()> {
    if db.engine() == Engine::Sqlite {
        // A file has no users.
        return Ok(());
    }
    // A role of this test alone: roles belong to the server, which other tests use at the same time.
    let role = format!("suite_{}", std::process::id());
    raw::execute(
        db.store(),
        &format!("DROP ROLE IF EXISTS {role}; CREATE ROLE {role} LOGIN PASSWORD 'right'; GRANT catamaran_app TO {role}"),
    )
    .await?;
    Store::open(as_role(db.url(), &role, "right")).await?;
    let wrong = as_role(db.url(), &role, SECRET);
    let opened = Store::open(&wrong).await;
    let trusting = opened.is_ok();
    let nobody = as_role(db.url(), "suite_nobody", SECRET);
    for (url, user) in [(&wrong, role.as_str()), (&nobody, "suite_nobody")] {
        if trusting && user == role {
            continue;
        }
        let expected = ErrorKind::Authentication {
            user: user.to_owned(),
        };
        for options in [
            StoreOptions::new(url),
            StoreOptions::new(url).migrate::<migration::History>(),
        ] {
            shows_no_secret("options", &format!("{options:?} {options:#?}"));
            let error = options.open().await.expect_err("they may not come in");
            shows_no_secret("an error", &shown(&error));
            assert_eq!(*error.kind(), expected);
        }
    }
    raw::execute(
        db.store(),
        &format!("REVOKE catamaran_app FROM {role}; DROP ROLE {role}"),
    )
    .await?;
    // A server that the tests started asks for passwords; one that was given to them may not.
    let ours = PostgresServer::shared()
        .await
        .is_ok_and(|server| server.directory().is_some());
    assert!(
        !(ours && trusting),
        "the test server lets a wrong password in"
    );
    Ok(())
}

#[tokio::test]
async fn no_error_of_opening_shows_a_password() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its address").port();
    drop(listener);
    for url in [
        format!("postgres://ann:{SECRET}@127.0.0.1:{port}/habits"),
        format!("postgres://127.0.0.1:{port}/habits?user=ann&password={SECRET}"),
        format!("postgres://ann:S3c%72et@127.0.0.1:{port}/habits"),
        format!("postgres://ann:{SECRET}@127.0.0.1:{port}:x/habits"),
        format!("postgres://ann:{SECRET}@[::1/habits"),
        format!("postgres://ann:{SECRET}@127.0.0.1:{port}/habits?sslmode=never"),
        format!(
            "postgres://ann:{SECRET}@127.0.0.1:{port}/habits?sslrootcert=/no/such/file&sslmode=verify-full"
        ),
        format!("postgres://ann:{SECRET}@no-such-host.invalid/habits"),
        // Slashes are missing, or the password is not escaped.
        format!("postgres:ann:{SECRET}@127.0.0.1:{port}/habits"),
        format!("postgres:/ann:{SECRET}@127.0.0.1:{port}/habits"),
        format!("postgres://ann:1/{SECRET}@127.0.0.1:{port}/habits"),
        format!("postgres://ann:1#{SECRET}@127.0.0.1:{port}/habits"),
        format!("postgres://ann:1?{SECRET}@127.0.0.1:{port}/habits"),
        format!("mysql://ann:{SECRET}@localhost/habits"),
        format!("ann:{SECRET}@localhost/habits"),
        format!("sqlite://no/such/file?password={SECRET}"),
        format!("sqlite://no/such/file?mode=rw&key={SECRET}"),
    ] {
        let options = StoreOptions::new(&url);
        shows_no_secret("options", &format!("{options:?} {options:#?}"));
        let error = options.open().await.expect_err("nothing is there");
        shows_no_secret("an error", &shown(&error));
        let options = StoreOptions::new(&url).migrate::<migration::History>();
        let error = options.open().await.expect_err("nothing is there");
        shows_no_secret("an error of migrating", &shown(&error));
    }
}

#[twin_test(migration::Migrator)]
async fn an_open_store_shows_where_it_is_and_no_password(db: &TwinDatabase) -> Result<()> {
    let shown = format!("{:?} {:#?}", db.store(), db.store());
    match db.engine() {
        Engine::Sqlite => assert!(shown.contains("database.sqlite"), "{shown}"),
        Engine::Postgres => {
            let url: url::Url = db.url().parse().expect("the test's own URL");
            assert!(shown.contains(url.path()), "{shown}");
            let password = url.password().unwrap_or("no password at all");
            assert!(!shown.contains(password), "it shows the password");
        }
    }
    Ok(())
}

#[twin_test(migration::Migrator)]
async fn a_database_that_is_missing_shows_no_password(db: &TwinDatabase) -> Result<()> {
    let mut url: url::Url = db.url().parse().expect("the test's own URL");
    url.set_path("/no_such_database");
    let error = Store::open(url.as_str())
        .await
        .expect_err("it is not there");
    let password = url.password().unwrap_or("no password at all");
    assert!(!shown(&error).contains(password), "it shows the password");
    let kind = refused(Store::open(url.as_str()).await);
    assert!(
        matches!(kind, ErrorKind::DatabaseMissing { .. }),
        "{kind:?}"
    );
    Ok(())
}
