//! What came into a tick and what became of it, as people read it and as machines do.

use combat_components::command::{Action, Claim, Command, Deed};
use combat_components::origin::{Origin, Request, RequestKey};
use combat_components::quantity::Vec3Mm;
use combat_components::verdict::Verdict;
use serde_json::{Value, json};

use super::happened::{metres, points};

/// One line.
pub fn tell(command: &Command) -> String {
    let asked = match command.origin() {
        Origin::Request { number } => format!(", request {number}"),
        Origin::Player { .. } | Origin::Service => String::new(),
    };
    told(command) + &asked
}

fn told(command: &Command) -> String {
    match command {
        Command::Join { slot, pseudonym, bot, .. } => {
            let whose = if *bot { "a bot" } else { "a player" };
            format!("slot {}: join of {whose}, pseudonym {pseudonym}", slot.0)
        }
        Command::Leave { slot, cause, .. } => format!("slot {}: leave ({})", slot.0, cause.code()),
        Command::End { reason, .. } => format!("end ({})", reason.code()),
        Command::Connected { slot } => format!("slot {}: connected", slot.0),
        Command::Disconnected { slot } => format!("slot {}: disconnected", slot.0),
        Command::LinkSampled { slot, rtt_ms } => format!("slot {}: round trip of {rtt_ms} ms", slot.0),
        Command::FramesSkipped { slot, from, to } => {
            format!("slot {}: no frames from tick {} to {}", slot.0, from.0, to.0)
        }
        Command::SnapshotSent { slot, at } => format!("slot {}: snapshot of tick {}", slot.0, at.0),
        Command::ScheduleMoved { ticks } => format!("schedule moved by {ticks} ticks"),
        Command::Resumed { epoch } => format!("resumed as epoch {}", epoch.0),
        Command::Claim { claim } => {
            let Claim { slot, input_seq, client_tick, pose, bends, pose_epoch, .. } = claim;
            let bends = if bends.is_empty() { String::new() } else { format!(" by {} bends", bends.len()) };
            format!(
                "slot {}: claim {input_seq} of {}{bends}, client tick {client_tick}, pose epoch {pose_epoch}",
                slot.0,
                metres(pose.at)
            )
        }
        Command::Action { action } => {
            let Action { slot, input_seq, follows, view_tick, deed, target, .. } = action;
            let deed = match deed {
                Deed::Attack => "attack".to_owned(),
                Deed::Ability { index } => format!("ability {index}"),
                Deed::Reload => "reload".to_owned(),
                Deed::Switch { index } => format!("switch to weapon {index}"),
            };
            let at = target.map_or(String::new(), |id| format!(" at {}", id.0));
            let seen = view_tick.0;
            format!(
                "slot {}: action {input_seq}, {deed}{at}, follows claim {follows}, saw tick {seen}",
                slot.0
            )
        }
    }
}

/// An object with a `type` and what that type has; places in millimetres, angles in 1/65,536 turn.
pub fn as_json(command: &Command) -> Value {
    match command {
        Command::Join { slot, pseudonym, team, bot, request } => json!({
            "type": "join", "slot": slot.0, "pseudonym": pseudonym.to_string(), "team": team.0, "bot": bot,
            "request": request_as_json(*request),
        }),
        Command::Leave { slot, cause, request } => json!({
            "type": "leave", "slot": slot.0, "cause": cause.code(), "request": request_as_json(*request),
        }),
        Command::End { reason, request } => {
            json!({"type": "end", "reason": reason.code(), "request": request_as_json(*request)})
        }
        Command::Connected { slot } => json!({"type": "connected", "slot": slot.0}),
        Command::Disconnected { slot } => json!({"type": "disconnected", "slot": slot.0}),
        Command::LinkSampled { slot, rtt_ms } => {
            json!({"type": "link_sampled", "slot": slot.0, "rttMs": rtt_ms})
        }
        Command::FramesSkipped { slot, from, to } => {
            json!({"type": "frames_skipped", "slot": slot.0, "fromTick": from.0, "toTick": to.0})
        }
        Command::SnapshotSent { slot, at } => {
            json!({"type": "snapshot_sent", "slot": slot.0, "atTick": at.0})
        }
        Command::ScheduleMoved { ticks } => json!({"type": "schedule_moved", "ticks": ticks}),
        Command::Resumed { epoch } => json!({"type": "resumed", "epoch": epoch.0}),
        Command::Claim { claim } => claim_as_json(claim),
        Command::Action { action } => action_as_json(action),
    }
}

/// Null for what the service does by itself.
fn request_as_json(request: Option<Request>) -> Value {
    let Some(Request { number, key }) = request else { return Value::Null };
    let key = key.map(|RequestKey { digest: [high, low], fingerprint }| {
        json!({"digest": format!("{high:016x}{low:016x}"), "fingerprint": format!("{fingerprint:016x}")})
    });
    json!({"number": number, "key": key})
}

fn claim_as_json(claim: &Claim) -> Value {
    let Claim { slot, input_seq, client_tick, pose, bends, view_tick, pose_epoch } = claim;
    json!({
        "type": "claim", "slot": slot.0, "inputSeq": input_seq, "clientTick": client_tick, "at": at(pose.at),
        "yaw": pose.yaw.0, "pitch": pose.pitch.turn(), "bends": Vec::from_iter(bends.iter().copied().map(at)),
        "viewTick": view_tick.0, "poseEpoch": pose_epoch,
    })
}

fn action_as_json(action: &Action) -> Value {
    let Action { slot, input_seq, follows, yaw, pitch, view_tick, view_fraction, deed, target } = action;
    let (deed, index) = match deed {
        Deed::Attack => ("attack", None),
        Deed::Ability { index } => ("ability", Some(*index)),
        Deed::Reload => ("reload", None),
        Deed::Switch { index } => ("switch", Some(*index)),
    };
    json!({
        "type": "action", "slot": slot.0, "inputSeq": input_seq, "deed": deed, "index": index, "follows": follows,
        "yaw": yaw.0, "pitch": pitch.turn(), "viewTick": view_tick.0, "viewFraction": view_fraction, "target": target.map(|id| id.0),
    })
}

fn at(point: Vec3Mm) -> [i32; 3] {
    [point.x, point.y, point.z]
}

/// One line.
pub fn tell_verdict(verdict: &Verdict) -> String {
    let Verdict { origin, outcome, reason, hit } = verdict;
    let who = match origin {
        Origin::Player { slot, input_seq } => format!("slot {}: input {input_seq}", slot.0),
        Origin::Request { number } => format!("request {number}"),
        Origin::Service => "the service".to_owned(),
    };
    let why = reason.map_or(String::new(), |reason| format!(": {}", reason.code()));
    let hit = hit.map_or(String::new(), |hit| {
        let killed = if hit.killed { ", killed" } else { "" };
        let (dealt, zone) = (points(hit.harm.dealt()), hit.zone.code());
        format!(", hit SimId {} ({zone}) for {dealt} points{killed}", hit.victim.0)
    });
    format!("{who} {}{why}{hit}", outcome.code())
}

/// By `slot` and `inputSeq`, or by `request`; damage in points. What there is not is null.
pub fn verdict_as_json(verdict: &Verdict) -> Value {
    let Verdict { origin, outcome, reason, hit } = verdict;
    let (slot, input_seq) = origin.player().map(|(slot, input_seq)| (slot.0, input_seq)).unzip();
    let request = match origin {
        Origin::Request { number } => Some(number),
        Origin::Player { .. } | Origin::Service => None,
    };
    let hit = hit.map(|hit| {
        json!({
            "victim": hit.victim.0, "zone": hit.zone.code(), "amount": points(hit.amount),
            "taken": points(hit.harm.taken), "absorbed": points(hit.harm.absorbed),
            "overkill": points(hit.harm.overkill), "remainingHealth": points(hit.remaining_health),
            "killed": hit.killed,
        })
    });
    json!({
        "slot": slot, "inputSeq": input_seq, "request": request, "outcome": outcome.code(),
        "reason": reason.map(|reason| reason.code()), "hit": hit,
    })
}
