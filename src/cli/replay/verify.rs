//! `combat replay verify`: simulates a log again, compares every hash, and names the first that differs.

use std::time::{Duration, Instant};

use anyhow::ensure;
use combat_components::ids::SessionId;
use combat_components::tick::Tick;
use combat_replays::digest::LogDigest;
use combat_replays::divergence::Divergence;
use combat_replays::file::FileError;
use combat_replays::log::Log;
use combat_replays::reader::Damage;
use combat_replays::verifier::{self, Outcome, Perturbation, Report, VerifyOptions};
use combat_systems::kinds::Kinds;
use combat_systems::state::StateKind;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use serde_json::{Value, json};

use super::source::{self, Found, Opened};
use super::{VerifyArgs, print};
use crate::cli::Exit;
use crate::version::BUILD;

/// The bar is told of every so many ticks, so that telling it costs nothing.
const TICKS_PER_PROGRESS: u32 = 1_024;

pub fn run(args: &VerifyArgs, kinds: &Kinds) -> anyhow::Result<Exit> {
    let Found { log, kept } = match source::open(&args.source)? {
        Opened::Log(found) => *found,
        Opened::Damaged(error) => return tell_damaged_file(args, &error),
    };
    let last_tick = log.last_tick();
    let perturb = args.perturb.map(|tick| Perturbation { tick: Tick(tick), choice: u64::from(tick) });
    if let Some(Perturbation { tick, .. }) = perturb {
        let inside = (1..=last_tick.0).contains(&tick.0);
        ensure!(inside, "--perturb {}: expected a tick of the log, 1 to {}", tick.0, last_tick.0);
    }
    let stored = kept.as_ref().and_then(|kept| kept.digest);
    let (expect, session) = (args.expect.or(stored), kept.as_ref().map(|kept| kept.session));
    let is_live = kept.is_some_and(|kept| kept.is_live);
    let (report, took) = verify(&log, VerifyOptions { perturb, expect, session, kinds: *kinds }, last_tick);
    let simulated = Duration::from_nanos(log.header.setup.tick_rate.nanos_at(u64::from(report.ticks.0)));
    let speed = simulated.as_secs_f64() / took.as_secs_f64().max(1e-9);
    let hint = other_build(&report, &log.header.build, BUILD);
    let text = if args.json {
        let mut answer = answer(&report, speed);
        answer.reason = answer.reason.or(hint);
        let answer = Answer { live: is_live, expected_digest: expect.map(as_text), ..answer };
        serde_json::to_string(&answer)?
    } else {
        let mut lines = tell(&report, speed, is_live);
        lines.extend(hint.map(|hint| format!("  {hint}")));
        if let Some(digest) = report.digest {
            lines.push(format!(
                "digest {digest}{}",
                if expect == Some(digest) { ", as expected" } else { "" }
            ));
        }
        lines.join("\n")
    };
    print(&format!("{text}\n"))?;
    Ok(match report.outcome {
        Outcome::Verified => Exit::Good,
        Outcome::Incomplete if is_live => Exit::Good,
        Outcome::Incomplete
        | Outcome::Diverged(_)
        | Outcome::Broken(_)
        | Outcome::OtherDigest { .. }
        | Outcome::Damaged(_) => Exit::DoesNotHold,
        Outcome::Refused(_) => Exit::CouldNotRun,
    })
}

/// What else a divergence may come of than the log: behaviour that changed under the same simulation version and names.
fn other_build(report: &Report, recorded: &str, own: &str) -> Option<String> {
    let is_ours = report.perturbed.is_some() || recorded == own;
    (matches!(report.outcome, Outcome::Diverged(_)) && !is_ours).then(|| {
        format!("recorded by another build, {recorded}, this is {own}: a kind may behave otherwise in it; verify with that build")
    })
}

/// A bar on a terminal; nothing elsewhere.
fn verify(log: &Log, options: VerifyOptions, last_tick: Tick) -> (Report, Duration) {
    let bar = ProgressBar::new(u64::from(last_tick.0));
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} ticks, {per_sec}, {eta} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let began = Instant::now();
    let report = verifier::verify(log, options, &mut |tick| {
        if tick.0.is_multiple_of(TICKS_PER_PROGRESS) {
            bar.set_position(u64::from(tick.0));
        }
    });
    let took = began.elapsed();
    bar.finish_and_clear();
    (report, took)
}

/// What `--json` prints: of every outcome the same keys, null where it is not known.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    session_id: Option<String>,
    ticks: u32,
    result: &'static str,
    speed: f64,
    epochs: Option<u32>,
    live: bool,
    match_ended: Option<bool>,
    first_divergence: Option<Value>,
    reason: Option<String>,
    damage: Option<Value>,
    digest: Option<String>,
    expected_digest: Option<String>,
    perturbed: Option<Value>,
}

fn as_text(digest: LogDigest) -> String {
    digest.to_string()
}

fn tell_damaged_file(args: &VerifyArgs, error: &FileError) -> anyhow::Result<Exit> {
    let damage = match error {
        FileError::Part { part, offset, .. } => {
            Some(json!({"part": part.to_string(), "offset": offset, "tick": null}))
        }
        FileError::Cut { part, found, after, .. } => {
            let tick = after.map(|after| after.plus(1).0);
            Some(json!({"part": part.to_string(), "offset": found, "tick": tick}))
        }
        FileError::Records(damage) => Some(damage_as_json(damage)),
        FileError::Magic | FileError::Format { .. } => None,
    };
    let text = if args.json {
        serde_json::to_string(&Answer {
            result: "damaged",
            reason: Some(error.to_string()),
            damage,
            expected_digest: args.expect.map(as_text),
            ..Answer::default()
        })?
    } else {
        format!("damaged: {error}")
    };
    print(&format!("{text}\n"))?;
    Ok(Exit::DoesNotHold)
}

fn damage_as_json(damage: &Damage) -> Value {
    json!({"part": "records", "offset": damage.offset, "tick": damage.tick.0})
}

fn answer(report: &Report, speed: f64) -> Answer {
    let (divergence, damage) = match &report.outcome {
        Outcome::Diverged(divergence) => (Some(divergence_as_json(divergence)), None),
        Outcome::Damaged(damage) => (None, Some(damage_as_json(damage))),
        _ => (None, None),
    };
    let perturbed = report.perturbed.map(|(kind, id)| {
        json!({
            "component": kind.name(),
            "simId": id.map(|id| id.0),
        })
    });
    Answer {
        session_id: Some(report.session.to_string()),
        ticks: report.ticks.0,
        result: report.outcome.code(),
        speed: (speed * 10.0).round() / 10.0,
        epochs: Some(report.epoch.0),
        match_ended: report.has_ended,
        first_divergence: divergence,
        reason: reason(report),
        damage,
        digest: report.digest.map(as_text),
        perturbed,
        ..Answer::default()
    }
}

fn divergence_as_json(divergence: &Divergence) -> Value {
    json!({
        "tick": divergence.tick.0,
        "component": divergence.component.map(StateKind::name),
        "simId": divergence.sim_id.map(|id| id.0),
        "field": divergence.field,
        "expected": divergence.expected,
        "found": divergence.found,
        "comparedAtTick": divergence.compared_at.map(|tick| tick.0),
        "transient": divergence.transient,
        "phase": divergence.panic.as_ref().and_then(|panic| panic.phase).map(|phase| format!("{phase:?}")),
    })
}

fn reason(report: &Report) -> Option<String> {
    match &report.outcome {
        Outcome::Verified | Outcome::Diverged(_) => None,
        Outcome::Incomplete => Some("the match had not ended".to_owned()),
        Outcome::Broken(broken) => Some(broken.to_string()),
        Outcome::OtherDigest { expected, found } => {
            let incomplete =
                if report.has_ended == Some(false) { "; the match had not ended either" } else { "" };
            Some(format!("expected digest {expected}, found {found}{incomplete}"))
        }
        Outcome::Refused(refusal) => Some(refusal.to_string()),
        Outcome::Damaged(damage) => Some(damage.to_string()),
    }
}

/// The lines for people, without the digest's.
fn tell(report: &Report, speed: f64, is_live: bool) -> Vec<String> {
    let (session, ticks) = (report.session, report.ticks.0);
    let mut lines = Vec::new();
    if let Some((kind, id)) = report.perturbed {
        let whose = id.map_or(String::new(), |id| format!(" of SimId {}", id.0));
        lines.push(format!("perturbed: one integer of {}{whose}, in the re-simulation only", kind.name()));
    }
    let incomplete =
        if is_live { "incomplete: the match has not ended" } else { "incomplete: the match had not ended" };
    match &report.outcome {
        Outcome::Verified => lines.push(format!(
            "verified: session {session}, {ticks} ticks, every hash as recorded, {speed:.0} x real time"
        )),
        Outcome::Incomplete if is_live => lines.extend([
            format!(
                "verified up to tick {ticks}: session {session}, every hash as recorded, {speed:.0} x real time"
            ),
            incomplete.to_owned(),
        ]),
        Outcome::Incomplete => lines
            .push(format!("{incomplete}: session {session}, every hash as recorded up to tick {ticks}")),
        Outcome::Broken(broken) => {
            lines.push(format!("broken: session {session}, verified up to tick {ticks}: {broken}"));
        }
        Outcome::OtherDigest { expected, found } => {
            lines.extend([
                format!(
                    "other digest: session {session}, {ticks} ticks, every hash as recorded, but not the log expected"
                ),
                format!("  expected {expected}"),
                format!("  found    {found}"),
            ]);
            lines.extend((report.has_ended == Some(false)).then(|| incomplete.to_owned()));
        }
        Outcome::Diverged(divergence) => tell_divergence(session, divergence, &mut lines),
        Outcome::Refused(refusal) => lines.push(format!("refused: session {session}: {refusal}")),
        Outcome::Damaged(damage) => {
            lines.push(format!("damaged: session {session}, verified up to tick {ticks}: {damage}"));
        }
    }
    lines
}

fn tell_divergence(session: SessionId, divergence: &Divergence, lines: &mut Vec<String>) {
    let field = divergence.field.as_ref().map_or(String::new(), |field| format!(".{field}"));
    let component = divergence.component.map_or(String::new(), |kind| format!(" in {}{field}", kind.name()));
    let whose = divergence.sim_id.map_or(String::new(), |id| format!(" of SimId {}", id.0));
    lines.push(format!("diverged: session {session} at tick {}{component}{whose}", divergence.tick.0));
    if let Some(at) = divergence.compared_at.filter(|at| *at != divergence.tick) {
        lines.push(format!("the states below are those of the next keyframe, tick {}", at.0));
    }
    match (&divergence.expected, &divergence.found) {
        (Some(expected), Some(found)) => {
            lines.extend([format!("  expected {expected}"), format!("  found    {found}")]);
        }
        _ => lines.push("  no keyframe follows, so only the hashes can be compared".to_owned()),
    }
    if divergence.transient {
        let fault = "  a second re-simulation agrees with the log: a fault of this run, not of the rules";
        lines.push(fault.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use combat_components::ids::Epoch;

    use super::*;

    fn report(outcome: Outcome) -> Report {
        let (session, ticks) = (SessionId([1; 16]), Tick(9));
        Report { session, ticks, epoch: Epoch(1), has_ended: None, digest: None, perturbed: None, outcome }
    }

    #[test]
    fn a_divergence_under_another_build_than_the_one_that_recorded_says_so() {
        let diverged = report(Outcome::Diverged(Box::default()));
        let hint = other_build(&diverged, "combat 1 (a)", "combat 1 (b)").expect("builds differ");
        assert!(hint.contains("combat 1 (a)") && hint.contains("combat 1 (b)"), "{hint}");
        assert_eq!(other_build(&diverged, "combat 1 (a)", "combat 1 (a)"), None);
        assert_eq!(other_build(&report(Outcome::Verified), "combat 1 (a)", "combat 1 (b)"), None);
        let perturbed = Report { perturbed: Some((StateKind::Mode, None)), ..diverged };
        assert_eq!(other_build(&perturbed, "combat 1 (a)", "combat 1 (b)"), None, "by the verifier itself");
    }
}
