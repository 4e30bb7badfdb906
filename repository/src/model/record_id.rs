//! The types that the id of a record can have.

use std::fmt::Debug;
use std::hash::Hash;

use crate::model::error::InvalidReason;
use crate::model::key::{Key, KeyValue};
use crate::model::value::{Field, MAX_BYTES, Type, Value};

/// The type of a record's id: the type of a field that has an order, or a tuple of up to eight of them.
///
/// Implemented for each [`Field`] that is also `Debug`, `Eq`, `Hash` and `Ord`. A column of a key is a UUID, text, boolean,
/// `i32`, `i64`, time or date, or a newtype that is stored as one. The derive refuses others.
#[diagnostic::on_unimplemented(
    message = "the id of a record cannot be of the type `{Self}`",
    label = "this type has no order that is the same on both engines",
    note = "an id can be a `Uuid`, `String`, `i32` or `i64`, or a newtype that implements `Field`, `Debug`, `Eq`, `Hash` and `Ord`; for a key of several columns, put `#[record(id)]` on each of them"
)]
pub trait RecordId: Clone + Debug + Eq + Hash + Ord + Send + Sync + 'static {
    /// The logical types of its columns.
    const TYPES: &'static [Type];
    /// Whether it refuses some values of its columns.
    const MAY_REFUSE: bool;

    /// Converts each value to its canonical form, and erases the type.
    ///
    /// # Errors
    /// The position of the first value that has none, and why.
    fn into_key(self) -> Result<Key, (usize, InvalidReason)>;

    /// The id of a key, or `None` if the key is of another type.
    fn from_key(key: &Key) -> Option<Self>;
}

/// Converts a value to its canonical form.
fn into_value<T: Field>(position: usize, mut field: T) -> Result<KeyValue, (usize, InvalidReason)> {
    let canonical = field.canonicalise(MAX_BYTES);
    canonical.map_err(|reason| (position, reason))?;
    KeyValue::of(field.to_value()).ok_or((position, InvalidReason::OtherType))
}

impl<T> RecordId for T
where
    T: Field + Debug + Eq + Hash + Ord,
{
    const TYPES: &'static [Type] = &[T::TYPE];
    const MAY_REFUSE: bool = T::MAY_REFUSE;

    fn into_key(self) -> Result<Key, (usize, InvalidReason)> {
        into_value(0, self).map(Key::one)
    }

    fn from_key(key: &Key) -> Option<Self> {
        match key.values() {
            [value] => T::from_value(value.to_value()).ok(),
            _ => None,
        }
    }
}

macro_rules! tuple {
    ($($ty:ident $index:tt),+) => {
        impl<$($ty),+> RecordId for ($($ty,)+)
        where
            $($ty: Field + Debug + Eq + Hash + Ord,)+
        {
            const TYPES: &'static [Type] = &[$($ty::TYPE),+];
            const MAY_REFUSE: bool = $($ty::MAY_REFUSE)||+;

            fn into_key(self) -> Result<Key, (usize, InvalidReason)> {
                Ok(Key::of(vec![$(into_value($index, self.$index)?),+]))
            }

            fn from_key(key: &Key) -> Option<Self> {
                let values = key.values();
                if values.len() != Self::TYPES.len() {
                    return None;
                }
                Some(($($ty::from_value(values.get($index)?.to_value()).ok()?,)+))
            }
        }
    };
}

tuple!(A 0, B 1);
tuple!(A 0, B 1, C 2);
tuple!(A 0, B 1, C 2, D 3);
tuple!(A 0, B 1, C 2, D 3, E 4);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);

impl KeyValue {
    /// `None` if no key can contain the value.
    pub(crate) fn of(value: Value) -> Option<Self> {
        Some(match value {
            Value::Uuid(id) => KeyValue::Uuid(id),
            Value::Text(text) => KeyValue::Text(text),
            Value::Bool(bool) => KeyValue::Bool(bool),
            Value::Int(int) => KeyValue::Int(int),
            Value::BigInt(int) => KeyValue::BigInt(int),
            Value::Timestamp(at) => KeyValue::Timestamp(at),
            Value::Date(day) => KeyValue::Date(day),
            _ => return None,
        })
    }

    pub(crate) fn to_value(&self) -> Value {
        match self {
            KeyValue::Uuid(id) => Value::Uuid(*id),
            KeyValue::Text(text) => Value::Text(text.clone()),
            KeyValue::Bool(bool) => Value::Bool(*bool),
            KeyValue::Int(int) => Value::Int(*int),
            KeyValue::BigInt(int) => Value::BigInt(*int),
            KeyValue::Timestamp(at) => Value::Timestamp(*at),
            KeyValue::Date(day) => Value::Date(*day),
        }
    }
}

/// Whether a column of a key can be of this type: of those of [`KeyValue`].
pub(crate) const fn can_be_in_key(ty: Type) -> bool {
    matches!(
        ty,
        Type::Uuid
            | Type::Text
            | Type::Bool
            | Type::Int
            | Type::BigInt
            | Type::Timestamp
            | Type::Date
    )
}

impl Key {
    /// The id of a record; `None` if the key is of another type.
    pub fn id<I: RecordId>(&self) -> Option<I> {
        I::from_key(self)
    }

    pub(crate) fn to_values(&self) -> impl Iterator<Item = Value> {
        self.values().iter().map(KeyValue::to_value)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn key(id: impl RecordId) -> Key {
        id.into_key().expect("the id has a canonical form")
    }

    #[test]
    fn id_becomes_a_key_and_back() {
        let id = Uuid::from_u128(7);
        assert_eq!(key(id).id::<Uuid>(), Some(id));
        assert_eq!(key(7_i64).id::<i64>(), Some(7));
        assert_eq!(key("a".to_owned()).id::<String>(), Some("a".to_owned()));
        assert_eq!(key((id, 7_i32)).id::<(Uuid, i32)>(), Some((id, 7)));
        assert_eq!(key(7_i64).id::<i32>(), None);
        assert_eq!(key((1_i32, 2_i32)).id::<(i32, i32, i32)>(), None);
        assert_eq!(key((1_i32, 2_i32)).id::<i32>(), None);
    }

    #[test]
    fn keys_are_ordered_by_their_columns_in_order() {
        assert!(key(("a".to_owned(), 2_i64)) < key(("b".to_owned(), 1_i64)));
        assert!(key(("a".to_owned(), -2_i64)) < key(("a".to_owned(), 1_i64)));
        assert!(key("Z".to_owned()) < key("a".to_owned()));
        // By code point, as both engines do, and not by UTF-16 unit.
        assert!(key("\u{ffff}".to_owned()) < key("\u{10000}".to_owned()));
    }

    #[test]
    fn id_without_a_canonical_form_names_its_column() {
        let refused = (1_i64, "a\0".to_owned()).into_key();
        assert_eq!(refused.err(), Some((1, InvalidReason::NulCharacter)));
    }

    #[test]
    fn key_shows_its_id() {
        assert_eq!(key(-7_i32).to_string(), "-7");
        let several = key(("a \"b\"\n".to_owned(), 7_i64));
        assert_eq!(several.to_string(), r#"("a \"b\"\n", 7)"#);
        let long = format!("\"{}\"..", "é".repeat(64));
        assert_eq!(key("é".repeat(70)).to_string(), long);
    }
}
