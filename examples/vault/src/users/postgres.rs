use async_trait::async_trait;
use catamaran::{PostgresRepository, Repository, Result};
use uuid::Uuid;

use super::UserRepository;
use crate::User;

/// The index over `lower(email)` finds the row. The collation makes `lower` change ASCII letters only, as on SQLite.
const BY_EMAIL: &str = r#"SELECT id FROM users WHERE lower(email) = lower($1::text COLLATE "C")"#;

#[async_trait]
impl UserRepository for PostgresRepository<User> {
    async fn by_email(&self, email: &str) -> Result<Option<User>> {
        let found: Vec<(Uuid,)> = self
            .query_as(BY_EMAIL, vec![email.to_owned().into()])
            .await?;
        match found.first() {
            Some((id,)) => self.find(*id).await,
            None => Ok(None),
        }
    }
}
