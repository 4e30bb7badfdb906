//! The test of the new table, on both engines.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use super::code::{article, imports};
use super::source::{Source, fields};
use super::table::{NewTable, Reference, record_name, words};
use super::types::ColumnType;
use crate::fingerprint::described::Described;
use crate::model::domain::{Domain, Table};

/// Where the test finds what it uses.
pub(super) struct Paths<'a> {
    /// The library with the records.
    pub(super) library: &'a str,
    pub(super) migrator: &'a str,
    /// The sources with the records.
    pub(super) source: &'a Path,
}

/// The text of a test.
pub(super) struct Test {
    pub(super) text: String,
    /// The crates that it uses, besides the library.
    pub(super) crates: BTreeSet<String>,
}

/// Writes the test.
pub(super) fn test(table: &NewTable, domain: &Domain, paths: &Paths<'_>) -> Test {
    let required: Vec<&Reference> = table
        .foreign_keys
        .iter()
        .filter(|key| needs_parent(table, key))
        .collect();
    let described = Described::by(domain);
    let parents: Option<Vec<Parent<'_>>> = required
        .iter()
        .map(|reference| Parent::of(table, reference, &described, paths.source))
        .collect();
    let mut writer = Writer {
        table,
        required,
        body: String::new(),
        errors: false,
        expected: false,
        types: table.required().map(|column| column.ty.clone()).collect(),
        records: BTreeSet::from([table.record.clone(), format!("{}Draft", table.record)]),
    };
    let enums = table
        .required()
        .filter(|column| matches!(column.ty, ColumnType::Enum(_)));
    writer
        .records
        .extend(enums.map(|column| table.enum_name(column)));
    writer
        .types
        .extend(ColumnType::of_row("uuid").filter(|_| table.owner.is_some()));
    writer.draft();
    if let Some(parents) = &parents {
        for parent in parents {
            writer.types.extend(parent.types.iter().cloned());
            writer
                .records
                .extend([parent.record.clone(), format!("{}Draft", parent.record)]);
        }
        writer.found(parents);
        writer.unique(parents);
    }
    for reference in &table.foreign_keys {
        if table.owner.as_ref() != Some(&reference.column) {
            writer.missing_parent(reference);
        }
    }
    writer.finish(paths)
}

/// Whether a draft cannot be inserted without a row of the parent.
fn needs_parent(table: &NewTable, reference: &Reference) -> bool {
    !reference.nullable || table.owner.as_ref() == Some(&reference.column)
}

struct Writer<'a> {
    table: &'a NewTable,
    required: Vec<&'a Reference>,
    body: String,
    errors: bool,
    expected: bool,
    types: Vec<ColumnType>,
    records: BTreeSet<String>,
}

impl Writer<'_> {
    /// A function that makes a draft of the ids of its parents.
    fn draft(&mut self) {
        let table = self.table;
        let arguments: Vec<String> = table
            .required()
            .map(
                |column| match self.required.iter().any(|key| key.column == column.name) {
                    true => column.name.clone(),
                    false => column.ty.sample(&table.enum_name(column)),
                },
            )
            .collect();
        let parameters: Vec<String> = table
            .required()
            .filter(|column| self.required.iter().any(|key| key.column == column.name))
            .map(|column| format!("{}: {}", column.name, column.ty.field("")))
            .collect();
        let _ = write!(
            self.body,
            "/// A draft with the values that it must have.\nfn draft({}) -> {record}Draft {{\n    \
             {record}Draft::new({})\n}}\n\n",
            parameters.join(", "),
            arguments.join(", "),
            record = table.record
        );
    }

    /// Begins a test, with a repository for the owner.
    fn begin(&mut self, name: &str) {
        let scope = match self.table.owner {
            Some(_) => "Scope::owner(Uuid::from_u128(1))",
            None => "Scope::system(\"a test\")",
        };
        let _ = write!(
            self.body,
            "#[twin_test(Migrator)]\nasync fn {name}(db: &TwinDatabase) -> Result<()> {{\n    let scope = {scope};\n    \
             let repository = db.store().repository::<{}>(&scope);\n",
            self.table.record
        );
    }

    fn end(&mut self) {
        self.body.push_str("    Ok(())\n}\n\n");
    }

    /// Inserts the parents. Returns the arguments of `draft`.
    fn insert_parents(&mut self, parents: &[Parent<'_>]) -> String {
        let mut ids = Vec::new();
        for parent in parents {
            let variable = parent
                .reference
                .column
                .strip_suffix("_id")
                .unwrap_or(&parent.reference.column);
            let variable = format!("{variable}_row");
            let scope = match parent.owned {
                true => "&scope",
                false => "&Scope::system(\"a test\")",
            };
            let _ = writeln!(
                self.body,
                "    let {variable} = db.store().repository::<{record}>({scope}).insert({}).await?;",
                parent.draft,
                record = parent.record
            );
            ids.push(format!("{variable}.id"));
        }
        ids.join(", ")
    }

    fn found(&mut self, parents: &[Parent<'_>]) {
        let module = &self.table.module;
        let article = article(module).to_lowercase();
        let owned = self.table.owner.is_some();
        let name = match owned {
            true => format!("{article}_new_{module}_is_found_by_its_owner_only"),
            false => format!("{article}_new_{module}_is_found"),
        };
        self.begin(&name.replacen("an_new", "a_new", 1));
        let ids = self.insert_parents(parents);
        let _ = write!(
            self.body,
            "    let row = repository.insert(draft({ids})).await?;\n\n    \
             assert_eq!(repository.find(row.id).await?.as_ref(), Some(&row));\n"
        );
        if owned {
            let _ = write!(
                self.body,
                "    let of_another = db.store().repository::<{}>(&Scope::owner(Uuid::from_u128(2)));\n    \
                 assert_eq!(of_another.find(row.id).await?, None);\n",
                self.table.record
            );
        }
        self.end();
    }

    fn unique(&mut self, parents: &[Parent<'_>]) {
        let table = self.table;
        let nullable = |name: &String| {
            table
                .columns
                .iter()
                .any(|column| column.name == *name && column.nullable)
        };
        // A NULL differs from another one. That of the owner and the id is not violated by equal drafts.
        let asked = table
            .unique_keys
            .iter()
            .skip(usize::from(table.owner.is_some()))
            .chain(&table.unique_indexes);
        if !asked
            .into_iter()
            .any(|key| !key.columns.iter().any(nullable))
        {
            return;
        }
        let until = match table.soft_delete {
            true => "_until_the_first_one_is_deleted",
            false => "",
        };
        self.begin(&format!(
            "a_second_{}_with_the_same_values_is_refused{until}",
            table.module
        ));
        let ids = self.insert_parents(parents);
        let row = if table.soft_delete { "let row = " } else { "" };
        let _ = write!(
            self.body,
            "    {row}repository.insert(draft({ids})).await?;\n\n    \
             let again = repository.insert(draft({ids})).await;\n\n    \
             let error = again.expect_err(\"the first one has the values\");\n    \
             assert!(matches!(error.kind(), ErrorKind::Unique {{ .. }}), \"{{error}}\");\n"
        );
        self.errors = true;
        if table.soft_delete {
            self.expected = true;
            let _ = write!(
                self.body,
                "    repository.delete(row.id, Expected::Any).await?;\n    repository.insert(draft({ids})).await?;\n"
            );
        }
        self.end();
    }

    fn missing_parent(&mut self, reference: &Reference) {
        let table = self.table;
        let Some(column) = table
            .columns
            .iter()
            .find(|column| column.name == reference.column)
        else {
            return;
        };
        let what = reference
            .column
            .strip_suffix("_id")
            .unwrap_or(&reference.column);
        let article = article(&table.module).to_lowercase();
        self.begin(&format!(
            "{article}_{}_of_a_missing_{what}_is_refused",
            table.module
        ));
        let missing = column.ty.sample("");
        let ids: Vec<String> = self
            .required
            .iter()
            .filter_map(|key| {
                table
                    .columns
                    .iter()
                    .find(|column| column.name == key.column && column.mark.is_none())
            })
            .map(|column| column.ty.sample(""))
            .collect();
        self.types.push(column.ty.clone());
        let mut draft = format!("draft({})", ids.join(", "));
        if reference.nullable {
            let _ = write!(draft, ".{}({missing})", reference.column);
        }
        let _ = write!(
            self.body,
            "\n    let refused = repository.insert({draft}).await;\n\n    \
             let error = refused.expect_err(\"there is no such {}\");\n    \
             assert!(matches!(error.kind(), ErrorKind::ForeignKey {{ .. }}), \"{{error}}\");\n",
            words(what)
        );
        self.errors = true;
        self.end();
    }

    fn finish(self, paths: &Paths<'_>) -> Test {
        let mut of_library = vec!["Result", "Scope"];
        of_library.extend(self.errors.then_some("ErrorKind"));
        of_library.extend(self.expected.then_some("Expected"));
        let mut imports = imports(self.types.iter());
        of_library.extend(imports.remove("catamaran::Numeric").then_some("Numeric"));
        of_library.sort_unstable();
        let records: Vec<String> = self.records.into_iter().collect();
        let mut text = format!(
            "//! {} {}, on both engines.\n\nuse catamaran::testing::{{TwinDatabase, twin_test}};\n\
             use catamaran::{{{}}};\nuse {}::{{{}}};\nuse {};\n",
            article(&self.table.module),
            words(&self.table.module),
            of_library.join(", "),
            paths.library,
            records.join(", "),
            paths.migrator
        );
        for import in &imports {
            let _ = writeln!(text, "use {import};");
        }
        let crates = imports
            .iter()
            .filter_map(|import| import.split("::").next());
        let crates = crates
            .map(str::to_owned)
            .chain(["catamaran".to_owned()])
            .collect();
        let _ = write!(text, "\n{}\n", self.body.trim_end());
        Test { text, crates }
    }
}

/// A row that the test inserts first.
struct Parent<'a> {
    reference: &'a Reference,
    record: String,
    owned: bool,
    /// The draft in Rust.
    draft: String,
    types: Vec<ColumnType>,
}

impl<'a> Parent<'a> {
    /// `None` if its values are not known: a type of the application's own, a check, a parent of its own.
    fn of(
        table: &NewTable,
        reference: &'a Reference,
        described: &Described,
        source: &Path,
    ) -> Option<Self> {
        let parent = reference.parent;
        if table.owner.as_ref() == Some(&reference.column)
            || (parent.owner.is_some() && table.owner.is_none())
        {
            return None;
        }
        let description = described.table(parent.name)?;
        let record = description.record.as_ref()?;
        // A draft takes an id of another type as an argument.
        if record.key != ["id"] || description.column("id")?.ty != "uuid" {
            return None;
        }
        let managed = [
            &record.owner,
            &record.created,
            &record.updated,
            &record.version,
            &record.deleted,
        ];
        let name = record_name(record);
        let written = fields_of(name, source)?;
        let mut values = Vec::new();
        let mut types = Vec::new();
        for column in &description.columns {
            let by_library = managed
                .iter()
                .any(|name| name.as_ref() == Some(&column.name));
            if by_library
                || record.key.contains(&column.name)
                || column.nullable
                || column.default.is_some()
            {
                continue;
            }
            let ty = ColumnType::of_row(column.ty)?;
            let (_, field) = written.iter().find(|(name, _)| *name == column.name)?;
            if *field != ty.field("").replace(' ', "") || is_constrained(parent, &column.name) {
                return None;
            }
            values.push(match ty.sample("").as_str() {
                "\"text\"" => format!("{:?}", words(&column.name)),
                sample => sample.to_owned(),
            });
            types.push(ty);
        }
        Some(Parent {
            reference,
            record: name.to_owned(),
            owned: parent.owner.is_some(),
            draft: format!("{name}Draft::new({})", values.join(", ")),
            types,
        })
    }
}

/// Whether a rule of the application decides which values a column has.
fn is_constrained(table: &Table, column: &str) -> bool {
    let by_key = table
        .foreign_keys
        .iter()
        .any(|key| key.columns.contains(&column));
    let by_check = table.checks.iter().any(|check| {
        let conditional = check.sqlite.is_some() || check.postgres.is_some();
        conditional && (check.columns.is_empty() || check.columns.contains(&column))
    });
    by_key || by_check
}

/// The fields of a record as they are written, without spaces.
fn fields_of(record: &str, source: &Path) -> Option<Vec<(String, String)>> {
    let files = std::fs::read_dir(source)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()));
    let mut rust = files.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    let body = rust.find_map(|path| {
        let source = Source::parse(std::fs::read_to_string(path).ok()?).ok()?;
        source.item("struct", record)?.body()
    })?;
    let text = |tokens: &[proc_macro2::TokenTree]| {
        tokens
            .iter()
            .map(|token| token.to_string())
            .collect::<String>()
    };
    Some(
        fields(&body)
            .iter()
            .map(|(name, ty)| (name.clone(), text(ty)))
            .collect(),
    )
}
