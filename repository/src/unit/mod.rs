//! Repositories and units of work of one engine, for custom SQL and SeaORM queries.
//!
//! `AnyRepository` and `Unit` hold one of either engine. Match on them to get a [`NativeRepository`] or a
//! [`NativeUnit`], which run statements of that engine.

#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) mod any_repository;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) mod any_unit;
mod bulk;
mod calls;
pub(crate) mod idempotency;
pub(crate) mod native_repository;
pub(crate) mod native_unit;
mod pages;
mod savepoint;
mod seaorm;
mod source;

pub use crate::driver::row::{DecodeRow, Decodes, HasRow};
pub use idempotency::OPERATION_KEYS_TYPES;
pub use native_repository::NativeRepository;
pub use native_unit::NativeUnit;
pub use seaorm::SeaOrm;

#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) use any_repository::{AnyCalls, AnyRepository};
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) use any_unit::Unit;
pub(crate) use calls::calls_over;
use source::{SharedSession, Source, UnitSession};
