//! Postgres roles, each for one test.

use std::thread;

use catamaran::testing::TwinDatabase;
use catamaran::{IdSource, StoreOptions, UuidV7};
use sea_orm::ConnectionTrait;

use crate::observer::connect;

/// The password of every role here. The server is a test's own.
const PASSWORD: &str = "secret";

/// A role of one test; dropping it drops the role and what it owns.
///
/// Roles belong to the whole server, so its name is used once.
pub struct Role {
    name: String,
    superuser: String,
}

impl Role {
    /// Runs the statements as the superuser; `{role}` in them is the role's name, and the first one makes
    /// the role.
    pub async fn make(db: &TwinDatabase, statements: &[&str]) -> Self {
        let role = Role {
            name: format!("suite_{}", UuidV7.next_id().simple()),
            superuser: db.url().to_owned(),
        };
        let connection = connect(db.url()).await.expect("the superuser");
        for statement in statements {
            let sql = statement.replace("{role}", &role.name);
            let done = connection.execute_unprepared(&sql).await;
            done.unwrap_or_else(|error| panic!("{sql}: {error}"));
        }
        role
    }

    /// A role that logs in and is a member of the application's role.
    pub async fn member(db: &TwinDatabase) -> Self {
        Role::make(
            db,
            &["CREATE ROLE {role} LOGIN PASSWORD 'secret' IN ROLE catamaran_app"],
        )
        .await
    }

    /// A role that logs in and was granted what the application's role was granted.
    pub async fn granted(db: &TwinDatabase) -> Self {
        Role::make(
            db,
            &[
                "CREATE ROLE {role} LOGIN PASSWORD 'secret'",
                "GRANT USAGE ON SCHEMA public TO {role}",
                "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
            ],
        )
        .await
    }

    /// The role's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The URL by which it logs in.
    pub fn url(&self) -> String {
        let mut url = url::Url::parse(&self.superuser).expect("the database's URL");
        url.set_username(&self.name).expect("a user's name");
        url.set_password(Some(PASSWORD)).expect("a password");
        url.into()
    }

    /// The options of a store that logs in as the role.
    pub fn options(&self) -> StoreOptions {
        StoreOptions::new(self.url())
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        let url = self.superuser.clone();
        let sql = format!("DROP OWNED BY {0}; DROP ROLE {0}", self.name);
        // Drop cannot await.
        let dropped = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async {
                let connection = connect(&url).await?;
                connection.execute_unprepared(&sql).await
            })
        })
        .join();
        if !thread::panicking() {
            let dropped = dropped.expect("the thread ends");
            dropped.unwrap_or_else(|error| panic!("the role {} stays: {error}", self.name));
        }
    }
}
