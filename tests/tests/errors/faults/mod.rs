//! Every fault of the taxonomy, provoked on both engines.
//!
//! What an engine cannot be brought to cheaply, or does not have, says so in the table; its class is then that
//! of its code, which the unit tests of `repository/src/{sqlite,postgres}/error.rs` hold.

mod access;
mod concurrency;
mod constraints;

mod environment;
mod opening;
mod programming;
mod table;
mod values;

use catamaran::testing::{Target, TwinDatabase};
use catamaran::{Error, Result, Scope};
use futures_util::future::BoxFuture;
use suite::users::ADA;

const ADAS: Scope = Scope::owner(ADA);
const EVERYBODYS: Scope = Scope::system("the faults are everybody's");

/// A marker in every value. No error may contain it.
const MARKER: &str = "Zq7Marker";

/// The result of a fault on one engine.
enum Provoked {
    /// The error of the call.
    Told(Error),
    /// The reason why the engine has no such fault, or why the test cannot provoke it.
    Not(&'static str),
}

/// One way to get an error.
struct Fault {
    /// The description for the table.
    what: &'static str,
    /// The name of the kind that it gives on each engine.
    kind: &'static str,
    provoke: fn(Target) -> BoxFuture<'static, Result<Provoked>>,
}

macro_rules! faults {
    ($($kind:ident: $what:literal by $function:path;)*) => {
        vec![$($crate::faults::Fault {
            what: $what,
            kind: stringify!($kind),
            provoke: |at| Box::pin($function(at)),
        }),*]
    };
}
use faults;

fn all() -> Vec<Fault> {
    [
        values::faults(),
        constraints::faults(),
        access::faults(),
        concurrency::faults(),
        environment::faults(),
        opening::faults(),
        programming::faults(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The error of a call that must have failed.
#[track_caller]
fn told<T>(outcome: Result<T>) -> Result<Provoked> {
    match outcome {
        Ok(_) => panic!("it was not refused"),
        Err(error) => Ok(Provoked::Told(error)),
    }
}

/// A database of its own for one fault, with the reference domain.
async fn habits(at: Target) -> TwinDatabase {
    let made = TwinDatabase::create::<migration::Migrator>(at).await;
    made.unwrap_or_else(|error| panic!("no database: {error}"))
}

/// As [`habits`], with the domain of references.
async fn library(at: Target) -> TwinDatabase {
    let made = TwinDatabase::create::<crate::library::Migrator>(at).await;
    made.unwrap_or_else(|error| panic!("no database: {error}"))
}
