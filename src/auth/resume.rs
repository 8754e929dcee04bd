//! Resume tokens: a player's claim to his place, good for the life of the session and across restarts.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use combat_components::ids::{PlayerId, SessionId, SimId};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::config::Secret;

const KEY_LABEL: &[u8] = b"combat resume token v2";
const MAC_BYTES: usize = 32;
const PLACE_BYTES: usize = 4;

/// What a valid resume token proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResumeClaim {
    pub session: SessionId,
    pub player: PlayerId,
    /// The place he was given. Whoever leaves, or is erased, and joins again has another.
    pub place: SimId,
}

/// Makes and checks resume tokens with keys derived from the token secrets.
pub struct ResumeKeys {
    /// The present secret's key, then the one before.
    keys: Vec<Hmac<Sha256>>,
}

impl ResumeKeys {
    pub fn new(secret: &Secret, previous: Option<&Secret>) -> Self {
        let keys = [Some(secret), previous].into_iter().flatten().map(|secret| {
            let derived = keyed(secret.bytes()).chain_update(KEY_LABEL).finalize().into_bytes();
            keyed(&derived)
        });
        Self { keys: keys.collect() }
    }

    /// base64url of place (4 bytes, little-endian), player and MAC (32 bytes).
    pub fn issue(&self, claim: &ResumeClaim) -> String {
        let mut token = claim.place.0.to_le_bytes().to_vec();
        token.extend_from_slice(claim.player.as_str().as_bytes());
        let mac = self.keys[0].clone().chain_update(claim.session.0).chain_update(&token).finalize();
        token.extend_from_slice(&mac.into_bytes());
        URL_SAFE_NO_PAD.encode(token)
    }

    /// `None` when the token was not made here for this session.
    pub fn verify(&self, token: &str, session: SessionId) -> Option<ResumeClaim> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (said, mac) = bytes.split_at_checked(bytes.len().checked_sub(MAC_BYTES)?)?;
        let made_here = self
            .keys
            .iter()
            .any(|key| key.clone().chain_update(session.0).chain_update(said).verify_slice(mac).is_ok());
        let (place, player) = said.split_first_chunk::<PLACE_BYTES>().filter(|_| made_here)?;
        Some(ResumeClaim {
            session,
            player: PlayerId::new(str::from_utf8(player).ok()?).ok()?,
            place: SimId(u32::from_le_bytes(*place)),
        })
    }
}

pub(super) fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes a key of any length")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.as_bytes().to_vec())
    }

    fn claim(player: &str) -> ResumeClaim {
        ResumeClaim {
            session: SessionId([7; 16]),
            player: PlayerId::new(player).expect("an id"),
            place: SimId(3),
        }
    }

    #[test]
    fn a_resume_token_survives_a_restart_and_a_changed_secret() {
        let claim = claim("alice");
        let token = ResumeKeys::new(&secret("one"), None).issue(&claim);
        assert_eq!(ResumeKeys::new(&secret("one"), None).verify(&token, claim.session), Some(claim));
        assert_eq!(
            ResumeKeys::new(&secret("two"), Some(&secret("one"))).verify(&token, claim.session),
            Some(claim)
        );
        assert_eq!(ResumeKeys::new(&secret("two"), None).verify(&token, claim.session), None);
    }

    #[test]
    fn a_resume_token_opens_no_other_session() {
        let keys = ResumeKeys::new(&secret("one"), None);
        assert_eq!(keys.verify(&keys.issue(&claim("alice")), SessionId([8; 16])), None);
    }

    #[test]
    fn every_flipped_bit_and_every_cut_voids_a_resume_token() {
        let keys = ResumeKeys::new(&secret("one"), None);
        let claim = claim(&"x".repeat(64));
        let bytes = URL_SAFE_NO_PAD.decode(keys.issue(&claim)).expect("base64url");
        for at in 0..bytes.len() * 8 {
            let mut forged = bytes.clone();
            forged[at / 8] ^= 1 << (at % 8);
            assert_eq!(keys.verify(&URL_SAFE_NO_PAD.encode(&forged), claim.session), None, "bit {at}");
        }
        for length in 0..bytes.len() {
            assert_eq!(
                keys.verify(&URL_SAFE_NO_PAD.encode(&bytes[..length]), claim.session),
                None,
                "{length} bytes"
            );
        }
    }

    #[test]
    fn a_resume_token_is_a_valid_subprotocol() {
        let token = ResumeKeys::new(&secret("one"), None).issue(&claim("alice"));
        assert!(
            token.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')),
            "{token}"
        );
    }
}
