//! TLS: the files that a connection needs, and what a failed handshake says.
//!
//! Modes: <https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-SSLMODE-STATEMENTS>.

use std::borrow::Cow;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustls::{AlertDescription, CertificateError, Error as TlsError};
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use super::password_file::{plain, quoted};

/// A file of a connection, or its text.
#[derive(Clone)]
pub(super) struct Pem {
    /// What names it: a parameter or a variable.
    pub(super) source: &'static str,
    /// A path, or what the file would have.
    pub(super) value: String,
}

/// The files of a connection.
#[derive(Clone, Default)]
pub(super) struct Files {
    pub(super) root: Option<Pem>,
    pub(super) certificate: Option<Pem>,
    pub(super) key: Option<Pem>,
}

impl Files {
    /// Checks the files that this mode uses, which the driver would not name.
    ///
    /// # Errors
    /// Which file is wrong, and what to do. The text has nothing of its contents.
    pub(super) fn check(&self, mode: PgSslMode) -> Result<(), String> {
        if matches!(mode, PgSslMode::Disable) {
            return Ok(());
        }
        if let (Some(root), PgSslMode::VerifyCa | PgSslMode::VerifyFull) = (&self.root, mode) {
            root.certificates()?;
        }
        match (&self.certificate, &self.key) {
            (None, None) => Ok(()),
            (Some(certificate), Some(key)) => {
                certificate.certificates()?;
                key.private_key()
            }
            (Some(certificate), None) => Err(format!(
                "{} names a client certificate, and nothing its private key; write sslkey=/path/to/client.key",
                certificate.source
            )),
            (None, Some(key)) => Err(format!(
                "{} names the private key of a client, and nothing its certificate; write \
                 sslcert=/path/to/client.crt",
                key.source
            )),
        }
    }
}

impl Pem {
    /// The path; `None` if the value is the text itself, as the driver decides.
    pub(super) fn path(&self) -> Option<&Path> {
        match self.value.trim().starts_with("-----BEGIN") {
            true => None,
            false => Some(Path::new(&self.value)),
        }
    }

    fn shown(&self) -> String {
        match self.path() {
            Some(path) => format!("{} ({})", path.display(), self.source),
            None => format!("the text of {}", self.source),
        }
    }

    fn read(&self) -> Result<Vec<u8>, String> {
        match self.path() {
            None => Ok(self.value.clone().into_bytes()),
            Some(path) => fs::read(path).map_err(|error| {
                format!(
                    "the file {} cannot be read: {}",
                    self.shown(),
                    plain(&error)
                )
            }),
        }
    }

    fn has(text: &[u8], label: &str) -> bool {
        text.windows(label.len())
            .any(|part| part == label.as_bytes())
    }

    fn certificates(&self) -> Result<(), String> {
        let text = self.read()?;
        match Self::has(&text, "-----BEGIN CERTIFICATE-----") {
            true => Ok(()),
            false if text.is_empty() => Err(format!("the file {} is empty", self.shown())),
            false => Err(format!(
                "the file {} has no certificate in PEM, which begins with -----BEGIN CERTIFICATE-----",
                self.shown()
            )),
        }
    }

    fn private_key(&self) -> Result<(), String> {
        let text = self.read()?;
        if Self::has(&text, "-----BEGIN ENCRYPTED PRIVATE KEY-----")
            || Self::has(&text, "Proc-Type: 4,ENCRYPTED")
        {
            let path = self.path().unwrap_or(Path::new("client.key"));
            let copy = PathBuf::from(format!("{}.plain", path.display()));
            return Err(format!(
                "the private key {} has a passphrase, which the driver cannot use. Write a copy without one, and name \
                 it as sslkey: (umask 077; openssl pkey -in {} -out {})",
                self.shown(),
                quoted(path),
                quoted(&copy)
            ));
        }
        if !Self::has(&text, "PRIVATE KEY-----") {
            return Err(match text.is_empty() {
                true => format!("the file {} is empty", self.shown()),
                false => format!(
                    "the file {} has no private key in PEM, which begins with -----BEGIN PRIVATE KEY-----",
                    self.shown()
                ),
            });
        }
        match self.path() {
            Some(path) if is_open_to_others(path) => Err(format!(
                "others may read the private key {}: run chmod 600 {}",
                self.shown(),
                quoted(path)
            )),
            _ => Ok(()),
        }
    }
}

/// As libpq: the group may read a key of root's.
#[cfg(unix)]
fn is_open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;

    fs::metadata(path).is_ok_and(|file| match file.uid() {
        0 => file.mode() & 0o037 != 0,
        _ => file.mode() & 0o077 != 0,
    })
}

#[cfg(not(unix))]
fn is_open_to_others(_: &Path) -> bool {
    false
}

/// Whether the error may be one of the handshake, or of the request for it. Without TLS the same server may answer.
pub(super) fn may_be_of_handshake(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Tls(_) => true,
        // The driver's text for an error message, such as that of a server that cannot start a process. What answers with
        // another byte is not Postgres.
        sqlx::Error::Protocol(text) => text.contains("SSLRequest: 0x45"),
        sqlx::Error::Io(error) => {
            of_library(error).is_some()
                || matches!(
                    error.kind(),
                    io::ErrorKind::UnexpectedEof
                        | io::ErrorKind::ConnectionReset
                        | io::ErrorKind::ConnectionAborted
                        | io::ErrorKind::BrokenPipe
                )
        }
        _ => false,
    }
}

fn of_library(error: &io::Error) -> Option<&TlsError> {
    error.get_ref()?.downcast_ref()
}

/// What is wrong with TLS, and what to do; `None` if the error is not of TLS.
pub(super) enum Failure {
    /// The server, its certificate or what it refuses.
    Server(Cow<'static, str>),
    /// A file that the URL names.
    File(Cow<'static, str>),
}

pub(super) fn failure(options: &PgConnectOptions, error: &sqlx::Error) -> Option<Failure> {
    let host = options.get_host();
    match error {
        sqlx::Error::Io(error) => of_handshake(of_library(error)?, host).map(Failure::Server),
        sqlx::Error::Tls(source) => Some(match source.downcast_ref::<TlsError>() {
            Some(TlsError::InvalidCertificate(_)) => {
                Failure::File("a certificate in the file of sslrootcert is damaged".into())
            }
            Some(TlsError::InconsistentKeys(_)) => Failure::File(
                "sslkey is not the private key of the certificate sslcert".into(),
            ),
            Some(reason) => Failure::File(
                format!("the client certificate sslcert, or its key sslkey, cannot be used: {reason}").into(),
            ),
            None if is_missing(error) => Failure::Server(
                format!(
                    "the server has no TLS, which sslmode={} requires; turn it on in the server (ssl = on), or write \
                     sslmode=disable, with which all is readable on the network",
                    name(options.get_ssl_mode())
                )
                .into(),
            ),
            None if source.is::<rustls::pki_types::InvalidDnsNameError>() => Failure::Server(
                format!("TLS needs a host name or an IP address without a zone, and {host} is neither").into(),
            ),
            None => Failure::File("a file of sslrootcert or sslcert has a damaged certificate".into()),
        }),
        sqlx::Error::Configuration(source) if is_of_key(&source.to_string()) => Some(Failure::File(
            "the private key in the file of sslkey cannot be read".into(),
        )),
        _ => None,
    }
}

/// Whether the server has no TLS.
pub(super) fn is_missing(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Tls(source) if source.to_string() == NO_TLS)
}

/// The driver's text.
const NO_TLS: &str = "server does not support TLS";

/// Whether the text of the driver is about the private key, the only file of which it makes such an error.
fn is_of_key(text: &str) -> bool {
    text.contains("pem") || text.contains("base64") || text.contains("section")
}

/// The name of a mode.
pub(super) fn name(mode: PgSslMode) -> &'static str {
    match mode {
        PgSslMode::Disable => "disable",
        PgSslMode::Allow => "allow",
        PgSslMode::Prefer => "prefer",
        PgSslMode::Require => "require",
        PgSslMode::VerifyCa => "verify-ca",
        PgSslMode::VerifyFull => "verify-full",
    }
}

fn of_handshake(error: &TlsError, host: &str) -> Option<Cow<'static, str>> {
    Some(match error {
        TlsError::InvalidCertificate(reason) => of_certificate(reason, host),
        TlsError::AlertReceived(alert) => of_alert(*alert),
        TlsError::PeerIncompatible(reason) => {
            format!("the server's TLS does not fit: it needs TLS 1.2 or 1.3 ({reason:?})").into()
        }
        TlsError::NoCertificatesPresented => "the server presents no certificate".into(),
        TlsError::InvalidMessage(_) => {
            "the server answers the TLS handshake with something else than TLS".into()
        }
        other => format!("the TLS handshake failed: {other}").into(),
    })
}

fn of_certificate(reason: &CertificateError, host: &str) -> Cow<'static, str> {
    match reason {
        CertificateError::UnknownIssuer => "the certificate of the server is not signed by an authority that is trusted: \
             write sslrootcert=/path/to/root.crt with the certificate of the authority that signed it, or, if it is \
             signed by none, the certificate of the server itself"
            .into(),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the certificate of the server has expired: renew it".into()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the certificate of the server is not valid yet: compare the clocks of both machines".into()
        }
        CertificateError::NotValidForNameContext { presented, .. } if presented.is_empty() => format!(
            "the certificate of the server names no host: it has no subject alternative name, and its common name (CN) \
             does not count. Issue one with the subject alternative name {host}, or write sslmode=verify-ca"
        )
        .into(),
        CertificateError::NotValidForNameContext { presented, .. } => format!(
            "the certificate of the server is for {}, not for the host {host}: write the host as the certificate has \
             it, or sslmode=verify-ca, which does not compare it",
            presented.iter().map(|name| plain_name(name)).collect::<Vec<_>>().join(", ")
        )
        .into(),
        CertificateError::NotValidForName => {
            format!("the certificate of the server is not for the host {host}").into()
        }
        CertificateError::BadSignature => {
            "the signature of the server's certificate is wrong: compare sslrootcert with the authority of the server"
                .into()
        }
        CertificateError::BadEncoding => "the certificate of the server is damaged".into(),
        CertificateError::Revoked => "the certificate of the server is revoked".into(),
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "the certificate of the server is not one for servers: its extendedKeyUsage lacks serverAuth".into()
        }
        CertificateError::Other(other) => match other.to_string() {
            text if text.contains("UnsupportedCertVersion") => {
                "the certificate of the server is of X.509 version 1, which the driver cannot read: issue one of version \
                 3, or write sslmode=disable, with which all is readable on the network"
                    .into()
            }
            text if text.contains("CaUsedAsEndEntity") => {
                "the certificate of the server is that of an authority (CA:TRUE), which is not accepted for a server: \
                 issue one with basicConstraints=CA:FALSE"
                    .into()
            }
            text => format!("the certificate of the server is not accepted: {text}").into(),
        },
        other => format!("the certificate of the server is not accepted: {other}").into(),
    }
}

/// `localhost` of `DnsName("localhost")`.
fn plain_name(name: &str) -> &str {
    let inside = name.split_once('(').map_or(name, |(_, inside)| inside);
    inside.trim_end_matches(')').trim_matches('"')
}

fn of_alert(alert: AlertDescription) -> Cow<'static, str> {
    match alert {
        AlertDescription::ProtocolVersion | AlertDescription::InsufficientSecurity => {
            "the server has neither TLS 1.2 nor 1.3: raise its ssl_max_protocol_version".into()
        }
        AlertDescription::CertificateRequired | AlertDescription::NoCertificate => {
            "the server asks for a client certificate: write sslcert=/path/to/client.crt&sslkey=/path/to/client.key"
                .into()
        }
        AlertDescription::UnknownCA
        | AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateUnknown
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateRevoked
        | AlertDescription::DecryptError
        | AlertDescription::AccessDenied => format!(
            "the server refuses the client certificate sslcert ({alert:?}): its authority must be in the server's \
             ssl_ca_file"
        )
        .into(),
        AlertDescription::UnrecognisedName => {
            "the server has no certificate for the name of the host".into()
        }
        AlertDescription::HandshakeFailure => "the server ended the TLS handshake (HandshakeFailure): the driver \
             has AES-GCM and ChaCha20 with ECDHE, the curves X25519, P-256 and P-384, and no certificate of P-521; adjust \
             ssl_ciphers, ssl_ecdh_curve or the certificate of the server"
            .into(),
        alert => format!("the server ended the TLS handshake ({alert:?})").into(),
    }
}
