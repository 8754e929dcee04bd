//! The outermost layer: request ids, the log line and the metrics of each request, the bodies of problems.

use std::time::Instant;

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;
use uuid::Uuid;

use super::Api;
use super::problem::Problem;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longer ids would fill the logs.
const REQUEST_ID_BYTES_MAX: usize = 128;

/// What the logs quote of a path that matched nothing.
const PATH_CHARS_MAX: usize = 200;

/// The id under which a request is found in the logs.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

pub async fn observe(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    let id = RequestId(taken(request.headers()).unwrap_or_else(|| Uuid::now_v7().to_string()));
    let method = request.method().clone();
    let path: String = request.uri().path().chars().take(PATH_CHARS_MAX).collect();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    let span = tracing::info_span!("request", request_id = %id.0, session = tracing::field::Empty);
    request.extensions_mut().insert(id.clone());

    let mut response = next.run(request).instrument(span.clone()).await;
    let problem = problem(&mut response);
    if let Some(problem) = &problem {
        write(&mut response, problem, &id);
        api.metrics.error(problem.code.row().code);
    }
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        response.headers_mut().insert(X_REQUEST_ID, value);
    }
    let took = began.elapsed();
    let status = response.status().as_u16();
    api.metrics.request(known(&method), route, status, took.as_secs_f64());
    span.in_scope(|| {
        let code = problem.as_ref().map(|problem| problem.code.row().code);
        let took_ms = took.as_micros() as f64 / 1_000.0;
        if is_routine(route) {
            tracing::debug!(%method, path, status, code, took_ms, "answered");
        } else {
            tracing::info!(%method, path, status, code, took_ms, "answered");
        }
    });
    response
}

/// A client may make up methods; a label may not.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// Probes and scrapes come every few seconds, and each look at the page asks for a dozen files.
fn is_routine(route: &str) -> bool {
    matches!(route, "/health" | "/ready" | "/metrics" | "/" | "/web/{file}")
}

fn taken(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(X_REQUEST_ID)?.to_str().ok()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b':' | b'-');
    ((1..=REQUEST_ID_BYTES_MAX).contains(&id.len()) && id.bytes().all(plain)).then(|| id.to_owned())
}

/// A handler's problem, or the one that a bare error of a layer stands for.
fn problem(response: &mut Response) -> Option<Problem> {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let has_body = response.headers().contains_key(header::CONTENT_TYPE);
    match response.extensions_mut().remove::<Problem>() {
        Some(problem) => Some(problem),
        None if is_error && !(has_body && status == StatusCode::SERVICE_UNAVAILABLE) => {
            Some(Problem::of_status(status))
        }
        None => None,
    }
}

fn write(response: &mut Response, problem: &Problem, id: &RequestId) {
    let body = problem.to_json(&id.0);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    *response.status_mut() = problem.code.row().status;
    *response.body_mut() = Body::from(body);
}
