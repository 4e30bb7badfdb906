//! Version 1 of data migrations.
//!
//! A data migration has two files in the module of the migration, `up.rs` and `down.rs`. Each has one function, the
//! step, which works on one batch:
//!
//! ```
//! // up.rs: splits the name of each person.
//! use catamaran::migrate::data::v1::{Batch, Error, Next};
//!
//! pub async fn step(batch: &mut Batch<'_>) -> Result<Next, Error> {
//!     let after = batch.cursor::<i64>()?.unwrap_or(0);
//!     let rows = batch
//!         .select(
//!             "SELECT id, name FROM person WHERE id > $1 ORDER BY id LIMIT 1000",
//!             [after.into()],
//!         )
//!         .await?;
//!     let Some(last) = rows.last() else {
//!         return Ok(Next::Done);
//!     };
//!     let next = Next::after(last.get::<i64>("id")?);
//!     for row in &rows {
//!         let (id, name) = (row.get::<i64>("id")?, row.get::<String>("name")?);
//!         let Some((given, family)) = name.split_once(' ') else {
//!             return Err(Error::new(format!("person {id} has no family name")));
//!         };
//!         batch
//!             .execute(
//!                 "UPDATE person SET given = $2, family = $3 WHERE id = $1",
//!                 [id.into(), given.into(), family.into()],
//!             )
//!             .await?;
//!     }
//!     Ok(next)
//! }
//! # fn main() {}
//! ```
//!
//! The library calls the step with the cursor of the batch before, until it returns [`Next::Done`]. The cursor is
//! a value that says where the next batch begins, such as the last key. What a batch writes and its cursor are committed in
//! one transaction. So a migration that was interrupted goes on behind the last committed batch, and does nothing twice.
//!
//! The module of the migration declares it in one line:
//!
//! ```text
//! //! Why the rows change.
//!
//! mod down;
//! mod up;
//!
//! catamaran::migrate::data::v1::data_migration!();
//! ```
//!
//! `migration generate NAME --data` writes all three files.
//!
//! # Rules
//!
//! - The checksum of the migration is that of the text of `up.rs`. So everything that the step does is in that file, and
//!   it uses no entity, no record and no constant that may change.
//! - A step only reads and writes rows. Tables and columns are created and dropped by migrations of SQL before and after
//!   it. A statement that controls the transaction or changes a setting is refused.
//! - A step must get along with an empty table: that is what the doctor's scratch databases have.
//! - Rows that the application writes while the migration runs are seen only behind the cursor. So first deploy a version
//!   that writes both forms.
//! - Each batch is locked until it ends, on SQLite the whole database: choose a size that takes well under a second.
//! - Parameters are `$1`, `$2` on both engines, and an expression has the same type on both: `CAST(sum(x) AS bigint)`.
//!
//! On SQLite foreign keys are enforced, as on Postgres, unlike in migrations of SQL. On Postgres `row_security` is off,
//! as in these.
//!
//! # Failures
//!
//! If the step returns an error or panics, its batch is rolled back, and the batches before it stay
//! ([`MigrateError::Unfinished`](crate::migrate::MigrateError::Unfinished)). `up` goes on with that batch. A migration that has
//! begun refuses another text of its file, as the batches before were those of the old one; the error has the statement that
//! accepts the new text.

pub use crate::migrate::steps::v1::{
    Batch, Column, DateTime, Error, JsonValue, NaiveDate, NaiveTime, Next, Numeric, Row, Step, Utc,
    Uuid, Value,
};

#[doc(inline)]
pub use crate::__data_migration_v1 as data_migration;
