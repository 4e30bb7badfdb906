//! A schema in a few characters: what an application was built for, beside what a database has.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use super::Doctor;
use super::expression::Expression;
use super::read::{self, Row, Unreadable};
use super::schema::{Column, ForeignKey, Guard, Index, Schema, Table};
use crate::dialect::{Access, Dialect, Extent, Text};
use crate::domain::{Domain, Place};
use crate::engine::Engine;
use crate::error::{Error, ErrorKind, Result};
use crate::migrate::History;
use crate::schema::HISTORY;
use crate::scope::Scope;
use crate::session::Session;
use crate::value::Value;

/// What the schema is that an application was built for, on either engine.
///
/// It is computed of the domain, its models and the matrix of types, without a database. As a text it can be kept
/// in a file beside the application and compared in a test, so that a change of the schema is seen in review:
///
/// ```
/// # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/note.rs")); }
/// # use demo::{domain::DOMAIN, migration::History};
/// use catamaran::doctor::Fingerprint;
///
/// let fingerprint = Fingerprint::of::<History>(&DOMAIN);
/// let text = fingerprint.to_string();
/// assert!(text.contains("migration m20260101_000001_create_notes"));
/// assert_eq!(text.parse(), Ok(fingerprint));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    sqlite: String,
    postgres: String,
    migrations: Vec<String>,
    /// What DOMAIN excepts is left out on both sides.
    excepted: BTreeSet<String>,
}

impl Fingerprint {
    /// The fingerprint of what the domain and its models say.
    pub fn of<H: History>(domain: &'static Domain) -> Self {
        let doctor = Doctor::new(domain);
        let excepted = domain
            .exceptions
            .iter()
            .map(|exception| exception.subject.to_owned());
        let excepted: BTreeSet<String> = excepted.collect();
        let on = |engine| {
            let schema = doctor.expected().schema(Place::Database(engine));
            schema.map_or(String::new(), |schema| digest(&schema, &excepted))
        };
        let migrations = H::migrations();
        Fingerprint {
            sqlite: on(Engine::Sqlite),
            postgres: on(Engine::Postgres),
            migrations: migrations.iter().map(|one| one.name().to_owned()).collect(),
            excepted,
        }
    }

    /// SHA-256 of the canonical schema of an engine, in lower-case hexadecimal.
    pub fn on(&self, engine: Engine) -> &str {
        match engine {
            Engine::Sqlite => &self.sqlite,
            Engine::Postgres => &self.postgres,
        }
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for engine in Engine::ALL {
            writeln!(f, "{engine} {}", self.on(engine))?;
        }
        for migration in &self.migrations {
            writeln!(f, "migration {migration}")?;
        }
        for subject in &self.excepted {
            writeln!(f, "except {subject}")?;
        }
        Ok(())
    }
}

impl FromStr for Fingerprint {
    type Err = String;

    /// Reads what `Display` writes.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut fingerprint = Fingerprint {
            sqlite: String::new(),
            postgres: String::new(),
            migrations: Vec::new(),
            excepted: BTreeSet::new(),
        };
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            match line.split_once(' ') {
                Some(("sqlite", digest)) => digest.clone_into(&mut fingerprint.sqlite),
                Some(("postgres", digest)) => digest.clone_into(&mut fingerprint.postgres),
                Some(("migration", name)) => fingerprint.migrations.push(name.to_owned()),
                Some(("except", subject)) => {
                    fingerprint.excepted.insert(subject.to_owned());
                }
                _ => return Err(format!("{line:?} is no line of a fingerprint")),
            }
        }
        Ok(fingerprint)
    }
}

/// Compares the schema of an open database with the fingerprint: one statement, which writes nothing. Where they
/// differ, another one asks which migrations the database has.
///
/// # Errors
/// [`SchemaDiffers`](ErrorKind::SchemaDiffers), and what reading may meet.
pub(crate) async fn check<D: Dialect>(
    pool: &D::Pool,
    wanted: &Fingerprint,
    role: &str,
) -> Result<()> {
    let scope = Scope::system("opening the store");
    let mut session = Session::<D>::begin(pool, &scope, Access::Read, Extent::Statement).await?;
    let (sql, values) = match D::ENGINE {
        Engine::Sqlite => (read::SQLITE_CATALOG, Vec::new()),
        Engine::Postgres => (read::POSTGRES_CATALOG, vec![Value::Text(role.to_owned())]),
    };
    let text = Text {
        sql: sql.into(),
        table: None,
    };
    let decode = |row: &D::Row| Ok((D::text(row, 0)?, D::text(row, 1)?, D::text(row, 3)?));
    let rows = session.fetch(&text, values, decode).await?;
    let rows = rows
        .into_iter()
        .map(|(kind, table, data)| Row::new(kind, table, &data));
    let schema = rows.collect::<Result<Vec<Row>, Unreadable>>();
    let schema = schema
        .and_then(|rows| read::of_rows(D::ENGINE, rows))
        .map_err(differs)?;
    if digest(&schema, &wanted.excepted) == wanted.on(D::ENGINE) {
        return Ok(());
    }
    let applied = applied::<D>(&mut session).await;
    Err(differs(match applied {
        Ok(applied) => reason(&wanted.migrations, &applied),
        // A role that may not read it: what is wrong is known, only not why.
        Err(error) => format!("and which migrations it has cannot be read: {error}"),
    }))
}

/// The migrations that SeaORM has recorded.
async fn applied<D: Dialect>(session: &mut Session<D>) -> Result<Vec<String>> {
    let text = |sql: &'static str| Text {
        sql: sql.into(),
        table: None,
    };
    let decode = |row: &D::Row| D::text(row, 0);
    let exists = session
        .fetch(&text(read::has_history(D::ENGINE)), Vec::new(), decode)
        .await?;
    match exists.is_empty() {
        true => Ok(Vec::new()),
        false => {
            session
                .fetch(&text(read::APPLIED), Vec::new(), decode)
                .await
        }
    }
}

fn differs(reason: impl ToString) -> Error {
    ErrorKind::SchemaDiffers {
        reason: reason.to_string(),
    }
    .into()
}

/// Which migrations one side has and the other has not.
fn reason(wanted: &[String], applied: &[String]) -> String {
    let only_in = |one: &[String], other: &[String]| {
        let names = one.iter().filter(|name| !other.contains(name));
        names.cloned().collect::<Vec<_>>().join(", ")
    };
    let (missing, extra) = (only_in(wanted, applied), only_in(applied, wanted));
    match (missing.as_str(), extra.as_str()) {
        ("", "") => format!(
            "every migration of {HISTORY} is the application's, so it was changed by other means; the doctor tells how"
        ),
        (missing, "") => format!("it lacks {missing}"),
        ("", extra) => format!("it has {extra}, which the application does not know"),
        (missing, extra) => {
            format!("it lacks {missing}, and has {extra}, which the application does not know")
        }
    }
}

fn digest(schema: &Schema, excepted: &BTreeSet<String>) -> String {
    let facts = facts(schema);
    let mut hash = Sha256::new();
    for (subject, fact) in facts
        .iter()
        .filter(|(subject, _)| !excepted.contains(subject))
    {
        // A zero byte cannot occur in a name.
        hash.update(subject);
        hash.update([0]);
        hash.update(fact);
        hash.update([0, 0]);
    }
    hash.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Everything that a comparison looks at, as `(subject, fact)`: two schemas with the same facts do not differ.
fn facts(schema: &Schema) -> BTreeSet<(String, String)> {
    let mut facts = BTreeSet::new();
    for (name, table) in &schema.tables {
        table_facts(name, table, &mut facts);
    }
    if let Some(role) = &schema.role {
        facts.insert((String::new(), format!("role {}", role.unbound)));
    }
    for other in &schema.others {
        facts.insert((
            format!("{}: {}", other.table, other.name),
            other.kind.clone(),
        ));
    }
    facts
}

fn table_facts(name: &str, table: &Table, facts: &mut BTreeSet<(String, String)>) {
    let mut add = |subject: String, fact: String| facts.insert((subject, fact));
    add(
        name.to_owned(),
        format!("table {}", table.options.join(",")),
    );
    for one in &table.columns {
        add(format!("{name}.{}", one.name), column(one));
    }
    let named =
        |called: &Option<String>| format!("{name}: {}", called.as_deref().unwrap_or_default());
    let key = &table.primary_key;
    add(named(&key.name), format!("primary key {:?}", key.columns));
    for key in &table.unique_keys {
        add(
            named(&key.name),
            format!("unique {:?} {:?}", key.columns, key.unusual),
        );
    }
    for key in &table.foreign_keys {
        add(named(&key.name), foreign_key(key));
    }
    for check in &table.checks {
        add(
            named(&check.name),
            format!("check {} {}", said(Some(&check.condition)), check.valid),
        );
    }
    for (called, one) in &table.indexes {
        add(format!("{name}: {called}"), index(one));
    }
    if let Some(guard) = &table.guard {
        guard_facts(name, guard, &mut add);
    }
}

fn said(expression: Option<&Expression>) -> String {
    expression.map_or("none".to_owned(), |expression| {
        format!("{:?}", expression.node())
    })
}

fn column(column: &Column) -> String {
    // SQLite compares bytes unless told otherwise.
    let collation = column
        .collation
        .as_deref()
        .filter(|name| !name.eq_ignore_ascii_case("binary"));
    format!(
        "column {} {collation:?} {} {} {}",
        column.ty,
        column.nullable,
        said(column.default.as_ref()),
        column.generated.is_some()
    )
}

fn foreign_key(key: &ForeignKey) -> String {
    format!(
        "foreign key {:?} {} {:?} {} {} {} {}",
        key.columns,
        key.references,
        key.referenced_columns,
        key.on_delete,
        key.on_update,
        key.deferrable,
        key.valid
    )
}

fn index(index: &Index) -> String {
    let keys = index
        .keys
        .iter()
        .map(|key| format!("{} {}", said(Some(&key.expression)), key.descending));
    format!(
        "index {:?} {} {} {:?}",
        keys.collect::<Vec<_>>(),
        index.unique,
        said(index.predicate.as_ref()),
        index.unusual
    )
}

fn guard_facts(name: &str, guard: &Guard, add: &mut impl FnMut(String, String) -> bool) {
    add(
        name.to_owned(),
        format!(
            "row security {} {} {}",
            guard.enabled, guard.forced, guard.owned
        ),
    );
    for (called, policy) in &guard.policies {
        // Without WITH CHECK, what is seen is what may be written.
        let checked = policy.with_check.as_ref().or(policy.using.as_ref());
        let fact = format!(
            "policy {} {} {:?} {} {}",
            policy.permissive,
            policy.command,
            policy.roles,
            said(policy.using.as_ref()),
            said(checked)
        );
        add(format!("{name}: {called}"), fact);
    }
    for grant in &guard.grants {
        // The application's role may be called otherwise elsewhere; no third one is read.
        let role = if grant.role == "PUBLIC" {
            "PUBLIC"
        } else {
            "the application"
        };
        let fact = format!("grant {} {role} {}", grant.privilege, grant.grantable);
        add(name.to_owned(), fact);
    }
}
