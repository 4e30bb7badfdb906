//! The URL of a Postgres database.

use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;
use url::{Host, Url};

use crate::driver::url::{Parameter, check_parameters};

/// What a URL with the scheme `postgres:` or `postgresql:` says. It has the password, so it has no `Debug`.
#[derive(Clone)]
pub(crate) struct PostgresUrl {
    url: Url,
    options: PgConnectOptions,
}

impl PostgresUrl {
    /// Reads the URL after its scheme; or says what is wrong with it. The error shows no part of the URL except the
    /// name of a parameter.
    pub(crate) fn parse(rest: &str) -> Result<Self, String> {
        if !rest.starts_with("//") {
            return Err(FORM.to_owned());
        }
        check_parameters(rest, read_parameter)?;
        // Before the last @ is a password, of which these characters would end the host.
        let (before, _) = rest.split_once('?').unwrap_or((rest, ""));
        let (credentials, _) = before.rsplit_once('@').unwrap_or_default();
        if credentials.trim_start_matches("//").contains(['/', '#']) || rest.contains('#') {
            return Err(format!("{FORM}; {ESCAPES}"));
        }
        // The driver's messages quote the value that cannot be read.
        let url = Url::parse(&format!("postgres:{rest}")).map_err(|_| FORM.to_owned())?;
        if url.path().len() > 1 && url.path().ends_with('/') {
            return Err("the name of its database ends with a slash; remove the slash".to_owned());
        }
        let mut options = PgConnectOptions::from_str(url.as_str()).map_err(|_| FORM.to_owned())?;
        // The driver would look up the name `[::1]`.
        if let Some(Host::Ipv6(address)) = url.host()
            && options.get_host() == format!("[{address}]")
        {
            options = options.host(&address.to_string());
        }
        if options.get_host().is_empty() {
            return Err(
                "it names no host, and PGHOST or PGHOSTADDR is empty; unset the variable"
                    .to_owned(),
            );
        }
        if options.get_username().is_empty() {
            return Err("it names no user, and PGUSER is empty; unset the variable".to_owned());
        }
        if options.get_database() == Some("") {
            let user = options.get_username().to_owned();
            options = options.database(&user);
        }
        Ok(PostgresUrl { url, options })
    }

    /// The driver's options.
    pub(crate) fn options(&self) -> &PgConnectOptions {
        &self.options
    }

    /// The URL of another database on the server, with the password.
    #[cfg(feature = "testing")]
    pub(crate) fn of_database(&self, name: &str) -> Url {
        let mut url = self.url.clone();
        url.set_path(name);
        // The parameter would take precedence.
        if url.query_pairs().any(|(name, _)| name == "dbname") {
            let others: Vec<(String, String)> = url
                .query_pairs()
                .filter(|(name, _)| name != "dbname")
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect();
            url.query_pairs_mut().clear().extend_pairs(others);
        }
        url
    }

    /// Identifies the database in messages.
    ///
    /// A password with an unescaped character may end up in any parsed part. So only a host, a port and a plain name
    /// are shown.
    pub(crate) fn label(&self) -> String {
        let (host, path) = (self.url.host_str().unwrap_or_default(), self.url.path());
        let plain = |c: char| c.is_ascii_alphanumeric() || "/_-.".contains(c);
        if host.is_empty() || !path.chars().all(plain) || path.matches('/').count() > 1 {
            return "postgres://(hidden)".to_owned();
        }
        let port = self.url.port();
        let port = port.map_or(String::new(), |port| format!(":{port}"));
        format!("postgres://{host}{port}{path}")
    }
}

const FORM: &str = "it is not of the form postgres://user:password@host/database";

const ESCAPES: &str = "in a password, / ? # and @ are written %2F %3F %23 and %40";

/// The parameters that `PgConnectOptions` documents.
fn read_parameter(name: &str, _value: &str) -> Parameter {
    match name {
        "sslmode" | "ssl-mode" => Parameter::Once("sslmode"),
        "sslrootcert" | "ssl-root-cert" | "ssl-ca" => Parameter::Once("sslrootcert"),
        "sslcert" | "ssl-cert" => Parameter::Once("sslcert"),
        "sslkey" | "ssl-key" => Parameter::Once("sslkey"),
        "statement-cache-capacity" => Parameter::Once("statement-cache-capacity"),
        "host" => Parameter::Once("host"),
        "hostaddr" => Parameter::Once("hostaddr"),
        "port" => Parameter::Once("port"),
        "dbname" => Parameter::Once("dbname"),
        "user" => Parameter::Once("user"),
        "password" => Parameter::Once("password"),
        "application_name" => Parameter::Once("application_name"),
        // Each adds to the others.
        "options" => Parameter::Repeatable,
        _ if name.starts_with("options[") && name.ends_with(']') => Parameter::Repeatable,
        _ => Parameter::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_in_brackets_is_the_address() -> Result<(), String> {
        let url = PostgresUrl::parse("//ann@[::1]:5433/habits")?;
        assert_eq!(
            (url.options().get_host(), url.options().get_port()),
            ("::1", 5433)
        );
        assert_eq!(url.label(), "postgres://[::1]:5433/habits");
        Ok(())
    }

    #[test]
    fn escaped_characters_of_a_password_stay_where_they_are() -> Result<(), String> {
        let url = PostgresUrl::parse("//ann:%2F%3F%23%40@host/habits?user=ann@corp")?;
        assert_eq!(url.options().get_host(), "host");
        assert_eq!(url.options().get_username(), "ann@corp");
        assert_eq!(url.options().get_database(), Some("habits"));
        Ok(())
    }

    #[cfg(feature = "testing")]
    #[test]
    fn another_database_of_the_server_replaces_the_one_of_the_url() -> Result<(), String> {
        let url = PostgresUrl::parse("//ann@host/habits?dbname=other&sslmode=disable")?;
        let other = url.of_database("new").to_string();
        assert_eq!(other, "postgres://ann@host/new?sslmode=disable");
        Ok(())
    }
}
