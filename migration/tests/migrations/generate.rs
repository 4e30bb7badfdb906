//! The `generate` command of the `migration` program.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use catamaran::doctor::{Doctor, GenerateError, Generated, Question};
use catamaran::migrate::{History, TwinMigration};
use catamaran::testing::EphemeralDatabase;
use migration::Migrator;
use serde_json::Value;

use crate::support;

/// The exit code for arguments that make no sense.
const USAGE: i32 = 64;

const SCHEMA: &str = include_str!("../../../docs/src/generate.schema.json");
const REPORT_SCHEMA: &str = include_str!("../../../docs/src/doctor.schema.json");

/// A copy of this package's sources, to be changed.
fn package() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    copy(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &folder.path().join("src"),
    );
    folder
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let there = to.join(entry.file_name());
        match entry.file_type().expect("a type").is_dir() {
            true => copy(&entry.path(), &there),
            false => drop(fs::copy(entry.path(), there).expect("a copy")),
        }
    }
}

fn generate(package: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_migration"))
        .arg("generate")
        .args(args)
        .current_dir(package)
        .env("CARGO_MANIFEST_DIR", package)
        .env_remove("DATABASE_URL")
        .env_remove("DATABASE_SCHEMA")
        .output()
        .expect("the binary runs")
}

fn words(output: &[u8]) -> String {
    String::from_utf8_lossy(output).into_owned()
}

/// Runs it where it fails, and returns its error.
fn refused(code: i32, package: &Path, args: &[&str]) -> String {
    let output = generate(package, args);
    assert_eq!(output.status.code(), Some(code), "{args:?}: {output:?}");
    words(&output.stderr)
}

fn list(package: &Path) -> String {
    fs::read_to_string(package.join("src/lib.rs")).expect("the list")
}

/// The new folders in the copy.
fn new_folders(package: &Path) -> Vec<String> {
    let entries = fs::read_dir(package.join("src")).expect("a folder");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let names = names.map(|name| name.to_string_lossy().into_owned());
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    names.filter(|name| !own.join(name).exists()).collect()
}

#[test]
fn an_empty_migration_is_written_and_added_to_the_list() {
    let package = package();
    let before = list(package.path());
    let output = generate(package.path(), &["add_color", "--empty"]);
    assert!(output.status.success(), "{output:?}");

    let new = new_folders(package.path());
    let [name] = new.as_slice() else {
        panic!("one folder: {new:?}");
    };
    assert!(name.ends_with("_add_color"), "{name}");
    let folder = package.path().join("src").join(name);
    for file in ["sqlite.rs", "postgres.rs"] {
        let text = fs::read_to_string(folder.join(file)).expect("a file");
        assert!(text.contains("Script::nothing("), "{text}");
    }
    let (last, after) = ("m20261122_000008_operation_keys", list(package.path()));
    let expected = before
        .replace(
            &format!("mod {last};\n"),
            &format!("mod {last};\nmod {name};\n"),
        )
        .replace(
            &format!("Box::new({last}::Migration),\n"),
            &format!("Box::new({last}::Migration),\n            Box::new({name}::Migration),\n"),
        );
    assert_eq!(after, expected);
    let told = words(&output.stdout);
    for file in ["mod.rs", "sqlite.rs", "postgres.rs", "lib.rs"] {
        assert!(told.contains(file), "{told}");
    }
}

/// The files are those of `data/template`, which is compiled with these tests.
#[test]
fn a_data_migration_is_written_as_it_compiles_and_added_to_the_list() {
    let package = package();
    let output = generate(package.path(), &["split_city", "--data"]);
    assert!(output.status.success(), "{output:?}");

    let new = new_folders(package.path());
    let [name] = new.as_slice() else {
        panic!("one folder: {new:?}");
    };
    assert!(name.ends_with("_split_city"), "{name}");
    for (file, expected) in [
        ("mod.rs", include_str!("data/template/mod.rs")),
        ("up.rs", include_str!("data/template/up.rs")),
        ("down.rs", include_str!("data/template/down.rs")),
    ] {
        let path = package.path().join("src").join(name).join(file);
        let text = fs::read_to_string(path).expect("a file");
        assert_eq!(text, expected, "{file}");
    }
    assert!(list(package.path()).contains(&format!("Box::new({name}::Migration),")));
    let told = words(&output.stdout);
    assert!(
        told.contains("write the step in up.rs, and the way back in down.rs"),
        "{told}"
    );
}

#[test]
fn a_name_that_is_taken_or_is_no_identifier_is_refused_and_nothing_is_written() {
    let package = package();
    for (name, part) in [
        ("outbox", "m20261122_000006_outbox"),
        ("m20261122_000006_outbox", "m20261122_000006_outbox"),
        ("../outbox", "lower-case letters"),
        ("Add-Color", "lower-case letters"),
        ("m20200101_000001_color", "m20261122_000008_operation_keys"),
    ] {
        let error = refused(USAGE, package.path(), &[name, "--empty"]);
        assert!(error.contains(part), "{name}: {error}");
    }
    assert_eq!(new_folders(package.path()), [""; 0]);
}

#[test]
fn a_folder_that_exists_is_not_overwritten() {
    let package = package();
    let name = "m29990101_000001_color";
    let folder = package.path().join("src").join(name);
    fs::create_dir(&folder).expect("a folder");
    let before = list(package.path());
    let error = refused(1, package.path(), &[name, "--empty"]);
    assert!(error.contains("is not overwritten"), "{error}");
    assert_eq!(fs::read_dir(&folder).expect("a folder").count(), 0);
    assert_eq!(list(package.path()), before);
}

#[test]
fn a_list_of_another_shape_is_left_alone_and_the_lines_are_printed() {
    let package = package();
    let changed = list(package.path()).replace(
        "Box::new(m20261122_000008_operation_keys::Migration),",
        "last(),",
    );
    fs::write(package.path().join("src/lib.rs"), &changed).expect("a file");
    let error = refused(1, package.path(), &["color", "--empty"]);
    let new = new_folders(package.path());
    let line = format!("mod {0}; and Box::new({0}::Migration)", new[0]);
    assert!(error.contains(&line), "{error}");
    assert_eq!(list(package.path()), changed);

    let output = generate(package.path(), &["shade", "--empty", "--format", "json"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let document = valid(&words(&output.stdout));
    assert!(document["name"].is_string(), "{document:#}");
    let message = document["error"]["message"].as_str().expect("a message");
    assert!(message.contains("add by hand"), "{message}");
}

#[test]
fn a_package_that_is_none_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    for args in [
        &["color", "--empty"][..],
        &["color", "--empty", "--package", ""],
    ] {
        let error = refused(USAGE, folder.path(), args);
        assert!(error.contains("--package"), "{args:?}: {error}");
    }
}

#[test]
fn invalid_options_are_a_usage_error() {
    let package = package();
    for args in [
        &["color", "--rename", "habits"][..],
        &["color", "--rename", "habits=things.name"],
        &["color", "--empty", "--drop", "habits"],
        &["color", "--data", "--drop", "habits"],
        &["color", "--data", "--rename", "habits=things"],
        &["color", "--data", "--empty"],
        &["color", "--format", "yaml"],
        &[],
        &["color", "--drop", "habits.color"],
    ] {
        refused(USAGE, package.path(), args);
    }
    assert_eq!(new_folders(package.path()), [""; 0]);
}

#[test]
fn nothing_to_change_is_said_and_writes_nothing() {
    let package = package();
    let output = generate(package.path(), &["color"]);
    assert!(output.status.success(), "{output:?}");
    assert!(
        words(&output.stdout).starts_with("nothing to change"),
        "{output:?}"
    );
    assert!(output.stderr.is_empty(), "{output:?}");

    let output = generate(package.path(), &["color", "--format", "json"]);
    let document = json(&output);
    assert_eq!(document["name"], Value::Null);
    assert_eq!(new_folders(package.path()), [""; 0]);
}

#[test]
fn the_json_of_a_migration_has_its_files() {
    for by_hand in ["--empty", "--data"] {
        let package = package();
        let output = generate(package.path(), &["color", by_hand, "--format", "json"]);
        let document = json(&output);
        let files = document["files"].as_array().expect("files");
        assert_eq!(files.len(), 3);
    }
}

/// The reference history without its last migration.
struct Earlier;

impl History for Earlier {
    fn migrations() -> Vec<Box<dyn TwinMigration>> {
        let mut migrations = <migration::History as History>::migrations();
        migrations.pop();
        migrations
    }
}

#[tokio::test]
async fn the_json_of_a_migration_has_its_statements_their_cost_and_what_became_of_the_rows() {
    let doctor = Doctor::new(&entity::DOMAIN).migrations::<Earlier>();
    let generated = doctor.generate("m20270101_000001_again").await;
    let generated = generated.expect("a migration").expect("a difference");
    let document = valid(&Generated::json(Some(&generated)));
    for engine in document["engines"].as_array().expect("engines") {
        let trial = &engine["trial"];
        assert_eq!(trial["ran_on"], "rows with NULL", "{document:#}");
        assert_eq!(trial["up"]["rows"], trial["up"]["left"], "{document:#}");
        assert!(engine["up"][0]["note"].is_string(), "{document:#}");
    }
}

fn json(output: &Output) -> Value {
    assert!(output.status.success(), "{output:?}");
    valid(&words(&output.stdout))
}

#[test]
fn whatever_is_refused_is_json_if_json_is_asked_for() {
    let package = package();
    let name = "m29990101_000001_color";
    fs::create_dir(package.path().join("src").join(name)).expect("a folder");
    for (code, kind, args) in [
        (USAGE, "refused", &["outbox"][..]),
        (1, "refused", &[name]),
        (USAGE, "unused", &["color", "--drop", "habits.color"]),
        (
            2,
            "skipped",
            &["color", "--server", "postgres://127.0.0.1:1/none"],
        ),
    ] {
        let args: Vec<&str> = args.iter().copied().chain(["--format", "json"]).collect();
        let output = generate(package.path(), &args);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {output:?}");
        let document = valid(&words(&output.stdout));
        assert_eq!(document["error"]["kind"], kind, "{document:#}");
        assert_eq!(document["name"], Value::Null, "{document:#}");
        assert!(!output.stderr.is_empty(), "{args:?}: {output:?}");
    }
}

#[test]
fn the_json_of_questions_has_each_answer() {
    let error = GenerateError::Undecided {
        questions: vec![Question {
            old: "notes.body".to_owned(),
            new: vec!["notes.content".to_owned(), "notes.words".to_owned()],
        }],
    };
    let document = valid(&error.json());
    let question = &document["error"]["questions"][0];
    assert_eq!(question["old"], "notes.body");
    assert_eq!(question["new"][1], "notes.words");
}

/// The document, which the schema describes.
fn valid(text: &str) -> Value {
    validated(text, SCHEMA)
}

fn validated(text: &str, schema: &str) -> Value {
    let document: Value = serde_json::from_str(text).expect("JSON");
    let schema: Value = serde_json::from_str(schema).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a JSON schema");
    let errors: Vec<String> = validator
        .iter_errors(&document)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:?}\n{document:#}");
    document
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_written_beside_a_database_that_the_migrations_did_not_build() {
    let package = package();
    let database = EphemeralDatabase::sqlite_file::<Migrator>()
        .await
        .expect("a SQLite file");
    let drop = "DROP INDEX ix_habits__user_id_updated_at";
    let db = support::connect(database.url()).await;
    support::run(&db, drop).await;
    db.close().await.expect("closed");
    let args = ["color", "--url", database.url()];
    let output = generate(package.path(), &args);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let error = words(&output.stderr);
    for part in [
        "ix_habits__user_id_updated_at",
        "differs from what the migrations build",
    ] {
        assert!(error.contains(part), "{error}");
    }
    assert!(output.stdout.is_empty(), "{output:?}");

    let args = ["color", "--url", database.url(), "--format", "json"];
    let output = generate(package.path(), &args);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let document = valid(&words(&output.stdout));
    assert_eq!(
        document["error"]["kind"], "database_differs",
        "{document:#}"
    );
    let report = document["error"]["report"].to_string();
    let report = validated(&report, REPORT_SCHEMA);
    assert_eq!(report["findings"].as_array().map(Vec::len), Some(1));
    assert_eq!(new_folders(package.path()), [""; 0]);
}
