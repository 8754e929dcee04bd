//! Who is calling, from the `Authorization` header.

use axum::extract::FromRequestParts;
use axum::http::{HeaderMap, header, request::Parts};

use super::Api;
use super::problem::{Problem, ProblemCode};
use crate::auth::{Caller, Role};

impl FromRequestParts<Api> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let token = bearer(&parts.headers).ok_or(Problem::new(ProblemCode::TokenMissing))?;
        Ok(api.tokens.verify(token)?)
    }
}

/// Somebody who only looks: any role, and in development anybody.
pub struct Viewer(pub Option<Caller>);

impl FromRequestParts<Api> for Viewer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        if api.is_development && !parts.headers.contains_key(header::AUTHORIZATION) {
            return Ok(Self(None));
        }
        Caller::from_request_parts(parts, api).await.map(|caller| Self(Some(caller)))
    }
}

/// # Errors
/// `forbidden`, naming the roles that may.
pub fn require(caller: &Caller, allowed: &[Role]) -> Result<(), Problem> {
    if allowed.contains(&caller.role) {
        return Ok(());
    }
    let names: Vec<_> = allowed.iter().map(|role| role.name()).collect();
    let detail = format!("the token has the role {}, expected {}", caller.role, names.join(" or "));
    Err(Problem::new(ProblemCode::Forbidden).with_detail(detail))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use combat_components::ids::PlayerId;

    use super::*;

    #[test]
    fn only_a_bearer_scheme_carries_a_token() {
        let check = |value: &str, expected: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, value.parse().expect("a header"));
            assert_eq!(bearer(&headers), expected, "{value}");
        };
        check("Bearer abc", Some("abc"));
        check("bearer  abc", Some("abc"));
        check("Basic abc", None);
        check("abc", None);
        assert_eq!(bearer(&HeaderMap::new()), None);
    }

    #[test]
    fn a_refused_role_hears_which_roles_may() {
        let caller = Caller { player: PlayerId::new("a").expect("an id"), role: Role::Player, name: None };
        let problem = require(&caller, &[Role::Service, Role::Admin]).expect_err("refused");
        assert_eq!(
            problem.detail.as_deref(),
            Some("the token has the role player, expected service or admin")
        );
        assert!(require(&caller, &[Role::Player]).is_ok());
    }
}
