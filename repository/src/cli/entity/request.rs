//! What the arguments of `entity` ask for. Says nothing yet about the tables that exist.

use heck::{ToSnakeCase, ToUpperCamelCase};

use super::names;
use super::types::{ColumnType, Preset};

/// A record, as the arguments describe it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Request {
    /// The name of the record, in singular: `HabitEntry`.
    pub(super) record: String,
    /// The name of its module: `habit_entry`.
    pub(super) module: String,
    /// The table: `habit_entries`.
    pub(super) table: String,
    /// The columns that the caller names, in order.
    pub(super) fields: Vec<Field>,
    /// The columns of each unique key, without the owner.
    pub(super) unique: Vec<Vec<String>>,
    /// The columns of each index, without the owner.
    pub(super) indexes: Vec<Vec<String>>,
    /// The owner of a row, if it has one.
    pub(super) owner: Option<Owner>,
    pub(super) soft_delete: bool,
}

/// The owner's column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// The name that the other tables use.
    AsElsewhere,
    Named(String),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Field {
    Column(Column),
    /// A reference to a parent.
    BelongsTo(BelongsTo),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) ty: ColumnType,
    pub(super) nullable: bool,
    pub(super) default: Option<Preset>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BelongsTo {
    pub(super) table: String,
    pub(super) column: Option<String>,
    pub(super) nullable: bool,
}

impl Request {
    /// Reads the arguments. The error says what is wrong with which of them.
    pub(super) fn parse(
        name: &str,
        table: Option<&str>,
        arguments: &[String],
        soft_delete: bool,
    ) -> Result<Self, String> {
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if !name.starts_with(|c: char| c.is_ascii_alphabetic()) || !name.chars().all(is_name) {
            return Err(format!(
                "{name:?} is no name of a record: use letters and digits, as in HabitEntry or habit_entry"
            ));
        }
        let module = singular(&name.to_snake_case());
        let record = module.to_upper_camel_case();
        let table = table.map_or_else(|| plural(&module), str::to_owned);
        names::record(&record, &module)?;
        names::sql("table", &table)?;
        let mut request = Request {
            record,
            module,
            table,
            fields: Vec::new(),
            unique: Vec::new(),
            indexes: Vec::new(),
            owner: None,
            soft_delete,
        };
        for argument in arguments {
            request
                .add(argument)
                .map_err(|error| format!("{argument:?}: {error}"))?;
        }
        Ok(request)
    }

    fn add(&mut self, argument: &str) -> Result<(), String> {
        let (word, rest) = match argument.split_once(':') {
            Some((word, rest)) => (word, Some(rest)),
            None => (argument, None),
        };
        match (word, rest) {
            ("owner", rest) => self.add_owner(rest),
            ("unique", Some(columns)) => list(columns).map(|columns| self.unique.push(columns)),
            ("index", Some(columns)) => list(columns).map(|columns| self.indexes.push(columns)),
            ("belongs_to", Some(parent)) => {
                let field = Field::BelongsTo(belongs_to(parent)?);
                self.fields.push(field);
                Ok(())
            }
            (name, Some(rest)) => {
                let field = Field::Column(column(name, rest)?);
                self.fields.push(field);
                Ok(())
            }
            (_, None) => Err("write COLUMN:TYPE, as in title:text".to_owned()),
        }
    }

    fn add_owner(&mut self, column: Option<&str>) -> Result<(), String> {
        if self.owner.is_some() {
            return Err("a table has at most one owner".to_owned());
        }
        self.owner = Some(match column {
            None => Owner::AsElsewhere,
            Some(column) if ColumnType::parse(column.trim_end_matches('?')).is_ok() => {
                return Err(
                    "`owner:` names the column that holds the owner's id, as in owner:user_id; a column cannot be named \
                     owner here"
                        .to_owned(),
                );
            }
            Some(column) => Owner::Named(names::column(column)?),
        });
        Ok(())
    }
}

fn list(columns: &str) -> Result<Vec<String>, String> {
    let columns: Vec<String> = columns.split(',').map(|c| c.trim().to_owned()).collect();
    match columns.iter().position(String::is_empty) {
        Some(_) => Err("name columns, separated by commas, as in unique:habit_id,title".to_owned()),
        None => Ok(columns),
    }
}

fn belongs_to(text: &str) -> Result<BelongsTo, String> {
    let (text, nullable) = match text.strip_suffix('?') {
        Some(text) => (text, true),
        None => (text, false),
    };
    let (table, column) = match text.split_once(':') {
        Some((table, column)) => (table, Some(names::column(column)?)),
        None => (text, None),
    };
    Ok(BelongsTo {
        table: table.to_owned(),
        column,
        nullable,
    })
}

/// `TYPE[?][=DEFAULT]`; a default may contain any character.
fn column(name: &str, text: &str) -> Result<Column, String> {
    let name = names::column(name)?;
    let (ty, default) = match text.split_once('=') {
        Some((ty, default)) => (ty, Some(default)),
        None => (text, None),
    };
    let (ty, nullable) = match ty.strip_suffix('?') {
        Some(ty) => (ty, true),
        None => (ty, false),
    };
    let ty = ColumnType::parse(ty)?;
    if nullable && default.is_some() {
        return Err(
            "a column that accepts NULL has no default here: a draft without a value is NULL"
                .to_owned(),
        );
    }
    let default = default.map(|text| ty.preset(text)).transpose()?;
    Ok(Column {
        name,
        ty,
        nullable,
        default,
    })
}

/// The last word of a name in singular: `habit_entries` is `habit_entry`.
pub(super) fn singular(name: &str) -> String {
    last_word(name, 1)
}

fn plural(name: &str) -> String {
    last_word(name, 2)
}

fn last_word(name: &str, count: isize) -> String {
    let at = name.rfind('_').map_or(0, |at| at + 1);
    let word = pluralizer::pluralize(&name[at..], count, false);
    format!("{}{word}", &name[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(name: &str, arguments: &[&str]) -> Result<Request, String> {
        let arguments: Vec<String> = arguments.iter().map(|a| (*a).to_owned()).collect();
        Request::parse(name, None, &arguments, true)
    }

    fn error(arguments: &[&str]) -> String {
        parse("Goal", arguments).expect_err("wrong arguments")
    }

    #[test]
    fn name_in_any_form_gives_the_singular_record_and_the_plural_table() {
        for name in ["HabitEntry", "habit_entry", "habit-entries", "habitEntries"] {
            let request = parse(name, &[]).expect("a name");
            assert_eq!(request.record, "HabitEntry");
            assert_eq!(request.module, "habit_entry");
            assert_eq!(request.table, "habit_entries");
        }
        assert_eq!(parse("person", &[]).expect("a name").table, "people");
    }

    #[test]
    fn each_kind_of_argument_is_read() {
        let arguments = [
            "owner:member_id",
            "belongs_to:habits",
            "belongs_to:goals:parent_id?",
            "title:text",
            "target:i32=1",
            "due_on:date?",
            "motto:text=a=b?",
            "unique:habit_id,title",
            "index:due_on",
        ];
        let request = parse("Goal", &arguments).expect("arguments");
        assert_eq!(request.owner, Some(Owner::Named("member_id".to_owned())));
        assert_eq!(request.unique, [["habit_id", "title"]]);
        assert_eq!(request.indexes, [["due_on"]]);
        let parents = request.fields.iter().filter_map(|field| match field {
            Field::BelongsTo(parent) => {
                Some((&*parent.table, parent.column.as_deref(), parent.nullable))
            }
            Field::Column(_) => None,
        });
        assert_eq!(
            parents.collect::<Vec<_>>(),
            [("habits", None, false), ("goals", Some("parent_id"), true)]
        );
        let columns = request.fields.iter().filter_map(|field| match field {
            Field::Column(column) => Some((&*column.name, column.nullable, column.default.clone())),
            Field::BelongsTo(_) => None,
        });
        assert_eq!(
            columns.collect::<Vec<_>>(),
            [
                ("title", false, None),
                ("target", false, Some(Preset::Integer(1))),
                ("due_on", true, None),
                ("motto", false, Some(Preset::Text("a=b?".to_owned()))),
            ]
        );
    }

    #[test]
    fn wrong_arguments_are_refused_with_the_argument() {
        for (argument, part) in [
            ("title", "COLUMN:TYPE"),
            ("title:string", "no type"),
            ("owner:text", "owner:user_id"),
            ("select:text", "keyword of SQL"),
            ("type:text", "keyword of Rust"),
            ("Title:text", "lower-case"),
            ("title:text?=a", "no default"),
            ("target:i32=many", "i32"),
            ("unique:a,,b", "commas"),
            ("version:i64", "the library"),
        ] {
            let error = error(&[argument]);
            assert!(error.starts_with(&format!("{argument:?}: ")), "{error}");
            assert!(error.contains(part), "{error}");
        }
        assert!(error(&["owner", "owner:user_id"]).contains("at most one"));
        for name in ["", "9lives", "a.b", "struct", "Uuid"] {
            assert!(parse(name, &[]).is_err(), "{name}");
        }
    }
}
