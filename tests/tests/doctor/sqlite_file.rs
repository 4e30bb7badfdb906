//! A SQLite file with tables and rows of its own.

use catamaran::doctor::{Code, Doctor, Finding, Report};
use catamaran::domain::{Domain, Suppression};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement,
};
use tempfile::TempDir;

pub struct File {
    _folder: TempDir,
    db: DatabaseConnection,
}

impl File {
    /// Runs the statements on a connection that does not enforce foreign keys, like that of a migration.
    pub async fn with(statements: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!(
            "sqlite://{}?mode=rwc",
            folder.path().join("kept.db").display()
        );
        let mut options = ConnectOptions::new(url);
        options.max_connections(1).sqlx_logging(false);
        let db = Database::connect(options).await.expect("a connection");
        let file = File {
            _folder: folder,
            db,
        };
        file.run(&["PRAGMA foreign_keys = OFF"]).await;
        file.run(statements).await;
        file
    }

    pub async fn run(&self, statements: &[impl AsRef<str>]) {
        for sql in statements {
            if let Err(error) = self.try_to(sql.as_ref()).await {
                panic!("{error}");
            }
        }
    }

    pub async fn try_to(&self, sql: &str) -> Result<(), String> {
        let done = self.db.execute_unprepared(sql).await;
        done.map(drop).map_err(|error| format!("{error}: {sql}"))
    }

    /// The rows of a query that gives one text.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        let statement = Statement::from_string(DbBackend::Sqlite, sql);
        let rows = self.db.query_all_raw(statement).await;
        let rows = rows.unwrap_or_else(|error| panic!("{error}: {sql}"));
        let texts = rows
            .iter()
            .map(|row| row.try_get_by_index(0).expect("a text"));
        texts.collect()
    }

    pub async fn look(&self, domain: &'static Domain) -> Report {
        Doctor::new(domain).check_connection(&self.db).await
    }

    /// Keeps the finding alone, as if all others were suppressed.
    pub async fn look_for(&self, domain: &'static Domain, code: Code, subject: &str) -> Report {
        let report = self.look(domain).await;
        let others = report.findings.iter();
        let others =
            others.filter(|other| (other.code, other.subject()) != (code, subject.to_owned()));
        let suppressions: Vec<Suppression> = others
            .map(|other| Suppression {
                code: other.code.id(),
                place: other.place,
                subject: other.subject().leak(),
                reason: "for this test",
            })
            .chain(domain.suppressions.iter().copied())
            .collect();
        let domain = Domain {
            suppressions: suppressions.leak(),
            ..*domain
        };
        self.look(Box::leak(Box::new(domain))).await
    }

    /// What SQLite's pragmas show about a table.
    pub async fn facts(&self, table: &str) -> Vec<String> {
        let mut facts = Vec::new();
        for sql in [
            "SELECT json_array(name, type, \"notnull\", dflt_value, pk, hidden) FROM pragma_table_xinfo('{t}')",
            "SELECT json_array(l.name, l.\"unique\", l.origin, l.partial, x.name, x.\"desc\", x.coll, m.sql)
                FROM pragma_index_list('{t}') l, pragma_index_xinfo(l.name) x
                LEFT JOIN sqlite_schema m ON m.name = l.name WHERE x.key ORDER BY l.name, x.seqno",
            "SELECT json_array(\"table\", \"from\", \"to\", on_update, on_delete, match) FROM pragma_foreign_key_list('{t}')",
            "SELECT json_array(strict, wr, ncol) FROM pragma_table_list('{t}')",
            "SELECT json_array(type, name, tbl_name, sql) FROM sqlite_schema
                WHERE type IN ('trigger', 'view') ORDER BY name",
        ] {
            facts.extend(self.texts(&sql.replace("{t}", table)).await);
        }
        facts
    }
}

/// The finding with that code and subject.
pub fn the<'a>(report: &'a Report, code: Code, subject: &str) -> &'a Finding {
    let mut findings = report.findings.iter();
    let found = findings.find(|finding| finding.code == code && finding.subject() == subject);
    found.unwrap_or_else(|| panic!("no {code} {subject}: {report}"))
}

/// The statements of the steps that fix a finding.
pub fn statements(report: &Report, finding: &Finding) -> Vec<String> {
    let steps = report.steps_of(finding);
    let statements: Vec<String> = steps.flat_map(|step| step.sql.iter().cloned()).collect();
    assert!(!statements.is_empty(), "no statements: {report}");
    statements
}
