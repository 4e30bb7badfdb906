//! DOMAIN changed, and nothing else: it disagrees with itself or with the records where it can know, and
//! every place that still says the old is told to follow.

mod changed;
mod drifts;
mod spelling;

use catamaran::Engine;
use catamaran::doctor::{Code, Doctor, Finding, Fix, Place, Report};
use catamaran::domain::{Domain, Suppression, Table, TableSource, TableTypes, TypedColumn};

use Code::*;

use crate::apply_fixes::fixed;
use crate::databases::Migrated;
use changed::RENAMED;
use drifts::{DRIFTS, Drift};

/// DOMAIN and the records have another name, and there is no migration.
async fn renamed() -> Result<(), String> {
    let columns: Vec<TypedColumn> = RENAMED
        .columns
        .iter()
        .map(|name| match *name {
            "system" => TypedColumn::new("system", "text"),
            "id" | "user_id" => TypedColumn::new(name, "uuid"),
            "version" => TypedColumn::new(name, "bigint"),
            "last_sync_at" | "deleted_at" => TypedColumn::nullable(name, "timestamptz"),
            _ => TypedColumn::new(name, "timestamptz"),
        })
        .collect();
    let shape: &'static TableTypes = Box::leak(Box::new(TableTypes {
        table: "devices",
        columns: columns.leak(),
    }));
    let domain = with(RENAMED);
    let doctor = Doctor::new(domain).source(TableSource::types(shape));
    for engine in Engine::ALL {
        let database = Migrated::new(engine).await;
        let look = async || {
            of_database(
                doctor
                    .clone()
                    .database(database.database.url())
                    .check()
                    .await,
            )
        };
        let report = look().await;
        let [finding] = report.findings.as_slice() else {
            return Err(format!("one thing was renamed: {report}"));
        };
        if (finding.code, finding.subject().as_str()) != (Code::ColumnRenamed, "devices.system") {
            return Err(finding.to_string());
        }
        let apply = async |statements: &[String]| {
            for statement in statements {
                database.run(statement).await?;
            }
            Ok(())
        };
        fixed(report, apply, look).await?;
    }
    Ok(())
}

/// Each drift: the class, the code for DOMAIN itself if it can be found there, and whether all checks
/// passed: found in DOMAIN, found in both databases, and the databases fixed to match the new DOMAIN.
pub async fn all() -> Vec<(&'static str, String, Result<(), String>)> {
    let mut outcomes = Vec::new();
    for drift in DRIFTS.iter().chain(spelling::DRIFTS) {
        let code = match (drift.own, drift.databases) {
            (Some((code, ..)), _) => code.to_string(),
            (None, Some((_, code, _))) => format!("{code} elsewhere"),
            (None, None) => String::new(),
        };
        outcomes.push((drift.class, code, one(drift).await));
    }
    outcomes.push((
        "column renamed without a migration",
        "CAT012 elsewhere".to_owned(),
        renamed().await,
    ));
    outcomes.extend(suppressions().await);
    outcomes
}

async fn one(drift: &Drift) -> Result<(), String> {
    let domain = with(drift.table);
    let own = Doctor::new(domain).check().await;
    if let Some((code, subject, fix)) = drift.own {
        let is_it = |finding: &&Finding| {
            finding.place == Place::Domain && finding.code == code && finding.subject() == subject
        };
        let finding = own.findings.iter().find(is_it);
        let finding = finding.ok_or_else(|| format!("{code} {subject} is not there: {own}"))?;
        if !finding.fix.to_string().contains(fix) {
            return Err(format!("no {fix:?} in {finding}"));
        }
    }
    let Some((engines, code, subject)) = drift.databases else {
        return Ok(());
    };
    for engine in Engine::ALL {
        let database = Migrated::new(engine).await;
        let look = async || {
            of_database(
                Doctor::new(domain)
                    .database(database.database.url())
                    .check()
                    .await,
            )
        };
        let report = look().await;
        let is_there = report
            .findings
            .iter()
            .any(|f| f.code == code && f.subject() == subject);
        if is_there != engines.contains(&engine) {
            return Err(format!(
                "{code} {subject} on {engine}: {is_there}; {report}"
            ));
        }
        let apply = async |statements: &[String]| {
            for statement in statements {
                database.run(statement).await?;
            }
            Ok(())
        };
        fixed(report, apply, look).await?;
    }
    Ok(())
}

/// The findings of the database alone, without those of DOMAIN and the code.
fn of_database(mut report: Report) -> Report {
    report
        .findings
        .retain(|finding| finding.place.is_database());
    report
}

/// DOMAIN with one table changed. A renamed one is known by its primary key.
fn with(changed: Table) -> &'static Domain {
    let same = |table: &Table| {
        table.name == changed.name || table.primary_key.name == changed.primary_key.name
    };
    let tables = entity::DOMAIN.tables.iter();
    let tables: Vec<Table> = tables
        .map(|table| if same(table) { changed } else { *table })
        .collect();
    Box::leak(Box::new(Domain {
        tables: tables.leak(),
        ..entity::DOMAIN
    }))
}

async fn suppressions() -> Vec<(&'static str, String, Result<(), String>)> {
    let suppression = |code, subject, reason| Suppression {
        code,
        place: Place::Database(Engine::Sqlite),
        subject,
        reason,
    };
    let stale = suppression("CAT031", "habits: ix_gone", "once it was there");
    let silent = suppression("CAT031", "habits: ix_more", " ");
    let good = suppression("CAT031", "habits: ix_more", "someone searches by name");
    let mut outcomes = Vec::new();
    for (class, suppression, code) in [
        ("suppression, stale", stale, Some(SuppressionStale)),
        (
            "suppression without a reason",
            silent,
            Some(SuppressionReason),
        ),
        ("suppression that holds", good, None),
    ] {
        let outcome = suppressed(suppression, code).await;
        outcomes.push((
            class,
            code.map_or("none".to_owned(), |code| code.to_string()),
            outcome,
        ));
    }
    outcomes
}

async fn suppressed(suppression: Suppression, code: Option<Code>) -> Result<(), String> {
    let domain: &'static Domain = Box::leak(Box::new(Domain {
        suppressions: vec![suppression].leak(),
        ..entity::DOMAIN
    }));
    let database = Migrated::new(Engine::Sqlite).await;
    if suppression.subject == "habits: ix_more" {
        database
            .run("CREATE INDEX ix_more ON habits (name)")
            .await?;
    }
    // If its place is not checked, it is not reported as stale.
    let elsewhere = Doctor::new(domain).check().await;
    if code == Some(SuppressionStale) && !elsewhere.is_clean() {
        return Err(format!("judged skipped: {elsewhere}"));
    }
    let report = Doctor::new(domain)
        .database(database.database.url())
        .check()
        .await;
    let codes: Vec<Code> = report.findings.iter().map(|finding| finding.code).collect();
    match codes == Vec::from_iter(code) {
        true => {}
        false => return Err(format!("{codes:?}: {report}")),
    }
    let fix = report.findings.first().map(|finding| &finding.fix);
    match (code, fix) {
        // Without the suppression the report is clean.
        (Some(SuppressionStale), Some(Fix::Rust { line, .. })) if line.contains("ix_gone") => {
            Ok(())
        }
        (Some(SuppressionReason), Some(Fix::Rust { line, .. })) if line.contains("reason") => {
            Ok(())
        }
        (None, None) if report.suppressed.len() == 1 && report.is_clean() => Ok(()),
        (_, fix) => Err(format!("{fix:?}: {report}")),
    }
}
