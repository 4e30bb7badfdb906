use std::fs;

use super::check;

const ORDER: &str = r#"
crate = ["model", "driver", "store"]
driver = ["pool", ["postgres", "sqlite"]]
"#;

/// The violations in a small crate that has every module of `ORDER`. `files` are added to it, or replace its files.
fn violations(order: &str, files: &[(&str, &str)]) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let declared = [
        "lib.rs",
        "model.rs",
        "driver/mod.rs",
        "driver/pool.rs",
        "driver/postgres.rs",
        "driver/sqlite.rs",
        "store.rs",
    ];
    let empty = declared.map(|file| (file, ""));
    for (file, text) in empty.iter().chain(files) {
        let path = folder.path().join("repository/src").join(file);
        fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    fs::write(folder.path().join("repository/layers.toml"), order).expect("a file");
    check(folder.path()).expect("a tree that can be read")
}

#[test]
fn imports_of_lower_layers_are_allowed() {
    let found = violations(
        ORDER,
        &[
            (
                "lib.rs",
                "pub use store::Store; mod model; mod driver; mod store;",
            ),
            (
                "store.rs",
                "use crate::{driver::{self, sqlite::Open}, model::Error}; fn f() { driver::postgres::open() }",
            ),
            (
                "driver/sqlite.rs",
                "use super::pool::Pool; use crate::model::Error;",
            ),
            (
                "driver/mod.rs",
                "pub use sqlite::Open; use postgres::Pool; mod pool;",
            ),
            (
                "model.rs",
                "use std::fmt; use sqlx::postgres::PgPool; use ::store::Other; use self::inner::X; mod inner {}",
            ),
        ],
    );
    assert_eq!(found, [""; 0]);
}

#[test]
fn import_of_a_higher_layer_is_reported_with_file_line_and_edge() {
    let found = violations(
        ORDER,
        &[(
            "model.rs",
            "use std::fmt;\n\nuse crate::driver::pool::Pool;\nfn f() { Pool::new() }",
        )],
    );
    assert_eq!(
        found,
        ["repository/src/model.rs:3: model -> driver (crate::driver::pool::Pool)"]
    );
}

#[test]
fn each_name_of_a_grouped_import_is_checked() {
    let found = violations(
        ORDER,
        &[(
            "driver/pool.rs",
            "use crate::{\n    model::{Error, Kind},\n    store::{self, Options as Settings},\n};",
        )],
    );
    assert_eq!(
        found,
        [
            "repository/src/driver/pool.rs:3: driver -> store (crate::store)",
            "repository/src/driver/pool.rs:3: driver -> store (crate::store::Options)",
        ]
    );
}

#[test]
fn repeated_super_leads_to_the_named_ancestor() {
    let text =
        "mod deep { use super::super::super::store::Store; }\nuse super::super::store::Store;";
    let found = violations(ORDER, &[("driver/pool.rs", text)]);
    assert_eq!(
        found,
        [
            "repository/src/driver/pool.rs:1: driver -> store (super::super::super::store::Store)",
            "repository/src/driver/pool.rs:2: driver -> store (super::super::store::Store)",
        ]
    );
}

#[test]
fn paths_in_expressions_and_macros_count_as_imports() {
    let text = "fn f() { crate::store::open(); }\n\
                macro_rules! m { ($x:expr) => { $crate::store::go($x) }; }\n\
                fn g() { vec![crate::store::N]; }\n\
                #[derive(crate::store::Derive)] struct S;";
    let found = violations(ORDER, &[("model.rs", text)]);
    let paths = ["store::open", "store::go", "store::N", "store::Derive"];
    let lines = paths.iter().zip(1..);
    let expected: Vec<_> = lines
        .map(|(path, line)| {
            format!("repository/src/model.rs:{line}: model -> store (crate::{path})")
        })
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn paths_in_comments_and_strings_are_ignored() {
    let text = "//! See [`crate::store::Store`].\n\n/// As [`crate::store`] says.\nfn f() { g(\"crate::store::X\") }\n// crate::store::X";
    assert_eq!(violations(ORDER, &[("model.rs", text)]), [""; 0]);
}

#[test]
fn name_that_the_root_reexports_belongs_to_the_module_that_defines_it() {
    let found = violations(
        ORDER,
        &[
            (
                "lib.rs",
                "pub use model::Error;\npub use store::{Options as StoreOptions, Store};\npub use driver::*;",
            ),
            ("driver/mod.rs", "pub fn connect() {}"),
            ("driver/pool.rs", "use crate::{Error, Store};"),
            ("model.rs", "use crate::StoreOptions;\nuse crate::connect;"),
        ],
    );
    assert_eq!(
        found,
        [
            "repository/src/driver/pool.rs:1: driver -> store (crate::Store)",
            "repository/src/model.rs:1: model -> store (crate::StoreOptions)",
            "repository/src/model.rs:2: model -> driver (crate::connect)",
        ]
    );
}

#[test]
fn exported_macro_belongs_to_the_module_that_defines_it() {
    let found = violations(
        ORDER,
        &[
            (
                "store.rs",
                "#[macro_export]\nmacro_rules! open { () => {}; }",
            ),
            ("driver/mod.rs", "fn f() { crate::open!() }"),
        ],
    );
    assert_eq!(
        found,
        ["repository/src/driver/mod.rs:1: driver -> store (crate::open)"]
    );
}

#[test]
fn items_of_the_root_are_above_all_layers() {
    let found = violations(
        ORDER,
        &[
            ("lib.rs", "pub fn version() {}"),
            ("store.rs", "use crate::version;"),
        ],
    );
    assert_eq!(
        found,
        ["repository/src/store.rs:1: store -> crate (crate::version)"]
    );
}

#[test]
fn path_that_begins_with_an_imported_module_is_followed() {
    let text = "use super::super::driver;\nfn f() { driver::sqlite::open() }";
    let found = violations(ORDER, &[("driver/postgres.rs", text)]);
    assert_eq!(
        found,
        [
            "repository/src/driver/postgres.rs:2: driver::postgres -> driver::sqlite (driver::sqlite::open)"
        ]
    );
}

#[test]
fn modules_of_equal_rank_may_only_import_lower_ones() {
    let text = "use super::{pool::Pool, sqlite::Open};";
    let found = violations(ORDER, &[("driver/postgres.rs", text)]);
    assert_eq!(
        found,
        [
            "repository/src/driver/postgres.rs:1: driver::postgres -> driver::sqlite (super::sqlite::Open)"
        ]
    );
}

#[test]
fn cycle_between_children_is_reported_by_its_upward_edge() {
    let found = violations(
        ORDER,
        &[
            ("driver/pool.rs", "use super::sqlite::Open;"),
            ("driver/sqlite.rs", "use super::pool::Pool;"),
        ],
    );
    assert_eq!(
        found,
        ["repository/src/driver/pool.rs:1: driver::pool -> driver::sqlite (super::sqlite::Open)"]
    );
}

#[test]
fn child_may_import_from_its_parent_only_if_the_order_lists_self() {
    let files = [
        ("driver/mod.rs", "pub use pool::Pool; pub struct Settings;"),
        ("driver/sqlite.rs", "use super::{Pool, Settings};"),
        ("driver/postgres.rs", "use super::*;"),
    ];
    assert_eq!(
        violations(ORDER, &files),
        [
            "repository/src/driver/postgres.rs:1: driver::postgres -> driver (super::*)",
            "repository/src/driver/sqlite.rs:1: driver::sqlite -> driver (super::Settings)",
        ]
    );
    let order = ORDER.replace(r#"["pool","#, r#"["self", "pool","#);
    assert_eq!(violations(&order, &files), [""; 0]);
}

#[test]
fn test_modules_have_the_layer_of_the_module_they_test() {
    let found = violations(
        ORDER,
        &[
            ("driver/mod.rs", "#[cfg(test)]\nmod tests;\nstruct Own;"),
            (
                "driver/tests.rs",
                "use super::{Own, sqlite::Open};\nuse crate::store::Store;",
            ),
            (
                "model.rs",
                "fn f() {}\n#[cfg(test)]\nmod tests {\n    use super::*;\n    use crate::driver;\n}",
            ),
        ],
    );
    assert_eq!(
        found,
        [
            "repository/src/driver/tests.rs:2: driver -> store (crate::store::Store)",
            "repository/src/model.rs:5: model -> driver (crate::driver)",
        ]
    );
}

#[test]
fn circular_names_of_imports_do_not_loop() {
    let text =
        "use uuid::uuid; use super::*; use crate::store as store;\nfn f() { uuid::uuid!(); }";
    let found = violations(
        ORDER,
        &[
            ("store.rs", "pub use crate::driver::*;"),
            ("driver/sqlite.rs", text),
            ("driver/mod.rs", "pub use sqlite::*;"),
        ],
    );
    assert_eq!(
        found,
        [
            "repository/src/driver/sqlite.rs:1: driver -> store (crate::store)",
            "repository/src/driver/sqlite.rs:1: driver::sqlite -> driver (super::*)",
        ]
    );
}

#[test]
fn undeclared_and_missing_modules_are_reported() {
    let order = r#"
        crate = ["model", "driver", "store", "cli"]
        driver = ["postgres", "sqlite"]
        "#;
    assert_eq!(
        violations(order, &[("extra.rs", "")]),
        [
            "repository/src/extra.rs: module `extra` is missing from the list `crate` of repository/layers.toml",
            "repository/layers.toml: module `cli` does not exist",
            "repository/src/driver/pool.rs: module `pool` is missing from the list `driver` of repository/layers.toml",
        ]
    );
}

#[test]
fn module_that_is_declared_twice_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir_all(folder.path().join("repository/src")).expect("a folder");
    fs::write(
        folder.path().join("repository/layers.toml"),
        r#"crate = ["model", ["store", "model"]]"#,
    )
    .expect("a file");
    let error = check(folder.path()).expect_err("`model` occurs twice");
    assert_eq!(
        error.to_string(),
        "repository/layers.toml: crate: model occurs twice"
    );
}
