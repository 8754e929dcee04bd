//! What the server tells its operators: metrics and structured logs.

mod logs;
mod metrics;

pub use logs::{LogsError, install};
pub use metrics::{
    ConnectionKind, JournalMetrics, Metrics, ShardMetrics, ViewKind, ViewMetrics, metrics_table,
};
