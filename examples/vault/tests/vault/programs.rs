//! The two programs, each as a process on the database of a test.

use std::process::Command;

use catamaran::Query;
use catamaran::testing::{TwinDatabase, twin_test};
use vault::{Item, User};

use crate::people::everybodys;

/// What the program prints.
fn run(program: &str, arguments: &[&str]) -> String {
    let mut command = Command::new(program);
    let output = command.args(arguments).output().expect("a program");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[twin_test(vault::migration::Migrator)]
async fn the_tour_prints_the_same_on_both_engines(db: &TwinDatabase) -> catamaran::Result<()> {
    for _ in 0..2 {
        let printed = run(env!("CARGO_BIN_EXE_vault"), &[db.url()]);
        assert_eq!(printed, include_str!("tour.txt"));
    }
    assert_eq!(everybodys::<User>(db).count(&Query::all()).await?, 4);
    assert_eq!(everybodys::<Item>(db).count(&Query::all()).await?, 6);
    Ok(())
}

#[twin_test(vault::migration::Migrator)]
async fn the_migration_goes_down_and_up_again(db: &TwinDatabase) {
    let migration = env!("CARGO_BIN_EXE_vault-migration");
    run(migration, &["refresh", "-u", db.url()]);
    let report = run(migration, &["doctor", "--no-scratch", "--url", db.url()]);
    assert!(report.contains("clean"), "{report}");
    run(migration, &["reset", "-u", db.url()]);
}
