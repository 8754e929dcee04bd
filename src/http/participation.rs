//! `/sessions/{sessionId}/join` and `/leave`.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use combat_components::ids::{DisplayName, PlayerId, Team};
use serde::Serialize;

use super::Api;
use super::body::JsonObject;
use super::caller::require;
use super::fields::Fields;
use super::idempotency::Idempotency;
use super::place::TicketBody;
use super::problem::{Problem, ProblemCode};
use super::session_path::SessionPath;
use super::spectate::{self, SpectateBody};
use crate::auth::{Caller, Grant, ResumeClaim, Role};
use crate::names::{NameFault, display_name};
use crate::session::summary::JoinSession;

/// More teams than this have no colours.
const TEAM_MAX: u32 = 64;

/// A place as a player, or a ticket to watch when a service asked for that.
#[derive(Serialize)]
#[serde(untagged)]
pub enum JoinAnswer {
    Player(Box<JoinBody>),
    Spectator(Box<SpectateBody>),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JoinBody {
    slot: u8,
    team: u8,
    display_name: String,
    /// Why he is not called as his token says.
    display_name_reason: Option<String>,
    resume_token: String,
    applied_tick: u32,
    durable_tick: u32,
    #[serde(flatten)]
    ticket: TicketBody,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LeaveBody {
    session_id: String,
    player_id: String,
    left_at_tick: u32,
}

/// What a join means.
#[derive(Debug, PartialEq, Eq)]
struct JoinWish {
    player: PlayerId,
    name: Option<DisplayName>,
    /// What is wrong with the name that his token gives him, when it gives him one and nothing else does.
    unfit: Option<NameFault>,
    team: Team,
    role: Role,
}

pub async fn join(
    State(api): State<Api>,
    caller: Caller,
    SessionPath(session): SessionPath,
    (headers, idempotency): (HeaderMap, Idempotency),
    JsonObject(fields): JsonObject,
) -> Result<Json<JoinAnswer>, Problem> {
    require(&caller, &[Role::Player, Role::Service, Role::Admin])?;
    let key = idempotency.key(&api, (session, &caller), ("join", &fields.as_text()))?;
    let wish = join_wish(&caller, fields)?;
    if wish.role == Role::Spectator {
        let answer = spectate::ticket(&api, &caller, wish.player, session, &headers)?;
        return Ok(Json(JoinAnswer::Spectator(Box::new(answer))));
    }
    let JoinWish { player, name, unfit, team, .. } = wish;
    let handle = api.registry.handle(session)?.under(key);
    let place = handle.join(JoinSession { player, name, team, bot: false }).await?;
    let slot = place.slot;
    let ticket = api.ticket(Grant { session, player, place: Some(place.sim_id), delay_ms: 0 }, &headers)?;
    tracing::info!(session = %session, who = place.pseudonym.nameless(), slot = slot.0, "joined");
    Ok(Json(JoinAnswer::Player(Box::new(JoinBody {
        slot: slot.0,
        team: place.team.0,
        display_name: place.name.unwrap_or_else(|| slot.player_name()).to_string(),
        display_name_reason: unfit
            .filter(|_| place.name.is_none())
            .map(|fault| format!("the token's name is not shown: {fault}")),
        resume_token: api.resume.issue(&ResumeClaim { session, player, place: place.sim_id }),
        applied_tick: place.applied_tick.0,
        durable_tick: place.durable_tick.0,
        ticket,
    }))))
}

pub async fn leave(
    State(api): State<Api>,
    caller: Caller,
    SessionPath(session): SessionPath,
    idempotency: Idempotency,
    JsonObject(mut fields): JsonObject,
) -> Result<Json<LeaveBody>, Problem> {
    require(&caller, &[Role::Player, Role::Service, Role::Admin])?;
    let key = idempotency.key(&api, (session, &caller), ("leave", &fields.as_text()))?;
    let player = speaks_for(&caller, &mut fields);
    fields.finish(Some(()))?;
    let player = player?;
    let handle = api.registry.handle(session)?.under(key);
    let who = handle.live().seat_of(player).map(|seat| seat.pseudonym.nameless());
    let left = match caller.role {
        Role::Player => handle.leave(player).await?,
        _ => handle.remove(player).await?,
    };
    tracing::info!(session = %session, who, by = %caller.role, "left");
    Ok(Json(LeaveBody {
        session_id: session.to_string(),
        player_id: player.to_string(),
        left_at_tick: left.0,
    }))
}

fn join_wish(caller: &Caller, mut fields: Fields) -> Result<JoinWish, Problem> {
    let player = speaks_for(caller, &mut fields);
    let role = fields.parsed("role", playing_or_watching).unwrap_or(Role::Player);
    let team = Team(fields.number("team", 0..=TEAM_MAX).unwrap_or(0) as u8);
    let name = fields.parsed("displayName", display_name);
    if role == Role::Spectator && !caller.may_speak_for_anyone() {
        fields.fail::<()>("role", "players watch by way of /spectate".to_owned());
    }
    fields.finish(Some(()))?;
    let player = player?;
    let own_name = caller.name.filter(|_| player == caller.player);
    let (name, unfit) = match (name, own_name) {
        (Some(name), _) | (None, Some(Ok(name))) => (Some(name), None),
        (None, Some(Err(fault))) => (None, Some(fault)),
        (None, None) => (None, None),
    };
    Ok(JoinWish { player, name, unfit, team, role })
}

/// The player meant: a player's own id, or the one that a service or admin names.
fn speaks_for(caller: &Caller, fields: &mut Fields) -> Result<PlayerId, Problem> {
    let named = fields.parsed("playerId", PlayerId::of_person);
    if caller.may_speak_for_anyone() {
        let required = fields.required("playerId", named);
        return Ok(required.unwrap_or(caller.player));
    }
    match named {
        Some(other) if other != caller.player => Err(Problem::new(ProblemCode::Forbidden)
            .with_detail("a player's token speaks for its own player only")),
        _ => Ok(caller.player),
    }
}

fn playing_or_watching(text: &str) -> Result<Role, &'static str> {
    match text {
        "player" => Ok(Role::Player),
        "spectator" => Ok(Role::Spectator),
        _ => Err("expected player or spectator"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn id(text: &str) -> PlayerId {
        PlayerId::new(text).expect("an id")
    }

    fn caller(sub: &str, role: Role) -> Caller {
        Caller { player: id(sub), role, name: Some(display_name("From the token")) }
    }

    fn wish(caller: &Caller, body: Value) -> Result<JoinWish, Problem> {
        let Value::Object(body) = body else { panic!("the test gives an object") };
        join_wish(caller, Fields::new(body))
    }

    #[test]
    fn a_player_joins_as_himself_under_the_name_he_gives_or_carries() {
        let alice = caller("alice", Role::Player);
        let named = |caller: &Caller, body| {
            let wish = wish(caller, body).expect("a wish");
            (wish.name.map(|name| name.to_string()), wish.unfit)
        };
        let as_told = |name: &str| (Some(name.to_owned()), None);
        assert_eq!(named(&alice, json!({})), as_told("From the token"));
        assert_eq!(named(&alice, json!({"displayName": " Ally ", "playerId": "alice"})), as_told("Ally"));
        let unfit = Caller { name: Some(display_name(" ")), ..alice };
        assert_eq!(named(&unfit, json!({})), (None, Some(NameFault::Blank)), "never by his id");
        assert_eq!(named(&unfit, json!({"displayName": "Ally"})), as_told("Ally"));
        assert_eq!(named(&Caller { name: None, ..alice }, json!({})), (None, None), "never by his id");
    }

    #[test]
    fn a_player_may_not_join_for_another_nor_as_a_spectator() {
        let alice = caller("alice", Role::Player);
        let code = |body| wish(&alice, body).expect_err("refused").code;
        assert_eq!(code(json!({"playerId": "bob"})), ProblemCode::Forbidden);
        assert_eq!(code(json!({"role": "spectator"})), ProblemCode::InvalidField);
        assert_eq!(code(json!({"displayName": ""})), ProblemCode::InvalidField);
        assert_eq!(code(json!({"team": 65})), ProblemCode::InvalidField);
    }

    #[test]
    fn a_service_names_the_player_and_lends_him_no_name_of_its_own() {
        let service = caller("matchmaker", Role::Service);
        let joined = wish(&service, json!({"playerId": "bob", "team": 2})).expect("a wish");
        assert_eq!((joined.player, joined.name, joined.team), (id("bob"), None, Team(2)));
        let unfit = Caller { name: Some(display_name("")), ..service };
        let joined = wish(&unfit, json!({"playerId": "bob"})).expect("a wish");
        assert_eq!(joined.unfit, None, "it is not the player's name that does not fit");
        for kept in ["bot:vega", "system", "unknown:3f9a1c2200000001"] {
            let problem = wish(&service, json!({"playerId": kept})).expect_err("nobody's id");
            assert_eq!(problem.errors[0].pointer, "/playerId");
            assert!(problem.errors[0].detail.contains("keeps this id for itself"), "{problem:?}");
        }
        let problem = wish(&service, json!({})).expect_err("nobody named");
        assert_eq!(problem.errors[0].pointer, "/playerId");
    }
}
