//! What a record says of its table.

use catamaran::{Record, Type, Value};

/// The columns of a record.
#[derive(Clone, Debug)]
pub struct RecordShape {
    /// What the record is called.
    pub name: String,
    /// The table.
    pub table: &'static str,
    /// The columns, in the order of the fields.
    pub columns: Vec<RecordColumn>,
    /// The fields that are the primary key: the id of a record.
    pub key: Vec<String>,
    /// The field that says who owns the row.
    pub owner: Option<String>,
    /// The field that counts the writes.
    pub version: Option<String>,
}

/// One of its columns.
#[derive(Clone, Debug)]
pub struct RecordColumn {
    /// The name of field and column.
    pub name: String,
    /// The logical type.
    pub ty: Type,
    /// Whether it is an `Option`.
    pub nullable: bool,
    /// The draft's default.
    pub default: Option<Value>,
}

impl RecordShape {
    /// The shape of a record.
    pub fn of<R: Record>() -> Self {
        let columns: Vec<RecordColumn> = R::COLUMNS
            .iter()
            .map(|spec| RecordColumn {
                name: spec.field.to_owned(),
                ty: spec.ty,
                nullable: spec.nullable,
                default: spec.default.map(|default| default()),
            })
            .collect();
        let name = std::any::type_name::<R>();
        let field = |index: usize| columns[index].name.clone();
        RecordShape {
            name: name.rsplit("::").next().unwrap_or(name).to_owned(),
            table: R::TABLE.name,
            key: vec![field(R::MANAGED.id)],
            owner: R::MANAGED.owner.map(field),
            version: R::MANAGED.version.map(field),
            columns,
        }
    }

    /// The shape that a record would have, for a table that has none: columns that are not NULL, without
    /// defaults, the first of which is the id.
    pub fn by_hand(table: &'static str, columns: &[(&str, Type)]) -> Self {
        let columns: Vec<RecordColumn> = columns
            .iter()
            .map(|(name, ty)| RecordColumn {
                name: (*name).to_owned(),
                ty: *ty,
                nullable: false,
                default: None,
            })
            .collect();
        RecordShape {
            name: format!("the shape of {table}"),
            table,
            key: vec![columns[0].name.clone()],
            owner: None,
            version: None,
            columns,
        }
    }

    /// Gives a column a default.
    #[must_use]
    pub fn default(mut self, column: &str, value: Value) -> Self {
        let found = self.columns.iter_mut().find(|c| c.name == column);
        found.expect("a column of this shape").default = Some(value);
        self
    }

    /// Says which columns are the primary key, the first of which says who owns the row.
    #[must_use]
    pub fn owner_and_key(mut self, key: &[&str]) -> Self {
        self.key = key.iter().map(|column| (*column).to_owned()).collect();
        self.owner = self.key.first().cloned();
        self
    }

    /// Says which column counts the writes.
    #[must_use]
    pub fn version(mut self, column: &str) -> Self {
        self.version = Some(column.to_owned());
        self
    }
}
