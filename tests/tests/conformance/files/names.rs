//! The spellings of a file's name in a URL. What the store opens is what was migrated.

use std::path::Path;

use catamaran::doctor::{Doctor, Place};
use catamaran::migrate::{MigrateError, pending, up};
use catamaran::{Engine, ErrorKind, Result, StoreOptions};
use suite::kind::refused;

use super::{Folder, ROWS, add_rows, rows, url};

/// Migrates by the migrator alone, then opens: both must mean the same file, and no other is made.
async fn is_one_file(spelling: &str, file: &Path) -> Result<()> {
    up::<migration::History>(spelling).await.expect(spelling);
    assert!(file.is_file(), "{spelling}");
    assert_eq!(rows(spelling).await?, 0, "{spelling}");
    assert!(
        pending::<migration::History>(spelling)
            .await
            .expect(spelling)
            .is_empty()
    );
    add_rows(spelling).await?;
    assert_eq!(rows(spelling).await?, ROWS, "{spelling}");
    let doctor = Doctor::new(&entity::DOMAIN)
        .without_scratch()
        .database(spelling);
    let report = doctor.check().await;
    let place = Place::Database(Engine::Sqlite);
    assert!(report.checked.contains(&place), "{spelling}: {report}");
    Ok(())
}

/// The files of a folder, without those beside a database.
fn databases(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("the folder");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let names = names.map(|name| name.into_string().expect("a name"));
    names
        .filter(|name| !name.ends_with("-wal") && !name.ends_with("-shm"))
        .collect()
}

#[tokio::test]
async fn each_spelling_of_a_name_is_one_file_for_all() -> Result<()> {
    for (written, name) in [
        ("plain.db", "plain.db"),
        ("no extension", "no extension"),
        ("a%20space.db", "a space.db"),
        ("100%25.db", "100%.db"),
        ("what%3F.db", "what?.db"),
        ("c#.db", "c#.db"),
        ("c%23.db", "c#.db"),
        (
            "Gewohnheiten-für-Zoë-日本.db",
            "Gewohnheiten-für-Zoë-日本.db",
        ),
        ("f%C3%BCr.db", "für.db"),
        ("it's \"quoted\" & $more;.db", "it's \"quoted\" & $more;.db"),
        ("a+b=c.db", "a+b=c.db"),
        (".hidden", ".hidden"),
        ("file:odd.db", "file:odd.db"),
        ("sqlite:odd.db", "sqlite:odd.db"),
        ("../{folder}/up.db", "up.db"),
    ] {
        let folder = Folder::new();
        let place = folder.path().display();
        let own = folder
            .path()
            .file_name()
            .expect("a name")
            .to_str()
            .expect("UTF-8");
        let written = written.replace("{folder}", own);
        let file = folder.file(name);
        for spelling in [
            format!("sqlite://{place}/{written}?mode=rwc"),
            format!("sqlite:{place}/{written}?mode=rwc"),
            format!("SQLite://{place}/{written}?mode=rwc"),
            format!(" sqlite://{place}/{written}?mode=rwc\r\n"),
            format!("\u{feff}\tsqlite:{place}//./{written}?mode=rwc&cache=private\n"),
        ] {
            is_one_file(&spelling, &file).await?;
            std::fs::remove_file(&file).expect("the file");
        }
        assert_eq!(databases(folder.path()), [""; 0], "{name}");
    }
    Ok(())
}

#[tokio::test]
async fn a_relative_name_is_a_file_of_the_current_folder() -> Result<()> {
    let folder = tempfile::tempdir_in(".").expect("a folder");
    let name = folder
        .path()
        .file_name()
        .expect("a name")
        .to_str()
        .expect("UTF-8");
    let file = folder.path().join("habits.db");
    for start in ["sqlite:", "sqlite://", "sqlite:./", "sqlite://./"] {
        is_one_file(&format!("{start}{name}/habits.db?mode=rwc"), &file).await?;
        std::fs::remove_file(&file).expect("the file");
    }
    Ok(())
}

#[tokio::test]
async fn a_symbolic_link_and_its_target_are_one_file() -> Result<()> {
    let (folder, file) = Folder::with_rows("habits.db").await?;
    let link = folder.file("link.db");
    std::os::unix::fs::symlink(&file, &link).expect("a link");
    add_rows(&url(&link)).await?;
    assert_eq!(rows(&url(&file)).await?, 2 * ROWS);
    // A link to what is not there yet.
    let (new, target) = (folder.file("new.db"), folder.file("target.db"));
    std::os::unix::fs::symlink("target.db", &new).expect("a link");
    let kind = refused(rows(&url(&new)).await);
    assert!(
        matches!(kind, ErrorKind::DatabaseMissing { .. }),
        "{kind:?}"
    );
    is_one_file(&format!("{}?mode=rwc", url(&new)), &target).await
}

/// The store, the migrator and the doctor refuse the URL with the same words.
async fn reason(url: &str) -> String {
    let kind = refused(StoreOptions::new(url).open().await);
    let ErrorKind::InvalidUrl { reason } = &kind else {
        panic!("{url}: {kind:?}");
    };
    let migrating = StoreOptions::new(url).migrate::<migration::History>();
    assert_eq!(refused(migrating.open().await), kind, "{url}");
    for error in [
        up::<migration::History>(url).await.expect_err(url),
        pending::<migration::History>(url).await.expect_err(url),
    ] {
        match error {
            MigrateError::InvalidUrl { reason: other } => assert_eq!(other, *reason, "{url}"),
            other => panic!("{url}: {other:?}"),
        }
    }
    let doctor = Doctor::new(&entity::DOMAIN).without_scratch().database(url);
    let report = doctor.check().await;
    let mut skipped = report.skipped.iter();
    assert!(
        skipped.any(|skipped| skipped.reason.contains(&**reason)),
        "{url}: {report}"
    );
    reason.to_string()
}

#[tokio::test]
async fn a_url_without_the_name_of_a_file_is_refused() {
    for url in [
        "sqlite:",
        "sqlite://",
        "sqlite://?mode=rwc",
        "sqlite: ",
        "sqlite://\r\n",
        "sqlite:%20",
        "SQLITE:?mode=ro",
    ] {
        assert_eq!(
            reason(url).await,
            "it names no file; write sqlite://habits.db, or sqlite::memory: for a database in memory"
        );
    }
}

#[tokio::test]
async fn a_url_that_could_mean_two_files_is_refused_with_the_form_to_write() {
    for (url, part) in [
        ("sqlite:file:m.db?mode=rwc", "write sqlite:m.db"),
        ("sqlite://file:m.db", "write sqlite:m.db"),
        ("sqlite:FILE:///var/m.db", "write sqlite:///var/m.db"),
        (
            "sqlite:file://localhost/var/m.db",
            "write sqlite:///var/m.db",
        ),
        ("sqlite:file::memory:?cache=shared", "write sqlite::memory:"),
        ("sqlite:///:memory:", "written sqlite::memory:"),
        ("sqlite::Memory:", "written sqlite::memory:"),
        ("sqlite:///var/:memory:", "written sqlite::memory:"),
        ("sqlite:named?mode=memory", "write sqlite::memory:"),
        ("sqlite::memory:?mode=ro", "empty with mode=ro"),
        ("sqlite::odd", "write sqlite:./:odd"),
        ("sqlite://a.db/", "ends with a slash"),
        ("sqlite:/", "ends with a slash"),
        ("sqlite://a.db ?mode=rwc", "write %20"),
        ("sqlite:// a.db", "write %20"),
        (
            "sqlite://a\nb.db",
            "a line break or another control character",
        ),
        (
            "sqlite://a.db\r?mode=rwc",
            "a line break or another control character",
        ),
        (
            "sqlite://a.db\0",
            "a line break or another control character",
        ),
        ("sqlite://a%00.db", "a control character"),
        ("sqlite://a%0A.db", "a control character"),
        ("sqlite://a%FF.db", "not in UTF-8"),
        ("\"sqlite://a.db\"", "remove the quotes"),
        (
            "sqlite://a.db?mode=ro&mode=rwc",
            "mode is given more than once",
        ),
        (
            "sqlite://a.db?mode=rwc&mode=rwc",
            "mode is given more than once",
        ),
        (
            "sqlite://a.db?MODE=ro",
            "MODE is unknown; write it in lower case",
        ),
        ("sqlite://a.db?mode=RO", "mode is ro, rw, rwc or memory"),
        ("sqlite://a.db?mode=", "mode is ro, rw, rwc or memory"),
        ("sqlite://a.db?mode=rwc#x", "mode is ro, rw, rwc or memory"),
        ("sqlite://what?.db", "write %3F instead of ?"),
    ] {
        let told = reason(url).await;
        assert!(told.contains(part), "{url}: {told}");
    }
}

#[tokio::test]
async fn parameters_with_which_the_store_would_not_be_correct_are_refused_by_name() {
    for (parameter, part) in [
        ("cache=shared", "remove the parameter cache"),
        ("vfs=unix-none", "vfs is not supported"),
        ("nolock=1", "nolock is not supported"),
        ("immutable=1", "write mode=ro"),
        ("immutable=false", "PRAGMA journal_mode = DELETE"),
        ("psow=0", "psow is not supported"),
        ("modeof=other", "modeof is not supported"),
    ] {
        for url in [
            format!("sqlite://a.db?{parameter}"),
            format!("sqlite::memory:?{parameter}"),
            format!("sqlite://a.db?mode=ro&{parameter}"),
        ] {
            let told = reason(&url).await;
            assert!(told.contains(part), "{url}: {told}");
        }
    }
}

#[tokio::test]
async fn each_spelling_of_a_database_in_memory_is_migrated_and_belongs_to_its_store() -> Result<()>
{
    for url in [
        "sqlite::memory:",
        "sqlite://:memory:",
        "sqlite:%3Amemory%3A",
        "sqlite:?mode=memory",
        "sqlite://?mode=memory",
        "SQLITE::memory:?mode=memory&cache=private",
        "sqlite::memory:?mode=rwc\n",
    ] {
        add_rows(url).await?;
        // It was another one.
        assert!(
            matches!(refused(rows(url).await), ErrorKind::NotMigrated { .. }),
            "{url}"
        );
        // A connection that ends would migrate nothing.
        for error in [
            up::<migration::History>(url).await.expect_err(url),
            pending::<migration::History>(url).await.expect_err(url),
        ] {
            assert!(
                error.to_string().contains("StoreOptions::migrate"),
                "{url}: {error}"
            );
        }
        let doctor = Doctor::new(&entity::DOMAIN).without_scratch().database(url);
        let report = doctor.check().await.to_string();
        assert!(
            report.contains("no other connection sees a database in memory"),
            "{report}"
        );
    }
    assert!(!Path::new(":memory:").exists());
    Ok(())
}
