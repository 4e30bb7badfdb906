//! The store: its options, its connections, and the units of work that it runs.

mod backend;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod database;
pub(crate) mod history_table;
mod options;
mod start_up;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod units;

#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use database::Store;
pub use options::StoreOptions;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use units::{OnceOutcome, Writing};

#[cfg(feature = "fingerprint")]
pub(crate) use backend::Backend;
#[cfg(feature = "migrate")]
pub(crate) use options::Migrate;
