//! A generated migration for people.

use std::fmt;

use super::{Generated, Kept, Reviewed, Trial};
use crate::fingerprint::text;

impl fmt::Display for Generated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.suggestion.files().is_empty() {
            true => writeln!(f, "no migration: no statement changes what differs")?,
            false => writeln!(f, "migration {}", self.name)?,
        }
        for (engine, reviewed) in &self.review {
            writeln!(f, "\n{engine}")?;
            if reviewed.is_empty() {
                writeln!(f, "  nothing to do")?;
            }
            for one in reviewed {
                statement(f, one)?;
            }
            for (_, warning) in self.warnings.iter().filter(|(of, _)| of == engine) {
                writeln!(f, "  warning: {warning}")?;
            }
            if let Some(trial) = self.trials.iter().find(|trial| trial.engine == *engine) {
                write!(f, "{trial}")?;
            }
        }
        if !self.suggestion.by_hand.is_empty() {
            writeln!(f, "\nby hand")?;
        }
        for words in &self.suggestion.by_hand {
            writeln!(f, "  {}", text::on_one_line(words))?;
        }
        Ok(())
    }
}

fn statement(f: &mut fmt::Formatter<'_>, one: &Reviewed) -> fmt::Result {
    let sql = text::harmless(&one.sql);
    writeln!(f, "  {};", sql.replace('\n', "\n  "))?;
    writeln!(f, "    {}: {}", one.cost.as_str(), one.note)?;
    match &one.way_around {
        Some(way) => writeln!(f, "    way around: {way}"),
        None => Ok(()),
    }
}

impl fmt::Display for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one_line = |error: &str| text::on_one_line(error);
        for (filling, error) in &self.failed_on {
            writeln!(f, "  fails on {}: {}", filling.as_str(), one_line(error))?;
        }
        for one in &self.unfilled {
            let table = one_line(&one.table);
            writeln!(f, "  no sample row for {table}: {}", one_line(&one.reason))?;
        }
        writeln!(f, "  tried on {}", self.filling.as_str())?;
        writeln!(f, "    up: {}", self.up)?;
        match &self.down {
            Ok(kept) => writeln!(f, "    down: {kept}")?,
            Err(error) => writeln!(f, "    down: fails: {}", one_line(error))?,
        }
        match (&self.again, &self.down) {
            (Some(error), _) => writeln!(f, "    up again: fails: {}", one_line(error)),
            (None, Ok(_)) => writeln!(f, "    up again: done"),
            (None, Err(_)) => Ok(()),
        }
    }
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = vec![match self.rows {
            0 => "no rows".to_owned(),
            rows if rows == self.left => format!("{rows} of {rows} rows kept"),
            rows => format!("{} of {rows} rows kept", self.left),
        }];
        for (what, columns) in [
            ("without", &self.gone),
            ("converted", &self.converted),
            ("changed", &self.changed),
        ] {
            if !columns.is_empty() {
                parts.push(format!("{what} {}", text::on_one_line(&columns.join(", "))));
            }
        }
        f.write_str(&parts.join("; "))
    }
}
