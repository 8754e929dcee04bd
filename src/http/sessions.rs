//! `/sessions` and `/sessions/{sessionId}`: list, create, get, end.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use combat_components::limits::PLAYERS_MAX;
use combat_components::tick::TickRate;
use serde::Serialize;
use serde_json::Value;

use super::Api;
use super::body::JsonObject;
use super::caller::{Viewer, require};
use super::fields::Fields;
use super::idempotency::Idempotency;
use super::problem::Problem;
use super::query::Parameters;
use super::session_body::SessionBody;
use super::session_path::SessionPath;
use crate::auth::{Caller, Role};
use crate::replication::watchers::SPECTATOR_DELAY_MS_MAX;
use crate::session::catalogue::DEFAULT_RULESET;
use crate::session::summary::{CreateSession, SessionKind, SessionSummary};

const NAME_CHARS_MAX: usize = 80;

/// Ids of maps, modes and rulesets are file names.
const ID_CHARS_MAX: usize = 64;

/// What a matchmaker wants to find again, not a database.
const METADATA_BYTES_MAX: usize = 4_096;

const LIST_LIMIT_DEFAULT: usize = 50;
const LIST_LIMIT_MAX: usize = 500;

#[derive(Serialize)]
pub struct SessionList {
    sessions: Vec<SessionBody>,
    /// How many there are, listed or not.
    total: usize,
}

pub async fn list(
    State(api): State<Api>,
    _: Viewer,
    mut parameters: Parameters,
) -> Result<Json<SessionList>, Problem> {
    let wanted = parameters.read("status", Wanted::Live, Wanted::parse, "live, ended or all")?;
    let limit = |text: &str| text.parse().ok().filter(|limit| (1..=LIST_LIMIT_MAX).contains(limit));
    let limit = parameters.read("limit", LIST_LIMIT_DEFAULT, limit, "a whole number from 1 to 500")?;
    parameters.finish()?;
    let mut sessions = api.registry.list();
    sessions.retain(|session| wanted.includes(session));
    let total = sessions.len();
    sessions.truncate(limit);
    Ok(Json(SessionList { sessions: sessions.into_iter().map(SessionBody::from).collect(), total }))
}

pub async fn create(
    State(api): State<Api>,
    caller: Caller,
    JsonObject(fields): JsonObject,
) -> Result<impl IntoResponse, Problem> {
    require(&caller, &[Role::Service, Role::Admin])?;
    let wish = wish(fields, api.tick_rate)?;
    let session = api.registry.create(wish).await?;
    tracing::info!(session = %session.id, by = %caller.role, map = %session.map_id, mode = %session.mode, "session created");
    let location = format!("/api/v1/combat/sessions/{}", session.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(SessionBody::from(session))))
}

pub async fn get(
    State(api): State<Api>,
    _: Viewer,
    SessionPath(session): SessionPath,
) -> Result<Json<SessionBody>, Problem> {
    Ok(Json(api.registry.get(session)?.into()))
}

pub async fn end(
    State(api): State<Api>,
    caller: Caller,
    SessionPath(session): SessionPath,
    idempotency: Idempotency,
) -> Result<Json<SessionBody>, Problem> {
    require(&caller, &[Role::Service, Role::Admin])?;
    let key = idempotency.key(&api, (session, &caller), ("end", "{}"))?;
    let ended = api.registry.end(session, key).await?;
    tracing::info!(session = %session, by = %caller.role, "session ended on request");
    Ok(Json(ended.into()))
}

#[derive(Clone, Copy)]
enum Wanted {
    Live,
    Ended,
    All,
}

impl Wanted {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "live" => Some(Self::Live),
            "ended" => Some(Self::Ended),
            "all" => Some(Self::All),
            _ => None,
        }
    }

    fn includes(self, session: &SessionSummary) -> bool {
        match self {
            Self::Live => session.status.is_live(),
            Self::Ended => !session.status.is_live(),
            Self::All => true,
        }
    }
}

/// From what arrived to what is meant. What map, mode and ruleset allow is the registry's to say.
fn wish(mut fields: Fields, default_rate: TickRate) -> Result<CreateSession, Problem> {
    let name = fields.text("name", NAME_CHARS_MAX);
    let name = fields.required("name", name);
    let map_id = fields.text("mapId", ID_CHARS_MAX);
    let map_id = fields.required("mapId", map_id);
    let mode = fields.text("gameMode", ID_CHARS_MAX);
    let mode = fields.required("gameMode", mode);
    let kind = fields.parsed("type", kind).unwrap_or(SessionKind::Casual);
    let max_players = fields.number("maxPlayers", 1..=PLAYERS_MAX as u32);
    let tick_rate = tick_rate(&mut fields).unwrap_or(default_rate);
    let ruleset = fields.text("ruleset", ID_CHARS_MAX).unwrap_or_else(|| DEFAULT_RULESET.to_owned());
    let spectator_delay_ms = fields.number("spectatorDelayMs", 0..=SPECTATOR_DELAY_MS_MAX);
    let metadata =
        fields.object("metadata", METADATA_BYTES_MAX).unwrap_or_else(|| Value::Object(Default::default()));
    let mut options = Options::default();
    fields.within("options", |fields| options = Options::read(fields));
    let wish = name.zip(map_id).zip(mode).map(|((name, map_id), mode)| CreateSession {
        name,
        kind,
        map_id,
        mode,
        max_players: max_players.map(|max| max as u8),
        tick_rate,
        ruleset,
        spectator_delay_ms,
        metadata,
        friendly_fire: options.friendly_fire,
        time_limit_s: options.time_limit_s,
        score_limit: options.score_limit,
        bots: options.bots,
    });
    fields.finish(wish)
}

#[derive(Default)]
struct Options {
    friendly_fire: Option<bool>,
    time_limit_s: Option<u32>,
    score_limit: Option<u16>,
    bots: u8,
}

impl Options {
    fn read(fields: &mut Fields) -> Self {
        Self {
            friendly_fire: fields.flag("friendlyFire"),
            time_limit_s: fields.number("timeLimitS", 1..=u32::MAX),
            score_limit: fields.number("scoreLimit", 0..=u32::from(u16::MAX)).map(|limit| limit as u16),
            bots: fields.number("bots", 0..=PLAYERS_MAX as u32).map_or(0, |bots| bots as u8),
        }
    }
}

fn kind(text: &str) -> Result<SessionKind, String> {
    let kind = SessionKind::ALL.into_iter().find(|kind| kind.code() == text);
    kind.ok_or_else(|| "expected casual, ranked, tournament or training".to_owned())
}

fn tick_rate(fields: &mut Fields) -> Option<TickRate> {
    let rate = fields.number("tickRateHz", 0..=u32::MAX)?;
    TickRate::new(rate).or_else(|| fields.fail("tickRateHz", "expected 16, 32, 64 or 128".to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(body: Value) -> Result<CreateSession, Vec<String>> {
        let Value::Object(body) = body else { panic!("the test gives an object") };
        wish(Fields::new(body), TickRate::DEFAULT)
            .map_err(|problem| problem.errors.into_iter().map(|error| error.pointer).collect())
    }

    #[test]
    fn the_owners_five_fields_are_enough() {
        let body =
            json!({"name": "m", "type": "ranked", "maxPlayers": 10, "mapId": "duel-box", "gameMode": "duel"});
        let wish = read(body).expect("a wish");
        assert_eq!((wish.kind, wish.max_players), (SessionKind::Ranked, Some(10)));
        assert_eq!((wish.ruleset.as_str(), wish.tick_rate), ("default", TickRate::DEFAULT));
        assert_eq!(wish.metadata, json!({}));
    }

    #[test]
    fn every_bad_field_of_a_wish_is_pointed_at() {
        let pointers = read(json!({
            "name": "a\u{0}", "type": "fun", "maxPlayers": 65, "tickRateHz": 60, "spectatorDelayMs": -1,
            "metadata": {"x": "y".repeat(5_000)}, "options": {"bots": 65, "scoreLimit": 1.5, "lives": 3}, "map": "x",
        }))
        .expect_err("refused");
        let expected = [
            "/name",
            "/mapId",
            "/gameMode",
            "/type",
            "/maxPlayers",
            "/tickRateHz",
            "/spectatorDelayMs",
            "/metadata",
            "/options/scoreLimit",
            "/options/bots",
            "/options/lives",
            "/map",
        ];
        assert_eq!(pointers, expected);
    }

    #[test]
    fn options_reach_the_wish() {
        let options = json!({"friendlyFire": true, "timeLimitS": 60, "scoreLimit": 5, "bots": 3});
        let wish =
            read(json!({"name": "m", "mapId": "a", "gameMode": "duel", "options": options})).expect("a wish");
        assert_eq!((wish.friendly_fire, wish.time_limit_s), (Some(true), Some(60)));
        assert_eq!((wish.score_limit, wish.bots), (Some(5), 3));
    }
}
