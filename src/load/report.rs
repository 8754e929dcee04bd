//! What a run has shown, as JSON for machines and as a table for people; `docs/load.md` says how to read it.

use std::collections::BTreeMap;
use std::fmt::Write;

use hdrhistogram::Histogram;
use serde::Serialize;

use super::figures::Figures;
use super::floor::{Floor, ms};

/// Above these the generator measured itself, not the server.
pub const LATENESS_P99_MS_MAX: f64 = 1.0;
pub const CPU_MAX: f64 = 0.8;

/// A floor that moved by more says that something else ran on the machine.
pub const FLOOR_MOVED_PERCENT_MAX: f64 = 15.0;

/// Quantiles in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Times {
    pub p50: f64,
    pub p90: f64,
    pub p99: f64,
    pub p999: f64,
    pub max: f64,
    pub count: u64,
}

impl Times {
    fn of(times: &Histogram<u64>) -> Self {
        let max = times.max() as f64 / 1_000.0;
        // The histogram answers with the end of a bucket, which may lie above the greatest value.
        let at = |quantile| ms(times, quantile).min(max);
        Self { p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), max, count: times.len() }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Lateness {
    pub p50: f64,
    pub p99: f64,
    pub max: f64,
}

/// The floor before and after, in milliseconds of round trip.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Floors {
    pub before: Floor,
    pub after: Floor,
    /// Of the medians.
    pub moved_percent: f64,
}

/// A run's report.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    pub sessions: u32,
    /// Of each session.
    pub players: u32,
    /// As measured; fewer than asked for when the run was cut short.
    pub seconds: f64,
    pub claims_hz: f64,
    pub attacks_hz: f64,
    pub claim_ack_ms: Times,
    pub attack_verdict_ms: Times,
    pub frames_per_player_per_second: f64,
    pub public_deltas_per_player_per_second: f64,
    pub writes_per_player_per_second: f64,
    pub bytes_down_per_player_per_second: f64,
    pub lost: u64,
    pub interrupted: u64,
    pub view_hashes_compared: u64,
    pub view_hash_mismatches: u64,
    pub frames_refused: u64,
    pub reconnects: u64,
    pub corrections: u64,
    pub claims_sent: u64,
    pub attacks_sent: u64,
    pub slots_held: u64,
    pub slots_offline: u64,
    pub attacks_refused: BTreeMap<&'static str, u64>,
    pub closed: BTreeMap<u16, u64>,
    pub generator_lateness_ms: Lateness,
    /// Of one core, per generator thread.
    pub generator_cpu: f64,
    pub generator_threads: u32,
    pub floor_ms: Floors,
    pub void: bool,
    pub void_reasons: Vec<String>,
}

/// What was asked for, as the report repeats it.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    pub sessions: u32,
    pub players: u32,
    pub claims_hz: f64,
    pub attacks_hz: f64,
    pub threads: u32,
}

impl Report {
    pub fn new(asked: &Asked, seconds: f64, figures: &Figures, (before, after): (Floor, Floor)) -> Self {
        let per_player =
            |count: u64| rounded(count as f64 / f64::from(asked.sessions * asked.players) / seconds);
        let moved = (after.p50 - before.p50).abs() / before.p50.max(f64::MIN_POSITIVE) * 100.0;
        let lateness = Times::of(&figures.lateness);
        let mut report = Self {
            sessions: asked.sessions,
            players: asked.players,
            seconds: rounded(seconds),
            claims_hz: asked.claims_hz,
            attacks_hz: asked.attacks_hz,
            claim_ack_ms: Times::of(&figures.claim_ack),
            attack_verdict_ms: Times::of(&figures.attack_verdict),
            frames_per_player_per_second: per_player(figures.snapshots + figures.deltas),
            public_deltas_per_player_per_second: per_player(figures.deltas),
            writes_per_player_per_second: per_player(
                figures.snapshots + figures.deltas + figures.own_alone + figures.others,
            ),
            bytes_down_per_player_per_second: per_player(figures.bytes_down),
            lost: figures.lost,
            interrupted: figures.interrupted,
            view_hashes_compared: figures.view_hashes,
            view_hash_mismatches: figures.view_hash_mismatches,
            frames_refused: figures.frames_refused,
            reconnects: figures.reconnects,
            corrections: figures.corrections,
            claims_sent: figures.claims,
            attacks_sent: figures.attacks,
            slots_held: figures.held,
            slots_offline: figures.offline,
            attacks_refused: figures.refusals.clone(),
            closed: figures.closed.clone(),
            generator_lateness_ms: Lateness { p50: lateness.p50, p99: lateness.p99, max: lateness.max },
            generator_cpu: rounded(figures.cpu_us as f64 / 1e6 / seconds / f64::from(asked.threads)),
            generator_threads: asked.threads,
            floor_ms: Floors { before, after, moved_percent: rounded(moved) },
            void: false,
            void_reasons: Vec::new(),
        };
        report.judge();
        report
    }

    /// Says when the figures are worthless, and why.
    fn judge(&mut self) {
        let (late_ms, cpu) = (self.generator_lateness_ms.p99, self.generator_cpu);
        let closed: u64 = self.closed.values().sum();
        let checks = [
            (
                late_ms > LATENESS_P99_MS_MAX,
                format!("the generator was late: P99 {late_ms} ms, at most {LATENESS_P99_MS_MAX} ms"),
            ),
            (cpu > CPU_MAX, format!("the generator used {cpu} of a core, at most {CPU_MAX}")),
            (self.claims_sent == 0, "no claim was sent".to_owned()),
            (closed > 0, format!("{closed} players were closed for good")),
        ];
        self.void_reasons =
            checks.into_iter().filter(|(failed, _)| *failed).map(|(_, reason)| reason).collect();
        self.void = !self.void_reasons.is_empty();
    }

    /// Whether the run is good: not void, nothing lost, every view as the server has it.
    pub fn holds(&self) -> bool {
        !self.void && self.lost == 0 && self.view_hash_mismatches == 0 && self.frames_refused == 0
    }

    /// For people.
    pub fn table(&self) -> String {
        let mut text = String::new();
        let mut line = |name: &str, value: String| {
            writeln!(text, "  {name:<22} {value}").expect("a text takes every line");
        };
        let times = |times: &Times| {
            let Times { p50, p90, p99, p999, max, count } = times;
            format!("{p50:>8.2} {p90:>8.2} {p99:>8.2} {p999:>8.2} {max:>8.2}   {count}")
        };
        line("", format!("{} sessions x {} players, {} s", self.sessions, self.players, self.seconds));
        line("milliseconds", "     P50      P90      P99    P99.9      max   count".to_owned());
        line("claim to ack", times(&self.claim_ack_ms));
        line("attack to verdict", times(&self.attack_verdict_ms));
        line("frames / player s", format!("{:.1}", self.frames_per_player_per_second));
        line("writes / player s", format!("{:.1}", self.writes_per_player_per_second));
        line("bytes down / player s", format!("{:.0}", self.bytes_down_per_player_per_second));
        let Self { lost, interrupted, view_hash_mismatches, view_hashes_compared, .. } = self;
        line("replies lost", format!("{lost} (and {interrupted} interrupted by broken connections)"));
        line("views that differ", format!("{view_hash_mismatches} of {view_hashes_compared} compared"));
        line("reconnects", format!("{}, corrections {}", self.reconnects, self.corrections));
        let Lateness { p50, p99, max } = self.generator_lateness_ms;
        let cpu = self.generator_cpu * 100.0;
        line("generator", format!("late P50 {p50:.2} P99 {p99:.2} max {max:.2} ms, {cpu:.0} % of a core"));
        let Floors { before, after, moved_percent } = self.floor_ms;
        line(
            "loopback echo",
            format!(
                "before P50 {:.3} P99 {:.3}, after P50 {:.3} P99 {:.3} ms",
                before.p50, before.p99, after.p50, after.p99
            ),
        );
        if moved_percent > FLOOR_MOVED_PERCENT_MAX {
            line(
                "note",
                format!("the floor moved by {moved_percent:.0} %: something else ran on this machine"),
            );
        }
        for reason in &self.void_reasons {
            line("VOID", reason.clone());
        }
        text
    }
}

/// Three decimals are more than any of these can hold.
fn rounded(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::figures::record;

    const ASKED: Asked = Asked { sessions: 2, players: 5, claims_hz: 30.0, attacks_hz: 2.0, threads: 1 };
    const FLOOR: Floor = Floor { p50: 0.05, p99: 0.2 };

    fn figures() -> Figures {
        let mut figures =
            Figures { claims: 3_000, deltas: 3_200, snapshots: 10, cpu_us: 2_000_000, ..Figures::default() };
        (1..=1_000).for_each(|us| record(&mut figures.claim_ack, us * 10));
        record(&mut figures.lateness, 100);
        figures
    }

    #[test]
    fn the_report_has_the_fields_that_scripts_rely_on() {
        let report = Report::new(&ASKED, 10.0, &figures(), (FLOOR, FLOOR));
        let json = serde_json::to_value(&report).expect("a report is plain data");
        let names = [
            "sessions",
            "players",
            "seconds",
            "claimAckMs",
            "attackVerdictMs",
            "framesPerPlayerPerSecond",
            "bytesDownPerPlayerPerSecond",
            "lost",
            "viewHashMismatches",
            "reconnects",
            "generatorLatenessMs",
            "generatorCpu",
            "void",
        ];
        assert!(names.iter().all(|name| json.get(name).is_some()), "{json}");
        for name in ["p50", "p90", "p99", "p999", "max", "count"] {
            assert!(
                json["claimAckMs"].get(name).is_some() && json["attackVerdictMs"].get(name).is_some(),
                "{name}"
            );
        }
        assert_eq!(json["framesPerPlayerPerSecond"], 32.1);
        assert_eq!((json["generatorCpu"].as_f64(), json["void"].as_bool()), (Some(0.2), Some(false)));
        let close =
            |value: &serde_json::Value, to: f64| (value.as_f64().expect("a number") - to).abs() < to * 0.002;
        assert!(close(&json["claimAckMs"]["p50"], 5.0) && close(&json["claimAckMs"]["p99"], 9.9), "{json}");
        assert!(report.holds());
    }

    #[test]
    fn a_generator_that_could_not_keep_up_voids_its_figures_and_says_why() {
        let mut late = figures();
        (0..100).for_each(|_| record(&mut late.lateness, 3_000));
        let report = Report::new(&ASKED, 10.0, &late, (FLOOR, FLOOR));
        assert!(report.void && report.void_reasons[0].contains("late"), "{report:?}");
        let busy = Figures { cpu_us: 9_000_000, ..figures() };
        assert!(Report::new(&ASKED, 10.0, &busy, (FLOOR, FLOOR)).table().contains("VOID"));
        let lost = Figures { lost: 1, ..figures() };
        let report = Report::new(&ASKED, 10.0, &lost, (FLOOR, FLOOR));
        assert!(!report.void && !report.holds());
    }
}
