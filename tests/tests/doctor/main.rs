//! The doctor: clean where nothing is wrong, and right about whatever is.

mod apply_fixes;
mod atomic_fixes;
mod baseline;
mod blind_spots;
mod coverage;
mod data_loss;
mod databases;
mod domain;
mod drift;
mod edited_history;
mod encodings;
mod entities;
mod equivalent_expressions;
mod fingerprint;
mod fix_order;
mod generate;
mod generated_keys;
mod keys;
mod memberships;
mod mutations;
mod no_false_positives;
mod numerics;
mod orphans;
mod other_schemas;
mod pages;
mod pasted_fixes;
mod preserved;
mod quoted_names;
mod recorded_history;
mod reports;
mod several_databases;
mod shadowed_builtins;
mod sharing_policies;
mod sqlite_file;
mod suggested_migrations;
mod unparsed_sql;
mod unsupported_objects;
mod variants;

use std::thread;

use coverage::{Column, Coverage, Tried};
use drift::DRIFTS;

#[test]
fn a_domain_with_types_of_the_applications_own_is_in_sync() {
    catamaran::assert_in_sync!(suite::exhibit::DOMAIN, suite::exhibit::Migrator);
}

#[test]
fn a_domain_with_keys_of_each_kind_is_in_sync() {
    catamaran::assert_in_sync!(suite::keys::GIVEN, suite::keys::GivenKeys);
}

#[test]
fn the_reference_domain_is_in_sync() {
    catamaran::assert_in_sync!(entity::DOMAIN, migration::Migrator);
}

/// How many drifts are tried at once.
const THREADS: usize = 4;

#[test]
fn every_drift_is_found_in_its_place_and_repaired_by_its_fix() {
    let mut proof = Coverage::default();
    proof.add(databases());
    proof.add(
        on_a_runtime(entities::all())
            .into_iter()
            .map(|(class, engine, code, outcome)| Tried {
                class,
                column: Column::Entities(engine),
                told: code.to_string(),
                outcome,
            }),
    );
    proof.add(
        on_a_runtime(domain::all())
            .into_iter()
            .map(|(class, told, outcome)| Tried {
                class,
                column: Column::Domain,
                told,
                outcome,
            }),
    );
    println!("{}", proof.table());
    let failures = proof.failures();
    assert!(
        failures.is_empty(),
        "{}\n\n{} failed",
        failures.join("\n\n"),
        failures.len()
    );
    proof.assert_page();
}

/// The drifts of databases, in the order of their list.
fn databases() -> Vec<Tried> {
    let tried = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|first| {
                let all = DRIFTS.iter().copied().flatten();
                let mine = all.enumerate().skip(first).step_by(THREADS);
                scope.spawn(move || on_a_runtime(databases::all(mine.collect())))
            })
            .collect();
        let results = threads
            .into_iter()
            .map(|thread| thread.join().expect("a thread that ends"));
        results.flatten().collect::<Vec<_>>()
    });
    let mut tried = tried;
    tried.sort_by_key(|(place, _)| *place);
    tried.into_iter().map(|(_, tried)| tried).collect()
}

fn on_a_runtime<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(work)
}
