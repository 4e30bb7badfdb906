//! Futures that are dropped before they end.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

/// Polls a future until it has said "not yet" `k` times, and drops it then: `None`. With `k` 0 it is never
/// polled. A future that ends before gives what it gives.
pub async fn polls<F: Future>(future: F, k: usize) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut pending = 0;
    poll_fn(|context| {
        if pending == k {
            return Poll::Ready(None);
        }
        match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending => {
                pending += 1;
                if pending == k {
                    return Poll::Ready(None);
                }
                Poll::Pending
            }
        }
    })
    .await
}
