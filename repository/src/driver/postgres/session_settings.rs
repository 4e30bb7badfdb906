//! Settings of a server, a database or a role that would change answers. Each connection sets them or refuses them.
//!
//! The page `docs/src/settings.md` lists them, and why every other setting is left alone.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, Row as _};

use super::connect_error::explain;
use super::search_path::{self, SearchPath, literal};
use crate::driver::Settings;
use crate::model::error::{Error, ErrorKind, Result};

/// A setting and its value, as `pg_settings` shows it.
pub(super) type Setting = (&'static str, String);

/// What every connection sets, whatever it is for. Each is known to every version that is supported.
const FORMATS: &[(&str, &str)] = &[
    ("DateStyle", "ISO, MDY"),
    ("IntervalStyle", "postgres"),
    ("TimeZone", "UTC"),
    ("array_nulls", "on"),
    ("backslash_quote", "safe_encoding"),
    ("bytea_output", "hex"),
    ("check_function_bodies", "on"),
    ("client_encoding", "UTF8"),
    ("default_transaction_deferrable", "off"),
    ("default_transaction_isolation", "read committed"),
    ("exit_on_error", "off"),
    ("extra_float_digits", "1"),
    ("gin_fuzzy_search_limit", "0"),
    ("quote_all_identifiers", "off"),
    ("standard_conforming_strings", "on"),
    ("timezone_abbreviations", "Default"),
    ("transform_null_equals", "off"),
    ("xmlbinary", "base64"),
    ("xmloption", "content"),
];

/// What the connections of a store set besides: who they are for the policies, since a role or a database may have a
/// role or claims.
const IDENTITY: &[(&str, &str)] = &[
    ("request.jwt.claim.sub", ""),
    ("request.jwt.claims", ""),
    ("role", ROLE.1),
    ("row_security", "on"),
];

/// Behind a pooler it is refused: `SET LOCAL ROLE` is that of the scope.
const ROLE: (&str, &str) = ("role", "none");

/// What newer versions know: 14 and 17. They are set where they differ.
const LATER: &[(&str, &str)] = &[("idle_session_timeout", "0"), ("transaction_timeout", "0")];

/// What only a superuser may set, so that another value is refused: triggers and foreign keys would not hold, or damaged
/// pages would count as empty.
const REFUSED: &[(&str, &str)] = &[
    ("ignore_checksum_failure", "off"),
    ("session_replication_role", "origin"),
    ("zero_damaged_pages", "off"),
];

/// With another encoding, lengths have other units, or texts are refused.
const ENCODING: (&str, &str) = ("server_encoding", "UTF8");

/// Settings that `pg_settings` does not list.
const UNLISTED: &[&str] = &["request.jwt.claim.sub", "request.jwt.claims", ROLE.0];

fn owned(settings: &[(&'static str, &str)]) -> impl Iterator<Item = Setting> {
    let settings = settings.iter();
    settings.map(|(name, value)| (*name, (*value).to_owned()))
}

/// What a connection sets, and what it refuses.
#[derive(Debug)]
pub(super) struct SessionSettings {
    /// Sent with the startup message, or in each transaction behind a pooler.
    pinned: Vec<Setting>,
    /// Set where the server has another value.
    adjusted: Vec<Setting>,
    refused: Vec<Setting>,
}

impl SessionSettings {
    /// Those of a connection that has the same server process to its end.
    pub(super) fn of_connection(settings: &Settings, path: &SearchPath) -> Self {
        let pinned: Vec<Setting> = owned(FORMATS)
            .chain(owned(IDENTITY))
            .chain(of_store(settings, path))
            .collect();
        SessionSettings {
            adjusted: pinned.iter().cloned().chain(owned(LATER)).collect(),
            pinned,
            refused: owned(REFUSED).chain(owned(&[ENCODING])).collect(),
        }
    }

    /// Those of the transactions behind a pooler, which keeps no setting between them.
    pub(super) fn of_transactions(settings: &Settings, path: &SearchPath) -> Self {
        // The text that begins a transaction has its isolation.
        let formats = owned(FORMATS).filter(|(name, _)| !name.starts_with("default_transaction_"));
        let identity = owned(IDENTITY).filter(|(name, _)| *name != ROLE.0);
        SessionSettings {
            pinned: of_store(settings, path).collect(),
            adjusted: formats.chain(identity).chain(owned(LATER)).collect(),
            refused: owned(REFUSED).chain(owned(&[ENCODING, ROLE])).collect(),
        }
    }

    /// The settings of the startup message.
    pub(super) fn pinned(&self) -> &[Setting] {
        &self.pinned
    }

    /// Reads the settings back, after the statements of `locals`. Returns those that must still be set.
    ///
    /// # Errors
    /// [`Setting`](ErrorKind::Setting) for a value that is refused.
    pub(super) async fn read_back(
        &self,
        connection: &mut PgConnection,
        locals: &str,
        options: &PgConnectOptions,
    ) -> Result<Vec<Setting>> {
        let wanted = || self.adjusted.iter().chain(&self.refused);
        // pg_settings shows times in milliseconds; SHOW chooses a unit.
        let names: Vec<String> = wanted().map(|(name, _)| literal(name)).collect();
        let unlisted: Vec<String> = UNLISTED.iter().map(|name| literal(name)).collect();
        let query = format!(
            "SELECT name::text, setting::text FROM pg_catalog.pg_settings WHERE name IN ({}) \
             UNION ALL SELECT name, coalesce(pg_catalog.current_setting(name, true), '') \
             FROM pg_catalog.unnest(ARRAY[{}]) AS name",
            names.join(", "),
            unlisted.join(", ")
        );
        let rows = texts_after(connection, locals, &query).await;
        let rows = rows.map_err(|error| explain(options, &error))?;
        let found = |name: &str| {
            let row = rows
                .iter()
                .find(|row| row.first().is_some_and(|text| text == name))?;
            row.get(1)
        };
        for (name, wanted) in &self.refused {
            if found(name) != Some(wanted) {
                let found = found(name).cloned().unwrap_or_default();
                let refusal = refusal(connection, name, wanted, found).await;
                return Err(refusal.unwrap_or_else(|error| explain(options, &error)));
            }
        }
        // An older version lacks the later ones.
        let differs = |(name, wanted): &&Setting| found(name).is_some_and(|found| found != wanted);
        Ok(self.adjusted.iter().filter(differs).cloned().collect())
    }
}

/// The setting of this name, if connections set it.
pub(super) fn sent(name: &str) -> Option<&'static str> {
    let timeouts = [
        "idle_in_transaction_session_timeout",
        "lock_timeout",
        "statement_timeout",
    ];
    let listed = [FORMATS, IDENTITY, LATER].into_iter().flatten();
    let names = listed.map(|(name, _)| *name).chain(timeouts);
    names
        .chain([search_path::SETTING])
        .find(|sent| *sent == name)
}

/// The settings that are options of the store.
fn of_store(settings: &Settings, path: &SearchPath) -> impl Iterator<Item = Setting> {
    let path = (search_path::SETTING, path.value().to_owned());
    timeouts(settings).into_iter().chain([path])
}

/// The timeouts of a connection, in milliseconds.
fn timeouts(settings: &Settings) -> [Setting; 3] {
    let milliseconds = |timeout: Duration| timeout.as_millis().to_string();
    let statement = milliseconds(settings.statement_timeout);
    [
        ("statement_timeout", statement.clone()),
        ("lock_timeout", milliseconds(settings.lock_timeout)),
        ("idle_in_transaction_session_timeout", statement),
    ]
}

/// The statement that sets settings, or nothing if there are none. It is no `SET`, which would not take every value.
pub(super) fn set(settings: &[Setting], locally: bool) -> String {
    if settings.is_empty() {
        return String::new();
    }
    let each = |(name, value): &Setting| {
        let (name, value) = (literal(name), literal(value));
        format!("pg_catalog.set_config({name}, {value}, {locally})")
    };
    let each: Vec<String> = settings.iter().map(each).collect();
    format!("SELECT {}", each.join(", "))
}

/// The statements that set what a transaction behind a pooler needs. The last one returns a row.
#[derive(Clone, Debug)]
pub(super) struct Locals(Arc<Mutex<Arc<str>>>);

impl Locals {
    pub(super) fn new(settings: &Settings, path: &SearchPath) -> Self {
        let timeouts = timeouts(settings);
        let timeouts = timeouts.map(|(name, value)| format!("SET LOCAL {name} = {value}"));
        let text = format!("{}; {}", timeouts.join("; "), path.set_locally());
        Locals(Arc::new(Mutex::new(text.into())))
    }

    /// The statements as one text.
    pub(super) fn text(&self) -> Arc<str> {
        let text = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        text.clone()
    }

    /// Adds settings that a connection was found without.
    pub(super) fn add(&self, settings: &[Setting]) {
        let added = set(settings, true);
        let added = added.trim_start_matches("SELECT ");
        let mut text = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Several connections may have found the same.
        if !added.is_empty() && !text.contains(added) {
            *text = format!("{text}, {added}").into();
        }
    }
}

/// The statement that gives a connection of the migrator, or one that reads a catalog, what every connection has. It
/// changes what differs, and skips what the server's version does not know.
#[cfg(feature = "migrate")]
pub(crate) fn set_formats() -> String {
    let value = |(name, value): &(&str, &str)| format!("({}, {})", literal(name), literal(value));
    let values: Vec<String> = FORMATS.iter().chain(LATER).map(value).collect();
    format!(
        "SELECT pg_catalog.set_config(w.name, w.value, false) FROM (VALUES {}) AS w (name, value) \
         JOIN pg_catalog.pg_settings AS s ON s.name = w.name WHERE s.setting <> w.value",
        values.join(", ")
    )
}

/// Fails for a value that every connection refuses.
///
/// # Errors
/// [`Setting`](ErrorKind::Setting) with the statement that resets it.
#[cfg(feature = "migrate")]
pub(crate) async fn refuse_values(
    connection: &mut PgConnection,
    options: &PgConnectOptions,
) -> Result<()> {
    let settings = SessionSettings {
        pinned: Vec::new(),
        adjusted: Vec::new(),
        refused: owned(REFUSED).collect(),
    };
    let differing = settings.read_back(connection, "", options).await;
    differing.map(drop)
}

/// The error of a refused value, with what to run.
async fn refusal(
    connection: &mut PgConnection,
    name: &'static str,
    wanted: &str,
    found: String,
) -> Result<Error, sqlx::Error> {
    let wanted = match name == ENCODING.0 {
        // The message says what to do.
        true => wanted.to_owned(),
        false => {
            let remedy = remedy(connection, name, wanted).await?;
            format!("{wanted} ({remedy})")
        }
    };
    let kind = ErrorKind::Setting {
        name,
        wanted,
        found,
    };
    Ok(kind.into())
}

/// How to reset a setting where it is set: for the role, for the database, for the server, or for the connection.
async fn remedy(
    connection: &mut PgConnection,
    name: &str,
    wanted: &str,
) -> Result<String, sqlx::Error> {
    let (setting, wanted) = (literal(name), literal(wanted));
    let query = format!(
        "SELECT coalesce('run ' || string_agg(format('ALTER %s RESET %s', CASE \
         WHEN r.oid IS NULL AND d.oid IS NULL THEN 'ROLE ALL' \
         WHEN r.oid IS NULL THEN format('DATABASE %I', d.datname) \
         WHEN d.oid IS NULL THEN format('ROLE %I', r.rolname) \
         ELSE format('ROLE %I IN DATABASE %I', r.rolname, d.datname) END, {setting}), '; '), \
         CASE (SELECT source FROM pg_catalog.pg_settings WHERE name = {setting}) \
         WHEN 'client' THEN 'remove it from the options of the URL, and from PGOPTIONS' \
         WHEN 'session' THEN 'another client of the pooler left it: let the pooler run DISCARD ALL after each client' \
         ELSE format('run ALTER SYSTEM SET %s = %s; SELECT pg_reload_conf()', {setting}, {wanted}) END) \
         FROM pg_catalog.pg_db_role_setting AS s \
         LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = s.setrole \
         LEFT JOIN pg_catalog.pg_database AS d ON d.oid = s.setdatabase \
         WHERE (s.setdatabase = 0 OR d.datname = current_database()) \
         AND (s.setrole = 0 OR r.rolname = session_user) \
         AND EXISTS (SELECT FROM unnest(s.setconfig) AS line WHERE split_part(line, '=', 1) = {setting})"
    );
    let rows = texts(connection, &query).await?;
    // An aggregate returns one row.
    Ok(rows.into_iter().flatten().next().unwrap_or_default())
}

/// As [`texts`], after statements of which the last one returns a row. Several statements in one message are one
/// transaction.
pub(super) async fn texts_after(
    connection: &mut PgConnection,
    locals: &str,
    sql: &str,
) -> Result<Vec<Vec<String>>, sqlx::Error> {
    if locals.is_empty() {
        return texts(connection, sql).await;
    }
    let mut rows = texts(connection, &format!("{locals}; {sql}")).await?;
    rows.drain(..rows.len().min(1));
    Ok(rows)
}

/// Runs a query without parameters, and returns each column as text. It is one message, so it is safe outside of a
/// transaction even behind a pooler.
pub(super) async fn texts(
    connection: &mut PgConnection,
    sql: &str,
) -> Result<Vec<Vec<String>>, sqlx::Error> {
    let rows = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| {
            let columns = 0..row.len();
            // The simple protocol returns every type as text.
            columns.map(|index| row.try_get_unchecked(index)).collect()
        })
        .collect()
}
