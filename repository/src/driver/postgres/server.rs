//! How to connect to a server. Store, migrator, doctor, test kit and command line all connect here.

use std::time::Duration;

use sqlx::Row as _;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};

use super::connect_error::{address, connect, explain};
use super::rejection::Rejection;
use super::tls::{self, Failure, Files};
use crate::driver::url::invalid_url;
use crate::model::error::{Error, ErrorKind, Result};

/// The hosts of a URL, and how to connect to one of them.
#[derive(Clone)]
pub(crate) struct Server {
    hosts: Vec<PgConnectOptions>,
    files: Files,
    limit: Option<Duration>,
    wanted: SessionAttributes,
    shuffled: bool,
}

/// `target_session_attrs`: <https://www.postgresql.org/docs/current/libpq-connect.html>.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum SessionAttributes {
    #[default]
    Any,
    ReadWrite,
    ReadOnly,
    Primary,
    Standby,
    PreferStandby,
}

impl SessionAttributes {
    pub(super) fn read(name: &str) -> Self {
        match name.to_ascii_lowercase().as_str() {
            "read-write" => Self::ReadWrite,
            "read-only" => Self::ReadOnly,
            "primary" => Self::Primary,
            "standby" => Self::Standby,
            "prefer-standby" => Self::PreferStandby,
            _ => Self::Any,
        }
    }

    /// What a session must be, in the order in which the hosts are tried.
    fn passes(self) -> &'static [Self] {
        match self {
            Self::PreferStandby => &[Self::Standby, Self::Any],
            Self::Any => &[Self::Any],
            Self::ReadWrite => &[Self::ReadWrite],
            Self::ReadOnly => &[Self::ReadOnly],
            Self::Primary => &[Self::Primary],
            Self::Standby => &[Self::Standby],
        }
    }

    /// What is wrong with a session.
    fn unmet(self, recovers: bool, reads_only: bool) -> Option<&'static str> {
        match self {
            Self::ReadWrite if reads_only => {
                Some("it only reads (target_session_attrs=read-write)")
            }
            Self::ReadOnly if !reads_only => {
                Some("it also writes (target_session_attrs=read-only)")
            }
            Self::Primary if recovers => Some("it is a standby (target_session_attrs=primary)"),
            Self::Standby if !recovers => Some("it is no standby (target_session_attrs=standby)"),
            _ => None,
        }
    }
}

/// An open connection, and the options that led to it: one host, and TLS or not.
pub(crate) struct Connected {
    pub(crate) connection: PgConnection,
    pub(crate) options: PgConnectOptions,
}

impl Server {
    pub(super) fn new(
        hosts: Vec<PgConnectOptions>,
        files: Files,
        limit: Option<Duration>,
        wanted: SessionAttributes,
        shuffled: bool,
    ) -> Self {
        Server {
            hosts,
            files,
            limit,
            wanted,
            shuffled,
        }
    }

    /// The server of an open pool.
    #[cfg(feature = "migrate")]
    pub(crate) fn of_pool(options: &PgConnectOptions) -> Self {
        Server::new(
            vec![options.clone()],
            Files::default(),
            None,
            SessionAttributes::Any,
            false,
        )
    }

    /// The same hosts, of which each may take a part of that time, unless the URL says how long.
    pub(crate) fn within(mut self, time: Duration) -> Self {
        let tries = self.hosts.len() * self.wanted.passes().len();
        if let (None, 2.., Ok(tries)) = (self.limit, tries, u32::try_from(tries)) {
            self.limit = Some(time / tries);
        }
        self
    }

    /// The options of the first host. All hosts have the same user, database and settings.
    pub(crate) fn options(&self) -> Option<&PgConnectOptions> {
        self.hosts.first()
    }

    /// The same hosts, with other settings.
    pub(crate) fn map(&self, change: impl Fn(PgConnectOptions) -> PgConnectOptions) -> Self {
        let mut changed = self.clone();
        changed.hosts = self.hosts.iter().cloned().map(change).collect();
        changed
    }

    /// Connects to the first host that answers and has the wanted attributes.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidUrl`] for a file of TLS that cannot be used, [`ErrorKind::Unavailable`],
    /// [`ErrorKind::Authentication`], [`ErrorKind::DatabaseMissing`], [`ErrorKind::Pooler`] and others of the server.
    pub(crate) async fn connect(&self) -> Result<Connected> {
        let mut hosts: Vec<&PgConnectOptions> = self.hosts.iter().collect();
        if self.shuffled {
            fastrand::shuffle(&mut hosts);
        }
        let mut failures: Vec<Error> = Vec::new();
        for wanted in self.wanted.passes() {
            for options in &hosts {
                match self.connect_to(options, *wanted).await {
                    Ok(connected) => return Ok(connected),
                    Err(error) if matches!(error.kind(), ErrorKind::Unavailable { .. }) => {
                        failures.push(error);
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        let mut reasons: Vec<String> = Vec::new();
        for error in &failures {
            if let ErrorKind::Unavailable { reason } = error.kind()
                && !reasons.contains(&reason.to_string())
            {
                reasons.push(reason.to_string());
            }
        }
        let last = failures.pop().unwrap_or(ErrorKind::Internal.into());
        Err(last.with_kind(ErrorKind::Unavailable {
            reason: reasons.join("; ").into(),
        }))
    }

    async fn connect_to(
        &self,
        options: &PgConnectOptions,
        wanted: SessionAttributes,
    ) -> Result<Connected> {
        self.files
            .check(options.get_ssl_mode())
            .map_err(invalid_url)?;
        let connecting = async {
            let mut connected = open(options).await?;
            assert_attributes(&mut connected, wanted).await?;
            Ok(connected)
        };
        let Some(limit) = self.limit else {
            return connecting.await;
        };
        tokio::time::timeout(limit, connecting)
            .await
            .unwrap_or_else(|_| {
                let reason = format!(
                    "{} did not accept the connection within {limit:?} (connect_timeout)",
                    address(options)
                );
                Err(unavailable(reason))
            })
    }
}

/// Another host, or this one later, may be what is wanted.
fn unavailable(reason: String) -> Error {
    let kind = ErrorKind::Unavailable {
        reason: reason.clone().into(),
    };
    Error::with_cause(kind, None, reason)
}

/// Connects with the mode of the options. `prefer` and `allow` have a second try, as in libpq.
async fn open(options: &PgConnectOptions) -> Result<Connected> {
    let (first, second) = match options.get_ssl_mode() {
        PgSslMode::Prefer => (PgSslMode::Prefer, PgSslMode::Disable),
        PgSslMode::Allow => (PgSslMode::Disable, PgSslMode::Require),
        mode => (mode, mode),
    };
    let first = options.clone().ssl_mode(first);
    let refused = match connect(&first).await {
        Ok(connection) => {
            return Ok(Connected {
                connection,
                options: first,
            });
        }
        Err(error) => error,
    };
    let is_worth_a_try = match options.get_ssl_mode() {
        PgSslMode::Prefer => tls::may_be_of_handshake(&refused) || refuses_login(&refused),
        PgSslMode::Allow => refuses_login(&refused),
        _ => false,
    };
    if !is_worth_a_try {
        return Err(explain(&first, &refused));
    }
    let second = options.clone().ssl_mode(second);
    match connect(&second).await {
        Ok(connection) => {
            if let Some(Failure::Server(reason)) = tls::failure(&first, &refused)
                && !tls::is_missing(&refused)
            {
                let address = address(&first);
                tracing::warn!("connected to {address} without TLS, because {reason}");
            }
            Ok(Connected {
                connection,
                options: second,
            })
        }
        Err(error) => Err(explain_both((&first, &refused), (&second, &error))),
    }
}

/// Whether the server or pooler refuses the login, as it may do for a connection with or without TLS.
fn refuses_login(error: &sqlx::Error) -> bool {
    let Some(error) = error.as_database_error() else {
        return false;
    };
    // invalid_authorization_specification: no entry of pg_hba.conf fits the connection
    error.code().as_deref() == Some("28000")
        || matches!(Rejection::of(error.message()), Some(Rejection::Tls))
}

type Try<'a> = (&'a PgConnectOptions, &'a sqlx::Error);

/// The error of a connection that was tried with and without TLS.
fn explain_both(first: Try<'_>, second: Try<'_>) -> Error {
    let tries = [first, second];
    let handshake = tries
        .iter()
        .find_map(|(options, error)| match tls::failure(options, error) {
            Some(Failure::Server(reason)) if !tls::is_missing(error) => Some(reason),
            _ => None,
        });
    let refused = tries.iter().find(|(_, error)| refuses_login(error));
    match (handshake, refused) {
        (Some(reason), Some((options, error))) => {
            let reason = format!("{} accepts only TLS, and {reason}", address(options));
            explain(options, error).with_kind(ErrorKind::Unavailable {
                reason: reason.into(),
            })
        }
        // What the first try was refused for is what holds for this server.
        (None, Some((options, error))) => explain(options, error),
        (_, None) => explain(second.0, second.1),
    }
}

/// Fails if the session is not what the URL wants.
async fn assert_attributes(connected: &mut Connected, wanted: SessionAttributes) -> Result<()> {
    if wanted == SessionAttributes::Any {
        return Ok(());
    }
    let query = "SELECT pg_catalog.pg_is_in_recovery()::text, \
         pg_catalog.current_setting('transaction_read_only')";
    let row = sqlx::raw_sql(query)
        .fetch_one(&mut connected.connection)
        .await
        .and_then(|row| {
            Ok((
                row.try_get_unchecked::<String, _>(0)?,
                row.try_get_unchecked::<String, _>(1)?,
            ))
        });
    let (recovers, reads_only) = row.map_err(|error| explain(&connected.options, &error))?;
    match wanted.unmet(recovers == "true", reads_only == "on") {
        None => Ok(()),
        Some(reason) => Err(unavailable(format!(
            "{} is not wanted: {reason}",
            address(&connected.options)
        ))),
    }
}
