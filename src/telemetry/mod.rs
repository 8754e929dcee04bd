//! What the server tells its operators: metrics and structured logs.

mod logs;
mod metrics;
mod ticks;

pub use logs::{LogsError, install};
pub use metrics::{
    ConnectionKind, JournalMetrics, Metrics, SOCKET_FAULTS, SOCKET_REFUSALS, ShardMetrics, ViewKind,
    ViewMetrics, metrics_table,
};
pub use ticks::{ClaimsRefused, TickMetrics};
