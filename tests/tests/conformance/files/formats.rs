//! Files of other formats: page sizes, other programs, newer versions, and what is no database.

use std::path::Path;

use catamaran::doctor::Doctor;
use catamaran::migrate::{pending, up};
use catamaran::{ErrorKind, Result, StoreOptions};
use sea_orm::ConnectionTrait;
use suite::kind::refused;
use suite::observer::{connect, texts};

use super::{Folder, ROWS, add_rows, leave_open, rows, url};

#[tokio::test]
async fn a_file_with_any_page_size_and_any_auto_vacuum_is_migrated_and_read() -> Result<()> {
    for page_size in ["512", "1024", "65536"] {
        for auto_vacuum in ["0", "1", "2"] {
            let folder = Folder::new();
            let file = folder.file("habits.db");
            let connection = connect(&format!("{}?mode=rwc", url(&file))).await?;
            let sql = format!(
                "PRAGMA page_size = {page_size}; PRAGMA auto_vacuum = {auto_vacuum}; \
                 CREATE TABLE notes (note TEXT)"
            );
            connection.execute_unprepared(&sql).await?;
            connection.close().await?;
            add_rows(&url(&file)).await?;
            assert_eq!(rows(&url(&file)).await?, ROWS);
            assert_eq!(rows(&format!("{}?mode=ro", url(&file))).await?, ROWS);
            let connection = connect(&url(&file)).await?;
            let kept = "SELECT page_size || ' ' || auto_vacuum || ' ' || integrity_check \
                        FROM pragma_page_size, pragma_auto_vacuum, pragma_integrity_check";
            let expected = format!("{page_size} {auto_vacuum} ok");
            assert_eq!(texts(&connection, kept).await?, [expected]);
            connection.close().await?;
        }
    }
    Ok(())
}

/// What the store, the migrator and the doctor say of a file. They say the same, and leave it as it is.
async fn reason(file: &Path) -> String {
    let contents = std::fs::read(file).expect("the file");
    let url = url(file);
    let plain = refused(StoreOptions::new(&url).open().await);
    let read_only = StoreOptions::new(format!("{url}?mode=ro")).open().await;
    let migrating = StoreOptions::new(&url).migrate::<migration::History>();
    assert_eq!(plain, refused(read_only), "with mode=ro");
    assert_eq!(plain, refused(migrating.open().await), "with migrations");
    let text = plain.to_string();
    let applied = up::<migration::History>(&url).await.expect_err("up");
    assert_eq!(applied.to_string(), text);
    let listed = pending::<migration::History>(&url)
        .await
        .expect_err("pending");
    assert_eq!(listed.to_string(), text);
    let doctor = Doctor::new(&entity::DOMAIN)
        .without_scratch()
        .database(&url);
    let report = doctor.check().await.to_string();
    assert!(report.contains(&text), "{report}");
    assert!(std::fs::read(file).expect("the file") == contents);
    text
}

/// Overwrites bytes of the header: <https://sqlite.org/fileformat2.html#the_database_header>.
fn overwrite(file: &Path, from: usize, bytes: &[u8]) {
    let mut contents = std::fs::read(file).expect("the file");
    contents[from..from + bytes.len()].copy_from_slice(bytes);
    std::fs::write(file, contents).expect("the file");
}

#[tokio::test]
async fn a_file_of_a_newer_format_is_refused_by_name() -> Result<()> {
    // The versions for writing and reading, and the format of the schema.
    for (from, bytes) in [(18, &[3, 3][..]), (44, &[0, 0, 0, 5])] {
        let (_folder, file) = Folder::with_rows("it's new.db").await?;
        overwrite(&file, from, bytes);
        let text = reason(&file).await;
        assert!(
            text.contains("has a format of a newer version of SQLite than 3."),
            "{text}"
        );
        let quoted = file.display().to_string().replace('\'', r"'\''");
        assert!(
            text.ends_with(&format!(
                "sqlite3 '{quoted}' .dump | sqlite3 '{quoted}-copy'"
            )),
            "{text}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_file_that_only_newer_versions_may_write_is_read() -> Result<()> {
    for mode in ["wal", "delete"] {
        let (_folder, file) = Folder::with_rows("habits.db").await?;
        leave_open(&file, mode).await;
        overwrite(&file, 18, &[3]);
        assert_eq!(rows(&format!("{}?mode=ro", url(&file))).await?, ROWS);
    }
    // It could not be switched to a log.
    let (_folder, file) = Folder::with_rows("habits.db").await?;
    leave_open(&file, "delete").await;
    overwrite(&file, 18, &[3]);
    let text = refused(rows(&url(&file)).await).to_string();
    assert!(text.contains("has a format of a newer version"), "{text}");
    Ok(())
}

#[tokio::test]
async fn a_file_whose_schema_this_version_cannot_read_is_refused_by_name() -> Result<()> {
    let (_folder, file) = Folder::with_rows("habits.db").await?;
    let connection = connect(&url(&file)).await?;
    let sql = "PRAGMA writable_schema = ON; \
               UPDATE sqlite_schema SET sql = sql || ', UNHEARD_OF' WHERE name = 'habits'";
    connection.execute_unprepared(sql).await?;
    connection.close().await?;
    let text = reason(&file).await;
    assert!(text.contains("cannot read the schema of"), "{text}");
    assert!(
        text.contains("malformed database schema (habits)"),
        "{text}"
    );
    Ok(())
}

#[tokio::test]
async fn a_file_that_is_no_database_or_a_part_of_one_is_refused_by_name() -> Result<()> {
    let (folder, whole) = Folder::with_rows("habits.db").await?;
    let whole = std::fs::read(whole).expect("the file");
    let file = folder.file("other.db");
    let not_a_database = format!("{} is not a SQLite database", file.display());
    let mut noise = fastrand::Rng::with_seed(7);
    let encrypted: Vec<u8> = (0..8_192).map(|_| noise.u8(..)).collect();
    for contents in [
        &encrypted,
        &b"-- a dump\nCREATE TABLE t (a);\n".repeat(40),
        &b"xy".to_vec(),
    ] {
        std::fs::write(&file, contents).expect("a file");
        assert_eq!(
            reason(&file).await,
            not_a_database,
            "{} bytes",
            contents.len()
        );
    }
    for length in [2, 15, 16] {
        std::fs::write(&file, &whole[..length]).expect("a file");
        assert_eq!(reason(&file).await, not_a_database, "{length} bytes");
    }
    for length in [
        50,
        99,
        100,
        511,
        512,
        4_095,
        4_096,
        8_191,
        whole.len() / 2,
        whole.len() - 4_096,
    ] {
        std::fs::write(&file, &whole[..length]).expect("a file");
        let opened = StoreOptions::new(url(&file)).open().await;
        assert_eq!(refused(opened), ErrorKind::Corrupt, "{length} bytes");
        assert_eq!(
            reason(&file).await,
            "the database is damaged",
            "{length} bytes"
        );
    }
    Ok(())
}
