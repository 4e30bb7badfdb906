//! Repositories and units of work of one engine, for custom SQL and SeaORM queries.
//!
//! `AnyRepository` and `Unit` hold one of either engine. Match on them to get a [`NativeRepository`] or a
//! [`NativeUnit`], which run statements of that engine.

#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) mod any;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) mod any_repository;
pub(crate) mod idempotency;
pub(crate) mod native;
pub(crate) mod repository;
mod savepoint;
mod seaorm;

pub use crate::driver::row::{DecodeRow, Decodes, HasRow};
pub use idempotency::OPERATION_KEYS_TYPES;
pub use native::NativeUnit;
pub use repository::NativeRepository;
pub use seaorm::SeaOrm;

#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) use any::Unit;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) use any_repository::AnyRepository;
pub(crate) use repository::Source;
use repository::{SharedSession, UnitSession};
