//! Faults of a Postgres server.

use std::fs;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;

use catamaran::{IdSource, UuidV7};
use fastrand::Rng;
use rustix::process::Signal;
use sea_orm::{ConnectionTrait, DatabaseConnection};

use super::{Case, Fault, Outcome};
use crate::disk::Disk;
use crate::observer::texts;
use crate::own_server::{OwnServer, backends, signal_backend};
use crate::pace::limit;
use crate::soak::database::Database;
use crate::soak::tally::Tally;

pub(super) async fn run(
    fault: Fault,
    place: &Database,
    server: &OwnServer,
    rng: &mut Rng,
    tally: &Tally,
) -> Outcome<()> {
    match fault {
        Fault::LockForEver => lock(place, rng, tally).await,
        Fault::DiskFull => disk_full(place, server, rng, tally).await,
        Fault::ReadOnly => read_only(place, rng, tally).await,
        Fault::CorruptPage => corrupt_page(place, server, rng, tally).await,
        Fault::ConnectionLimit => connection_limit(place, rng, tally).await,
        Fault::Silence => silence(place, server, rng, tally).await,
        Fault::PageLimit | Fault::FileRemoved | Fault::FileReplaced => {
            Err("a server's files are its own".into())
        }
    }
}

async fn lock(place: &Database, rng: &mut Rng, tally: &Tally) -> Outcome<()> {
    let mut case = Case::begin(Fault::LockForEver, place, rng, tally).await?;
    let holder = place.connect().await?;
    holder
        .execute_unprepared("BEGIN; LOCK TABLE accounts IN ACCESS EXCLUSIVE MODE")
        .await?;
    case.must_fail(1).await;
    case.must_fail(1).await;
    holder.execute_unprepared("ROLLBACK").await?;
    case.end().await
}

async fn disk_full(
    place: &Database,
    server: &OwnServer,
    rng: &mut Rng,
    tally: &Tally,
) -> Outcome<()> {
    let admin = place.connect().await?;
    let at = server.data().with_file_name("small-disk");
    fs::create_dir_all(&at)?;
    let disk = Disk::mount(&at, 16)?;
    let owner = fs::metadata(server.data())?;
    chown(&at, Some(owner.uid()), Some(owner.gid()))?;
    let tablespace = format!("CREATE TABLESPACE small LOCATION '{}'", at.display());
    admin.execute_unprepared(&tablespace).await?;
    move_tables(&admin, "small").await?;

    let mut case = Case::begin(Fault::DiskFull, place, rng, tally).await?;
    let filler = disk.fill()?;
    // The last pages of the tables have space for some orders.
    case.must_fail(5_000).await;
    case.must_fail(5_000).await;
    fs::remove_file(filler)?;
    let ended = case.end().await;

    move_tables(&admin, "pg_default").await?;
    admin.execute_unprepared("DROP TABLESPACE small").await?;
    ended
}

async fn move_tables(admin: &DatabaseConnection, tablespace: &str) -> Outcome<()> {
    for table in ["transfers", "accounts"] {
        let sql = format!("ALTER TABLE {table} SET TABLESPACE {tablespace}");
        admin.execute_unprepared(&sql).await?;
    }
    Ok(())
}

async fn read_only(place: &Database, rng: &mut Rng, tally: &Tally) -> Outcome<()> {
    let mut case = Case::begin(Fault::ReadOnly, place, rng, tally).await?;
    let admin = place.connect().await?;
    set_read_only(place, &admin, "on").await?;
    lose_connections(&case).await;
    case.must_fail(1).await;
    set_read_only(place, &admin, "off").await?;
    case.end().await
}

/// Ends all connections; new ones are read-only, as on a standby.
async fn set_read_only(place: &Database, admin: &DatabaseConnection, to: &str) -> Outcome<()> {
    let database = texts(admin, "SELECT current_database()::text")
        .await?
        .concat();
    let sql = format!("ALTER DATABASE {database} SET default_transaction_read_only = {to}");
    // The administrator's connection stays writable.
    admin
        .execute_unprepared("SET default_transaction_read_only = off")
        .await?;
    admin.execute_unprepared(&sql).await?;
    for pid in backends(place).await? {
        let sql = format!("SELECT pg_terminate_backend({pid}, 5000)::text");
        texts(admin, &sql).await?;
    }
    Ok(())
}

async fn corrupt_page(
    place: &Database,
    server: &OwnServer,
    rng: &mut Rng,
    tally: &Tally,
) -> Outcome<()> {
    let case = Case::begin(Fault::CorruptPage, place, rng, tally).await?;
    let admin = place.connect().await?;
    let file = texts(&admin, "SELECT pg_relation_filepath('transfers')")
        .await?
        .concat();
    let file = server.data().join(file);
    admin.execute_unprepared("CHECKPOINT").await?;
    admin.close().await?;
    // A running server has the page in memory.
    server.stop(Signal::QUIT).await;
    let whole = exchange(&file, &[0xff; 8_192])?;
    server.start_again().await?;
    lose_connections(&case).await;
    case.must_fail_to_read().await;
    exchange(&file, &whole)?;
    case.end().await
}

/// Overwrites the first page and returns the old one.
fn exchange(file: &Path, page: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut file = fs::OpenOptions::new().read(true).write(true).open(file)?;
    let mut before = vec![0; page.len()];
    file.read_exact(&mut before)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(page)?;
    Ok(before)
}

/// Makes calls until the store has noticed that its connections are lost.
async fn lose_connections(case: &Case<'_>) {
    let scope = catamaran::Scope::owner(case.bank.owner);
    let accounts = case.store.repository::<crate::bank::Account>(&scope);
    for _ in 0..4 {
        let _found_out = accounts.count(&catamaran::Query::all()).await;
    }
}

async fn connection_limit(place: &Database, rng: &mut Rng, tally: &Tally) -> Outcome<()> {
    let admin = place.connect().await?;
    let role = format!("soak_{}", UuidV7.next_id().simple());
    let make = format!(
        "CREATE ROLE {role} LOGIN PASSWORD 'secret' IN ROLE catamaran_app CONNECTION LIMIT 1"
    );
    admin.execute_unprepared(&make).await?;
    let mut url: url::Url = place.url.parse()?;
    url.set_username(&role).map_err(|()| "a user's name")?;
    url.set_password(Some("secret"))
        .map_err(|()| "a password")?;

    let options = catamaran::StoreOptions::new(url);
    let mut case = Case::with(Fault::ConnectionLimit, place, options, rng, tally).await?;
    let held = case
        .store
        .begin_read(&catamaran::Scope::owner(case.bank.owner))
        .await?;
    case.must_fail(1).await;
    held.rollback().await?;
    let store = case.store.clone();
    let ended = case.end().await;
    store.close();
    drop(store);
    admin
        .execute_unprepared(&format!("DROP ROLE {role}"))
        .await?;
    ended
}

/// Stops every process of the server, so that neither connected nor new clients get an answer.
async fn silence(
    place: &Database,
    server: &OwnServer,
    rng: &mut Rng,
    tally: &Tally,
) -> Outcome<()> {
    let options = place.options().acquire_timeout(limit() * 2);
    let mut case = Case::with(Fault::Silence, place, options, rng, tally).await?;
    let pids = backends(place).await?;
    server.signal(Signal::STOP);
    for pid in &pids {
        signal_backend(*pid, Signal::STOP);
    }
    case.must_fail(1).await;
    case.must_fail(1).await;
    server.signal(Signal::CONT);
    for pid in &pids {
        signal_backend(*pid, Signal::CONT);
    }
    case.end().await
}
