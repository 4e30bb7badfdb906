//! A statement in one message with the text that begins its transaction, so that both are one round trip.
//!
//! The message is a simple query, which is a transaction; if it has a `BEGIN`, the transaction stays open:
//! <https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-MULTI-STATEMENT>.
//!
//! The statement is prepared by SQL once for each connection. Its values are literals of letters, digits, a few signs and
//! escapes, so that nothing in a value can end its literal. The rows of a simple query are text.

use std::fmt::Write as _;
use std::sync::Arc;

use chrono::{DateTime, Datelike, Utc};
use futures_util::TryStreamExt;
use hashlink::LruCache;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{AssertSqlSafe, Either};

use crate::driver::{Begin, Sending};
use crate::model::error::{Error, Result};
use crate::model::value::{Type, Value};

/// The largest values of a message together, in bytes. The server parses them each time, so long values are better sent
/// as parameters.
const MAX_MESSAGE: usize = 8 * 1024;

/// The number of statements that a connection keeps prepared.
const MAX_PREPARED: usize = 100;

/// The number of statements that a connection may keep without knowing them.
const MAX_UNKNOWN: usize = 20;

/// The statements that are prepared by SQL on a connection.
#[derive(Debug)]
pub(super) struct Prepared {
    names: LruCache<Arc<str>, u64>,
    /// The number of the last name.
    last: u64,
    /// How many statements the server may have that are not in `names`: their messages were dropped or refused.
    unknown: usize,
}

impl Prepared {
    pub(super) fn new() -> Self {
        Prepared {
            names: LruCache::new_unbounded(),
            last: 0,
            unknown: 0,
        }
    }

    /// Whether the server has few statements that are not known here.
    pub(super) fn is_known(&self) -> bool {
        self.unknown <= MAX_UNKNOWN
    }
}

/// A message, and what it changes of the prepared statements.
pub(super) struct Message {
    text: String,
    sql: Arc<str>,
    /// How many statements come before the one that removes or prepares.
    before: usize,
    /// Whether it first removes a statement.
    removes: bool,
    /// The number of the statement's name, if it prepares it.
    prepares: Option<u64>,
}

impl Message {
    /// The message of a statement. `None` if a value has no literal, or the message would be long.
    pub(super) fn new(
        prepared: &mut Prepared,
        begin: &Begin,
        sql: &Arc<str>,
        values: &[Value],
    ) -> Option<Self> {
        let literals = literals(values)?;
        let opening = Some(begin.opening).filter(|_| begin.sending == Sending::WithFirst);
        let settings = begin.settings.iter().map(|setting| &**setting);
        let before: Vec<&str> = opening.into_iter().chain(settings).collect();
        let mut text = before.join("; ") + "; ";
        let kept = prepared.names.get(sql).copied();
        let number = kept.unwrap_or(prepared.last + 1);
        let removed = match kept.is_none() && prepared.names.len() >= MAX_PREPARED {
            true => prepared.names.remove_lru().map(|(_, oldest)| oldest),
            false => None,
        };
        // Writing to a string does not fail.
        if let Some(oldest) = removed {
            let _written = write!(text, "DEALLOCATE catamaran_{oldest}; ");
        }
        if kept.is_none() {
            prepared.last = number;
            let types: Vec<String> = values.iter().map(type_name).collect();
            let types = parenthesised(&types.join(", "));
            let _written = write!(text, "PREPARE catamaran_{number}{types} AS {sql}; ");
        }
        let values = parenthesised(&literals);
        let _written = write!(text, "EXECUTE catamaran_{number}{values}");
        Some(Message {
            text,
            sql: sql.clone(),
            before: before.len(),
            removes: removed.is_some(),
            prepares: kept.is_none().then_some(number),
        })
    }

    /// Sends the message, and returns how many rows the statement changed or returned.
    pub(super) async fn send(
        self,
        connection: &mut PgConnection,
        prepared: &mut Prepared,
        mut on_row: impl FnMut(PgRow) -> Result<()> + Send,
        classify: impl Fn(sqlx::Error) -> Error + Send,
    ) -> Result<u64> {
        prepared.unknown += usize::from(self.removes) + usize::from(self.prepares.is_some());
        let mut completed = 0_usize;
        // Of all its statements, only this one has rows.
        let mut rows = 0;
        let mut answers = sqlx::raw_sql(AssertSqlSafe(self.text)).fetch_many(connection);
        let mut unreadable = None;
        let result = loop {
            match answers.try_next().await {
                Ok(Some(Either::Left(done))) => {
                    completed += 1;
                    rows += done.rows_affected();
                }
                // The answers are read to their end: an error in the rest would be that of the next statement.
                Ok(Some(Either::Right(row))) if unreadable.is_none() => {
                    unreadable = on_row(row).err();
                }
                Ok(Some(Either::Right(_))) => {}
                Ok(None) => break unreadable.map_or(Ok(rows), Err),
                Err(error) => break Err(classify(error)),
            }
        };
        // What is prepared does not depend on the end of the transaction.
        let mut changes = completed.saturating_sub(self.before);
        if self.removes && changes > 0 {
            prepared.unknown -= 1;
            changes -= 1;
        }
        if let Some(number) = self.prepares {
            prepared.unknown -= 1;
            if changes > 0 {
                prepared.names.insert(self.sql, number);
            }
        }
        result
    }
}

/// A list in parentheses. An empty one has none.
fn parenthesised(list: &str) -> String {
    match list {
        "" => String::new(),
        list => format!(" ({list})"),
    }
}

/// The type of a value's parameter.
fn type_name(value: &Value) -> String {
    let element = element_type(value.ty());
    match value {
        Value::Array(..) => format!("{element}[]"),
        _ => element.to_owned(),
    }
}

fn element_type(ty: Type) -> &'static str {
    match ty {
        Type::Uuid => "uuid",
        Type::Text => "text",
        Type::Bool => "boolean",
        Type::Int => "integer",
        Type::BigInt => "bigint",
        Type::Double => "double precision",
        Type::Timestamp => "timestamptz",
        Type::Date => "date",
        Type::Bytes => "bytea",
    }
}

/// The values as literals, separated by commas.
fn literals(values: &[Value]) -> Option<String> {
    let mut literals = String::new();
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            literals.push_str(", ");
        }
        write_literal(&mut literals, value)?;
        if literals.len() > MAX_MESSAGE {
            return None;
        }
    }
    Some(literals)
}

fn write_literal(into: &mut String, value: &Value) -> Option<()> {
    match value {
        Value::Null(_) => into.push_str("NULL"),
        Value::Uuid(id) => write!(into, "'{id}'").ok()?,
        Value::Text(text) => write_text(into, text),
        Value::Bool(bool) => write!(into, "'{bool}'").ok()?,
        Value::Int(int) => write!(into, "'{int}'").ok()?,
        Value::BigInt(int) => write!(into, "'{int}'").ok()?,
        // The shortest digits that are read as the same number.
        Value::Double(float) => write!(into, "'{float:e}'").ok()?,
        Value::Timestamp(at) if has_plain_year(at) => write_time(into, at)?,
        Value::Date(day) if has_plain_year(day) => write!(into, "'{day}'").ok()?,
        // The server refuses it as a parameter.
        Value::Timestamp(_) | Value::Date(_) => return None,
        Value::Bytes(bytes) => {
            into.push_str("U&'\\005cx");
            for byte in bytes.iter().take(MAX_MESSAGE) {
                write!(into, "{byte:02x}").ok()?;
            }
            into.push('\'');
        }
        Value::Array(ty, values) => {
            into.push_str("ARRAY[");
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    into.push_str(", ");
                }
                // The server would read an array of arrays.
                if matches!(value, Value::Array(..)) || value.ty() != *ty {
                    return None;
                }
                write_literal(into, value)?;
                if into.len() > MAX_MESSAGE {
                    return None;
                }
            }
            write!(into, "]::{}[]", element_type(*ty)).ok()?;
        }
    }
    Some(())
}

fn has_plain_year(day: &impl Datelike) -> bool {
    (1..=9999).contains(&day.year())
}

fn write_time(into: &mut String, at: &DateTime<Utc>) -> Option<()> {
    write!(into, "'{}'", at.format("%Y-%m-%d %H:%M:%S%.6f+00")).ok()
}

/// A text as a literal with Unicode escapes. Nothing in it can end the literal, whatever the server's settings.
///
/// <https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-STRINGS-UESCAPE>
fn write_text(into: &mut String, text: &str) {
    into.push_str("U&'");
    for character in text.chars().take(MAX_MESSAGE) {
        match character {
            ' ' | '-' | '_' | '.' | ',' | ':' | '@' => into.push(character),
            _ if character.is_alphanumeric() => into.push(character),
            _ => {
                let _written = write!(into, "\\+{:06x}", u32::from(character));
            }
        }
    }
    into.push('\'');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literal(value: Value) -> Option<String> {
        literals(&[value])
    }

    #[test]
    fn a_text_is_a_literal_that_nothing_in_it_can_end() {
        let text = "it's \\ 'ü' -- 😀\n; COMMIT".to_owned();
        insta::assert_snapshot!(literal(Value::Text(text)).unwrap_or_default(), @r"U&'it\+000027s \+00005c \+000027ü\+000027 -- \+01f600\+00000a\+00003b COMMIT'");
    }

    #[test]
    fn values_that_have_no_short_literal_have_none() {
        assert_eq!(literal(Value::Text("x".repeat(MAX_MESSAGE))), None);
        assert_eq!(literal(Value::Bytes(vec![0; MAX_MESSAGE])), None);
        let far = DateTime::<Utc>::MAX_UTC;
        assert_eq!(literal(Value::Timestamp(far)), None);
        let mixed = Value::Array(Type::Int, vec![Value::Text(String::new())]);
        assert_eq!(literal(mixed), None);
    }

    #[test]
    fn a_message_prepares_its_statement_once() {
        let mut prepared = Prepared::new();
        let begin = Begin {
            opening: "BEGIN",
            settings: vec!["SET LOCAL x.y = 'z'".into()],
            transaction: true,
            sending: Sending::WithFirst,
            guard_query: String::new(),
        };
        let sql: Arc<str> = "SELECT $1".into();
        let values = [Value::Int(7)];
        let first = Message::new(&mut prepared, &begin, &sql, &values).map(|first| first.text);
        insta::assert_snapshot!(first.unwrap_or_default(), @"BEGIN; SET LOCAL x.y = 'z'; PREPARE catamaran_1 (integer) AS SELECT $1; EXECUTE catamaran_1 ('7')");
        prepared.names.insert(sql.clone(), 1);
        let begin = Begin {
            sending: Sending::WithEach,
            ..begin
        };
        let second = Message::new(&mut prepared, &begin, &sql, &values).map(|second| second.text);
        insta::assert_snapshot!(second.unwrap_or_default(), @"SET LOCAL x.y = 'z'; EXECUTE catamaran_1 ('7')");
    }
}
