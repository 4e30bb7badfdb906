//! The records of the application, and the entities of both engines.

pub mod domain;
pub mod postgres;
pub mod sqlite;

mod note;

pub use domain::DOMAIN;
pub use note::{Note, NoteDraft, NotePatch};
