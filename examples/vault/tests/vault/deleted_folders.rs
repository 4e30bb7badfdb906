//! The foreign key that takes the items out of a deleted folder, and what the doctor says if a database lacks it.

use catamaran::doctor::{Code, Doctor, Report};
use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{Engine, Result};
use sea_orm::{ConnectOptions, ConnectionTrait, Database};
use vault::{DOMAIN, Folder, FolderDraft, Item, Kind, questions};

use crate::people::{ann, item, owned};

const TRIGGER: &str = "folders: fk_items__owner_id_folder_id__set_null";
const FOREIGN_KEY: &str = "items: fk_items__owner_id_folder_id";

/// Runs the statements on one connection of their own, since a fix is a transaction.
async fn run(db: &TwinDatabase, statements: &[impl AsRef<str>]) {
    let mut options = ConnectOptions::new(db.url());
    options.max_connections(1);
    let connection = Database::connect(options).await.expect("a connection");
    for sql in statements {
        let sql = sql.as_ref();
        let done = connection.execute_unprepared(sql).await;
        done.unwrap_or_else(|error| panic!("{error}: {sql}"));
    }
    connection.close().await.expect("an end");
}

async fn look(db: &TwinDatabase) -> Report {
    Doctor::new(&DOMAIN).database(db.url()).check().await
}

/// What the findings are about, in the order of their codes.
fn told(report: &Report) -> Vec<(Code, String)> {
    let findings = report.findings.iter();
    let told = findings.map(|finding| (finding.code, finding.subject()));
    let mut told: Vec<(Code, String)> = told.collect();
    told.sort_by_key(|(code, subject)| (code.id(), subject.clone()));
    told
}

/// The foreign key does its work.
async fn assert_that_items_stay(db: &TwinDatabase) -> Result<()> {
    let (ann, _) = ann(db).await?;
    let folder = owned::<Folder>(db, ann.id);
    let folder = folder.insert(FolderDraft::new("work")).await?;
    let items = owned::<Item>(db, ann.id);
    let before = items
        .insert(item(Kind::Note, "diary").folder_id(folder.id))
        .await?;
    questions::delete_folder(db.store(), ann.id, folder.id).await?;
    let after = Item {
        folder_id: None,
        ..before
    };
    assert_eq!(items.get(after.id).await?, after);
    Ok(())
}

/// The changes, each with what the doctor reports.
fn changes(engine: Engine) -> Vec<(&'static str, Vec<(Code, &'static str)>)> {
    const DROP: &str = "DROP TRIGGER fk_items__owner_id_folder_id__set_null";
    match engine {
        Engine::Sqlite => vec![
            (DROP, vec![(Code::SetNullTrigger, TRIGGER)]),
            (
                // Another body under the same name.
                "DROP TRIGGER fk_items__owner_id_folder_id__set_null; \
                 CREATE TRIGGER fk_items__owner_id_folder_id__set_null AFTER DELETE ON folders \
                 BEGIN UPDATE items SET folder_id = NULL WHERE owner_id = OLD.owner_id; END",
                vec![(Code::SetNullTrigger, TRIGGER)],
            ),
            (
                // The same body under another name.
                "DROP TRIGGER fk_items__owner_id_folder_id__set_null; \
                 CREATE TRIGGER empty AFTER DELETE ON folders BEGIN UPDATE items SET folder_id = NULL \
                 WHERE owner_id = OLD.owner_id AND folder_id = OLD.id; END",
                vec![
                    (Code::Trigger, "folders: empty"),
                    (Code::SetNullTrigger, TRIGGER),
                ],
            ),
            (
                // The table of the trigger and the one that it changes are rebuilt.
                "ALTER TABLE folders ADD COLUMN icon TEXT CHECK (icon <> ''); \
                 ALTER TABLE items ADD COLUMN icon TEXT CHECK (icon <> '')",
                vec![
                    (Code::ColumnExtra, "folders.icon"),
                    (Code::ColumnExtra, "items.icon"),
                    (Code::CheckExtra, "folders: icon <> ''"),
                    (Code::CheckExtra, "items: icon <> ''"),
                ],
            ),
        ],
        Engine::Postgres => ["NO ACTION", "SET NULL", "SET NULL (owner_id)", "CASCADE"]
            .into_iter()
            .map(|action| {
                let sql = format!(
                    "ALTER TABLE items DROP CONSTRAINT fk_items__owner_id_folder_id, \
                     ADD CONSTRAINT fk_items__owner_id_folder_id FOREIGN KEY (owner_id, folder_id) \
                     REFERENCES folders (owner_id, id) ON DELETE {action}"
                );
                let sql: &'static str = sql.leak();
                (sql, vec![(Code::ForeignKeyDelete, FOREIGN_KEY)])
            })
            .collect(),
    }
}

#[twin_test(vault::migration::Migrator)]
async fn the_doctor_restores_what_takes_items_out_of_a_deleted_folder(
    db: &TwinDatabase,
) -> Result<()> {
    // Spelled otherwise, it is the same trigger.
    if db.engine() == Engine::Sqlite {
        run(
            db,
            &[
                "DROP TRIGGER fk_items__owner_id_folder_id__set_null",
                "CREATE TRIGGER IF NOT EXISTS \"fk_items__owner_id_folder_id__set_null\" after delete on Folders \
                 -- as Postgres does it\n\
                 BEGIN update \"items\" SET [folder_id] = NULL WHERE owner_id = OLD.owner_id AND folder_id = old.id; END",
            ],
        )
        .await;
        assert_eq!(told(&look(db).await), []);
    }
    for (change, expected) in changes(db.engine()) {
        run(db, &[change]).await;
        let report = look(db).await;
        let found = told(&report);
        let expected: Vec<(Code, String)> = expected
            .into_iter()
            .map(|(code, subject)| (code, subject.to_owned()))
            .collect();
        assert_eq!(found, expected, "{change}: {report}");
        run(db, &report.statements(db.engine())).await;
        let report = look(db).await;
        assert_eq!(told(&report), [], "{change}: {report}");
    }
    assert_that_items_stay(db).await
}
