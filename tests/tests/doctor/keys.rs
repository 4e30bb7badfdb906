//! Changed primary keys, over tables with each kind of key.

use catamaran::Engine;
use catamaran::doctor::Code::{self, ColumnMissing, ColumnType, ForeignKeyMissing, PrimaryKey};
use catamaran::doctor::{Doctor, Place, Report};
use suite::keys::{GIVEN, GivenKeys};

use crate::apply_fixes::{Repair, fixed, found};
use crate::databases::Migrated;

/// A changed key on one engine, and the findings that it must give.
struct Changed {
    engine: Engine,
    /// On SQLite parts of the CREATE TABLE and their replacements; on Postgres statements.
    table: &'static str,
    how: &'static [(&'static str, &'static str)],
    findings: &'static [(Code, &'static str)],
}

const fn sqlite(
    table: &'static str,
    how: &'static [(&'static str, &'static str)],
    findings: &'static [(Code, &'static str)],
) -> Changed {
    Changed {
        engine: Engine::Sqlite,
        table,
        how,
        findings,
    }
}

const fn postgres(
    table: &'static str,
    how: &'static [(&'static str, &'static str)],
    findings: &'static [(Code, &'static str)],
) -> Changed {
    Changed {
        engine: Engine::Postgres,
        table,
        how,
        findings,
    }
}

const CHANGES: &[Changed] = &[
    // The columns of a key in another order.
    sqlite(
        "seats",
        &[(
            "PRIMARY KEY (`row`, `place`)",
            "PRIMARY KEY (`place`, `row`)",
        )],
        &[(PrimaryKey, "seats: pk_seats")],
    ),
    postgres(
        "seats",
        &[
            ("ALTER TABLE seats DROP CONSTRAINT pk_seats CASCADE", ""),
            (
                "ALTER TABLE seats ADD CONSTRAINT pk_seats PRIMARY KEY (place, \"row\")",
                "",
            ),
            (
                "ALTER TABLE seats ADD CONSTRAINT fk_seats__parent FOREIGN KEY (parent_row, parent_place) \
                 REFERENCES seats (\"row\", place)",
                "",
            ),
        ],
        &[(PrimaryKey, "seats: pk_seats")],
    ),
    // The owner is no longer the first column.
    sqlite(
        "folders",
        &[(
            "PRIMARY KEY (`user_id`, `id`)",
            "PRIMARY KEY (`id`, `user_id`)",
        )],
        &[(PrimaryKey, "folders: pk_folders")],
    ),
    postgres(
        "folders",
        &[
            ("ALTER TABLE folders DROP CONSTRAINT pk_folders CASCADE", ""),
            (
                "ALTER TABLE folders ADD CONSTRAINT pk_folders PRIMARY KEY (id)",
                "",
            ),
        ],
        &[
            (PrimaryKey, "folders: pk_folders"),
            (ForeignKeyMissing, "folders: fk_folders__parent"),
        ],
    ),
    // The type of a column of the key.
    sqlite(
        "octets",
        &[("`e` INTEGER", "`e` TEXT")],
        &[(ColumnType, "octets.e")],
    ),
    postgres(
        "ranks",
        &[("ALTER TABLE ranks ALTER COLUMN id TYPE bigint", "")],
        &[(ColumnType, "ranks.id")],
    ),
    sqlite(
        "days",
        &[("`day` TEXT", "`day` BLOB")],
        &[(ColumnType, "days.day")],
    ),
    postgres(
        "moments",
        &[("ALTER TABLE moments ALTER COLUMN at TYPE timestamp", "")],
        &[(ColumnType, "moments.at")],
    ),
    // A column of the key is gone.
    sqlite(
        "seats",
        &[
            (
                ", CONSTRAINT fk_seats__parent FOREIGN KEY (parent_row, parent_place) \
                 REFERENCES seats (`row`, `place`)",
                "",
            ),
            ("PRIMARY KEY (`row`, `place`)", "PRIMARY KEY (`row`)"),
            (
                ", CONSTRAINT ck_seats__place CHECK (`place` BETWEEN -2147483648 AND 2147483647)",
                "",
            ),
            ("`place` INTEGER NOT NULL, ", ""),
        ],
        &[
            (ColumnMissing, "seats.place"),
            (PrimaryKey, "seats: pk_seats"),
            (ForeignKeyMissing, "seats: fk_seats__parent"),
        ],
    ),
    postgres(
        "octets",
        &[("ALTER TABLE octets DROP COLUMN h CASCADE", "")],
        &[
            (ColumnMissing, "octets.h"),
            (PrimaryKey, "octets: pk_octets"),
            (ForeignKeyMissing, "octets: fk_octets__parent"),
        ],
    ),
];

impl Changed {
    async fn make(&self, database: &Migrated) -> Result<(), String> {
        for (from, to) in self.how {
            match self.engine {
                Engine::Sqlite => database.rewrite(self.table, from, to).await?,
                Engine::Postgres => database.run(from).await?,
            }
        }
        Ok(())
    }

    /// The change is found, and the fixes of the report undo it.
    async fn check(&self) -> Result<(), String> {
        let database = Migrated::by::<GivenKeys>(self.engine).await;
        self.make(&database).await?;
        let look = async || -> Report {
            let doctor = Doctor::new(&GIVEN).database(database.database.url());
            doctor.check().await
        };
        let report = look().await;
        for (code, subject) in self.findings {
            found(&report, Place::Database(self.engine), *code, subject)?;
        }
        let apply = async |statements: &[String]| {
            for statement in statements {
                database.run(statement).await?;
            }
            Ok(())
        };
        let repair = fixed(report, apply, look).await?;
        // Which values a missing column of a key gets is for the user to say.
        let is_missing = self.findings.iter().any(|(code, _)| *code == ColumnMissing);
        match (repair, is_missing) {
            (Repair::Sql, false) | (Repair::Words, true) => Ok(()),
            (repair, _) => Err(format!("the fix is by {repair:?}")),
        }
    }
}

#[tokio::test]
async fn changed_keys_of_each_kind_are_found_on_both_engines() {
    let mut failures = Vec::new();
    for change in CHANGES {
        if let Err(failure) = change.check().await {
            failures.push(format!("{} {}: {failure}", change.engine, change.table));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}
