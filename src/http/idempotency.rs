//! `Idempotency-Key`: a request that is repeated under its key is done once.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};
use combat_components::ids::SessionId;
use combat_components::origin::RequestKey;

use super::Api;
use super::problem::{Problem, ProblemCode};
use crate::auth::{Caller, REQUEST_KEY_CHARS_MAX};

pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The key that a request came under, if it has one. It is checked when it is used, after the caller has been.
#[derive(Clone, Debug, Default)]
pub struct Idempotency(HeaderMap);

impl FromRequestParts<Api> for Idempotency {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Result<Self, Infallible> {
        let given = parts.headers.get_all(IDEMPOTENCY_KEY).iter();
        Ok(Self(given.map(|value| (IDEMPOTENCY_KEY, value.clone())).collect()))
    }
}

impl Idempotency {
    /// The key as sessions know it.
    ///
    /// # Errors
    /// `invalid_field` when it is none of 1 to 64 visible ASCII characters, or more than one.
    pub fn key(
        &self,
        api: &Api,
        (session, caller): (SessionId, &Caller),
        (deed, body): (&str, &str),
    ) -> Result<Option<RequestKey>, Problem> {
        Ok(self.chosen()?.map(|chosen| api.request_keys.key(session, caller, chosen, (deed, body))))
    }

    fn chosen(&self) -> Result<Option<&str>, Problem> {
        let mut given = self.0.get_all(IDEMPOTENCY_KEY).iter();
        let Some(value) = given.next() else { return Ok(None) };
        let is_key = |text: &&str| {
            (1..=REQUEST_KEY_CHARS_MAX).contains(&text.len())
                && text.bytes().all(|byte| byte.is_ascii_graphic())
        };
        match value.to_str().ok().filter(is_key) {
            Some(text) if given.next().is_none() => Ok(Some(text)),
            _ => Err(Problem::new(ProblemCode::InvalidField).with_detail(format!(
                "Idempotency-Key: expected one key of 1 to {REQUEST_KEY_CHARS_MAX} visible ASCII characters"
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(values: &[&str]) -> Idempotency {
        let value = |value: &&str| (IDEMPOTENCY_KEY, value.parse().expect("a header"));
        Idempotency(values.iter().map(value).collect())
    }

    #[test]
    fn one_key_of_visible_characters_is_taken_and_nothing_else() {
        assert_eq!(given(&[]).chosen(), Ok(None));
        let longest = "k".repeat(REQUEST_KEY_CHARS_MAX);
        for good in ["x", "0199d2f0-5c00-7000-8000-000000000000", "~!\"", &longest] {
            assert_eq!(given(&[good]).chosen(), Ok(Some(good)));
        }
        for bad in [&["" as &str][..], &["a b"], &["a\tb"], &[&format!("{longest}k")], &["a", "a"]] {
            assert_eq!(given(bad).chosen().map_err(|problem| problem.code), Err(ProblemCode::InvalidField));
        }
    }
}
