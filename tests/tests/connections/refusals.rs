//! What a server, a pooler or a proxy says when it refuses a connection reaches the caller: as a kind that tells whether
//! waiting helps, with its words, and with what to do.

use std::time::Duration;

use catamaran::doctor::Doctor;
use catamaran::migrate::{MigrateError, up};
use catamaran::testing::{Target, TwinDatabase};
use catamaran::{Error, Result, Store, StoreOptions};
use entity::{Habit, HabitDraft};
use suite::pace::scaled;
use suite::refusing_proxy::RefusingProxy;
use suite::refusing_server::{Answer, PASSWORD, Refusal, RefusingServer, message};
use suite::users::{ADA, BOB, scope};

/// The error of opening a store, which must not show the password.
async fn refused(options: StoreOptions) -> Error {
    let error = options.open().await.expect_err("a refusal");
    assert_harmless(&format!("{error} {error:?}"));
    error
}

fn assert_harmless(shown: &str) {
    for secret in [PASSWORD, "quotes a row", "s3cr3t"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert!(!shown.chars().any(char::is_control), "{shown:?}");
}

/// A line of a table: a refusal, the name of its kind, and a part of the message.
struct Row {
    refusal: Refusal,
    kind: &'static str,
    shown: &'static str,
}

/// Reads a table. `refusal` gets the first column, the SQLSTATE and the words.
fn rows(
    table: &'static str,
    refusal: fn(&'static str, &'static str, &'static str) -> Refusal,
) -> Vec<Row> {
    let lines = table.lines().filter(|line| !line.starts_with('#'));
    let rows = lines.map(|line| {
        let columns: Vec<&str> = line.split(" | ").collect();
        let [by, code, kind, words, shown @ ..] = &columns[..] else {
            panic!("not a line of the table: {line}");
        };
        Row {
            refusal: refusal(by, code, words),
            kind,
            shown: shown.first().unwrap_or(words),
        }
    });
    rows.collect()
}

/// Asserts what the store and the migrator give at these refusals.
async fn assert_refused(rows: Vec<Row>) {
    let mut wrong = Vec::new();
    for row in rows {
        let server = RefusingServer::start(Answer::Refuses(row.refusal.clone())).await;
        let mut errors = Vec::new();
        for pooled in [false, true] {
            let options = StoreOptions::new(server.url()).transaction_pooler(pooled);
            errors.push(refused(options).await);
        }
        let error = up::<migration::Migrator>(&server.url()).await;
        let error = error.expect_err("a refusal");
        assert_harmless(&format!("{error} {error:?}"));
        match error {
            MigrateError::Connect(error) => errors.push(error),
            error => wrong.push(format!("{:?}: {error:?}", row.refusal)),
        }
        for error in errors {
            let message = error.to_string();
            if error.kind().name() != row.kind || !message.contains(row.shown) {
                wrong.push(format!(
                    "{:?}: {}: {message}",
                    row.refusal,
                    error.kind().name()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn what_a_pooler_says_when_it_refuses_a_connection_has_its_kind() {
    let table = include_str!("refusals/poolers.txt");
    assert_refused(rows(table, |_, code, words| Refusal::fatal(code, words))).await;
}

#[tokio::test]
async fn what_a_server_says_when_it_refuses_a_connection_has_its_kind() {
    assert_refused(rows(include_str!("refusals/servers.txt"), Refusal::by)).await;
}

#[tokio::test]
async fn the_words_of_a_refusal_show_no_secret_and_no_control_character() {
    for words in [
        format!("too many connections with password={PASSWORD}"),
        format!("too many connections for postgres://ann:{PASSWORD}@127.0.0.1/habits"),
        format!("too many connections, you sent {PASSWORD}"),
        "too many connections for key s3cr3t".to_owned(),
        "too many connections\r\n\u{1b}[31mred\u{7}".to_owned(),
        format!("too many connections {}", "x".repeat(100_000)),
    ] {
        let refusal = Refusal::fatal("XX000", words);
        let server = RefusingServer::start(Answer::Refuses(refusal)).await;
        let url = format!("{}?options=-c%20app.key=s3cr3t", server.url());
        let error = refused(StoreOptions::new(&url)).await;
        let shown = error.to_string();
        assert!(shown.contains("too many connections"), "{shown}");
        assert!(shown.len() < 1000, "{}", shown.len());
    }
}

/// pgcat, Odyssey and pgbouncer accept a client before they have a server for it.
#[tokio::test]
async fn a_pooler_that_refuses_the_first_query_is_named_as_one_that_refuses_the_connection() {
    for (refusal, kind) in [
        (Refusal::fatal("08P01", "query_wait_timeout"), "PoolTimeout"),
        (
            Refusal::fatal("08P01", "server login failed: FATAL x"),
            "Unavailable",
        ),
        (
            Refusal::fatal("08P01", "no such database: habits"),
            "DatabaseMissing",
        ),
        (
            Refusal::fatal("58000", "could not get connection from the pool"),
            "PoolTimeout",
        ),
        (
            Refusal::fatal("XX000", "Max client connections reached"),
            "Unavailable",
        ),
        (
            Refusal::fatal("53300", "too many connections"),
            "Unavailable",
        ),
        (
            Refusal::fatal("28P01", "password authentication failed"),
            "Authentication",
        ),
        (
            Refusal {
                severity: "ERROR",
                ..Refusal::fatal("08P01", "invalid command 'SELECT', use SHOW HELP;")
            },
            "Pooler",
        ),
    ] {
        let case = format!("{refusal:?}");
        let server = RefusingServer::start(Answer::RefusesQueries(refusal)).await;
        for pooled in [false, true] {
            let options = StoreOptions::new(server.url()).transaction_pooler(pooled);
            let error = refused(options).await;
            assert_eq!(error.kind().name(), kind, "{case}: {error}");
        }
    }
}

#[tokio::test]
async fn a_program_that_is_not_postgres_is_said_to_be_none() {
    let http = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n".to_vec();
    let mysql = [&[0x4a, 0, 0, 0, 10][..], b"8.0.36\0", &[0; 60]].concat();
    for (what, answer) in [
        ("HTTP", Answer::Sends(http)),
        ("MySQL", Answer::Sends(mysql)),
        ("Redis", Answer::Sends(b"-ERR unknown command\r\n".to_vec())),
        ("SMTP", Answer::Sends(b"220 mail ESMTP\r\n".to_vec())),
        ("closed", Answer::Closes),
        ("garbage", Answer::SendsAtStartup(vec![0xff; 4096])),
        (
            "a length of 0",
            Answer::SendsAtStartup(vec![b'R', 0, 0, 0, 0]),
        ),
        (
            "a length of 3",
            Answer::SendsAtStartup(vec![b'S', 0, 0, 0, 3, 0, 0]),
        ),
        ("an empty body", Answer::SendsAtStartup(message(b'R', b""))),
        (
            "a short salt",
            Answer::SendsAtStartup(message(b'R', &[0, 0, 0, 5, 1])),
        ),
        (
            "a message of no error",
            Answer::SendsAtStartup(message(b'E', b"")),
        ),
        ("a row", Answer::SendsAtStartup(message(b'D', &[0, 0]))),
    ] {
        let server = RefusingServer::start(answer).await;
        let error = refused(StoreOptions::new(server.url())).await;
        assert_eq!(error.kind().name(), "Unavailable", "{what}: {error}");
        let shown = error.to_string();
        assert!(shown.contains(&server.address()), "{what}: {shown}");
    }
}

/// The length of a message may promise more than will ever come.
#[tokio::test]
async fn a_server_that_never_finishes_its_answer_is_unavailable_after_the_timeout() {
    let ssh = b"SSH-2.0-OpenSSH_9.2\r\n".to_vec();
    for (what, answer) in [
        ("silent", Answer::Silent),
        (
            "a huge length",
            Answer::SendsAtStartup(vec![b'E', 0xff, 0xff, 0xff, 0xff, b'S']),
        ),
        (
            "half a message",
            Answer::SendsAtStartup(vec![b'E', 0, 0, 1, 0, b'S']),
        ),
        ("SSH without TLS", Answer::SendsAtStartup(ssh)),
    ] {
        let server = RefusingServer::start(answer).await;
        let options =
            StoreOptions::new(server.url()).acquire_timeout(scaled(Duration::from_millis(300)));
        let error = refused(options).await;
        assert_eq!(error.kind().name(), "Unavailable", "{what}: {error}");
    }
}

#[tokio::test]
async fn a_method_of_authentication_that_the_driver_lacks_is_named() {
    for (body, method) in [
        (vec![0, 0, 0, 7], "GSSAPI"),
        (vec![0, 0, 0, 9], "SSPI"),
        (
            [&[0, 0, 0, 10][..], b"OAUTHBEARER\0\0"].concat(),
            "OAUTHBEARER",
        ),
    ] {
        let server = RefusingServer::start(Answer::SendsAtStartup(message(b'R', &body))).await;
        let error = refused(StoreOptions::new(server.url())).await;
        assert_eq!(error.kind().name(), "Permission", "{error}");
        let shown = error.to_string();
        assert!(
            shown.contains(&format!("method {method}, which the driver lacks")),
            "{shown}"
        );
    }
}

#[tokio::test]
async fn a_host_without_an_address_is_unavailable_by_its_name() {
    let url = format!("postgres://ann:{PASSWORD}@no-such-host.invalid/habits");
    let error = refused(StoreOptions::new(url)).await;
    assert_eq!(error.kind().name(), "Unavailable", "{error}");
    let shown = error.to_string();
    assert!(
        shown.contains("no-such-host.invalid:5432 cannot be reached"),
        "{shown}"
    );
    assert!(!shown.contains("no Postgres server responds"), "{shown}");
}

/// The place that the doctor could not check has the words, too.
#[tokio::test]
async fn the_doctor_shows_the_words_of_a_refusal() {
    let refusal = Refusal::fatal("XX000", "Tenant or user not found");
    let server = RefusingServer::start(Answer::Refuses(refusal)).await;
    let doctor = Doctor::new(&entity::DOMAIN).migrations::<migration::Migrator>();
    let report = doctor.database(server.url()).check().await;
    let shown = format!("{report:?}");
    assert!(shown.contains("Tenant or user not found"), "{shown}");
    assert_harmless(&shown.replace("\\n", " "));
}

/// A pooler that has lost its server, or ends, cannot say whether the statement was run.
#[tokio::test]
async fn a_refusal_in_the_middle_says_whether_the_statement_may_have_been_run() -> Result<()> {
    let db = TwinDatabase::create::<migration::Migrator>(Target::Postgres).await;
    let db = db.expect("a database on Postgres");
    let proxy = RefusingProxy::start(db.url()).await;
    // A read is sent again, on a new connection.
    let lost = ["Ok", "CommitUnknown"];
    let not_run = |kind| [kind, kind];
    let of_unknown = Refusal::fatal("0A000", "something of a pooler");
    for (refusal, expected) in [
        (Refusal::fatal("08P01", "server conn crashed?"), lost),
        (Refusal::fatal("08P01", "server shutting down"), lost),
        (Refusal::fatal("08P01", "something of a pooler"), lost),
        (Refusal::fatal("57P01", "PgDog is shutting down"), lost),
        (Refusal::fatal("XX000", "DbHandler exited"), lost),
        (Refusal::fatal("XX000", "something of a pooler"), lost),
        (
            Refusal::fatal("58000", "error receiving data from server"),
            lost,
        ),
        (of_unknown, lost),
        (
            Refusal::fatal("08P01", "query_wait_timeout"),
            not_run("PoolTimeout"),
        ),
        (
            Refusal::fatal("08000", "Timed-out waiting to acquire database connection."),
            not_run("PoolTimeout"),
        ),
        (
            Refusal::fatal("08P01", "server login failed: FATAL x"),
            not_run("Unavailable"),
        ),
        (
            Refusal::fatal("XX000", "Max client connections reached"),
            not_run("Unavailable"),
        ),
        (
            Refusal::fatal("3D000", "no such database: habits"),
            not_run("Unavailable"),
        ),
        (
            Refusal::by(
                "ProcessInterrupts",
                "57P01",
                "terminating connection due to administrator command",
            ),
            lost,
        ),
    ] {
        let store = Store::open(proxy.url()).await?;
        let habits = store.repository::<Habit>(&scope(ADA));
        let case = format!("{refusal:?}");
        proxy.refuse(refusal.clone());
        let read = habits.find(BOB).await;
        let read = read.map_or_else(|error| error.kind().name(), |_| "Ok");
        habits.find(BOB).await?;
        proxy.refuse(refusal);
        let written = habits.insert(HabitDraft::new("run", "daily")).await;
        let written = written.expect_err("a refusal");
        let kinds = [read, written.kind().name()];
        assert_eq!(kinds, expected, "{case}");
        // The connection is not used again.
        habits.find(BOB).await?;
    }
    Ok(())
}
