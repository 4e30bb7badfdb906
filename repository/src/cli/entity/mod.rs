//! The command `entity`: writes the code of a new table.
//!
//! What it writes is ordinary code, which nothing writes again. It changes files at places that it finds by parsing, and
//! refuses a package that is not laid out as it expects.

mod code;
mod names;
mod package;
mod request;
mod source;
mod table;
mod test_code;
mod types;

use std::fs;
use std::path::Path;

use super::arguments::EntityOptions;
use super::error::CliError;
use super::files::Files;
use super::{Cli, print};
use crate::model::domain::Domain;
use crate::model::engine::Engine;
use package::{Packages, module_file};
use request::Request;
use source::{Source, fields, list, rest};
use table::NewTable;
use test_code::{Paths, test};

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub(super) enum EntityError {
    /// The arguments contradict themselves.
    #[error("{0}")]
    Arguments(String),
    /// The workspace is not laid out as expected, or has such an entity already.
    #[error("nothing is written: {0}")]
    Refused(String),
}

impl Cli {
    pub(super) fn entity(&self, options: &EntityOptions) -> Result<(), CliError> {
        let domain = self.domain.ok_or(CliError::NoDomain("entity"))?;
        let request = Request::parse(
            &options.name,
            options.table.as_deref(),
            &options.columns,
            !options.no_soft_delete,
        );
        let request = request.map_err(EntityError::Arguments)?;
        let refused = |error: String| CliError::from(EntityError::Refused(error));
        let table = NewTable::of(request, domain).map_err(refused)?;
        let packages = Packages::find(options.package.as_deref(), options.tests.as_deref())
            .map_err(refused)?;
        let mut files = changes(&table, domain, &packages).map_err(refused)?;
        let formatted = files.format(&packages.entity.edition);
        let mut text = String::new();
        if options.dry_run {
            text.push_str(&files.diff(&packages.root));
        } else {
            files.write()?;
            for change in files.changes() {
                let path = change
                    .path
                    .strip_prefix(&packages.root)
                    .unwrap_or(&change.path);
                let verb = match change.before {
                    Some(_) => "changed",
                    None => "written",
                };
                text.push_str(&format!("{verb}: {}\n", path.display()));
            }
            if !formatted {
                text.push_str("not formatted, because there is no rustfmt: run cargo fmt\n");
            }
            text.push_str(&format!(
                "next, write the migration: cargo run -p {} -- generate {}\n",
                packages.migration, table.name
            ));
        }
        print(&mut std::io::stdout().lock(), &text)
    }
}

fn changes(table: &NewTable, domain: &Domain, packages: &Packages) -> Result<Files, String> {
    let entity = &packages.entity;
    let library = entity.library()?;
    let source = entity.source();
    let mut files = Files::default();

    let record = code::record(table);
    entity.needs(&crates(&record))?;
    files.create(source.join(format!("{}.rs", table.module)), record)?;
    for (engine, folder) in [(Engine::Sqlite, "sqlite"), (Engine::Postgres, "postgres")] {
        add_entity(&mut files, table, engine, &source, folder)?;
    }
    edit(&mut files, &module_file(&source, "domain")?, |file| {
        change_domain(file, table)
    })?;
    edit(&mut files, &source.join("lib.rs"), |file| {
        change_library(file, table)
    })?;

    let paths = Paths {
        library: &library,
        migrator: &packages.migrator,
        source: &source,
    };
    let test = test(table, domain, &paths);
    let needed: Vec<&str> = test.crates.iter().map(String::as_str).collect();
    packages.tests.needs(&needed)?;
    let path = packages
        .tests
        .folder()
        .join("tests")
        .join(format!("{}.rs", table.name));
    files.create(path, test.text)?;
    Ok(files)
}

/// The crates that a text imports.
fn crates(text: &str) -> Vec<&str> {
    let imports = text.lines().filter_map(|line| line.strip_prefix("use "));
    let crates = imports.filter_map(|path| path.split("::").next());
    crates.chain(["sea_orm"]).collect()
}

fn edit(
    files: &mut Files,
    path: &Path,
    change: impl FnOnce(&mut Source) -> Result<(), String>,
) -> Result<(), String> {
    let at = |error: String| format!("{}: {error}", path.display());
    let text = fs::read_to_string(path).map_err(|error| at(error.to_string()))?;
    let mut source = Source::parse(text).map_err(at)?;
    change(&mut source).map_err(at)?;
    let (before, after) = source.finish();
    files.change(path.to_owned(), before, after);
    Ok(())
}

/// Writes the entity of an engine, and names its module.
fn add_entity(
    files: &mut Files,
    table: &NewTable,
    engine: Engine,
    source: &Path,
    folder: &str,
) -> Result<(), String> {
    let path = module_file(source, folder)?;
    edit(files, &path, |file| {
        if file.item("struct", "Model").is_some() {
            return Err(format!(
                "it is itself an entity; move it to a module of its own, {folder}/NAME.rs, and let this file have \
                 `pub mod NAME;`"
            ));
        }
        if file.item("mod", &table.module).is_some() {
            return Err(format!("it has a module {} already", table.module));
        }
        let line = format!("pub mod {};", table.module);
        file.insert_sorted(&line, &table.module, |item| {
            item.is_file().then(|| item.name.clone())
        });
        Ok(())
    })?;
    let text = code::entity(table, engine)?;
    files.create(
        source.join(folder).join(format!("{}.rs", table.module)),
        text,
    )
}

fn change_library(file: &mut Source, table: &NewTable) -> Result<(), String> {
    for module in ["domain", "sqlite", "postgres"] {
        if !file.item("mod", module).is_some_and(source::Item::is_file) {
            return Err(format!("it has no `mod {module};`"));
        }
    }
    let exports = code::exports(table);
    if file.item("mod", &table.module).is_some() {
        return Err(format!("it has a module {} already", table.module));
    }
    if let Some(taken) = exports.iter().find(|name| file.knows(name)) {
        return Err(format!("it has a {taken} already"));
    }
    let line = format!("mod {};", table.module);
    file.insert_sorted(&line, &table.module, |item| {
        (item.is_file() && !item.public).then(|| item.name.clone())
    });
    let line = format!("pub use {}::{{{}}};", table.module, exports.join(", "));
    file.insert_sorted(&line, &table.module, |item| {
        (item.keyword == "use" && item.public).then(|| item.name.clone())
    });
    Ok(())
}

fn change_domain(file: &mut Source, table: &NewTable) -> Result<(), String> {
    if file.knows(&table.constant) {
        return Err(format!("it has a {} already", table.constant));
    }
    let Some(domain) = file
        .item("const", "DOMAIN")
        .filter(|item| item.is_constant_of("Domain"))
    else {
        return Err("it has no `pub const DOMAIN: Domain = Domain { .. }`".to_owned());
    };
    let Some(body) = domain.body() else {
        return Err("DOMAIN is not written as `Domain { .. }`".to_owned());
    };
    for (name, element) in [
        ("tables", table.constant.clone()),
        (
            "sources",
            format!("TableSource::record::<{}>()", table.record),
        ),
    ] {
        add_to(file, &body, name, &element).map_err(|error| format!("DOMAIN: {error}"))?;
    }
    let mut keys: Vec<&table::Key> = Vec::new();
    for reference in &table.foreign_keys {
        if let Some(key) = reference.missing.as_ref().filter(|key| !keys.contains(key)) {
            keys.push(key);
            add_key(file, reference.parent.name, key)?;
        }
    }
    file.import("catamaran::domain", &code::domain_imports(table));
    file.import("catamaran", &["table"]);
    file.import("crate", &[&table.record]);
    file.insert_item(&code::constant(table), |item| item.is_constant_of("Table"));
    Ok(())
}

/// Adds the unique key that children reference to their parent.
fn add_key(file: &mut Source, parent: &str, key: &table::Key) -> Result<(), String> {
    let literal = format!("{parent:?}");
    let mut tables = file
        .items
        .iter()
        .filter(|item| item.is_constant_of("Table"));
    let table = tables.find_map(|item| {
        let body = item.body()?;
        let is_name = |(name, value): &(String, Vec<proc_macro2::TokenTree>)| {
            name == "name" && matches!(&value[..], [token] if token.to_string() == literal)
        };
        let is_it = fields(&body).iter().any(is_name);
        is_it.then(|| (body, item.calls("table")))
    });
    let by_hand = format!(
        "the unique key {} is missing, which a child with the same owner references: add it by hand",
        key.name
    );
    let (body, is_completed) = table.ok_or_else(|| {
        format!("{parent} is not written as `Table {{ name: {literal}, .. }}`; {by_hand}")
    })?;
    let element = match is_completed {
        true => key.unique_key(),
        false => key.named_unique_key(),
    };
    add_to(file, &body, "unique_keys", &element)
        .map_err(|error| format!("{parent}: {error}; {by_hand}"))
}

/// Adds an element to a field that is a list, or adds the field before `..BLANK`.
fn add_to(
    file: &mut Source,
    body: &proc_macro2::Group,
    name: &str,
    element: &str,
) -> Result<(), String> {
    let all = fields(body);
    match all.iter().find(|(field, _)| field == name) {
        Some((_, value)) => {
            let list = list(value).ok_or_else(|| format!("{name} is not written as `&[..]`"))?;
            file.push(list, element);
        }
        None => {
            let at = rest(body).ok_or_else(|| format!("it has neither {name} nor `..BLANK`"))?;
            file.insert(at, format!("{name}: &[{element}],\n    "));
        }
    }
    Ok(())
}
