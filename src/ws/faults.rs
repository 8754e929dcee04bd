//! What operators are told of a connection that ended by its peer's fault. Logs name no person.

use combat_components::reason::Reason;
use combat_protocol::close::CloseCode;

use crate::session::handle::{AttachedPlayer, SessionHandle};
use crate::telemetry::{Metrics, SOCKET_FAULTS};

/// The session refused too many of this player's claims, the last one for `reason`.
pub fn turned_away(handle: &SessionHandle, player: AttachedPlayer, reason: Reason, metrics: &Metrics) {
    let who = handle.live().seat_of(player.id).map(|seat| seat.pseudonym.nameless());
    let (session, slot, reason) = (handle.id(), player.slot.0, reason.code());
    tracing::warn!(%session, who, slot, reason, "a player is turned away: too many refused claims");
    metrics.error(CloseCode::Policy.name());
}

/// Counts `code` where it says that the peer was at fault.
pub fn closed(code: Option<CloseCode>, metrics: &Metrics) {
    if let Some(code) = code.filter(|code| SOCKET_FAULTS.contains(code)) {
        metrics.error(code.name());
    }
}
