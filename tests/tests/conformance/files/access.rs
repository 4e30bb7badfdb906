//! Files and folders that the user of the process may not read, enter or write.

use std::fs;

use catamaran::{ErrorKind, Result};
use suite::kind::refused;

use super::{Folder, ROWS, beside, leave_open, of_another_user, permit, rows, url};

#[tokio::test]
async fn a_missing_folder_is_named_with_the_command_that_creates_it() -> Result<()> {
    let folder = Folder::new();
    let missing = folder.file("it's/not there");
    let file = missing.join("habits.db");
    for mode in ["", "?mode=rwc", "?mode=ro"] {
        let kind = refused(rows(&format!("{}{mode}", url(&file))).await);
        let ErrorKind::Unavailable { reason } = &kind else {
            panic!("{kind:?}");
        };
        let (said, command) = reason.split_once("; create it: ").expect("a command");
        assert_eq!(
            said,
            format!("the folder {} does not exist", missing.display())
        );
        assert!(command.starts_with("mkdir -p '"), "{command}");
    }
    let kind = refused(rows(&url(&file)).await).to_string();
    let (_, command) = kind.split_once("; create it: ").expect("a command");
    super::run(command);
    super::add_rows(&format!("{}?mode=rwc", url(&file))).await?;
    assert_eq!(rows(&url(&file)).await?, ROWS);
    Ok(())
}

#[tokio::test]
async fn what_is_in_the_way_of_a_file_is_named() -> Result<()> {
    let folder = Folder::new();
    let note = folder.file("note");
    fs::write(&note, "a note").expect("a file");
    let (link, circle, fifo) = (
        folder.file("link.db"),
        folder.file("circle.db"),
        folder.file("pipe.db"),
    );
    std::os::unix::fs::symlink(folder.file("nowhere/habits.db"), &link).expect("a link");
    std::os::unix::fs::symlink(&circle, &circle).expect("a link");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status();
    assert!(made.expect("mkfifo").success());
    let long = folder.file(&"d/".repeat(260)).join("habits.db");
    let is_a_file = format!("{} is a file, not a folder", note.display());
    for (file, part) in [
        (note.join("habits.db"), &*is_a_file),
        (note.join("deep/habits.db"), &is_a_file),
        (link, "nowhere does not exist"),
        (circle, "Too many levels of symbolic links"),
        (fifo, "is not a regular file"),
        ("/dev/null".into(), "is not a regular file"),
        (long, "is longer than 504 bytes"),
    ] {
        for mode in ["", "?mode=rwc", "?mode=ro"] {
            let kind = refused(rows(&format!("{}{mode}", url(&file))).await);
            assert!(matches!(kind, ErrorKind::Unavailable { .. }), "{kind:?}");
            assert!(kind.to_string().contains(part), "{mode}: {kind}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_file_or_folder_of_another_user_is_named() -> Result<()> {
    let (folder, file) = Folder::with_rows("habits.db").await?;
    leave_open(&file, "delete").await;
    let (name, place) = (file.display(), folder.path().display());
    let at = url(&file);

    permit(&file, 0o600);
    if rustix::process::geteuid().is_root() {
        assert_eq!(
            of_another_user(&at),
            format!("Unavailable: the database cannot be reached: this user may not read {name}")
        );
    }
    permit(folder.path(), 0o600);
    assert_eq!(
        of_another_user(&at),
        format!(
            "Unavailable: the database cannot be reached: this user may not enter the folder {place}"
        )
    );
    permit(folder.path(), 0o555);
    assert_eq!(
        of_another_user(&format!("{}?mode=rwc", url(&folder.file("new.db")))),
        format!(
            "Unavailable: the database cannot be reached: {} does not exist, and this user may not create files in \
             the folder {place}",
            folder.file("new.db").display()
        )
    );
    permit(folder.path(), 0o755);
    Ok(())
}

/// As on read-only media, for a user who may read only.
#[tokio::test]
async fn a_file_without_a_log_is_read_where_nothing_can_be_written() -> Result<()> {
    let (folder, file) = Folder::with_rows("habits.db").await?;
    leave_open(&file, "delete").await;
    permit(&file, 0o444);
    permit(folder.path(), 0o555);
    let read_only = format!("{}?mode=ro", url(&file));
    assert_eq!(of_another_user(&read_only), format!("{ROWS} rows"));
    let said = of_another_user(&url(&file));
    assert!(said.starts_with("ReadOnly: "), "{said}");
    assert!(said.contains("write ?mode=ro in the URL"), "{said}");
    permit(folder.path(), 0o755);
    Ok(())
}

/// In WAL mode reading needs to write, too.
#[tokio::test]
async fn a_user_who_may_not_write_is_told_how_to_read_only() -> Result<()> {
    let (folder, file) = Folder::with_rows("habits.db").await?;
    permit(&file, 0o444);
    permit(folder.path(), 0o555);
    let said = of_another_user(&url(&file));
    assert!(said.starts_with("ReadOnly: "), "{said}");
    let (before, command) = said.split_once(" written: ").expect("a command");
    assert!(before.contains("write ?mode=ro in the URL"), "{said}");
    permit(folder.path(), 0o755);
    permit(&file, 0o644);
    super::run(command);
    permit(&file, 0o444);
    permit(folder.path(), 0o555);
    let read_only = format!("{}?mode=ro", url(&file));
    assert_eq!(of_another_user(&read_only), format!("{ROWS} rows"));
    permit(folder.path(), 0o755);
    Ok(())
}

#[tokio::test]
async fn a_log_of_another_user_is_named_with_the_command_that_gives_it_away() -> Result<()> {
    for ending in ["-wal", "-shm"] {
        let (folder, file) = Folder::with_rows("habits.db").await?;
        permit(&file, 0o666);
        permit(folder.path(), 0o777);
        // As the command line of another user leaves them behind.
        let foreign = beside(&file, ending);
        fs::write(&foreign, "").expect("a file");
        permit(&foreign, 0o000);
        let said = of_another_user(&url(&file));
        let expected = format!(
            "Unavailable: the database cannot be reached: this user may not open {}, which belongs to the database; \
             give it the owner of the database: chown --reference='{}' '{}'",
            foreign.display(),
            file.display(),
            foreign.display()
        );
        assert_eq!(said, expected);
        permit(&foreign, 0o666);
        assert_eq!(of_another_user(&url(&file)), format!("{ROWS} rows"));
    }
    Ok(())
}
