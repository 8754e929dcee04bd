//! The composition root: the only file that names concrete backends, and what starts and stops in which order.

use combat_systems::kinds::Kinds;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::auth::{RequestKeys, ResumeKeys, Tickets, TokenKeys};
use crate::bots::demo::{self, DemoPlan};
use crate::bots::driver::BotCrew;
use crate::config::{Config, Secret};
use crate::http::{self, Acceptor, Api, ApiParts, ConnectionCaps, Dependency, DependencyState, Readiness};
use crate::journal::{CommitObserver, Journal, JournalConfig, OpenReport, SHUTDOWN_PATIENCE};
use crate::session::catalogue::{Catalogue, DEFAULT_RULESET};
use crate::session::erasures::Erasures;
use crate::session::registry::{Limits, Registry};
use crate::session::resume;
use crate::store::sqlite::SqliteStore;
use crate::telemetry::{ConnectionKind, Metrics};
use crate::version::VERSION;

/// The journal's figures reach the metrics this often.
const OBSERVE_EVERY: Duration = Duration::from_millis(500);

/// A person erased beside the server is gone from its live sessions within this, and some.
const FORGET_EVERY: Duration = Duration::from_secs(1);

/// A stop is over within this much, which leaves a second for the process to end.
const STOP_MAX: Duration = Duration::from_millis(4_500);

/// By then every session has made its last tick: the slowest ticks 16 times a second.
const DRAIN_MAX: Duration = Duration::from_millis(1_000);

/// Threads whose sessions are gone end with their next beat.
const SHARDS_STOP_MAX: Duration = Duration::from_millis(500);

/// Sockets are given this much to hear why they are closed: a second of listening, and some.
const SOCKETS_MAX: Duration = Duration::from_millis(1_500);

const _: () = assert!(
    DRAIN_MAX.as_millis() + SHARDS_STOP_MAX.as_millis() + SHUTDOWN_PATIENCE.as_millis()
        <= STOP_MAX.as_millis()
        && SOCKETS_MAX.as_millis() <= SHUTDOWN_PATIENCE.as_millis()
);

/// A running server.
pub struct Running {
    address: SocketAddr,
    metrics_address: Option<SocketAddr>,
    registry: Registry,
    journal: Arc<Journal>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// Starts everything, to play `kinds`; answers when sessions are resumed and the port is open.
///
/// # Errors
/// One line that says what to do: a port in use, a data directory in use, an unsound map, a bad secret.
pub async fn serve(config: Config, kinds: Kinds) -> anyhow::Result<Running> {
    let catalogue = Catalogue::load(kinds, config.maps_dir.as_deref(), config.rules_dir.as_deref())?;
    if catalogue.ruleset(DEFAULT_RULESET).is_none() {
        tracing::warn!(
            ruleset = DEFAULT_RULESET,
            "RULES_DIR has no ruleset of this name: a session has to name one of those there are"
        );
    }
    let address = SocketAddr::new(config.host, config.port);
    let listener = listen(address, ["HOST", "PORT"]).await?;
    let metrics_listener = match config.metrics_addr {
        Some(address) => Some(listen(address, ["METRICS_ADDR"; 2]).await?),
        None => None,
    };
    let secret = config.auth.secret.load()?;
    let metrics = Arc::new(Metrics::default());
    let (journal, report) = open_journal(&config, &metrics).await?;
    let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
    let limits = Limits { sessions_max: config.max_sessions, shards: config.shards };
    let registry =
        Registry::start(catalogue, journal.clone(), metrics.clone(), limits, Box::new(BotCrew::on_live))
            .context("cannot start the shards' threads")?;
    resume::resume_all(&registry, report).await.context("cannot read the journal")?;
    tasks.spawn(observe(journal.clone(), registry.clone(), metrics.clone(), stop.clone()));
    tasks.spawn(follow_erasures(registry.clone(), stop.clone()));
    let running = Running {
        address: listener.local_addr().context("the listener has no address")?,
        metrics_address: metrics_listener.as_ref().and_then(|listener| listener.local_addr().ok()),
        registry: registry.clone(),
        journal: journal.clone(),
        tasks: tasks.clone(),
        stop: stop.clone(),
    };
    let api = api(&config, &secret, &running, metrics.clone());
    open_ports(&config, listener, metrics_listener, http::router(api), &running, metrics);
    if let Some(match_s) = config.demo_match_s {
        let plan = DemoPlan { match_s, tick_rate: config.tick_rate };
        tasks.spawn(demo::run(registry, plan, stop));
    }
    tracing::info!(address = %running.address, build = VERSION, "serving");
    Ok(running)
}

/// The settings are those that name the address and the port.
async fn listen(address: SocketAddr, [host, port]: [&'static str; 2]) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        let remedy = match error.kind() {
            ErrorKind::AddrNotAvailable => format!("{host} to an address of this machine"),
            _ => format!("{port} to a free port"),
        };
        anyhow::Error::new(error).context(format!("cannot listen on {address}; set {remedy}"))
    })
}

async fn open_journal(config: &Config, metrics: &Metrics) -> anyhow::Result<(Arc<Journal>, OpenReport)> {
    let store = SqliteStore::open(&config.data_dir).await?;
    let commit_s = metrics.journal.commit_s.clone();
    let observer = CommitObserver(Arc::new(move |took: Duration| commit_s.observe(took.as_secs_f64())));
    let journal = JournalConfig {
        observer: Some(observer),
        cap_bytes: config.journal_cap_mb << 20,
        ring_span: Duration::from_secs(config.journal_ring_s),
        ..JournalConfig::default()
    };
    let (journal, report) = Journal::open(Arc::new(store), journal).await?;
    Ok((Arc::new(journal), report))
}

fn api(config: &Config, secret: &Secret, running: &Running, metrics: Arc<Metrics>) -> Api {
    let previous = config.auth.secret_previous.as_ref();
    let health = running.journal.health();
    let journal = Dependency {
        name: "journal",
        check: Box::new(move || {
            let health = health.borrow();
            DependencyState { is_up: health.is_healthy(), state: health.name().to_owned() }
        }),
    };
    Api::new(ApiParts {
        registry: running.registry.clone(),
        tokens: TokenKeys::new(secret, previous, &config.auth.issuer, &config.auth.audience),
        tickets: Tickets::default(),
        resume: ResumeKeys::new(secret, previous),
        request_keys: RequestKeys::new(secret),
        metrics,
        readiness: Readiness::new(config.readiness, vec![journal]),
        is_development: config.is_development(),
        public_url: config.public_url.clone(),
        allowed_origins: config.allowed_origins.clone(),
        tick_rate: config.tick_rate,
        serves_metrics: config.metrics_addr.is_none(),
        tasks: running.tasks.clone(),
        stop: running.stop.clone(),
    })
}

fn open_ports(
    config: &Config,
    listener: TcpListener,
    metrics_listener: Option<TcpListener>,
    router: axum::Router,
    running: &Running,
    metrics: Arc<Metrics>,
) {
    let open = metrics.connections(ConnectionKind::Http);
    let acceptor = Acceptor {
        router,
        caps: ConnectionCaps::new(config.max_connections, config.max_connections_per_ip, open),
        metrics: metrics.clone(),
        tasks: running.tasks.clone(),
        stop: running.stop.clone(),
    };
    if let Some(listener) = metrics_listener {
        let beside = Acceptor { router: http::metrics_router(metrics), ..acceptor.clone() };
        running.tasks.spawn(beside.run(listener));
    }
    running.tasks.spawn(acceptor.run(listener));
}

/// Carries what is counted elsewhere into the metrics.
async fn observe(journal: Arc<Journal>, registry: Registry, metrics: Arc<Metrics>, stop: CancellationToken) {
    let mut beat = tokio::time::interval(OBSERVE_EVERY);
    let health = journal.health();
    let mut errors = 0;
    while stop.run_until_cancelled(beat.tick()).await.is_some() {
        use std::sync::atomic::Ordering::Relaxed;
        let stats = journal.stats();
        metrics.journal.lag_s.set(journal.lag().lag_ms as f64 / 1_000.0);
        metrics.journal.healthy.set(i64::from(health.borrow().is_healthy()));
        metrics.journal.bytes.set(stats.used_bytes.load(Relaxed) as i64);
        let errors_now = stats.errors.load(Relaxed);
        metrics.journal.errors.inc_by(errors_now - errors);
        errors = errors_now;
        let sessions = registry.health();
        metrics.active_sessions.set(sessions.live_sessions as i64);
        metrics.sessions_suspended.set(sessions.suspended_sessions as i64);
    }
}

/// Whoever is erased beside the server is forgotten in it too.
async fn follow_erasures(registry: Registry, stop: CancellationToken) {
    let mut beat = tokio::time::interval(FORGET_EVERY);
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut erasures = Erasures::default();
    while stop.run_until_cancelled(beat.tick()).await.is_some() {
        if let Err(error) = erasures.follow(&registry).await {
            tracing::debug!(%error, "the side table of persons could not be read");
        }
    }
}

impl Running {
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics_address
    }

    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Drains: nothing new is taken in, players are told, everything is flushed.
    ///
    /// # Errors
    /// When something could not be made durable.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.registry.begin_drain();
        self.stop.cancel();
        let drained = tokio::time::timeout(DRAIN_MAX, self.registry.drain()).await;
        if drained.is_err() {
            tracing::error!("some sessions did not drain in time; they resume at their last durable tick");
        }
        let registry = self.registry.clone();
        let stopping = tokio::task::spawn_blocking(move || registry.stop_shards());
        // A shard that hangs is left behind; the process ends without it.
        let _ = tokio::time::timeout(SHARDS_STOP_MAX, stopping).await;
        self.tasks.close();
        // Sockets that do not close are cut when the process ends.
        let sockets = tokio::time::timeout(SOCKETS_MAX, self.tasks.wait());
        // A commit that hangs cannot be called back; the process ends without it.
        let flushing = tokio::time::timeout(STOP_MAX - DRAIN_MAX - SHARDS_STOP_MAX, self.journal.shutdown());
        let (_, flushed) = tokio::join!(sockets, flushing);
        flushed.context("the disk does not answer")?.context("not everything could be made durable")?;
        tracing::info!("stopped");
        Ok(())
    }
}
