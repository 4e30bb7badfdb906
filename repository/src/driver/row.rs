//! Decoding the rows of custom SQL: [`NativeRepository::query_as`](crate::unit::NativeRepository::query_as) gives tuples.

use crate::model::error::Result;

/// An engine whose queries give rows.
pub trait HasRow {
    /// A row of a result.
    type Row<'r>;
}

/// An engine whose rows can hold a value of type `T`: every `T` that implements
/// [`Native`](crate::record::Native) for it.
#[diagnostic::on_unimplemented(
    message = "the rows of `{Self}` have no columns of the type `{T}`",
    note = "a column can be of each type that a field of a record can have; its NULL is the `None` of an `Option`"
)]
pub trait Decodes<T>: HasRow {
    /// The value at that position of a row, counted from 0.
    ///
    /// # Errors
    /// [`Decode`](crate::ErrorKind::Decode) if the stored value is not of that type, or there is no such position.
    fn column(row: &Self::Row<'_>, index: usize) -> Result<T>;
}

/// A type that is decoded from a whole row: a tuple of up to twelve columns, in the order of the query.
#[diagnostic::on_unimplemented(
    message = "a row of `{D}` cannot be decoded as `{Self}`",
    note = "a row is a tuple of columns, `(T,)` for one column; for another type, convert the tuple"
)]
pub trait DecodeRow<D: HasRow>: Sized {
    /// Decodes the row.
    ///
    /// # Errors
    /// [`Decode`](crate::ErrorKind::Decode), naming the first column whose stored value is not of its type.
    fn decode_row(row: &D::Row<'_>) -> Result<Self>;
}

macro_rules! tuple {
    ($($column:ident $index:literal),+) => {
        impl<D, $($column),+> DecodeRow<D> for ($($column,)+)
        where
            D: HasRow $(+ Decodes<$column>)+,
        {
            fn decode_row(row: &D::Row<'_>) -> Result<Self> {
                Ok(($(<D as Decodes<$column>>::column(row, $index)?,)+))
            }
        }
    };
}

tuple!(A 0);
tuple!(A 0, B 1);
tuple!(A 0, B 1, C 2);
tuple!(A 0, B 1, C 2, E 3);
tuple!(A 0, B 1, C 2, E 3, F 4);
tuple!(A 0, B 1, C 2, E 3, F 4, G 5);
tuple!(A 0, B 1, C 2, E 3, F 4, G 5, H 6);
tuple!(A 0, B 1, C 2, E 3, F 4, G 5, H 6, I 7);
tuple!(A 0, B 1, C 2, E 3, F 4, G 5, H 6, I 7, J 8);
tuple!(A 0, B 1, C 2, E 3, F 4, G 5, H 6, I 7, J 8, K 9);
tuple!(A 0, B 1, C 2, E 3, F 4, G 5, H 6, I 7, J 8, K 9, L 10);
tuple!(A 0, B 1, C 2, E 3, F 4, G 5, H 6, I 7, J 8, K 9, L 10, M 11);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::error::ErrorKind;

    /// An engine whose rows are texts.
    struct Texts;

    impl HasRow for Texts {
        type Row<'r> = Vec<&'static str>;
    }

    impl Decodes<String> for Texts {
        fn column(row: &Self::Row<'_>, index: usize) -> Result<String> {
            Ok(row[index].to_owned())
        }
    }

    impl Decodes<i64> for Texts {
        fn column(row: &Self::Row<'_>, index: usize) -> Result<i64> {
            row[index].parse().map_err(|_| {
                let column = index.to_string().into();
                ErrorKind::Decode { column }.into()
            })
        }
    }

    #[test]
    fn tuple_takes_the_columns_of_a_row_in_their_order() {
        let row = vec!["a", "1", "b", "2"];
        let decoded: Result<(String, i64, String)> = DecodeRow::<Texts>::decode_row(&row);
        assert_eq!(decoded.ok(), Some(("a".to_owned(), 1, "b".to_owned())));
    }

    #[test]
    fn decoding_error_names_the_first_column_of_another_type() {
        let row = vec!["1", "a", "b"];
        let decoded: Result<(i64, i64, i64)> = DecodeRow::<Texts>::decode_row(&row);
        let error = decoded.expect_err("two columns are no numbers");
        assert!(matches!(error.kind(), ErrorKind::Decode { column } if column == "1"));
    }
}
