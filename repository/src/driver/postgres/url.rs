//! The URL of a Postgres database.

use super::parameters;
use super::server::Server;
use super::url_options::Given;
use super::url_text::{FORM, UrlText};
use crate::driver::url::check_parameters;

/// What a URL with the scheme `postgres:` or `postgresql:` says. It has the password, so it has no `Debug`.
#[derive(Clone)]
pub(crate) struct PostgresUrl {
    text: UrlText,
    server: Server,
    application_name: Option<String>,
}

impl PostgresUrl {
    /// Reads the URL after its scheme; or says what is wrong with it. The error shows no part of the URL except the
    /// name of a parameter, and the path of a file.
    pub(crate) fn parse(rest: &str) -> Result<Self, String> {
        if !rest.starts_with("//") {
            return Err(FORM.to_owned());
        }
        check_parameters(rest, parameters::read)?;
        let text = UrlText::read(rest)?;
        let given = Given::new(&text);
        given.check_variables()?;
        let server = given.server()?;
        let application_name = given.value("application_name");
        let application_name =
            application_name.or_else(|| given.value("fallback_application_name"));
        Ok(PostgresUrl {
            server: match &application_name {
                Some(name) => server.map(|options| options.application_name(name)),
                None => server,
            },
            text,
            application_name,
        })
    }

    /// How to connect to it.
    pub(crate) fn server(&self) -> &Server {
        &self.server
    }

    /// The `application_name` of the URL, or of PGAPPNAME.
    pub(crate) fn application_name(&self) -> Option<&str> {
        self.application_name.as_deref()
    }

    /// The port of the first host, if the URL has one.
    #[cfg(feature = "testing")]
    pub(crate) fn port(&self) -> Option<u16> {
        self.text.hosts.first().and_then(|host| host.port)
    }

    /// The URL of another database on the server, with the password.
    #[cfg(feature = "testing")]
    pub(crate) fn of_database(&self, name: &str) -> String {
        use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

        const PLAIN: &percent_encoding::AsciiSet =
            &NON_ALPHANUMERIC.remove(b'_').remove(b'-').remove(b'.');
        let name = utf8_percent_encode(name, PLAIN);
        // The parameter would take precedence.
        let others: Vec<&str> = self.text.query.as_deref().map_or(Vec::new(), |query| {
            let is_other = |pair: &&str| !pair.is_empty() && !pair.starts_with("dbname=");
            query.split('&').filter(is_other).collect()
        });
        let query = match others.is_empty() {
            true => String::new(),
            false => format!("?{}", others.join("&")),
        };
        format!("postgres:{}/{name}{query}", self.text.before)
    }

    /// Identifies the database in messages.
    ///
    /// A password with an unescaped character may end up in any parsed part. So only hosts, ports and a plain name are
    /// shown.
    pub(crate) fn label(&self) -> String {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
        let path = &self.text.path;
        let hosts: Option<Vec<String>> = self
            .text
            .hosts
            .iter()
            .map(|host| {
                let name = match &host.name {
                    name if name.chars().all(is_plain) => name.clone(),
                    name if name.parse::<std::net::Ipv6Addr>().is_ok() => format!("[{name}]"),
                    _ => return None,
                };
                Some(
                    host.port
                        .map_or(name.clone(), |port| format!("{name}:{port}")),
                )
            })
            .collect();
        match hosts {
            Some(hosts)
                if path
                    .strip_prefix('/')
                    .unwrap_or_default()
                    .chars()
                    .all(is_plain) =>
            {
                format!("postgres://{}{path}", hosts.join(","))
            }
            _ => "postgres://(hidden)".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use sqlx::postgres::{PgConnectOptions, PgSslMode};

    use super::*;

    fn options(url: &PostgresUrl) -> Result<&PgConnectOptions, String> {
        url.server().options().ok_or_else(|| "no host".to_owned())
    }

    #[test]
    fn an_address_in_brackets_is_the_address() -> Result<(), String> {
        let url = PostgresUrl::parse("//ann@[::1]:5433/habits")?;
        assert_eq!(
            (options(&url)?.get_host(), options(&url)?.get_port()),
            ("::1", 5433)
        );
        assert_eq!(url.label(), "postgres://[::1]:5433/habits");
        Ok(())
    }

    #[test]
    fn escaped_characters_of_a_password_stay_where_they_are() -> Result<(), String> {
        let url = PostgresUrl::parse("//ann:%2F%3F%23%40@host/habits?user=ann@corp")?;
        assert_eq!(options(&url)?.get_host(), "host");
        assert_eq!(options(&url)?.get_username(), "ann@corp");
        assert_eq!(options(&url)?.get_database(), Some("habits"));
        Ok(())
    }

    #[cfg(feature = "testing")]
    #[test]
    fn another_database_of_the_server_replaces_the_one_of_the_url() -> Result<(), String> {
        let url = PostgresUrl::parse("//ann@host/habits?dbname=other&sslmode=disable")?;
        let other = url.of_database("new");
        assert_eq!(other, "postgres://ann@host/new?sslmode=disable");
        Ok(())
    }

    #[test]
    fn urls_of_hosting_companies_are_read() -> Result<(), String> {
        let read = |rest: &str| PostgresUrl::parse(rest);
        let neon = read(
            "//ann:p@ep-cool-1.eu.aws.neon.tech/habits?sslmode=require&channel_binding=require\
             &options=endpoint%3Dep-cool-1",
        )?;
        let neon = options(&neon)?;
        assert!(matches!(neon.get_ssl_mode(), PgSslMode::VerifyFull));
        assert!(
            neon.get_options()
                .unwrap_or_default()
                .ends_with("endpoint=ep-cool-1")
        );
        let supabase = read("//postgres.ref:p@aws-0-eu.pooler.supabase.com:6543/postgres")?;
        assert_eq!(options(&supabase)?.get_username(), "postgres.ref");
        assert_eq!(options(&supabase)?.get_port(), 6543);
        let heroku = read("//u:p@ec2-1.compute-1.amazonaws.com:5432/d1?ssl=true")?;
        assert!(matches!(
            options(&heroku)?.get_ssl_mode(),
            PgSslMode::Require
        ));
        let aiven =
            read("//avnadmin:p@pg.aivencloud.com:12345/defaultdb?sslmode=require&ssl=true")?;
        assert!(matches!(
            options(&aiven)?.get_ssl_mode(),
            PgSslMode::Require
        ));
        let azure = read("//ann%40server:p@server.postgres.database.azure.com/habits")?;
        assert_eq!(options(&azure)?.get_username(), "ann@server");
        let google = read("//ann:p@/habits?host=/cloudsql/project:region:instance")?;
        let socket = options(&google)?
            .get_socket()
            .map(|path| path.display().to_string());
        assert_eq!(socket.as_deref(), Some("/cloudsql/project:region:instance"));
        assert!(matches!(
            options(&google)?.get_ssl_mode(),
            PgSslMode::Disable
        ));
        let cockroach = read(
            "//ann:p@free.cockroachlabs.cloud:26257/db?sslmode=verify-full&options=--cluster%3Dx-1",
        )?;
        assert!(
            options(&cockroach)?
                .get_options()
                .unwrap_or_default()
                .ends_with("--cluster=x-1")
        );
        Ok(())
    }

    #[test]
    fn labels_show_hosts_and_no_secret() -> Result<(), String> {
        for (rest, label) in [
            (
                "//ann:p@a:1,[::1]:2/habits?sslmode=disable",
                "postgres://a:1,[::1]:2/habits",
            ),
            ("//ann:p@/habits?host=/run/postgresql", "postgres:///habits"),
            ("//ann:p@%2Frun%2Fpostgresql/habits", "postgres://(hidden)"),
            ("//ann:p@host/s%33cret%20", "postgres://(hidden)"),
        ] {
            assert_eq!(PostgresUrl::parse(rest)?.label(), label, "{rest}");
        }
        Ok(())
    }
}
