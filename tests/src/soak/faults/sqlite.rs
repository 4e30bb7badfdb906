//! Faults of a SQLite file.

use std::fs;
use std::path::{Path, PathBuf};

use catamaran::{Engine, Query, Scope, StoreOptions};
use fastrand::Rng;
use sea_orm::ConnectionTrait;
use tempfile::TempDir;

use super::{Case, Fault, Outcome};
use crate::bank::{History, Transfer};
use crate::disk::Disk;
use crate::raw;
use crate::soak::database::Database;
use crate::soak::tally::Tally;

/// A directory of its own with a migrated file.
struct Home {
    directory: TempDir,
    place: Database,
}

impl Home {
    async fn make(
        disk: impl FnOnce(&Path) -> std::io::Result<Option<Disk>>,
    ) -> Outcome<(Self, Option<Disk>)> {
        let directory = tempfile::Builder::new()
            .prefix("catamaran-fault-")
            .tempdir()?;
        let disk = disk(directory.path())?;
        let url = format!("sqlite://{}", directory.path().join("bank.db").display());
        let options = StoreOptions::new(format!("{url}?mode=rwc"));
        options.migrate::<History>().open().await?.close();
        let place = Database {
            engine: Engine::Sqlite,
            url,
        };
        Ok((Home { directory, place }, disk))
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("bank.db")
    }

    /// The files of the database.
    fn files(&self) -> [PathBuf; 3] {
        ["bank.db", "bank.db-wal", "bank.db-shm"].map(|name| self.directory.path().join(name))
    }

    fn remove_files(&self) -> std::io::Result<()> {
        for file in self.files().iter().filter(|file| file.exists()) {
            fs::remove_file(file)?;
        }
        Ok(())
    }

    /// A copy of the whole database, as a backup would be.
    async fn copy(&self) -> Outcome<PathBuf> {
        let copy = self.directory.path().join("copy.db");
        let connection = self.place.connect().await?;
        let sql = format!("VACUUM INTO '{}'", copy.display());
        connection.execute_unprepared(&sql).await?;
        connection.close().await?;
        Ok(copy)
    }

    /// Moves the journal into the file.
    async fn checkpoint(&self) -> Outcome<()> {
        let connection = self.place.connect().await?;
        connection
            .execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)")
            .await?;
        connection.close().await?;
        Ok(())
    }
}

const NO_DISK: fn(&Path) -> std::io::Result<Option<Disk>> = |_| Ok(None);

pub(super) async fn run(fault: Fault, rng: &mut Rng, tally: &Tally) -> Outcome<()> {
    match fault {
        Fault::LockForEver => lock(rng, tally).await,
        Fault::DiskFull => disk_full(rng, tally).await,
        Fault::PageLimit => page_limit(rng, tally).await,
        Fault::ReadOnly => read_only(rng, tally).await,
        Fault::CorruptPage => corrupt_page(rng, tally).await,
        Fault::FileRemoved => file_removed(rng, tally).await,
        Fault::FileReplaced => file_replaced(rng, tally).await,
        Fault::ConnectionLimit | Fault::Silence => Err("a file has no connections".into()),
    }
}

async fn lock(rng: &mut Rng, tally: &Tally) -> Outcome<()> {
    let (home, _) = Home::make(NO_DISK).await?;
    let mut case = Case::begin(Fault::LockForEver, &home.place, rng, tally).await?;
    let holder = home.place.connect().await?;
    holder.execute_unprepared("BEGIN IMMEDIATE").await?;
    case.must_fail(1).await;
    case.must_fail(1).await;
    holder.execute_unprepared("ROLLBACK").await?;
    case.end().await
}

async fn disk_full(rng: &mut Rng, tally: &Tally) -> Outcome<()> {
    let (home, disk) = Home::make(|at| Disk::mount(at, 4).map(Some)).await?;
    let disk = disk.ok_or("it was asked for")?;
    let mut case = Case::begin(Fault::DiskFull, &home.place, rng, tally).await?;
    let filler = disk.fill()?;
    // The journal reuses its space, which is enough for some orders.
    case.must_fail(2_000).await;
    case.must_fail(2_000).await;
    fs::remove_file(filler)?;
    case.end().await
}

/// Needs no privileges, unlike mounting a small disk.
async fn page_limit(rng: &mut Rng, tally: &Tally) -> Outcome<()> {
    let (home, _) = Home::make(NO_DISK).await?;
    let case = Case::begin(Fault::PageLimit, &home.place, rng, tally).await?;
    // A setting of the application's own ends with its unit; SQLite raises it to what the file has.
    let unit = case
        .store
        .begin_write(&Scope::system("a limit on the file"))
        .await?;
    raw::execute_in(&unit, "PRAGMA max_page_count = 1").await?;
    tally.broke();
    let fill = "CREATE TABLE filling AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n \
         WHERE i < 100) SELECT randomblob(10000) AS filling FROM n";
    match raw::execute_in(&unit, fill).await {
        Err(error) => case.judge(&error),
        Ok(()) => tally.violated("PageLimit did no harm".to_owned()),
    }
    tally.must(unit.commit().await.is_err(), || {
        "a unit that met a full file was committed".to_owned()
    });
    case.end().await
}

async fn read_only(rng: &mut Rng, tally: &Tally) -> Outcome<()> {
    let (home, _) = Home::make(NO_DISK).await?;
    let mut case = Case::begin(Fault::ReadOnly, &home.place, rng, tally).await?;
    let disk = Disk::mount_read_only(home.directory.path())?;
    // A file that was open stays writable; one that is opened now is read-only.
    let url = format!("{}?mode=ro", home.place.url);
    let reading = StoreOptions::new(url).open().await?;
    let scope = Scope::owner(case.bank.owner);
    let seen = reading.repository::<Transfer>(&scope);
    let seen = seen.count(&Query::all()).await?;
    tally.must(seen > 0, || "a read-only file shows no rows".to_owned());
    let writing = std::mem::replace(&mut case.store, reading);
    case.must_fail(1).await;
    let reading = std::mem::replace(&mut case.store, writing);
    reading.close();
    drop(disk);
    case.end().await
}

async fn corrupt_page(rng: &mut Rng, tally: &Tally) -> Outcome<()> {
    let (home, _) = Home::make(NO_DISK).await?;
    let case = Case::begin(Fault::CorruptPage, &home.place, rng, tally).await?;
    home.checkpoint().await?;
    let whole = fs::read(home.file())?;
    let mut damaged = whole.clone();
    // Keeps the first page, which has the schema, and damages the others.
    damaged[4_096..].fill(0xff);
    write_into(&home.file(), &damaged)?;
    case.must_fail_to_read().await;
    write_into(&home.file(), &whole)?;
    case.end().await
}

/// Overwrites the file instead of replacing it.
fn write_into(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write;
    fs::OpenOptions::new()
        .write(true)
        .open(path)?
        .write_all(bytes)
}

async fn file_removed(rng: &mut Rng, tally: &Tally) -> Outcome<()> {
    let (home, _) = Home::make(NO_DISK).await?;
    let mut case = Case::begin(Fault::FileRemoved, &home.place, rng, tally).await?;
    let copy = home.copy().await?;
    home.remove_files()?;
    case.must_fail(1).await;
    case.must_fail(1).await;
    tally.must(!home.file().exists(), || {
        "an empty database was made in its place".to_owned()
    });
    fs::rename(copy, home.file())?;
    case.end().await
}

async fn file_replaced(rng: &mut Rng, tally: &Tally) -> Outcome<()> {
    let (home, _) = Home::make(NO_DISK).await?;
    let mut case = Case::begin(Fault::FileReplaced, &home.place, rng, tally).await?;
    let copy = home.copy().await?;
    home.remove_files()?;
    fs::rename(copy, home.file())?;
    case.must_fail(1).await;
    case.end().await
}
