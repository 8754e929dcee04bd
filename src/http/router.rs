//! Every route, and the layers around them: outermost first, what all answers have in common.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tower::util::option_layer;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::CorsLayer;
use tower_http::timeout::TimeoutLayer;

use super::idempotency::IDEMPOTENCY_KEY;
use super::observe::observe;
use super::problem::{Problem, ProblemCode};
use super::{Api, health, maps, metrics, page, participation, rulesets, sessions, spectate, upgrade};
use crate::config::Origin;
use crate::telemetry::Metrics;

/// The slowest honest answer is a commit on a disk in trouble.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// Browsers ask again after this.
const PREFLIGHT_MAX_AGE: Duration = Duration::from_secs(3_600);

/// The routes on `PORT`.
pub fn router(api: Api) -> Router {
    let combat = Router::new()
        .route("/sessions", get(sessions::list).post(sessions::create))
        .route("/sessions/{sessionId}", get(sessions::get).delete(sessions::end))
        .route("/sessions/{sessionId}/join", post(participation::join))
        .route("/sessions/{sessionId}/leave", post(participation::leave))
        .route("/sessions/{sessionId}/spectate", post(spectate::spectate))
        .route("/sessions/{sessionId}/ws", get(upgrade::upgrade))
        .route("/maps", get(maps::list))
        .route("/maps/{mapId}", get(maps::get))
        .route("/rulesets/{name}", get(rulesets::get));
    let mut router = Router::new()
        .nest("/api/v1/combat", combat)
        .route("/health", get(health::alive))
        .route("/ready", get(health::ready))
        .route("/", get(page::index))
        .route("/web/{file}", get(page::asset))
        .fallback(async || Problem::new(ProblemCode::RouteNotFound))
        .with_state(api.clone());
    if api.serves_metrics {
        router = router.merge(metrics_router(Arc::clone(&api.metrics)));
    }
    // Without allowed origins no answer mentions CORS, and browsers keep other pages out by themselves.
    let cors = (!api.allowed_origins.is_empty()).then(|| cors(&api.allowed_origins));
    router
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, REQUEST_TIMEOUT))
        .layer(CatchPanicLayer::custom(caught))
        .layer(option_layer(cors))
        .layer(from_fn_with_state(api, observe))
}

/// The routes on `METRICS_ADDR`.
pub fn metrics_router(metrics: Arc<Metrics>) -> Router {
    Router::new().route("/metrics", get(metrics::metrics)).with_state(metrics)
}

fn cors(allowed: &[Origin]) -> CorsLayer {
    let origins = allowed.iter().filter_map(|origin| HeaderValue::from_str(origin.as_str()).ok());
    let x_request_id = HeaderName::from_static("x-request-id");
    CorsLayer::new()
        .allow_origin(origins.collect::<Vec<_>>())
        .allow_methods([Method::GET, Method::POST, Method::DELETE])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE, IDEMPOTENCY_KEY, x_request_id.clone()])
        .expose_headers([header::LOCATION, header::ETAG, header::RETRY_AFTER, x_request_id])
        .max_age(PREFLIGHT_MAX_AGE)
}

fn caught(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(panic = text.unwrap_or("of an unknown kind"), "a request handler panicked");
    Problem::new(ProblemCode::Internal).into_response()
}
