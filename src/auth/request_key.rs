//! Keys of requests as logs may have them: digests under a secret, from which neither caller nor body can be guessed.
//!
//! They hold across a restart, not across another secret.

use combat_components::ids::SessionId;
use combat_components::origin::RequestKey;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::Caller;
use super::resume::keyed;
use crate::config::Secret;

const KEY_LABEL: &[u8] = b"combat request key v1";

/// A key that a caller chose is of so many visible ASCII characters at most: any UUID with a prefix.
pub const REQUEST_KEY_CHARS_MAX: usize = 64;

/// Makes the digests of keys and of what is asked for under them.
pub struct RequestKeys(Hmac<Sha256>);

impl RequestKeys {
    pub fn new(secret: &Secret) -> Self {
        let derived = keyed(secret.bytes()).chain_update(KEY_LABEL).finalize().into_bytes();
        Self(keyed(&derived))
    }

    /// `chosen`: the key, which is the caller's own and good for one session. `asked`: the deed and its body.
    pub fn key(
        &self,
        session: SessionId,
        caller: &Caller,
        chosen: &str,
        (deed, body): (&str, &str),
    ) -> RequestKey {
        // No part but the last can hold the byte that parts are told apart by.
        let of = |parts: &[&str]| {
            let mac = parts.iter().fold(self.0.clone().chain_update(session.0), |mac, part| {
                mac.chain_update(part.as_bytes()).chain_update([0])
            });
            let bytes: [u8; 32] = mac.finalize().into_bytes().into();
            [0, 8].map(|at| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes were cut")))
        };
        let digest = of(&["key", caller.role.name(), caller.player.as_str(), chosen]);
        RequestKey { digest, fingerprint: of(&["body", deed, body])[0] }
    }
}

#[cfg(test)]
mod tests {
    use combat_components::ids::PlayerId;

    use super::*;
    use crate::auth::Role;

    #[test]
    fn a_key_is_its_callers_sessions_and_secrets_own_and_the_body_has_a_digest_beside_it() {
        let keys = |secret: &str| RequestKeys::new(&Secret::new(secret.as_bytes().to_vec()));
        let caller =
            |sub: &str, role| Caller { player: PlayerId::new(sub).expect("an id"), role, name: None };
        let (ann, session) = (caller("ann", Role::Player), SessionId([7; 16]));
        let asked = ("join", "{}");
        let one = keys("one").key(session, &ann, "k-1", asked);
        assert_eq!(keys("one").key(session, &ann, "k-1", asked), one);
        let bob = caller("bob", Role::Player);
        for other in [
            keys("two").key(session, &ann, "k-1", asked),
            keys("one").key(SessionId([8; 16]), &ann, "k-1", asked),
            keys("one").key(session, &bob, "k-1", asked),
            keys("one").key(session, &caller("ann", Role::Service), "k-1", asked),
            keys("one").key(session, &ann, "k-2", asked),
        ] {
            assert_ne!(other.digest, one.digest);
        }
        for asked in [("join", r#"{"team":1}"#), ("leave", "{}")] {
            let other = keys("one").key(session, &ann, "k-1", asked);
            assert!(other.digest == one.digest && other.fingerprint != one.fingerprint, "{asked:?}");
        }
    }
}
