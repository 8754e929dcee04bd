//! `/metrics`, in the text format of Prometheus.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;

use super::problem::{Problem, ProblemCode};
use crate::telemetry::Metrics;

const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

pub async fn metrics(State(metrics): State<Arc<Metrics>>) -> Result<impl IntoResponse, Problem> {
    match metrics.render() {
        Ok(text) => Ok(([(header::CONTENT_TYPE, TEXT_FORMAT)], text)),
        Err(error) => {
            tracing::error!(%error, "the metrics cannot be rendered");
            Err(Problem::new(ProblemCode::Internal))
        }
    }
}
