//! `/sessions/{sessionId}/spectate`: a ticket to watch, late by the session's delay.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use combat_components::ids::{PlayerId, SessionId};
use serde::Serialize;
use uuid::Uuid;

use super::Api;
use super::body::JsonObject;
use super::caller::Viewer;
use super::place::TicketBody;
use super::problem::Problem;
use super::session_path::SessionPath;
use crate::auth::{Caller, Grant, Role};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SpectateBody {
    role: Role,
    delay_ms: u32,
    #[serde(flatten)]
    ticket: TicketBody,
}

pub async fn spectate(
    State(api): State<Api>,
    Viewer(caller): Viewer,
    SessionPath(session): SessionPath,
    headers: HeaderMap,
    JsonObject(mut fields): JsonObject,
) -> Result<Json<SpectateBody>, Problem> {
    let caller = caller.unwrap_or_else(anybody);
    let named = match caller.may_speak_for_anyone() {
        true => fields.parsed("playerId", PlayerId::of_person),
        false => None,
    };
    let watcher = fields.finish(Some(named.unwrap_or(caller.player)))?;
    ticket(&api, &caller, watcher, session, &headers).map(Json)
}

/// A ticket to watch. An admin who watches himself sees the present.
pub fn ticket(
    api: &Api,
    caller: &Caller,
    watcher: PlayerId,
    session: SessionId,
    headers: &HeaderMap,
) -> Result<SpectateBody, Problem> {
    api.registry.handle(session)?;
    let sees_the_present = caller.role == Role::Admin && watcher == caller.player;
    let delay_ms = if sees_the_present { 0 } else { api.registry.get(session)?.spectator_delay_ms };
    let role = Role::Spectator;
    let ticket = api.ticket(Grant { session, player: watcher, place: None, delay_ms }, headers)?;
    Ok(SpectateBody { role, delay_ms, ticket })
}

/// Whoever opens the page in development.
fn anybody() -> Caller {
    let id = format!("anybody-{}", Uuid::now_v7().simple());
    let player = PlayerId::new(&id).expect("40 letters, digits and a dash are an id");
    Caller { player, role: Role::Spectator, name: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anybody_is_a_spectator_with_an_id_of_his_own() {
        let (one, other) = (anybody(), anybody());
        assert_eq!(one.role, Role::Spectator);
        assert_ne!(one.player, other.player);
    }
}
