//! The texts of the new table: its constant in DOMAIN, its record and its entities. They are formatted afterwards.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use heck::ToUpperCamelCase;

use super::table::{Key, NO_ACTION, NewColumn, NewTable, Reference, words};
use super::types::{ColumnType, Preset};
use crate::model::engine::Engine;

/// The constant of the table in DOMAIN.
pub(super) fn constant(table: &NewTable) -> String {
    let NewTable { name, record, .. } = table;
    let doc = match &table.owner {
        Some(_) => format!("The table of [`{record}`](crate::{record}); each row has an owner."),
        None => format!("The table of [`{record}`](crate::{record})."),
    };
    let mut text = format!(
        "/// {doc}\npub const {}: Table = table!({record}, Table {{\nname: {name:?},\n",
        table.constant
    );
    let defaults: Vec<String> = table.columns.iter().filter_map(default).collect();
    field(&mut text, "defaults", &defaults);
    let unique_keys: Vec<String> = table.unique_keys.iter().map(Key::unique_key).collect();
    field(&mut text, "unique_keys", &unique_keys);
    let unique_indexes = table.unique_indexes.iter().map(|key| {
        let columns = list(&key.columns);
        format!("Index::over({columns}).unique().only(\"deleted_at IS NULL\")")
    });
    let indexes = table.indexes.iter();
    let indexes = indexes.map(|key| format!("Index::over({})", list(&key.columns)));
    let indexes: Vec<String> = unique_indexes.chain(indexes).collect();
    field(&mut text, "indexes", &indexes);
    let foreign_keys = table.foreign_keys.iter().map(Reference::foreign_key);
    let foreign_keys: Vec<String> = foreign_keys.collect();
    field(&mut text, "foreign_keys", &foreign_keys);
    text.push_str("..Table::BLANK\n});");
    text
}

/// What the constant names of `catamaran::domain`.
pub(super) fn domain_imports(table: &NewTable) -> Vec<&'static str> {
    let mut names = vec!["Table", "TableSource"];
    let mut add = |wanted: bool, more: &[&'static str]| {
        if wanted {
            names.extend_from_slice(more);
        }
    };
    let has_default = table.columns.iter().any(|column| column.default.is_some());
    let mut references = table.foreign_keys.iter();
    let has_action = references.any(|reference| reference.on_delete != NO_ACTION);
    let mut references = table.foreign_keys.iter();
    let adds_key = references.any(|reference| reference.missing.is_some());
    let has_index = !table.unique_indexes.is_empty() || !table.indexes.is_empty();
    add(has_default, &["ColumnDefault", "DefaultValue"]);
    add(!table.unique_keys.is_empty() || adds_key, &["UniqueKey"]);
    add(has_index, &["Index"]);
    add(!table.foreign_keys.is_empty(), &["ForeignKey"]);
    add(has_action, &["Action"]);
    names
}

impl Key {
    /// A unique key in DOMAIN, named by the convention.
    pub(super) fn unique_key(&self) -> String {
        format!("UniqueKey::over({})", list(&self.columns))
    }

    /// A unique key in DOMAIN, in a table that [`table!`](crate::table) does not complete.
    pub(super) fn named_unique_key(&self) -> String {
        let columns = list(&self.columns);
        format!("UniqueKey {{ name: {:?}, columns: {columns} }}", self.name)
    }
}

impl Reference {
    /// The foreign key in DOMAIN.
    fn foreign_key(&self) -> String {
        let key = format!(
            "ForeignKey::over({}, {:?}, {})",
            list(&self.key.columns),
            self.parent.name,
            list(&self.parent_columns)
        );
        match self.on_delete {
            NO_ACTION => key,
            action => format!("{key}.on_delete(Action::{action})"),
        }
    }
}

fn default(column: &NewColumn) -> Option<String> {
    let value = match column.default.as_ref()? {
        Preset::Text(text) | Preset::Variant(text) => format!("Text({text:?})"),
        Preset::Integer(number) => format!("Integer({number})"),
        Preset::Bool(value) => format!("Bool({value})"),
        Preset::Numeric { units, scale } => format!("Numeric {{ units: {units}, scale: {scale} }}"),
    };
    let name = &column.name;
    Some(format!(
        "ColumnDefault::new({name:?}, DefaultValue::{value})"
    ))
}

fn field(text: &mut String, name: &str, elements: &[String]) {
    if !elements.is_empty() {
        let _ = writeln!(text, "{name}: &[{}],", elements.join(", "));
    }
}

fn list(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
    format!("&[{}]", quoted.join(", "))
}

/// The file of the record.
pub(super) fn record(table: &NewTable) -> String {
    let NewTable {
        record,
        module,
        constant,
        ..
    } = table;
    let enums = table
        .columns
        .iter()
        .any(|column| matches!(column.ty, ColumnType::Enum(_)));
    let mut imports = imports(table.columns.iter().map(|column| &column.ty));
    let mut names = vec!["Record"];
    names.extend(imports.remove("catamaran::Numeric").then_some("Numeric"));
    names.extend(enums.then_some("RecordEnum"));
    names.sort_unstable();
    let mut text = match &names[..] {
        [one] => format!("use catamaran::{one};\n"),
        several => format!("use catamaran::{{{}}};\n", several.join(", ")),
    };
    for import in imports {
        let _ = writeln!(text, "use {import};");
    }
    let eq = if table.columns.iter().all(|column| column.ty.is_eq()) {
        ", Eq"
    } else {
        ""
    };
    let article = article(&table.module);
    let _ = write!(
        text,
        "\n/// {article} {}.\n#[derive(Clone, Debug, PartialEq{eq}, Record)]\n\
         #[record(\n    table = crate::domain::{constant},\n    sqlite = crate::sqlite::{module},\n    \
         postgres = crate::postgres::{module}\n)]\npub struct {record} {{\n",
        words(&table.module)
    );
    for column in &table.columns {
        let enum_name = table.enum_name(column);
        if let Some(doc) = &column.doc {
            let _ = writeln!(text, "    /// {doc}");
        }
        if let Some(mark) = column.mark {
            let _ = writeln!(text, "    #[record({mark})]");
        }
        if let Some(default) = &column.default {
            let value = match default {
                Preset::Text(value) => format!("{value:?}"),
                Preset::Integer(value) => integer(*value, &column.ty.field("")),
                Preset::Bool(value) => value.to_string(),
                Preset::Numeric { units, .. } => format!("Numeric::of_units::<{units}>()"),
                Preset::Variant(value) => format!("{enum_name}::{}", value.to_upper_camel_case()),
            };
            let _ = writeln!(text, "    #[record(default = {value})]");
        }
        let ty = optional(column.ty.field(&enum_name), column.nullable);
        let _ = writeln!(text, "    pub {}: {ty},", column.name);
    }
    text.push_str("}\n");
    for column in &table.columns {
        if let ColumnType::Enum(variants) = &column.ty {
            let name = table.enum_name(column);
            let _ = write!(
                text,
                "\n/// The values of [`{record}::{}`].\n\
                 #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, RecordEnum)]\n\
                 #[record_enum(rename_all = \"snake_case\")]\npub enum {name} {{\n",
                column.name
            );
            for variant in variants {
                let _ = writeln!(
                    text,
                    "    /// `{variant}`.\n    {},",
                    variant.to_upper_camel_case()
                );
            }
            text.push_str("}\n");
        }
    }
    text
}

/// What fields of these types import. Two imports of one crate are one.
pub(super) fn imports<'a>(types: impl Iterator<Item = &'a ColumnType>) -> BTreeSet<String> {
    let mut of_chrono = BTreeSet::new();
    let mut imports = BTreeSet::new();
    for import in types.filter_map(ColumnType::import) {
        match import.strip_prefix("chrono::") {
            Some(names) => of_chrono.extend(names.trim_matches(['{', '}']).split(", ")),
            None => {
                imports.insert(import.to_owned());
            }
        }
    }
    let names: Vec<&str> = of_chrono.into_iter().collect();
    imports.extend(match &names[..] {
        [] => None,
        [one] => Some(format!("chrono::{one}")),
        several => Some(format!("chrono::{{{}}}", several.join(", "))),
    });
    imports
}

/// What the root of the package exports.
pub(super) fn exports(table: &NewTable) -> Vec<String> {
    let NewTable { record, .. } = table;
    let enums = table
        .columns
        .iter()
        .filter(|column| matches!(column.ty, ColumnType::Enum(_)));
    let mut names = vec![
        record.clone(),
        format!("{record}Draft"),
        format!("{record}Patch"),
    ];
    names.extend(enums.map(|column| table.enum_name(column)));
    names.sort_unstable();
    names
}

/// The file of the entity on an engine. An error is a type without a row in the matrix, which would be a bug.
pub(super) fn entity(table: &NewTable, engine: Engine) -> Result<String, String> {
    let mut types = BTreeSet::new();
    let mut fields = String::new();
    for column in &table.columns {
        let native = column.ty.native(engine);
        let native = native
            .ok_or_else(|| format!("the type of {} has no row in the matrix", column.name))?;
        if column.name == "id" {
            fields.push_str("    #[sea_orm(primary_key, auto_increment = false)]\n");
        }
        if let Some(attribute) = native.attribute {
            let _ = writeln!(fields, "    {attribute}");
        }
        let _ = writeln!(
            fields,
            "    pub {}: {},",
            column.name,
            optional(native.field.to_owned(), column.nullable)
        );
        let ty = native.field.split('<').next().unwrap_or(native.field);
        if ty.starts_with("Text") || ty.ends_with("Numeric") {
            types.insert(ty);
        }
    }
    let types: Vec<&str> = types.into_iter().collect();
    let path = match engine {
        Engine::Sqlite => "catamaran::sqlite",
        Engine::Postgres => "catamaran",
    };
    let import = match &types[..] {
        [] => String::new(),
        [one] => format!("use {path}::{one};\n"),
        several => format!("use {path}::{{{}}};\n", several.join(", ")),
    };
    let eq = if table.columns.iter().all(|column| column.ty.is_eq()) {
        ", Eq"
    } else {
        ""
    };
    Ok(format!(
        "//! The entity of the `{}` table on {}.\n\n{import}use sea_orm::entity::prelude::*;\n\nuse crate::domain;\n\n\
         #[derive(Clone, Debug, PartialEq{eq}, DeriveEntityModel)]\npub struct Model {{\n{fields}}}\n\n\
         #[derive(Clone, Copy, Debug, Default, DeriveEntity)]\npub struct Entity;\n\n\
         impl EntityName for Entity {{\n    fn table_name(&self) -> &'static str {{\n        domain::{}.name\n    }}\n}}\n\n\
         {}impl ActiveModelBehavior for ActiveModel {{}}\n",
        table.name,
        match engine {
            Engine::Sqlite => "SQLite",
            Engine::Postgres => "Postgres",
        },
        table.constant,
        relations(table)
    ))
}

fn relations(table: &NewTable) -> String {
    let mut variants = String::new();
    let mut related = String::new();
    let mut parents = BTreeSet::new();
    for reference in &table.foreign_keys {
        let parent = format!("super::{}", reference.parent_module);
        let columns = |path: &str, names: &[String]| {
            let paths: Vec<String> = names
                .iter()
                .map(|name| format!("{path}Column::{}", name.to_upper_camel_case()))
                .collect();
            match &paths[..] {
                [one] => one.clone(),
                several => format!("({})", several.join(", ")),
            }
        };
        let _ = write!(
            variants,
            "    #[sea_orm(\n        belongs_to = \"{parent}::Entity\",\n        from = \"{}\",\n        to = \"{}\",\n        \
             on_update = \"NoAction\",\n        on_delete = \"{}\"\n    )]\n    {},\n",
            columns("", &reference.key.columns),
            columns(&format!("{parent}::"), &reference.parent_columns),
            reference.on_delete,
            reference.variant
        );
        // SeaORM has one relation for each pair of entities.
        if parents.insert(reference.parent.name) {
            let _ = write!(
                related,
                "impl Related<{parent}::Entity> for Entity {{\n    fn to() -> RelationDef {{\n        \
                 Relation::{}.def()\n    }}\n}}\n\n",
                reference.variant
            );
        }
    }
    let body = match variants.is_empty() {
        true => "{}".to_owned(),
        false => format!("{{\n{variants}}}"),
    };
    format!(
        "#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]\npub enum Relation {body}\n\n{related}"
    )
}

/// A literal, which without a suffix would be an `i32`.
fn integer(value: i64, ty: &str) -> String {
    match ty != "i16" && i32::try_from(value).is_ok() {
        true => value.to_string(),
        false => format!("{value}_{ty}"),
    }
}

fn optional(ty: String, nullable: bool) -> String {
    match nullable {
        true => format!("Option<{ty}>"),
        false => ty,
    }
}

/// `A` or `An`.
pub(super) fn article(word: &str) -> &'static str {
    match word.starts_with(['a', 'e', 'i', 'o']) {
        true => "An",
        false => "A",
    }
}
