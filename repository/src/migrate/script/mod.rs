//! The statements of a migration.

mod baseline;
mod read;

use std::borrow::Cow;

use super::{named, steps};
use crate::model::engine::Engine;

pub(super) use self::read::Prepared;

/// The statements of one migration, in one direction, on one engine, in the order in which they run.
///
/// The text must never change after a release: write identifiers out, and use no entity and no constant that may
/// change. Statements of sea-query are passed as text, for example
/// `.sql(Table::create()…to_string(SqliteQueryBuilder))`. A byte order mark at the beginning of a text, or of a file
/// inside it, is left out.
///
/// A script runs in the transaction of its batch, so it must not control the transaction. Such a script is refused
/// before anything runs ([`MigrateError::History`](super::MigrateError::History)). What it sets ends with it: `SET`,
/// `set_config` and `SET ROLE` on Postgres, and `PRAGMA` on SQLite, reach neither the next script nor the connection of
/// the application. A `PRAGMA` that the file does not keep, and that cannot be set back, is refused. So is `ATTACH`,
/// except [outside of a transaction](Self::outside_transaction).
///
/// # Named SQL
///
/// The checks of column types are long. A script names them, and the text behind the name is what is sent, what the plan
/// prints, and what the checksum covers:
///
/// ```
/// use catamaran::Engine;
/// use catamaran::migrate::Script;
///
/// let script = Script::new().sql(
///     "CREATE TABLE note (id TEXT NOT NULL, done INTEGER NOT NULL,
///          CHECK (catamaran_v1.uuid(id)), CHECK (catamaran_v1.boolean(done))) STRICT",
/// );
/// let sql: String = script.statements(Engine::Sqlite).collect();
/// assert!(sql.contains("CHECK (length(CAST(id AS BLOB)) = 36 AND id GLOB '[0-9a-f]"));
/// assert!(sql.ends_with("CHECK (done IN (0, 1))) STRICT"));
/// ```
///
/// The name is that of the type in [`MATRIX`](crate::domain::MATRIX), and `catamaran_v1.numeric(price, 12)` for a decimal
/// number of 12 digits. `catamaran_v1.caller()` is the id of the user in a policy on Postgres.
///
/// Two statements are for the role that the application works as in an owner's scope, on Postgres:
/// - `CALL catamaran_v1.create_application_role(catamaran_app)` creates the role if the server has none, makes the role
///   that migrates a member, and lets the application's role use the current schema. What it may not do itself is an
///   error, with the statements for an administrator.
/// - `CALL catamaran_v1.revoke_application_role(catamaran_app)` takes the use of the schema back, unless something in it is
///   granted to the role. The role stays, and so do its members: it belongs to the server, and another database may need it.
///
/// A type that needs no check on
/// an engine is refused there, and so is a name that does not exist
/// ([`MigrateError::History`](super::MigrateError::History)). The text of a version never changes: a release that needs
/// another one adds `catamaran_v2`. A name in a literal, a comment or a [`baseline`](Self::baseline) is left as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    statements: Vec<Cow<'static, str>>,
    reason: Option<Cow<'static, str>>,
    form: Form,
}

/// How a script is read and run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Form {
    /// In the transaction of its batch.
    #[default]
    Atomic,
    /// The same, from the text of a dump.
    Baseline,
    /// Each statement by itself.
    Outside,
    /// In batches, by a step in Rust. The text is its source.
    Data(steps::Step),
}

impl Script {
    /// A script without statements. Add them with [`sql`](Self::sql).
    pub fn new() -> Self {
        Self::default()
    }

    /// A script that intentionally does nothing on this engine, for the given reason.
    ///
    /// The plan prints the reason as a comment. An empty script without a reason is an error
    /// ([`MigrateError::History`](super::MigrateError::History)).
    pub fn nothing(reason: impl Into<Cow<'static, str>>) -> Self {
        Self {
            reason: Some(reason.into()),
            ..Self::default()
        }
    }

    /// The schema of an existing database, from the text that `pg_dump` wrote, or `sqlite3` with `.dump` or `.schema`.
    ///
    /// Use it for the first migration of an application whose database was not made by migrations. The text is cut into
    /// statements, so an error names the line. What belongs to the tool that wrote the dump, and not to the schema, is
    /// left out:
    /// - the lines `\restrict` and `\unrestrict` of `psql`;
    /// - one `BEGIN` and `COMMIT` around everything;
    /// - the tables in which migrations are recorded, with their rows: SeaORM's, and those of the
    ///   [table of the history](super::History::table);
    /// - time limits, comments on extensions, and `COPY` without rows.
    ///
    /// `CREATE SCHEMA` does nothing if the schema exists.
    ///
    /// These are refused, with the option of `pg_dump` to use
    /// ([`MigrateError::History`](super::MigrateError::History)): rows as `COPY` (`--inserts`), `\connect` and
    /// `CREATE DATABASE` (without `--create`), large objects (`--no-blobs`), an encoding other than UTF-8
    /// (`--encoding=UTF8`). On SQLite, virtual tables are refused, because a dump writes them into SQLite's own
    /// catalog: create them in a migration.
    ///
    /// ```
    /// use catamaran::migrate::Script;
    ///
    /// // let script = Script::baseline(include_str!("baseline.sql"));
    /// let script = Script::baseline("PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE note (body TEXT);\nCOMMIT;\n");
    /// assert_eq!(script.statements(catamaran::Engine::Sqlite).count(), 1);
    /// ```
    pub fn baseline(dump: impl Into<Cow<'static, str>>) -> Self {
        Self {
            statements: vec![dump.into()],
            form: Form::Baseline,
            ..Self::default()
        }
    }

    /// Appends one statement. A final semicolon is not needed; the plan prints one.
    #[must_use]
    pub fn sql(mut self, statement: impl Into<Cow<'static, str>>) -> Self {
        self.statements.push(statement.into());
        self
    }

    /// Runs each statement by itself, outside of the transaction of the batch.
    ///
    /// For what no transaction may contain: `CREATE INDEX CONCURRENTLY`, `VACUUM`, `PRAGMA journal_mode`; and for
    /// `ALTER TYPE .. ADD VALUE`, whose value can only be used after a commit. Put nothing else into the script, and only
    /// one statement into each [`sql`](Self::sql).
    ///
    /// The batch is split: the migrations before the script are committed first, and those after it are a transaction of
    /// their own. Each transaction holds the migration lock. On Postgres a connection holds it from the script to the end
    /// of the batch; on SQLite another migrator may take it in between. So before a script begins, its batch determines
    /// under the lock again which migration is next.
    ///
    /// The table `seaql_migrations_progress` says how many statements have finished. It exists only while a script is
    /// unfinished. After a failure, or after the process was killed, `up` goes on behind the last finished statement
    /// ([`MigrateError::Unfinished`](super::MigrateError::Unfinished)). If a later part of the batch fails,
    /// [`MigrateError::PartlyCommitted`](super::MigrateError::PartlyCommitted) names what was committed before.
    ///
    /// A statement that can run in a transaction is committed together with its number, so it runs once. Another one may
    /// have run when its process was killed: an index that was built is recognised, `VACUUM` runs again, and so do `CALL`
    /// and `DO`, which must allow that.
    ///
    /// On SQLite, a file that the script attaches is detached after it. `PRAGMA foreign_keys` is refused: foreign keys are
    /// off while migrations run, and a statement that leaves rows without a parent is refused. On Postgres, the connection
    /// must not go through a pooler, on which the lock would stay ([`ErrorKind::Pooler`](crate::ErrorKind::Pooler)).
    ///
    /// ```
    /// use catamaran::migrate::Script;
    ///
    /// Script::new()
    ///     .sql("CREATE INDEX CONCURRENTLY ix_note__body ON note (body)")
    ///     .outside_transaction();
    /// ```
    #[must_use]
    pub fn outside_transaction(mut self) -> Self {
        self.form = Form::Outside;
        self
    }

    /// A script whose step is Rust, which reads and writes rows in batches: a data migration. `source` is the text of the
    /// file with the step, from `include_str!`. It is what the checksum covers.
    ///
    /// [`data_migration!`](super::data::v1::data_migration) writes this for both engines and directions. Use it yourself to have
    /// SQL in one of them, or [`nothing`](Self::nothing).
    ///
    /// It runs outside of the transaction of the batch, each of its own batches in one transaction: see
    /// [`data::v1`](super::data::v1).
    pub fn data_v1(source: &'static str, step: steps::v1::Step) -> Self {
        Self {
            statements: vec![source.into()],
            form: Form::Data(steps::Step::V1(step)),
            ..Self::default()
        }
    }

    /// The statements for an engine, without surrounding white space and without a final semicolon. A baseline is one
    /// text, and so is the source of a data migration.
    ///
    /// [Named SQL](Self#named-sql) is written out. A statement with a name that is invalid is returned as it is; a
    /// [`Plan`](super::Plan) refuses it.
    pub fn statements(&self, engine: Engine) -> impl Iterator<Item = Cow<'_, str>> {
        self.statements.iter().map(move |text| {
            let text = trim(text);
            match self.form {
                Form::Baseline | Form::Data(_) => text.into(),
                Form::Atomic | Form::Outside => {
                    named::expanded(engine, text).unwrap_or_else(|_| text.into())
                }
            }
        })
    }

    /// The reason why the script does nothing, if there is one.
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// Whether it runs outside of the transaction of the batch: each statement by itself, or in batches of its own.
    pub fn is_outside_transaction(&self) -> bool {
        match self.form {
            Form::Outside => !self.statements.is_empty(),
            Form::Data(_) => true,
            Form::Atomic | Form::Baseline => false,
        }
    }

    /// The step in Rust, if it has one.
    pub(super) fn step(&self) -> Option<steps::Step> {
        match self.form {
            Form::Data(step) => Some(step),
            Form::Atomic | Form::Baseline | Form::Outside => None,
        }
    }
}

fn trim(statement: &str) -> &str {
    statement.trim_matches(|c: char| c.is_whitespace() || c == ';' || c == '\u{feff}')
}

#[cfg(test)]
mod tests;
