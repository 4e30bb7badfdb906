//! Values as Rust expressions.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use uuid::Uuid;

use crate::model::record::ColumnSpec;
use crate::model::value::{Numeric, Type, Value};

/// An expression of the value's own type.
pub(super) fn value(value: &Value) -> String {
    match value {
        Value::Null(ty) => format!("None::<{}>", rust(*ty)),
        Value::Uuid(id) => uuid(*id),
        Value::Text(long) => text(long),
        Value::Bool(flag) => flag.to_string(),
        Value::SmallInt(number) => format!("{number}_i16"),
        Value::Int(number) => format!("{number}_i32"),
        Value::BigInt(number) => format!("{number}_i64"),
        Value::Float(float) => single(*float),
        Value::Double(float) => double(*float),
        Value::Timestamp(at) => instant(*at),
        Value::Date(day) => {
            format!("\"{day}\".parse::<chrono::NaiveDate>().expect(\"a day\")")
        }
        Value::Time(time) => {
            format!("\"{time}\".parse::<chrono::NaiveTime>().expect(\"a time of day\")")
        }
        Value::Json(document) => format!("serde_json::json!({document})"),
        Value::Bytes(bytes) => match repeated(bytes) {
            Some(byte) => format!("vec![{byte}_u8; {}]", bytes.len()),
            None if bytes.is_empty() => "Vec::<u8>::new()".to_owned(),
            None => format!("vec!{bytes:?}"),
        },
        Value::Numeric(number) => {
            let (ty, units) = (rust(number.ty()), number.units());
            format!("{ty}::of_units::<{units}>()").replacen('<', "::<", 1)
        }
        Value::Array(_, values) => {
            let values: Vec<String> = values.iter().map(self::value).collect();
            format!("vec![{}]", values.join(", "))
        }
    }
}

/// An expression of the type of a column without NULL.
pub(super) fn operand(spec: &ColumnSpec, given: &Value) -> String {
    converted(spec, given).unwrap_or_else(|| value(given))
}

/// As [`operand`], with a text as a `String`.
pub(super) fn owned_operand(spec: &ColumnSpec, given: &Value) -> String {
    converted(spec, given).unwrap_or_else(|| owned(given))
}

/// The value with this `number` of a column of an id.
pub(super) fn numbered(spec: &ColumnSpec) -> String {
    let expression = match spec.ty {
        Type::Text => "number.to_string()",
        Type::Int => "number as i32",
        Type::BigInt => "i64::from(number)",
        _ => "uuid::Uuid::from_u128(u128::from(number))",
    };
    let own = own_type(spec);
    own.map_or(expression.to_owned(), |name| of_type(name, expression))
}

/// An expression of the type of a column.
pub(super) fn field(spec: &ColumnSpec, given: &Value) -> String {
    match spec.nullable && !given.is_null() {
        true => format!("Some({})", owned_operand(spec, given)),
        false => operand(spec, given),
    }
}

/// A value of a type of the application's own. `None` for other types.
fn converted(spec: &ColumnSpec, given: &Value) -> Option<String> {
    own_type(spec).map(|name| match given {
        Value::Null(_) => format!("None::<{name}>"),
        given => of_type(name, &owned(given)),
    })
}

/// The name of a type of the application's own.
fn own_type(spec: &ColumnSpec) -> Option<&'static str> {
    let name = (spec.type_name)();
    (name != type_name(spec.ty)).then_some(name)
}

/// A value of a type of the application's own, from what is stored.
fn of_type(name: &str, stored: &str) -> String {
    format!(
        "<{name} as catamaran::record::Field>::from_value(catamaran::Value::from({stored}))\
         .expect(\"a value of the type\")"
    )
}

/// As [`value`], with a text as a `String`.
pub(super) fn owned(given: &Value) -> String {
    let expression = value(given);
    match given {
        Value::Text(_) if expression.starts_with('"') && expression.ends_with('"') => {
            expression + ".to_owned()"
        }
        _ => expression,
    }
}

pub(super) fn uuid(id: Uuid) -> String {
    format!("uuid::uuid!(\"{id}\")")
}

pub(super) fn instant(at: DateTime<Utc>) -> String {
    if at == DateTime::<Utc>::MAX_UTC {
        return "chrono::DateTime::<chrono::Utc>::MAX_UTC".to_owned();
    }
    if at == DateTime::<Utc>::MIN_UTC {
        return "chrono::DateTime::<chrono::Utc>::MIN_UTC".to_owned();
    }
    let text = at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true);
    format!("\"{text}\".parse::<chrono::DateTime<chrono::Utc>>().expect(\"a time\")")
}

/// A text, whose long repeated part is not written out.
pub(super) fn text(text: &str) -> String {
    let Some(last) = text.chars().next_back() else {
        return "\"\"".to_owned();
    };
    let rest = text.trim_end_matches(last);
    let repeats = text[rest.len()..].chars().count();
    match (repeats > 40, rest.is_empty()) {
        (true, true) => format!("{:?}.repeat({repeats})", last.to_string()),
        (true, false) => format!(
            "{rest:?}.to_owned() + &{:?}.repeat({repeats})",
            last.to_string()
        ),
        (false, _) => format!("{text:?}"),
    }
}

fn single(float: f32) -> String {
    match float.is_finite() {
        true => format!("{float:?}_f32"),
        false => format!("({} as f32)", double(float.into())),
    }
}

fn double(float: f64) -> String {
    if float.is_nan() {
        "f64::NAN".to_owned()
    } else if float.is_infinite() {
        match float.is_sign_positive() {
            true => "f64::INFINITY".to_owned(),
            false => "f64::NEG_INFINITY".to_owned(),
        }
    } else {
        format!("{float:?}_f64")
    }
}

fn repeated(bytes: &[u8]) -> Option<u8> {
    let first = *bytes.first()?;
    (bytes.len() > 40 && bytes.iter().all(|byte| *byte == first)).then_some(first)
}

fn rust(ty: Type) -> String {
    let name = match ty {
        Type::Uuid => "uuid::Uuid",
        Type::Text => "String",
        Type::Bool => "bool",
        Type::SmallInt => "i16",
        Type::Int => "i32",
        Type::BigInt => "i64",
        Type::Float => "f32",
        Type::Double => "f64",
        Type::Timestamp => "chrono::DateTime<chrono::Utc>",
        Type::Date => "chrono::NaiveDate",
        Type::Time => "chrono::NaiveTime",
        Type::Json => "serde_json::Value",
        Type::Bytes => "Vec<u8>",
        Type::Numeric { precision, scale } => {
            return format!("catamaran::Numeric<{precision}, {scale}>");
        }
    };
    name.to_owned()
}

/// The name of the type as the compiler has it.
fn type_name(ty: Type) -> String {
    use std::any::type_name;
    let name = match ty {
        Type::Uuid => type_name::<Uuid>(),
        Type::Text => type_name::<String>(),
        Type::Bool => type_name::<bool>(),
        Type::SmallInt => type_name::<i16>(),
        Type::Int => type_name::<i32>(),
        Type::BigInt => type_name::<i64>(),
        Type::Float => type_name::<f32>(),
        Type::Double => type_name::<f64>(),
        Type::Timestamp => type_name::<DateTime<Utc>>(),
        Type::Date => type_name::<NaiveDate>(),
        Type::Time => type_name::<NaiveTime>(),
        Type::Json => type_name::<serde_json::Value>(),
        Type::Bytes => type_name::<Vec<u8>>(),
        Type::Numeric { precision, scale } => {
            let name = type_name::<Numeric<1, 0>>();
            return name.replace("<1, 0>", &format!("<{precision}, {scale}>"));
        }
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(nullable: bool, type_name: fn() -> &'static str) -> ColumnSpec {
        ColumnSpec {
            field: "name",
            ty: Type::Text,
            nullable,
            max_chars: None,
            max_bytes: crate::model::value::MAX_BYTES,
            default: None,
            variants: || None,
            type_name,
            canonical: Ok,
        }
    }

    #[test]
    fn values_are_written_as_expressions_of_their_types() {
        for (given, written) in [
            (Value::Null(Type::Text), "None::<String>"),
            (Value::Text("a\"\u{0}é".into()), r#""a\"\0é""#),
            (Value::Text("é".repeat(50)), "\"é\".repeat(50)"),
            (Value::BigInt(i64::MIN), "-9223372036854775808_i64"),
            (Value::Double(1e300), "1e300_f64"),
            (Value::Double(f64::NEG_INFINITY), "f64::NEG_INFINITY"),
            (Value::Bytes(vec![7; 50]), "vec![7_u8; 50]"),
        ] {
            assert_eq!(value(&given), written);
        }
        let text = Value::Text("a".into());
        let nullable = spec(true, std::any::type_name::<String>);
        assert_eq!(field(&nullable, &text), "Some(\"a\".to_owned())");
        let own = spec(false, || "app::Title");
        assert_eq!(
            field(&own, &text),
            "<app::Title as catamaran::record::Field>::from_value(catamaran::Value::from(\"a\".to_owned()))\
             .expect(\"a value of the type\")"
        );
        assert_eq!(field(&own, &Value::Null(Type::Text)), "None::<app::Title>");
    }
}
