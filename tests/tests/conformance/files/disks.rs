//! Full disks and read-only media, which only root can mount.

use std::fs;
use std::path::Path;

use catamaran::migrate::up;
use catamaran::{ErrorKind, Expected, Query, Result, Scope, Store, StoreOptions};
use entity::{Habit, HabitDraft, HabitPatch};
use suite::disk::{Disk, can_mount};
use suite::kind::refused;
use suite::users::{ADA, everyone};

use super::{Folder, ROWS, add_rows, leave_open, rows, run, url};

/// A disk of some MiB, and the name of a file on it.
fn disk(mebibytes: u32) -> Option<(Folder, Disk, std::path::PathBuf)> {
    if !can_mount() {
        return None;
    }
    let folder = Folder::new();
    let disk = Disk::mount(folder.path(), mebibytes).expect("a disk");
    let file = folder.file("habits.db");
    Some((folder, disk, file))
}

#[tokio::test]
async fn opening_a_file_on_a_full_disk_is_storage_full_until_there_is_space() -> Result<()> {
    let Some((_folder, disk, file)) = disk(4) else {
        return Ok(());
    };
    add_rows(&format!("{}?mode=rwc", url(&file))).await?;
    leave_open(&file, "delete").await;
    let filler = disk.fill().expect("a full disk");
    assert_eq!(refused(rows(&url(&file)).await), ErrorKind::StorageFull);
    // Nothing needs space.
    assert_eq!(rows(&format!("{}?mode=ro", url(&file))).await?, ROWS);
    let new = url(&file.with_file_name("new.db"));
    let options = StoreOptions::new(format!("{new}?mode=rwc"));
    let migrating = options.migrate::<migration::History>().open().await;
    assert_eq!(refused(migrating), ErrorKind::StorageFull);
    let applied = up::<migration::History>(&new).await.expect_err("up");
    assert!(applied.to_string().contains("full"), "{applied}");

    fs::remove_file(filler).expect("space");
    assert_eq!(rows(&url(&file)).await?, ROWS);
    add_rows(&format!("{new}?mode=rwc")).await?;
    assert_eq!(rows(&new).await?, ROWS);
    Ok(())
}

#[tokio::test]
async fn a_write_to_a_full_disk_is_storage_full_and_the_store_goes_on() -> Result<()> {
    let Some((_folder, disk, file)) = disk(8) else {
        return Ok(());
    };
    add_rows(&format!("{}?mode=rwc", url(&file))).await?;
    let store = Store::open(url(&file)).await?;
    let habits = store.repository::<Habit>(&Scope::owner(ADA));
    let made = habits.insert(HabitDraft::new("run", "daily")).await?;
    let filler = disk.fill().expect("a full disk");
    let large = || HabitPatch::new().name("x".repeat(900_000));
    let patched = habits.patch(made.id, Expected::Any, large()).await;
    assert_eq!(refused(patched), ErrorKind::StorageFull);
    assert_eq!(habits.get(made.id).await?, made);
    fs::remove_file(filler).expect("space");
    habits.patch(made.id, Expected::Any, large()).await?;
    let all = store.repository::<Habit>(&everyone());
    assert_eq!(all.count(&Query::all()).await?, ROWS + 1);
    Ok(())
}

fn read_only(folder: &Path) -> Disk {
    Disk::mount_read_only(folder).expect("a read-only mount")
}

#[tokio::test]
async fn a_file_on_a_read_only_medium_is_read_or_the_message_has_the_command_for_it() -> Result<()>
{
    if !can_mount() {
        return Ok(());
    }
    let (folder, file) = Folder::with_rows("it's a habit.db").await?;
    let at = format!("{}?mode=ro", url(&file));
    let medium = read_only(folder.path());
    let kind = refused(rows(&at).await);
    let ErrorKind::Unavailable { reason } = &kind else {
        panic!("{kind:?}");
    };
    assert!(
        reason.contains("is in WAL mode, for which SQLite needs"),
        "{reason}"
    );
    let (_, command) = reason.split_once("run: ").expect("a command");
    drop(medium);
    run(command);

    let _medium = read_only(folder.path());
    assert_eq!(rows(&at).await?, ROWS);
    // Without the mode the store would write.
    for mode in ["", "?mode=rw", "?mode=rwc"] {
        let kind = refused(rows(&format!("{}{mode}", url(&file))).await);
        assert!(matches!(kind, ErrorKind::ReadOnly { .. }), "{kind:?}");
        assert!(
            kind.to_string().contains("write ?mode=ro in the URL"),
            "{kind}"
        );
    }
    let new = refused(rows(&format!("{}?mode=rwc", url(&folder.file("new.db")))).await);
    assert!(
        new.to_string()
            .contains("may not create files in the folder"),
        "{new}"
    );
    Ok(())
}

/// The rows are in the log, which the command moves into the file.
#[tokio::test]
async fn no_row_in_the_log_of_a_file_is_lost_on_its_way_to_a_read_only_medium() -> Result<()> {
    if !can_mount() {
        return Ok(());
    }
    let (source, _original) = Folder::with_rows("habits.db").await?;
    let store = Store::open(url(&source.file("habits.db"))).await?;
    let habits = store.repository::<Habit>(&Scope::owner(ADA));
    habits
        .insert(HabitDraft::new("in the log", "daily"))
        .await?;
    let copies = Folder::new();
    for ending in ["", "-wal"] {
        let name = format!("habits.db{ending}");
        fs::copy(source.file(&name), copies.file(&name)).expect("a copy");
    }
    let file = copies.file("habits.db");
    let at = format!("{}?mode=ro", url(&file));
    let medium = read_only(copies.path());
    let reason = refused(rows(&at).await).to_string();
    let (_, command) = reason.split_once("run: ").expect("a command");
    drop(medium);
    run(command);
    let _medium = read_only(copies.path());
    assert_eq!(rows(&at).await?, ROWS + 1);
    Ok(())
}
