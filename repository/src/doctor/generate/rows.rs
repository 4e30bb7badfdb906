//! Sample rows for the tables of a scratch database.
//!
//! The values come from the types of the columns and the literals of the checks. The database itself says which of them
//! its checks accept, so a condition is not interpreted here.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, Statement};

use super::kept::Unfilled;
use crate::fingerprint::ident;
use crate::fingerprint::read::samples::{self, Literals};
use crate::fingerprint::schema::{Check, Column, Generated, Schema, Table};
use crate::model::engine::Engine;

/// How many rows each table gets.
const ROWS: usize = 2;

/// The most values that are tried for a column.
const MOST_VALUES: usize = 60;

/// How many values of a column are enough.
const ENOUGH: usize = 6;

/// How often a row that is refused is tried with other values.
const ATTEMPTS: usize = 4;

/// A row: the literal of each column.
type Row = BTreeMap<String, String>;

/// Inserts rows into every table, parents first. With `nulls`, the last row of each table has NULL in every column that
/// accepts it. Returns the tables without rows.
pub(super) async fn fill(
    db: &DatabaseConnection,
    schema: &Schema,
    nulls: bool,
) -> Result<Vec<Unfilled>, DbErr> {
    let mut filled: BTreeMap<&str, Vec<Row>> = BTreeMap::new();
    let mut unfilled = Vec::new();
    for name in in_order(schema) {
        let filler = Filler {
            db,
            engine: schema.engine,
            name,
            table: &schema.tables[name],
            filled: &filled,
        };
        let (rows, refused) = filler.fill(nulls).await?;
        if let (true, Some(reason)) = (rows.is_empty(), refused) {
            unfilled.push(Unfilled {
                table: name.to_owned(),
                reason,
            });
        }
        filled.insert(name, rows);
    }
    Ok(unfilled)
}

/// The tables, each after those that it refers to, except in a circle.
fn in_order(schema: &Schema) -> Vec<&str> {
    let mut left: Vec<&str> = schema.tables.keys().map(String::as_str).collect();
    let mut ordered: Vec<&str> = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let is_ready = |name: &&str| {
            let mut keys = schema.tables[*name].foreign_keys.iter();
            keys.all(|key| {
                let parent = key.references.as_str();
                parent == *name || !left.contains(&parent)
            })
        };
        let place = left.iter().position(is_ready).unwrap_or_default();
        ordered.push(left.remove(place));
    }
    ordered
}

struct Filler<'a> {
    db: &'a DatabaseConnection,
    engine: Engine,
    name: &'a str,
    table: &'a Table,
    filled: &'a BTreeMap<&'a str, Vec<Row>>,
}

impl Filler<'_> {
    /// The rows that were inserted, and why the last refused one was refused.
    async fn fill(&self, nulls: bool) -> Result<(Vec<Row>, Option<String>), DbErr> {
        let mut values = BTreeMap::new();
        for column in self.written() {
            values.insert(column.name.as_str(), self.accepted(column).await?);
        }
        let mut rows: Vec<Row> = Vec::new();
        let mut refused = None;
        for number in 0..ROWS {
            let has_nulls = nulls && number + 1 == ROWS;
            for attempt in 0..ATTEMPTS {
                let Some(row) = self.row(&values, number, attempt, has_nulls, &rows).await? else {
                    refused = Some("no value that its checks accept was found".to_owned());
                    continue;
                };
                match self.db.execute_unprepared(&self.insert(&row)).await {
                    Ok(_) => {
                        rows.push(row);
                        break;
                    }
                    Err(error) => refused = Some(error.to_string()),
                }
            }
        }
        Ok((rows, refused))
    }

    /// The columns that the database does not generate.
    fn written(&self) -> impl Iterator<Item = &Column> {
        let columns = self.table.columns.iter();
        columns.filter(|column| match &column.generated {
            None => true,
            Some(Generated::Identity { .. } | Generated::Computed { .. }) => false,
        })
    }

    /// A row; `None` if no combination of the values is accepted.
    async fn row(
        &self,
        values: &BTreeMap<&str, Vec<String>>,
        number: usize,
        attempt: usize,
        has_nulls: bool,
        before: &[Row],
    ) -> Result<Option<Row>, DbErr> {
        let mut row = self.parents(number, has_nulls, before);
        for column in self.written() {
            if row.contains_key(&column.name) {
                continue;
            }
            let of_column = values
                .get(column.name.as_str())
                .map_or(&[][..], Vec::as_slice);
            let value = match has_nulls && column.nullable {
                true => Some("NULL"),
                false => {
                    let place = (number + attempt) % of_column.len().max(1);
                    of_column.get(place).map(String::as_str)
                }
            };
            let Some(value) = value else {
                return Ok(None);
            };
            row.insert(column.name.clone(), value.to_owned());
        }
        self.agreed(row, values).await
    }

    /// The values of foreign keys, from the rows of the parents.
    fn parents(&self, number: usize, has_nulls: bool, before: &[Row]) -> Row {
        let mut row = Row::new();
        for key in &self.table.foreign_keys {
            let parents = match key.references == self.name {
                true => before,
                false => {
                    let parents = self.filled.get(key.references.as_str());
                    parents.map_or(&[][..], Vec::as_slice)
                }
            };
            let parent = parents.get(number % parents.len().max(1));
            for (column, referenced) in key.columns.iter().zip(&key.referenced_columns) {
                let accepts_null = self.table.column(column).is_some_and(|of| of.nullable);
                let value = parent.and_then(|parent| parent.get(referenced));
                let value = match value {
                    Some(value) if !(has_nulls && accepts_null) => value.clone(),
                    _ if accepts_null => "NULL".to_owned(),
                    // The first row of a table that refers to itself refers to itself.
                    _ => continue,
                };
                row.entry(column.clone()).or_insert(value);
            }
        }
        row
    }

    /// The row, with other values in the columns whose checks concern several columns, if those refuse it.
    async fn agreed(
        &self,
        row: Row,
        values: &BTreeMap<&str, Vec<String>>,
    ) -> Result<Option<Row>, DbErr> {
        let checks = self.table.checks.iter();
        let checks: Vec<&Check> = checks
            .filter(|check| self.columns_of(check).len() > 1)
            .collect();
        if checks.is_empty() {
            return Ok(Some(row));
        }
        let concerned: BTreeSet<&str> = checks
            .iter()
            .flat_map(|check| self.columns_of(check))
            .collect();
        let mut tried = vec![row.clone()];
        let names: Vec<&str> = concerned.into_iter().collect();
        let choices: Vec<Vec<String>> = names
            .iter()
            .map(|name| {
                let own = row.get(*name).cloned();
                let of_column = values.get(name).cloned().unwrap_or_default();
                own.into_iter().chain(of_column).collect()
            })
            .collect();
        tried.extend(samples::rows(&choices).into_iter().map(|chosen| {
            let mut row = row.clone();
            let chosen = names.iter().map(|name| (*name).to_owned()).zip(chosen);
            row.extend(chosen);
            row
        }));
        let columns: Vec<&Column> = names
            .iter()
            .filter_map(|name| self.table.column(name))
            .collect();
        for row in tried {
            let values: Vec<&str> = columns
                .iter()
                .map(|column| row[&column.name].as_str())
                .collect();
            if self.holds(&checks, &columns, &values).await? {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }

    /// The values of a column that its own checks accept.
    async fn accepted(&self, column: &Column) -> Result<Vec<String>, DbErr> {
        let checks = self.table.checks.iter();
        let checks: Vec<&Check> = checks
            .filter(|check| self.columns_of(check) == [column.name.as_str()])
            .collect();
        let conditions: Vec<&str> = self
            .table
            .checks
            .iter()
            .map(|one| one.condition.sql())
            .collect();
        let literals = Literals::of(self.engine, &conditions)
            .map_or(Vec::new(), |literals| literals.values(self.engine, column));
        let mut accepted: Vec<String> = Vec::new();
        let all = own(column).into_iter().chain(literals);
        for value in all.filter(|value| value != "NULL").take(MOST_VALUES) {
            if accepted.len() == ENOUGH {
                break;
            }
            if !accepted.contains(&value) && self.holds(&checks, &[column], &[&value]).await? {
                accepted.push(value);
            }
        }
        if accepted.is_empty() && column.nullable {
            accepted.push("NULL".to_owned());
        }
        Ok(accepted)
    }

    fn columns_of(&self, check: &Check) -> Vec<&str> {
        let columns = self.table.columns.iter().map(|column| column.name.as_str());
        columns
            .filter(|column| check.condition.mentions(self.engine, column))
            .collect()
    }

    /// Whether the values fit the types of the columns and no check refuses them.
    async fn holds(
        &self,
        checks: &[&Check],
        columns: &[&Column],
        values: &[&str],
    ) -> Result<bool, DbErr> {
        let cast = columns.iter().zip(values).map(|(column, value)| {
            let name = ident::name(&column.name);
            match self.engine {
                Engine::Postgres => format!("CAST({value} AS {}) AS {name}", column.ty),
                Engine::Sqlite => format!("{value} AS {name}"),
            }
        });
        let cast: Vec<String> = cast.collect();
        let mut conditions: Vec<String> = checks
            .iter()
            .map(|check| format!("({}) IS NOT FALSE", check.condition.sql()))
            .collect();
        let fits = columns
            .iter()
            .zip(values)
            .filter(|(_, value)| **value != "NULL");
        conditions.extend(fits.filter_map(|(column, value)| self.fits(column, value)));
        if conditions.is_empty() {
            conditions.push("TRUE".to_owned());
        }
        let sql = format!(
            "SELECT 1 FROM (SELECT {}) AS {} WHERE {}",
            cast.join(", "),
            ident::name(self.name),
            conditions.join(" AND ")
        );
        let statement = Statement::from_string(self.db.get_database_backend(), sql);
        match self.db.query_one_raw(statement).await {
            Ok(row) => Ok(row.is_some()),
            Err(error @ DbErr::Conn(_)) => Err(error),
            // The value does not fit the type.
            Err(_) => Ok(false),
        }
    }

    /// The condition that the value is stored as it is, where a cast could hide that it is not.
    fn fits(&self, column: &Column, value: &str) -> Option<String> {
        let ty = column.ty.to_lowercase();
        match (self.engine, ty.as_str()) {
            (Engine::Sqlite, "int" | "integer") => Some(format!("typeof({value}) = 'integer'")),
            (Engine::Sqlite, "real" | "text" | "blob") => Some(format!("typeof({value}) = '{ty}'")),
            // A cast cuts a text that is too long.
            (Engine::Postgres, ty) if ty.starts_with("character") => Some(format!(
                "CAST({value} AS text) = CAST(CAST({value} AS {ty}) AS text)"
            )),
            _ => None,
        }
    }

    fn insert(&self, row: &Row) -> String {
        if row.is_empty() {
            return format!("INSERT INTO {} DEFAULT VALUES", ident::name(self.name));
        }
        let columns: Vec<String> = row.keys().cloned().collect();
        let values: Vec<&str> = row.values().map(String::as_str).collect();
        format!(
            "INSERT INTO {} ({}) VALUES ({})",
            ident::name(self.name),
            ident::names(&columns),
            values.join(", ")
        )
    }
}

/// Different values for each row, in the forms that the types of the matrix have on both engines. Those that the type or
/// the check of the column refuses are left out later.
fn own(column: &Column) -> Vec<String> {
    let text = |text: String| ident::text(&text);
    let forms: [fn(usize) -> String; 7] = [
        |n| format!("sample {n}"),
        |n| format!("0190a0b0-0000-7000-8000-00000000000{n}"),
        |n| format!("2024-02-0{n}T12:00:00.000000Z"),
        |n| format!("2024-02-0{n}"),
        |n| format!("12:00:0{n}.000000"),
        |n| format!("{{\"sample\":{n}}}"),
        |n| format!("12:0{n}"),
    ];
    let ty = column.ty.to_lowercase();
    let numbers = 1..=ROWS + 1;
    let is_text = ty == "text" || ty.starts_with("character") || ty.starts_with("varchar");
    match ty.as_str() {
        "real" => numbers.map(|n| format!("{n}.5")).collect(),
        "blob" => numbers.map(|n| format!("x'{n:032x}'")).collect(),
        "bytea" => numbers.map(|n| format!("'\\x{n:02x}'")).collect(),
        "int" | "integer" | "bigint" | "smallint" => numbers.map(|n| n.to_string()).collect(),
        _ if ty.starts_with("numeric") => numbers.map(|n| n.to_string()).collect(),
        "boolean" => Vec::new(),
        _ if is_text => {
            let forms = forms.into_iter();
            forms
                .flat_map(|form| numbers.clone().map(move |n| text(form(n))))
                .collect()
        }
        _ => {
            let forms = forms.into_iter().skip(1);
            forms
                .flat_map(|form| numbers.clone().map(move |n| text(form(n))))
                .collect()
        }
    }
}
