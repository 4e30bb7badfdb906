//! The types of columns: as they are written in the arguments, in a record and in both entities.

use heck::{ToSnakeCase, ToUpperCamelCase};

use super::names;
use crate::model::domain::{Equivalence, NativeType};
use crate::model::engine::Engine;

/// A type of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ColumnType {
    /// A row of the type matrix that needs no parameters.
    Plain(&'static Plain),
    Numeric {
        precision: u8,
        scale: u8,
    },
    /// The stored texts.
    Enum(Vec<String>),
}

/// A type without parameters.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plain {
    /// In the arguments.
    name: &'static str,
    /// The name of its row in the matrix.
    row: &'static str,
    /// The type of the record's field.
    field: &'static str,
    /// The path that the record and the tests import, if any.
    import: Option<&'static str>,
    /// A value in a test.
    sample: &'static str,
}

const fn plain(
    name: &'static str,
    row: &'static str,
    field: &'static str,
    import: Option<&'static str>,
    sample: &'static str,
) -> Plain {
    Plain {
        name,
        row,
        field,
        import,
        sample,
    }
}

static PLAIN: [Plain; 13] = [
    plain(
        "uuid",
        "uuid",
        "Uuid",
        Some("uuid::Uuid"),
        "Uuid::from_u128(7)",
    ),
    plain("text", "text", "String", None, "\"text\""),
    plain("i64", "bigint", "i64", None, "1_i64"),
    plain("i32", "int4", "i32", None, "1_i32"),
    plain("i16", "int2", "i16", None, "1_i16"),
    plain("f64", "double", "f64", None, "1.5_f64"),
    plain("f32", "real", "f32", None, "1.5_f32"),
    plain("bool", "boolean", "bool", None, "true"),
    plain(
        "date",
        "date",
        "NaiveDate",
        Some("chrono::NaiveDate"),
        "NaiveDate::default()",
    ),
    plain(
        "time",
        "time",
        "NaiveTime",
        Some("chrono::NaiveTime"),
        "NaiveTime::default()",
    ),
    plain(
        "timestamp",
        "timestamptz",
        "DateTime<Utc>",
        Some("chrono::{DateTime, Utc}"),
        "DateTime::<Utc>::default()",
    ),
    plain("bytes", "bytes", "Vec<u8>", None, "vec![1_u8]"),
    plain(
        "json",
        "json",
        "Json",
        Some("sea_orm::prelude::Json"),
        "Json::from(\"text\")",
    ),
];

/// The default of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Preset {
    Text(String),
    Integer(i64),
    Bool(bool),
    Numeric { units: i64, scale: u8 },
    Variant(String),
}

impl ColumnType {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if let Some(plain) = PLAIN.iter().find(|plain| plain.name == text) {
            return Ok(ColumnType::Plain(plain));
        }
        let parameters = |word: &str| {
            let rest = text.strip_prefix(word)?;
            let inner = rest.strip_prefix('(')?.strip_suffix(')')?;
            Some(inner.split(',').map(str::trim).collect::<Vec<_>>())
        };
        if let Some(digits) = parameters("numeric") {
            let digits: Option<Vec<u8>> = digits.iter().map(|d| d.parse().ok()).collect();
            let Some([precision, scale]) = digits.as_deref() else {
                return Err(
                    "write numeric(DIGITS,BEHIND_THE_POINT), as in numeric(12,2)".to_owned(),
                );
            };
            return match Equivalence::numeric(*precision, *scale) {
                Some(_) => Ok(ColumnType::Numeric {
                    precision: *precision,
                    scale: *scale,
                }),
                None => Err(
                    "a numeric has 1 to 18 digits, and not more behind the point than it has"
                        .to_owned(),
                ),
            };
        }
        if let Some(variants) = parameters("enum") {
            return variants_of(&variants);
        }
        let names: Vec<&str> = PLAIN.iter().map(|plain| plain.name).collect();
        Err(format!(
            "{text:?} is no type: there are {}, numeric(p,s) and enum(a,b)",
            names.join(", ")
        ))
    }

    /// The type of a column that references a column of this row of the matrix.
    pub(super) fn of_row(row: &str) -> Option<Self> {
        PLAIN
            .iter()
            .find(|plain| plain.row == row)
            .map(ColumnType::Plain)
    }

    /// Reads a default.
    pub(super) fn preset(&self, text: &str) -> Result<Preset, String> {
        let wrong = |what: &str| Err(format!("the default {text:?} is no {what}"));
        let within = |least: i64, most: i64, what: &str| match text.parse::<i64>() {
            Ok(number) if (least..=most).contains(&number) => Ok(Preset::Integer(number)),
            _ => wrong(what),
        };
        match self {
            ColumnType::Plain(plain) => match plain.name {
                "text" => Ok(Preset::Text(text.to_owned())),
                "i64" => within(i64::MIN, i64::MAX, "i64"),
                "i32" => within(i32::MIN.into(), i32::MAX.into(), "i32"),
                "i16" => within(i16::MIN.into(), i16::MAX.into(), "i16"),
                "bool" => text
                    .parse()
                    .map(Preset::Bool)
                    .or_else(|_| wrong("true or false")),
                other => Err(format!(
                    "a column of the type {other} has no default: only text, whole numbers, bool, numeric and enum have"
                )),
            },
            ColumnType::Numeric { precision, scale } => match units(text, *precision, *scale) {
                Some(units) => Ok(Preset::Numeric {
                    units,
                    scale: *scale,
                }),
                None => wrong(&format!("numeric({precision},{scale})")),
            },
            ColumnType::Enum(variants) => match variants.iter().any(|variant| variant == text) {
                true => Ok(Preset::Variant(text.to_owned())),
                false => wrong(&format!("value of the enum: {}", variants.join(", "))),
            },
        }
    }

    /// The type of the record's field.
    pub(super) fn field(&self, enum_name: &str) -> String {
        match self {
            ColumnType::Plain(plain) => plain.field.to_owned(),
            ColumnType::Numeric { precision, scale } => format!("Numeric<{precision}, {scale}>"),
            ColumnType::Enum(_) => enum_name.to_owned(),
        }
    }

    /// The `use` of the record's field, without the crate's own types.
    pub(super) fn import(&self) -> Option<&'static str> {
        match self {
            ColumnType::Plain(plain) => plain.import,
            ColumnType::Numeric { .. } => Some("catamaran::Numeric"),
            ColumnType::Enum(_) => None,
        }
    }

    /// A value in a test.
    pub(super) fn sample(&self, enum_name: &str) -> String {
        match self {
            ColumnType::Plain(plain) => plain.sample.to_owned(),
            ColumnType::Numeric { precision, scale } => {
                format!("Numeric::<{precision}, {scale}>::of_units::<1>()")
            }
            ColumnType::Enum(variants) => {
                let first = variants.first().map_or("", String::as_str);
                format!("{enum_name}::{}", first.to_upper_camel_case())
            }
        }
    }

    /// The row of the matrix for what is stored.
    fn row(&self) -> Option<&'static Equivalence> {
        match self {
            ColumnType::Plain(plain) => Equivalence::by_name(plain.row),
            ColumnType::Numeric { precision, scale } => Equivalence::numeric(*precision, *scale),
            ColumnType::Enum(_) => Equivalence::by_name("text"),
        }
    }

    /// The field of the entity on an engine. `None` would be a type without a row in the matrix.
    pub(super) fn native(&self, engine: Engine) -> Option<&'static NativeType> {
        self.row().map(|row| row.on(engine))
    }

    /// Whether the type needs a check on an engine.
    pub(super) fn has_check(&self, engine: Engine) -> bool {
        matches!(self, ColumnType::Enum(_))
            || self
                .native(engine)
                .is_some_and(|native| native.form.is_some())
    }

    /// Whether the field implements `Eq`.
    pub(super) fn is_eq(&self) -> bool {
        !matches!(self, ColumnType::Plain(plain) if plain.name.starts_with('f'))
    }

    /// Whether a column of the type can be in a key.
    pub(super) fn has_order(&self) -> bool {
        !matches!(self, ColumnType::Plain(plain) if plain.name == "json")
    }
}

fn variants_of(variants: &[&str]) -> Result<ColumnType, String> {
    let mut names = Vec::new();
    for variant in variants {
        let begins = variant.starts_with(|c: char| c.is_ascii_lowercase());
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let same = variant.to_upper_camel_case().to_snake_case() == **variant;
        if !begins || !variant.chars().all(plain) || !same {
            return Err(format!(
                "{variant:?} is no value of an enum: write it in snake_case, as in enum(open,half_done)"
            ));
        }
        names::short("value", variant)?;
        if names.iter().any(|name| name == variant) {
            return Err(format!("the enum has the value {variant} twice"));
        }
        // It would be a keyword as a variant.
        if variant.to_upper_camel_case() == "Self" {
            return Err("the value self would be a keyword of Rust: take another name".to_owned());
        }
        names.push((*variant).to_owned());
    }
    Ok(ColumnType::Enum(names))
}

/// The number of units of the last digit in a decimal number.
fn units(text: &str, precision: u8, scale: u8) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text),
    };
    let (whole, behind) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(behind) || behind.len() > scale.into() {
        return None;
    }
    let units: i64 = format!("{whole}{behind:0<width$}", width = usize::from(scale))
        .parse()
        .ok()?;
    (units < 10_i64.pow(precision.into())).then_some(sign * units)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_a_row_in_the_matrix() {
        for plain in &PLAIN {
            let ty = ColumnType::parse(plain.name).expect(plain.name);
            assert!(ty.native(Engine::Sqlite).is_some(), "{}", plain.name);
            assert_eq!(ColumnType::of_row(plain.row), Some(ty));
        }
        assert_eq!(PLAIN.len(), crate::model::domain::MATRIX.len());
    }

    #[test]
    fn default_of_a_numeric_is_read_exactly() {
        assert_eq!(units("12.5", 12, 2), Some(1250));
        assert_eq!(units("-0.05", 12, 2), Some(-5));
        assert_eq!(units("999", 3, 0), Some(999));
        for wrong in ["", ".5", "1.234", "1000", "1e2", "--1", "+1"] {
            assert_eq!(units(wrong, 5, 2), None, "{wrong}");
        }
        assert_eq!(units("99999999999999999999", 18, 0), None);
    }

    #[test]
    fn parameters_of_types_are_checked() {
        assert!(ColumnType::parse("numeric(18,18)").is_ok());
        for wrong in [
            "numeric",
            "numeric(12)",
            "numeric(19,0)",
            "numeric(2,3)",
            "enum",
            "enum()",
            "enum(A)",
            "enum(a,a)",
            "enum(self)",
        ] {
            assert!(ColumnType::parse(wrong).is_err(), "{wrong}");
        }
    }
}
