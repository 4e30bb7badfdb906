//! The types of fields in Postgres entities. Postgres has a native type for each.

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::Postgres;

crate::model::value::native_as_itself!(
    Postgres: Uuid, DateTime<Utc>, NaiveDate, bool, i32, i64, f64, String, Vec<u8>
);
