//! Inserts rows by `COPY` in the binary format:
//! <https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS-BINARY-FORMAT>.

use chrono::{Datelike, NaiveDate};
use sqlx::postgres::PgConnection;

use super::numeric;
use super::types::{EPOCH, since_midnight};
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::value::Value;

/// The bytes from which the data is sent in another message. Postgres accepts none of more than 1 GiB.
const MESSAGE: usize = 16 * 1024 * 1024;

/// Copies rows to the server. Returns how many it stored.
///
/// If this is dropped before its end, the connection must be closed: the driver would read the answer to it as that to
/// the next statement.
pub(super) async fn rows(
    connection: &mut PgConnection,
    text: &str,
    rows: &[Vec<Value>],
    classify: impl Fn(sqlx::Error) -> Error,
) -> Result<u64> {
    // The whole data first: after the copy has begun, only the driver may fail.
    let data = encode(rows)?;
    let mut copy = connection.copy_in_raw(text).await.map_err(&classify)?;
    for message in data.chunks(MESSAGE) {
        copy.send(message).await.map_err(&classify)?;
    }
    copy.finish().await.map_err(&classify)
}

fn encode(rows: &[Vec<Value>]) -> Result<Vec<u8>> {
    let mut data = Vec::with_capacity(rows.len() * 128);
    // The signature, no flags, and no extension of the header.
    data.extend(b"PGCOPY\n\xff\r\n\0");
    data.extend([0; 8]);
    for row in rows {
        encode_row(&mut data, row)?;
    }
    data.extend((-1_i16).to_be_bytes());
    Ok(data)
}

fn encode_row(into: &mut Vec<u8>, row: &[Value]) -> Result<()> {
    let columns = i16::try_from(row.len()).map_err(|_| ErrorKind::StatementTooLarge)?;
    into.extend(columns.to_be_bytes());
    for value in row {
        match value {
            Value::Null(_) => into.extend((-1_i32).to_be_bytes()),
            Value::Uuid(id) => field(into, id.as_bytes())?,
            Value::Text(text) => field(into, text.as_bytes())?,
            Value::Bool(bool) => field(into, &[u8::from(*bool)])?,
            Value::SmallInt(int) => field(into, &int.to_be_bytes())?,
            Value::Int(int) => field(into, &int.to_be_bytes())?,
            Value::BigInt(int) => field(into, &int.to_be_bytes())?,
            Value::Float(float) => field(into, &float.to_be_bytes())?,
            Value::Double(float) => field(into, &float.to_be_bytes())?,
            Value::Timestamp(at) => field(into, &(at.timestamp_micros() - EPOCH).to_be_bytes())?,
            Value::Date(day) => field(into, &days(*day).to_be_bytes())?,
            Value::Time(time) => field(into, &since_midnight(*time).to_be_bytes())?,
            Value::Json(document) => field(into, format!("\u{1}{document}").as_bytes())?,
            Value::Bytes(bytes) => field(into, bytes)?,
            Value::Numeric(number) => field(into, &numeric::encoded(*number))?,
            // No column is an array.
            Value::Array(..) => return Err(ErrorKind::Internal.into()),
        }
    }
    Ok(())
}

fn field(into: &mut Vec<u8>, bytes: &[u8]) -> Result<()> {
    let length = i32::try_from(bytes.len()).map_err(|_| ErrorKind::StatementTooLarge)?;
    into.extend(length.to_be_bytes());
    into.extend(bytes);
    Ok(())
}

/// In days since 2000-01-01.
fn days(day: NaiveDate) -> i32 {
    const EPOCH: i32 = 730_120;
    day.num_days_from_ce() - EPOCH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_from_the_servers_first_one() {
        let day = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).map(days);
        assert_eq!(day(2000, 1, 1), Some(0));
        assert_eq!(day(1999, 12, 31), Some(-1));
        assert_eq!(day(1, 1, 1), Some(-730_119));
        assert_eq!(day(9999, 12, 31), Some(2_921_939));
    }
}
