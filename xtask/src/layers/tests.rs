use std::fs;

use super::check;

const ORDER: &str = r#"
crate = ["model", "driver", "store"]
driver = ["pool", ["postgres", "sqlite"]]
"#;

/// Checks a small crate. It has every module of `ORDER`, empty; `files` add modules or replace them.
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
fn imports_that_go_down_are_allowed() {
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
fn an_import_that_goes_up_is_one_line_with_file_line_and_edge() {
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
fn a_chain_of_super_leads_to_the_module_that_it_names() {
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
fn paths_in_expressions_and_in_macros_are_imports() {
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
fn comments_and_strings_are_not_imports() {
    let text = "//! See [`crate::store::Store`].\n\n/// As [`crate::store`] says.\nfn f() { g(\"crate::store::X\") }\n// crate::store::X";
    assert_eq!(violations(ORDER, &[("model.rs", text)]), [""; 0]);
}

#[test]
fn a_name_that_the_root_re_exports_belongs_to_the_module_that_defines_it() {
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
fn an_exported_macro_belongs_to_the_module_that_defines_it() {
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
fn what_the_root_itself_defines_is_above_all() {
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
fn a_path_that_begins_with_an_imported_module_is_followed() {
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
fn equals_do_not_see_each_other_and_both_see_what_is_below() {
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
fn a_cycle_inside_a_module_is_found_by_its_edge_that_goes_up() {
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
fn a_child_does_not_import_from_its_parent_unless_the_order_says_so() {
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
fn tests_are_held_to_the_layer_of_what_they_test() {
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
fn imports_that_are_named_as_what_they_come_from_end() {
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
fn modules_are_declared_if_and_only_if_they_exist() {
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
fn a_module_that_is_declared_twice_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir_all(folder.path().join("repository/src")).expect("a folder");
    fs::write(
        folder.path().join("repository/layers.toml"),
        r#"crate = ["model", ["store", "model"]]"#,
    )
    .expect("a file");
    let error = check(folder.path()).expect_err("`model` has two places");
    assert_eq!(
        error.to_string(),
        "repository/layers.toml: crate: model twice"
    );
}
