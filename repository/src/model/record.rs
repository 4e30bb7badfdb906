//! Records: the plain structs that an application uses.

use std::fmt::Debug;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::model::domain::Table;
use crate::model::domain::description::{ColumnDescription, RecordDescription, TableDescription};
use crate::model::error::{Error, ErrorKind, InvalidReason, Result};
use crate::model::record_id::RecordId;
use crate::model::value::{Type, Value, Variants};

/// A row as a plain struct of the application. Implemented by `#[derive(Record)]`.
///
/// The derive also generates typed columns (`Habit::NAME`), a draft for inserts (`HabitDraft`) and a patch for updates
/// (`HabitPatch`).
pub trait Record: Clone + Debug + PartialEq + Send + Sync + Unpin + 'static {
    /// The id: the primary key, without the owner if it begins with the owner. A tuple for several columns.
    type Id: RecordId;

    /// The argument of an insert: no managed columns, and the id. A UUID is optional, and an id that the database
    /// generates is absent.
    type Draft: Clone + Debug + Send + Sync + 'static;

    /// The argument of a patch: a [`Change`] for each column.
    type Patch: Clone + Debug + Send + Sync + 'static;

    /// The table in the domain.
    const TABLE: &'static Table;

    /// The columns, in the order of the record's fields.
    const COLUMNS: &'static [ColumnSpec];

    /// The positions of the managed columns in [`COLUMNS`](Self::COLUMNS).
    const MANAGED: Managed;

    /// The value of the column at this position of [`COLUMNS`](Self::COLUMNS).
    fn value(&self, index: usize) -> Value;

    /// Converts every field to its canonical form.
    ///
    /// # Errors
    /// [`InvalidValue`](ErrorKind::InvalidValue), naming the first column whose value has none.
    fn canonicalise(&mut self) -> Result<()>;

    /// The id of the draft, if it has one.
    fn draft_id(draft: &Self::Draft) -> Option<Self::Id>;

    /// The record of a draft, with its managed columns filled in.
    fn from_draft(draft: Self::Draft, stamp: Stamp<Self::Id>) -> Self;

    /// The record with these values, one for each column in the order of [`COLUMNS`](Self::COLUMNS).
    ///
    /// # Errors
    /// [`InvalidValue`](ErrorKind::InvalidValue), naming the first column whose value has another type or must not be
    /// NULL; [`InvalidQuery`](ErrorKind::InvalidQuery) if there are more or fewer values than columns.
    fn from_values(values: Vec<Value>) -> Result<Self>;

    /// The draft with this id and these values, each with its position in [`COLUMNS`](Self::COLUMNS). A column that is
    /// not named has its default, or NULL.
    ///
    /// # Errors
    /// As [`from_values`](Self::from_values), also for a missing value without a default, and a missing id that the
    /// library does not make;
    /// [`InvalidQuery`](ErrorKind::InvalidQuery) for a column that does not exist, is managed, or is named twice, and for
    /// an id that only the database generates.
    fn draft_from(id: Option<Self::Id>, values: Vec<(usize, Value)>) -> Result<Self::Draft>;

    /// The patch that sets these columns.
    ///
    /// # Errors
    /// As [`draft_from`](Self::draft_from).
    fn patch_from(changes: Vec<(usize, Value)>) -> Result<Self::Patch>;

    /// The draft with the contents of this record.
    fn into_draft(self) -> Self::Draft;

    /// The columns that the patch sets, with their values in canonical form.
    ///
    /// # Errors
    /// [`InvalidValue`](ErrorKind::InvalidValue), naming the first column whose value has no canonical form.
    fn changes(patch: &Self::Patch) -> Result<Vec<(usize, Value)>>;

    /// The id.
    fn id(&self) -> Self::Id;

    /// The owner, or `None` for a record without one.
    fn owner(&self) -> Option<Uuid>;

    /// The version, or `None` for a record without one.
    fn version(&self) -> Option<i64>;

    /// Sets what an update of a live row writes besides the columns of the caller: the time of the update, and the next
    /// version.
    #[doc(hidden)]
    fn set_updated(&mut self, now: DateTime<Utc>);

    /// Sets the id that the database generated. Does nothing for a record with another id.
    #[doc(hidden)]
    fn set_generated(&mut self, id: Self::Id);
}

/// The values that the library writes into a new row.
#[derive(Clone, Copy, Debug)]
pub struct Stamp<Id> {
    /// The id of the draft, or a new one. 0 if the database generates it with the insert.
    pub id: Id,
    /// The owner of the scope, or the nil UUID for a record without an owner.
    pub owner: Uuid,
    /// The time of the call, truncated to microseconds. The Unix epoch for a record without `created` and `updated`.
    pub now: DateTime<Utc>,
}

/// The version of a new row.
pub const FIRST_VERSION: i64 = 1;

/// One column of a record.
#[derive(Clone, Copy, Debug)]
pub struct ColumnSpec {
    /// The name of the record's field.
    pub field: &'static str,
    /// The logical type.
    pub ty: Type,
    /// Whether the column accepts NULL.
    pub nullable: bool,
    /// The maximum length of a text in code points: `#[record(max_chars = ..)]`.
    pub max_chars: Option<usize>,
    /// The maximum length of a text, a byte string or a JSON document: `#[record(max_bytes = ..)]`, or
    /// [`MAX_BYTES`](crate::record::MAX_BYTES). An index may limit the column further:
    /// [`Table::most_bytes`](crate::domain::Table::most_bytes).
    pub max_bytes: usize,
    /// The default of the draft, if it has one.
    pub default: Option<fn() -> Value>,
    /// The stored values of an enum. `None` for other types.
    pub variants: fn() -> Option<Variants>,
    /// The name of the Rust type, without an `Option`.
    pub type_name: fn() -> &'static str,
    /// Converts a value to the form in which the column stores it, as [`Field::canonicalise`](crate::record::Field::canonicalise)
    /// of the field's type does.
    pub canonical: fn(Value) -> std::result::Result<Value, InvalidReason>,
}

/// The positions of the managed columns of a record. A record without a column lacks only the behaviour of that column.
#[derive(Clone, Copy, Debug)]
pub struct Managed {
    /// The columns of the id.
    pub id: &'static [usize],
    /// The columns of the primary key: the id, after the owner if the key begins with the owner.
    pub key: &'static [usize],
    /// Whether the database generates the id, which then is one column and the whole key.
    pub generated: bool,
    /// The owner of the row.
    pub owner: Option<usize>,
    /// The counter that every write compares and increments.
    pub version: Option<usize>,
    /// When the row was inserted.
    pub created: Option<usize>,
    /// When the row was last written.
    pub updated: Option<usize>,
    /// When the row was soft-deleted. NULL for a live row.
    pub deleted: Option<usize>,
}

impl Managed {
    /// The positions of the columns that a caller writes, out of `columns` in all.
    pub(crate) fn user_columns(self, columns: usize) -> impl Iterator<Item = usize> {
        (0..columns).filter(move |index| !self.contains(*index))
    }

    /// Whether the library, and not the caller, writes the column.
    pub fn contains(&self, index: usize) -> bool {
        self.id.contains(&index)
            || [
                self.owner,
                self.version,
                self.created,
                self.updated,
                self.deleted,
            ]
            .contains(&Some(index))
    }
}

/// The change of one column in a patch.
///
/// A nullable column has the type `Change<Option<T>>`: leave it, set it to NULL, or set it to a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// Leaves the column as it is.
    #[default]
    Keep,
    /// Sets the column.
    Set(T),
}

pub(crate) fn invalid(field: &'static str, reason: InvalidReason) -> Error {
    ErrorKind::InvalidValue {
        field: Some(field.into()),
        reason,
    }
    .into()
}

impl TableDescription {
    pub(crate) fn of<R: Record>() -> Self {
        let columns = R::COLUMNS.iter().map(|spec| ColumnDescription {
            name: spec.field.to_owned(),
            ty: spec.ty.name(),
            nullable: spec.nullable,
            default: spec.default.map(|default| default()),
            variants: (spec.variants)(),
        });
        let field = |index: usize| R::COLUMNS[index].field.to_owned();
        TableDescription {
            table: R::TABLE.name.to_owned(),
            columns: columns.collect(),
            record: Some(RecordDescription {
                name: std::any::type_name::<R>().to_owned(),
                key: R::MANAGED.key.iter().copied().map(field).collect(),
                owner: R::MANAGED.owner.map(field),
                created: R::MANAGED.created.map(field),
                updated: R::MANAGED.updated.map(field),
                version: R::MANAGED.version.map(field),
                deleted: R::MANAGED.deleted.map(field),
            }),
        }
    }
}
