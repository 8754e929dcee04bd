//! The session that a path names.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use combat_components::ids::SessionId;

use super::problem::{Problem, ProblemCode};

/// From `{sessionId}`. What is no UUID names no session.
pub struct SessionPath(pub SessionId);

impl<S: Send + Sync> FromRequestParts<S> for SessionPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let unknown = || Problem::new(ProblemCode::SessionNotFound);
        let Path(text) = Path::<String>::from_request_parts(parts, state).await.map_err(|_| unknown())?;
        let session = text.parse().map_err(|_| unknown())?;
        tracing::Span::current().record("session", tracing::field::display(session));
        Ok(Self(session))
    }
}
