//! Every error that REST answers with: one catalogue, RFC 9457 on the wire.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use combat_components::reason::Reason;
use combat_protocol::reasons::Retry;
use problem_details::ProblemDetails;
use serde::Serialize;

use crate::auth::{TicketRefusal, TokenError};
use crate::session::summary::SessionError;

/// What is asked of a client that is told to come back later.
const RETRY_AFTER_S: u32 = 2;

/// One row of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProblemRow {
    pub code: &'static str,
    pub status: StatusCode,
    pub retry: Retry,
    pub title: &'static str,
}

macro_rules! catalogue {
    ($($variant:ident = $code:expr, $status:ident, $retry:ident, $title:literal;)+) => {
        /// The code of a problem: the same words wherever the same thing is meant.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum ProblemCode {
            $($variant,)+
        }

        impl ProblemCode {
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            pub const fn row(self) -> ProblemRow {
                match self {
                    $(Self::$variant => ProblemRow {
                        code: $code,
                        status: StatusCode::$status,
                        retry: Retry::$retry,
                        title: $title,
                    },)+
                }
            }
        }
    };
}
catalogue! {
    MalformedBody = "malformed_body", BAD_REQUEST, No, "The body is not a JSON object";
    InvalidField = "invalid_field", BAD_REQUEST, No, "A field of the request is not as expected";
    UnknownMap = "unknown_map", BAD_REQUEST, No, "No map has this id";
    UnknownMode = "unknown_mode", BAD_REQUEST, No, "No game mode has this name";
    UnknownRuleset = "unknown_ruleset", BAD_REQUEST, No, "No ruleset has this name";
    UnsupportedProtocol = "unsupported_protocol", BAD_REQUEST, No, "The socket offers no protocol that the server speaks";
    TokenMissing = "token_missing", UNAUTHORIZED, No, "A bearer token is required";
    TokenInvalid = "token_invalid", UNAUTHORIZED, No, "The token is not valid";
    TokenExpired = "token_expired", UNAUTHORIZED, No, "The token has expired: get a new one";
    Forbidden = "forbidden", FORBIDDEN, No, "The token's role may not do this";
    RouteNotFound = "route_not_found", NOT_FOUND, No, "The server has no such route";
    SessionNotFound = "session_not_found", NOT_FOUND, No, "No session has this id";
    MapNotFound = "map_not_found", NOT_FOUND, No, "No map has this id";
    RulesetNotFound = "ruleset_not_found", NOT_FOUND, No, "No ruleset has this name";
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED, No, "The route has no such method";
    SessionFull = Reason::SessionFull.code(), CONFLICT, Later, "Every place is taken";
    SessionEnded = Reason::SessionEnded.code(), CONFLICT, No, "The session is over";
    SessionFailed = "session_failed", CONFLICT, No, "The session failed and will not come back";
    NotInSession = Reason::NotInSession.code(), CONFLICT, Rejoin, "The player is not in the session";
    IdempotencyInFlight = "idempotency_in_flight", CONFLICT, Later, "The request with this key is still under way";
    BodyTooLarge = "body_too_large", PAYLOAD_TOO_LARGE, No, "The body is too large";
    UnsupportedMediaType = "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE, No, "The body is expected as application/json";
    IdempotencyMismatch = "idempotency_mismatch", UNPROCESSABLE_ENTITY, No, "Something else was asked for under this key";
    UpgradeRequired = "upgrade_required", UPGRADE_REQUIRED, No, "The route speaks WebSocket";
    TooManyTickets = "too_many_tickets", TOO_MANY_REQUESTS, Later, "Too many tickets wait for their sockets";
    IdempotencyFull = "idempotency_full", TOO_MANY_REQUESTS, Later, "The session remembers no more keys now";
    Internal = "internal", INTERNAL_SERVER_ERROR, Later, "The server made a mistake";
    InboxFull = Reason::InboxFull.code(), SERVICE_UNAVAILABLE, Later, "The session's inbox is full";
    Suspended = Reason::Suspended.code(), SERVICE_UNAVAILABLE, Later, "The session is frozen: its log cannot be written, or this build cannot simulate it";
    NotAdmitted = "not_admitted", SERVICE_UNAVAILABLE, Later, "The server takes no new sessions now";
    Draining = "draining", SERVICE_UNAVAILABLE, Elsewhere, "The server is being stopped";
    TimedOut = "timed_out", SERVICE_UNAVAILABLE, Later, "The answer took too long";
    Overloaded = "overloaded", SERVICE_UNAVAILABLE, Later, "The server takes no more connections now";
}

/// One thing wrong with a request; `pointer` is a JSON pointer into the body, or `?name` of a query parameter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldError {
    pub pointer: String,
    pub detail: String,
}

/// An error answer. What it says may be read by anybody; causes go to the log where they are handled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub code: ProblemCode,
    pub detail: Option<String>,
    pub errors: Vec<FieldError>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Extensions<'a> {
    r#type: String,
    code: &'static str,
    retry: &'static str,
    request_id: &'a str,
    errors: &'a [FieldError],
}

impl Problem {
    pub const fn new(code: ProblemCode) -> Self {
        Self { code, detail: None, errors: Vec::new() }
    }

    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    pub fn invalid(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        let error = FieldError { pointer: pointer.into(), detail: detail.into() };
        Self { errors: vec![error], ..Self::new(ProblemCode::InvalidField) }
    }

    /// What a bare status of the framework means.
    pub fn of_status(status: StatusCode) -> Self {
        Self::new(match status {
            StatusCode::NOT_FOUND => ProblemCode::RouteNotFound,
            StatusCode::METHOD_NOT_ALLOWED => ProblemCode::MethodNotAllowed,
            StatusCode::PAYLOAD_TOO_LARGE => ProblemCode::BodyTooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => ProblemCode::UnsupportedMediaType,
            StatusCode::SERVICE_UNAVAILABLE => ProblemCode::TimedOut,
            status if status.is_client_error() => ProblemCode::MalformedBody,
            _ => ProblemCode::Internal,
        })
    }

    /// What is known beyond the title: of several fields the first. The title where nothing is.
    fn told(&self) -> String {
        match (&self.detail, &self.errors[..]) {
            (Some(detail), _) => detail.clone(),
            (None, []) => self.code.row().title.to_owned(),
            (None, [FieldError { pointer, detail }]) => format!("{pointer}: {detail}"),
            (None, [FieldError { pointer, detail }, others @ ..]) => {
                format!("{pointer}: {detail}, and {} more", others.len())
            }
        }
    }

    /// The body, `application/problem+json`.
    pub fn to_json(&self, request_id: &str) -> Vec<u8> {
        let row = self.code.row();
        let problem = ProblemDetails::new()
            .with_status(row.status)
            .with_title(row.title)
            .with_detail(self.told())
            .with_extensions(Extensions {
                r#type: format!("urn:combat:problem:{}", row.code),
                code: row.code,
                retry: row.retry.plain(),
                request_id,
                errors: &self.errors,
            });
        serde_json::to_vec(&problem).expect("a problem has text keys and finite numbers only")
    }
}

/// The body is written by the outermost layer, which knows the request's id.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let row = self.code.row();
        let mut response = row.status.into_response();
        let headers = response.headers_mut();
        match row.status {
            StatusCode::UNAUTHORIZED => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            StatusCode::UPGRADE_REQUIRED => {
                headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
                headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
            }
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_S));
            }
            _ => {}
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        let code = match error {
            TokenError::Expired => ProblemCode::TokenExpired,
            TokenError::Invalid(_) => ProblemCode::TokenInvalid,
        };
        Self::new(code).with_detail(error.to_string())
    }
}

impl From<TicketRefusal> for Problem {
    fn from(refusal: TicketRefusal) -> Self {
        match refusal {
            TicketRefusal::Full => Self::new(ProblemCode::TooManyTickets),
            TicketRefusal::NoRandomness(cause) => {
                tracing::error!(error = %format!("{cause:#}"), "no ticket could be made");
                Self::new(ProblemCode::Internal)
            }
        }
    }
}

impl From<SessionError> for Problem {
    fn from(error: SessionError) -> Self {
        let at = |code, pointer: &str| Self { code, ..Self::invalid(pointer, error.to_string()) };
        match &error {
            SessionError::Unknown => Self::new(ProblemCode::SessionNotFound),
            SessionError::Ended => Self::new(ProblemCode::SessionEnded),
            SessionError::Full => Self::new(ProblemCode::SessionFull),
            SessionError::NotInSession => Self::new(ProblemCode::NotInSession),
            SessionError::Reserved => Self::new(ProblemCode::Forbidden).with_detail(error.to_string()),
            SessionError::UnknownMap(_) => at(ProblemCode::UnknownMap, "/mapId"),
            SessionError::UnknownMode(_) => at(ProblemCode::UnknownMode, "/gameMode"),
            SessionError::UnknownRuleset(_) => at(ProblemCode::UnknownRuleset, "/ruleset"),
            SessionError::Invalid { pointer, detail } => Self::invalid(*pointer, detail),
            SessionError::KeyOfAnother => Self::new(ProblemCode::IdempotencyMismatch),
            SessionError::KeyInFlight => Self::new(ProblemCode::IdempotencyInFlight),
            SessionError::KeysFull => Self::new(ProblemCode::IdempotencyFull),
            SessionError::InboxFull => Self::new(ProblemCode::InboxFull),
            SessionError::Suspended => Self::new(ProblemCode::Suspended),
            SessionError::NotAdmitted(why) => Self::new(ProblemCode::NotAdmitted).with_detail(*why),
            SessionError::Draining => Self::new(ProblemCode::Draining),
            SessionError::Failed => Self::new(ProblemCode::SessionFailed),
        }
    }
}

/// The table of `docs/api.md`.
pub fn problems_table() -> String {
    let mut table = String::from("| code | status | try again | meaning |\n|---|---|---|---|\n");
    for code in ProblemCode::ALL {
        let ProblemRow { code, status, retry, title } = code.row();
        table.push_str(&format!("| `{code}` | {} | {} | {title} |\n", status.as_u16(), retry.word()));
    }
    table
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use combat_protocol::close::CloseCode;
    use combat_protocol::reasons::explain;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn codes_are_unique_and_snake_case() {
        let codes: BTreeSet<_> = ProblemCode::ALL.iter().map(|code| code.row().code).collect();
        assert_eq!(codes.len(), ProblemCode::ALL.len());
        assert!(codes.iter().all(|code| code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')));
    }

    #[test]
    fn a_code_shared_with_a_refusal_gives_the_same_advice() {
        for row in ProblemCode::ALL.iter().map(|code| code.row()) {
            if let Some(reason) = Reason::ALL.into_iter().find(|reason| reason.code() == row.code) {
                assert_eq!(explain(reason).1, row.retry, "{}", row.code);
            }
        }
    }

    #[test]
    fn a_code_shared_with_a_close_code_agrees_on_whether_to_try_again() {
        for row in ProblemCode::ALL.iter().map(|code| code.row()) {
            if let Some(close) = CloseCode::TABLE.iter().find(|close| close.name == row.code) {
                assert_eq!(close.retry == Retry::No, row.retry == Retry::No, "{}", row.code);
            }
        }
    }

    #[test]
    fn a_problem_is_written_as_rfc_9457_with_pointers_and_the_request_id() {
        let problem = Problem::from(SessionError::UnknownMap("moon".into()));
        let body: Value = serde_json::from_slice(&problem.to_json("r-1")).expect("JSON");
        let expected = json!({
            "type": "urn:combat:problem:unknown_map",
            "status": 400,
            "title": "No map has this id",
            "detail": "/mapId: the map \"moon\" does not exist",
            "code": "unknown_map",
            "retry": "no",
            "requestId": "r-1",
            "errors": [{"pointer": "/mapId", "detail": "the map \"moon\" does not exist"}],
        });
        assert_eq!(body, expected);
    }

    #[test]
    fn of_several_fields_the_detail_tells_the_first_and_how_many_more() {
        let mut problem = Problem::invalid("/limit", "expected a whole number from 1 to 9");
        let detail = |problem: &Problem| {
            serde_json::from_slice::<Value>(&problem.to_json("r-1")).expect("JSON")["detail"].clone()
        };
        assert_eq!(detail(&problem), "/limit: expected a whole number from 1 to 9");
        problem.errors.push(FieldError { pointer: "/on".to_owned(), detail: "is required".to_owned() });
        assert_eq!(detail(&problem), "/limit: expected a whole number from 1 to 9, and 1 more");
        assert_eq!(detail(&Problem::new(ProblemCode::SessionFull)), "Every place is taken");
    }

    #[test]
    fn docs_api_table_of_problems_is_the_catalogue() {
        crate::docs::assert_generated("docs/api.md", "problems", &problems_table());
    }
}
