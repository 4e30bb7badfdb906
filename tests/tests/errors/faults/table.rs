//! `docs/src/errors.md` has a table that is made from what the faults really give. Where it differs, run
//! `CATAMARAN_WRITE_DOCS=1 cargo test -p suite --test errors table` and look at the change.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use catamaran::testing::Target;
use catamaran::{Error, ErrorKind};
use suite::kind::shown;

use super::{Fault, MARKER, Provoked, all};

const BEGIN: &str = "<!-- The table is made by tests/tests/errors/faults/table.rs. -->\n";
const END: &str = "<!-- Here it ends. -->\n";

/// The name of a kind, without its evidence.
fn name(kind: &ErrorKind) -> String {
    let whole = format!("{kind:?}");
    let name = whole.split([' ', '{']).next();
    name.unwrap_or_default().to_owned()
}

/// What a caller should do.
fn advice(kind: &str) -> &'static str {
    match kind {
        "InvalidValue" => "refuse the input; the field and the reason say which",
        "InvalidQuery" | "Unsupported" | "SchemaMismatch" | "StatementTooLarge" | "Decode" => {
            "fix the program or the schema"
        }
        "DuplicateId" => "stop, and restore the table's primary key",
        "InvalidCursor" => "begin with the first page",
        "NotFound" | "NoRow" => "report that the row does not exist",
        "Conflict" => {
            "read the row again and decide; `modify` does so for changes of the row alone"
        }
        "Unique" | "ForeignKey" | "NotNull" | "Check" => {
            "refuse the input; the table and the columns say which"
        }
        "Permission" => "refuse; if the reason names a privilege or a policy, fix the migration",
        "ReadOnly" => "write in a write unit, to a database that may be written",
        "Serialization" | "LockTimeout" | "SchemaChanged" => {
            "run the whole unit again: `writing().run(..)`"
        }
        "PoolTimeout" => "shed load; inside a unit, use the unit's own repositories",
        "StatementTimeout" => "ask for less, or allow more time",
        "ConnectionLost" => "run the whole unit again, on a new connection",
        "CommitUnknown" => "check whether it was committed: `writing().once(key, ..)`",
        "Unavailable" => "wait and try again; the store opens new connections by itself",
        "StorageFull" | "Exhausted" => "make room; nothing was written",
        "Corrupt" => "stop, and restore a backup",
        "InvalidUrl" | "DatabaseMissing" | "Authentication" | "NotADatabase" | "Setting" => {
            "fix the configuration"
        }
        "NotMigrated" | "Migration" => "run the migrations; fix the one that failed",
        "SchemaDiffers" => {
            "run the migrations, or the matching version of the application; the doctor lists each difference"
        }
        "UnitEnded" => "look for the error before it, which is the cause",
        "Internal" => "read the code and the driver's message, and report a bug",
        other => panic!("no advice for {other}"),
    }
}

/// One line of the table.
fn line(fault: &Fault, postgres: &Provoked, sqlite: &Provoked) -> String {
    let code = |provoked: &Provoked| match provoked {
        Provoked::Told(error) => match error.code() {
            // foreign_key_violation was also what RESTRICT gave before Postgres 18 had restrict_violation for it.
            Some("23503" | "23001") if fault.what.ends_with("`RESTRICT`") => {
                "`23503`, since 18 `23001`".to_owned()
            }
            Some(code) => format!("`{code}`"),
            None => "no code".to_owned(),
        },
        Provoked::Not(why) => format!("– ({why})"),
    };
    let again = [postgres, sqlite]
        .into_iter()
        .filter_map(|provoked| match provoked {
            Provoked::Told(error) => Some(error.is_retryable()),
            Provoked::Not(_) => None,
        })
        .next();
    let again = match again {
        Some(true) => "yes",
        _ => "no",
    };
    let advice = advice(fault.kind);
    let (postgres, sqlite) = (code(postgres), code(sqlite));
    let (what, kind) = (fault.what, fault.kind);
    format!("| {what} | `{kind}` | {postgres} | {sqlite} | {again} | {advice} |\n")
}

/// Whether the evidence, and not the kind alone, has to be the same on both engines: that of every broken
/// constraint which SQLite can name.
fn tells_all(kind: &ErrorKind) -> bool {
    match kind {
        ErrorKind::Unique { .. } | ErrorKind::NotNull { .. } | ErrorKind::Check { .. } => true,
        ErrorKind::ForeignKey { constraint, .. } => constraint.is_some(),
        _ => false,
    }
}

async fn provoke(fault: &Fault, at: Target) -> Provoked {
    let provoked = (fault.provoke)(at).await;
    let provoked =
        provoked.unwrap_or_else(|error| panic!("{}, {at:?}: to prepare: {error}", fault.what));
    if let Provoked::Told(error) = &provoked {
        assert_eq!(
            name(error.kind()),
            fault.kind,
            "{}, {at:?}: {error:?}",
            fault.what
        );
        shows_no_data(fault, error);
    }
    provoked
}

/// Each fault writes the marker; no error shows it.
fn shows_no_data(fault: &Fault, error: &Error) {
    let shown = shown(error);
    assert!(!shown.contains(MARKER), "{}: {shown}", fault.what);
}

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/src/errors.md")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_fault_gives_the_kind_that_the_documentation_says_on_both_engines() {
    let mut table = String::new();
    table.push_str("| What is done | Kind | SQLSTATE | SQLite | Run again? | What to do |\n");
    table.push_str("| --- | --- | --- | --- | --- | --- |\n");
    let (mut kinds, mut twice) = (BTreeSet::new(), 0);
    for fault in all() {
        let postgres = provoke(&fault, Target::Postgres).await;
        let sqlite = provoke(&fault, Target::SqliteFile).await;
        if let (Provoked::Told(one), Provoked::Told(other)) = (&postgres, &sqlite) {
            assert_eq!(one.is_retryable(), other.is_retryable(), "{}", fault.what);
            if tells_all(other.kind()) {
                assert_eq!(one.kind(), other.kind(), "{}", fault.what);
            }
            twice += 1;
        }
        let neither = matches!((&postgres, &sqlite), (Provoked::Not(_), Provoked::Not(_)));
        assert!(!neither, "{} is provoked nowhere", fault.what);
        kinds.insert(fault.kind);
        table.push_str(&line(&fault, &postgres, &sqlite));
    }
    let faults = all().len();
    let _infallible = write!(
        table,
        "\n{faults} faults, {twice} of them on both engines, {} kinds.\n",
        kinds.len()
    );
    let found = std::fs::read_to_string(docs()).expect("docs/src/errors.md");
    let (before, rest) = found.split_once(BEGIN).expect("where the table begins");
    let (_, after) = rest.split_once(END).expect("where the table ends");
    let wanted = format!("{before}{BEGIN}\n{table}\n{END}{after}");
    if std::env::var_os("CATAMARAN_WRITE_DOCS").is_some() {
        std::fs::write(docs(), &wanted).expect("docs/src/errors.md");
    } else {
        assert!(
            found == wanted,
            "docs/src/errors.md is not what the faults give; run this test with CATAMARAN_WRITE_DOCS=1\n{table}"
        );
    }
}
