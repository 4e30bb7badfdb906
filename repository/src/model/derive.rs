//! What the code that `#[derive(Record)]` writes calls.

use sea_orm::{EntityTrait, PrimaryKeyTrait};

use super::domain::Table;
use super::error::Result;
use super::record::{Change, invalid};
use super::value::{Field, Type, Value};

/// Used by the derive, while it compiles: a record that forgets its owner would show every owner's rows.
#[doc(hidden)]
pub const fn assert_owner(table: &Table, has_owner: bool) {
    assert!(
        table.owner.is_some() == has_owner,
        "the record and its table in the domain do not agree on whether there is an owner: \
         `#[record(owner)]` on a field, and `owner: Some(..)` in the table"
    );
}

/// Used by the derive, while it compiles: a row is found by its id, and by nothing besides.
#[doc(hidden)]
pub const fn assert_one_key(table: &Table) {
    assert!(
        table.primary_key.columns.len() <= 1,
        "the id of a record is the whole primary key of its table, and the domain gives this one a key of \
         several columns: give it an id of its own as the primary key, and make these columns a unique key"
    );
}

/// Used by the derive, while it compiles: the entity's primary key is one column, of that type.
#[doc(hidden)]
pub const fn assert_whole_key<E: EntityTrait, Native>()
where
    <E::PrimaryKey as PrimaryKeyTrait>::ValueType: WholeKey<Native>,
{
}

/// A primary key that is a value of that type, and not one of several.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "the id of a record is the whole primary key of its entity, but the key is `{Self}`",
    label = "this is not the primary key's type, or not all of it",
    note = "several rows could share this id, and a delete by it would remove them all",
    note = "give the table an id of its own as the primary key, and make the columns of the present key a unique key"
)]
pub trait WholeKey<Native> {}

impl<Native> WholeKey<Native> for Native {}

/// Used by the derive, while it compiles: only a text has characters.
#[doc(hidden)]
pub const fn assert_text<T: Field>() {
    assert!(
        matches!(T::TYPE, Type::Text),
        "`max_chars` is for texts: `String`, `Option<String>` or a newtype of one"
    );
}

/// Used by the derive: the value of a field, or the error that names it.
#[doc(hidden)]
pub fn canonical<T: Field>(field: &'static str, value: &mut T) -> Result<()> {
    value
        .canonicalise()
        .map_err(|reason| invalid(field, reason))
}

/// Used by the derive: a default, as the field's type.
#[doc(hidden)]
pub fn default<T>(value: impl Into<T>) -> T {
    value.into()
}

/// Used by the derive: one column of a patch.
#[doc(hidden)]
pub fn change<T: Field>(
    index: usize,
    field: &'static str,
    change: &Change<T>,
    into: &mut Vec<(usize, Value)>,
) -> Result<()> {
    if let Change::Set(value) = change {
        let mut value = value.clone();
        canonical(field, &mut value)?;
        into.push((index, value.to_value()));
    }
    Ok(())
}
