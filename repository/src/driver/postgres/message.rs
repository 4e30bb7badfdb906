//! A statement in one message with the text that begins its transaction, so that both are one round trip.
//!
//! The message is a simple query, which is a transaction; if it has a `BEGIN`, the transaction stays open:
//! <https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-MULTI-STATEMENT>.
//!
//! The statement is prepared by SQL once for each connection. Its values are literals of letters, digits, a few signs
//! and escapes, so that nothing in a value can end its literal. The rows of a simple query are text.

use std::fmt::Write as _;
use std::sync::Arc;

use chrono::{DateTime, Datelike, Utc};
use hashlink::LruCache;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};

use super::answers;
use crate::driver::{Begin, Sending};
use crate::model::error::{Error, Result};
use crate::model::value::{Type, Value};

/// The maximum length of the literals of a message, in bytes. The server parses them each time, so long values are
/// better sent as parameters.
const MAX_LITERALS: usize = 8 * 1024;

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

    /// Forgets every statement. The server may still have them, under names that are not used again.
    pub(super) fn forget(&mut self) {
        self.unknown += self.names.len();
        self.names.clear();
    }

    /// Removes every statement from the connection, also those of the driver. There must be no failed transaction.
    pub(super) async fn remove_all(
        &mut self,
        connection: &mut PgConnection,
    ) -> Result<(), sqlx::Error> {
        self.forget();
        connection
            .execute(sqlx::raw_sql(AssertSqlSafe("DEALLOCATE ALL")))
            .await?;
        // The server accepts the removal of statements that it does not have.
        connection.clear_cached_statements().await?;
        self.unknown = 0;
        Ok(())
    }

    /// The number of the statement's name. At its first use the statement is prepared, in a message without values:
    /// `pg_prepared_statements` shows the whole message to everyone who uses the connection.
    async fn number(
        &mut self,
        connection: &mut PgConnection,
        begin: &Begin,
        sql: &Arc<str>,
        values: &[Value],
    ) -> Result<u64, sqlx::Error> {
        if let Some(number) = self.names.get(sql) {
            return Ok(*number);
        }
        self.last += 1;
        let number = self.last;
        let removed = match self.names.len() < MAX_PREPARED {
            true => None,
            false => self.names.remove_lru().map(|(_, oldest)| oldest),
        };
        let types: Vec<String> = values.iter().map(type_name).collect();
        let types = parenthesised(&types.join(", "));
        let prepare = format!("PREPARE catamaran_{number}{types} AS {sql}");
        let remove = removed.map(|oldest| format!("DEALLOCATE catamaran_{oldest}"));
        let parts = begin.role.iter().chain(&remove).chain([&prepare]);
        let text = parts.cloned().collect::<Vec<_>>().join("; ");
        let removals = usize::from(removed.is_some());
        self.unknown += 1 + removals;
        let sent = sqlx::raw_sql(AssertSqlSafe(text)).execute(connection).await;
        // A refused message has not prepared it.
        self.unknown -= 1;
        sent?;
        self.unknown -= removals;
        self.names.insert(sql.clone(), number);
        Ok(number)
    }
}

/// A statement with its values as literals.
pub(super) struct Message<'m> {
    begin: &'m Begin,
    sql: &'m Arc<str>,
    values: &'m [Value],
    literals: String,
}

impl<'m> Message<'m> {
    /// The message of a statement. `None` if a value has no literal, or the literals are long.
    pub(super) fn new(begin: &'m Begin, sql: &'m Arc<str>, values: &'m [Value]) -> Option<Self> {
        Some(Message {
            begin,
            sql,
            values,
            literals: literals(values)?,
        })
    }

    fn text(&self, number: u64) -> String {
        let opening = match self.begin.sending {
            Sending::WithEach => None,
            Sending::WithFirst | Sending::Now => Some(self.begin.opening),
        };
        let execute = format!(
            "EXECUTE catamaran_{number}{}",
            parenthesised(&self.literals)
        );
        let before = opening.into_iter().chain(self.begin.settings());
        before.chain([&*execute]).collect::<Vec<_>>().join("; ")
    }

    /// Sends the message, and returns how many rows the statement changed or returned.
    pub(super) async fn send(
        self,
        connection: &mut PgConnection,
        prepared: &mut Prepared,
        on_row: impl FnMut(PgRow) -> Result<()> + Send,
        classify: impl Fn(sqlx::Error) -> Error + Send,
    ) -> Result<u64> {
        let Message {
            begin, sql, values, ..
        } = self;
        let number = prepared.number(connection, begin, sql, values).await;
        let text = self.text(number.map_err(&classify)?);
        // Of all its statements, only this one has rows.
        let statements = sqlx::raw_sql(AssertSqlSafe(text));
        answers::read(connection.fetch_many(statements), on_row, classify).await
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
        Type::SmallInt => "smallint",
        Type::Int => "integer",
        Type::BigInt => "bigint",
        Type::Float => "real",
        Type::Double => "double precision",
        Type::Timestamp => "timestamptz",
        Type::Date => "date",
        Type::Time => "time",
        Type::Bytes => "bytea",
        Type::Json => "jsonb",
        Type::Numeric { .. } => "numeric",
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
        if literals.len() > MAX_LITERALS {
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
        Value::Json(document) => write_text(into, &document.to_string()),
        Value::Bool(bool) => write!(into, "'{bool}'").ok()?,
        Value::SmallInt(int) => write!(into, "'{int}'").ok()?,
        Value::Int(int) => write!(into, "'{int}'").ok()?,
        Value::BigInt(int) => write!(into, "'{int}'").ok()?,
        // The shortest digits that are read as the same number.
        Value::Float(float) => write!(into, "'{float:e}'").ok()?,
        Value::Double(float) => write!(into, "'{float:e}'").ok()?,
        Value::Timestamp(at) if has_plain_year(at) => write_time(into, at)?,
        Value::Date(day) if has_plain_year(day) => write!(into, "'{day}'").ok()?,
        Value::Time(time) => write!(into, "'{}'", time.format("%H:%M:%S%.6f")).ok()?,
        // The server refuses it as a parameter.
        Value::Timestamp(_) | Value::Date(_) => return None,
        Value::Bytes(bytes) => {
            into.push_str("U&'\\005cx");
            for byte in bytes.iter().take(MAX_LITERALS) {
                write!(into, "{byte:02x}").ok()?;
            }
            into.push('\'');
        }
        Value::Numeric(number) => write!(into, "'{number}'").ok()?,
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
                if into.len() > MAX_LITERALS {
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
    for character in text.chars().take(MAX_LITERALS) {
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
        assert_eq!(literal(Value::Text("x".repeat(MAX_LITERALS))), None);
        assert_eq!(literal(Value::Bytes(vec![0; MAX_LITERALS])), None);
        let far = DateTime::<Utc>::MAX_UTC;
        assert_eq!(literal(Value::Timestamp(far)), None);
        let mixed = Value::Array(Type::Int, vec![Value::Text(String::new())]);
        assert_eq!(literal(mixed), None);
    }

    #[test]
    fn a_message_begins_a_transaction_or_is_one() {
        let begin = |sending| Begin {
            opening: "BEGIN",
            role: Some("SET LOCAL ROLE app".to_owned()),
            settings: vec!["SET LOCAL x.y = 'z'".to_owned()],
            transaction: true,
            sending,
            guard_query: String::new(),
        };
        let text = |sending| {
            let (begin, sql) = (begin(sending), "SELECT $1".into());
            let message = Message::new(&begin, &sql, &[Value::Int(7)]);
            message.map(|message| message.text(1)).unwrap_or_default()
        };
        insta::assert_snapshot!(text(Sending::WithFirst), @"BEGIN; SET LOCAL ROLE app; SET LOCAL x.y = 'z'; EXECUTE catamaran_1 ('7')");
        insta::assert_snapshot!(text(Sending::WithEach), @"SET LOCAL ROLE app; SET LOCAL x.y = 'z'; EXECUTE catamaran_1 ('7')");
    }
}
