//! What a connection is asked for: the subprotocols that carry ticket or resume token.

use combat_protocol::codec::Encoding;

/// The newest frame that a client has processed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ResumePoint {
    pub epoch: u32,
    pub tick: u32,
}

/// The value of `Sec-WebSocket-Protocol` for a first connection.
pub fn ticket_subprotocols(encoding: Encoding, ticket: &str) -> String {
    format!("{}, ticket.{ticket}", encoding.subprotocol())
}

/// The value of `Sec-WebSocket-Protocol` for a connection that goes on where another broke.
pub fn resume_subprotocols(encoding: Encoding, resume_token: &str, seen: Option<ResumePoint>) -> String {
    let mut offered = format!("{}, resume.{resume_token}", encoding.subprotocol());
    if let Some(ResumePoint { epoch, tick }) = seen {
        offered += &format!(", seen.{epoch}.{tick}");
    }
    offered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resuming_client_names_what_it_has_seen() {
        let seen = Some(ResumePoint { epoch: 2, tick: 900 });
        assert_eq!(
            resume_subprotocols(Encoding::Json, "abc", seen),
            "combat.v1.json, resume.abc, seen.2.900"
        );
        assert_eq!(resume_subprotocols(Encoding::MessagePack, "abc", None), "combat.v1, resume.abc");
        assert_eq!(ticket_subprotocols(Encoding::MessagePack, "t"), "combat.v1, ticket.t");
    }
}
