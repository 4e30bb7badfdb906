//! JSON documents.
//!
//! Both engines return what [`canonicalise`] made. `jsonb` keeps the value of a document and not its text: it sorts the
//! keys, and writes a number out in full: <https://www.postgresql.org/docs/current/datatype-json.html>. So an integer has
//! no fraction here, and a document is compared by its value.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Number, Value as Document};

use super::{Field, Type, Value, class};
use crate::model::error::InvalidReason;

/// The maximum depth of arrays and objects in a document. Readers of JSON have such a limit: that of `serde_json` is 127,
/// and that of SQLite 1000.
pub const MAX_JSON_DEPTH: usize = 100;

/// The depth of a stored document that can be read: that of `serde_json`.
const MAX_READ_DEPTH: usize = 127;

/// A field that is stored as a JSON document: any type that `serde` can convert.
///
/// The document is converted back before it is written. So what is stored can be read, and a record has after an insert
/// what a later read returns. A value whose document cannot be converted back is
/// [`InvalidValue`](crate::ErrorKind::InvalidValue), such as a map whose keys are no texts, or NaN in an `f64`. JSON lacks
/// NaN: in an `Option<f64>` it becomes `None`.
///
/// The field of a nullable column is an `Option<Json<T>>`, whose `None` is NULL. The `None` of a `Json<Option<T>>` is the
/// document `null`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Json<T>(pub T);

impl<T> From<T> for Json<T> {
    fn from(value: T) -> Self {
        Json(value)
    }
}

impl<T: Serialize> Json<T> {
    /// The document in canonical form, if it has one.
    fn document(&self) -> Document {
        let mut document = serde_json::to_value(&self.0).unwrap_or_default();
        // The value was checked before it is written.
        let _checked = check(&mut document, MAX_JSON_DEPTH);
        document.sort_all_objects();
        document
    }
}

impl Field for Document {
    const TYPE: Type = Type::Json;

    type Base = Self;
    type Class = class::Json;

    fn canonicalise(&mut self, max_bytes: usize) -> Result<(), InvalidReason> {
        canonicalise(self, max_bytes)
    }

    fn to_value(&self) -> Value {
        Value::Json(self.clone())
    }

    fn from_value(value: Value) -> Result<Self, InvalidReason> {
        match value {
            Value::Json(document) => Ok(document),
            _ => Err(InvalidReason::OtherType),
        }
    }
}

impl<T> Field for Json<T>
where
    T: Serialize + DeserializeOwned + Clone + PartialEq + Send + Sync + 'static,
{
    const TYPE: Type = Type::Json;

    type Base = Self;
    type Class = class::Json;

    fn canonicalise(&mut self, max_bytes: usize) -> Result<(), InvalidReason> {
        let mut document = serde_json::to_value(&self.0).map_err(refused)?;
        canonicalise(&mut document, max_bytes)?;
        self.0 = serde_json::from_value(document).map_err(refused)?;
        Ok(())
    }

    /// The document; `null` for a value that [`canonicalise`](Field::canonicalise) refuses because it has none.
    fn to_value(&self) -> Value {
        Value::Json(self.document())
    }

    fn from_value(value: Value) -> Result<Self, InvalidReason> {
        let document = Document::from_value(value)?;
        serde_json::from_value(document).map(Json).map_err(refused)
    }
}

impl<D, T> super::Native<D> for Json<T>
where
    Json<T>: Field,
    T: Serialize + DeserializeOwned,
    Document: super::Native<D, Native = Document>,
{
    type Native = Document;

    fn from_native(native: Document) -> Option<Self> {
        serde_json::from_value(native).map(Json).ok()
    }

    fn into_native(self) -> Document {
        self.document()
    }
}

/// The words of `serde` about a type. They are the application's: an error of a type may quote a value.
fn refused(error: serde_json::Error) -> InvalidReason {
    InvalidReason::Application {
        reason: error.to_string().into(),
    }
}

/// Converts a document to the form in which both engines return it.
pub(super) fn canonicalise(document: &mut Document, max_bytes: usize) -> Result<(), InvalidReason> {
    check(document, MAX_JSON_DEPTH)?;
    document.sort_all_objects();
    match bytes(document) <= max_bytes {
        true => Ok(()),
        false => Err(InvalidReason::TooLong { max_bytes }),
    }
}

/// The length of the text of a document.
pub(super) fn bytes(document: &Document) -> usize {
    let mut length = Length(0);
    // Only the writer could fail.
    let _written = serde_json::to_writer(&mut length, document);
    length.0
}

/// Checks the texts and the depth, and converts the numbers.
fn check(document: &mut Document, depth: usize) -> Result<(), InvalidReason> {
    let text = |text: &str| match text.contains('\0') {
        true => Err(InvalidReason::NulCharacter),
        false => Ok(()),
    };
    let inside = || {
        let max_depth = MAX_JSON_DEPTH;
        depth
            .checked_sub(1)
            .ok_or(InvalidReason::TooDeep { max_depth })
    };
    match document {
        Document::Null | Document::Bool(_) => Ok(()),
        Document::String(string) => text(string),
        Document::Number(number) => {
            *number = canonical_number(number).ok_or(InvalidReason::NotFinite)?;
            Ok(())
        }
        Document::Array(items) => {
            let inside = inside()?;
            items.iter_mut().try_for_each(|item| check(item, inside))
        }
        Document::Object(fields) => {
            let inside = inside()?;
            fields.iter_mut().try_for_each(|(key, value)| {
                text(key)?;
                check(value, inside)
            })
        }
    }
}

/// A number without a fraction is an integer, if it fits 64 bits. `None` for one that no float holds.
fn canonical_number(number: &Number) -> Option<Number> {
    // 2^63 and 2^64.
    const SIGNED: f64 = 9_223_372_036_854_775_808.0;
    const UNSIGNED: f64 = 18_446_744_073_709_551_616.0;
    if number.is_i64() || number.is_u64() {
        return Some(number.clone());
    }
    let float = number.as_f64().filter(|float| float.is_finite())?;
    match float.fract() == 0.0 {
        true if (-SIGNED..SIGNED).contains(&float) => Some(Number::from(float as i64)),
        true if (0.0..UNSIGNED).contains(&float) => Some(Number::from(float as u64)),
        _ => Number::from_f64(float),
    }
}

/// Counts bytes.
struct Length(usize);

impl std::io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 = self.0.saturating_add(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Reads a stored document into its canonical form. It may be longer and deeper than one that is written.
pub(crate) fn parse(text: &str) -> Option<Document> {
    // Without its feature `float_roundtrip`, `serde_json` may read the neighbour of a float, and fails at the largest.
    let quick = serde_json::from_str(text).ok();
    let mut document = match quick.filter(|document| !has_float(document)) {
        Some(document) => document,
        None => exact(
            serde_json::from_str::<&RawValue>(text).ok()?.get(),
            MAX_READ_DEPTH,
        )?,
    };
    document.sort_all_objects();
    Some(document)
}

fn has_float(document: &Document) -> bool {
    match document {
        Document::Number(number) => !(number.is_i64() || number.is_u64()),
        Document::Array(items) => items.iter().any(has_float),
        Document::Object(fields) => fields.values().any(has_float),
        Document::Null | Document::Bool(_) | Document::String(_) => false,
    }
}

/// Reads the text of a valid document, and its numbers by the parser of `std`, which returns the nearest float. `None` if
/// it is nested deeper than `depth`: what others stored must not use up the stack.
fn exact(text: &str, depth: usize) -> Option<Document> {
    match text.as_bytes().first()? {
        b'{' => {
            let inside = depth.checked_sub(1)?;
            let fields: BTreeMap<String, &RawValue> = serde_json::from_str(text).ok()?;
            let fields = fields.into_iter();
            let fields = fields.map(|(key, value)| Some((key, exact(value.get(), inside)?)));
            fields.collect::<Option<_>>().map(Document::Object)
        }
        b'[' => {
            let inside = depth.checked_sub(1)?;
            let items: Vec<&RawValue> = serde_json::from_str(text).ok()?;
            let items = items.into_iter().map(|item| exact(item.get(), inside));
            items.collect::<Option<_>>().map(Document::Array)
        }
        b'-' | b'0'..=b'9' => number(text).map(Document::Number),
        _ => serde_json::from_str(text).ok(),
    }
}

fn number(text: &str) -> Option<Number> {
    let signed = text.parse::<i64>().map(Number::from);
    let integer = signed.or_else(|_| text.parse::<u64>().map(Number::from));
    match integer {
        Ok(integer) => Some(integer),
        Err(_) => canonical_number(&Number::from_f64(text.parse().ok()?)?),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::value::MAX_BYTES;

    #[test]
    fn numbers_without_a_fraction_are_integers_if_they_fit() {
        for (given, canonical) in [
            (json!(1.0), json!(1)),
            (json!(-0.0), json!(0)),
            (json!(1e16), json!(10_000_000_000_000_000_i64)),
            (json!(1e19), json!(10_000_000_000_000_000_000_u64)),
            (json!(1e20), json!(1e20)),
            (json!(0.1), json!(0.1)),
            (json!(u64::MAX), json!(u64::MAX)),
            (json!({"a": [1.0]}), json!({"a": [1]})),
        ] {
            let mut document = given.clone();
            assert_eq!(document.canonicalise(MAX_BYTES), Ok(()), "{given}");
            assert_eq!(document, canonical);
        }
    }

    #[test]
    fn each_way_to_write_a_number_is_read_as_the_same() {
        let float = 0.1 + 0.2;
        for (text, read) in [
            ("0.30000000000000004", json!(float)),
            ("[5e-324, 1.50, 2.0]", json!([5e-324, 1.5, 2])),
            ("100000000000000000000", json!(1e20)),
            ("1.7976931348623157e308", json!(f64::MAX)),
            ("-0", json!(0)),
            (
                "{\"b\": 1.0, \"a\": {\"c\": 0.5} }",
                json!({"a": {"c": 0.5}, "b": 1}),
            ),
            ("{\"a\": 1, \"a\": 0.5}", json!({"a": 0.5})),
        ] {
            assert_eq!(parse(text), Some(read), "{text}");
        }
        for other in [
            "",
            "1e400",
            "1.",
            "+1",
            "0x1",
            "nul",
            "\"\\ud800\"",
            "{\"a\": 1.5",
        ] {
            assert_eq!(parse(other), None, "{other}");
        }
    }

    #[test]
    fn a_deep_document_of_others_is_not_read() {
        let nested = |depth| format!("{}0.5{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse(&nested(MAX_READ_DEPTH)).is_some());
        for depth in [MAX_READ_DEPTH + 1, 100_000] {
            assert_eq!(parse(&nested(depth)), None, "{depth}");
        }
    }

    #[test]
    fn what_an_engine_would_refuse_or_not_return_is_refused() {
        let refused =
            |mut document: Document| document.canonicalise(MAX_BYTES).expect_err("refused");
        assert_eq!(refused(json!("a\0")), InvalidReason::NulCharacter);
        assert_eq!(refused(json!([{"a\0": 1}])), InvalidReason::NulCharacter);
        let nested = |depth: usize| (0..depth).fold(json!(1), |inner, _| json!([inner]));
        let max_depth = MAX_JSON_DEPTH;
        assert_eq!(nested(max_depth).canonicalise(MAX_BYTES), Ok(()));
        assert_eq!(
            refused(nested(max_depth + 1)),
            InvalidReason::TooDeep { max_depth }
        );
        let long = json!("x".repeat(MAX_BYTES - 1));
        assert!(matches!(refused(long), InvalidReason::TooLong { .. }));
        assert_eq!(
            json!("x".repeat(MAX_BYTES - 2)).canonicalise(MAX_BYTES),
            Ok(())
        );
    }

    #[test]
    fn a_value_that_does_not_come_back_from_its_document_is_refused() {
        let mut nan = Json(f64::NAN);
        let reason = nan.canonicalise(MAX_BYTES).expect_err("no NaN in JSON");
        assert!(matches!(reason, InvalidReason::Application { .. }));
        let mut keys = Json(BTreeMap::from([(vec![1], 2)]));
        let reason = keys
            .canonicalise(MAX_BYTES)
            .expect_err("a key that is no text");
        assert_eq!(reason.to_string(), "key must be a string");
        let mut plain = Json(vec![1.5]);
        assert_eq!(plain.canonicalise(MAX_BYTES), Ok(()));
    }
}
