//! Mutation tests of the doctor. Each word of a migration in turn is removed, replaced or followed by another one.
//! Where the database accepts the result, either the doctor reports a difference or there is none.

use std::borrow::Cow;
use std::fmt;

use catamaran::Engine;
use catamaran::doctor::{Doctor, Place};
use catamaran::domain::Domain;
use catamaran::migrate::History;
use catamaran::testing::{DatabaseOptions, EphemeralDatabase, PostgresServer};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, Statement,
};
use suite::{adversarial, exhibit, keys};

/// One of how many mutations is tried. All take minutes; `CATAMARAN_EVERY_WORD` tries all.
const ONE_OF: usize = 23;

/// A statement with one word mutated.
struct Slip {
    /// The index of the statement in the history.
    statement: usize,
    /// The index of the word.
    word: usize,
    was: String,
    /// Empty if the word is removed.
    now: String,
    sql: String,
}

impl fmt::Display for Slip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (was, now) = (&self.was, &self.now);
        write!(f, "{now:?} instead of {was:?}: .. {} ..", self.around(12))
    }
}

impl Slip {
    /// The words before and after it, with one space between them.
    fn around(&self, distance: usize) -> String {
        let words = words(&self.sql);
        let end = words.len().min(self.word + words_of(&self.now) + distance);
        let near = words[self.word.saturating_sub(distance)..end].concat();
        near.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

fn words_of(text: &str) -> usize {
    words(text).len()
}

/// Words, quoted texts, signs, and the space between them.
fn words(sql: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let until = |is: fn(char) -> bool| rest.find(|c| !is(c)).unwrap_or(rest.len());
        let length = match first {
            '\'' | '"' => rest[1..].find(first).map_or(rest.len(), |end| end + 2),
            c if is_letter(c) => until(is_letter),
            c if c.is_whitespace() => until(char::is_whitespace),
            c => c.len_utf8(),
        };
        let (word, after) = rest.split_at(length);
        words.push(word);
        rest = after;
    }
    words
}

fn is_letter(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The replacements of a word: nothing, or another word of its kind.
fn instead(word: &str) -> Vec<String> {
    const TWINS: [(&str, &str); 15] = [
        ("CASCADE", "RESTRICT"),
        ("RESTRICT", "CASCADE"),
        ("AND", "OR"),
        ("OR", "AND"),
        ("<", "<="),
        (">", ">="),
        ("TEXT", "BLOB"),
        ("INTEGER", "REAL"),
        ("bigint", "integer"),
        ("integer", "bigint"),
        ("text", "varchar"),
        ("\"C\"", "\"POSIX\""),
        ("SELECT", "TRUNCATE"),
        ("DELETE", "TRUNCATE"),
        ("ALL", "SELECT"),
    ];
    let mut others = vec![String::new()];
    if let Ok(number) = word.parse::<i64>() {
        others.push((number + 1).to_string());
    } else if word.starts_with('\'') {
        others.push("'zz'".to_owned());
    }
    let twins = TWINS.iter().filter(|(one, _)| *one == word);
    others.extend(twins.map(|(_, other)| (*other).to_owned()));
    others
}

/// The words to insert after a word.
const fn behind(engine: Engine) -> &'static [&'static str] {
    match engine {
        Engine::Sqlite => &[
            "DESC",
            "COLLATE NOCASE",
            "ON CONFLICT REPLACE",
            "DEFERRABLE INITIALLY DEFERRED",
            "UNIQUE",
            "NOT",
            "DEFAULT 1",
            "OR 2 > 1",
            "AND 2 < 1",
            "WITHOUT ROWID",
            "AUTOINCREMENT",
            "GENERATED ALWAYS AS (1)",
            "TEMP",
            "ON UPDATE CASCADE",
            "CHECK (1)",
            "REFERENCES habits (id)",
            "PRIMARY KEY",
            "+ 1",
            "IS NULL",
            "|| 'x'",
        ],
        Engine::Postgres => &[
            "DESC",
            "NULLS FIRST",
            "COLLATE \"POSIX\"",
            "DEFERRABLE",
            "DEFERRABLE INITIALLY DEFERRED",
            "NOT VALID",
            "NO INHERIT",
            "NULLS NOT DISTINCT",
            "UNLOGGED",
            "MATCH FULL",
            "ON UPDATE CASCADE",
            "UNIQUE",
            "NOT",
            "NULL",
            "DEFAULT 1",
            "DEFAULT 'x'",
            "AS RESTRICTIVE",
            "FOR SELECT",
            "TO PUBLIC",
            ", PUBLIC",
            "WITH GRANT OPTION",
            "INCLUDE (id)",
            "USING hash",
            "text_pattern_ops",
            "[]",
            "(7)",
            "(id)",
            "GENERATED ALWAYS AS IDENTITY",
            "GENERATED ALWAYS AS ('x') STORED",
            "TEMPORARY",
            "REFERENCES habits",
            "PRIMARY KEY",
            "CHECK (true)",
            "OR 2 > 1",
            "AND 2 < 1",
            "+ 1",
            "IS NULL",
            "|| 'x'",
        ],
    }
}

fn slips(engine: Engine, statements: &[String]) -> Vec<Slip> {
    let mut slips = Vec::new();
    for (statement, sql) in statements.iter().enumerate() {
        // A block of code describes no schema.
        if sql.starts_with("DO ") {
            continue;
        }
        let words = words(sql);
        for (word, was) in words.iter().enumerate() {
            if was.trim().is_empty() {
                continue;
            }
            let behind = behind(engine).iter().map(|more| format!("{was} {more} "));
            for now in instead(was).into_iter().chain(behind) {
                let mut changed = words.clone();
                changed[word] = &now;
                slips.push(Slip {
                    statement,
                    word,
                    was: (*was).to_owned(),
                    sql: changed.concat(),
                    now: now.clone(),
                });
            }
        }
    }
    slips
}

/// Mutations that SQLite accepts and that change nothing: the new text, its context, and the reason.
const NOTHING: &[(&str, &str, &str)] = &[
    (
        "",
        " NULL",
        "a primary key of a STRICT table takes no NULL anyway",
    ),
    (
        "",
        " null",
        "a primary key of a STRICT table takes no NULL anyway",
    ),
    ("", "due not null", "is the same without IS"),
    ("", "(status )", "ASC is the default of an index"),
    (
        "UNIQUE",
        "id TEXT UNIQUE",
        "the primary key is unique already",
    ),
    ("UNIQUE", "email TEXT", "it is unique already"),
    ("UNIQUE", "binary UNIQUE", "it is unique already"),
    ("DEFAULT 1", "", "of two defaults the last one holds"),
    (
        "COLLATE NOCASE",
        "collate binary",
        "of two collations the last one holds",
    ),
    (
        "ON CONFLICT REPLACE",
        ") ON CONFLICT",
        "SQLite does not heed it behind a check",
    ),
    (
        "DEFERRABLE INITIALLY DEFERRED",
        "",
        "SQLite heeds it behind a foreign key alone",
    ),
];

/// A history, and the domain that it builds.
struct Trial {
    engine: Engine,
    domain: &'static Domain,
    statements: Vec<String>,
}

impl Trial {
    fn of<H: History>(engine: Engine, domain: &'static Domain) -> Self {
        let migrations = H::migrations();
        let scripts = migrations.iter().map(|migration| match engine {
            Engine::Sqlite => migration.sqlite_up(),
            Engine::Postgres => migration.postgres_up(),
        });
        let statements = scripts.flat_map(|script| {
            let statements = script.statements(engine).map(Cow::into_owned);
            statements.collect::<Vec<_>>()
        });
        Trial {
            engine,
            domain,
            statements: statements.collect(),
        }
    }

    /// Fails for a mutation that the database accepts, that changes something, and that is not reported.
    ///
    /// The statements before it have run already. The mutation is rolled back.
    async fn check(&self) {
        let every = std::env::var_os("CATAMARAN_EVERY_WORD").is_some();
        let slips = slips(self.engine, &self.statements);
        let tried: Vec<&Slip> = slips
            .iter()
            .step_by(if every { 1 } else { ONE_OF })
            .collect();
        let (_database, db) = self.connect().await;
        let (mut taken, mut quiet) = (0, Vec::new());
        for (place, statement) in self.statements.iter().enumerate() {
            for slip in tried.iter().filter(|slip| slip.statement == place) {
                run(&db, "BEGIN").await.expect("a transaction");
                if self.takes(&db, slip).await {
                    taken += 1;
                    // The doctor begins a transaction of its own, which would end this one.
                    let printed = self.printed(&db).await;
                    if !self.is_told(&db).await {
                        quiet.push((slip, printed));
                    }
                }
                run(&db, "ROLLBACK").await.expect("a transaction");
            }
            run(&db, statement).await.expect("a statement");
        }
        let right = self.printed(&db).await;
        let changes = |(slip, printed): &(&&Slip, String)| match self.engine {
            Engine::Sqlite => !self.means_nothing_on_sqlite(slip),
            Engine::Postgres => *printed != right && !means_nothing_on_postgres(slip),
        };
        let untold: Vec<String> = quiet
            .iter()
            .filter(|one| changes(one))
            .map(|(slip, _)| slip.to_string())
            .collect();
        println!(
            "{} slips on {}: {taken} were taken, {} of which changed nothing",
            tried.len(),
            self.engine,
            quiet.len() - untold.len()
        );
        assert!(taken > 0, "no slip was taken");
        assert!(
            untold.is_empty(),
            "{} untold:\n{}",
            untold.len(),
            untold.join("\n")
        );
    }

    async fn connect(&self) -> (Option<EphemeralDatabase>, DatabaseConnection) {
        let database = match self.engine {
            Engine::Sqlite => None,
            Engine::Postgres => {
                let server = PostgresServer::shared().await.expect("a server");
                let database = DatabaseOptions::new().empty_postgres_on(server).await;
                Some(database.expect("a database"))
            }
        };
        let url = database
            .as_ref()
            .map_or("sqlite::memory:", |database| database.url());
        let mut options = ConnectOptions::new(url);
        options.max_connections(1).sqlx_logging(false);
        let db = Database::connect(options).await.expect("a connection");
        (database, db)
    }

    async fn takes(&self, db: &DatabaseConnection, slip: &Slip) -> bool {
        let after = self.statements[slip.statement + 1..].iter();
        for sql in [&slip.sql].into_iter().chain(after) {
            if run(db, sql).await.is_err() {
                return false;
            }
        }
        true
    }

    async fn is_told(&self, db: &DatabaseConnection) -> bool {
        let place = Place::Database(self.engine);
        let report = Doctor::new(self.domain).check_connection(db).await;
        !report.skipped.is_empty() || report.findings.iter().any(|finding| finding.place == place)
    }

    /// The schema as Postgres prints it; SQLite keeps the original text.
    async fn printed(&self, db: &DatabaseConnection) -> String {
        if self.engine == Engine::Sqlite {
            return String::new();
        }
        let row = db
            .query_one_raw(Statement::from_string(DbBackend::Postgres, PRINTED))
            .await;
        let row = row.expect("what is printed").expect("a row");
        row.try_get_by_index(0).expect("a text")
    }

    fn means_nothing_on_sqlite(&self, slip: &Slip) -> bool {
        // A later migration drops what the statement creates.
        let words: Vec<&str> = self.statements[slip.statement].split_whitespace().collect();
        let created = words
            .iter()
            .position(|word| matches!(*word, "INDEX" | "TABLE"));
        let created = created.and_then(|place| words.get(place + 1));
        let is_dropped =
            |sql: &String| created.is_some_and(|name| *sql == format!("DROP INDEX {name}"));
        let later = &self.statements[slip.statement + 1..];
        let near = slip.around(3);
        let is_known = |(now, context, _): &&(&str, &str, &str)| {
            slip.now.trim_end().ends_with(now) && near.contains(context)
        };
        later.iter().any(is_dropped) || NOTHING.iter().any(|known| is_known(&known))
    }
}

/// A word after a subquery's value is an alias, a true condition stays true with another one after OR, and a foreign key
/// of one column is NULL or complete.
fn means_nothing_on_postgres(slip: &Slip) -> bool {
    let is_of_one_column = || {
        let before = words(&slip.sql)[..slip.word].concat();
        let key = before.rsplit("FOREIGN KEY").next().unwrap_or_default();
        let columns = key.split("REFERENCES").next().unwrap_or_default();
        !columns.contains(',')
    };
    if slip.now.trim_end().ends_with("MATCH FULL") && is_of_one_column() {
        return true;
    }
    let is_name = slip.was == "uuid";
    let is_true = slip.was == "true" && slip.now.trim_end().ends_with("OR 2 > 1");
    slip.sql.starts_with("CREATE POLICY") && (is_name || is_true)
}

const PRINTED: &str = "
    SELECT string_agg(line, E'\\n' ORDER BY line) FROM (
        SELECT format('%s %s %s %s %s', relname, relkind, relpersistence, relrowsecurity, relforcerowsecurity) || relacl::text
            FROM pg_class WHERE relnamespace = 'public'::regnamespace
        UNION ALL
        SELECT format('%s %s %s %s %s %s %s %s %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attcollation,
                a.attidentity, a.attgenerated, pg_get_expr(d.adbin, d.adrelid), a.attacl)
            FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
            LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
        UNION ALL
        SELECT format('%s %s', conrelid::regclass, pg_get_constraintdef(oid)) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
        UNION ALL
        SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL
        SELECT format('%s %s', tablename, to_jsonb(p)) FROM pg_policies p WHERE schemaname = 'public') printed (line)";

async fn run(db: &DatabaseConnection, sql: &str) -> Result<(), DbErr> {
    db.execute_unprepared(sql).await.map(drop)
}

#[tokio::test]
async fn every_changed_word_of_the_sqlite_migrations_is_noticed() {
    let trial = Trial::of::<migration::History>(Engine::Sqlite, &entity::DOMAIN);
    trial.check().await;
}

#[tokio::test]
async fn every_changed_word_of_adversarial_sqlite_migrations_is_noticed() {
    let trial = Trial::of::<adversarial::History>(Engine::Sqlite, &adversarial::DOMAIN);
    trial.check().await;
}

#[tokio::test]
async fn every_changed_word_of_the_postgres_migrations_is_noticed() {
    let trial = Trial::of::<migration::History>(Engine::Postgres, &entity::DOMAIN);
    trial.check().await;
}

#[tokio::test]
async fn every_changed_word_of_adversarial_postgres_migrations_is_noticed() {
    let trial = Trial::of::<adversarial::History>(Engine::Postgres, &adversarial::DOMAIN);
    trial.check().await;
}

#[tokio::test]
async fn every_changed_word_of_sqlite_migrations_with_keys_of_each_kind_is_noticed() {
    let trial = Trial::of::<keys::GivenKeys>(Engine::Sqlite, &keys::GIVEN);
    trial.check().await;
}

#[tokio::test]
async fn every_changed_word_of_postgres_migrations_with_keys_of_each_kind_is_noticed() {
    let trial = Trial::of::<keys::GivenKeys>(Engine::Postgres, &keys::GIVEN);
    trial.check().await;
}

#[tokio::test]
async fn every_changed_word_of_sqlite_migrations_with_types_of_each_kind_is_noticed() {
    let trial = Trial::of::<exhibit::History>(Engine::Sqlite, &exhibit::DOMAIN);
    trial.check().await;
}

#[tokio::test]
async fn every_changed_word_of_postgres_migrations_with_types_of_each_kind_is_noticed() {
    let trial = Trial::of::<exhibit::History>(Engine::Postgres, &exhibit::DOMAIN);
    trial.check().await;
}
