//! The command `entity`, in a workspace with the sources of the reference domain.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Each argument that a column can have, and a parent without a unique key for its children.
const EVERY_TYPE: &[&str] = &[
    "sample",
    "owner",
    "code:uuid",
    "label:text",
    "note:text=say \"hi\"\\",
    "count:i64=5000000000",
    "size:i32=-3",
    "small:i16=2",
    "ratio:f64",
    "part:f32",
    "is_open:bool=true",
    "day:date",
    "at_time:time",
    "moment:timestamp?",
    "blob:bytes",
    "doc:json",
    "price:numeric(12,2)=12.5",
    "state:enum(open,half_done)=open",
    "mood:enum(good,bad)?",
    "belongs_to:devices?",
    "unique:label",
    "index:day,at_time",
];

/// A workspace with the packages `entity`, `migration` and `tests`.
struct Workspace {
    folder: tempfile::TempDir,
}

impl Workspace {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let workspace = Workspace { folder };
        let package = |name: &str, dependencies: &str| {
            format!(
                "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n{dependencies}"
            )
        };
        let crates = "catamaran = \"0.1\"\nchrono = \"0.4\"\nsea-orm = \"2\"\nuuid = \"1\"\n";
        let entity = "entity = { path = \"../entity\" }\n";
        let migration = "migration = { path = \"../migration\" }\n";
        workspace.write(
            "Cargo.toml",
            "[workspace]\nresolver = \"3\"\nmembers = [\"entity\", \"migration\", \"tests\"]\n",
        );
        workspace.write("entity/Cargo.toml", &package("entity", crates));
        workspace.write("migration/Cargo.toml", &package("migration", entity));
        workspace.write("migration/src/lib.rs", "");
        let all = format!("{crates}{entity}{migration}");
        workspace.write("tests/Cargo.toml", &package("suite", &all));
        workspace.write("tests/src/lib.rs", "");
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../entity/src");
        copy(&sources, &workspace.path("entity/src"));
        workspace
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).expect(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_migration"))
            .arg("entity")
            .args(arguments)
            .env("CARGO_MANIFEST_DIR", self.path("migration"))
            .current_dir(self.folder.path())
            .output()
            .expect("the binary runs")
    }

    fn succeeds(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// Runs the command, which must change no file. Returns the line on standard error.
    fn fails(&self, code: i32, arguments: &[&str]) -> String {
        let before = self.files();
        let output = self.run(arguments);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{arguments:?}: {output:?}"
        );
        assert_eq!(self.files(), before, "{arguments:?}");
        let text = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!(text.lines().count(), 1, "{text}");
        text
    }

    /// Every file with its text.
    fn files(&self) -> Vec<(PathBuf, String)> {
        let mut files = Vec::new();
        collect(self.folder.path(), &mut files);
        files.sort();
        files
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let to = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy(&entry.path(), &to),
            false => fs::copy(entry.path(), to).map(drop).expect("a file"),
        }
    }
}

fn collect(folder: &Path, files: &mut Vec<(PathBuf, String)>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => collect(&path, files),
            false => files.push((path.clone(), fs::read_to_string(path).expect("a text"))),
        }
    }
}

#[test]
fn dry_run_prints_what_would_be_written_and_writes_nothing() {
    let workspace = Workspace::new();
    let before = workspace.files();
    let arguments = [EVERY_TYPE, &["--dry-run"]].concat();
    let diff = workspace.succeeds(&arguments);
    assert_eq!(workspace.files(), before);
    // Other lines, and their numbers, belong to the reference domain.
    let added: Vec<&str> = diff.lines().filter(|line| line.starts_with('+')).collect();
    insta::assert_snapshot!(added.join("\n"));
}

#[test]
fn what_is_written_is_what_a_dry_run_prints() {
    let workspace = Workspace::new();
    let dry = workspace.succeeds(&[EVERY_TYPE, &["--dry-run"]].concat());
    let text = workspace.succeeds(EVERY_TYPE);
    assert!(text.contains("written: entity/src/sample.rs"), "{text}");
    assert!(text.contains("changed: entity/src/domain.rs"), "{text}");
    let test = workspace.read("tests/tests/samples.rs");
    let added: String = dry
        .split("+++ b/tests/tests/samples.rs\n")
        .nth(1)
        .expect("the test is the last file")
        .lines()
        .filter_map(|line| line.strip_prefix('+'))
        .map(|line| format!("{line}\n"))
        .collect();
    assert_eq!(test, added);
    // rustfmt has nothing to change, and parses every file.
    for path in ["entity/src/lib.rs", "tests/tests/samples.rs"] {
        let formatted = Command::new("rustfmt")
            .args(["--check", "--edition", "2024"])
            .arg(workspace.path(path))
            .output()
            .expect("rustfmt");
        assert!(formatted.status.success(), "{path}: {formatted:?}");
    }
}

#[test]
fn unique_key_of_a_parent_has_a_name_unless_a_macro_gives_it() {
    for (devices, key) in [
        (
            "table!(Device, Table { name: \"devices\", ..Table::BLANK })",
            "unique_keys: &[UniqueKey::over(&[\"user_id\", \"id\"])],",
        ),
        (
            "Table { name: \"devices\", ..Table::BLANK }",
            "name: \"uq_devices__user_id_id\",",
        ),
    ] {
        let workspace = Workspace::new();
        let domain = "pub const DOMAIN: Domain = Domain { tables: &[DEVICES], sources: &[], ..Domain::BLANK };";
        let text = format!("{domain}\n\npub const DEVICES: Table = {devices};\n");
        workspace.write("entity/src/domain.rs", &text);
        workspace.succeeds(&["note", "owner", "belongs_to:devices"]);
        let text = workspace.read("entity/src/domain.rs");
        let place = text
            .find(key)
            .unwrap_or_else(|| panic!("no {key:?}: {text}"));
        assert!(
            place < text.find("NOTES: Table").expect("the new table"),
            "{text}"
        );
    }
}

#[test]
fn table_record_or_file_that_exists_is_refused() {
    let workspace = Workspace::new();
    assert!(
        workspace
            .fails(1, &["habit", "name:text"])
            .contains("a table habits already")
    );
    let error = workspace.fails(1, &["habit", "--table", "routines", "name:text"]);
    assert!(error.contains("a record Habit already"), "{error}");
    workspace.write("tests/tests/goals.rs", "");
    let error = workspace.fails(1, &["goal", "title:text"]);
    assert!(
        error.contains("tests/tests/goals.rs exists already"),
        "{error}"
    );
    // The binary does not know what is written since it was built.
    workspace.succeeds(&["note", "title:text"]);
    let error = workspace.fails(1, &["note", "title:text"]);
    assert!(error.contains("note.rs exists already"), "{error}");
}

#[test]
fn invalid_arguments_have_the_exit_code_of_usage() {
    let workspace = Workspace::new();
    for arguments in [
        &["goal", "title"][..],
        &["goal", "title:string"],
        &["goal", "select:text"],
        &["struct", "title:text"],
        &["goal", "target:i32=many"],
    ] {
        let error = workspace.fails(64, arguments);
        assert!(error.starts_with("error: "), "{error}");
    }
}

#[test]
fn table_that_cannot_be_is_refused() {
    let workspace = Workspace::new();
    let keys = format!("belongs_to:{}", catamaran::OPERATION_KEYS.name);
    let long = format!("unique:{}", ["a".repeat(30), "b".repeat(30)].join(","));
    let (a, b) = (
        format!("{}:i32", "a".repeat(30)),
        format!("{}:i32", "b".repeat(30)),
    );
    for (arguments, part) in [
        (&["goal", "belongs_to:missing"][..], "no such table"),
        (&["goal", "belongs_to:outbox"], "only one engine"),
        (&["goal", &keys], "several columns"),
        (&["goal", "a:text", "a:i32"], "twice"),
        (&["goal", "a:text", "unique:b"], "no column b"),
        (&["goal", "a:json", "index:a"], "JSON has no order"),
        (&["goal", "a:i32", "index:a", "index:a"], "two constraints"),
        (&["goal", &a, &b, &long], "63"),
    ] {
        let error = workspace.fails(1, arguments);
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn layout_that_is_not_known_is_refused_with_the_file() {
    for (path, text, part) in [
        (
            "entity/src/domain.rs",
            "pub const DOMAIN: Domain = domain();",
            "domain.rs: DOMAIN",
        ),
        (
            "entity/src/domain.rs",
            "pub fn domain() {}",
            "no `pub const DOMAIN",
        ),
        (
            "entity/src/lib.rs",
            "pub mod domain {}",
            "lib.rs: it has no `mod domain;`",
        ),
        ("entity/src/lib.rs", "mod {", "no Rust"),
        (
            "entity/src/sqlite/mod.rs",
            "pub struct Model {}",
            "itself an entity",
        ),
        ("entity/src/sqlite.rs", "", "both"),
        (
            "entity/Cargo.toml",
            "[package]\nname = \"entity\"\nedition = \"2024\"\n",
            "catamaran",
        ),
    ] {
        let workspace = Workspace::new();
        workspace.write(path, text);
        let error = workspace.fails(1, &["goal", "title:text"]);
        assert!(error.contains(part), "{error}");
    }
}
