//! What no statement of a migration may do.

use crate::sql::custom::Piece;

/// What no script in a transaction may contain.
pub(super) fn inside(piece: &Piece<'_>, remedy: &str) -> Option<String> {
    if let Some(fault) = anywhere(piece, remedy) {
        return Some(fault);
    }
    let what = match piece.refuses_transactions() {
        Some(words) => format!("{words}, which cannot run in a transaction"),
        None if piece.attaches() => {
            "ATTACH or DETACH, and a transaction does not detach its files when it ends".to_owned()
        }
        None => return None,
    };
    Some(format!(
        "{what}: move it to a migration of its own, whose script ends with .outside_transaction()"
    ))
}

/// What no script may contain.
pub(super) fn anywhere(piece: &Piece<'_>, remedy: &str) -> Option<String> {
    if piece.copies_rows_into().is_some() {
        return Some(
            "COPY .. FROM stdin, whose rows only psql can send: use INSERT, or pg_dump --inserts for a dump".to_owned(),
        );
    }
    if piece.copies_rows_out() {
        return Some("COPY .. TO stdout, whose rows nobody reads: remove it".to_owned());
    }
    match piece.control() {
        Some(words) => Some(format!("{words}: {remedy}")),
        None => piece.forbidden_setting(),
    }
}

/// A parameter in a script, which has no values.
pub(super) fn parameter(piece: &Piece<'_>) -> Option<String> {
    let parameter = piece.parameter()?;
    Some(format!(
        "one with the parameter {parameter}, which would be NULL: write the value"
    ))
}
