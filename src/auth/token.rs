//! Bearer tokens: JWT with HS256. The algorithm is the server's choice, never the token's.

use std::time::Duration;

use combat_components::ids::{DisplayName, IdError, PlayerId};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode, get_current_timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use super::{Caller, Role};
use crate::config::Secret;
use crate::names::{NameFault, display_name};

const ALGORITHM: Algorithm = Algorithm::HS256;

/// Two machines of one studio agree on the time to within this.
const LEEWAY_S: u64 = 5;

/// Four times the longest token that an identity provider is known to send with these claims.
const TOKEN_BYTES_MAX: usize = 4_096;

/// Why a token was not accepted. The text may be shown to its holder.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum TokenError {
    #[error("the token has expired")]
    Expired,
    #[error("the token is not valid: {0}")]
    Invalid(&'static str),
}

/// What a new token shall say.
#[derive(Clone, Copy, Debug)]
pub struct TokenWish {
    pub player: PlayerId,
    pub role: Role,
    pub name: Option<DisplayName>,
    pub ttl: Duration,
}

#[derive(Deserialize, Serialize)]
struct Claims {
    sub: String,
    role: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<Value>,
}

#[derive(Serialize)]
struct MintedClaims<'a> {
    iss: &'a str,
    aud: &'a str,
    iat: u64,
    exp: u64,
    #[serde(flatten)]
    claims: Claims,
}

/// Checks and makes tokens.
pub struct TokenKeys {
    /// The present secret's key, then the one before.
    accepted: Vec<DecodingKey>,
    signing: EncodingKey,
    validation: Validation,
    issuer: String,
    audience: String,
}

impl TokenKeys {
    pub fn new(secret: &Secret, previous: Option<&Secret>, issuer: &str, audience: &str) -> Self {
        let mut validation = Validation::new(ALGORITHM);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[audience]);
        validation.validate_nbf = true;
        validation.leeway = LEEWAY_S;
        Self {
            accepted: [Some(secret), previous]
                .into_iter()
                .flatten()
                .map(|secret| DecodingKey::from_secret(secret.bytes()))
                .collect(),
            signing: EncodingKey::from_secret(secret.bytes()),
            validation,
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
        }
    }

    /// # Errors
    /// When the token is malformed, signed with another secret or algorithm, expired, for another issuer or
    /// audience, or lacks a claim.
    pub fn verify(&self, token: &str) -> Result<Caller, TokenError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(TokenError::Invalid("it is too long"));
        }
        let mut result = Err(TokenError::Invalid("its signature does not match"));
        for key in &self.accepted {
            result = match decode::<Claims>(token, key, &self.validation) {
                Ok(data) => return caller(&data.claims),
                Err(error) if *error.kind() == ErrorKind::InvalidSignature => result,
                Err(error) => return Err(refused(&error)),
            };
        }
        result
    }

    /// # Errors
    /// When the library cannot sign; it can with every HS256 key.
    pub fn mint(&self, wish: &TokenWish) -> anyhow::Result<String> {
        let now = get_current_timestamp();
        let claims = MintedClaims {
            iss: &self.issuer,
            aud: &self.audience,
            iat: now,
            exp: now.saturating_add(wish.ttl.as_secs()),
            claims: Claims {
                sub: wish.player.to_string(),
                role: wish.role.to_string(),
                name: wish.name.map(|name| Value::from(name.as_str())),
            },
        };
        Ok(encode(&Header::new(ALGORITHM), &claims, &self.signing)?)
    }
}

fn caller(claims: &Claims) -> Result<Caller, TokenError> {
    let player = PlayerId::of_person(&claims.sub).map_err(|error| {
        TokenError::Invalid(match error {
            IdError::Reserved => {
                "its sub is one that the server keeps for itself: system, bot:... or unknown:..."
            }
            _ => "its sub is expected to be 1 to 64 characters of A-Z a-z 0-9 _ . : -",
        })
    })?;
    let role = claims
        .role
        .parse()
        .map_err(|_| TokenError::Invalid("its role is expected to be player, spectator, service or admin"))?;
    let name = claims.name.as_ref().map(|name| name.as_str().ok_or(NameFault::NoText).and_then(display_name));
    Ok(Caller { player, role, name })
}

fn refused(error: &Error) -> TokenError {
    TokenError::Invalid(match error.kind() {
        ErrorKind::ExpiredSignature => return TokenError::Expired,
        ErrorKind::ImmatureSignature => "it is not valid yet",
        ErrorKind::InvalidIssuer => "it has another issuer",
        ErrorKind::InvalidAudience => "it is for another audience",
        ErrorKind::InvalidAlgorithm | ErrorKind::UnsupportedAlgorithm => "it is not signed with HS256",
        ErrorKind::MissingRequiredClaim(_) => "exp, iss, aud and sub are required",
        ErrorKind::InvalidClaimFormat(_) => "a claim has the wrong type",
        ErrorKind::Json(_) => "its header or its claims sub and role are not as expected",
        _ => "it is malformed",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::json;

    fn secret(text: &str) -> Secret {
        Secret::new(text.as_bytes().to_vec())
    }

    fn keys(present: &str, previous: Option<&str>) -> TokenKeys {
        TokenKeys::new(&secret(present), previous.map(secret).as_ref(), "combat", "combat")
    }

    fn signed(algorithm: Algorithm, claims: &Value) -> String {
        encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(b"present")).expect("signed")
    }

    fn claims() -> Value {
        let exp = get_current_timestamp() + 60;
        json!({"sub": "alice", "role": "player", "iss": "combat", "aud": "combat", "exp": exp})
    }

    fn with(name: &str, value: Value) -> Value {
        let mut claims = claims();
        claims[name] = value;
        claims
    }

    fn without(name: &str) -> Value {
        let mut claims = claims();
        claims.as_object_mut().expect("an object").remove(name);
        claims
    }

    #[test]
    fn a_minted_token_names_its_holder_role_and_display_name() {
        let keys = keys("present", None);
        let player = PlayerId::new("alice").expect("an id");
        let wish = TokenWish {
            player,
            role: Role::Admin,
            name: DisplayName::new("Alice A.").ok(),
            ttl: Duration::from_secs(60),
        };
        let caller = keys.verify(&keys.mint(&wish).expect("minted")).expect("valid");
        assert_eq!(caller, Caller { player, role: Role::Admin, name: wish.name.map(Ok) });
    }

    #[test]
    fn a_token_of_the_previous_secret_is_accepted_until_it_is_dropped() {
        let token = signed(ALGORITHM, &claims());
        assert!(keys("next", Some("present")).verify(&token).is_ok());
        let error = keys("next", None).verify(&token).expect_err("dropped");
        assert_eq!(error, TokenError::Invalid("its signature does not match"));
    }

    #[test]
    fn every_bad_claim_is_refused_for_its_own_reason() {
        let check = |claims: Value, expected: &str| {
            let error = keys("present", None).verify(&signed(ALGORITHM, &claims)).expect_err(expected);
            assert!(error.to_string().contains(expected), "{error} is not {expected}");
        };
        let now = get_current_timestamp();
        check(with("exp", json!(now - 60)), "expired");
        check(with("nbf", json!(now + 60)), "not valid yet");
        check(with("iss", json!("other")), "another issuer");
        check(with("aud", json!(["other"])), "another audience");
        check(with("role", json!("root")), "role is expected");
        check(with("sub", json!("a b")), "sub is expected");
        check(with("sub", json!("")), "sub is expected");
        for sub in ["system", "bot:vega", "bot:", "unknown:3f9a1c2200000001"] {
            check(with("sub", json!(sub)), "keeps for itself");
        }
        let mut human = claims();
        human["sub"] = json!("bot-vega");
        assert!(
            keys("present", None).verify(&signed(ALGORITHM, &human)).is_ok(),
            "a name is nobody's nature"
        );
        check(with("exp", json!("soon")), "required");
        for name in ["exp", "iss", "aud"] {
            check(without(name), "required");
        }
        check(without("sub"), "not as expected");
        check(without("role"), "not as expected");
    }

    #[test]
    fn a_name_that_does_not_fit_is_no_fault_of_the_token() {
        let named = |name: Value| {
            let token = signed(ALGORITHM, &with("name", name));
            keys("present", None).verify(&token).expect("valid").name
        };
        assert_eq!(named(json!("  Zoë ")), Some(Ok(DisplayName::new("Zoë").expect("a name"))));
        assert_eq!(named(Value::Null), None);
        assert_eq!(named(json!("")), Some(Err(NameFault::Blank)));
        assert_eq!(named(json!("x".repeat(33))), Some(Err(NameFault::TooManyCharacters { found: 33 })));
        for name in [json!(7), json!(["Ann"]), json!({"first": "Ann"}), json!(true)] {
            assert_eq!(named(name), Some(Err(NameFault::NoText)));
        }
    }

    #[test]
    fn another_algorithm_is_refused_even_with_the_right_secret() {
        for algorithm in [Algorithm::HS384, Algorithm::HS512] {
            let error = keys("present", None).verify(&signed(algorithm, &claims())).expect_err("refused");
            assert_eq!(error, TokenError::Invalid("it is not signed with HS256"));
        }
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let unsigned = format!("{}.{}.", part(json!({"alg": "none", "typ": "JWT"})), part(claims()));
        assert!(matches!(keys("present", None).verify(&unsigned), Err(TokenError::Invalid(_))));
    }

    #[test]
    fn malformed_and_endless_tokens_are_refused() {
        for token in ["", "a", "a.b.c", "....", &"x".repeat(100_000)] {
            assert!(matches!(keys("present", None).verify(token), Err(TokenError::Invalid(_))));
        }
    }
}
