//! Sample rows that one condition accepts and another refuses: they prove that the conditions differ, and in which
//! direction.
//!
//! No row of the database is read: the values come from the literals of the conditions. Postgres only plans the query.
//! The plan contains the results, because Postgres folds constants with its own immutable functions.

use sqlparser::tokenizer::Token;

use crate::fingerprint::expression::{Expression, SampleResult, tokens};
use crate::fingerprint::ident;
use crate::fingerprint::schema::Column;
use crate::model::engine::Engine;

/// The most sample rows of a query.
const MOST_ROWS: usize = 240;

/// The most characters of a sample text.
const LONGEST: i64 = 2_000;

/// The statement that evaluates both conditions for each row; `None` without rows or columns.
pub(crate) fn statement(
    engine: Engine,
    table: &str,
    columns: &[&Column],
    [wanted, found]: [&Expression; 2],
) -> Option<String> {
    let literals = Literals::of(engine, &[wanted.sql(), found.sql()])?;
    let values: Vec<Vec<String>> = columns
        .iter()
        .map(|column| literals.values(engine, column))
        .collect();
    let rows = rows(&values).into_iter().take(MOST_ROWS).map(|row| {
        let values = columns.iter().zip(row);
        match engine {
            Engine::Postgres => {
                let values =
                    values.map(|(column, value)| format!("CAST({value} AS {})", column.ty));
                let names: Vec<String> = columns.iter().map(|c| ident::name(&c.name)).collect();
                format!(
                    "SELECT ({wanted}), ({found}) FROM (VALUES ({})) AS {} ({})",
                    values.collect::<Vec<_>>().join(", "),
                    ident::name(table),
                    names.join(", "),
                    wanted = wanted.sql(),
                    found = found.sql(),
                )
            }
            Engine::Sqlite => {
                let values = values.map(|(column, value)| {
                    format!(
                        "CAST({value} AS {}) AS {}",
                        column.ty,
                        ident::name(&column.name)
                    )
                });
                let values: Vec<String> = values.collect();
                let truth = |sql: &str| {
                    format!("CASE WHEN ({sql}) IS NULL THEN 'n' WHEN ({sql}) THEN 't' ELSE 'f' END")
                };
                format!(
                    "SELECT {} || {} FROM (SELECT {}) AS {}",
                    truth(wanted.sql()),
                    truth(found.sql()),
                    values.join(", "),
                    ident::name(table)
                )
            }
        }
    });
    let rows: Vec<String> = rows.collect();
    let explain = match engine {
        Engine::Postgres => "EXPLAIN (VERBOSE, COSTS OFF, FORMAT YAML) ",
        Engine::Sqlite => "",
    };
    (!rows.is_empty() && !columns.is_empty())
        .then(|| format!("{explain}{}", rows.join(" UNION ALL ")))
}

/// What the output proves. `null` says whether a condition that is NULL accepts the row, as in a check.
pub(crate) fn result(engine: Engine, answer: &str, null: bool) -> Option<SampleResult> {
    let takes = |output: &str| match output {
        "- \"true\"" | "t" => Some(true),
        "- \"false\"" | "f" => Some(false),
        "- \"NULL::boolean\"" | "n" => Some(null),
        // The plan does not contain the result.
        _ => None,
    };
    let pairs: Vec<(bool, bool)> = match engine {
        Engine::Sqlite => {
            let lines = answer.lines().filter_map(|line| line.split_at_checked(1));
            let pairs = lines.filter_map(|(one, other)| Some((takes(one)?, takes(other)?)));
            pairs.collect()
        }
        Engine::Postgres => {
            let mut lines = answer.lines().map(str::trim);
            let mut pairs = Vec::new();
            while let Some(line) = lines.next() {
                if line == "Output:"
                    && let (Some(one), Some(other)) = (lines.next(), lines.next())
                    && let (Some(one), Some(other)) = (takes(one), takes(other))
                {
                    pairs.push((one, other));
                }
            }
            pairs
        }
    };
    if pairs.iter().any(|(wanted, found)| *found && !wanted) {
        return Some(SampleResult::Weaker);
    }
    let is_stronger = pairs.iter().any(|(wanted, found)| *wanted && !found);
    is_stronger.then_some(SampleResult::Stronger)
}

/// All combinations of the values; if those are too many, each value with the first two values of the other columns.
pub(crate) fn rows(values: &[Vec<String>]) -> Vec<Vec<String>> {
    let all: usize = values.iter().map(Vec::len).product();
    let mut rows = vec![Vec::new()];
    if all <= MOST_ROWS {
        for column in values {
            let longer = |row: &Vec<String>| -> Vec<Vec<String>> {
                let with = |value: &String| row.iter().chain([value]).cloned().collect();
                column.iter().map(with).collect()
            };
            rows = rows.iter().flat_map(longer).collect();
        }
        return rows;
    }
    rows.clear();
    for base in 0..2 {
        let of_base = |column: &Vec<String>| column.get(base).or(column.first()).cloned();
        let based: Vec<String> = values.iter().filter_map(of_base).collect();
        for (place, column) in values.iter().enumerate() {
            rows.extend(column.iter().map(|value| {
                let mut row = based.clone();
                row[place].clone_from(value);
                row
            }));
        }
    }
    rows
}

/// The literals of conditions.
pub(crate) struct Literals {
    texts: Vec<String>,
    numbers: Vec<String>,
}

impl Literals {
    /// `None` if a condition cannot be read.
    pub(crate) fn of(engine: Engine, conditions: &[&str]) -> Option<Self> {
        let mut literals = Literals {
            texts: Vec::new(),
            numbers: Vec::new(),
        };
        for sql in conditions {
            for token in tokens(engine, sql).ok()? {
                match token.token {
                    Token::SingleQuotedString(text) => literals.texts.push(text),
                    Token::Number(number, _) => literals.numbers.push(number),
                    _ => {}
                }
            }
        }
        // A number may be in quotes, alone or in an array.
        let parts = literals.texts.iter();
        let parts = parts.flat_map(|text| text.split(|c: char| "{},".contains(c)));
        let quoted = parts.filter(|part| part.parse::<i64>().is_ok());
        let quoted: Vec<String> = quoted.map(str::to_owned).collect();
        literals.numbers.extend(quoted);
        Some(literals)
    }

    fn whole(&self) -> impl Iterator<Item = i64> {
        let numbers = self.numbers.iter();
        let numbers = numbers.filter_map(|number| number.parse::<i64>().ok());
        numbers.flat_map(|number| {
            [
                Some(number),
                number.checked_sub(1),
                number.checked_add(1),
                number.checked_neg(),
            ]
            .into_iter()
            .flatten()
        })
    }

    /// Values of the column's type, as SQL. Common ones come first, since they are combined with the values of other
    /// columns.
    pub(crate) fn values(&self, engine: Engine, column: &Column) -> Vec<String> {
        let ty = column.ty.to_lowercase();
        let texts = |texts: &[&str]| -> Vec<String> {
            texts.iter().map(|text| ident::text(text)).collect()
        };
        let mut values = match ty.as_str() {
            "bigint" | "integer" | "int" | "smallint" => {
                let (least, most) = match ty.as_str() {
                    "smallint" => (i64::from(i16::MIN), i64::from(i16::MAX)),
                    "integer" if engine == Engine::Postgres => {
                        (i64::from(i32::MIN), i64::from(i32::MAX))
                    }
                    _ => (i64::MIN + 1, i64::MAX),
                };
                let numbers = [1, 0, 2, -1].into_iter().chain(self.whole());
                let numbers = numbers.chain([least, most]);
                let numbers = numbers.filter(|number| (least..=most).contains(number));
                numbers.map(|number| number.to_string()).collect()
            }
            "boolean" => vec!["true".to_owned(), "false".to_owned()],
            "double precision" | "real" | "numeric" => {
                let numbers = self.numbers.iter().cloned();
                let around = self.whole().map(|number| number.to_string());
                let usual = ["1", "0", "0.5", "-1"].map(str::to_owned);
                usual.into_iter().chain(numbers).chain(around).collect()
            }
            "uuid" => texts(&[
                "0190a0b0-0000-7000-8000-000000000001",
                "00000000-0000-0000-0000-000000000000",
            ]),
            "jsonb" | "json" => texts(&["{}", "[]", "1", "null", "\"a\""]),
            "date" => self.times(&["2024-02-29", "1999-12-31", "-infinity", "infinity"]),
            _ if ty.starts_with("timestamp") => self.times(&[
                "2024-02-29 12:00:00+00",
                "1999-12-31 23:59:59.5+00",
                "-infinity",
                "infinity",
            ]),
            _ if ty.starts_with("time") => self.times(&["12:00", "00:00", "23:59:59.999999"]),
            _ if ty == "text" || ty.starts_with("character") || ty.starts_with("varchar") => {
                self.texts(engine)
            }
            _ => Vec::new(),
        };
        let mut met = Vec::new();
        values.retain(|value| {
            let is_new = !met.contains(value);
            met.push(value.clone());
            is_new
        });
        // NULL if the column accepts it; the only value of an unknown type.
        if column.nullable || values.is_empty() {
            values.push("NULL".to_owned());
        }
        values
    }

    /// These, and the literals that look like a date or a time.
    fn times(&self, usual: &[&str]) -> Vec<String> {
        let is_time = |text: &&String| {
            let begin = text.split_once(['-', ':']).map(|(begin, _)| begin);
            begin
                .is_some_and(|begin| !begin.is_empty() && begin.chars().all(|c| c.is_ascii_digit()))
        };
        let literals = self.texts.iter().filter(is_time);
        let usual = usual.iter().map(|text| ident::text(text));
        usual
            .chain(literals.map(|text| ident::text(text)))
            .collect()
    }

    /// Short and long texts, the literals, and the text forms of the matrix on SQLite.
    fn texts(&self, engine: Engine) -> Vec<String> {
        const USUAL: [&str; 12] = [
            "a",
            "0190a0b0-0000-7000-8000-000000000001",
            "",
            " ",
            "A b",
            "{}",
            "x*",
            "0190A0B0-0000-7000-8000-000000000001",
            "2024-02-29T12:00:00.000000Z",
            "0000-02-29T12:00:00.000000Z",
            "2024-02-29",
            "2023-02-29",
        ];
        let usual = USUAL.iter().map(|text| (*text).to_owned());
        let literals = self.texts.iter().flat_map(|text| {
            let bare = text.trim_matches(['%', '*']);
            [
                text.clone(),
                format!("{text}x"),
                bare.to_owned(),
                format!("x{bare}x"),
            ]
        });
        let lengths = self.whole().filter(|length| (0..=LONGEST).contains(length));
        let long = lengths.map(|length| "x".repeat(usize::try_from(length).unwrap_or_default()));
        let texts = usual
            .chain(literals)
            .chain(long)
            .map(|text| ident::text(&text));
        let mut texts: Vec<String> = texts.collect();
        if engine == Engine::Sqlite {
            // Many functions of SQLite end a text at a NUL character.
            let cut: Vec<String> = texts.iter().take(USUAL.len()).cloned().collect();
            texts.extend(cut.iter().map(|text| format!("{text} || char(0) || 'x'")));
        }
        texts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_row_shows_which_condition_accepts_more() {
        let plan = "Output: \n - \"true\"\n - \"NULL::boolean\"\n Output:\n - \"false\"\n - \"NULL::boolean\"";
        let of_postgres = |null| result(Engine::Postgres, plan, null);
        assert_eq!(of_postgres(true), Some(SampleResult::Weaker));
        assert_eq!(of_postgres(false), Some(SampleResult::Stronger));
        let of_sqlite = |answer| result(Engine::Sqlite, answer, true);
        assert_eq!(of_sqlite("tt\nff\nnt"), None);
        assert_eq!(of_sqlite("tt\ntf\nft"), Some(SampleResult::Weaker));
        assert_eq!(of_sqlite("tt\ntf"), Some(SampleResult::Stronger));
    }
}
