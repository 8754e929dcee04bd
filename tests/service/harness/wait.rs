//! Waiting for a condition, never for a time.

use std::time::{Duration, Instant};

/// Generous: a debug build on a busy machine of two cores. Nothing waits this long unless it fails.
pub const PATIENCE: Duration = Duration::from_secs(40);

/// How often a condition without a notification is looked at again.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Asks until there is an answer.
///
/// # Panics
/// With `what`, when there is none within [`PATIENCE`].
pub async fn until<T>(what: &str, mut probe: impl AsyncFnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = probe().await {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "{what} did not happen within {PATIENCE:?}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Waits for a future.
///
/// # Panics
/// With `what`, when it is not done within [`PATIENCE`].
pub async fn in_time<T>(what: &str, future: impl Future<Output = T>) -> T {
    let done = tokio::time::timeout(PATIENCE, future).await;
    done.unwrap_or_else(|_| panic!("{what} did not happen within {PATIENCE:?}"))
}
