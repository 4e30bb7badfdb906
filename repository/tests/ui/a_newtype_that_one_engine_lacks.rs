#[macro_use]
mod notes;

use catamaran::record::{Field, Native, Type};
use catamaran::{InvalidReason, Postgres, Record, Value};
use uuid::Uuid;

/// Implements `Native` for Postgres, and not for SQLite.
#[derive(Clone, Debug, PartialEq)]
struct Title(String);

impl Field for Title {
    const TYPE: Type = Type::Text;

    type Base = Self;
    type Class = <String as Field>::Class;

    fn to_value(&self) -> Value {
        self.0.to_value()
    }

    fn from_value(value: Value) -> Result<Self, InvalidReason> {
        String::from_value(value).map(Title)
    }
}

impl Native<Postgres> for Title {
    type Native = String;

    fn from_native(native: String) -> Option<Self> {
        Some(Title(native))
    }

    fn into_native(self) -> String {
        self.0
    }
}

#[derive(Clone, Debug, PartialEq, Record)]
#[record(table = notes::NOTES, sqlite = notes::sqlite, postgres = notes::postgres)]
struct Note {
    #[record(id)]
    id: Uuid,
    title: Title,
    done: bool,
}

fn main() {}
