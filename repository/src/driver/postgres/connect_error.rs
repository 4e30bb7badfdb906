//! Connecting, and the errors of it: of the network, of the protocol, of the server, and of a pooler or proxy before it.
//!
//! A refusal that may end by itself is [`ErrorKind::Unavailable`]. The other kinds stay until somebody changes something.

use std::future::poll_fn;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgDatabaseError};

use super::error;
use super::rejection::{Rejection, mode, shown};
use super::session_settings;
use super::tls::{self, Failure};
use crate::driver::url::invalid_url;
use crate::model::error::{Error, ErrorKind};

/// Opens a connection.
///
/// # Errors
/// The error of the driver. [`explain`] converts it.
pub(super) async fn connect(options: &PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    let mut connecting = pin!(options.connect());
    // The driver panics on messages that no Postgres server sends, such as one of a length below 4.
    poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| connecting.as_mut().poll(context)));
        polled.unwrap_or_else(|_| {
            Poll::Ready(Err(sqlx::Error::Protocol("an invalid message".to_owned())))
        })
    })
    .await
}

/// Converts an error of connecting, or of the first queries of a connection: a pooler may connect to the server as late as
/// that.
pub(crate) fn explain(options: &PgConnectOptions, error: &sqlx::Error) -> Error {
    let classified = error::classify(error, None);
    let attempt = Attempt { options };
    match tls::failure(options, error) {
        // The text of the driver may quote the file.
        Some(Failure::File(reason)) => return invalid_url(reason),
        Some(Failure::Server(reason)) => {
            return classified.with_kind(attempt.unavailable(&reason));
        }
        None => {}
    }
    let kind = match error {
        sqlx::Error::Database(database) => database
            .try_downcast_ref::<PgDatabaseError>()
            .and_then(|database| attempt.refused(database)),
        sqlx::Error::Io(io) => Some(attempt.unreachable(io)),
        sqlx::Error::Protocol(message) => Some(attempt.not_understood(message)),
        // The text of the driver may quote the password.
        sqlx::Error::Configuration(cause) if cause.to_string().contains("saslprep") => {
            Some(permission(
                "the driver cannot log in with a name or a password that SASLprep (RFC 4013) forbids, such as one with a \
                 control character or an emoji: give the role another one"
                    .to_owned(),
            ))
        }
        _ => None,
    };
    match kind {
        Some(kind) => classified.with_kind(kind),
        None => classified,
    }
}

/// An attempt to connect.
struct Attempt<'o> {
    options: &'o PgConnectOptions,
}

impl Attempt<'_> {
    /// The kind of a refusal of the server or pooler. `None` if its code says enough.
    fn refused(&self, database: &PgDatabaseError) -> Option<ErrorKind> {
        let (code, message) = (database.code(), database.message());
        let routine = database.routine().unwrap_or_default();
        let words = self.words(message);
        if let Some(kind) = of_shared_statements(code, &words) {
            return Some(kind);
        }
        Some(match code {
            // invalid_password
            "28P01" => self.authentication(),
            // invalid_authorization_specification: also a missing entry of pg_hba.conf, and a role without LOGIN
            "28000" => match Rejection::of(message) {
                Some(Rejection::Tls) => self.requires_tls(&words),
                _ if message.contains("a valid client certificate") => permission(format!(
                    "{words}: write sslcert=/path/to/client.crt&sslkey=/path/to/client.key, with a certificate that an \
                     authority of the server's ssl_ca_file signed"
                )),
                _ if message.starts_with("certificate authentication failed") => {
                    permission(format!(
                        "{words}: the common name (CN) of the client certificate sslcert must be this user, or be mapped to \
                         it in the server's pg_ident.conf"
                    ))
                }
                _ if message.contains("pg_hba.conf") || routine == "ClientAuthentication" => {
                    permission(format!(
                        "{words}; add an entry to the server's pg_hba.conf, or connect as one allows (with sslmode=require, \
                         if the entries are for TLS)"
                    ))
                }
                _ if ["Peer", "Ident"]
                    .iter()
                    .any(|method| message.starts_with(method)) =>
                {
                    permission(format!(
                        "{words}: run as the user of the operating system that has this name or that the server's \
                         pg_ident.conf maps to it, or let pg_hba.conf ask for a password (scram-sha-256)"
                    ))
                }
                Some(Rejection::Login) => self.authentication(),
                _ if routine == "auth_failed" || message.ends_with("does not exist") => {
                    self.authentication()
                }
                _ if message.ends_with("is not permitted to log in") => permission(format!(
                    "{words}; run ALTER ROLE {} LOGIN",
                    quoted(self.options.get_username())
                )),
                _ => permission(words),
            },
            // invalid_catalog_name
            "3D000" => self.missing_database(),
            // object_not_in_prerequisite_state: a database that accepts no connections, such as template0
            "55000" => permission(format!("the database does not accept connections: {words}")),
            // insufficient_privilege, from a pooler without the name of a function
            "42501" if matches!(routine, "CheckMyDatabase" | "") => permission(format!(
                "{words}; run GRANT CONNECT ON DATABASE {} TO {}",
                quoted(self.database()),
                quoted(self.options.get_username())
            )),
            "42501" if !is_of_setting(routine, message) => return None,
            // insufficient_privilege, undefined_object, invalid_parameter_value, cant_change_runtime_param, syntax_error,
            // invalid_name: of a setting in the startup message
            "42501" | "42704" | "22023" | "55P02" | "42601" | "42602" => setting(code, message),
            // protocol_violation: the driver sends the name in a message of SCRAM as it is
            "08P01" if self.options.get_username().contains([',', '=']) => permission(format!(
                "{words}: the driver cannot log in with scram-sha-256 as a user whose name has a comma or an equals sign"
            )),
            // undefined_file
            "58P01"
                if routine == "internal_load_library"
                    || message.contains("could not access file") =>
            {
                permission(format!(
                    "{words}: install the library, or reset session_preload_libraries and local_preload_libraries where \
                     they name it, with ALTER DATABASE .. RESET or ALTER ROLE .. RESET"
                ))
            }
            // too_many_connections
            "53300" => self.too_many(&words),
            // admin_shutdown, crash_shutdown, cannot_connect_now, database_dropped
            "57P01" | "57P02" | "57P03" | "57P04" => unavailable(words),
            // insufficient_resources, disk_full, out_of_memory, configuration_limit_exceeded, io_error, and files of the
            // cluster
            _ if code.starts_with("53") || code.starts_with("XX00") && code != "XX000" => {
                return None;
            }
            "58030" | "58P01" | "58P02" => return None,
            _ if routine.is_empty() || Rejection::has_general_code(code) => self.pooler(message),
            _ => return None,
        })
    }

    /// The kind of a refusal whose code says nothing.
    fn pooler(&self, message: &str) -> ErrorKind {
        let words = self.words(message);
        match Rejection::of(message) {
            Some(Rejection::Parameter) => pooler(format!(
                "it rejects the connection: {words}; open the store with StoreOptions::transaction_pooler(true) and a URL \
                 without options, or connect to the server itself"
            )),
            Some(Rejection::Mode) => pooler(mode(&words)),
            Some(Rejection::Console) => self.console(),
            Some(Rejection::Tls) => self.requires_tls(&words),
            Some(Rejection::NoServer | Rejection::ServerLost) => unavailable(format!(
                "the pooler at {} has no server: {words}",
                self.address()
            )),
            Some(Rejection::NoFreeServer) => ErrorKind::PoolTimeout,
            Some(Rejection::TooMany) => self.too_many(&words),
            Some(Rejection::Login) => self.authentication(),
            Some(Rejection::Database) => self.missing_database(),
            Some(Rejection::Forbidden) => permission(format!(
                "{} rejects the connection: {words}",
                self.address()
            )),
            Some(Rejection::Configuration) => pooler(format!(
                "it rejects the connection: {words}; copy host, user, database and options of the URL from where the pooler is \
                 configured"
            )),
            // The console of pgbouncer has this name, and one word for what it cannot read.
            None if self.database() == "pgbouncer" => self.console(),
            None => unavailable(format!(
                "{} rejects the connection: {words}",
                self.address()
            )),
        }
    }

    fn console(&self) -> ErrorKind {
        pooler(format!(
            "the database {} is the console of its administrator: name the application's database in the URL",
            self.database()
        ))
    }

    fn too_many(&self, words: &str) -> ErrorKind {
        unavailable(format!(
            "{} has no connection left: {words}; open fewer, with StoreOptions::connections, or raise that limit",
            self.address()
        ))
    }

    fn requires_tls(&self, words: &str) -> ErrorKind {
        permission(format!(
            "{} requires TLS: {words}; add sslmode=require to the URL",
            self.address()
        ))
    }

    fn authentication(&self) -> ErrorKind {
        ErrorKind::Authentication {
            user: self.options.get_username().to_owned(),
        }
    }

    fn missing_database(&self) -> ErrorKind {
        ErrorKind::DatabaseMissing {
            name: self.database().to_owned(),
        }
    }

    /// The kind of an error of the network.
    fn unreachable(&self, error: &io::Error) -> ErrorKind {
        let address = self.address();
        match error.kind() {
            io::ErrorKind::ConnectionRefused => unavailable(format!(
                "no Postgres server responds at {address}: the connection was refused"
            )),
            io::ErrorKind::NotFound => unavailable(format!(
                "no Postgres server responds at {address}: there is no such socket; start the server, or correct host and port"
            )),
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe => unavailable(format!(
                "the server at {address} closed the connection, or is not Postgres"
            )),
            _ => unavailable(format!("{address} cannot be reached: {error}")),
        }
    }

    /// The kind of an answer that the driver does not understand.
    fn not_understood(&self, message: &str) -> ErrorKind {
        if let Some(method) = lacking_method(message) {
            return permission(format!(
                "{} asks for the authentication method {method}, which the driver lacks: let it use scram-sha-256, in \
                 pg_hba.conf or in the pooler's configuration",
                self.address()
            ));
        }
        if message.contains("non-UTF-8") {
            return self.unavailable("rejects the connection with a message that is not in UTF-8; its log has the message");
        }
        unavailable(format!(
            "the server at {} closed the connection, or is not Postgres",
            self.address()
        ))
    }

    /// The kind for a sentence that begins with the address.
    fn unavailable(&self, sentence: &str) -> ErrorKind {
        unavailable(format!("{}: {sentence}", self.address()))
    }

    /// The words of the server, without the password.
    fn words(&self, message: &str) -> String {
        shown(message, &self.secrets())
    }

    /// The password, and the values of the application's own settings.
    fn secrets(&self) -> Vec<String> {
        // The driver panics on other hosts and users, such as IPv6 addresses.
        let plain = self.options.clone().host("localhost").username("u");
        let url = plain.to_url_lossy();
        let encoded = url.password().unwrap_or_default().to_owned();
        let decoded = url::form_urlencoded::parse(encoded.as_bytes()).next();
        let decoded = decoded.map(|(text, _)| text.into_owned());
        let settings = self.options.get_options().unwrap_or_default();
        let own = settings.split_whitespace().filter_map(|setting| {
            let (name, value) = setting.split_once('=')?;
            name.contains('.').then(|| value.to_owned())
        });
        // A shorter text is no secret, and occurs in many words.
        let public = [self.options.get_username(), self.database()];
        let is_secret =
            |text: &String| text.chars().count() > 3 && !public.contains(&text.as_str());
        let found = [Some(encoded), decoded].into_iter().flatten().chain(own);
        found.filter(is_secret).collect()
    }

    fn database(&self) -> &str {
        let database = self.options.get_database();
        database.unwrap_or(self.options.get_username())
    }

    fn address(&self) -> String {
        address(self.options)
    }
}

/// The host and port, or the file of the socket.
pub(super) fn address(options: &PgConnectOptions) -> String {
    let port = options.get_port();
    match (options.get_socket(), options.get_host()) {
        (Some(folder), _) => {
            // An abstract socket, as libpq writes it.
            let folder = folder.display().to_string().replace('\0', "@");
            format!("{}/.s.PGSQL.{port}", folder.trim_end_matches('/'))
        }
        (None, host) if host.starts_with('/') => format!("{host}/.s.PGSQL.{port}"),
        (None, host) if host.contains(':') => format!("[{host}]:{port}"),
        (None, host) => format!("{host}:{port}"),
    }
}

/// The kind for a prepared statement that another client of a pooler has, or that stayed on another server connection:
/// duplicate_prepared_statement, invalid_sql_statement_name.
pub(crate) fn of_shared_statements(code: &str, words: &str) -> Option<ErrorKind> {
    matches!(code, "42P05" | "26000").then(|| {
        pooler(format!(
            "it mixes up prepared statements ({words}): connect to the server itself, or to a pooler in session mode"
        ))
    })
}

/// Whether a missing privilege is one for a setting.
fn is_of_setting(routine: &str, message: &str) -> bool {
    routine.starts_with("set_config") || message.contains("set parameter")
}

/// The kind for a setting of the startup message that the server refuses. The message quotes its name first, and then
/// perhaps its value.
fn setting(code: &str, message: &str) -> ErrorKind {
    let quotes = |c: char| "\"'«»“”„‘’「」".contains(c);
    let name = message.split(quotes).nth(1).unwrap_or_default();
    if let Some(name) = session_settings::sent(name) {
        return ErrorKind::Setting {
            name,
            wanted: "one that it accepts".to_owned(),
            found: match code {
                "42704" => "unknown to the server".to_owned(),
                _ => format!("refused by the server (SQLSTATE {code})"),
            },
        };
    }
    let is_name = |c: char| c.is_ascii_alphanumeric() || "_.".contains(c);
    let which = match !name.is_empty() && name.chars().all(is_name) {
        true => format!("the setting {name}"),
        false => "a setting".to_owned(),
    };
    ErrorKind::InvalidUrl {
        reason: format!(
            "the server refuses {which} of its options (SQLSTATE {code}); correct or remove it, there or in PGOPTIONS"
        )
        .into(),
    }
}

/// The method of authentication in a message of the driver that it does not know it. A number is of the protocol:
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html>.
fn lacking_method(message: &str) -> Option<&str> {
    let methods = [
        "unknown authentication method: ",
        "unsupported SASL authentication mechanisms: ",
    ];
    let method = methods.iter().find_map(|words| message.split_once(words))?;
    let method = method.1.split(" (").next().unwrap_or_default();
    Some(match method {
        "7" => "GSSAPI",
        "9" => "SSPI",
        other => other,
    })
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn permission(reason: String) -> ErrorKind {
    ErrorKind::Permission {
        reason: reason.into(),
    }
}

fn unavailable(reason: String) -> ErrorKind {
    ErrorKind::Unavailable {
        reason: reason.into(),
    }
}

fn pooler(reason: String) -> ErrorKind {
    ErrorKind::Pooler {
        reason: reason.into(),
    }
}
