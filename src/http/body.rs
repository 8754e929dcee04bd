//! Reads a request's body: a JSON object of bounded size, or nothing.

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::{Map, Value};

use super::fields::Fields;
use super::problem::{Problem, ProblemCode};

/// Metadata of 4 KiB fits ten times over.
pub const BODY_BYTES_MAX: usize = 64 * 1_024;

/// The fields of the body; none when the request has no body.
#[derive(Debug)]
pub struct JsonObject(pub Fields);

impl<S: Sync> FromRequest<S> for JsonObject {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (head, body) = request.into_parts();
        let bytes = read(body).await?;
        if bytes.is_empty() {
            return Ok(Self(Fields::default()));
        }
        if !is_json(&head.headers) {
            return Err(Problem::new(ProblemCode::UnsupportedMediaType));
        }
        let object: Map<String, Value> = serde_json::from_slice(&bytes)
            .map_err(|error| Problem::new(ProblemCode::MalformedBody).with_detail(error.to_string()))?;
        Ok(Self(Fields::new(object)))
    }
}

async fn read(body: Body) -> Result<axum::body::Bytes, Problem> {
    match Limited::new(body, BODY_BYTES_MAX).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Problem::new(ProblemCode::BodyTooLarge)
            .with_detail(format!("a body of at most {BODY_BYTES_MAX} bytes is expected"))),
        Err(_) => Err(Problem::new(ProblemCode::MalformedBody).with_detail("the body ended too early")),
    }
}

/// `application/json` or `application/…+json`, parameters allowed.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(kind) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind.strip_prefix("application/").is_some_and(|subtype| subtype == "json" || subtype.ends_with("+json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn answer(kind: Option<&str>, body: &str) -> Result<JsonObject, ProblemCode> {
        let mut request = Request::builder();
        if let Some(kind) = kind {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        let request = request.body(Body::from(body.to_owned())).expect("a request");
        JsonObject::from_request(request, &()).await.map_err(|problem| problem.code)
    }

    #[tokio::test]
    async fn bodies_of_the_wrong_kind_shape_or_size_are_told_apart() {
        assert!(answer(None, "").await.is_ok());
        assert!(answer(Some("application/json; charset=utf-8"), "{}").await.is_ok());
        assert!(answer(Some("application/vnd.game+json"), "{}").await.is_ok());
        let check =
            async |kind, body: &str, expected| assert_eq!(answer(kind, body).await.err(), Some(expected));
        check(None, "{}", ProblemCode::UnsupportedMediaType).await;
        check(Some("text/plain"), "{}", ProblemCode::UnsupportedMediaType).await;
        check(Some("application/json"), "[]", ProblemCode::MalformedBody).await;
        check(Some("application/json"), "{\"a\":", ProblemCode::MalformedBody).await;
        check(Some("application/json"), &"[".repeat(10_000), ProblemCode::MalformedBody).await;
        check(Some("application/json"), &" ".repeat(BODY_BYTES_MAX + 1), ProblemCode::BodyTooLarge).await;
    }
}
