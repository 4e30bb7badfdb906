//! What an answer must be, whatever the call.

use super::super::operation::{Id, Row};
use super::super::outcome::PageOf;
use super::super::shape::Shape;
use super::{Broken, require};

/// A row has the id that its draft names, if it names one.
pub(super) fn has_id(shape: &Shape, given: Option<&Id>, row: &Row) -> Result<(), Broken> {
    require(
        given.is_none_or(|given| shape.is_id_of(given, row)),
        "a row has the id of its draft",
        || format!("{given:?} became {:?}", shape.id_of(row)),
    )
}

pub(super) fn agree(expected: Option<&Row>, found: Option<&Row>) -> Result<(), Broken> {
    require(
        expected == found,
        "a read finds the row as it was last written, if the scope sees it",
        || format!("expected {expected:?}, found {found:?}"),
    )
}

pub(super) fn counted(expected: usize, found: u64) -> Result<(), Broken> {
    require(
        expected as u64 == found,
        "a call counts the rows that it finds or writes",
        || format!("{found} instead of {expected}"),
    )
}

pub(super) fn listed<'r>(
    expected: &[&Row],
    found: impl ExactSizeIterator<Item = &'r Row>,
) -> Result<(), Broken> {
    let found: Vec<&Row> = found.collect();
    require(
        expected == found,
        "a query returns every row that it matches, once and in its order",
        || format!("expected {expected:?}\nfound {found:?}"),
    )
}

/// Checks that the pages are the rows without loss or repeat, and that only the last one is not full.
pub(super) fn paged(
    expected: &[&Row],
    pages: &[PageOf],
    size: u32,
    backwards: bool,
) -> Result<(), Broken> {
    let complete = pages.last().is_some_and(|page| match backwards {
        false => page.next.is_none(),
        true => page.previous.is_none(),
    });
    let ordered: Vec<&PageOf> = match backwards {
        false => pages.iter().collect(),
        true => pages.iter().rev().collect(),
    };
    let rows: Vec<&Row> = ordered.iter().flat_map(|page| &page.rows).collect();
    let expected = match (complete, backwards) {
        (true, _) => expected,
        (false, false) => &expected[..rows.len().min(expected.len())],
        (false, true) => &expected[expected.len().saturating_sub(rows.len())..],
    };
    require(
        expected == rows,
        "pages have every row once, in the order of the query",
        || format!("expected {expected:?}\nfound {rows:?}"),
    )?;
    let sizes = pages.iter().rev().skip(1);
    let full = sizes
        .into_iter()
        .all(|page| page.rows.len() == size as usize);
    require(full, "only the last page is not full", || {
        let sizes: Vec<usize> = pages.iter().map(|page| page.rows.len()).collect();
        format!("pages of {sizes:?} rows, of {size} that were asked for")
    })
}
