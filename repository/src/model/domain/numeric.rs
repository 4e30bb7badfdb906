//! The rows of the type matrix for decimal numbers, of which there is one for each precision and scale.

use std::sync::LazyLock;

#[cfg(feature = "fingerprint")]
use super::DefaultValue;
use super::equivalence::{Equivalence, NativeType};
use crate::model::value::MAX_PRECISION;

#[cfg(feature = "fingerprint")]
impl DefaultValue {
    /// The value with as many digits behind the point as the type of this name has, if it fits. SQLite stores the units.
    pub(crate) fn as_type(self, ty: Option<&str>) -> Self {
        let (DefaultValue::Numeric { units, scale }, Some(other)) = (self, ty.and_then(scale_of))
        else {
            return self;
        };
        let factor = |digits: u8| 10_i64.checked_pow(digits.into());
        let units = match other.checked_sub(scale) {
            Some(more) => factor(more).and_then(|factor| units.checked_mul(factor)),
            None => factor(scale - other)
                .filter(|factor| units % factor == 0)
                .map(|factor| units / factor),
        };
        units.map_or(self, |units| DefaultValue::Numeric {
            units,
            scale: other,
        })
    }
}

/// The digits behind the point of the type with this name.
#[cfg(feature = "fingerprint")]
fn scale_of(name: &str) -> Option<u8> {
    let (_, scale) = name.strip_prefix("numeric(")?.split_once(',')?;
    scale.strip_suffix(')')?.parse().ok()
}

static ROWS: LazyLock<Vec<Equivalence>> = LazyLock::new(|| {
    let types = (1..=MAX_PRECISION)
        .flat_map(|precision| (0..=precision).map(move |scale| (precision, scale)));
    types
        .map(|(precision, scale)| row(precision, scale))
        .collect()
});

/// The row of a type: `numeric(12,2)`. It is made once, and kept as long as the program.
fn row(precision: u8, scale: u8) -> Equivalence {
    let name = &*format!("numeric({precision},{scale})").leak();
    let most = "9".repeat(precision.into());
    let native = |column, form, field: String, entity| NativeType {
        column,
        collation: None,
        form: Some(form),
        field: field.leak(),
        attribute: None,
        entity,
    };
    Equivalence {
        name,
        sqlite: native(
            "INTEGER",
            format!("{{c}} BETWEEN -{most} AND {most}").leak(),
            format!("IntegerNumeric<{precision}, {scale}>"),
            "integer",
        ),
        postgres: native(
            name,
            "{c} <> 'NaN'",
            format!("Numeric<{precision}, {scale}>"),
            format!("decimal({precision}, {scale})").leak(),
        ),
    }
}

impl Equivalence {
    /// The row of a [`Numeric`](crate::Numeric), whose name is `numeric(12,2)`. `None` if there is no such type.
    pub fn numeric(precision: u8, scale: u8) -> Option<&'static Equivalence> {
        // Those of smaller precision are before it: one more for each.
        let before: usize = (1..usize::from(precision)).map(|smaller| smaller + 1).sum();
        let row = ROWS.get(before + usize::from(scale));
        row.filter(|_| precision >= 1 && scale <= precision)
    }

    /// The row of this name, if it is one of the library's own.
    #[cfg(feature = "fingerprint")]
    pub(crate) fn by_name(name: &str) -> Option<&'static Equivalence> {
        super::MATRIX
            .iter()
            .chain(&*ROWS)
            .find(|row| row.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_has_its_own_row() {
        for precision in 1..=MAX_PRECISION {
            for scale in 0..=precision {
                let row = Equivalence::numeric(precision, scale).map(|row| row.name);
                assert_eq!(row, Some(&*format!("numeric({precision},{scale})")));
            }
        }
        for (precision, scale) in [(0, 0), (1, 2), (19, 2), (255, 255)] {
            assert_eq!(Equivalence::numeric(precision, scale), None);
        }
    }
}
