//! Drops futures at each point at which they wait.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

/// Polls a future until it has said "not yet" `k` times, and drops it a while after that: `None`. With `k`
/// 0 it is never polled. A future that ends before gives what it gives.
///
/// The while is for what the future waits for: it may come, and nobody takes it.
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
