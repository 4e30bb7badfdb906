//! URLs of Postgres: each parameter works as in `psql`, or is refused with what to write instead.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::time::{Duration, Instant};

use catamaran::migrate;
use catamaran::{ErrorKind, Scope, StoreOptions};
use rustix::process::Signal;
use suite::kind::refused;
use suite::observer::texts_in;
use suite::pace::scaled;
use suite::tls::TlsServer;
use tempfile::TempDir;
use tokio::net::TcpListener;

/// A server that listens on both loopback addresses, on a socket in a folder, and on an abstract one.
struct Everywhere {
    server: TlsServer,
    folder: TempDir,
    port: u16,
    abstract_name: String,
}

impl Everywhere {
    async fn start() -> Self {
        let mut server = TlsServer::start().await;
        let made = server.server.database::<migration::History>("habits").await;
        made.expect("a database");
        // The path of a socket is short, whatever TMPDIR is.
        let folder = tempfile::Builder::new()
            .prefix("s")
            .tempdir_in("/tmp")
            .expect("a folder");
        let owner = fs::metadata(server.server.data()).expect("the server's folder");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))
            .expect("its own folder");
        chown(folder.path(), Some(owner.uid()), Some(owner.gid()))
            .expect("a folder of the server's");
        let abstract_name = format!("catamaran-{}", std::process::id());
        server
            .run(&[
                "CREATE ROLE ann SUPERUSER LOGIN PASSWORD 's3:cr\\et'",
                "ALTER SYSTEM SET listen_addresses = '127.0.0.1,::1'",
                &format!(
                    "ALTER SYSTEM SET unix_socket_directories = '{}', '@{abstract_name}'",
                    folder.path().display()
                ),
            ])
            .await;
        server.server.stop(Signal::INT).await;
        server.server.start_again().await.expect("it starts");
        server.allow("host all all all trust").await;
        Everywhere {
            port: server.port(),
            server,
            folder,
            abstract_name,
        }
    }

    fn url(&self, parameters: &str) -> String {
        self.server.url("ann", "127.0.0.1", "habits", parameters)
    }
}

/// Reads one text over the store and checks that the migrator connects as well.
async fn text(options: StoreOptions, url: &str, sql: &str) -> String {
    let store = options
        .open()
        .await
        .unwrap_or_else(|error| panic!("{url}: {error}"));
    let pending = migrate::pending::<migration::History>(url).await;
    assert!(pending.expect(url).is_empty(), "{url}");
    let unit = store
        .begin_read(&Scope::system("reads a setting"))
        .await
        .expect("a unit");
    let texts = texts_in(&unit, sql).await.expect(sql);
    unit.rollback().await.expect("an end");
    store.close();
    texts.concat()
}

async fn setting(url: &str, name: &str) -> String {
    let sql = format!("SELECT current_setting('{name}')");
    text(StoreOptions::new(url), url, &sql).await
}

/// What the store and the migrator say alike.
async fn refusal(url: &str) -> String {
    let kind = refused(StoreOptions::new(url).open().await);
    let (ErrorKind::InvalidUrl { reason } | ErrorKind::Unavailable { reason }) = &kind else {
        panic!("{url}: {kind:?}");
    };
    let migrator = migrate::pending::<migration::History>(url).await;
    let migrator = migrator.expect_err(url).to_string();
    assert!(migrator.contains(&**reason), "{url}: {migrator}");
    reason.to_string()
}

#[tokio::test]
async fn every_form_of_a_host_connects() {
    let place = Everywhere::start().await;
    let (port, folder, name) = (
        place.port,
        place.folder.path().display(),
        &place.abstract_name,
    );
    let escaped = folder.to_string().replace('/', "%2F");
    let address = "SELECT coalesce(host(inet_client_addr()), 'a socket')";
    for (url, expected) in [
        (format!("postgres://ann@[::1]:{port}/habits"), "::1"),
        (format!("postgres://ann@[::1%251]:{port}/habits"), "::1"),
        (
            format!("postgres://ann@/habits?host=::1&port={port}"),
            "::1",
        ),
        (
            format!("postgres://ann@/habits?hostaddr=::1&port={port}"),
            "::1",
        ),
        (
            format!("postgres://ann@nowhere.invalid/habits?hostaddr=127.0.0.1&port={port}"),
            "127.0.0.1",
        ),
        (format!("postgres://ann@:1,:{port}/habits"), "127.0.0.1"),
        (
            format!("postgresql://ann@127.0.0.1:{port}/habits?connect_timeout=0"),
            "127.0.0.1",
        ),
        (
            format!("postgres:///habits?host={folder}&port={port}&user=ann"),
            "a socket",
        ),
        (
            format!("postgres://ann@/habits?host={folder}&port={port}&sslmode=require"),
            "a socket",
        ),
        (
            format!("postgres://ann@{escaped}:{port}/habits"),
            "a socket",
        ),
        (
            format!("postgres://ann@:{port}/habits?host={escaped}"),
            "a socket",
        ),
        (
            format!("postgres://ann@/habits?host=@{name}&port={port}"),
            "a socket",
        ),
        (
            format!("postgres://ann@%40{name}:{port}/habits"),
            "a socket",
        ),
        // Nothing listens at the first one.
        (
            format!("postgres://ann@127.0.0.1:1,[::1]:{port}/habits"),
            "::1",
        ),
        (
            format!("postgres://ann@/habits?host=127.0.0.1,{folder}&port=1,{port}"),
            "a socket",
        ),
        (
            format!("postgres://ann@[::1]:{port}/habits?load_balance_hosts=random"),
            "::1",
        ),
        (
            format!("postgres://ann@127.0.0.1:{port}/habits?target_session_attrs=primary"),
            "127.0.0.1",
        ),
        (
            format!("postgres://ann@127.0.0.1:{port}/habits?target_session_attrs=prefer-standby"),
            "127.0.0.1",
        ),
    ] {
        assert_eq!(
            text(StoreOptions::new(&url), &url, address).await,
            expected,
            "{url}"
        );
    }
    for (url, expected) in [
        (
            format!("postgres://ann@/habits?host={folder}&port=1"),
            format!("{folder}/.s.PGSQL.1: there is no such socket; start the server"),
        ),
        (
            "postgres://ann@/habits?host=@nowhere&port=1".to_owned(),
            "no Postgres server responds at @nowhere/.s.PGSQL.1".to_owned(),
        ),
        (
            format!("postgres://ann@/habits?host=/{}", "x".repeat(120)),
            "cannot be reached: path must be shorter".to_owned(),
        ),
        (
            "postgres://ann@nowhere.invalid/habits".to_owned(),
            "nowhere.invalid:5432 cannot be reached: failed to lookup".to_owned(),
        ),
        (
            "postgres://ann@127.0.0.1:1,[::1]:1/habits".to_owned(),
            "responds at 127.0.0.1:1: the connection was refused; no Postgres server responds at [::1]:1".to_owned(),
        ),
        (
            format!("postgres://ann@127.0.0.1:{port}/habits?target_session_attrs=standby"),
            "it is no standby (target_session_attrs=standby)".to_owned(),
        ),
        (
            format!("postgres://ann@127.0.0.1:{port}/habits?target_session_attrs=read-only"),
            "it also writes (target_session_attrs=read-only)".to_owned(),
        ),
    ] {
        let told = refusal(&url).await;
        assert!(told.contains(&expected), "{url}: {told}");
    }
    place
        .server
        .run(&["ALTER DATABASE habits SET default_transaction_read_only = on"])
        .await;
    let told = refusal(&place.url("target_session_attrs=read-write")).await;
    assert!(
        told.contains("it only reads (target_session_attrs=read-write)"),
        "{told}"
    );
    let url = place.url("target_session_attrs=read-only");
    assert_eq!(
        text(StoreOptions::new(&url), &url, address).await,
        "127.0.0.1"
    );
}

#[tokio::test]
async fn options_and_names_of_the_url_reach_the_server() {
    let place = Everywhere::start().await;
    for (parameters, name, expected) in [
        ("options=-c%20work_mem%3D5MB", "work_mem", "5MB"),
        (
            "options=--work-mem%3D6MB%20-c%20geqo%3Doff",
            "work_mem",
            "6MB",
        ),
        ("options=-cgeqo%3Doff&options[work_mem]=7MB", "geqo", "off"),
        (
            "options=-cgeqo%3Doff&options[work_mem]=7MB",
            "work_mem",
            "7MB",
        ),
        (r"options=-c%20suite.text%3Da%5C%20b", "suite.text", "a b"),
        ("options[suite.text]=a%20%5Cb", "suite.text", r"a \b"),
        ("application_name=my%20app", "application_name", "my app"),
        (
            "fallback_application_name=my%20app",
            "application_name",
            "my app",
        ),
        (
            "fallback_application_name=b&application_name=a",
            "application_name",
            "a",
        ),
        ("", "application_name", "catamaran"),
        (
            "client_encoding=utf8&gssencmode=prefer&keepalives=0&sslcompression=0",
            "geqo",
            "on",
        ),
        (
            "sslnegotiation=postgres&sslsni=1&replication=false&sslcrl=",
            "geqo",
            "on",
        ),
    ] {
        assert_eq!(
            setting(&place.url(parameters), name).await,
            expected,
            "{parameters}"
        );
    }
    let url = place.url("application_name=of_url");
    let options = StoreOptions::new(&url).application_name("of the program");
    let name = text(options, &url, "SELECT current_setting('application_name')").await;
    assert_eq!(name, "of the program");
    let told = refusal(&place.url("options=endpoint%3Ds3cret")).await;
    assert!(
        told.contains("the server refuses a setting of its options") && !told.contains("s3cret"),
        "{told}"
    );
}

#[tokio::test]
async fn a_file_of_passwords_is_read_as_libpq_reads_it() {
    let mut place = Everywhere::start().await;
    place.server.allow("host all all all scram-sha-256").await;
    let path = place.folder.path().join("pass");
    let write = |text: &str, mode| {
        fs::write(&path, text).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("its own file");
    };
    let line = format!(
        "# s3cret\n127.0.0.1:1:*:*:wrong\n127.0.0.1:{}:habits:ann:s3\\:cr\\\\et\n",
        place.port
    );
    write(&line, 0o600);
    let url = place.url(&format!("passfile={}", path.display()));
    assert_eq!(setting(&url, "geqo").await, "on");
    write(&line, 0o644);
    let told = refusal(&url).await;
    assert!(
        told.contains(&format!("run chmod 600 '{}'", path.display())),
        "{told}"
    );
    assert!(!told.contains("s3"), "{told}");
    fs::remove_file(&path).expect("it was there");
    let told = refusal(&url).await;
    assert!(
        told.contains("pass cannot be read: it does not exist"),
        "{told}"
    );
    for parameters in ["passfile=/dev/null", "password=s3wrong"] {
        let url = place.url(parameters);
        let kind = refused(StoreOptions::new(&url).open().await);
        assert_eq!(
            kind,
            ErrorKind::Authentication {
                user: "ann".to_owned()
            },
            "{url}"
        );
    }
    let url = place.url("password=s3%3Acr%5Cet&passfile=/nowhere");
    assert_eq!(setting(&url, "geqo").await, "on");
}

#[tokio::test]
async fn connect_timeout_limits_each_connection() {
    let silent = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let port = silent.local_addr().expect("an address").port();
    let begun = Instant::now();
    let url = format!("postgres://ann@127.0.0.1:{port}/habits?connect_timeout=1");
    let options = StoreOptions::new(&url).acquire_timeout(scaled(Duration::from_secs(60)));
    let kind = refused(options.open().await);
    let told = refusal(&url).await;
    let expected =
        format!("127.0.0.1:{port} did not accept the connection within 1s (connect_timeout)");
    assert_eq!(told, expected);
    assert_eq!(
        kind,
        ErrorKind::Unavailable {
            reason: expected.into()
        }
    );
    let took = begun.elapsed();
    assert!(took < scaled(Duration::from_secs(30)), "it took {took:?}");
}

#[tokio::test]
async fn what_does_not_work_is_refused_by_name() {
    for (parameters, expected) in [
        (
            "sslmode=s3cret",
            "the parameter sslmode has an unknown value; write disable, allow",
        ),
        ("sslmode=no-verify", "What others call no-verify is require"),
        ("ssl=no-verify", "write sslmode=require"),
        (
            "port=0",
            "the parameter port is not a number from 1 to 65535",
        ),
        (
            "port=99999",
            "the parameter port is not a number from 1 to 65535",
        ),
        (
            "connect_timeout=s3cret",
            "the parameter connect_timeout is no whole number",
        ),
        ("hostaddr=s3cret", "the parameter hostaddr is no IP address"),
        ("keepalives_idle=30", "the driver sends no TCP keepalives"),
        ("keepalives=1", "the driver sends no TCP keepalives"),
        (
            "tcp_user_timeout=1000",
            "the driver sends no TCP keepalives",
        ),
        ("sslnegotiation=direct", "write sslnegotiation=postgres"),
        ("gssencmode=require", "write gssencmode=disable"),
        ("client_encoding=LATIN1", "client_encoding is not UTF8"),
        ("replication=database", "remove the parameter replication"),
        (
            "service=habits",
            "write its entries into the URL, and remove the parameter service",
        ),
        ("sslcrl=/a.pem", "remove the parameter sslcrl"),
        ("sslpassword=s3cret", "remove the parameter sslpassword"),
        ("requirepeer=postgres", "remove the parameter requirepeer"),
        (
            "require_auth=scram-sha-256",
            "remove the parameter require_auth",
        ),
        ("krbsrvname=x", "remove the parameter krbsrvname"),
        (
            "min_protocol_version=3.2",
            "remove the parameter min_protocol_version",
        ),
        (
            "ssl_min_protocol_version=TLSv1.3",
            "ssl_min_protocol_version",
        ),
        (
            "sslrootcert=system&sslmode=require",
            "needs sslmode=verify-full",
        ),
        ("target_session_attrs=master", "write any, read-write"),
        (
            "schema=habits",
            "StoreOptions::schemas, ConnectOptions::schema or --database-schema, and remove the parameter schema",
        ),
        ("currentSchema=habits", "remove the parameter currentSchema"),
        (
            "pgbouncer=true",
            "StoreOptions::transaction_pooler(true), and remove the parameter pgbouncer",
        ),
        (
            "prepareThreshold=0",
            "remove the parameter prepareThreshold",
        ),
        (
            "connection_limit=5",
            "StoreOptions::connections, and remove the parameter connection_limit",
        ),
        (
            "pool=5",
            "StoreOptions::connections, and remove the parameter pool",
        ),
        (
            "pool_timeout=5",
            "StoreOptions::acquire_timeout, and remove the parameter pool_timeout",
        ),
        ("timeout=5000", "StoreOptions::acquire_timeout"),
        ("statement_timeout=5000", "StoreOptions::statement_timeout"),
        ("sslaccept=strict", "write sslmode=verify-full"),
        (
            "loginTimeout=5",
            "write connect_timeout, in seconds, instead of the parameter loginTimeout",
        ),
        ("supa=base-pooler.x", "remove the parameter supa"),
        ("speed=s3cret", "the parameter speed is unknown"),
        (
            "host=a,b&hostaddr=127.0.0.1",
            "it has 1 addresses (hostaddr) for 2 hosts",
        ),
        ("host=a,b&port=1,2,3", "it has 3 ports for 2 hosts"),
        ("application_name=a%00b", "it contains %00"),
    ] {
        let url = format!("postgres://ann:s3cret@127.0.0.1:1/habits?{parameters}");
        let told = refusal(&url).await;
        assert!(told.contains(expected), "{parameters}: {told}");
        assert!(!told.contains("s3cret"), "{parameters}: {told}");
    }
    for (url, expected) in [
        (
            "jdbc:postgresql://db/habits",
            "write postgres: and what follows, from its // on",
        ),
        (
            "postgresql+psycopg2://db/habits",
            "the scheme postgresql+psycopg2: is that of another tool",
        ),
        (
            "postgresql+asyncpg://db/habits",
            "the scheme postgresql+asyncpg: is that of another tool",
        ),
        (
            "postgis://db/habits",
            "the scheme postgis: is that of another tool",
        ),
        (
            "postgres://db:99999/habits",
            "the port of its host is not a number from 1 to 65535",
        ),
        (
            "postgres://db:0/habits",
            "the port of its host is not a number from 1 to 65535",
        ),
        (
            "postgres://::1/habits",
            "an IPv6 address is written in brackets",
        ),
        ("postgres://[db]/habits", "no IPv6 address"),
    ] {
        let told = refusal(url).await;
        assert!(told.contains(expected), "{url}: {told}");
    }
}
