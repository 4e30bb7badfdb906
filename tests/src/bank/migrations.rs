use catamaran::migrate::{Script, TwinMigration};

/// The reference domain's history, which makes the application's role, and then the bank's.
#[derive(Clone, Copy, Debug)]
pub struct History;

/// The history as a SeaORM migrator.
pub type Migrator = catamaran::migrate::Migrator<History>;

impl catamaran::migrate::History for History {
    fn migrations() -> Vec<Box<dyn TwinMigration>> {
        let mut migrations = migration::History::migrations();
        migrations.push(Box::new(CreateBank));
        migrations
    }
}

struct CreateBank;

const OWNER: &str = "(user_id = (SELECT nullif(nullif(current_setting('request.jwt.claims', true), '')\
     ::jsonb ->> 'sub', '')::uuid))";

impl TwinMigration for CreateBank {
    fn name(&self) -> &'static str {
        "m20991231_000001_create_bank"
    }

    fn sqlite_up(&self) -> Script {
        Script::new()
            .sql(
                "CREATE TABLE accounts (
                    id TEXT NOT NULL,
                    user_id TEXT NOT NULL,
                    balance INTEGER NOT NULL,
                    updated_at TEXT NOT NULL,
                    version INTEGER NOT NULL,
                    CONSTRAINT pk_accounts PRIMARY KEY (id),
                    CONSTRAINT uq_accounts__user_id_id UNIQUE (user_id, id),
                    CONSTRAINT ck_accounts__balance CHECK (balance >= 0)
                ) STRICT",
            )
            .sql(
                "CREATE TABLE transfers (
                    id TEXT NOT NULL,
                    user_id TEXT NOT NULL,
                    source TEXT NOT NULL,
                    target TEXT NOT NULL,
                    amount INTEGER NOT NULL,
                    CONSTRAINT pk_transfers PRIMARY KEY (id),
                    CONSTRAINT fk_transfers__user_id_source FOREIGN KEY (user_id, source)
                        REFERENCES accounts (user_id, id),
                    CONSTRAINT fk_transfers__user_id_target FOREIGN KEY (user_id, target)
                        REFERENCES accounts (user_id, id),
                    CONSTRAINT ck_transfers__amount CHECK (amount > 0)
                ) STRICT",
            )
    }

    fn sqlite_down(&self) -> Script {
        down()
    }

    fn postgres_up(&self) -> Script {
        let mut script = Script::new()
            .sql(
                "CREATE TABLE accounts (
                    id uuid NOT NULL,
                    user_id uuid NOT NULL,
                    balance bigint NOT NULL,
                    updated_at timestamptz NOT NULL,
                    version bigint NOT NULL,
                    CONSTRAINT pk_accounts PRIMARY KEY (id),
                    CONSTRAINT uq_accounts__user_id_id UNIQUE (user_id, id),
                    CONSTRAINT ck_accounts__balance CHECK (balance >= 0)
                )",
            )
            .sql(
                "CREATE TABLE transfers (
                    id uuid NOT NULL,
                    user_id uuid NOT NULL,
                    source uuid NOT NULL,
                    target uuid NOT NULL,
                    amount bigint NOT NULL,
                    CONSTRAINT pk_transfers PRIMARY KEY (id),
                    CONSTRAINT fk_transfers__user_id_source FOREIGN KEY (user_id, source)
                        REFERENCES accounts (user_id, id),
                    CONSTRAINT fk_transfers__user_id_target FOREIGN KEY (user_id, target)
                        REFERENCES accounts (user_id, id),
                    CONSTRAINT ck_transfers__amount CHECK (amount > 0)
                )",
            );
        for table in ["accounts", "transfers"] {
            for sql in [
                format!("ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"),
                format!("ALTER TABLE {table} FORCE ROW LEVEL SECURITY"),
                format!(
                    "CREATE POLICY owner_{table} ON {table} FOR ALL USING {OWNER} WITH CHECK {OWNER}"
                ),
                format!("GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO catamaran_app"),
            ] {
                script = script.sql(sql);
            }
        }
        script
    }

    fn postgres_down(&self) -> Script {
        down()
    }
}

fn down() -> Script {
    Script::new()
        .sql("DROP TABLE transfers")
        .sql("DROP TABLE accounts")
}
