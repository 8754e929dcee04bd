//! Tokens: good ones as the server mints them, and forged ones.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use combat_components::ids::PlayerId;
use hmac::{Hmac, KeyInit, Mac};
use realtime_combat_service::auth::{Role, TokenKeys, TokenWish};
use realtime_combat_service::config::Secret;
use serde_json::{Value, json};
use sha2::Sha256;

/// The secret of every server that a test starts; worthy of production.
pub const SECRET: &str = "q8Zt0vYw3mXk5rNf7uJb1sHd9cLg2pAe4iTo6xRk";

const TTL: Duration = Duration::from_secs(3_600);

/// A good token for an hour.
pub fn token(role: Role, sub: &str) -> String {
    let keys = TokenKeys::new(&Secret::new(SECRET.as_bytes().to_vec()), None, "combat", "combat");
    let player = PlayerId::new(sub).expect("tests use valid ids");
    keys.mint(&TokenWish { player, role, name: None, ttl: TTL }).expect("HS256 signs with every key")
}

/// The claims of a good token, to be spoilt.
pub fn claims(role: &str, sub: &str) -> Value {
    let now =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs();
    json!({"sub": sub, "role": role, "iss": "combat", "aud": "combat", "iat": now, "exp": now + 600})
}

/// A token of any header and claims, signed with HMAC-SHA-256.
pub fn forge(header: &Value, claims: &Value, secret: &str) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

/// Signed well, with claims of any kind.
pub fn forge_claims(claims: &Value) -> String {
    forge(&json!({"alg": "HS256", "typ": "JWT"}), claims, SECRET)
}
