//! Drops futures at each point at which they wait.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

/// Polls a future until it was pending `k` times, waits for `linger`, drops it, and returns `None`. With `k`
/// 0 it is never polled. Returns the output of a future that ends before.
///
/// During `linger` the event that the future waits for may arrive, but the future is not polled.
pub async fn drop_after_polls<F: Future>(
    future: F,
    k: usize,
    linger: Duration,
) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut pending = 0;
    let output = poll_fn(|context| {
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
    .await;
    if output.is_none() && !linger.is_zero() {
        tokio::time::sleep(linger).await;
    }
    output
}
