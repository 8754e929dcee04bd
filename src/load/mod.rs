//! `combat load`: virtual players over real WebSockets, by a schedule that waits for no answer.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, ensure};
use combat_components::tick::TickRate;
use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

mod connection;
mod control;
mod crew;
mod figures;
mod floor;
mod frames;
mod generator;
mod link;
mod player;
pub mod report;
pub mod rest;
mod schedule;
mod stroll;

use connection::Endpoint;
use control::Control;
use figures::Figures;
use generator::{GeneratorPlan, Seat, StrollsPlan};
use report::{Asked, Report};
use rest::{CreatedSession, Rest, SessionWish};

use crate::session::catalogue::Catalogue;

/// Sessions set up or ended at a time: each call waits for a commit.
const CALLS_AT_ONCE: usize = 16;

/// How often the conductor looks at the run.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Players that have not connected by then make the run impossible.
const CONNECT_MAX: Duration = Duration::from_secs(60);

/// Seats that may wait for their generator.
const SEATS_WAITING: usize = 256;

/// Beyond the run, so that no session ends during it.
const TIME_LIMIT_SPARE_S: u32 = 600;

/// What a run does.
#[derive(Clone, Debug)]
pub struct LoadPlan {
    pub url: String,
    pub token: String,
    pub sessions: u32,
    /// Of each session.
    pub players: u8,
    pub seconds: u32,
    /// Played before the measurement.
    pub warmup_s: u32,
    pub claims_hz: f64,
    pub attacks_hz: f64,
    pub map: String,
    pub mode: String,
    pub tick_rate_hz: Option<u32>,
    pub threads: u32,
    pub seed: u64,
}

/// What a run is doing, for a progress bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    Joining { done: u32 },
    WarmingUp,
    Measuring { seconds: u32, answers: u64, connected: u64 },
    Ending,
}

/// Plays the plan; `stop` ends the measurement early. Whatever happens, the sessions it created are ended.
///
/// # Errors
/// When the run is impossible: no server, no rights, a map this binary does not carry.
pub async fn run(
    plan: &LoadPlan,
    catalogue: &Catalogue,
    stop: &CancellationToken,
    tell: &mut dyn FnMut(Progress),
) -> anyhow::Result<Report> {
    let before = tokio::task::spawn_blocking(floor::measure).await?.context("cannot measure the floor")?;
    let rest = Rest::new(&plan.url, plan.token.clone())?;
    let sessions = create(plan, &rest).await?;
    let played = play(plan, catalogue, (&rest, &sessions), (stop, &mut *tell)).await;
    tell(Progress::Ending);
    end(&rest, &sessions).await;
    let (seconds, figures) = played?;
    let after = tokio::task::spawn_blocking(floor::measure).await?.context("cannot measure the floor")?;
    let asked = Asked {
        sessions: plan.sessions,
        players: u32::from(plan.players),
        claims_hz: plan.claims_hz,
        attacks_hz: plan.attacks_hz,
        threads: plan.threads,
    };
    Ok(Report::new(&asked, seconds, &figures, (before, after)))
}

async fn create(plan: &LoadPlan, rest: &Rest) -> anyhow::Result<Vec<CreatedSession>> {
    let wish = SessionWish {
        map: plan.map.clone(),
        mode: plan.mode.clone(),
        players: plan.players,
        tick_rate_hz: plan.tick_rate_hz,
        time_limit_s: plan.warmup_s + plan.seconds + TIME_LIMIT_SPARE_S,
    };
    let created: Vec<anyhow::Result<CreatedSession>> = stream::iter(1..=plan.sessions)
        .map(|number| rest.create(number, &wish))
        .buffer_unordered(CALLS_AT_ONCE)
        .collect()
        .await;
    let failed = created.iter().position(Result::is_err);
    let Some(failed) = failed else { return created.into_iter().collect() };
    let mut created = created;
    let error = created.swap_remove(failed).expect_err("the position was that of an error");
    end(rest, &created.into_iter().flatten().collect::<Vec<_>>()).await;
    Err(error)
}

/// A session that cannot be ended ends by its own time limit.
async fn end(rest: &Rest, sessions: &[CreatedSession]) {
    let ended = stream::iter(sessions).map(|session| rest.end(&session.id)).buffer_unordered(CALLS_AT_ONCE);
    let errors: Vec<anyhow::Error> = ended.filter_map(async |ended| ended.err()).collect().await;
    if let Some(error) = errors.first() {
        tracing::warn!(count = errors.len(), error = format!("{error:#}"), "sessions were not ended");
    }
}

async fn play(
    plan: &LoadPlan,
    catalogue: &Catalogue,
    (rest, sessions): (&Rest, &[CreatedSession]),
    (stop, tell): (&CancellationToken, &mut dyn FnMut(Progress)),
) -> anyhow::Result<(f64, Figures)> {
    let strolls = strolls(catalogue, sessions.first().context("no session, expected at least 1")?)?;
    let control = Control::new();
    let (seats, generators) = start(plan, &strolls, &control)?;
    let taken = take_seats(plan, (rest, sessions), &seats, &mut *tell).await;
    drop(seats);
    let measured = match taken {
        Ok(()) => measure(plan, &control, stop, tell).await,
        Err(error) => Err(error),
    };
    let now_us = control.now_us();
    control.end_us.fetch_min(now_us, Ordering::Relaxed);
    let mut figures = Figures::default();
    for generator in generators {
        let joined = tokio::task::spawn_blocking(move || generator.join()).await?;
        let found = joined.map_err(|_| anyhow::anyhow!("a generator panicked"))?;
        figures.add(&found.context("a generator could not run")?);
    }
    measured?;
    let (start_us, end_us) =
        (control.start_us.load(Ordering::Relaxed), control.end_us.load(Ordering::Relaxed));
    Ok((end_us.saturating_sub(start_us).max(1) as f64 / 1e6, figures))
}

/// The level that the sessions play, which this binary must carry too.
fn strolls(catalogue: &Catalogue, session: &CreatedSession) -> anyhow::Result<StrollsPlan> {
    let map = catalogue.maps().find(|map| map.hash.to_hex() == session.map_hash);
    let map = map
        .context("the server plays a map that this binary does not carry; give its folder with --maps-dir")?;
    let ruleset = catalogue.rulesets().find(|ruleset| ruleset.hash.to_hex() == session.ruleset.hash);
    let ruleset = ruleset.context(
        "the server plays by rules that this binary does not carry; give their folder with --rules-dir",
    )?;
    let rate = TickRate::new(session.tick_rate_hz).context("the server plays at an unknown tick rate")?;
    Ok((catalogue.level(map, ruleset), ruleset.ruleset.movement, rate))
}

type Generators = Vec<JoinHandle<std::io::Result<Figures>>>;

fn start(
    plan: &LoadPlan,
    strolls: &StrollsPlan,
    control: &Arc<Control>,
) -> anyhow::Result<(Vec<mpsc::Sender<Seat>>, Generators)> {
    let (mut seats, mut generators) = (Vec::new(), Vec::new());
    for number in 0..plan.threads {
        let (sender, receiver) = mpsc::channel(SEATS_WAITING);
        let (control, strolls) = (control.clone(), strolls.clone());
        let (claims_hz, attacks_hz) = (plan.claims_hz, plan.attacks_hz);
        let plan = GeneratorPlan { claims_hz, attacks_hz, seed: plan.seed + u64::from(number), strolls };
        let thread = std::thread::Builder::new().name(format!("generator-{number}"));
        generators.push(
            thread.spawn(move || generator::run(plan, receiver, control)).context("no thread to be had")?,
        );
        seats.push(sender);
    }
    Ok((seats, generators))
}

/// Joins every player and hands the place to a generator, which connects at once: tickets do not last.
async fn take_seats(
    plan: &LoadPlan,
    (rest, sessions): (&Rest, &[CreatedSession]),
    seats: &[mpsc::Sender<Seat>],
    tell: &mut dyn FnMut(Progress),
) -> anyhow::Result<()> {
    let players = u32::from(plan.players);
    let places = (0..plan.sessions * players).map(|number| (number, &sessions[(number / players) as usize]));
    let joining = stream::iter(places).map(|(number, session)| async move {
        let joined = rest.join(&session.id, &format!("load-{}", number + 1)).await?;
        let endpoint = Endpoint::parse(&joined.ws_url)?;
        let (ticket, resume_token) = (joined.ticket, joined.resume_token);
        anyhow::Ok(Seat { number, endpoint, ticket, resume_token })
    });
    let mut joining = joining.buffer_unordered(CALLS_AT_ONCE);
    let mut done = 0;
    while let Some(seat) = joining.try_next().await? {
        let generator = &seats[(seat.number / players) as usize % seats.len()];
        generator.send(seat).await.ok().context("a generator has gone")?;
        done += 1;
        tell(Progress::Joining { done });
    }
    Ok(())
}

async fn measure(
    plan: &LoadPlan,
    control: &Control,
    stop: &CancellationToken,
    tell: &mut dyn FnMut(Progress),
) -> anyhow::Result<()> {
    let players = u64::from(plan.sessions) * u64::from(plan.players);
    let mut look = tokio::time::interval(LOOK_EVERY);
    let connecting = std::time::Instant::now();
    while control.connected.load(Ordering::Relaxed) < players {
        let waited = connecting.elapsed();
        ensure!(
            waited < CONNECT_MAX,
            "not all of {players} players connected within {} s",
            CONNECT_MAX.as_secs()
        );
        ensure!(!stop.is_cancelled(), "stopped before the measurement began");
        look.tick().await;
    }
    tell(Progress::WarmingUp);
    let warmup = Duration::from_secs(plan.warmup_s.into());
    tokio::select! {
        () = tokio::time::sleep(warmup) => {}
        () = stop.cancelled() => anyhow::bail!("stopped before the measurement began"),
    }
    let start_us = control.now_us();
    control.end_us.store(start_us + u64::from(plan.seconds) * 1_000_000, Ordering::Relaxed);
    control.start_us.store(start_us, Ordering::Relaxed);
    while !control.is_over() {
        let seconds = ((control.now_us() - start_us) / 1_000_000) as u32;
        let (answers, connected) =
            (control.answers.load(Ordering::Relaxed), control.connected.load(Ordering::Relaxed));
        tell(Progress::Measuring { seconds, answers, connected });
        if stop.run_until_cancelled(look.tick()).await.is_none() {
            control.end_us.store(control.now_us(), Ordering::Relaxed);
        }
    }
    Ok(())
}
