//! Units of work: one transaction that hands out repositories.

#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod any;
mod native;
mod savepoint;
mod seaorm;

#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use any::Unit;
pub use native::NativeUnit;
pub use seaorm::SeaOrm;
