//! The comparison of the engines by random operations that users have, on our own records and in every configuration.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use catamaran::migrate::{Script, TwinMigration};
use catamaran::testing::{AgreeError, EnginesAgree, Summary, TestError};
use entity::{DOMAIN, Device, Entry, Habit, Reminder};
use suite::agree::configurations;
use suite::keys::{self, Octet, Ticket};
use suite::specimen::{self, Specimen};

/// Over all configurations.
const OPERATIONS: u64 = 100_000;

/// Outcomes that a run must reach, or it compares less than it says.
const REACHED: [&str; 14] = [
    "Ok",
    "Check",
    "Conflict",
    "ForeignKey",
    "InvalidCursor",
    "InvalidQuery",
    "InvalidValue",
    "NotFound",
    "NotNull",
    "Permission",
    "ReadOnly",
    "Unique",
    "UnitEnded",
    "Unsupported",
];

#[test]
fn random_operations_have_the_same_outcomes_on_both_engines_in_every_configuration() {
    let configurations = configurations();
    let operations = OPERATIONS.div_ceil(configurations.len() as u64);
    let next = AtomicUsize::new(0);
    let total = Mutex::new((Summary::default(), String::new()));
    let work = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(configuration) = configurations.get(number) else {
                return;
            };
            let seed = 1_000 * number as u64;
            let run = configuration.run().shrink_time(Duration::from_secs(5));
            let run = run.seed(seed).operations(operations);
            let (summary, divergences) = match configuration.survey(run, 1) {
                Ok(done) => done,
                // A server that was built without ICU.
                Err(AgreeError::Test(TestError::NoCollation)) => continue,
                Err(error) => panic!("{error}"),
            };
            let mut total = total.lock().expect("no other run panicked");
            total.0.add(&summary);
            for divergence in divergences {
                total.1 += &format!("\n{configuration}: {divergence}\n");
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(work);
        }
    });
    let (summary, divergences) = total.into_inner().expect("no run panicked");
    println!("{summary}");
    assert!(divergences.is_empty(), "{divergences}");
    let kinds = summary.kinds();
    let missing: Vec<_> = REACHED
        .iter()
        .filter(|kind| !kinds.contains_key(*kind))
        .collect();
    assert!(missing.is_empty(), "never reached: {missing:?}");
}

#[test]
fn one_line_compares_the_engines_on_the_records_of_an_application() {
    catamaran::assert_engines_agree!(
        DOMAIN,
        migration::Migrator,
        records: [Habit, Entry, Reminder, Device],
        operations: 500,
        seed: 7,
        examples: [Reminder::TIME_LOCAL => ["07:30", "23:59"], Reminder::DAYS_OF_WEEK => [1, 127]],
    );
}

/// The specimens, with a key that only Postgres has.
struct KeyOnOneEngine;

struct AddKey;

impl TwinMigration for AddKey {
    fn name(&self) -> &'static str {
        "m20261122_000002_add_key"
    }

    fn sqlite_up(&self) -> Script {
        Script::nothing("the difference that the run must find")
    }

    fn sqlite_down(&self) -> Script {
        Script::nothing("nothing was added")
    }

    fn postgres_up(&self) -> Script {
        Script::new().sql("CREATE UNIQUE INDEX uq_specimens__label ON specimens (label)")
    }

    fn postgres_down(&self) -> Script {
        Script::new().sql("DROP INDEX uq_specimens__label")
    }
}

impl catamaran::migrate::History for KeyOnOneEngine {
    fn migrations() -> Vec<Box<dyn TwinMigration>> {
        let mut all = specimen::History::migrations();
        all.push(Box::new(AddKey));
        all
    }
}

#[test]
fn a_key_that_one_engine_lacks_is_found_and_shortened_to_two_writes() {
    let run = EnginesAgree::new(&specimen::DOMAIN).record::<Specimen>();
    let outcome = run.operations(2_000).seed(3).run::<KeyOnOneEngine>();
    let Err(AgreeError::Diverged(found)) = outcome else {
        panic!("the key was not noticed: {outcome:?}");
    };
    assert!(found.postgres.contains("Unique"), "{found}");
    assert_eq!(found.steps.1, 2, "{found}");
    assert!(found.code.contains("SpecimenDraft::new("), "{found}");
}

/// The tables with each kind of key, with a rule on one of them that only Postgres has.
struct RuleOnOneEngine;

struct AddRule;

impl TwinMigration for AddRule {
    fn name(&self) -> &'static str {
        "m20261127_000002_add_rule"
    }

    fn sqlite_up(&self) -> Script {
        Script::nothing("the difference that the run must find")
    }

    fn sqlite_down(&self) -> Script {
        Script::nothing("nothing was added")
    }

    fn postgres_up(&self) -> Script {
        Script::new().sql("ALTER TABLE octets ADD CONSTRAINT ck_octets__c CHECK (c)")
    }

    fn postgres_down(&self) -> Script {
        Script::new().sql("ALTER TABLE octets DROP CONSTRAINT ck_octets__c")
    }
}

impl catamaran::migrate::History for RuleOnOneEngine {
    fn migrations() -> Vec<Box<dyn TwinMigration>> {
        let mut all = keys::History::migrations();
        all.push(Box::new(AddRule));
        all
    }
}

#[test]
fn a_divergence_about_a_key_of_several_columns_is_printed_with_its_columns() {
    let run = EnginesAgree::new(&keys::DOMAIN).record::<Octet>();
    let outcome = run.operations(2_000).seed(3).run::<RuleOnOneEngine>();
    let Err(AgreeError::Diverged(found)) = outcome else {
        panic!("the rule was not noticed: {outcome:?}");
    };
    assert!(found.postgres.contains("Check"), "{found}");
    assert_eq!(found.steps.1, 1, "{found}");
    assert!(found.code.contains("OctetDraft::new("), "{found}");
    // A newtype is made of what is stored.
    let newtype = "<suite::keys::parcel::ParcelId as catamaran::record::Field>::from_value(";
    assert!(found.code.contains(newtype), "{found}");
}

#[test]
fn the_same_seed_gives_the_same_operations() {
    let run = || {
        let run = EnginesAgree::new(&specimen::DOMAIN).record::<Specimen>();
        run.operations(300).seed(11).run::<specimen::Migrator>()
    };
    let (first, second) = (run(), run());
    assert_eq!(
        first.map_err(|e| e.to_string()),
        second.map_err(|e| e.to_string())
    );
}

#[test]
fn a_run_that_would_compare_nothing_says_so() {
    use catamaran::testing::Target::{Postgres, SqliteFile};

    let run = || EnginesAgree::new(&DOMAIN).record::<Habit>().operations(10);
    for (run, reason) in [
        (EnginesAgree::new(&DOMAIN), "no record"),
        (run().operations(0), "no operations"),
        (run().record::<Habit>(), "two records of the table habits"),
        (run().record::<Specimen>(), "no table specimens"),
        (
            EnginesAgree::new(&keys::DOMAIN).record::<Ticket>(),
            "generates",
        ),
        (run().targets(Postgres, SqliteFile), "in this order"),
        (run().targets(SqliteFile, SqliteFile), "in this order"),
        (run().example(Device::PLATFORM, ["x"]), "add its record"),
    ] {
        let error = run.run::<migration::Migrator>().expect_err(reason);
        assert!(error.to_string().contains(reason), "{error}");
    }
}
