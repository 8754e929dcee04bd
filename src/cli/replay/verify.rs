//! `combat replay verify`: simulates a log again, compares every hash, and names the first that differs.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::ensure;
use combat_components::tick::Tick;
use combat_replays::divergence::Divergence;
use combat_replays::file::FileError;
use combat_replays::log::Log;
use combat_replays::verifier::{self, Outcome, Perturbation, Report, VerifyOptions};
use combat_systems::snapshot::StateKind;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::VerifyArgs;
use super::source::{self, Found, Opened};
use crate::cli::{COULD_NOT_RUN, DOES_NOT_HOLD};

/// The bar is told of every so many ticks, so that telling it costs nothing.
const TICKS_PER_PROGRESS: u32 = 1_024;

pub fn run(args: &VerifyArgs) -> anyhow::Result<ExitCode> {
    let Found { log, kept } = match source::open(&args.source)? {
        Opened::Log(found) => *found,
        Opened::Damaged(error) => return Ok(tell_damaged_file(args, &error)),
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
    let (report, took) = verify(&log, VerifyOptions { perturb, expect, session }, last_tick);
    let simulated = Duration::from_nanos(log.header.setup.tick_rate.nanos_at(u64::from(report.ticks.0)));
    let speed = simulated.as_secs_f64() / took.as_secs_f64().max(1e-9);
    if args.json {
        let mut answer = as_json(&report, speed);
        answer["live"] = json!(is_live);
        answer["expectedDigest"] = json!(expect.map(|digest| digest.to_string()));
        println!("{answer}");
    } else {
        tell(&report, speed, is_live);
        if let Some(digest) = report.digest {
            println!("digest {digest}{}", if expect == Some(digest) { ", as expected" } else { "" });
        }
    }
    Ok(match report.outcome {
        Outcome::Verified => ExitCode::SUCCESS,
        Outcome::Incomplete if is_live => ExitCode::SUCCESS,
        Outcome::Incomplete
        | Outcome::Diverged(_)
        | Outcome::Broken(_)
        | Outcome::OtherDigest { .. }
        | Outcome::Damaged(_) => ExitCode::from(DOES_NOT_HOLD),
        Outcome::Refused(_) => ExitCode::from(COULD_NOT_RUN),
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

fn tell_damaged_file(args: &VerifyArgs, error: &FileError) -> ExitCode {
    let damage = match error {
        FileError::Part { part, offset, .. } => {
            json!({"part": part.to_string(), "offset": offset, "tick": null})
        }
        FileError::Records(damage) => {
            json!({"part": "records", "offset": damage.offset, "tick": damage.tick.0})
        }
        FileError::Magic | FileError::Format { .. } => Value::Null,
    };
    if args.json {
        let answer = json!({
            "sessionId": null, "ticks": 0, "result": "damaged", "speed": 0.0, "firstDivergence": null,
            "reason": error.to_string(), "damage": damage, "digest": null, "expectedDigest": null,
        });
        println!("{answer}");
    } else {
        println!("damaged: {error}");
    }
    ExitCode::from(DOES_NOT_HOLD)
}

fn as_json(report: &Report, speed: f64) -> Value {
    let divergence = match &report.outcome {
        Outcome::Diverged(divergence) => Some(divergence),
        _ => None,
    };
    json!({
        "sessionId": report.session.to_string(),
        "ticks": report.ticks.0,
        "result": report.outcome.code(),
        "speed": (speed * 10.0).round() / 10.0,
        "epochs": report.epoch.0,
        "firstDivergence": divergence.map(divergence_as_json),
        "reason": reason(&report.outcome),
        "digest": report.digest.map(|digest| digest.to_string()),
        "damage": match &report.outcome {
            Outcome::Damaged(damage) => {
                json!({"part": "records", "offset": damage.offset, "tick": damage.tick.0})
            }
            _ => Value::Null,
        },
        "perturbed": report.perturbed.map(|(kind, id)| json!({
            "component": kind.name(),
            "simId": id.map(|id| id.0),
        })),
    })
}

fn divergence_as_json(divergence: &Divergence) -> Value {
    json!({
        "tick": divergence.tick.0,
        "component": divergence.component.map(StateKind::name),
        "simId": divergence.sim_id.map(|id| id.0),
        "expected": divergence.expected,
        "found": divergence.found,
        "comparedAtTick": divergence.compared_at.map(|tick| tick.0),
        "transient": divergence.transient,
        "phase": divergence.panic.as_ref().and_then(|panic| panic.phase).map(|phase| format!("{phase:?}")),
    })
}

fn reason(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Verified | Outcome::Diverged(_) => None,
        Outcome::Incomplete => Some("the match had not ended".to_owned()),
        Outcome::Broken(broken) => Some(broken.to_string()),
        Outcome::OtherDigest { expected, found } => {
            Some(format!("expected digest {expected}, found {found}"))
        }
        Outcome::Refused(refusal) => Some(refusal.to_string()),
        Outcome::Damaged(damage) => Some(damage.to_string()),
    }
}

fn tell(report: &Report, speed: f64, is_live: bool) {
    let (session, ticks) = (report.session, report.ticks.0);
    if let Some((kind, id)) = report.perturbed {
        let whose = id.map_or(String::new(), |id| format!(" of SimId {}", id.0));
        println!("perturbed: one integer of {}{whose}, in the re-simulation only", kind.name());
    }
    match &report.outcome {
        Outcome::Verified => {
            println!(
                "verified: session {session}, {ticks} ticks, every hash as recorded, {speed:.0} x real time"
            );
        }
        Outcome::Incomplete if is_live => println!(
            "verified up to tick {ticks}: session {session}, every hash as recorded, {speed:.0} x real time\n\
             incomplete: the match has not ended"
        ),
        Outcome::Incomplete => println!(
            "incomplete: the match had not ended: session {session}, every hash as recorded up to tick {ticks}"
        ),
        Outcome::Broken(broken) => {
            println!("broken: session {session}, verified up to tick {ticks}: {broken}");
        }
        Outcome::OtherDigest { expected, found } => println!(
            "other digest: session {session}, {ticks} ticks, every hash as recorded, but not the log expected\n  \
             expected {expected}\n  found    {found}"
        ),
        Outcome::Diverged(divergence) => tell_divergence(session, divergence),
        Outcome::Refused(refusal) => println!("refused: session {session}: {refusal}"),
        Outcome::Damaged(damage) => {
            println!("damaged: session {session}, verified up to tick {ticks}: {damage}");
        }
    }
}

fn tell_divergence(session: combat_components::ids::SessionId, divergence: &Divergence) {
    let component = divergence.component.map_or(String::new(), |kind| format!(" in {}", kind.name()));
    let whose = divergence.sim_id.map_or(String::new(), |id| format!(" of SimId {}", id.0));
    println!("diverged: session {session} at tick {}{component}{whose}", divergence.tick.0);
    if let Some(at) = divergence.compared_at.filter(|at| *at != divergence.tick) {
        println!("the states below are those of the next keyframe, tick {}", at.0);
    }
    match (&divergence.expected, &divergence.found) {
        (Some(expected), Some(found)) => println!("  expected {expected}\n  found    {found}"),
        _ => println!("  no keyframe follows, so only the hashes can be compared"),
    }
    if divergence.transient {
        println!("  a second re-simulation agrees with the log: a fault of this run, not of the rules");
    }
}
