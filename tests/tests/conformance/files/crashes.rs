//! What a killed process or a careless copy leaves behind, and processes that open a file at the same time.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Child;

use catamaran::Result;
use sea_orm::ConnectionTrait;
use suite::kind::refused;
use suite::observer::{connect, texts};

use super::{
    Folder, ROWS, URL, add_rows, beside, leave_open, of_another_user, outcome, permit, process,
    rows, run, url,
};

/// Waits until the process says that it is ready, and kills it: no destructor runs.
fn kill_when_ready(mut child: Child) {
    let output = BufReader::new(child.stdout.take().expect("its output"));
    let ready = output.lines().map_while(std::io::Result::ok);
    assert!(
        ready.into_iter().any(|line| line.ends_with("ready")),
        "it ended"
    );
    child.kill().expect("killed");
    child.wait().expect("its end");
}

/// Waits for the end of the standard input, which comes at the latest when the test ends.
fn wait_to_be_killed() {
    println!("ready");
    std::io::stdin()
        .lines()
        .map_while(std::io::Result::ok)
        .for_each(drop);
}

/// Doubles the rows, in a log that is not moved into the file.
#[tokio::test]
async fn a_process_that_writes() -> Result<()> {
    if let Ok(url) = std::env::var(URL) {
        let other = connect(&url).await?;
        texts(&other, "SELECT name FROM habits").await?;
        add_rows(&url).await?;
        wait_to_be_killed();
    }
    Ok(())
}

/// Changes every row, and has a part of the changes in the file before the commit.
#[tokio::test]
async fn a_process_that_changes_every_row() -> Result<()> {
    if let Ok(url) = std::env::var(URL) {
        let connection = connect(&url).await?;
        let sql = "PRAGMA cache_size = 1; BEGIN; DELETE FROM habits; \
                   CREATE TABLE filling AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n \
                   WHERE i < 2000) SELECT randomblob(1000) AS filling FROM n";
        connection.execute_unprepared(sql).await?;
        wait_to_be_killed();
    }
    Ok(())
}

fn killed(test: &str, file: &Path) {
    let test = format!("files::crashes::{test}");
    kill_when_ready(process(&test, &url(file), Vec::new()));
}

#[tokio::test]
async fn every_row_in_the_log_of_a_killed_process_is_read() -> Result<()> {
    for mode in ["", "?mode=ro", "?mode=rwc"] {
        let (_folder, file) = Folder::with_rows("habits.db").await?;
        killed("a_process_that_writes", &file);
        assert!(
            beside(&file, "-wal")
                .metadata()
                .is_ok_and(|wal| wal.len() > 0)
        );
        assert_eq!(
            rows(&format!("{}{mode}", url(&file))).await?,
            2 * ROWS,
            "{mode}"
        );
    }
    Ok(())
}

/// The rows of the log are lost, as with every copy of a part of a database. What is there is whole.
#[tokio::test]
async fn a_copy_without_the_log_has_the_rows_of_the_last_checkpoint() -> Result<()> {
    let (folder, file) = Folder::with_rows("habits.db").await?;
    killed("a_process_that_writes", &file);
    let copy = folder.file("copy.db");
    std::fs::copy(&file, &copy).expect("a copy");
    assert_eq!(rows(&url(&copy)).await?, ROWS);
    let connection = connect(&url(&copy)).await?;
    assert_eq!(texts(&connection, "PRAGMA integrity_check").await?, ["ok"]);
    Ok(())
}

#[tokio::test]
async fn the_unfinished_write_of_a_killed_process_is_undone() -> Result<()> {
    for mode in ["", "?mode=rw", "?mode=rwc"] {
        let (_folder, file) = Folder::with_rows("habits.db").await?;
        leave_open(&file, "delete").await;
        let size = file.metadata().expect("the file").len();
        killed("a_process_that_changes_every_row", &file);
        assert!(beside(&file, "-journal").exists());
        assert!(file.metadata().expect("the file").len() > size);
        let at = format!("{}{mode}", url(&file));
        assert_eq!(rows(&at).await?, ROWS, "{mode}");
    }
    Ok(())
}

#[tokio::test]
async fn an_unfinished_write_is_named_where_it_cannot_be_undone() -> Result<()> {
    let (folder, file) = Folder::with_rows("it's a habit.db").await?;
    leave_open(&file, "delete").await;
    killed("a_process_that_changes_every_row", &file);
    let journal = beside(&file, "-journal");
    let at = format!("{}?mode=ro", url(&file));
    let reason = refused(rows(&at).await).to_string();
    let said = format!("{} has an unfinished write", journal.display());
    assert!(reason.contains(&said), "{reason}");
    permit(&file, 0o444);
    permit(&journal, 0o444);
    permit(folder.path(), 0o555);
    assert_eq!(of_another_user(&at), format!("Unavailable: {reason}"));

    permit(folder.path(), 0o755);
    permit(&file, 0o644);
    permit(&journal, 0o644);
    let (_, command) = reason.split_once("run: ").expect("a command");
    run(command);
    assert_eq!(rows(&at).await?, ROWS);
    Ok(())
}

#[tokio::test]
async fn processes_that_switch_a_file_to_a_log_at_once_all_open_it() -> Result<()> {
    let (_folder, file) = Folder::with_rows("habits.db").await?;
    for _ in 0..5 {
        leave_open(&file, "delete").await;
        let start = || process("files::a_process_that_reads", &url(&file), Vec::new());
        let processes: Vec<Child> = std::iter::repeat_with(start).take(6).collect();
        for process in processes {
            assert_eq!(outcome(process), format!("{ROWS} rows"));
        }
    }
    Ok(())
}

/// Stores of one process are closer to each other in time than processes are.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn stores_that_switch_a_file_to_a_log_at_once_all_open_it() -> Result<()> {
    let (_folder, file) = Folder::with_rows("habits.db").await?;
    for _ in 0..10 {
        leave_open(&file, "delete").await;
        let opening = (0..8).map(|_| {
            let url = url(&file);
            tokio::spawn(async move { rows(&url).await })
        });
        for opened in opening.collect::<Vec<_>>() {
            assert_eq!(opened.await.expect("a task")?, ROWS);
        }
    }
    Ok(())
}
