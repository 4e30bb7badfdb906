//! How to connect, from the parameters of a URL and the variables of libpq:
//! <https://www.postgresql.org/docs/current/libpq-envars.html>.

use std::env;
use std::path::Path;
use std::time::Duration;

use sqlx::ConnectOptions as _;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use url::Url;

use super::parameters::{self, VARIABLES};
use super::password_file::{self, Login};
use super::server::{Server, SessionAttributes};
use super::tls::{Files, Pem};
use super::url_text::{FORM, UrlText};
use crate::driver::url::Parameter;

/// The parameters of a URL, with the defaults of libpq's variables.
pub(super) struct Given<'t> {
    text: &'t UrlText,
}

impl<'t> Given<'t> {
    pub(super) fn new(text: &'t UrlText) -> Self {
        Given { text }
    }

    /// The value in the URL, under any of its names.
    fn in_url(&self, name: &str) -> Option<String> {
        let value = self.text.query().find_map(|(key, value)| {
            let is_wanted =
                matches!(parameters::read(&key, &value), Parameter::Once(known) if known == name);
            is_wanted.then(|| value.into_owned())
        })?;
        (!value.is_empty()).then_some(value)
    }

    fn in_variable(name: &str) -> Option<(&'static str, String)> {
        let (_, variable) = VARIABLES.iter().find(|(known, _)| *known == name)?;
        let value = env::var(variable).ok().filter(|value| !value.is_empty())?;
        Some((variable, value))
    }

    /// The value of the URL, or of the variable.
    pub(super) fn value(&self, name: &str) -> Option<String> {
        self.in_url(name)
            .or_else(|| Self::in_variable(name).map(|(_, value)| value))
    }

    /// Checks the variables that stand for a parameter which the URL lacks.
    pub(super) fn check_variables(&self) -> Result<(), String> {
        for (name, _) in VARIABLES {
            let Some((variable, value)) = Self::in_variable(name) else {
                continue;
            };
            let hosts = &self.text.hosts;
            let is_read = match name {
                "dbname" => self.text.database().is_none(),
                "port" => hosts.iter().all(|host| host.port.is_none()),
                // A service gives what the URL lacks. What protects the connection may not be lacking.
                "requiressl" => self.value("sslmode").is_none(),
                "service" => hosts.is_empty() || self.in_url("sslmode").is_none(),
                _ => true,
            };
            if !is_read || self.in_url(name).is_some() {
                continue;
            }
            if let Parameter::Refused(reason) = parameters::read(name, &value) {
                return Err(format!("the variable {variable} is set, and {reason}"));
            }
        }
        for variable in VARIABLES.iter().map(|(_, name)| *name).chain(UNLISTED) {
            if matches!(env::var(variable), Err(env::VarError::NotUnicode(_))) {
                return Err(format!(
                    "the variable {variable} is not UTF-8; correct or unset it"
                ));
            }
        }
        // The driver would read them as names of files.
        for variable in ["PGSSLCERT", "PGSSLKEY"] {
            if env::var(variable).is_ok_and(|value| value.is_empty()) {
                return Err(format!("{variable} is empty; unset the variable"));
            }
        }
        Ok(())
    }

    /// The hosts of the URL, and how to connect to them.
    ///
    /// # Errors
    /// What contradicts what, or which file cannot be used.
    pub(super) fn server(&self) -> Result<Server, String> {
        let base = self.base()?;
        let places = self.places()?;
        let (mode, files) = self.tls(&places)?;
        let password = self.text.password.clone();
        let password = self.in_url("password").or(password);
        let password = password.or_else(|| env::var("PGPASSWORD").ok());
        let password = password.filter(|password| !password.is_empty());
        let database = base
            .get_database()
            .unwrap_or(base.get_username())
            .to_owned();
        let hosts = places.into_iter().map(|place| {
            let login = Login {
                host: &place.host,
                port: place.port,
                database: &database,
                user: base.get_username(),
            };
            let password = match &password {
                Some(password) => Some(password.clone()),
                None => self.password_of_file(&login)?,
            };
            let mut options = place
                .on(base.clone())
                .password(&password.unwrap_or_default());
            options = options.ssl_mode(match place.is_socket() {
                // As in libpq.
                true => PgSslMode::Disable,
                false => mode,
            });
            options = match &files.root {
                Some(root) => with_root(options, root),
                // Replaces an empty PGSSLROOTCERT.
                None => options.ssl_root_cert_from_pem(Vec::new()),
            };
            if let Some(certificate) = &files.certificate {
                options = with_certificate(options, certificate);
            }
            if let Some(key) = &files.key {
                options = with_key(options, key);
            }
            Ok(options)
        });
        let hosts = hosts.collect::<Result<Vec<_>, String>>()?;
        let limit = self.value("connect_timeout");
        let limit = limit.and_then(|text| text.trim().parse::<i64>().ok());
        // As in libpq, none means no limit, and so do zero and less.
        let limit = limit.and_then(|seconds| u64::try_from(seconds).ok());
        let limit = limit
            .filter(|seconds| *seconds > 0)
            .map(Duration::from_secs);
        let attributes = self.value("target_session_attrs").unwrap_or_default();
        let balance = self.value("load_balance_hosts").unwrap_or_default();
        Ok(Server::new(
            hosts,
            files,
            limit,
            SessionAttributes::read(&attributes),
            balance.eq_ignore_ascii_case("random"),
        ))
    }

    fn password_of_file(&self, login: &Login<'_>) -> Result<Option<String>, String> {
        match self.value("passfile") {
            Some(file) => password_file::named(Path::new(&file), login),
            None => Ok(password_file::at_home(login)),
        }
    }

    /// The driver's options without hosts, password and TLS.
    fn base(&self) -> Result<PgConnectOptions, String> {
        let unreadable = |_| FORM.to_owned();
        let mut url = Url::parse("postgres://localhost").map_err(|_| FORM.to_owned())?;
        // Only its reader of URLs takes options as they are. With a password it searches no file of passwords.
        url.query_pairs_mut().append_pair("password", "");
        for (_, value) in self.text.query().filter(|(name, _)| name == "options") {
            url.query_pairs_mut().append_pair("options", &value);
        }
        let mut options = PgConnectOptions::from_url(&url).map_err(unreadable)?;
        // The statements of a migration, too, may have values that belong into no log.
        options = options.disable_statement_logging();
        // The driver would send another parameter, which poolers reject.
        options = options.extra_float_digits(None);
        for (name, value) in self.text.query() {
            let setting = name.strip_prefix("options[");
            if let Some(setting) = setting.and_then(|name| name.strip_suffix(']')) {
                options = options.options([(setting, &*value)]);
            }
        }
        if let Some(user) = self.in_url("user").or(self.text.user.clone()) {
            options = options.username(&user);
        }
        if options.get_username().is_empty() {
            return Err("it names no user, and PGUSER is empty; unset the variable".to_owned());
        }
        let database = self.in_url("dbname").or(self.text.database());
        let database = database.or_else(|| self.value("dbname"));
        let database = database.unwrap_or_else(|| options.get_username().to_owned());
        options = options.database(&database);
        if let Some(capacity) = self.value("statement-cache-capacity") {
            let capacity = capacity.trim().parse().unwrap_or_default();
            options = options.statement_cache_capacity(capacity);
        }
        Ok(options)
    }

    /// The hosts and ports of the URL, or of the variables.
    fn places(&self) -> Result<Vec<Place>, String> {
        let split = |text: String| -> Vec<String> { text.split(',').map(str::to_owned).collect() };
        let of_text = || {
            let hosts = self.text.hosts.iter();
            hosts.map(|host| host.name.clone()).collect()
        };
        let mut names = self.in_url("host").map_or_else(of_text, split);
        let mut addresses = self.in_url("hostaddr").map_or(Vec::new(), split);
        if names.iter().all(String::is_empty) && addresses.is_empty() {
            let named = of_variable("PGHOST")?;
            names = if named.is_empty() { names } else { named };
        }
        if addresses.is_empty() {
            addresses = of_variable("PGHOSTADDR")?;
            if let Parameter::Refused(reason) = parameters::read("hostaddr", &addresses.join(",")) {
                return Err(format!("the variable PGHOSTADDR is set, and {reason}"));
            }
        }
        let count = names.len().max(addresses.len()).max(1);
        for (what, list) in [("hosts", &names), ("addresses (hostaddr)", &addresses)] {
            if !list.is_empty() && list.len() != count {
                return Err(format!("it has {} {what} for {count} hosts", list.len()));
            }
        }
        let ports = self.ports(count)?;
        let place = |index: usize| {
            let name = names.get(index).filter(|name| !name.is_empty()).cloned();
            let address = addresses
                .get(index)
                .filter(|text| !text.is_empty())
                .cloned();
            let port = ports[index];
            Place {
                host: name
                    .or(address.clone())
                    .unwrap_or_else(|| default_host(port)),
                address,
                port,
            }
        };
        Ok((0..count).map(place).collect())
    }

    /// One port for each host.
    fn ports(&self, count: usize) -> Result<Vec<u16>, String> {
        let default = Self::in_variable("port").map(|(_, value)| value);
        let default = default.unwrap_or_else(|| "5432".to_owned());
        let list = match self.in_url("port") {
            Some(list) => list,
            None if self.text.hosts.iter().any(|host| host.port.is_some()) => {
                let hosts = self.text.hosts.iter();
                let ports: Vec<String> = hosts
                    .map(|host| host.port.map_or("5432".to_owned(), |port| port.to_string()))
                    .collect();
                ports.join(",")
            }
            None => default,
        };
        let read = |port: &str| match port.trim() {
            "" => Ok(5432),
            port => port.parse::<u16>().map_err(|_| FORM.to_owned()),
        };
        let ports = list.split(',').map(read).collect::<Result<Vec<u16>, _>>()?;
        match ports.as_slice() {
            [port] => Ok(vec![*port; count]),
            _ if ports.len() == count => Ok(ports),
            _ => Err(format!("it has {} ports for {count} hosts", ports.len())),
        }
    }

    /// The mode, and the files, of which the driver names none.
    fn tls(&self, places: &[Place]) -> Result<(PgSslMode, Files), String> {
        let explicit = match (self.in_url("sslmode"), self.in_url("ssl")) {
            (None, Some(_)) => Some("require".to_owned()),
            (mode, _) => mode.or_else(|| self.value("sslmode")),
        };
        let explicit = explicit.and_then(|mode| mode.parse::<PgSslMode>().ok());
        let root = self.pem("sslrootcert");
        let is_of_system = root.as_ref().is_some_and(|root| root.value == "system");
        let certificate = self
            .pem("sslcert")
            .or_else(|| at_home("postgresql.crt", "~/.postgresql/postgresql.crt"));
        // As in libpq: a key that nothing but its folder names belongs to a certificate.
        let key_at_home = || {
            certificate.as_ref()?;
            at_home("postgresql.key", "~/.postgresql/postgresql.key")
        };
        let files = Files {
            root: root
                .or_else(|| at_home("root.crt", "~/.postgresql/root.crt"))
                .filter(|_| !is_of_system),
            key: self.pem("sslkey").or_else(key_at_home),
            certificate,
        };
        let mut mode = explicit.unwrap_or(PgSslMode::Prefer);
        if is_of_system {
            mode = match explicit {
                None | Some(PgSslMode::VerifyFull) => PgSslMode::VerifyFull,
                Some(_) => {
                    return Err(
                        "sslrootcert=system trusts every public authority, so it needs sslmode=verify-full".to_owned(),
                    );
                }
            };
        }
        // As in libpq: who names an authority wants it to be asked.
        if matches!(mode, PgSslMode::Require) && files.root.is_some() {
            mode = PgSslMode::VerifyCa;
        }
        if matches!(mode, PgSslMode::VerifyCa | PgSslMode::VerifyFull)
            && at_home("root.crl", "").is_some()
        {
            return Err(
                "the driver reads no list of revoked certificates, and ~/.postgresql/root.crl is one: move it away, or \
                 write sslmode=require to verify nothing"
                    .to_owned(),
            );
        }
        let binding = self.value("channel_binding").unwrap_or_default();
        if binding.eq_ignore_ascii_case("require") {
            if matches!(mode, PgSslMode::Disable | PgSslMode::Allow)
                || places.iter().any(Place::is_socket)
            {
                return Err("channel_binding=require needs TLS: remove it, or write sslmode=verify-full and a host"
                    .to_owned());
            }
            mode = PgSslMode::VerifyFull;
        }
        if matches!(mode, PgSslMode::VerifyFull) && places.iter().any(Place::is_ambiguous) {
            return Err(
                "the driver compares the certificate with hostaddr, not with the host: with sslmode=verify-full remove \
                 hostaddr"
                    .to_owned(),
            );
        }
        Ok((mode, files))
    }

    fn pem(&self, name: &'static str) -> Option<Pem> {
        let of_url = self.in_url(name).map(|value| Pem {
            source: name,
            value,
        });
        of_url.or_else(|| {
            let (source, value) = Self::in_variable(name)?;
            Some(Pem { source, value })
        })
    }
}

/// A file that libpq reads if nothing else is named.
fn at_home(name: &str, source: &'static str) -> Option<Pem> {
    let path = password_file::home()?.join(".postgresql").join(name);
    let value = path.to_str().filter(|_| path.is_file())?.to_owned();
    Some(Pem { source, value })
}

fn with_root(options: PgConnectOptions, root: &Pem) -> PgConnectOptions {
    match root.path() {
        Some(path) => options.ssl_root_cert(path),
        None => options.ssl_root_cert_from_pem(root.value.clone().into_bytes()),
    }
}

fn with_certificate(options: PgConnectOptions, certificate: &Pem) -> PgConnectOptions {
    match certificate.path() {
        Some(path) => options.ssl_client_cert(path),
        None => options.ssl_client_cert_from_pem(&certificate.value),
    }
}

fn with_key(options: PgConnectOptions, key: &Pem) -> PgConnectOptions {
    match key.path() {
        Some(path) => options.ssl_client_key(path),
        None => options.ssl_client_key_from_pem(&key.value),
    }
}

/// Where a server listens.
struct Place {
    /// A name, an address, the folder of a socket, or `@` and the name of an abstract one.
    host: String,
    /// Where to connect, instead of looking up the host.
    address: Option<String>,
    port: u16,
}

impl Place {
    fn is_socket(&self) -> bool {
        self.address.is_none() && self.host.starts_with(['/', '@'])
    }

    /// Whether the host is a name, and another text is connected to.
    fn is_ambiguous(&self) -> bool {
        self.address
            .as_ref()
            .is_some_and(|address| *address != self.host)
    }

    fn on(&self, options: PgConnectOptions) -> PgConnectOptions {
        let options = options.port(self.port);
        match (&self.address, self.host.strip_prefix('@')) {
            (Some(address), _) => options.host(address),
            // The kernel's form: https://man7.org/linux/man-pages/man7/unix.7.html
            (None, Some(name)) => options.socket(format!("\0{name}")),
            (None, None) if self.is_socket() => options.socket(&self.host),
            (None, None) => options.host(&self.host),
        }
    }
}

/// Variables that stand for a part of the URL and not for a parameter.
const UNLISTED: [&str; 5] = ["PGHOST", "PGHOSTADDR", "PGUSER", "PGPASSWORD", "PGOPTIONS"];

/// The list in PGHOST or PGHOSTADDR.
fn of_variable(variable: &str) -> Result<Vec<String>, String> {
    match env::var(variable) {
        Ok(value) if value.is_empty() => Err(format!(
            "it names no host, and {variable} is empty; unset the variable"
        )),
        Ok(value) => Ok(value.split(',').map(str::to_owned).collect()),
        Err(_) => Ok(Vec::new()),
    }
}

/// The folder of the server's socket, if there is one; otherwise this machine.
fn default_host(port: u16) -> String {
    let has_socket = |folder: &&str| Path::new(folder).join(format!(".s.PGSQL.{port}")).exists();
    let folders = ["/var/run/postgresql", "/tmp"];
    let found = folders.into_iter().find(has_socket);
    found.unwrap_or("localhost").to_owned()
}
