#![allow(unused_imports)]

use catamaran::testing::{TwinDatabase, twin_test};

struct Migrator;

#[twin_test(Migrator)]
fn is_not_async(db: &TwinDatabase) {}

#[twin_test(Migrator)]
async fn takes_no_database() {}

#[twin_test(Migrator, nowhere)]
async fn runs_nowhere(db: &TwinDatabase) {}

fn main() {}
