//! The answer of `join` and `spectate`: a ticket and where to take it.

use std::time::Instant;

use axum::http::{HeaderMap, header};
use combat_components::ids::SessionId;
use combat_protocol::codec::Encoding;
use jiff::Timestamp;
use serde::Serialize;

use super::Api;
use super::problem::Problem;
use super::session_body::rfc_3339;
use crate::auth::{Grant, TICKET_TTL};
use crate::config::PublicUrl;

/// What opens a socket, once.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TicketBody {
    pub session_id: String,
    pub player_id: String,
    pub ticket: String,
    pub ticket_expires_at: String,
    pub ws_url: String,
    /// Ready for `new WebSocket(wsUrl, protocols)`.
    pub protocols: [String; 2],
}

impl Api {
    /// Issues a ticket and says where it works.
    pub(super) fn ticket(&self, grant: Grant, headers: &HeaderMap) -> Result<TicketBody, Problem> {
        let ws_url = self.ws_url(grant.session, headers)?;
        let ticket = self.tickets.issue(grant, Instant::now())?;
        let expires_ms = Timestamp::now().as_millisecond().saturating_add(TICKET_TTL.as_millis() as i64);
        Ok(TicketBody {
            session_id: grant.session.to_string(),
            player_id: grant.player.to_string(),
            ticket_expires_at: rfc_3339(expires_ms),
            ws_url,
            protocols: [Encoding::MessagePack.subprotocol().to_owned(), format!("ticket.{ticket}")],
            ticket,
        })
    }

    fn ws_url(&self, session: SessionId, headers: &HeaderMap) -> Result<String, Problem> {
        let host = || {
            let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
            host.and_then(PublicUrl::from_host_header)
        };
        let url = self.public_url.clone().or_else(host);
        let url =
            url.ok_or_else(|| Problem::invalid("Host", "expected a host name with an optional port"))?;
        Ok(url.web_socket(&format!("/api/v1/combat/sessions/{session}/ws")))
    }
}
