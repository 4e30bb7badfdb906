//! The command `new`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::NewOptions;
use crate::templates::TEMPLATES;

/// The packages that every workspace has, and crates that they depend on.
const TAKEN: [&str; 9] = [
    "catamaran",
    "chrono",
    "entity",
    "migration",
    "sea-orm",
    "sea_orm",
    "tests",
    "tokio",
    "uuid",
];

/// Names that cargo refuses, or warns of.
const OF_RUST: &str = " abstract alloc as async await become box break build const continue core crate deps do dyn else \
    enum examples extern false final fn for gen if impl in incremental let loop macro match mod move mut override priv \
    proc_macro proc-macro pub ref return self static std struct super test trait true try type typeof unsafe unsized use \
    virtual where while yield ";

/// Makes the workspace.
pub fn run(options: &NewOptions) -> Result<(), String> {
    let name = check(&options.name)?;
    let folder = options.path.clone().unwrap_or_else(|| PathBuf::from(name));
    let library = match &options.catamaran_path {
        None => format!("version = {:?}", env!("CARGO_PKG_VERSION")),
        Some(path) => format!("path = {:?}", library(path)?),
    };
    refuse_contents(&folder)?;
    for (path, text) in TEMPLATES {
        let path = folder.join(path);
        let text = text
            .replace("{{name}}", name)
            .replace("\"{{catamaran}}\"", &library);
        write(&path, &text).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    crate::print(
        format!(
            "{} is a workspace with the packages entity, migration, tests and {name}\n\
             next: cd {} && cargo test\n",
            folder.display(),
            folder.display()
        )
        .as_bytes(),
    )
}

/// Checks a name, which is that of a package.
fn check(name: &str) -> Result<&str, String> {
    let begins = name.starts_with(|c: char| c.is_ascii_lowercase());
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if !begins || !name.chars().all(plain) {
        return Err(format!(
            "{name:?} is no name of a package: use lower-case letters, digits, - and _, with a letter first"
        ));
    }
    if name.len() > 64 {
        return Err(format!("the name {name} has more than 64 letters"));
    }
    if TAKEN.contains(&name) || OF_RUST.contains(&format!(" {name} ")) {
        return Err(format!(
            "{name} is the name of something else in the workspace: take another name"
        ));
    }
    Ok(name)
}

/// The absolute path of the library's package.
fn library(path: &Path) -> Result<PathBuf, String> {
    let manifest = path.join("Cargo.toml");
    let text = fs::read_to_string(&manifest)
        .map_err(|error| format!("--catamaran-path: {}: {error}", manifest.display()))?;
    match text
        .lines()
        .any(|line| line.trim() == "name = \"catamaran\"")
    {
        true => fs::canonicalize(path).map_err(|error| format!("{}: {error}", path.display())),
        false => Err(format!(
            "--catamaran-path: {} is not the package catamaran, which is in the folder repository of a checkout",
            manifest.display()
        )),
    }
}

fn refuse_contents(folder: &Path) -> Result<(), String> {
    if !folder.exists() {
        return Ok(());
    }
    let mut entries =
        fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    match entries.next() {
        None => Ok(()),
        Some(_) => Err(format!("the folder {} is not empty", folder.display())),
    }
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_packages_that_nothing_else_has_are_accepted() {
        for name in ["notes", "my-notes", "n2", "note_book"] {
            assert!(check(name).is_ok(), "{name}");
        }
        let long = "a".repeat(65);
        for name in [
            "", "2notes", "Notes", "no tes", "../notes", "entity", "std", "fn", &long,
        ] {
            assert!(check(name).is_err(), "{name}");
        }
    }

    #[test]
    fn folder_with_a_file_is_refused_and_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("mine"), "").expect("a file");
        let options = NewOptions {
            name: "notes".to_owned(),
            path: Some(folder.path().to_owned()),
            catamaran_path: None,
        };
        let error = run(&options).expect_err("a folder that is not empty");
        assert!(error.contains("is not empty"), "{error}");
        assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 1);
    }

    #[test]
    fn every_placeholder_is_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("notes");
        let options = NewOptions {
            name: "my-notes".to_owned(),
            path: Some(path.clone()),
            catamaran_path: None,
        };
        run(&options).expect("a workspace");
        for (file, _) in TEMPLATES {
            let text = fs::read_to_string(path.join(file)).expect(file);
            assert!(!text.contains("{{") || file.ends_with(".yml"), "{file}");
        }
        let read = |file: &str| fs::read_to_string(path.join(file)).expect(file);
        assert!(read("Cargo.toml").contains("catamaran = { version = "));
        assert!(read("app/Cargo.toml").contains("name = \"my-notes\""));
    }

    #[test]
    fn path_that_is_not_the_library_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(
            library(folder.path())
                .expect_err("no manifest")
                .contains("--catamaran-path")
        );
        fs::write(folder.path().join("Cargo.toml"), "[workspace]\n").expect("a file");
        assert!(
            library(folder.path())
                .expect_err("a workspace")
                .contains("folder repository")
        );
    }
}
