//! Certificates, and a Postgres server with TLS.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use sea_orm::ConnectionTrait;
use tempfile::TempDir;

use crate::observer;
use crate::own_server::OwnServer;
use crate::pace::PLENTY;

/// Certificates of one test, made by the program `openssl`, which Debian's `postgresql` depends on.
pub struct Certificates {
    folder: TempDir,
}

/// The file of a certificate, and that of its key.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The certificate, in PEM.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Begin and end of a certificate, as `YYMMDDHHMMSSZ`.
pub type Validity = (&'static str, &'static str);

/// Valid while these tests are run.
pub const VALID: Validity = ("200101000000Z", "491231000000Z");

/// Ended.
pub const EXPIRED: Validity = ("200101000000Z", "210101000000Z");

/// Not begun.
pub const FUTURE: Validity = ("480101000000Z", "491231000000Z");

impl Certificates {
    /// Makes the authority `root`.
    pub fn new() -> Self {
        let made = Certificates {
            folder: tempfile::tempdir().expect("a temporary folder"),
        };
        made.authority("root");
        made
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, args: &[&str]) {
        let output = Command::new("openssl")
            .current_dir(self.folder.path())
            .args(args)
            .output()
            .expect("openssl runs");
        assert!(output.status.success(), "openssl {args:?}: {output:?}");
    }

    fn issued(&self, name: &str) -> Issued {
        let issued = Issued {
            certificate: self.path(&format!("{name}.crt")),
            key: self.path(&format!("{name}.key")),
        };
        let only_own = fs::Permissions::from_mode(0o600);
        fs::set_permissions(&issued.key, only_own).expect("its own file");
        issued
    }

    /// Makes an authority, which signs itself.
    pub fn authority(&self, name: &str) -> Issued {
        let (key, certificate) = (format!("{name}.key"), format!("{name}.crt"));
        let subject = format!("/CN=suite {name}");
        self.run(&[
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-keyout",
            &key,
            "-out",
            &certificate,
            "-days",
            "3650",
            "-subj",
            &subject,
        ]);
        self.issued(name)
    }

    /// Has the authority `root` sign a certificate for a common name. `extensions` are lines such as
    /// `subjectAltName=DNS:localhost`.
    pub fn issue(
        &self,
        name: &str,
        common_name: &str,
        extensions: &str,
        validity: Validity,
    ) -> Issued {
        self.issue_by("root", name, common_name, extensions, validity)
    }

    /// As [`issue`](Self::issue), by another authority.
    pub fn issue_by(
        &self,
        authority: &str,
        name: &str,
        common_name: &str,
        extensions: &str,
        (start, end): Validity,
    ) -> Issued {
        let write = |file: &str, text: &str| fs::write(self.path(file), text).expect("a file");
        write("index.txt", "");
        write("index.txt.attr", "unique_subject = no\n");
        write(
            "extensions",
            &format!("basicConstraints=CA:FALSE\n{extensions}\n"),
        );
        write(
            "ca.conf",
            "[ca]\ndefault_ca = one\n[one]\ndatabase = index.txt\nnew_certs_dir = .\nserial = serial\ndefault_md = sha256\n\
             policy = any\n[any]\ncommonName = supplied\n",
        );
        let (key, request) = (format!("{name}.key"), format!("{name}.csr"));
        let subject = format!("/CN={common_name}");
        self.run(&[
            "req",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-keyout",
            &key,
            "-out",
            &request,
            "-subj",
            &subject,
        ]);
        let (root, root_key) = (format!("{authority}.crt"), format!("{authority}.key"));
        self.run(&[
            "ca",
            "-batch",
            "-config",
            "ca.conf",
            "-in",
            &request,
            "-cert",
            &root,
            "-keyfile",
            &root_key,
            "-rand_serial",
            "-notext",
            "-extfile",
            "extensions",
            "-startdate",
            start,
            "-enddate",
            end,
            "-out",
            &format!("{name}.crt"),
        ]);
        self.issued(name)
    }

    /// A certificate of X.509 version 1, which signs itself.
    pub fn of_version_1(&self, name: &str) -> Issued {
        let (key, request, certificate) = (
            format!("{name}.key"),
            format!("{name}.csr"),
            format!("{name}.crt"),
        );
        self.run(&[
            "req",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            &key,
            "-out",
            &request,
            "-subj",
            "/CN=localhost",
        ]);
        self.run(&[
            "x509",
            "-req",
            "-in",
            &request,
            "-signkey",
            &key,
            "-days",
            "3650",
            "-out",
            &certificate,
        ]);
        let output = Command::new("openssl")
            .args(["x509", "-noout", "-text", "-in"])
            .arg(self.path(&certificate))
            .output()
            .expect("openssl runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(text.contains("Version: 1 (0x0)"), "{text}");
        self.issued(name)
    }

    /// A copy of a private key with a passphrase.
    pub fn encrypted(&self, issued: &Issued, passphrase: &str) -> PathBuf {
        let copy = self.path("encrypted.key");
        let key = issued.key.to_str().expect("UTF-8");
        let pass = format!("pass:{passphrase}");
        self.run(&[
            "pkey",
            "-in",
            key,
            "-aes256",
            "-passout",
            &pass,
            "-out",
            "encrypted.key",
        ]);
        copy
    }
}

impl Default for Certificates {
    fn default() -> Self {
        Certificates::new()
    }
}

/// A server with TLS, whose certificate and rules of access a test changes.
pub struct TlsServer {
    /// The server.
    pub server: OwnServer,
    admin: String,
    generation: u32,
}

impl TlsServer {
    /// Starts one without TLS.
    pub async fn start() -> Self {
        let server = OwnServer::start().await.expect("a server");
        let admin = format!("{}?sslmode=disable", server.admin_url());
        TlsServer {
            server,
            admin,
            generation: 0,
        }
    }

    /// Runs statements as the superuser, on the database `postgres`.
    pub async fn run(&self, statements: &[&str]) {
        let admin = observer::connect(&self.admin).await.expect("the superuser");
        for statement in statements {
            let done = admin.execute_unprepared(statement).await;
            done.unwrap_or_else(|error| panic!("{statement}: {error}"));
        }
        admin.close().await.ok();
    }

    /// Switches TLS off.
    pub async fn without_tls(&mut self) {
        self.run(&["ALTER SYSTEM SET ssl = off"]).await;
        self.reload().await;
    }

    /// Switches TLS on, with this certificate. Clients are asked for theirs if an authority for them is given.
    pub async fn with_tls(&mut self, issued: &Issued, clients: Option<&Path>) {
        let number = self.generation;
        let certificate = self.install(&issued.certificate, &format!("server{number}.crt"));
        let key = self.install(&issued.key, &format!("server{number}.key"));
        let authority = clients.map_or(String::new(), |path| {
            self.install(path, &format!("clients{number}.crt"))
        });
        self.run(&[
            &format!("ALTER SYSTEM SET ssl_cert_file = '{certificate}'"),
            &format!("ALTER SYSTEM SET ssl_key_file = '{key}'"),
            &format!("ALTER SYSTEM SET ssl_ca_file = '{authority}'"),
            "ALTER SYSTEM SET ssl = on",
        ])
        .await;
        self.reload().await;
    }

    /// Copies a file to where the server reads it; returns its name.
    fn install(&self, file: &Path, name: &str) -> String {
        let copy = self.server.data().join(name);
        fs::copy(file, &copy).expect("a copy");
        fs::set_permissions(&copy, fs::Permissions::from_mode(0o600)).expect("its own file");
        let owner = fs::metadata(self.server.data()).expect("its folder");
        chown(&copy, Some(owner.uid()), Some(owner.gid())).expect("a file of the server's");
        name.to_owned()
    }

    /// Sets the lines of `pg_hba.conf`, after one for the superuser.
    pub async fn allow(&mut self, lines: &str) {
        let superuser = "host all postgres all scram-sha-256\nlocal all all trust\n";
        let path = self.server.data().join("pg_hba.conf");
        fs::write(&path, format!("{superuser}{lines}\n")).expect("the file of rules");
        self.reload().await;
    }

    /// Has the server read its files again, and waits until new connections see them.
    pub async fn reload(&mut self) {
        self.generation += 1;
        let mark = 1000 + self.generation;
        let set = format!("ALTER SYSTEM SET deadlock_timeout = {mark}");
        self.run(&[&set, "SELECT pg_reload_conf()"]).await;
        let begun = Instant::now();
        loop {
            let admin = observer::connect(&self.admin).await.expect("the superuser");
            let shown = observer::texts(
                &admin,
                "SELECT setting FROM pg_settings WHERE name = 'deadlock_timeout'",
            )
            .await;
            admin.close().await.ok();
            if shown.expect("a setting") == [mark.to_string()] {
                return;
            }
            assert!(begun.elapsed() < PLENTY, "the server does not reload");
        }
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        let url: url::Url = self.admin.parse().expect("its own URL");
        url.port().expect("its port")
    }

    /// The URL of a database for a user, by this host, with parameters.
    pub fn url(&self, user: &str, host: &str, database: &str, parameters: &str) -> String {
        let port = self.port();
        format!("postgres://{user}@{host}:{port}/{database}?{parameters}")
    }

    /// Whether there is a connection with this `application_name`.
    pub async fn is_connected(&self, name: &str) -> bool {
        let admin = observer::connect(&self.admin).await.expect("the superuser");
        let query =
            format!("SELECT pid::text FROM pg_stat_activity WHERE application_name = '{name}'");
        let found = observer::texts(&admin, &query)
            .await
            .expect("the connections");
        admin.close().await.ok();
        !found.is_empty()
    }

    /// Whether the connection with this `application_name` is encrypted.
    pub async fn is_encrypted(&self, name: &str) -> bool {
        let admin = observer::connect(&self.admin).await.expect("the superuser");
        let query = format!(
            "SELECT DISTINCT s.ssl::text FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) \
             WHERE a.application_name = '{name}'"
        );
        let found = observer::texts(&admin, &query)
            .await
            .expect("the connections");
        admin.close().await.ok();
        assert_eq!(found.len(), 1, "connections of {name}: {found:?}");
        found == ["true"]
    }
}
