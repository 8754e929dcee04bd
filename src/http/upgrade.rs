//! `/sessions/{sessionId}/ws`: from an HTTP request to a socket with a known holder.
//!
//! Once a socket offers a protocol that we speak, every refusal is a close code: browsers cannot read a status.

use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::extract::{Extension, Request, State};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use bytes::Bytes;
use combat_components::ids::{Epoch, PlayerId, SessionId, SimId};
use combat_components::reason::Reason;
use combat_components::tick::Tick;
use combat_protocol::close::CloseCode;
use combat_protocol::codec::Encoding;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::Api;
use super::accept::Peer;
use super::observe::RequestId;
use super::problem::{Problem, ProblemCode};
use super::session_path::SessionPath;
use crate::auth::{Grant, TicketError};
use crate::config::Origin;
use crate::session::handle::SessionHandle;
use crate::session::summary::SessionError;
use crate::telemetry::{Metrics, SOCKET_REFUSALS};

/// An encoding, a credential and a tick; more parts are no client of ours.
const OFFERED_PARTS_MAX: usize = 8;

/// Who a socket speaks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// `place`: the one that ticket or token were given for.
    Player {
        player: PlayerId,
        place: SimId,
    },
    Spectator {
        player: PlayerId,
        delay_ms: u32,
    },
}

/// A socket's right to be there.
#[derive(Debug)]
pub struct Admission {
    pub session: SessionHandle,
    pub who: Who,
    /// The newest frame that a returning client says it has seen.
    pub seen: Option<(Epoch, Tick)>,
}

/// How a socket is closed at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketRefusal {
    pub code: CloseCode,
    /// Added to the code's name in the reason; may be empty.
    pub detail: &'static str,
}

impl From<CloseCode> for SocketRefusal {
    fn from(code: CloseCode) -> Self {
        Self { code, detail: "" }
    }
}

impl From<SessionError> for SocketRefusal {
    fn from(error: SessionError) -> Self {
        // Of all that may pass this alone says nothing of the server.
        let detail = if error == SessionError::Suspended { Reason::Suspended.code() } else { "" };
        Self { code: error.close_code(), detail }
    }
}

/// A socket right after its handshake, with everything that `crate::ws` needs to serve it.
pub struct WsHandover {
    pub stream: TcpStream,
    /// What the client sent before it had the answer to its handshake.
    pub read_buf: Bytes,
    pub encoding: Encoding,
    /// `Err`: tell the client why and close.
    pub admission: Result<Admission, SocketRefusal>,
    /// Holds the connection's place under the caps: keep it until the socket has ended.
    pub peer: Peer,
    pub metrics: Arc<Metrics>,
    /// Cancelled when the server drains.
    pub stop: CancellationToken,
}

/// What the parts of `Sec-WebSocket-Protocol` say.
#[derive(Debug, PartialEq, Eq)]
struct Offer {
    encoding: Encoding,
    credential: Credential,
    /// `Err` when the part is there but malformed.
    seen: Result<Option<(Epoch, Tick)>, CloseCode>,
}

#[derive(Debug, PartialEq, Eq)]
enum Credential {
    Ticket(String),
    Resume(String),
    None,
}

pub async fn upgrade(
    State(api): State<Api>,
    SessionPath(session): SessionPath,
    Extension(peer): Extension<Peer>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    mut request: Request,
) -> Result<Response<Body>, Problem> {
    let accept = accept_key(request.headers())?;
    let offer = Offer::of(request.headers()).ok_or_else(|| {
        Problem::new(ProblemCode::UnsupportedProtocol).with_detail("expected combat.v1 or combat.v1.json")
    })?;
    let admission = if is_origin_allowed(request.headers(), &api.allowed_origins) {
        admit(&api, session, &offer)
    } else {
        Err(CloseCode::Policy.into())
    };
    if let Err(SocketRefusal { code, detail }) = &admission {
        debug_assert!(SOCKET_REFUSALS.contains(code), "{} does not stand at 0", code.name());
        tracing::info!(code = code.name(), detail, "a socket is refused");
        api.metrics.error(code.name());
    }
    let encoding = offer.encoding;
    let upgrading = hyper::upgrade::on(&mut request);
    let span = tracing::info_span!("socket", %session, %request_id);
    let (metrics, stop) = (Arc::clone(&api.metrics), api.stop.clone());
    let handover =
        move |stream, read_buf| WsHandover { stream, read_buf, encoding, admission, peer, metrics, stop };
    api.tasks.spawn(take_over(upgrading, handover).instrument(span));
    Ok(switching(&accept, encoding))
}

async fn take_over(upgrading: OnUpgrade, handover: impl FnOnce(TcpStream, Bytes) -> WsHandover) {
    match upgrading.await.map(Upgraded::downcast::<TokioIo<TcpStream>>) {
        Ok(Ok(parts)) => crate::ws::serve(handover(parts.io.into_inner(), parts.read_buf)).await,
        Ok(Err(_)) => tracing::error!("the socket is no TCP stream: the accept loop serves nothing else"),
        Err(error) => tracing::debug!(%error, "the client left during the handshake"),
    }
}

fn admit(api: &Api, session: SessionId, offer: &Offer) -> Result<Admission, SocketRefusal> {
    if api.stop.is_cancelled() {
        return Err(CloseCode::Draining.into());
    }
    let seen = offer.seen?;
    let who = match &offer.credential {
        Credential::Ticket(ticket) => {
            let grant = api.tickets.redeem(ticket, session, Instant::now());
            let grant = grant.map_err(TicketError::close_code)?;
            let Grant { player, delay_ms, .. } = grant;
            grant.place.map_or(Who::Spectator { player, delay_ms }, |place| Who::Player { player, place })
        }
        Credential::Resume(token) => {
            let claim = api.resume.verify(token, session).ok_or(CloseCode::Unauthorised)?;
            Who::Player { player: claim.player, place: claim.place }
        }
        Credential::None => return Err(CloseCode::Unauthorised.into()),
    };
    let handle = api.registry.handle(session)?;
    // Whoever left may join again; his old tokens open nothing.
    if let Who::Player { player, place } = who
        && !handle.holds(player, place)
    {
        return Err(CloseCode::Left.into());
    }
    Ok(Admission { session: handle, who, seen })
}

impl Offer {
    /// `None` when no part is a protocol that we speak.
    fn of(headers: &HeaderMap) -> Option<Self> {
        let lines =
            headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|line| line.to_str().ok());
        let parts: Vec<_> =
            lines.flat_map(|line| line.split(',')).map(str::trim).take(OFFERED_PARTS_MAX).collect();
        let after = |prefix: &str| parts.iter().find_map(|part| part.strip_prefix(prefix));
        let credential = match (after("ticket."), after("resume.")) {
            (Some(ticket), _) => Credential::Ticket(ticket.to_owned()),
            (None, Some(token)) => Credential::Resume(token.to_owned()),
            (None, None) => Credential::None,
        };
        Some(Self {
            encoding: parts.iter().find_map(|part| Encoding::from_subprotocol(part))?,
            credential,
            seen: after("seen.").map(|seen| moment(seen).ok_or(CloseCode::ProtocolError)).transpose(),
        })
    }
}

/// `<epoch>.<tick>`.
fn moment(text: &str) -> Option<(Epoch, Tick)> {
    let (epoch, tick) = text.split_once('.')?;
    Some((Epoch(epoch.parse().ok()?), Tick(tick.parse().ok()?)))
}

/// A page of another origin must not use what its visitor may reach. Programs send no `Origin`.
fn is_origin_allowed(headers: &HeaderMap, allowed: &[Origin]) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return true;
    };
    let Some(origin) = origin.to_str().ok().and_then(Origin::parse) else {
        return false;
    };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    host.is_some_and(|host| origin.is_of_host(host)) || allowed.contains(&origin)
}

/// RFC 6455, 4.2.1.
fn accept_key(headers: &HeaderMap) -> Result<HeaderValue, Problem> {
    let holds = |name: header::HeaderName, expected: &str| {
        let lines = headers.get_all(name).iter().filter_map(|line| line.to_str().ok());
        lines.flat_map(|line| line.split(',')).any(|part| part.trim().eq_ignore_ascii_case(expected))
    };
    let is_upgrade = holds(header::CONNECTION, "upgrade")
        && holds(header::UPGRADE, "websocket")
        && holds(header::SEC_WEBSOCKET_VERSION, "13");
    let key = headers.get(header::SEC_WEBSOCKET_KEY).filter(|_| is_upgrade);
    let accept = key.and_then(|key| HeaderValue::from_str(&crate::ws::accept_key(key.as_bytes())).ok());
    accept.ok_or(Problem::new(ProblemCode::UpgradeRequired))
}

fn switching(accept: &HeaderValue, encoding: Encoding) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept.clone());
    headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(encoding.subprotocol()));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(header::HeaderName, &str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (name.clone(), value.parse().expect("a header"))).collect()
    }

    fn offer(protocols: &str) -> Option<Offer> {
        Offer::of(&headers(&[(header::SEC_WEBSOCKET_PROTOCOL, protocols)]))
    }

    #[test]
    fn a_socket_onto_a_suspended_session_is_told_that_it_is_the_session() {
        let refusal = SocketRefusal::from(SessionError::Suspended);
        assert_eq!((refusal.code, refusal.detail), (CloseCode::Overloaded, "suspended"));
        let refusal = SocketRefusal::from(SessionError::Full);
        assert_eq!((refusal.code, refusal.detail), (CloseCode::Overloaded, ""));
    }

    #[test]
    fn an_offer_names_encoding_credential_and_the_newest_tick() {
        let full = offer("combat.v1.json, resume.AbC-_, seen.2.1234").expect("an offer");
        let credential = Credential::Resume("AbC-_".into());
        let seen = Ok(Some((Epoch(2), Tick(1_234))));
        assert_eq!(full, Offer { encoding: Encoding::Json, credential, seen });
        let plain = offer("ticket.x,combat.v1").expect("an offer");
        let credential = Credential::Ticket("x".into());
        assert_eq!(plain, Offer { encoding: Encoding::MessagePack, credential, seen: Ok(None) });
    }

    #[test]
    fn an_offer_without_our_protocol_is_none_and_a_malformed_tick_is_a_protocol_error() {
        assert_eq!(offer("combat.v2, ticket.x"), None);
        assert_eq!(Offer::of(&HeaderMap::new()), None);
        for seen in ["seen.", "seen.1", "seen.1.x", "seen.-1.2", "seen.1.99999999999"] {
            let offer = offer(&format!("combat.v1, {seen}")).expect("an offer");
            assert_eq!(
                (offer.credential, offer.seen),
                (Credential::None, Err(CloseCode::ProtocolError)),
                "{seen}"
            );
        }
    }

    #[test]
    fn pages_of_this_host_and_of_allowed_origins_may_connect_and_programs_always() {
        let allowed = [Origin::parse("https://game.example.com").expect("an origin")];
        let check = |origin: Option<&str>, expected: bool| {
            let mut lines = vec![(header::HOST, "localhost:8085")];
            lines.extend(origin.map(|origin| (header::ORIGIN, origin)));
            assert_eq!(is_origin_allowed(&headers(&lines), &allowed), expected, "{origin:?}");
        };
        check(None, true);
        check(Some("http://localhost:8085"), true);
        check(Some("https://game.example.com"), true);
        check(Some("https://evil.example.com"), false);
        check(Some("http://localhost"), false);
        check(Some("null"), false);
    }

    #[test]
    fn the_handshake_of_the_rfc_is_accepted_and_a_plain_get_is_not() {
        let lines = [
            (header::CONNECTION, "keep-alive, Upgrade"),
            (header::UPGRADE, "websocket"),
            (header::SEC_WEBSOCKET_VERSION, "13"),
            (header::SEC_WEBSOCKET_KEY, "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        assert_eq!(accept_key(&headers(&lines)).expect("accepted"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        for missing in 0..lines.len() {
            let mut lines = lines.to_vec();
            lines.remove(missing);
            let problem = accept_key(&headers(&lines)).expect_err("refused");
            assert_eq!(problem.code, ProblemCode::UpgradeRequired);
        }
    }
}
