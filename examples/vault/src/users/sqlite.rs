use async_trait::async_trait;
use catamaran::{Repository, Result, SqliteRepository};
use uuid::Uuid;

use super::UserRepository;
use crate::User;

/// The index over `lower(email)` finds the row. On SQLite `lower` changes ASCII letters only.
const BY_EMAIL: &str = "SELECT id FROM users WHERE lower(email) = lower(?1)";

#[async_trait]
impl UserRepository for SqliteRepository<User> {
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
