//! Support for the code that `#[derive(Record)]` generates.
//!
//! A mistake in a record gives one compile error. The generated code checks the record in constants, and names all
//! other types through [`Checked`], whose parameter is such a constant. If a check fails, the constant has no value and
//! these types stay unknown, so the compiler reports no errors that merely follow from the first.

mod values;

use std::fmt::Display;
use std::marker::PhantomData;

use sea_orm::{EntityTrait, PrimaryKeyTrait};

use super::domain::Table;
use super::error::{Error, ErrorKind, InvalidReason, Result};
use super::record::{Change, Record, invalid};
use super::record_id::can_be_in_key;
use super::value::{
    Field, MAX_BYTES, MAX_COLUMN_BYTES, MAX_JSON_BYTES, MAX_ROW_BYTES, Type, Value,
};
pub use values::Values;

/// The type `T`, known only if the check `CHECK` passed.
#[derive(Debug)]
pub struct Checked<T, const CHECK: usize>(PhantomData<T>);

/// The type of the managed timestamps.
pub type Time = chrono::DateTime<chrono::Utc>;

/// The type behind [`Checked`].
pub trait Is {
    /// The type.
    type Type;
}

impl<T, const CHECK: usize> Is for Checked<T, CHECK> {
    type Type = T;
}

/// Fails to compile if only the record or only its table has an owner: every owner's rows would be visible.
pub const fn assert_owner(table: &Table, has_owner: bool) {
    assert!(
        table.owner.is_some() == has_owner,
        "either the record or its table in the domain has an owner, and the other has none: \
         set both `#[record(owner)]` on a field and `owner: Some(..)` in the table, or neither"
    );
}

/// Fails to compile unless the fields of the key are the columns of the table's primary key, in its order.
pub const fn assert_key(table: &Table, fields: &[&str]) {
    let columns = table.primary_key.columns;
    assert!(
        columns.is_empty() || columns.len() == fields.len(),
        "the id of a record is the whole primary key of its table, and the domain gives this one another number of \
         columns: put `#[record(id)]` on each column of the key, and `#[record(owner, id)]` on an owner with which it \
         begins"
    );
    // A column may have another name than its field. The doctor compares these.
    let mut index = 0;
    while index < columns.len() {
        assert!(
            are_equal(columns[index], fields[index]) || !contains(table.columns, fields[index]),
            "the fields with `#[record(id)]` are not the primary key that the domain gives the table, or are in \
             another order: put `#[record(id)]` on each column of the key, in the order of the key; an owner with \
             which it begins has `#[record(owner, id)]`"
        );
        index += 1;
    }
}

/// Whether one of the entries is the column with this name, also if it is followed by ` DESC`.
pub(crate) const fn contains(entries: &[&str], name: &str) -> bool {
    let mut index = 0;
    while index < entries.len() {
        let entry = entries[index].as_bytes();
        let entry = match entry.split_last_chunk() {
            Some((column, b" DESC")) => column,
            _ => entry,
        };
        if have_same_bytes(entry, name.as_bytes()) {
            return true;
        }
        index += 1;
    }
    false
}

pub(crate) const fn are_equal(one: &str, other: &str) -> bool {
    have_same_bytes(one.as_bytes(), other.as_bytes())
}

const fn have_same_bytes(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let mut index = 0;
    while index < one.len() {
        if one[index] != other[index] {
            return false;
        }
        index += 1;
    }
    true
}

/// Fails to compile if a key or an index of the table has a column of JSON.
pub const fn assert_not_indexed(table: &Table, field: &str, ty: Type) {
    if !matches!(ty, Type::Json) {
        return;
    }
    let mut is_indexed = false;
    let mut index = 0;
    while index < table.unique_keys.len() {
        is_indexed |= contains(table.unique_keys[index].columns, field);
        index += 1;
    }
    index = 0;
    while index < table.indexes.len() {
        is_indexed |= contains(table.indexes[index].columns, field);
        index += 1;
    }
    index = 0;
    while index < table.foreign_keys.len() {
        is_indexed |= contains(table.foreign_keys[index].columns, field);
        index += 1;
    }
    assert!(
        !is_indexed,
        "a column of JSON cannot be in a unique key, an index or a foreign key: Postgres compares the values of a \
         `jsonb`, and SQLite the bytes of a text, so that equality and order differ. Store the part that is compared in \
         a column of its own"
    );
}

/// Fails to compile if a primary key cannot have a column of the type.
pub const fn assert_key_column(ty: Type, nullable: bool) {
    assert!(
        !nullable,
        "an id cannot be NULL: remove the `Option` of its type"
    );
    assert!(
        can_be_in_key(ty),
        "an id can be a UUID, a text, an integer of 32 or 64 bits, a boolean, a time with its date, or a date"
    );
}

/// Fails to compile if only the record or only its table says that the database generates the id.
pub const fn assert_generated(table: &Table, is_generated: bool) {
    assert!(
        table.generated_key == is_generated,
        "either the record or its table in the domain says that the database generates the id, and the other does not: \
         set both `#[record(id, generated)]` on the field and `generated_key: true` in the table, or neither"
    );
}

/// Fails to compile if no database generates ids of the type.
pub const fn assert_generated_column(ty: Type) {
    assert!(
        matches!(ty, Type::Int | Type::BigInt),
        "a database generates ids of the types `i64` and `i32`, or of a newtype of one: remove `generated`"
    );
}

/// Fails if a draft is made with an id that only the database generates.
///
/// # Errors
/// [`InvalidQuery`](crate::ErrorKind::InvalidQuery) if there is one.
pub fn no_id<R: Record>(id: Option<R::Id>) -> Result<()> {
    match id {
        None => Ok(()),
        Some(_) => {
            let reason = format!("the database generates the id of {}", R::TABLE.name).into();
            Err(ErrorKind::InvalidQuery { reason }.into())
        }
    }
}

/// Every number of the id's type was generated.
pub(crate) fn no_numbers(field: &'static str) -> Error {
    invalid(field, InvalidReason::Refused)
}

/// The id of a draft that must have one.
///
/// # Errors
/// [`InvalidValue`](crate::ErrorKind::InvalidValue) if it is missing.
pub fn needed_id<R: Record>(id: Option<R::Id>) -> Result<R::Id> {
    let field = R::MANAGED.id.first();
    let field = field.map_or("id", |index| R::COLUMNS[*index].field);
    id.ok_or_else(|| invalid(field, InvalidReason::OtherType))
}

/// The type of an entity's field.
#[derive(Debug)]
pub struct ColumnType<T>(PhantomData<T>);

impl<T> ColumnType<T> {
    /// The type of this field.
    pub const fn of(_column: &T) -> Self {
        ColumnType(PhantomData)
    }

    /// Compiles only if the entity's primary key is one column of this type.
    pub const fn assert_whole_key<E: EntityTrait>(self)
    where
        <E::PrimaryKey as PrimaryKeyTrait>::ValueType: WholeKey<T>,
    {
    }
}

/// A primary key of exactly one column, whose type is `Column`.
#[diagnostic::on_unimplemented(
    message = "the id of a record is the whole primary key of its entity, but the key is `{Self}`",
    label = "this is not the primary key's type, or not all of it",
    note = "several rows could share this id, and a delete by it would remove them all",
    note = "put `#[record(id)]` on each column of the key, and `#[record(owner, id)]` on an owner with which it begins"
)]
pub trait WholeKey<Column> {}

impl<Column> WholeKey<Column> for Column {}

/// Fails to compile if a field with `max_chars` is no text.
pub const fn assert_text(ty: Type) {
    assert!(
        matches!(ty, Type::Text),
        "`max_chars` is for texts: `String`, `Option<String>` or a newtype of one"
    );
}

/// Fails to compile if `max_bytes` is above what both engines store of the type, or the type has no length.
pub const fn assert_max_bytes(ty: Type, max_bytes: usize) {
    let ceiling = match ty {
        Type::Text | Type::Bytes => MAX_COLUMN_BYTES,
        Type::Json => MAX_JSON_BYTES,
        _ => panic!("`max_bytes` is for texts, bytes and JSON"),
    };
    assert!(max_bytes > 0, "`max_bytes` is at least 1");
    assert!(
        max_bytes <= ceiling,
        "`max_bytes` is at most 64 MiB for texts and bytes, and 16 MiB for JSON: store more in several rows, or in files"
    );
}

/// Fails to compile if the columns of a record with a `max_bytes` above the general limit are too long together.
pub const fn assert_row_bytes(columns: &[usize]) {
    let (mut index, mut sum) = (0, 0_usize);
    while index < columns.len() {
        if columns[index] > MAX_BYTES {
            sum = sum.saturating_add(columns[index]);
        }
        index += 1;
    }
    assert!(
        sum <= MAX_ROW_BYTES,
        "the `max_bytes` above 1 MiB of a record are at most 256 MiB together"
    );
}

/// Converts a field to its canonical form. The error names the field.
pub fn canonical<T: Field>(field: &'static str, value: &mut T, max_bytes: usize) -> Result<()> {
    value
        .canonicalise(max_bytes)
        .map_err(|reason| invalid(field, reason))
}

/// Converts a value to the canonical form of a field's type.
pub fn canonical_value<T: Field, const MOST: usize>(
    value: Value,
) -> std::result::Result<Value, InvalidReason> {
    let mut field = T::from_value(value)?;
    field.canonicalise(MOST)?;
    Ok(field.to_value())
}

/// The field of a model, unless its value is none of the field's type.
pub fn decoded<T>(field: &'static str, value: Option<T>) -> Result<T> {
    let column = field.into();
    value.ok_or_else(|| ErrorKind::Decode { column }.into())
}

/// Words of the application for a refused value.
pub fn refused(words: &impl Display) -> InvalidReason {
    InvalidReason::Application {
        reason: words.to_string().into(),
    }
}

/// Converts a default to the field's type.
pub fn default<T>(value: impl Into<T>) -> T {
    value.into()
}

/// Adds one column of a patch to the changes, in canonical form.
pub fn change<T: Field>(
    index: usize,
    field: &'static str,
    max_bytes: usize,
    change: &Change<T>,
    into: &mut Vec<(usize, Value)>,
) -> Result<()> {
    if let Change::Set(value) = change {
        let mut value = value.clone();
        canonical(field, &mut value, max_bytes)?;
        into.push((index, value.to_value()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_limits_of_columns_are_accepted() {
        assert_max_bytes(Type::Text, 1);
        assert_max_bytes(Type::Bytes, MAX_COLUMN_BYTES);
        assert_max_bytes(Type::Json, MAX_JSON_BYTES);
        assert_row_bytes(&[MAX_BYTES, MAX_ROW_BYTES - 1, MAX_BYTES]);
    }

    #[test]
    #[should_panic(expected = "at most 64 MiB for texts and bytes, and 16 MiB for JSON")]
    fn a_limit_of_bytes_above_the_largest_is_refused() {
        assert_max_bytes(Type::Bytes, MAX_COLUMN_BYTES + 1);
    }

    #[test]
    #[should_panic(expected = "at most 64 MiB for texts and bytes, and 16 MiB for JSON")]
    fn a_limit_of_json_above_the_largest_is_refused() {
        assert_max_bytes(Type::Json, MAX_JSON_BYTES + 1);
    }

    #[test]
    #[should_panic(expected = "`max_bytes` is for texts, bytes and JSON")]
    fn a_limit_of_a_number_is_refused() {
        assert_max_bytes(Type::Int, 4);
    }

    #[test]
    #[should_panic(expected = "at most 256 MiB together")]
    fn long_columns_of_more_than_a_message_are_refused() {
        assert_row_bytes(&[MAX_COLUMN_BYTES; 5]);
    }
}
