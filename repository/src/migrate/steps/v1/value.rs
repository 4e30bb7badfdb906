//! The types of columns, and values for parameters.

use sea_orm::QueryResult;

use super::{DateTime, JsonValue, NaiveDate, NaiveTime, Numeric, Utc, Uuid};
#[cfg(feature = "postgres")]
use crate::driver::postgres;
#[cfg(feature = "sqlite")]
use crate::driver::sqlite;
use crate::model::engine::Engine;
use crate::model::value::{self, Field};

/// A value of a parameter: `id.into()` for each type that is a [`Column`], and for `&str`.
#[derive(Clone, Debug, PartialEq)]
pub struct Value(value::Value);

impl<T: Column> From<T> for Value {
    fn from(value: T) -> Self {
        Value(value.value())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value(value::Value::Text(text.to_owned()))
    }
}

impl Value {
    /// The parameter in the form in which the engine stores it, or why it cannot be stored.
    pub(super) fn parameter(self, engine: Engine) -> Result<sea_orm::Value, String> {
        let value = self.0.canonical().map_err(|reason| reason.to_string())?;
        let parameter = match engine {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite => sqlite::parameter(value),
            #[cfg(feature = "postgres")]
            Engine::Postgres => postgres::parameter(value),
            #[cfg(not(all(feature = "sqlite", feature = "postgres")))]
            _ => {
                let _ = value;
                None
            }
        };
        parameter.ok_or_else(|| format!("it has no form on {engine}"))
    }
}

/// A type of a column, on both engines: `Uuid`, `String`, `bool`, `i16`, `i32`, `i64`, `f32`, `f64`, `DateTime<Utc>`,
/// `NaiveDate`, `NaiveTime`, `Vec<u8>`, `JsonValue`, `Numeric<P, S>`, and `Option` of each.
///
/// Each is stored as a field of a record of that type. Sealed.
pub trait Column: sealed::Column {}

impl<T: sealed::Column> Column for T {}

mod sealed {
    use super::{QueryResult, value};

    pub trait Column: Sized {
        /// The value at a position of a row. `None` if the stored value is not of that type.
        fn read(row: &QueryResult, index: usize) -> Option<Self>;

        /// The value to bind.
        fn value(&self) -> value::Value;
    }
}

macro_rules! column {
    ($ty:ty $(, $($generic:tt)*)?) => {
        impl $(<$($generic)*>)? sealed::Column for $ty {
            fn read(row: &QueryResult, index: usize) -> Option<Self> {
                #[cfg(feature = "sqlite")]
                if let Some(row) = row.try_as_sqlite_row() {
                    return sqlite::column(row, index);
                }
                #[cfg(feature = "postgres")]
                if let Some(row) = row.try_as_pg_row() {
                    return postgres::column(row, index);
                }
                let _ = (row, index);
                None
            }

            fn value(&self) -> value::Value {
                self.to_value()
            }
        }
    };
}

macro_rules! columns {
    ($($ty:ty),+) => {
        $(column!($ty);
        column!(Option<$ty>);)+
    };
}

columns!(
    Uuid,
    String,
    bool,
    i16,
    i32,
    i64,
    f32,
    f64,
    DateTime<Utc>,
    NaiveDate,
    NaiveTime,
    Vec<u8>,
    JsonValue
);
column!(Numeric<P, S>, const P: u8, const S: u8);
column!(Option<Numeric<P, S>>, const P: u8, const S: u8);
