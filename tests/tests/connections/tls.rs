//! TLS: each mode connects as `psql` does, or says what is wrong with which certificate or file.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use catamaran::migrate::{self, MigrateError};
use catamaran::{Error, ErrorKind, StoreOptions};
use suite::tls::{Certificates, EXPIRED, FUTURE, TlsServer, VALID};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const MODES: [&str; 3] = ["require", "verify-ca", "verify-full"];

/// A server with the tables, on which the user `ann` may do all without a password.
async fn server() -> TlsServer {
    let mut server = TlsServer::start().await;
    let made = server.server.database::<migration::History>("habits").await;
    made.expect("a database");
    server.run(&["CREATE ROLE ann SUPERUSER LOGIN"]).await;
    server.allow("host all all all trust").await;
    server
}

fn url(server: &TlsServer, host: &str, parameters: &str) -> String {
    server.url("ann", host, "habits", parameters)
}

/// The error that the store and the migrator give alike, as a text.
async fn refusal(url: &str) -> String {
    let store = StoreOptions::new(url).open().await;
    let store = store.map(|_| ()).expect_err(url);
    let migrator = migrate::pending::<migration::History>(url).await;
    match migrator.expect_err(url) {
        MigrateError::Connect(error) => assert_eq!(error.to_string(), store.to_string(), "{url}"),
        MigrateError::InvalidUrl { reason } => {
            assert_eq!(store.to_string(), format!("invalid database URL: {reason}"));
        }
        other => panic!("{url}: {other:?}"),
    }
    assert!(is_known(&store), "{url}: {store:?}");
    store.to_string()
}

fn is_known(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Unavailable { .. } | ErrorKind::Permission { .. } | ErrorKind::InvalidUrl { .. }
    )
}

/// Opens a store, checks that the migrator connects too, and returns whether the connection is encrypted.
async fn is_encrypted(server: &TlsServer, host: &str, parameters: &str) -> bool {
    let url = url(server, host, &format!("application_name=seen&{parameters}"));
    let store = StoreOptions::new(&url).connections(1).open().await;
    let store = store.unwrap_or_else(|error| panic!("{url}: {error} {:?}", error.driver_message()));
    let pending = migrate::pending::<migration::History>(&url).await;
    assert!(pending.expect(&url).is_empty());
    let is_encrypted = server.is_encrypted("seen").await;
    store.close();
    let begun = std::time::Instant::now();
    while server.is_connected("seen").await {
        assert!(begun.elapsed() < suite::pace::PLENTY);
    }
    is_encrypted
}

fn root(path: &Path) -> String {
    format!("sslrootcert={}", path.display())
}

#[tokio::test]
async fn a_mode_that_needs_tls_names_a_server_without_it() {
    let server = server().await;
    for mode in MODES {
        let told = refusal(&url(&server, "127.0.0.1", &format!("sslmode={mode}"))).await;
        let expected = format!("the server has no TLS, which sslmode={mode} requires");
        assert!(
            told.contains(&expected) && told.contains("write sslmode=disable"),
            "{told}"
        );
    }
    for mode in ["disable", "allow", "prefer"] {
        let parameters = format!("sslmode={mode}");
        assert!(
            !is_encrypted(&server, "127.0.0.1", &parameters).await,
            "{mode}"
        );
    }
    let binding = refusal(&url(
        &server,
        "127.0.0.1",
        "sslmode=require&channel_binding=require",
    ))
    .await;
    assert!(binding.contains("sslmode=verify-full"), "{binding}");
    for mode in ["disable", "allow"] {
        let parameters = format!("sslmode={mode}&channel_binding=require");
        let told = refusal(&url(&server, "127.0.0.1", &parameters)).await;
        assert!(told.contains("channel_binding=require needs TLS"), "{told}");
    }
    assert!(!is_encrypted(&server, "127.0.0.1", "channel_binding=prefer").await);
}

#[tokio::test]
async fn a_certificate_that_is_not_accepted_says_why() {
    let mut server = server().await;
    let certificates = Certificates::new();
    certificates.authority("other");
    let trusted = root(&certificates.path("root.crt"));
    let names = "subjectAltName=DNS:localhost,DNS:db.example.org";
    let good = certificates.issue("good", "ignored", names, VALID);
    server.with_tls(&good, None).await;

    for parameters in [
        "",
        "sslmode=prefer",
        "sslmode=require",
        "channel_binding=disable",
    ] {
        assert!(
            is_encrypted(&server, "localhost", parameters).await,
            "{parameters}"
        );
    }
    assert!(!is_encrypted(&server, "localhost", "sslmode=allow").await);
    for mode in MODES {
        let parameters = format!("sslmode={mode}&{trusted}");
        assert!(
            is_encrypted(&server, "localhost", &parameters).await,
            "{mode}"
        );
    }
    // With an authority `require` verifies as `verify-ca` does, which compares no name.
    for mode in ["require", "verify-ca"] {
        let parameters = format!("sslmode={mode}&{trusted}");
        assert!(
            is_encrypted(&server, "127.0.0.1", &parameters).await,
            "{mode}"
        );
    }
    let inline = fs::read_to_string(certificates.path("root.crt")).expect("a certificate");
    let inline: String = url::form_urlencoded::byte_serialize(inline.as_bytes()).collect();
    let parameters = format!("sslmode=verify-full&sslrootcert={inline}");
    assert!(is_encrypted(&server, "localhost", &parameters).await);

    let other = root(&certificates.path("other.crt"));
    for parameters in [
        "sslmode=verify-ca".to_owned(),
        "sslmode=verify-full".to_owned(),
        "sslrootcert=system".to_owned(),
        "sslmode=require&channel_binding=require".to_owned(),
        format!("sslmode=verify-full&{other}"),
        format!("sslmode=require&{other}"),
    ] {
        let told = refusal(&url(&server, "localhost", &parameters)).await;
        assert!(
            told.contains("certificate of the server is not signed")
                && told.contains("sslrootcert="),
            "{parameters}: {told}"
        );
    }
    let strict = format!("sslmode=verify-full&{trusted}");
    let told = refusal(&url(&server, "127.0.0.1", &strict)).await;
    assert!(
        told.contains("is for localhost, db.example.org, not for the host 127.0.0.1"),
        "{told}"
    );
    for (name, extensions, validity, expected) in [
        (
            "expired",
            "subjectAltName=DNS:localhost",
            EXPIRED,
            "has expired",
        ),
        (
            "future",
            "subjectAltName=DNS:localhost",
            FUTURE,
            "is not valid yet",
        ),
        ("common", "", VALID, "has no subject alternative name"),
        (
            "client",
            "subjectAltName=DNS:localhost\nextendedKeyUsage=clientAuth",
            VALID,
            "lacks serverAuth",
        ),
    ] {
        let issued = certificates.issue(name, "localhost", extensions, validity);
        server.with_tls(&issued, None).await;
        let told = refusal(&url(&server, "localhost", &strict)).await;
        assert!(told.contains(expected), "{name}: {told}");
        // What verifies nothing connects.
        assert!(is_encrypted(&server, "localhost", "").await, "{name}");
    }
    let by_address = certificates.issue("address", "x", "subjectAltName=IP:127.0.0.1", VALID);
    server.with_tls(&by_address, None).await;
    assert!(is_encrypted(&server, "127.0.0.1", &strict).await);
    let addressed = format!("{strict}&hostaddr=127.0.0.1");
    assert!(is_encrypted(&server, "127.0.0.1", &addressed).await);
    let told = refusal(&url(&server, "localhost", &addressed)).await;
    assert!(told.contains("remove hostaddr"), "{told}");
    server
        .run(&[
            "ALTER SYSTEM SET ssl_min_protocol_version = 'TLSv1.1'",
            "ALTER SYSTEM SET ssl_max_protocol_version = 'TLSv1.1'",
        ])
        .await;
    server.reload().await;
    let told = refusal(&url(&server, "127.0.0.1", &strict)).await;
    assert!(
        told.contains("neither TLS 1.2 nor 1.3: raise its ssl_max_protocol_version"),
        "{told}"
    );
    server
        .run(&[
            "ALTER SYSTEM RESET ssl_min_protocol_version",
            "ALTER SYSTEM RESET ssl_max_protocol_version",
        ])
        .await;
    // It signs itself, as an authority does.
    let own = certificates.authority("own");
    server.with_tls(&own, None).await;
    let trusting = format!("sslmode=verify-ca&{}", root(&own.certificate));
    let told = refusal(&url(&server, "localhost", &trusting)).await;
    assert!(told.contains("CA:FALSE"), "{told}");
}

#[tokio::test]
async fn without_verification_a_failed_handshake_is_tried_again_without_tls() {
    let mut server = server().await;
    let certificates = Certificates::new();
    let old = certificates.of_version_1("old");
    server.with_tls(&old, None).await;
    for parameters in ["", "sslmode=prefer", "sslmode=allow"] {
        assert!(
            !is_encrypted(&server, "localhost", parameters).await,
            "{parameters}"
        );
    }
    let told = refusal(&url(&server, "localhost", "sslmode=require")).await;
    assert!(told.contains("X.509 version 1"), "{told}");

    server.allow("hostssl all all all trust").await;
    for parameters in ["", "sslmode=prefer", "sslmode=allow"] {
        let told = refusal(&url(&server, "localhost", parameters)).await;
        assert!(
            told.contains("accepts only TLS") && told.contains("X.509 version 1"),
            "{parameters}: {told}"
        );
    }
    let told = refusal(&url(&server, "localhost", "sslmode=disable")).await;
    assert!(told.contains("with sslmode=require"), "{told}");

    let good = certificates.issue("good", "x", "subjectAltName=DNS:localhost", VALID);
    server.with_tls(&good, None).await;
    for parameters in ["", "sslmode=allow", "sslmode=require"] {
        assert!(
            is_encrypted(&server, "localhost", parameters).await,
            "{parameters}"
        );
    }
    // The other way around: a server that refuses TLS by its rules.
    server.allow("hostnossl all all all trust").await;
    for parameters in ["", "sslmode=allow", "sslmode=disable"] {
        assert!(
            !is_encrypted(&server, "localhost", parameters).await,
            "{parameters}"
        );
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_named() {
    let mut server = server().await;
    let certificates = Certificates::new();
    let good = certificates.issue("good", "x", "subjectAltName=DNS:localhost", VALID);
    let client = certificates.issue("client", "ann", "", VALID);
    server
        .with_tls(&good, Some(&certificates.path("root.crt")))
        .await;
    server
        .run(&[
            "CREATE ROLE bob SUPERUSER LOGIN",
            "CREATE ROLE s3cret LOGIN",
        ])
        .await;
    server.allow("hostssl all all all cert").await;

    let (empty, text, broken) = (
        certificates.path("empty"),
        certificates.path("text"),
        certificates.path("broken"),
    );
    fs::write(&empty, "").expect("a file");
    fs::write(&text, "s3cret").expect("a file");
    let noise = "-----BEGIN CERTIFICATE-----\nczNjcmV0\n-----END CERTIFICATE-----\n";
    fs::write(&broken, noise).expect("a file");
    for path in [&empty, &text, &broken] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("its own file");
    }
    let missing = certificates.path("missing");
    let (certificate, key) = (client.certificate.display(), client.key.display());
    let encrypted = certificates.encrypted(&client, "s3cret");
    let open = certificates.path("open.key");
    fs::copy(&client.key, &open).expect("a copy");
    fs::set_permissions(&open, fs::Permissions::from_mode(0o644)).expect("its own file");
    for (parameters, file, expected) in [
        (root(&missing), &missing, "does not exist"),
        (root(&empty), &empty, "is empty"),
        (root(&text), &text, "no certificate in PEM"),
        (
            format!("sslcert={certificate}&sslkey={}", missing.display()),
            &missing,
            "does not exist",
        ),
        (
            format!("sslcert={}&sslkey={key}", missing.display()),
            &missing,
            "does not exist",
        ),
        (
            format!("sslcert={}&sslkey={key}", text.display()),
            &text,
            "no certificate in PEM",
        ),
        (
            format!("sslcert={certificate}&sslkey={}", empty.display()),
            &empty,
            "is empty",
        ),
        (
            format!("sslcert={certificate}&sslkey={}", text.display()),
            &text,
            "no private key in PEM",
        ),
        (
            format!("sslcert={certificate}&sslkey={}", encrypted.display()),
            &encrypted,
            "openssl pkey -in",
        ),
        (
            format!("sslcert={certificate}&sslkey={}", open.display()),
            &open,
            "run chmod 600",
        ),
    ] {
        let told = refusal(&url(
            &server,
            "localhost",
            &format!("sslmode=require&{parameters}"),
        ))
        .await;
        let path = file.to_str().expect("UTF-8");
        assert!(
            told.contains(path) && told.contains(expected),
            "{parameters}: {told}"
        );
        assert!(!told.contains("s3cret"), "{told}");
    }
    for (parameters, expected) in [
        (root(&broken), "sslrootcert"),
        (format!("sslcert={certificate}"), "write sslkey="),
        (format!("sslkey={key}"), "write sslcert="),
        (
            format!("sslcert={certificate}&sslkey={}", good.key.display()),
            "sslkey is not the private key of the certificate sslcert",
        ),
        (
            format!("sslcert={certificate}&sslkey={key}&sslpassword=s3cret"),
            "openssl pkey",
        ),
        (String::new(), "a valid client certificate: write sslcert="),
    ] {
        let told = refusal(&url(
            &server,
            "localhost",
            &format!("sslmode=require&{parameters}"),
        ))
        .await;
        assert!(told.contains(expected), "{parameters}: {told}");
        assert!(!told.contains("s3cret"), "{told}");
    }
    let own = format!(
        "sslmode=verify-full&{}&sslcert={certificate}&sslkey={key}",
        root(&certificates.path("root.crt"))
    );
    assert!(is_encrypted(&server, "localhost", &own).await);
    let told = refusal(&server.url("bob", "localhost", "habits", &own)).await;
    assert!(
        told.contains("common name (CN) of the client certificate sslcert must be this user"),
        "{told}"
    );

    certificates.authority("other");
    let foreign = certificates.issue_by("other", "foreign", "ann", "", VALID);
    let parameters = format!(
        "sslmode=require&sslcert={}&sslkey={}",
        foreign.certificate.display(),
        foreign.key.display()
    );
    let told = refusal(&url(&server, "localhost", &parameters)).await;
    assert!(told.contains("refuses the client certificate"), "{told}");
}

/// A listener that answers what begins each connection with these bytes, and closes it.
async fn listener(answer: &'static [u8]) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut asked = [0; 8];
            let _ = client.read(&mut asked).await;
            let _ = client.write_all(answer).await;
            let _ = client.shutdown().await;
        }
    });
    port
}

#[tokio::test]
async fn what_is_no_server_with_tls_is_told_apart() {
    for (answer, expected) in [
        (&b""[..], "closed the connection, or is not Postgres"),
        (b"S", "closed the connection, or is not Postgres"),
        (b"Sno handshake at all", "something else than TLS"),
        (
            b"HTTP/1.1 400 Bad Request\r\n\r\n",
            "closed the connection, or is not Postgres",
        ),
    ] {
        let port = listener(answer).await;
        let url = format!("postgres://ann@127.0.0.1:{port}/habits?sslmode=require");
        let told = refusal(&url).await;
        assert!(told.contains(expected), "{answer:?}: {told}");
        assert!(told.contains("127.0.0.1") || told.contains("TLS"), "{told}");
        let told = refusal(&format!("postgres://ann@127.0.0.1:{port}/habits")).await;
        assert!(
            told.contains("closed the connection, or is not Postgres"),
            "{told}"
        );
    }
}
