//! How long a session's tick takes, part by part, and how fast a log is simulated again; floors beside.

use std::hint::black_box;
use std::time::{Duration, Instant};

use bevy_ecs::schedule::{Schedule, SingleThreadedExecutor};
use bevy_ecs::world::World;
use combat_components::command::TickInput;
use combat_components::ids::{Epoch, Slot};
use combat_components::limits::PLAYERS_MAX;
use combat_components::tick::Tick;
use combat_protocol::codec::{Encoding, encode_own};
use combat_protocol::frame::FrameEncoder;
use combat_protocol::server::Own;
use combat_replays::recorder::Recorder;
use combat_replays::verifier::{Outcome, VerifyOptions, verify};
use combat_systems::kinds::Kinds;
use combat_systems::sim::Sim;
use combat_systems::views::Eye;
use realtime_combat_service::replication::own::fill_own;
use realtime_combat_service::replication::players::Standing;
use realtime_combat_service::replication::view::ViewBuilder;
use realtime_combat_service::session::people::People;
use xxhash_rust::xxh3::xxh3_64;

mod forged;
mod rehearsal;

/// Played before anything is measured.
const WARM_UP_TICKS: usize = 20 * 128;
const MATCH_S: u32 = 120;
/// As long as the log that once took over a minute.
const FORGED_BYTES: f64 = 1_300_000.0;
/// As long as the one that once took gigabytes.
const STREAMED_BYTES: f64 = 17_000_000.0;

fn main() {
    println!("rehearsing a match of 10 bots, {MATCH_S} s ...");
    let rehearsed = rehearsal::rehearse(10, MATCH_S);
    println!("{} kills, {} shots\n", rehearsed.kills, rehearsed.shots);
    println!("{:<46} {:>9} {:>9} {:>9} {:>9}", "", "p50 us", "p90 us", "p99 us", "max us");
    floors("before");
    steps("step + hash + record, 10 moving and firing", &rehearsed.parts, rehearsed.inputs.clone());
    steps("step + hash + record, 10 silent", &rehearsed.parts, silent(&rehearsed.inputs));
    frames(&rehearsed);
    floors("after");
    println!();
    bytes(&rehearsed);
    replay(&rehearsed);
    refused(&rehearsed);
}

/// The joins of the match, and then nobody says anything.
fn silent(inputs: &[TickInput]) -> Vec<TickInput> {
    let mut silent = vec![TickInput::new(); inputs.len()];
    silent[0].clone_from(&inputs[0]);
    silent
}

fn steps(name: &str, parts: &combat_systems::sim::SimParts, mut inputs: Vec<TickInput>) {
    let mut sim = Sim::new(parts).expect("the setup is sound");
    let (mut recorder, mut records) = (Recorder::new(), Vec::with_capacity(1 << 20));
    let mut took = Vec::with_capacity(inputs.len());
    for (tick, input) in inputs.iter_mut().enumerate() {
        let began = Instant::now();
        sim.step(input);
        recorder.record_tick(Epoch(1), input, sim.output(), &mut records);
        if tick > WARM_UP_TICKS {
            took.push(began.elapsed());
        }
        records.clear();
    }
    report(name, took);
}

fn frames(rehearsed: &rehearsal::Rehearsed) {
    let mut sim = Sim::new(&rehearsed.parts).expect("the setup is sound");
    let (mut builder, mut frames, mut own) = (ViewBuilder::default(), FrameEncoder::new(), Own::default());
    let standing = Standing { epoch: Epoch(1), epoch_began_at: Tick(0), durable_tick: Tick(0) };
    let (mut bytes, mut took) = (Vec::with_capacity(64 << 10), Vec::new());
    for (tick, input) in rehearsed.inputs.clone().iter_mut().enumerate() {
        sim.step(input);
        sim.output().events.iter().for_each(|event| builder.note_event(event));
        if tick == 0 {
            builder.rebuild_roster(&sim, |identity| People::default().name_of(identity));
        }
        if tick % 4 != 3 {
            continue;
        }
        let began = Instant::now();
        let (view, shots) = builder.players_frame(&mut sim, Eye::All, Epoch(1));
        frames.advance(view, shots);
        bytes.clear();
        frames.write_delta(Encoding::MessagePack, &mut bytes);
        for slot in 0..10 {
            let Some(body) = sim.own_view(Slot(slot)) else { continue };
            fill_own(&mut own, &body, None, 1, (sim.tick(), standing));
            encode_own(&own, Encoding::MessagePack, &mut bytes);
        }
        black_box(&bytes);
        if tick > WARM_UP_TICKS {
            took.push(began.elapsed());
        }
        builder.spectators_have_shots();
    }
    report("view + public delta + 10 own parts", took);
}

/// What the machine takes for the same kind of work with nothing in it.
fn floors(when: &str) {
    let mut world = World::new();
    let mut schedule = Schedule::default();
    schedule.set_executor(SingleThreadedExecutor::new());
    schedule.add_systems(|| ());
    schedule.run(&mut world);
    let state = vec![7_u8; 4_096];
    let measured = |work: &mut dyn FnMut()| {
        (0..20_000)
            .map(|_| {
                let began = Instant::now();
                work();
                began.elapsed()
            })
            .collect::<Vec<_>>()
    };
    report(&format!("floor {when}: reading the clock twice"), measured(&mut || ()));
    report(
        &format!("floor {when}: a schedule of one empty system"),
        measured(&mut || schedule.run(&mut world)),
    );
    report(
        &format!("floor {when}: xxh3 of 4 KiB"),
        measured(&mut || {
            black_box(xxh3_64(black_box(&state)));
        }),
    );
}

fn report(name: &str, mut took: Vec<Duration>) {
    took.sort_unstable();
    let at = |share: f64| {
        let index = ((took.len() - 1) as f64 * share) as usize;
        took[index].as_nanos() as f64 / 1_000.0
    };
    println!("{name:<46} {:>9.2} {:>9.2} {:>9.2} {:>9.2}", at(0.5), at(0.9), at(0.99), at(1.0));
}

fn bytes(rehearsed: &rehearsal::Rehearsed) {
    let per_s = |bytes: usize| bytes as f64 / f64::from(MATCH_S);
    println!(
        "to one player of 10: {:.1} public frames/s, {:.0} B/s public + {:.0} B/s own; log {:.0} B/s, {:.0} with keyframes",
        per_s(rehearsed.frames),
        per_s(rehearsed.public_bytes),
        per_s(rehearsed.own_bytes),
        per_s(rehearsed.tick_bytes),
        per_s(rehearsed.log.records.len()),
    );
}

fn replay(rehearsed: &rehearsal::Rehearsed) {
    for run in 1..=3 {
        let began = Instant::now();
        let report = verify(&rehearsed.log, VerifyOptions::of(Kinds::SHIPPED), &mut |_| ());
        let took_s = began.elapsed().as_secs_f64();
        assert_eq!(report.outcome, Outcome::Verified);
        println!("replay, every hash compared, run {run}: {:.0} x real time", f64::from(MATCH_S) / took_s);
    }
}

/// What a small file can cost whoever replays it: by the rules that ship, and by the dearest that the loaders let through.
fn refused(rehearsed: &rehearsal::Rehearsed) {
    for run in 1..=3 {
        let (walls, cost) = forged::by_rules_of(&rehearsed.parts);
        let runners = forged::RUNNERS;
        refusals(&format!("of {runners} runners among {walls} aslant walls, run {run}"), &cost);
    }
    let (cost, genes, taken) = forged::by_any_rules(&rehearsed.parts);
    println!(
        "of {} scenes found and {} drawn by seed {} at the limits of the loaders, they let {taken} through; the dearest:\n{:?}",
        forged::FOUND.len(),
        forged::SCENES,
        forged::SEED,
        genes.0
    );
    let (radius, height, speed, hz) =
        (genes.radius_mm(), genes.height_mm(), genes.speed_mm_per_s(), genes.hz());
    refusals(&format!("of {PLAYERS_MAX} bodies of {radius} by {height} mm at {speed} mm/s, {hz} Hz"), &cost);
    let dash = forged::dashes(&rehearsed.parts);
    let seconds = |bytes: f64| bytes / dash.log_bytes * dash.took.as_secs_f64();
    println!(
        "a dash of 50 m over {} roofs in one place, {} of them: {:.0} us, {:.0} B of log; {:.1} s for 1.3 MB",
        dash.roofs,
        dash.done,
        dash.took.as_secs_f64() * 1e6,
        dash.log_bytes,
        seconds(FORGED_BYTES),
    );
    closet("one leaves and joins", &forged::joins(&rehearsed.parts));
    closet("64 stand inside each other", &forged::crowd(&rehearsed.parts, false));
    closet("64 of radius 1 m do, step height 1 mm,", &forged::crowd(&rehearsed.parts, true));
    floors("after");
}

fn closet(what: &str, cost: &forged::ClosetCost) {
    println!(
        "a tick in which {what} in a closet without room, beside {} aslant bars of 150 m: {:.0} us, {:.0} B of log; {:.1} s for 1.3 MB",
        cost.bars,
        cost.took.as_secs_f64() * 1e6,
        cost.log_bytes,
        FORGED_BYTES / cost.log_bytes * cost.took.as_secs_f64(),
    );
}

fn refusals(whose: &str, cost: &forged::Cost) {
    println!(
        "a refused claim ({:?}) {whose}: {:.0} us, {:.0} B of log; {:.1} s for 1.3 MB, {:.0} s for 17 MB",
        cost.reason,
        cost.took.as_secs_f64() * 1e6,
        cost.log_bytes,
        cost.seconds(FORGED_BYTES),
        cost.seconds(STREAMED_BYTES),
    );
}
