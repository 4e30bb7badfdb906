//! The question of users that needs custom SQL.

mod postgres;
mod sqlite;

use std::sync::Arc;

use async_trait::async_trait;
use catamaran::{AnyRepository, Repository, Result, Scope, Store};

use crate::User;

/// The repository of users: that of any record, and the query that only users have.
#[async_trait]
pub trait UserRepository: Repository<User> {
    /// Returns the user with this address, in any case of ASCII letters, or `None`.
    ///
    /// # Errors
    /// The errors of every repository call.
    async fn by_email(&self, email: &str) -> Result<Option<User>>;
}

/// The repository of users of a store in one scope.
pub fn users(store: &Store, scope: &Scope) -> Arc<dyn UserRepository> {
    match store.native(scope) {
        AnyRepository::Sqlite(repository) => Arc::new(repository),
        AnyRepository::Postgres(repository) => Arc::new(repository),
    }
}
