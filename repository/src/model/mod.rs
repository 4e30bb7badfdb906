//! Values, records, queries, the domain, the repository trait and its errors. Depends on no SQL and no driver.

pub mod capabilities;
pub mod clock;
pub mod convention;
pub mod derive;
pub mod domain;
pub mod engine;
pub mod error;
pub mod key;
pub mod query;
pub mod record;
pub mod record_id;
pub mod repository;
pub mod retry;
pub mod scope;
pub mod value;
