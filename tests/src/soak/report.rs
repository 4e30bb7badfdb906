//! The table at the end of a soak.

use std::collections::BTreeMap;
use std::time::Duration;

use catamaran::Engine;
use comfy_table::{CellAlignment, Table, presets};
use serde_json::{Value, json};

use crate::soak::run::Row;
use crate::soak::tally::Figures;

/// How the table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For a terminal.
    Plain,
    /// For a document.
    Markdown,
    /// For machines.
    Json,
}

const COLUMNS: [&str; 12] = [
    "workload",
    "runs",
    "done",
    "drops",
    "faults",
    "retries",
    "failed",
    "p50 ms",
    "p99 ms",
    "max ms",
    "pause ms",
    "violations",
];

/// The table, or one for each engine.
pub fn report(rows: &[Row], format: Format, seed: u64) -> String {
    if format == Format::Json {
        let rows: Vec<Value> = rows.iter().map(machine).collect();
        return json!({ "seed": seed, "rows": rows }).to_string();
    }
    let mut parts = Vec::new();
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let own: Vec<&Row> = rows.iter().filter(|row| row.engine == engine).collect();
        if !own.is_empty() {
            parts.push(format!("{engine}, seed {seed}\n\n{}", table(&own, format)));
            parts.push(errors(&own));
        }
    }
    parts.extend(violations(rows));
    parts.join("\n\n")
}

/// What must not have been, a line each; what was so several times is told once.
pub fn violations(rows: &[Row]) -> Vec<String> {
    let mut lines = Vec::new();
    for row in rows {
        let mut times: BTreeMap<&str, u64> = BTreeMap::new();
        for what in &row.figures.violations {
            *times.entry(what).or_default() += 1;
        }
        let name = row.workload.name();
        for (what, count) in times {
            lines.push(format!(
                "VIOLATED {count} times: {}, {name}: {what}",
                row.engine
            ));
        }
    }
    lines
}

fn table(rows: &[&Row], format: Format) -> Table {
    let mut table = Table::new();
    table.load_preset(match format {
        Format::Markdown => presets::ASCII_MARKDOWN,
        Format::Plain | Format::Json => presets::UTF8_BORDERS_ONLY,
    });
    table.set_header(COLUMNS);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    for row in rows {
        table.add_row(cells(row.workload.name(), &row.figures));
    }
    let total = rows
        .iter()
        .map(|row| &row.figures)
        .fold(Figures::default(), Figures::and);
    table.add_row(cells("all", &total));
    table
}

fn cells(name: &str, figures: &Figures) -> Vec<String> {
    let milliseconds = |micros: u64| match figures.latency.len() {
        0 => "-".to_owned(),
        _ => format!("{:.1}", micros as f64 / 1_000.0),
    };
    vec![
        name.to_owned(),
        figures.runs.to_string(),
        figures.acknowledged.to_string(),
        figures.drops.to_string(),
        figures.faults.to_string(),
        figures.retries.to_string(),
        figures.errors.values().sum::<u64>().to_string(),
        milliseconds(figures.latency.value_at_quantile(0.5)),
        milliseconds(figures.latency.value_at_quantile(0.99)),
        milliseconds(figures.latency.max()),
        match figures.longest_pause {
            Duration::ZERO => "-".to_owned(),
            pause => pause.as_millis().to_string(),
        },
        figures.violations.len().to_string(),
    ]
}

/// One line for each kind of error that callers were given, and in which workloads.
fn errors(rows: &[&Row]) -> String {
    let mut lines = vec!["errors that callers were given:".to_owned()];
    for row in rows {
        let kinds: Vec<String> = row
            .figures
            .errors
            .iter()
            .map(|(kind, count)| format!("{kind} {count}"))
            .collect();
        if !kinds.is_empty() {
            lines.push(format!("- {}: {}", row.workload.name(), kinds.join(", ")));
        }
    }
    lines.join("\n")
}

fn machine(row: &Row) -> Value {
    let figures = &row.figures;
    json!({
        "engine": row.engine.to_string(),
        "workload": row.workload.name(),
        "runs": figures.runs,
        "done": figures.acknowledged,
        "drops": figures.drops,
        "faults": figures.faults,
        "retries": figures.retries,
        "p50_us": figures.latency.value_at_quantile(0.5),
        "p99_us": figures.latency.value_at_quantile(0.99),
        "max_us": figures.latency.max(),
        "pause_us": u64::try_from(figures.longest_pause.as_micros()).unwrap_or(u64::MAX),
        "errors": figures.errors,
        "violations": figures.violations,
    })
}
