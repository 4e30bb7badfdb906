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

/// The number of rows in the first page that a stream reads, so that the first rows come soon.
const FIRST_PAGE: u32 = 50;

/// The maximum number of rows in a page of a stream. Each page has four times as many rows as the one before.
const LARGEST_PAGE: u32 = 4_000;

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
        let first = PageRequest::first(FIRST_PAGE);
        Pages {
            reading: Some(read(repository.clone(), query, first)),
            repository,
            size: FIRST_PAGE,
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
                    self.size = (self.size * 4).min(LARGEST_PAGE);
                    let next = page.next.map(|next| PageRequest::after(self.size, next));
                    let repository = self.repository.clone();
                    self.reading = next.map(|next| read(repository, query, next));
                }
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
    }
}
