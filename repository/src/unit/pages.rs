//! The rows of a query as a stream that reads page after page.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::vec;

use futures_util::Stream;
use futures_util::future::BoxFuture;

use crate::model::error::Result;
use crate::model::query::{Page, PageRequest, Query};
use crate::model::record::Record;
use crate::model::repository::Repository;
use crate::model::value::{MAX_BYTES, MAX_ROW_BYTES};

/// The number of rows in the first page that a stream reads, so that the first rows come soon.
const FIRST_PAGE: u32 = 50;

/// The maximum number of rows in a page of a stream. Each page has four times as many rows as the one before.
const LARGEST_PAGE: u32 = 4_000;

/// The maximum number of rows in a page of a stream of these records. Longer columns than others have make it smaller, so
/// that a page has at most [`MAX_ROW_BYTES`] in them.
fn largest_page<R: Record>() -> u32 {
    let longest = R::COLUMNS.iter().map(|column| column.max_bytes);
    let bytes: usize = longest.filter(|bytes| *bytes > MAX_BYTES).sum();
    let rows = MAX_ROW_BYTES.checked_div(bytes);
    let rows = rows.and_then(|rows| u32::try_from(rows).ok());
    rows.map_or(LARGEST_PAGE, |rows| rows.clamp(1, LARGEST_PAGE))
}

/// A page that is being read, and the query for the next one.
type Reading<R> = BoxFuture<'static, (Query<R>, Result<Page<R>>)>;

/// A stream of the rows of a query. Ends after an error.
pub(super) struct Pages<R: Record> {
    repository: Arc<dyn Repository<R>>,
    /// The size of the page that is being read.
    size: u32,
    /// `None` after the last page.
    reading: Option<Reading<R>>,
    /// The rows of the page before.
    rows: vec::IntoIter<R>,
}

impl<R: Record> Pages<R> {
    pub(super) fn new(repository: Arc<dyn Repository<R>>, query: Query<R>) -> Self {
        let size = FIRST_PAGE.min(largest_page::<R>());
        let first = PageRequest::first(size);
        Pages {
            reading: Some(read(repository.clone(), query, first)),
            repository,
            size,
            rows: Vec::new().into_iter(),
        }
    }
}

/// Reads a page when it is polled.
fn read<R: Record>(
    repository: Arc<dyn Repository<R>>,
    query: Query<R>,
    request: PageRequest,
) -> Reading<R> {
    Box::pin(async move {
        let page = repository.list(&query, request).await;
        (query, page)
    })
}

impl<R: Record> Stream for Pages<R> {
    type Item = Result<R>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(row) = self.rows.next() {
                return Poll::Ready(Some(Ok(row)));
            }
            let Some(reading) = &mut self.reading else {
                return Poll::Ready(None);
            };
            let (query, page) = ready!(reading.as_mut().poll(context));
            self.reading = None;
            match page {
                Ok(page) => {
                    self.rows = page.items.into_iter();
                    self.size = (self.size * 4).min(largest_page::<R>());
                    let next = page.next.map(|next| PageRequest::after(self.size, next));
                    let repository = self.repository.clone();
                    self.reading = next.map(|next| read(repository, query, next));
                }
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
    }
}
