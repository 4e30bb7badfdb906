//! The macros of `catamaran`.

mod record;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Ties a plain struct to its table and to its entity in both dialects.
///
/// ```ignore
/// #[derive(Clone, Debug, PartialEq, Record)]
/// #[record(
///     table = crate::domain::HABITS,
///     sqlite = crate::sqlite::habit,
///     postgres = crate::postgres::habit
/// )]
/// pub struct Habit {
///     #[record(id)]
///     pub id: Uuid,
///     #[record(owner)]
///     pub user_id: Uuid,
///     pub name: String,
///     #[record(default = 0)]
///     pub sort_order: i32,
///     #[record(created)]
///     pub created_at: DateTime<Utc>,
///     #[record(updated)]
///     pub updated_at: DateTime<Utc>,
///     #[record(version)]
///     pub version: i64,
///     #[record(deleted)]
///     pub deleted_at: Option<DateTime<Utc>>,
/// }
/// ```
///
/// On the struct: `table` is a `Table` of the domain; `sqlite` and `postgres` are the modules of the two
/// entities, each with `Model`, `Entity`, `Column` and `PrimaryKey`.
///
/// On a field, at most one of: `id` (needed, a `Uuid`), `owner` (`Uuid`), `version` (`i64`), `created` and
/// `updated` (`DateTime<Utc>`), `deleted` (`Option<DateTime<Utc>>`), or `default = value` for the draft.
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
