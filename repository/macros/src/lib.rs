//! The macros of `catamaran`.

mod field;
mod record;
mod record_enum;
mod twin_test;

use proc_macro::TokenStream;
use syn::{DeriveInput, ItemFn, parse_macro_input};

/// Maps a plain struct to its table and to its entity on each engine. The tour of the library has an example.
///
/// Attributes of the struct, all required:
/// - `table`: the `Table` of the domain.
/// - `sqlite`, `postgres`: the modules of the entities, each with `Model`, `Entity`, `Column` and `PrimaryKey`.
///
/// Attributes of a field, at most one of:
/// - `id`: required on one field or several, which are the whole primary key of the table and of both entities. The
///   library makes an id of the type `Uuid` if the draft has none; the caller gives others.
/// - `id, generated`: an `i64` or `i32` that the database generates: an identity column on Postgres, `AUTOINCREMENT` on
///   SQLite. It is the only field of the id, and the draft lacks it. The table has `generated_key: true`.
/// - `owner`: a `Uuid`. With `owner, id` the primary key begins with it.
/// - `version`: an `i64`.
/// - `created`, `updated`: a `DateTime<Utc>`.
/// - `deleted`: an `Option<DateTime<Utc>>`.
/// - `default = value`: the value in a draft that does not set the field.
///
/// A text can also have `max_chars = number`, in code points. A longer text is refused before it reaches a database.
///
/// A text, a byte string or a JSON document can have `max_bytes = number`, instead of 1 MiB: at most 64 MiB, and 16 MiB for
/// JSON. A column in an index keeps its limit.
///
/// The derive writes:
/// - the column handles, `Habit::NAME`,
/// - `HabitDraft` and `HabitPatch`,
/// - the mapping to and from both entities. A field that one side lacks, or has with another type, does not compile.
#[proc_macro_derive(Record, attributes(record))]
pub fn derive_record(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    record::expand(&input)
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

/// Makes a type of the application's own one of a record's field. The module `record` has examples.
///
/// - `struct Title(String)`, a tuple struct of one field, is stored as that field, on both engines.
/// - `#[field(try_from)]` on it: not every stored value is one of the type. The conversion back is `TryFrom`, and its
///   error implements `Display`.
/// - `#[field(try_from = String)]` on any type, which may be generic: it is stored as a `String`. It needs
///   `TryFrom<String>` for the type, and `From` of the type for `String`.
///
/// A stored value that does not convert is `Decode` with the column. Each value is converted before it is written or
/// compared, so that what is stored can be read. A value that does not convert is `InvalidValue` with the text of the
/// error: `invalid value for email: it has no @`. What the conversion changes, such as the case of letters, is changed in
/// what is written as well. So a value that is converted twice must be the same as one that is converted once.
///
/// Filters and orders compare what is stored. The field of a nullable column is an `Option` of the type.
#[proc_macro_derive(Field, attributes(field))]
pub fn derive_field(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    field::expand(&input)
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

/// Makes an enum without fields a type of a record's field. The module `record` has examples.
///
/// It is stored as a text or as a number, with a check on both engines that lists the values. The doctor compares the
/// list with the variants.
///
/// - As a text, by default: the variant's name as it is written. `#[record_enum(rename = "..")]` on a variant sets
///   another text. `#[record_enum(rename_all = "..")]` on the enum makes the texts of the names by a rule: `lowercase`,
///   `UPPERCASE`, `PascalCase`, `camelCase`, `snake_case`, `SCREAMING_SNAKE_CASE` or `kebab-case`.
/// - As a number: `#[record_enum(repr = i32)]`, or `i16` or `i64`. Each variant writes its number: `Login = 1`.
///   `#[record_enum(text)]` stores the names of an enum with numbers.
/// - As SeaORM does: `#[record_enum(active_enum)]` beside `DeriveActiveEnum`, whose attributes then decide what is stored.
///   The fields of both entities have the enum itself as their type. In the other cases they are a `String`, `i16`,
///   `i32` or `i64`.
///
/// Filters compare what is stored, and an order is that of the stored texts or numbers, not that of the variants. A stored
/// value that is no variant is `Decode` with the column.
#[proc_macro_derive(RecordEnum, attributes(record_enum))]
pub fn derive_record_enum(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    record_enum::expand(&input)
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

/// Runs one async test body on a SQLite file and on Postgres, each time on a new, migrated database.
///
/// The body takes `&TwinDatabase`, and may return a `Result`. For `async fn new_habit_is_found` under
/// `#[twin_test(migration::Migrator)]` the tests are `new_habit_is_found::sqlite` and
/// `new_habit_is_found::postgres`. `#[twin_test(migration::Migrator, everywhere)]` adds `sqlite_memory` and
/// `postgres_en_us`, a database whose default collation is American English.
#[proc_macro_attribute]
pub fn twin_test(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let arguments = parse_macro_input!(arguments as twin_test::Arguments);
    let body = parse_macro_input!(item as ItemFn);
    twin_test::expand(&arguments, body)
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}
