//! Answers that are told apart by their content hash.

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

/// 304 when the caller holds this content already; otherwise the body with its `ETag`.
pub fn tagged(hash: &str, headers: &HeaderMap, body: impl FnOnce() -> Value) -> Response {
    let tag = format!("\"{hash}\"");
    let held = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let is_held =
        held.flat_map(|tags| tags.split(',')).any(|held| held.trim().trim_start_matches("W/") == tag);
    let mut response =
        if is_held { StatusCode::NOT_MODIFIED.into_response() } else { Json(body()).into_response() };
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn content_that_the_caller_holds_is_not_sent_again() {
        let check = |held: Option<&str>, expected: StatusCode| {
            let mut headers = HeaderMap::new();
            if let Some(held) = held {
                headers.insert(header::IF_NONE_MATCH, held.parse().expect("a header"));
            }
            let response = tagged("ab", &headers, || json!({}));
            assert_eq!(
                (response.status(), response.headers()[header::ETAG].as_bytes()),
                (expected, &b"\"ab\""[..])
            );
        };
        check(None, StatusCode::OK);
        check(Some("\"cd\""), StatusCode::OK);
        check(Some("\"ab\""), StatusCode::NOT_MODIFIED);
        check(Some("\"cd\", W/\"ab\""), StatusCode::NOT_MODIFIED);
    }
}
