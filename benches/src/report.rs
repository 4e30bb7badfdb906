//! The result, as tables of Markdown.

use std::fmt::Write;

use serde::Serialize;

use crate::rounds::{Cell, Row};
use crate::workload::Workload;

/// What was measured in one setting.
#[derive(Serialize)]
pub struct Report {
    /// Version and settings of the engine.
    pub settings: String,
    /// The contestants, the floor first.
    pub contestants: Vec<String>,
    /// One for each workload.
    pub rows: Vec<Row>,
    /// By how many microseconds ticks are late while nothing runs: the median, 99 %, 99.9 %, the most.
    pub idle: Option<[u32; 4]>,
}

/// Writes a line to a text, which cannot fail.
macro_rules! line {
    ($to:expr, $($argument:tt)*) => {
        let _ = writeln!($to, $($argument)*);
    };
}

impl Report {
    /// The tables.
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        line!(text, "\n{}\n", self.settings);
        self.rates(&mut text);
        self.cpu(&mut text);
        self.lateness(&mut text);
        self.errors(&mut text);
        self.disturbances(&mut text);
        text
    }

    fn head(&self, text: &mut String, first: &str, last: &str) {
        line!(
            text,
            "| {first} | {} | {last} |",
            self.contestants.join(" | ")
        );
        line!(text, "|{}", " --- |".repeat(self.contestants.len() + 2));
    }

    fn cells(&self, row: &Row, cell: impl Fn(&Cell) -> String) -> String {
        let cells = self.contestants.iter().map(|name| {
            let found = row.cells.iter().find(|cell| cell.name == *name);
            found.map_or_else(|| "-".to_owned(), &cell)
        });
        cells.collect::<Vec<_>>().join(" | ")
    }

    fn rates(&self, text: &mut String) {
        self.head(text, "rate", "floor, µs per call");
        for row in &self.rows {
            let cells = self.cells(row, |cell| {
                let ratio = match cell.ratio.is_nan() {
                    true => "failed".to_owned(),
                    false => format!("{:.2} ± {:.2}", cell.ratio, cell.spread),
                };
                match cell.errors.is_empty() {
                    true => ratio,
                    false => ratio + ", errors",
                }
            });
            let title = title(row);
            line!(
                text,
                "| {title} | {cells} | {:.1} |",
                row.cells[0].microseconds()
            );
        }
    }

    fn cpu(&self, text: &mut String) {
        let mut rows = self
            .rows
            .iter()
            .filter(|row| row.workload.compares_cpu())
            .peekable();
        if rows.peek().is_none() {
            return;
        }
        line!(text, "");
        self.head(text, "processor time of the client", "floor, µs per call");
        for row in rows {
            let cells = self.cells(row, |cell| format!("{:.2}", cell.cpu));
            let samples = &row.cells[0].samples;
            let (cpu, calls) = samples.iter().fold((0.0, 0), |(cpu, calls), sample| {
                (cpu + sample.cpu, calls + sample.calls)
            });
            let title = title(row);
            line!(
                text,
                "| {title} | {cells} | {:.0} |",
                cpu / calls as f64 * 1e6
            );
        }
    }

    fn lateness(&self, text: &mut String) {
        let mut rows = self
            .rows
            .iter()
            .filter(|row| row.workload.has_ticker())
            .peekable();
        if rows.peek().is_none() {
            return;
        }
        line!(
            text,
            "\n| lateness of a tick of 1 ms, ms | | median | 99 % | 99.9 % | most |"
        );
        line!(text, "| --- | --- | --- | --- | --- | --- |");
        let mut late = |title: &str, name: &str, lateness: Option<[u32; 4]>| {
            if let Some(lateness) = lateness {
                let late = lateness.map(|late| format!("{:.2}", f64::from(late) / 1e3));
                line!(text, "| {title} | {name} | {} |", late.join(" | "));
            }
        };
        late("nothing", "", self.idle);
        for row in rows {
            for cell in &row.cells {
                late(&title(row), &cell.name, cell.lateness);
            }
        }
    }

    fn errors(&self, text: &mut String) {
        for row in &self.rows {
            for cell in &row.cells {
                let calls: u64 = cell.samples.iter().map(|sample| sample.calls).sum();
                for (error, times) in &cell.errors {
                    let title = title(row);
                    line!(
                        text,
                        "\nerror: {title}: {}: {times} times beside {calls} calls: {error}",
                        cell.name
                    );
                }
            }
        }
    }

    fn disturbances(&self, text: &mut String) {
        for row in self.rows.iter().filter(|row| !row.disturbed.is_empty()) {
            let reasons = row.disturbed.join(", ");
            line!(text, "\nDISTURBED: {}: {reasons}", title(row));
        }
    }

    /// What must not be: a contestant whose every call failed, and an error of Catamaran's.
    pub fn failures(&self) -> Vec<String> {
        let cells = self.rows.iter();
        let cells = cells.flat_map(|row| row.cells.iter().map(move |cell| (row, cell)));
        let failed = cells.filter(|(_, cell)| {
            cell.ratio.is_nan() || is_catamaran(&cell.name) && !cell.errors.is_empty()
        });
        failed
            .map(|(row, cell)| format!("{}: {}", title(row), cell.name))
            .collect()
    }
}

/// Whether the name is that of a build of Catamaran.
pub fn is_catamaran(name: &str) -> bool {
    name.starts_with("Catamaran")
}

fn title(row: &Row) -> String {
    let workload: Workload = row.workload;
    format!("{} {}", workload.code(), workload.name())
}
