//! Walking through the pages of a query.

use catamaran::{PageRequest, Query, Record, Repository, Result};

/// Every row from the first page to the last.
///
/// # Errors
/// What a page gives.
pub async fn forwards<R: Record>(
    rows: &dyn Repository<R>,
    query: &Query<R>,
    size: u32,
) -> Result<Vec<R>> {
    let mut all = Vec::new();
    let mut request = PageRequest::first(size);
    loop {
        let page = rows.list(query, request).await?;
        assert!(page.items.len() <= size as usize, "a page is not too long");
        all.extend(page.items);
        match page.next {
            Some(next) => request = PageRequest::after(size, next),
            None => return Ok(all),
        }
    }
}

/// Every row from the last page to the first, put into the query's order.
///
/// # Errors
/// What a page gives.
pub async fn backwards<R: Record>(
    rows: &dyn Repository<R>,
    query: &Query<R>,
    size: u32,
) -> Result<Vec<R>> {
    let mut all = Vec::new();
    let mut request = PageRequest::last(size);
    loop {
        let page = rows.list(query, request).await?;
        assert!(page.items.len() <= size as usize, "a page is not too long");
        all.splice(0..0, page.items);
        match page.previous {
            Some(previous) => request = PageRequest::before(size, previous),
            None => return Ok(all),
        }
    }
}
