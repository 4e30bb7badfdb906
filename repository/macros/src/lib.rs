//! The macros of `catamaran`.

mod record;
mod twin_test;

use proc_macro::TokenStream;
use syn::{DeriveInput, ItemFn, parse_macro_input};

/// Ties a plain struct to its table and to its entity in both dialects; the tour of the library has an
/// example.
///
/// On the struct: `table` is a `Table` of the domain; `sqlite` and `postgres` are the modules of the two
/// entities, each with `Model`, `Entity`, `Column` and `PrimaryKey`.
///
/// On a field, at most one of: `id` (needed, a `Uuid`; the whole primary key of the table and of both entities), `owner` (`Uuid`), `version` (`i64`), `created` and
/// `updated` (`DateTime<Utc>`), `deleted` (`Option<DateTime<Utc>>`), or `default = value` for the draft. On a text
/// also `max_chars = number`: a longer one, counted in code points, is refused before a database sees it.
///
/// It writes: the column handles (`Habit::NAME`), `HabitDraft`, `HabitPatch`, and the mapping to and from
/// both models, which is exhaustive in both directions.
#[proc_macro_derive(Record, attributes(record))]
pub fn derive_record(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    record::expand(&input)
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

/// Runs one async test body on a SQLite file and on Postgres, each time on a database of its own that the
/// migrator has migrated.
///
/// The body takes `&TwinDatabase`, and may return a `Result`. For `async fn a_new_habit_is_found` under
/// `#[twin_test(migration::Migrator)]` the tests are called
/// `a_new_habit_is_found::sqlite` and `a_new_habit_is_found::postgres`. With
/// `#[twin_test(migration::Migrator, everywhere)]` there are `sqlite_memory` and `postgres_en_us` (a database
/// whose default collation is American English) as well.
#[proc_macro_attribute]
pub fn twin_test(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let arguments = parse_macro_input!(arguments as twin_test::Arguments);
    let body = parse_macro_input!(item as ItemFn);
    twin_test::expand(&arguments, body)
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}
