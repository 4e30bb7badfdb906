//! Random operations on both engines, with the kit that users have: every outcome is the same, and follows from the
//! outcomes before it.

use catamaran::testing::{EnginesAgree, Target};
use entity::{DOMAIN, Device, Entry, Habit, Reminder};
use suite::specimen::{self, Specimen};

#[test]
fn the_engines_agree_on_the_reference_domain() {
    let run = EnginesAgree::new(&DOMAIN)
        .record::<Habit>()
        .record::<Entry>()
        .record::<Reminder>()
        .record::<Device>()
        .example(Reminder::TIME_LOCAL, ["07:30", "23:59"])
        .example(Reminder::DAYS_OF_WEEK, [1, 127])
        .operations(1_000);
    let (summary, divergences) = run
        .survey::<migration::Migrator>(30)
        .unwrap_or_else(|error| panic!("{error}"));
    println!("{summary}");
    println!("{:?}", summary.outcomes);
    for divergence in divergences {
        println!("==== {divergence}");
    }
}

#[test]
fn the_engines_agree_on_every_type_of_column() {
    let run = EnginesAgree::new(&specimen::DOMAIN)
        .record::<Specimen>()
        .operations(1_000)
        .targets(Target::SqliteFile, Target::PostgresEnUs);
    let (summary, divergences) = run
        .survey::<specimen::Migrator>(30)
        .unwrap_or_else(|error| panic!("{error}"));
    println!("{summary}");
    println!("{:?}", summary.outcomes);
    for divergence in divergences {
        println!("==== {divergence}");
    }
}
