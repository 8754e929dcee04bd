//! The catalogue of metrics, made once and passed on. Handles are resolved beforehand: recording takes no lock.

use std::fmt::Write as _;

use combat_protocol::close::CloseCode;
use prometheus::core::Collector;
use prometheus::{
    Encoder, Gauge, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec,
    Opts, Registry, TextEncoder,
};

use super::ticks::{ClaimsRefused, TickMetrics};

/// Requests: half a millisecond to ten seconds, dense around the target of 50 ms.
const REQUEST_BUCKETS_S: &[f64] =
    &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// Ticks: 5 µs to 8 of the shortest intervals (7.8125 ms each).
const TICK_BUCKETS_S: &[f64] = &[
    0.000_005,
    0.000_01,
    0.000_02,
    0.000_04,
    0.000_08,
    0.000_16,
    0.000_32,
    0.000_64,
    0.001_25,
    0.002_5,
    0.005,
    0.007_812_5,
    0.015_625,
    0.062_5,
];

/// Commits: one fsync of a good disk to one of a disk in trouble.
const COMMIT_BUCKETS_S: &[f64] = &[0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0, 5.0];

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Counter,
    Gauge,
    Histogram(&'static [f64]),
}

struct Entry {
    name: &'static str,
    kind: Kind,
    labels: &'static [&'static str],
    help: &'static str,
}

macro_rules! catalogue {
    ($($id:ident = $name:literal, $kind:expr, $labels:expr, $help:literal;)+) => {
        $(const $id: Entry = Entry { name: $name, kind: $kind, labels: &$labels, help: $help };)+
        const CATALOGUE: &[Entry] = &[$($id),+];
    };
}
catalogue! {
    SESSIONS_CREATED = "combat_sessions_created_total", Kind::Counter, [], "Sessions created";
    ACTIVE_SESSIONS = "combat_active_sessions", Kind::Gauge, [], "Live sessions";
    CLAIMS_REFUSED = "combat_claims_refused_total", Kind::Counter, ["reason"], "Claims of position refused with a correction, by reason";
    DAMAGE_EVENTS = "combat_damage_events_total", Kind::Counter, [], "Hits that took health or armour";
    REQUEST_DURATION = "combat_request_duration_seconds", Kind::Histogram(REQUEST_BUCKETS_S), ["method", "route", "status"], "REST requests, from their head to their answer";
    ERRORS = "combat_errors_total", Kind::Counter, ["code"], "Problems answered over HTTP and sockets closed for a fault, by code";
    TICK_DURATION = "combat_tick_duration_seconds", Kind::Histogram(TICK_BUCKETS_S), ["shard"], "One session's tick: inbox, step, record and frames";
    TICK_LATENESS = "combat_tick_lateness_seconds", Kind::Histogram(TICK_BUCKETS_S), ["shard"], "How long after its due time a tick began";
    TICK_OVERRUNS = "combat_tick_overruns_total", Kind::Counter, ["shard"], "Ticks that ended after the next one was due";
    SCHEDULE_MOVES = "combat_schedule_moves_total", Kind::Counter, ["shard"], "Stalls longer than the catch-up limit, after which the schedule was moved";
    INBOX_REFUSALS = "combat_inbox_refusals_total", Kind::Counter, [], "Commands refused because a session's inbox was full";
    CONNECTIONS = "combat_connections", Kind::Gauge, ["kind"], "Open connections: every TCP connection (http) and the sockets among them (player, spectator)";
    CONNECTION_REFUSALS = "combat_connection_refusals_total", Kind::Counter, ["cap"], "Connections refused at a cap";
    FRAMES = "combat_frames_total", Kind::Counter, ["view"], "Frames written to sockets";
    FRAME_BYTES = "combat_frame_bytes_total", Kind::Counter, ["view"], "Bytes of frames written to sockets";
    FRAMES_SKIPPED = "combat_frames_skipped_total", Kind::Counter, ["view"], "Frames not sent because their reader had fallen behind";
    JOURNAL_LAG = "combat_journal_lag_seconds", Kind::Gauge, [], "Age of the oldest simulated tick that is not durable yet";
    JOURNAL_HEALTHY = "combat_journal_healthy", Kind::Gauge, [], "1 while commits succeed, 0 while the journal is full or failing";
    JOURNAL_COMMIT_DURATION = "combat_journal_commit_duration_seconds", Kind::Histogram(COMMIT_BUCKETS_S), [], "One commit of the journal, fsync included";
    JOURNAL_ERRORS = "combat_journal_errors_total", Kind::Counter, [], "Commits of the journal that failed";
    JOURNAL_BYTES = "combat_journal_bytes", Kind::Gauge, [], "Size of the journal on disk";
    SESSIONS_SUSPENDED = "combat_sessions_suspended", Kind::Gauge, [], "Live sessions that are frozen: their log cannot be written, or this build cannot simulate them";
}

/// Closing a socket for one of these is a fault of its peer, counted under the code's name.
pub const SOCKET_FAULTS: [CloseCode; 4] =
    [CloseCode::Policy, CloseCode::ProtocolError, CloseCode::RateLimited, CloseCode::TooSlow];

/// Why a socket is closed right after its handshake, counted as the faults are.
pub const SOCKET_REFUSALS: [CloseCode; 8] = [
    CloseCode::Policy,
    CloseCode::Left,
    CloseCode::Unauthorised,
    CloseCode::TicketExpired,
    CloseCode::SessionEnded,
    CloseCode::ProtocolError,
    CloseCode::Draining,
    CloseCode::SessionFailed,
];

/// What a TCP connection became.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionKind {
    Http,
    Player,
    Spectator,
}

/// Whose frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ViewKind {
    Player,
    Spectator,
}

/// What one shard's thread records.
#[derive(Clone)]
pub struct ShardMetrics {
    pub tick_duration_s: Histogram,
    pub tick_lateness_s: Histogram,
    pub tick_overruns: IntCounter,
    pub schedule_moves: IntCounter,
    pub ticks: TickMetrics,
}

/// What the sockets of one kind of view record.
#[derive(Clone)]
pub struct ViewMetrics {
    pub frames: IntCounter,
    pub frame_bytes: IntCounter,
    pub frames_skipped: IntCounter,
}

/// What the journal's writer records.
#[derive(Clone)]
pub struct JournalMetrics {
    pub lag_s: Gauge,
    /// 1 or 0.
    pub healthy: IntGauge,
    pub commit_s: Histogram,
    pub errors: IntCounter,
    pub bytes: IntGauge,
}

/// Every metric of the process. Made once by the composition root.
pub struct Metrics {
    registry: Registry,
    pub sessions_created: IntCounter,
    pub active_sessions: IntGauge,
    pub sessions_suspended: IntGauge,
    pub inbox_refusals: IntCounter,
    pub journal: JournalMetrics,
    ticks: TickMetrics,
    request_duration: HistogramVec,
    errors: IntCounterVec,
    tick_duration: HistogramVec,
    tick_lateness: HistogramVec,
    tick_overruns: IntCounterVec,
    schedule_moves: IntCounterVec,
    connections: IntGaugeVec,
    connection_refusals: IntCounterVec,
    frames: IntCounterVec,
    frame_bytes: IntCounterVec,
    frames_skipped: IntCounterVec,
}

impl Default for Metrics {
    fn default() -> Self {
        let registry = Registry::new();
        let r = &registry;
        let journal = JournalMetrics {
            lag_s: r.add(&JOURNAL_LAG, |entry| Gauge::with_opts(opts(entry))),
            healthy: r.gauge(&JOURNAL_HEALTHY),
            commit_s: r.add(&JOURNAL_COMMIT_DURATION, |entry| Histogram::with_opts(histogram_opts(entry))),
            errors: r.counter(&JOURNAL_ERRORS),
            bytes: r.gauge(&JOURNAL_BYTES),
        };
        Self {
            sessions_created: r.counter(&SESSIONS_CREATED),
            active_sessions: r.gauge(&ACTIVE_SESSIONS),
            sessions_suspended: r.gauge(&SESSIONS_SUSPENDED),
            inbox_refusals: r.counter(&INBOX_REFUSALS),
            journal,
            ticks: TickMetrics {
                damage_events: r.counter(&DAMAGE_EVENTS),
                claims_refused: ClaimsRefused::of(&r.counters(&CLAIMS_REFUSED)),
            },
            request_duration: r.histograms(&REQUEST_DURATION),
            errors: from_zero(
                from_zero(r.counters(&ERRORS), SOCKET_FAULTS.map(CloseCode::name)),
                SOCKET_REFUSALS.map(CloseCode::name),
            ),
            tick_duration: r.histograms(&TICK_DURATION),
            tick_lateness: r.histograms(&TICK_LATENESS),
            tick_overruns: r.counters(&TICK_OVERRUNS),
            schedule_moves: r.counters(&SCHEDULE_MOVES),
            connections: r.add(&CONNECTIONS, |entry| IntGaugeVec::new(opts(entry), entry.labels)),
            connection_refusals: r.counters(&CONNECTION_REFUSALS),
            frames: r.counters(&FRAMES),
            frame_bytes: r.counters(&FRAME_BYTES),
            frames_skipped: r.counters(&FRAMES_SKIPPED),
            registry,
        }
    }
}

impl Metrics {
    /// Handles for one shard; resolved once, when its thread starts.
    pub fn shard(&self, shard: usize) -> ShardMetrics {
        let shard = shard.to_string();
        let label = &[shard.as_str()];
        ShardMetrics {
            tick_duration_s: self.tick_duration.with_label_values(label),
            tick_lateness_s: self.tick_lateness.with_label_values(label),
            tick_overruns: self.tick_overruns.with_label_values(label),
            schedule_moves: self.schedule_moves.with_label_values(label),
            ticks: self.ticks.clone(),
        }
    }

    pub fn view(&self, view: ViewKind) -> ViewMetrics {
        let label = match view {
            ViewKind::Player => &["player"],
            ViewKind::Spectator => &["spectator"],
        };
        ViewMetrics {
            frames: self.frames.with_label_values(label),
            frame_bytes: self.frame_bytes.with_label_values(label),
            frames_skipped: self.frames_skipped.with_label_values(label),
        }
    }

    pub fn connections(&self, kind: ConnectionKind) -> IntGauge {
        self.connections.with_label_values(match kind {
            ConnectionKind::Http => &["http"],
            ConnectionKind::Player => &["player"],
            ConnectionKind::Spectator => &["spectator"],
        })
    }

    /// `cap` names the limit: `all` or `ip`.
    pub fn connection_refusals(&self, cap: &'static str) -> IntCounter {
        self.connection_refusals.with_label_values(&[cap])
    }

    /// Counts a fault by its code from the catalogue of problems or of close codes.
    pub fn error(&self, code: &'static str) {
        self.errors.with_label_values(&[code]).inc();
    }

    /// `route` is a pattern such as `/api/v1/combat/sessions/{sessionId}`, never a path.
    pub fn request(&self, method: &str, route: &str, status: u16, seconds: f64) {
        self.request_duration.with_label_values(&[method, route, &status.to_string()]).observe(seconds);
    }

    /// The text format of Prometheus.
    ///
    /// # Errors
    /// When a family is inconsistent, which the catalogue excludes.
    pub fn render(&self) -> prometheus::Result<Vec<u8>> {
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }
}

/// The table of `docs/metrics.md`.
pub fn metrics_table() -> String {
    let mut table = String::from("| metric | kind | labels | what it says |\n|---|---|---|---|\n");
    for Entry { name, kind, labels, help } in CATALOGUE {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram(_) => "histogram",
        };
        writeln!(table, "| `{name}` | {kind} | {} | {help} |", labels.join(", "))
            .expect("a string takes every line");
    }
    table
}

/// Registers what one entry of the catalogue describes.
trait Register {
    fn add<C: Collector + Clone + 'static>(
        &self,
        entry: &Entry,
        make: impl FnOnce(&Entry) -> prometheus::Result<C>,
    ) -> C;

    fn counter(&self, entry: &Entry) -> IntCounter {
        self.add(entry, |entry| IntCounter::with_opts(opts(entry)))
    }

    fn counters(&self, entry: &Entry) -> IntCounterVec {
        self.add(entry, |entry| IntCounterVec::new(opts(entry), entry.labels))
    }

    fn gauge(&self, entry: &Entry) -> IntGauge {
        self.add(entry, |entry| IntGauge::with_opts(opts(entry)))
    }

    fn histograms(&self, entry: &Entry) -> HistogramVec {
        self.add(entry, |entry| HistogramVec::new(histogram_opts(entry), entry.labels))
    }
}

impl Register for Registry {
    fn add<C: Collector + Clone + 'static>(
        &self,
        entry: &Entry,
        make: impl FnOnce(&Entry) -> prometheus::Result<C>,
    ) -> C {
        let metric = make(entry).expect("the catalogue holds valid names");
        self.register(Box::new(metric.clone())).expect("the catalogue names each metric once");
        metric
    }
}

/// A counter that does not stand there before its first use has no first rise that a rate could show.
fn from_zero<const N: usize>(counters: IntCounterVec, labels: [&str; N]) -> IntCounterVec {
    for label in labels {
        counters.with_label_values(&[label]);
    }
    counters
}

fn opts(entry: &Entry) -> Opts {
    Opts::new(entry.name, entry.help)
}

fn histogram_opts(entry: &Entry) -> HistogramOpts {
    let opts = HistogramOpts::new(entry.name, entry.help);
    match entry.kind {
        Kind::Histogram(buckets_s) => opts.buckets(buckets_s.to_vec()),
        Kind::Counter | Kind::Gauge => opts,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_metric_of_the_catalogue_is_rendered_with_its_kind_once_used() {
        let metrics = Metrics::default();
        metrics.shard(0).tick_duration_s.observe(0.001);
        metrics.view(ViewKind::Player).frames.inc();
        metrics.connections(ConnectionKind::Http).inc();
        metrics.connection_refusals("all").inc();
        metrics.error("internal");
        metrics.request("GET", "/health", 200, 0.001);
        let text = String::from_utf8(metrics.render().expect("rendered")).expect("UTF-8");
        for Entry { name, kind, .. } in CATALOGUE {
            let kind = match kind {
                Kind::Counter => "counter",
                Kind::Gauge => "gauge",
                Kind::Histogram(_) => "histogram",
            };
            assert!(text.contains(&format!("# TYPE {name} {kind}\n")), "{name} is missing");
        }
    }

    #[test]
    fn faults_and_refusals_of_peers_stand_at_zero_before_the_first() {
        let text = String::from_utf8(Metrics::default().render().expect("rendered")).expect("UTF-8");
        for code in SOCKET_FAULTS.into_iter().chain(SOCKET_REFUSALS) {
            let line = format!("combat_errors_total{{code=\"{}\"}} 0\n", code.name());
            assert!(text.contains(&line), "{line} is missing");
        }
        assert!(text.contains("combat_claims_refused_total{reason=\"too_fast\"} 0\n"), "{text}");
    }

    #[test]
    fn names_are_unique_and_tell_their_unit() {
        let names: BTreeSet<_> = CATALOGUE.iter().map(|entry| entry.name).collect();
        assert_eq!(names.len(), CATALOGUE.len());
        for entry in CATALOGUE {
            assert_eq!(entry.kind == Kind::Counter, entry.name.ends_with("_total"), "{}", entry.name);
            if matches!(entry.kind, Kind::Histogram(_)) {
                assert!(entry.name.ends_with("_seconds"), "{}", entry.name);
            }
        }
    }

    #[test]
    fn docs_metrics_table_is_the_catalogue() {
        crate::docs::assert_generated("docs/metrics.md", "metrics", &metrics_table());
    }
}
