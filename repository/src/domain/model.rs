#[cfg(any(feature = "sqlite", feature = "postgres"))]
use crate::backend::Stored;
#[cfg(feature = "doctor")]
use crate::doctor::Described;

/// Something in the application's code that describes a table, and that the doctor reads.
///
/// ```
/// # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/note.rs")); }
/// # use demo::{Note, domain::NOTES};
/// use catamaran::domain::{Domain, Model};
///
/// const DOMAIN: Domain = Domain {
///     tables: &[NOTES],
///     models: &[Model::record::<Note>()],
///     ..Domain::BLANK
/// };
/// # let _ = DOMAIN;
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Model {
    #[cfg(feature = "doctor")]
    pub(crate) describe: Describe,
}

#[cfg(feature = "doctor")]
#[derive(Clone, Copy, Debug)]
pub(crate) enum Describe {
    Code(fn(&mut Described)),
    Shape(&'static Shape),
}

impl Model {
    #[cfg(feature = "doctor")]
    const fn code(describe: fn(&mut Described)) -> Self {
        Model {
            describe: Describe::Code(describe),
        }
    }

    /// A record, with its entities.
    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    pub const fn record<R: Stored>() -> Self {
        #[cfg(feature = "doctor")]
        return Self::code(Described::record::<R>);
        #[cfg(not(feature = "doctor"))]
        Model {}
    }

    /// An entity of SQLite that belongs to no record.
    pub const fn sqlite<E: sea_orm::EntityTrait>() -> Self {
        #[cfg(feature = "doctor")]
        return Self::code(Described::sqlite_entity::<E>);
        #[cfg(not(feature = "doctor"))]
        Model {}
    }

    /// An entity of Postgres that belongs to no record.
    pub const fn postgres<E: sea_orm::EntityTrait>() -> Self {
        #[cfg(feature = "doctor")]
        return Self::code(Described::postgres_entity::<E>);
        #[cfg(not(feature = "doctor"))]
        Model {}
    }

    /// The types of a table that has no record.
    pub const fn shape(shape: &'static Shape) -> Self {
        #[cfg(feature = "doctor")]
        return Model {
            describe: Describe::Shape(shape),
        };
        #[cfg(not(feature = "doctor"))]
        {
            let _ = shape;
            Model {}
        }
    }
}

/// The types of a table that has no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// The table.
    pub table: &'static str,
    /// Its columns, in the order of the table.
    pub columns: &'static [ShapeColumn],
}

/// A column of a [`Shape`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShapeColumn {
    /// Its name.
    pub name: &'static str,
    /// The name of its logical type in the matrix.
    pub ty: &'static str,
    /// Whether it takes NULL.
    pub nullable: bool,
}

impl ShapeColumn {
    /// A column that does not take NULL.
    pub const fn new(name: &'static str, ty: &'static str) -> Self {
        ShapeColumn {
            name,
            ty,
            nullable: false,
        }
    }

    /// A column that takes NULL.
    pub const fn nullable(name: &'static str, ty: &'static str) -> Self {
        ShapeColumn {
            name,
            ty,
            nullable: true,
        }
    }
}
